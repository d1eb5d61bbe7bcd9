//! A trail of acts as every schema keeps it (`audit_event`, the same columns everywhere): rows read back, and hashed again;
//! its tree ([`tree`]), the signed heads that are kept elsewhere ([`head`]), the second
//! party that vouches for them ([`witness`]), and the comparison of all three ([`check`]).

#![allow(
    missing_docs,
    reason = "the parts of a finding or a head say by their names what they are"
)]

pub mod check;
pub mod head;
pub mod tree;
pub mod witness;

use relay_core::audit::{AuditEvent, Outcome};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::Row;

/// An event as it stands in the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place in the trail.
    pub seq: i64,
    pub event: AuditEvent,
}

impl Recorded {
    /// The event in `row`, which has the columns seq, id, at, actor, desk, act, subjects, outcome, details; `None` when its
    /// outcome is none that there is.
    pub fn read(row: &Row) -> Option<Self> {
        let outcome: String = row.get("outcome");
        let known = [Outcome::Done, Outcome::Refused, Outcome::Failed];
        Some(Self {
            seq: row.get("seq"),
            event: AuditEvent {
                id: row.get("id"),
                at: row.get("at"),
                actor: row.get("actor"),
                desk: row.get("desk"),
                act: row.get("act"),
                subjects: object(row.get("subjects")),
                outcome: known.into_iter().find(|known| known.as_str() == outcome)?,
                details: object(row.get("details")),
            },
        })
    }
}

/// What a check of the trail found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrailCheck {
    pub checked: u64,
    /// Places of events whose content is not what was hashed when they were written.
    pub broken: Vec<i64>,
}

impl TrailCheck {
    /// Hashes the event of each of `rows` (with salt and hash beside [`Recorded::read`]'s columns) again and compares. Gives
    /// the place of the last.
    pub fn look_at(&mut self, rows: &[Row]) -> Option<i64> {
        for row in rows {
            let salt: Vec<u8> = row.get("salt");
            let hash: Vec<u8> = row.get("hash");
            let intact = match (Recorded::read(row), <[u8; 16]>::try_from(salt)) {
                (Some(recorded), Ok(salt)) => recorded.event.content_hash(&salt).as_slice() == hash,
                _ => false,
            };
            if !intact {
                self.broken.push(row.get("seq"));
            }
            self.checked += 1;
        }
        rows.last().map(|row| row.get("seq"))
    }
}

/// The members of a JSON object; events are written with `json!({…})` only.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// A moment as PostgreSQL keeps it: a hash over nanoseconds could never be found again.
pub fn to_microseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.microsecond() * 1_000)
        .expect("microseconds of a second are below a second")
}
