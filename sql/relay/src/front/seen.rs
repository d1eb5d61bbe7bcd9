//! The replay guard: messages already taken, kept until they are too old to be taken anyway.

use store::{StoreError, Tx};
use time::OffsetDateTime;

use super::{FrontError, FrontRecords};

/// What kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenKind {
    AuthnRequest,
    LogoutRequest,
    LogoutResponse,
    ArtifactResolve,
    ManageNameId,
    /// Another identity provider's Response.
    UpstreamResponse,
    /// An assertion inside one.
    Assertion,
    /// An envelope of the blind half.
    Envelope,
    /// A query at the discovery service.
    Discovery,
}

impl SeenKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthnRequest => "authn_request",
            Self::LogoutRequest => "logout_request",
            Self::LogoutResponse => "logout_response",
            Self::ArtifactResolve => "artifact_resolve",
            Self::ManageNameId => "manage_name_id",
            Self::UpstreamResponse => "upstream_response",
            Self::Assertion => "assertion",
            Self::Envelope => "envelope",
            Self::Discovery => "discovery",
        }
    }
}

/// A message that must not be taken twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub kind: SeenKind,
    pub issuer: String,
    pub id: String,
    /// When it is too old to be taken anyway.
    pub until: OffsetDateTime,
}

impl FrontRecords {
    /// Takes note of `seen` by itself.
    ///
    /// # Errors
    /// [`FrontError::Replayed`]
    pub async fn take_once(&self, seen: &Seen) -> Result<(), FrontError> {
        self.locked("take_once", |tx| async move { self.seen(&tx, seen).await })
            .await
    }

    /// Removes what has expired: messages, artifacts, procedures; sessions an hour after their end, unless a service is
    /// still to be told. Their rows say which services a person was at, so none stays longer than logging out needs
    /// it. The trail stays. How many rows went.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn sweep(&self, now: OffsetDateTime) -> Result<u64, FrontError> {
        let hour_ago = now - time::Duration::HOUR;
        let statements = [
            (
                "-- sweep messages\nDELETE FROM front.message_seen WHERE until < $1",
                now,
            ),
            (
                "-- sweep artifacts\nDELETE FROM front.artifact WHERE expires_at < $1",
                now,
            ),
            (
                "-- sweep procedures\nDELETE FROM front.procedure WHERE expires_at < $1",
                now,
            ),
            (
                "-- sweep sessions\nDELETE FROM front.session WHERE expires_at < $1 OR ended_at < $1",
                hour_ago,
            ),
            (
                "-- sweep places\nUPDATE front.session SET place = NULL WHERE place IS NOT NULL AND expires_at < $1",
                now,
            ),
            (
                "-- sweep participants\nDELETE FROM front.participant WHERE until < ($1 AT TIME ZONE 'UTC')::date",
                now,
            ),
        ];
        let mut gone = 0;
        for (sql, before) in statements {
            // One transaction each: sweeping must not make sign-ins fail for their sake.
            gone += self
                .store
                .run("sweep", |tx| async move { tx.execute(sql, &[&before]).await })
                .await
                .map_err(|error: StoreError| FrontError::from(error))?;
        }
        Ok(gone)
    }

    pub(super) async fn seen(&self, tx: &Tx, seen: &Seen) -> Result<(), FrontError> {
        let mut named = Vec::with_capacity(4 + seen.issuer.len() + seen.id.len());
        named.extend((seen.issuer.len() as u32).to_be_bytes());
        named.extend(seen.issuer.as_bytes());
        named.extend(seen.id.as_bytes());
        let id = self.keyed("front.message_seen", &named);
        let fresh = tx
            .execute(
                "-- seen\nINSERT INTO front.message_seen (kind, id, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&seen.kind.as_str(), &id, &seen.until],
            )
            .await?;
        if fresh == 1 { Ok(()) } else { Err(FrontError::Replayed) }
    }
}
