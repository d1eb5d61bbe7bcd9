//! The outbox (送信箱): what the relay's front has to be told, in order, each message once.
//!
//! A change writes a row in its own transaction; whoever sends composes it (only then is the registrar's secret
//! needed), gives it the next number and keeps it as composed until the front says that it was applied. A message that
//! is sent again is the same message. Two senders at once do no harm: numbers are given under one lock, and the front
//! applies a number once.
//!
//! What the front refuses for good is kept, in sight, until somebody settles it; whatever is behind it goes on.

mod refusal;
mod refused;

use issuance::records::KeySlot;
use relay_core::{
    chance::Chance,
    pseudonym::Registrar,
    registration::{CardUse, CertificateDer, Message, RevocationReason, TwoPersons},
};
use serde_json::json;
use store::{Row, Tx};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use refusal::OutboxRefusal;
pub(crate) use refused::refused_of;
pub use refused::{RefusedMessage, SentAnew};

use crate::{Office, OfficeError};

const TABLE: &str = "office.outbox";
/// The lock under which numbers are given.
const NUMBERS: i64 = 0x6f75_7462_6f78;
/// The carrier says that it lives more often than this.
const SILENT: Duration = Duration::seconds(20);

/// A message with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// Its place in the row.
    pub sequence: u64,
    pub message: Message,
}

/// How the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboxState {
    /// Messages the front has not answered yet.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<OffsetDateTime>,
    /// When the front last answered.
    pub answered_at: Option<OffsetDateTime>,
    /// Why the last try failed; `None` when it did not.
    pub trouble: Option<String>,
    /// Messages the front has refused for good, and nobody has settled yet.
    pub refused: u64,
    /// Whether there is somebody who carries it: logged in, and heard of a moment ago.
    pub carried: bool,
}

impl Office {
    /// How the outbox stands.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_state(&self) -> Result<OutboxState, OfficeError> {
        self.read("outbox_state", |tx| async move {
            let row = tx
                .query_one(
                    "-- outbox_state\n\
                     SELECT waiting.number, waiting.oldest, s.answered_at, s.trouble, refused.number,\n\
                     EXISTS (SELECT FROM pg_stat_activity\n\
                     WHERE datname = current_database() AND usename = $1) AS present,\n\
                     greatest(s.tried_at, s.answered_at) AS heard\n\
                     FROM office.outbox_sender s,\n\
                     (SELECT count(*) AS number, min(written_at) AS oldest FROM office.outbox\n\
                     WHERE applied_at IS NULL AND refused_at IS NULL) waiting,\n\
                     (SELECT count(*) AS number FROM office.outbox\n\
                     WHERE refused_at IS NOT NULL AND settled_at IS NULL) refused",
                    &[&crate::DISPATCH],
                )
                .await?;
            let now = self.now(&tx).await?;
            let heard: Option<OffsetDateTime> = row.get("heard");
            Ok(OutboxState {
                carried: row.get("present") && heard.is_some_and(|heard| now - heard < SILENT),
                waiting: row.get::<_, i64>(0).unsigned_abs(),
                oldest: row.get(1),
                answered_at: row.get(2),
                trouble: row.get(3),
                refused: row.get::<_, i64>(4).unsigned_abs(),
            })
        })
        .await
    }

    /// Composes what was written and has no message yet, at most `limit` of it, oldest first. Gives how many.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn compose_outbox(&self, registrar: &Registrar, limit: u32) -> Result<u64, OfficeError> {
        self.store
            .run("compose_outbox", |tx| async move {
                tx.execute("-- numbers\nSELECT pg_advisory_xact_lock($1)", &[&NUMBERS])
                    .await?;
                let last: i64 = tx
                    .query_one("-- last_number\nSELECT coalesce(max(seq), 0) FROM office.outbox", &[])
                    .await?
                    .get(0);
                let rows = tx
                    .query(
                        "-- uncomposed\n\
                         SELECT o.id, o.registration, o.act, o.reason, o.edition, o.approved_by, o.seq,\n\
                         k.resident, r.slot, c.der\n\
                         FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
                         JOIN office.card k ON k.id = r.card\n\
                         JOIN office.certificate c ON c.card = r.card AND c.slot = r.slot AND c.withdrawn_at IS NULL\n\
                         WHERE o.applied_at IS NULL AND o.refused_at IS NULL AND o.body IS NULL\n\
                         ORDER BY o.seq NULLS LAST, o.id LIMIT $1",
                        &[&i64::from(limit)],
                    )
                    .await?;
                let mut next = last;
                for row in &rows {
                    let message = self.message_of(row, registrar)?;
                    // Composed anew for a front that lost it: the number stays.
                    let sequence = row.get::<_, Option<i64>>("seq").unwrap_or_else(|| {
                        next += 1;
                        next
                    });
                    let body = self.seal_value(TABLE, message.registration(), "body", &message)?;
                    tx.execute(
                        "-- compose\nUPDATE office.outbox SET seq = $2, body = $3 WHERE id = $1",
                        &[&row.get::<_, i64>("id"), &sequence, &body],
                    )
                    .await?;
                }
                Ok::<_, OfficeError>(rows.len() as u64)
            })
            .await
    }

    /// Composed messages that the front has neither applied nor refused, at most `limit`, in order.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_next(&self, limit: u32) -> Result<Vec<Numbered>, OfficeError> {
        self.read("outbox_next", |tx| async move {
            let rows = tx
                .query(
                    "-- outbox_next\n\
                     SELECT seq, registration, body FROM office.outbox\n\
                     WHERE applied_at IS NULL AND refused_at IS NULL AND body IS NOT NULL ORDER BY seq LIMIT $1",
                    &[&i64::from(limit)],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let body: Vec<u8> = row.get("body");
                    Ok(Numbered {
                        sequence: row.get::<_, i64>("seq").unsigned_abs(),
                        message: self.open_value(TABLE, row.get("registration"), "body", &body)?,
                    })
                })
                .collect()
        })
        .await
    }

    /// The front has applied everything up to and with `sequence` that it did not refuse. The composed messages are removed.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_applied(&self, sequence: u64) -> Result<(), OfficeError> {
        self.store
            .run("outbox_applied", |tx| async move {
                let at = self.now(&tx).await?;
                tx.execute(
                    "-- outbox_applied\n\
                     UPDATE office.outbox SET applied_at = $2, body = NULL\n\
                     WHERE seq <= $1 AND applied_at IS NULL AND refused_at IS NULL",
                    &[&to_stored(sequence), &at],
                )
                .await?;
                answered(&tx, at).await
            })
            .await
    }

    /// The front waits for `expected`: what it has not seen is composed and sent again. A front that was restored from
    /// an older copy is brought up to date so.
    ///
    /// # Errors
    /// [`OutboxRefusal::Behind`] when the front has seen more than this database ever sent: this database is the one
    /// that was restored from an older copy, and nothing may be sent before a person has looked.
    pub async fn outbox_expected(&self, expected: u64) -> Result<(), OfficeError> {
        self.store
            .run("outbox_expected", |tx| async move {
                tx.execute("-- numbers\nSELECT pg_advisory_xact_lock($1)", &[&NUMBERS])
                    .await?;
                let last: i64 = tx
                    .query_one("-- last_number\nSELECT coalesce(max(seq), 0) FROM office.outbox", &[])
                    .await?
                    .get(0);
                let at = self.now(&tx).await?;
                let expected = to_stored(expected);
                if expected > last + 1 {
                    return Err(OutboxRefusal::Behind {
                        sent: last.unsigned_abs(),
                        front: expected.unsigned_abs() - 1,
                    }
                    .into());
                }
                // What is before and unanswered is not known to be applied: sent again, it is answered as it was.
                tx.execute(
                    "-- outbox_again\n\
                     UPDATE office.outbox SET applied_at = NULL, refused_at = NULL, refused_by = NULL\n\
                     WHERE seq >= $1 AND (applied_at IS NOT NULL OR refused_at IS NOT NULL)",
                    &[&expected],
                )
                .await?;
                answered(&tx, at).await
            })
            .await
    }

    /// Composes message `sequence` anew the next time, under the same number: it was encrypted to keys that the relay has
    /// left behind, and the front has not applied it.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_anew(&self, sequence: u64) -> Result<(), OfficeError> {
        self.store
            .run("outbox_anew", |tx| async move {
                tx.execute(
                    "-- outbox_anew\n\
                     UPDATE office.outbox SET body = NULL WHERE seq = $1 AND applied_at IS NULL AND refused_at IS NULL",
                    &[&to_stored(sequence)],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// The carrier lives, whether or not there is something to carry.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_looked(&self) -> Result<(), OfficeError> {
        self.store
            .run("outbox_looked", |tx| async move {
                let at = self.now(&tx).await?;
                tx.execute(
                    "-- outbox_looked\nUPDATE office.outbox_sender SET tried_at = $1",
                    &[&at],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// The front could not be reached, or refused: kept for the status line of every desk. `words` hold no person.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_trouble(&self, words: &str) -> Result<(), OfficeError> {
        self.store
            .run("outbox_trouble", |tx| async move {
                let at = self.now(&tx).await?;
                tx.execute(
                    "-- outbox_trouble\n\
                     UPDATE office.outbox_sender SET tried_at = $1, trouble = $2",
                    &[&at, &words],
                )
                .await?;
                Ok(())
            })
            .await
    }

    fn message_of(&self, row: &Row, registrar: &Registrar) -> Result<Message, OfficeError> {
        let unreadable = || OfficeError::Unreadable(TABLE);
        let registration: Uuid = row.get("registration");
        let pseudonym = || -> Result<_, OfficeError> {
            let edition: i32 = row.get::<_, Option<i32>>("edition").ok_or_else(unreadable)?;
            let mut chance = self.chance();
            let chance: &mut dyn Chance = &mut **chance;
            Ok(registrar.register(row.get("resident"), edition.unsigned_abs(), chance))
        };
        Ok(match row.get::<_, &str>("act") {
            "register" => Message::Register {
                registration,
                certificate_der: CertificateDer(row.get::<_, Option<Vec<u8>>>("der").ok_or_else(unreadable)?),
                used_for: match crate::records::slot_of(row.get("slot"))? {
                    KeySlot::Authentication => CardUse::Authentication,
                    KeySlot::Eligibility => CardUse::Eligibility,
                },
                pseudonym: pseudonym()?,
            },
            "activate" => Message::Activate { registration },
            "suspend" => Message::Suspend { registration },
            "resume" => Message::Resume { registration },
            "revoke" => Message::Revoke {
                registration,
                reason: serde_json::from_value::<RevocationReason>(json!(row.get::<_, Option<&str>>("reason")))
                    .map_err(|_| unreadable())?,
            },
            "relink" => {
                let approved: Vec<Uuid> = row.get::<_, Option<Vec<Uuid>>>("approved_by").ok_or_else(unreadable)?;
                let [one, other] = approved.as_slice() else {
                    return Err(unreadable());
                };
                Message::Relink {
                    registration,
                    pseudonym: pseudonym()?,
                    approved_by: TwoPersons::new(&one.to_string(), &other.to_string()).ok_or_else(unreadable)?,
                }
            }
            _ => return Err(unreadable()),
        })
    }
}

async fn answered(tx: &Tx, at: OffsetDateTime) -> Result<(), OfficeError> {
    tx.execute(
        "-- answered\n\
         UPDATE office.outbox_sender SET tried_at = $1, answered_at = $1, trouble = NULL",
        &[&at],
    )
    .await?;
    Ok(())
}

fn to_stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
