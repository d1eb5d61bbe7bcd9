//! Messages waiting to be fetched by their artifact: once, by the one service they are for.

use store::Tx;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{FrontError, FrontRecords};

const TABLE: &str = "front.artifact";

/// A message to be kept for fetching.
#[derive(Clone)]
pub struct NewArtifact {
    /// The artifact's message handle, 20 random bytes (saml-bindings-2.0-os §3.6.4).
    pub handle: [u8; 20],
    /// The one service that may fetch it.
    pub service: String,
    pub message: String,
    pub expires_at: OffsetDateTime,
}

impl FrontRecords {
    /// The message behind `handle`, given to `service` once. Another service asking does not use it up.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn take_artifact(
        &self,
        handle: &[u8],
        service: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Zeroizing<String>>, FrontError> {
        let handle = &self.keyed(TABLE, handle);
        self.locked("take_artifact", |tx| async move {
            let row = tx
                .query_opt(
                    "-- take_artifact\n\
                         UPDATE front.artifact SET taken_at = $3\n\
                         WHERE handle = $1 AND service = $2 AND taken_at IS NULL AND expires_at > $3\n\
                         RETURNING row, message",
                    &[handle, &service, &now],
                )
                .await?;
            row.map(|row| {
                let sealed: Vec<u8> = row.get("message");
                self.open_text(TABLE, row.get("row"), "message", &sealed)
                    .map(Zeroizing::new)
            })
            .transpose()
        })
        .await
    }

    pub(super) async fn keep_artifact(&self, tx: &Tx, new: &NewArtifact) -> Result<(), FrontError> {
        let row = self.fresh_uuid();
        tx.execute(
            "-- keep_artifact\n\
             INSERT INTO front.artifact (handle, row, service, message, expires_at) VALUES ($1, $2, $3, $4, $5)",
            &[
                &self.keyed(TABLE, &new.handle),
                &row,
                &new.service,
                &self.seal(TABLE, row, "message", new.message.as_bytes()),
                &new.expires_at,
            ],
        )
        .await?;
        Ok(())
    }
}
