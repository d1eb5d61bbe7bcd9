//! Cards and chips: bound to a case, in the reader, handed over; and how a making ended.

use std::time::Duration;

use issuance::{
    records::{CardState, Step},
    standing::CardStanding,
};
use time::OffsetDateTime;

use super::{CaseView, Tries};
use crate::fault::Fault;

/// The card bound to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardView {
    /// Chip serial, grouped hex.
    pub chip: String,
    /// Where the card stands.
    pub state: CardState,
    /// Steps of the making whose outcome is recorded, with the time each took.
    pub done: Vec<(Step, Duration)>,
    /// Whether the PIN is set.
    pub pin_set: bool,
}

/// A card after its handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCard {
    /// Chip serial, grouped hex.
    pub chip: String,
    /// Whether it may be used.
    pub standing: CardStanding,
    pub since: OffsetDateTime,
    pub by: String,
    /// When a stop by telephone ends by itself, while nobody has confirmed it.
    pub stop_until: Option<OffsetDateTime>,
    /// What the relay was told of it.
    pub told: RelayTold,
}

/// What the relay was told of a card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelayTold {
    /// Messages it has not answered yet.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<OffsetDateTime>,
    /// When it last applied one.
    pub applied_at: Option<OffsetDateTime>,
    /// Those it refused for good and nobody has settled.
    pub refused: Vec<RefusedMessage>,
}

/// What the relay refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedMessage {
    /// What it was told: `register`, `activate`, `suspend`, `resume`, `revoke`, `relink`.
    pub told: String,
    /// Of which key: 1 authentication, 2 eligibility.
    pub slot: u8,
    /// The relay's rule, by its code.
    pub rule: String,
    /// When it said so.
    pub at: OffsetDateTime,
}

/// What is in the resident's reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipView {
    /// Chip serial, grouped hex.
    pub serial: String,
    /// What the records say of it.
    pub known: ChipKnown,
    /// Tries left of its PIN.
    pub pin: Tries,
}

/// What the records say of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipKnown {
    /// A blank never bound.
    Blank,
    /// Bound to the open case, not finished.
    ThisCaseUnfinished,
    /// The open case's made card.
    ThisCase,
    /// Bound to another case, or handed over to someone.
    Another,
    Damaged,
    /// Not blank, and not in our records.
    Unknown,
}

/// A file of the card, for `card show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFileView {
    /// `3F00/5015/4401`
    pub path: String,
    /// Name in the file system's own terms, `CDF`.
    pub name: String,
    pub bytes: Vec<u8>,
    /// Whether reading it asks for the PIN.
    pub needs_pin: bool,
}

/// How the making ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakingEnd {
    /// Written, read back, verified; the case as it now stands.
    Made(Box<CaseView>),
    /// Stopped where the card can go on: resume with the same card.
    Stopped {
        /// The step it stands at.
        at: Option<Step>,
        why: Fault,
    },
    /// The card can't be finished: it goes to the broken ones, a new blank takes its place.
    Damaged {
        /// The step it broke at.
        at: Option<Step>,
        /// The case as it now stands.
        case: Box<CaseView>,
    },
}
