//! The course of a case: which stages it passed, when, by whom and with whom. What a clerk can be asked about it.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::case::ShelfPlace;

/// The stages a case passed.
pub type Course = BTreeMap<Stage, Passed>;

/// What a clerk may be asked about of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The application was taken.
    Applied,
    /// The person was verified.
    Verified,
    /// The making of its card began: a blank was bound to it.
    Bound,
    /// The card was made.
    Made,
    /// The resident set the PIN, or set it anew.
    PinSet,
    /// The delivery notice was printed.
    NoticePrinted,
    /// The card was put in the shelf.
    Shelved,
    /// The card was handed over.
    HandedOver,
    /// The card was suspended, resumed or ended since.
    Restated,
    /// The case ended without a card.
    Cancelled,
}

/// A stage that was passed. Of one passed several times (a notice printed again, a card moved in the shelf), the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    pub at: OffsetDateTime,
    /// By whom, by name; a process by its own name.
    pub by: String,
    /// With whom: the other clerks who agreed or looked, by name.
    pub with: Vec<String>,
    /// In which place of the shelf, where the stage has one.
    pub shelf: Option<ShelfPlace>,
}
