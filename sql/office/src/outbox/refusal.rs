//! Why nothing is sent to the relay's front.

use crate::refusal::{Fact, Refusal};

/// A refusal about the outbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboxRefusal {
    /// This database is older than what the relay's front has seen of it.
    #[error(
        "the relay's front has applied message {front}, this database only sent {sent}: it was restored from an older copy; compare both before anything is sent"
    )]
    Behind {
        /// The last number this database gave.
        sent: u64,
        /// The last number the front applied.
        front: u64,
    },
}

impl OutboxRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        vec![Box::new(Self::Behind { sent: 0, front: 0 })]
    }
}

impl Refusal for OutboxRefusal {
    fn rule(&self) -> Option<&'static str> {
        None
    }

    fn word_key(&self) -> &'static str {
        "refused-outbox-behind"
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        let Self::Behind { sent, front } = self;
        vec![
            ("sent", Fact::Text(sent.to_string())),
            ("front", Fact::Text(front.to_string())),
        ]
    }
}
