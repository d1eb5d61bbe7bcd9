//! The audit envelope: one shape for every recorded act, refusals included.
//!
//! An event names things by id only. It is written in the same transaction as the change it records;
//! its content hash (salted, SHA-256 over a length-prefixed encoding) is what a sealer later puts in a tree.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// It was asked for and refused; the details say by which rule.
    Refused,
    /// It was begun and failed; the details say where.
    Failed,
}

impl Outcome {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One recorded act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// The event's own id; also the id of the act in every log line about it.
    pub id: Uuid,
    pub at: OffsetDateTime,
    /// Who: a staff id, or the name of a process (`import`).
    pub actor: String,
    pub desk: Option<String>,
    /// What, from a closed list (`case.handed_over`).
    pub act: String,
    /// About which things, by id: `case`, `resident`, `card`, `staff`.
    pub subjects: Map<String, Value>,
    pub outcome: Outcome,
    /// Facts of the act. Never a name, an address, a number of a person, a PIN.
    pub details: Map<String, Value>,
}

impl AuditEvent {
    /// The event's content hash under `salt`. Objects are hashed with their keys in order, so the same
    /// event read back from a database hashes the same.
    pub fn content_hash(&self, salt: &[u8; 16]) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        let mut put = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        put(b"madoguchi audit 1");
        put(salt);
        put(self.id.as_bytes());
        // Microseconds: what PostgreSQL keeps.
        put(&((self.at.unix_timestamp_nanos() / 1_000) as i64).to_be_bytes());
        put(self.actor.as_bytes());
        put(self.desk.as_deref().unwrap_or("").as_bytes());
        put(self.act.as_bytes());
        put(canonical(&Value::Object(self.subjects.clone())).as_bytes());
        put(self.outcome.as_str().as_bytes());
        put(canonical(&Value::Object(self.details.clone())).as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        out
    }
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            let fields: Vec<_> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::String(key.clone()), canonical(&map[key])))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn event() -> AuditEvent {
        let Value::Object(details) = json!({ "b": 1, "a": { "y": [true], "x": null } }) else {
            unreachable!()
        };
        AuditEvent {
            id: Uuid::from_u128(1),
            at: datetime!(2026-11-22 0:14:00.000001 UTC),
            actor: "s-0001".into(),
            desk: Some("3".into()),
            act: "case.handed_over".into(),
            subjects: Map::new(),
            outcome: Outcome::Done,
            details,
        }
    }

    #[test]
    fn the_order_of_keys_does_not_change_the_hash() {
        let one = event();
        let mut other = event();
        let Value::Object(details) = json!({ "a": { "x": null, "y": [true] }, "b": 1 }) else {
            unreachable!()
        };
        other.details = details;
        assert_eq!(one.content_hash(&[0; 16]), other.content_hash(&[0; 16]));
    }

    #[test]
    fn every_field_counts() {
        let hash = event().content_hash(&[0; 16]);
        let changed = [
            AuditEvent {
                actor: "s-0002".into(),
                ..event()
            },
            AuditEvent {
                act: "case.cancelled".into(),
                ..event()
            },
            AuditEvent {
                outcome: Outcome::Refused,
                ..event()
            },
            AuditEvent { desk: None, ..event() },
        ];
        assert!(changed.iter().all(|other| other.content_hash(&[0; 16]) != hash));
        assert_ne!(event().content_hash(&[1; 16]), hash);
    }
}
