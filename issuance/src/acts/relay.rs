//! Acts on what the relay's front is told of a card.

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, SealedWords, Second, Stage, Who};
use crate::staff::Role;

/// Whoever may change what a card is to the relay may settle what it refused, and whoever looks after the machines.
const MAY_SETTLE: [Role; 2] = [Role::Issuing, Role::Administration];

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRefused {
    pub refused: String,
    /// What it was told.
    pub told: String,
    pub slot: i16,
    pub seq: u64,
}

impl AuditAct for OutboxRefused {
    const ROW: &'static ActRow = &ActRow {
        name: "outbox.refused",
        meaning: Meaning {
            japanese: "カードについて中継に伝えたことが、はっきり断られた。",
            english: "The relay's front refused for good what it was told of a card.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Card(|_| true),
        offered: Offered::Nowhere("the front's answer, recorded by the program that carries messages to it"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxSentAnew {
    pub sent: u32,
    /// How many a later message has made needless.
    pub overtaken: u32,
    pub words: SealedWords,
}

impl AuditAct for OutboxSentAnew {
    const ROW: &'static ActRow = &ActRow {
        name: "outbox.sent_anew",
        meaning: Meaning {
            japanese: "中継に断られたことを、もう一度伝える。",
            english: "What the front had refused is told it again.",
        },
        who: Who::Roles(&MAY_SETTLE),
        second: Second::None,
        stage: Stage::Card(|_| true),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxClosed {
    pub closed: u32,
    pub words: SealedWords,
}

impl AuditAct for OutboxClosed {
    const ROW: &'static ActRow = &ActRow {
        name: "outbox.closed",
        meaning: Meaning {
            japanese: "中継に断られたことを、伝えないままにした。",
            english: "What the front had refused stays unsaid.",
        },
        who: Who::Roles(&MAY_SETTLE),
        second: Second::None,
        stage: Stage::Card(|_| true),
        offered: Offered::Screen("standing"),
    };
}
