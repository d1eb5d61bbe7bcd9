//! Cards for trials, by the hash of the certificate with which they sign.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{AuditAct, FrontError, FrontRecords, Note, sessions::hour_of};

/// So long a card stays one for trials: long enough for a service to be mended and tried again.
const LIFE: Duration = Duration::days(30);

/// A card for trials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialCard {
    /// SHA-256 of its certificate.
    pub certificate_sha256: [u8; 32],
    pub named_by: String,
    /// It is none from then on.
    pub until: OffsetDateTime,
}

impl FrontRecords {
    /// Names a card for trials for thirty days; one that is named already anew.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn name_trial_card(
        &self,
        operator: &str,
        certificate_sha256: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let hash = certificate_sha256.to_vec();
        self.store
            .run("name_trial_card", |tx| {
                let hash = &hash;
                async move {
                    tx.execute(
                        "-- name_trial_card\n\
                         INSERT INTO front.trial_card (certificate_sha256, named_by, named_at, until) VALUES ($1, $2, $3, $4)\n\
                         ON CONFLICT (certificate_sha256) DO UPDATE SET named_by = $2, named_at = $3, until = $4",
                        &[hash, &operator, &hour_of(now), &(now + LIFE)],
                    )
                    .await?;
                    let note = Note::of(AuditAct::TrialCardNamed, json!({}), json!({ "sha256": hex::encode(hash) }));
                    Ok(self.write(&tx, &note.by(operator), now).await?)
                }
            })
            .await
    }

    /// Ends that for a card.
    ///
    /// # Errors
    /// [`FrontError::NotFound`] when it is none.
    pub async fn withdraw_trial_card(
        &self,
        operator: &str,
        certificate_sha256: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let hash = certificate_sha256.to_vec();
        self.store
            .run("withdraw_trial_card", |tx| {
                let hash = &hash;
                async move {
                    let gone = tx
                        .execute(
                            "-- withdraw_trial_card\nDELETE FROM front.trial_card WHERE certificate_sha256 = $1",
                            &[hash],
                        )
                        .await?;
                    if gone == 0 {
                        return Err(FrontError::NotFound("trial card"));
                    }
                    let details = json!({ "sha256": hex::encode(hash) });
                    let note = Note::of(AuditAct::TrialCardWithdrawn, json!({}), details);
                    Ok(self.write(&tx, &note.by(operator), now).await?)
                }
            })
            .await
    }

    /// Whether a card is one for trials.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn is_trial_card(&self, certificate_sha256: &[u8; 32], now: OffsetDateTime) -> Result<bool, FrontError> {
        let hash = certificate_sha256.to_vec();
        self.look("is_trial_card", |tx| {
            let hash = &hash;
            async move {
                let found = tx
                    .query_opt(
                        "-- is_trial_card\nSELECT 1 FROM front.trial_card WHERE certificate_sha256 = $1 AND until > $2",
                        &[hash, &now],
                    )
                    .await?;
                Ok(found.is_some())
            }
        })
        .await
    }

    /// The cards for trials, those that end first at the front.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn trial_cards(&self, now: OffsetDateTime) -> Result<Vec<TrialCard>, FrontError> {
        self.look("trial_cards", |tx| async move {
            let rows = tx
                .query(
                    "-- trial_cards\n\
                     SELECT certificate_sha256, named_by, until FROM front.trial_card WHERE until > $1 ORDER BY until",
                    &[&now],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let hash: Vec<u8> = row.get(0);
                    Ok(TrialCard {
                        certificate_sha256: hash
                            .try_into()
                            .map_err(|_| FrontError::Unreadable("trial_card.certificate_sha256"))?,
                        named_by: row.get(1),
                        until: row.get(2),
                    })
                })
                .collect()
        })
        .await
    }
}
