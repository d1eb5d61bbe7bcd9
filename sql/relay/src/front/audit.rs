//! The trail of acts: written in the transaction of the change, hashed with a salt, listed and checked.

mod acts;

use relay_core::audit::{AuditEvent, Outcome};
use serde_json::{Map, Value, json};
pub use store::trail::{Recorded, TrailCheck};
use store::{Row, StoreError, Tx, trail::to_microseconds};
use time::OffsetDateTime;
use uuid::Uuid;

pub use acts::AuditAct;

use super::{FrontError, FrontRecords, SessionId};

/// What is to be written to the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Id of the event; `None` for a fresh one.
    pub id: Option<Uuid>,
    /// Who: an operator, an office, or the name of a process.
    pub actor: String,
    pub act: AuditAct,
    pub outcome: Outcome,
    /// About what, as [`AuditAct`] lists.
    pub subjects: Map<String, Value>,
    /// Facts, as [`AuditAct`] lists.
    pub details: Map<String, Value>,
}

impl Note {
    /// A note of something done by the front itself.
    pub fn of(act: AuditAct, subjects: Value, details: Value) -> Self {
        Self {
            id: None,
            actor: "front".to_owned(),
            act,
            outcome: Outcome::Done,
            subjects: object(subjects),
            details: object(details),
        }
    }

    /// The same, done by `actor`.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        self.actor = actor.to_owned();
        self
    }

    /// The same, ended otherwise.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

/// A blob of the blind half that stands in an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobUsed {
    /// When the assertion was made.
    pub at: OffsetDateTime,
    pub service: String,
    /// SHA-256 of the EncryptedID.
    pub blob_sha256: [u8; 32],
}

impl FrontRecords {
    /// Writes `note` by itself, where nothing else changes (a refusal).
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn note(&self, note: &Note, now: OffsetDateTime) -> Result<(), FrontError> {
        self.locked("note", |tx| async move { Ok(self.write(&tx, note, now).await?) })
            .await
    }

    /// Events from `from` on, newest first, at most `limit`: for an auditor.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn audit_since(&self, from: OffsetDateTime, limit: u32) -> Result<Vec<Recorded>, FrontError> {
        self.read("audit_since", |tx| async move {
            let rows = tx
                .query(
                    "-- audit_since\n\
                     SELECT seq, id, at, actor, desk, act, subjects, outcome, details\n\
                     FROM front.audit_event WHERE at >= $1 ORDER BY seq DESC LIMIT $2",
                    &[&from, &i64::from(limit)],
                )
                .await?;
            rows.iter().map(recorded).collect()
        })
        .await
    }

    /// The blobs that stand in assertions made in `from..until`, oldest first: to be matched with the blind half's
    /// log, which must hold each of them and no other.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn blobs_used(&self, from: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<BlobUsed>, FrontError> {
        self.read("blobs_used", |tx| async move {
            let rows = tx
                .query(
                    "-- blobs_used\n\
                     SELECT at, subjects ->> 'service', blob FROM front.audit_event\n\
                     WHERE blob IS NOT NULL AND at >= $1 AND at < $2 ORDER BY seq",
                    &[&from, &until],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let blob: Vec<u8> = row.get(2);
                    Ok(BlobUsed {
                        at: row.get(0),
                        service: row.get::<_, Option<String>>(1).unwrap_or_default(),
                        blob_sha256: blob
                            .try_into()
                            .map_err(|_| FrontError::Unreadable("audit_event.blob"))?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Hashes every event again and compares. What was changed behind the application's back is named.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn verify_audit(&self) -> Result<TrailCheck, FrontError> {
        let mut check = TrailCheck::default();
        let mut after = i64::MIN;
        loop {
            let rows = self
                .read("verify_audit", |tx| async move {
                    Ok(tx
                        .query(
                            "-- verify_audit\n\
                             SELECT seq, id, at, actor, desk, act, subjects, outcome, details, salt, hash\n\
                             FROM front.audit_event WHERE seq > $1 ORDER BY seq LIMIT 5000",
                            &[&after],
                        )
                        .await?)
                })
                .await?;
            match check.look_at(&rows) {
                Some(last) => after = last,
                None => return Ok(check),
            }
        }
    }

    /// How a registration is named in the trail beside a service: otherwise at each, so that the trail of two services
    /// can't be laid side by side and matched by it. Who holds the front's keys can still tell.
    pub fn registration_at(&self, registration: Uuid, service: &str) -> String {
        self.beside("front.audit.registration_at", registration, service)
    }

    /// How a session is named in the trail beside a service: otherwise at each, as a registration is.
    pub fn session_at(&self, session: SessionId, service: &str) -> String {
        self.beside("front.audit.session_at", session.uuid(), service)
    }

    fn beside(&self, purpose: &str, what: Uuid, service: &str) -> String {
        let named = [what.as_bytes(), service.as_bytes()].concat();
        hex::encode(&self.shared.sealer.blind_index(purpose, &named)[..16])
    }

    /// How a registration is named in the trail beside one name that was made of it for a service that it does not sign in
    /// to: otherwise beside each, so that what was found for somebody today and tomorrow, or at two services, can't be laid
    /// side by side. Who holds the front's keys finds a registration's by trying it with every blob.
    pub fn registration_beside(&self, registration: Uuid, blob_sha256: &str) -> String {
        self.beside("front.audit.registration_beside", registration, blob_sha256)
    }

    /// How a registration is named in the trail where no service is: only who holds the front's keys can tell which it
    /// is.
    pub fn registration_in_trail(&self, registration: Uuid) -> String {
        let hash = self
            .shared
            .sealer
            .blind_index("front.audit.registration", registration.as_bytes());
        hex::encode(&hash[..16])
    }

    /// How a registration is named in the trail beside one of its sessions: otherwise at each.
    pub(super) fn registration_of(&self, registration: Uuid, session: SessionId) -> String {
        self.beside("front.audit.registration_of", registration, &session.to_string())
    }

    /// A request's name between the two halves' logs: an auditor matches them by it without learning the request.
    pub fn request_between_halves(&self, service: &str, request: &str) -> [u8; 32] {
        let named = format!("{service}\0{request}");
        self.shared.sealer.blind_index("front.audit.request", named.as_bytes())
    }

    pub(super) async fn write(&self, tx: &Tx, note: &Note, now: OffsetDateTime) -> Result<(), StoreError> {
        let salt: [u8; 16] = self.draw();
        let event = AuditEvent {
            id: note.id.unwrap_or_else(|| self.fresh_uuid()),
            at: to_microseconds(now),
            actor: note.actor.clone(),
            desk: None,
            act: note.act.as_str().to_owned(),
            subjects: note.subjects.clone(),
            outcome: note.outcome,
            details: note.details.clone(),
        };
        let hash = event.content_hash(&salt);
        tx.execute(
            "-- write\n\
             INSERT INTO front.audit_event (id, at, actor, act, subjects, outcome, details, salt, hash)\n\
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                &event.id,
                &event.at,
                &event.actor,
                &event.act,
                &Value::Object(event.subjects),
                &event.outcome.as_str(),
                &Value::Object(event.details),
                &salt.as_slice(),
                &hash.as_slice(),
            ],
        )
        .await
        .map(|_| ())
    }
}

/// The members of a JSON object; notes are written with `json!({…})` only. Members without a value are left out.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

fn recorded(row: &Row) -> Result<Recorded, FrontError> {
    Recorded::read(row).ok_or(FrontError::Unreadable("audit_event.outcome"))
}

/// Subjects of a session's event.
pub(super) fn about_session(session: Uuid, registration: Option<String>) -> Value {
    json!({ "session": session, "registration": registration })
}
