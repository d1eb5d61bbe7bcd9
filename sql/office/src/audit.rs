//! The trail of acts: written in the transaction of the change, hashed with a salt, listed and checked.

mod checking;
mod sealing;

pub use checking::Line;
use relay_core::audit::{AuditEvent, Outcome};
pub use sealing::SignedHead;
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use store::trail::{Recorded, TrailCheck};
use store::{
    Bound, Row, StoreError, Tx,
    trail::{object, to_microseconds},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Office, OfficeError,
    act::{Doing, written},
};
use issuance::{
    acts::{ActRow, AuditAct},
    case::CaseId,
};

impl Office {
    /// The events about `case`, oldest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn audit(&self, case: CaseId) -> Result<Vec<Recorded>, OfficeError> {
        self.read("audit", |tx| async move {
            let rows = tx
                .query(
                    "-- audit\n\
                     SELECT seq, id, at, actor, desk, act, subjects, outcome, details\n\
                     FROM office.audit_event WHERE case_id = $1 ORDER BY seq",
                    &[&case.uuid()],
                )
                .await?;
            rows.iter().map(recorded).collect()
        })
        .await
    }

    /// Events from `from` on, newest first, at most `limit`: for an auditor's screen.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn audit_since(&self, from: OffsetDateTime, limit: u32) -> Result<Vec<Recorded>, OfficeError> {
        self.read("audit_since", |tx| async move {
            let rows = tx
                .query(
                    "-- audit_since\n\
                     SELECT seq, id, at, actor, desk, act, subjects, outcome, details\n\
                     FROM office.audit_event WHERE at >= $1 ORDER BY seq DESC LIMIT $2",
                    &[&from, &i64::from(limit)],
                )
                .await?;
            rows.iter().map(recorded).collect()
        })
        .await
    }

    /// Hashes every event again and compares: what was changed behind the application's back is named. What was removed
    /// shows in the tree and its heads ([`Office::check_trail`]).
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn verify_audit(&self) -> Result<TrailCheck, OfficeError> {
        let mut check = TrailCheck::default();
        let mut after = i64::MIN;
        loop {
            let rows = self
                .read("verify_audit", |tx| async move {
                    Ok(tx
                        .query(
                            "-- verify_audit\n\
                             SELECT seq, id, at, actor, desk, act, subjects, outcome, details, salt, hash\n\
                             FROM office.audit_event WHERE seq > $1 ORDER BY seq LIMIT 5000",
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

    /// Writes the event of what is being done.
    pub(crate) async fn record<A: AuditAct>(
        &self,
        tx: &Tx,
        doing: &Doing,
        subjects: Value,
        details: A,
    ) -> Result<(), OfficeError> {
        let event = event(doing.act, doing, subjects, &details)?;
        Ok(self.write_event(tx, &event).await?)
    }

    /// Writes one of several events of an act; it has an id of its own.
    pub(crate) async fn record_beside<A: AuditAct>(
        &self,
        tx: &Tx,
        doing: &Doing,
        subjects: Value,
        details: A,
    ) -> Result<(), OfficeError> {
        let event = event(self.fresh_uuid(), doing, subjects, &details)?;
        Ok(self.write_event(tx, &event).await?)
    }

    /// Writes that the act of `row` was refused by `rule`.
    pub(crate) async fn record_refusal(
        &self,
        tx: &Tx,
        doing: &Doing,
        row: &ActRow,
        subjects: Value,
        rule: &str,
    ) -> Result<(), OfficeError> {
        let refused = RefusedAct {
            refused: rule.to_owned(),
            act: doing.act,
        };
        let event = event_of(
            self.fresh_uuid(),
            doing,
            row,
            subjects,
            Outcome::Refused,
            written(&refused)?,
        );
        Ok(self.write_event(tx, &event).await?)
    }

    pub(crate) async fn write_event(&self, tx: &Tx, event: &AuditEvent) -> Result<(), StoreError> {
        let rows = self.rows(std::slice::from_ref(event));
        tx.execute(WRITE_EVENTS, &rows.values()).await.map(|_| ())
    }

    /// Events as they go to [`WRITE_EVENTS`], each hashed with a salt of its own.
    pub(crate) fn rows(&self, events: &[AuditEvent]) -> EventRows {
        let mut rows = EventRows::default();
        for event in events {
            let salt: [u8; 16] = self.draw();
            // What PostgreSQL keeps: a hash over nanoseconds could never be found again.
            let event = AuditEvent {
                at: to_microseconds(event.at),
                ..event.clone()
            };
            rows.hashes.push(event.content_hash(&salt).to_vec());
            rows.salts.push(salt.to_vec());
            rows.ids.push(event.id);
            rows.moments.push(event.at);
            rows.actors.push(event.actor);
            rows.desks.push(event.desk);
            rows.acts.push(event.act);
            rows.subjects.push(Value::Object(event.subjects));
            rows.outcomes.push(event.outcome.as_str());
            rows.details.push(Value::Object(event.details));
        }
        rows
    }
}

/// Writes any number of events, in their order.
pub(crate) const WRITE_EVENTS: &str = "-- write_events\n\
     INSERT INTO office.audit_event (id, at, actor, desk, act, subjects, outcome, details, salt, hash)\n\
     SELECT id, at, actor, desk, act, subjects, outcome, details, salt, hash FROM unnest($1::uuid[], $2::timestamptz[],\n\
     $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[], $9::bytea[], $10::bytea[]) WITH ORDINALITY\n\
     AS event (id, at, actor, desk, act, subjects, outcome, details, salt, hash, place) ORDER BY place";

/// Columns of events to be written.
#[derive(Default)]
pub(crate) struct EventRows {
    ids: Vec<Uuid>,
    moments: Vec<OffsetDateTime>,
    actors: Vec<String>,
    desks: Vec<Option<String>>,
    acts: Vec<String>,
    subjects: Vec<Value>,
    outcomes: Vec<&'static str>,
    details: Vec<Value>,
    salts: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
}

impl EventRows {
    /// As bound to [`WRITE_EVENTS`].
    pub(crate) fn values(&self) -> [Bound<'_>; 10] {
        [
            &self.ids,
            &self.moments,
            &self.actors,
            &self.desks,
            &self.acts,
            &self.subjects,
            &self.outcomes,
            &self.details,
            &self.salts,
            &self.hashes,
        ]
    }
}

/// The details of an act that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAct {
    pub refused: String,
    /// The id that the desk gave the act.
    pub act: Uuid,
}

/// The event of an act that was done by `doing`.
pub(crate) fn event<A: AuditAct>(
    id: Uuid,
    doing: &Doing,
    subjects: Value,
    details: &A,
) -> Result<AuditEvent, OfficeError> {
    let details = written(details)?;
    Ok(event_of(id, doing, A::ROW, subjects, Outcome::Done, details))
}

pub(crate) fn event_of(
    id: Uuid,
    doing: &Doing,
    row: &ActRow,
    subjects: Value,
    outcome: Outcome,
    details: Value,
) -> AuditEvent {
    AuditEvent {
        id,
        at: doing.at,
        actor: doing.actor(),
        desk: doing.desk.clone(),
        act: row.name.to_owned(),
        subjects: object(subjects),
        outcome,
        details: object(details),
    }
}

fn recorded(row: &Row) -> Result<Recorded, OfficeError> {
    Recorded::read(row).ok_or(OfficeError::Unreadable("audit_event.outcome"))
}
