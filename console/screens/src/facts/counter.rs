//! Papers, and what is compared and looked at before a card is handed over.

/// A paper the office prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Paper {
    /// 申請書
    Application,
    /// 交付通知書
    Notice,
    /// 受領票
    Receipt,
}

/// A paper that was printed (or printed again from what is kept).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub paper: Paper,
    /// The file's name, shown to the clerk.
    pub file: String,
    pub pages: u16,
    /// Whether this is a copy of one printed before.
    pub again: bool,
}

/// How one pair of things compared at the handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub what: Compared,
    /// What the records say.
    pub expected: String,
    pub found: String,
    pub agrees: bool,
}

/// What is compared at the handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compared {
    /// The notice's QR against the case.
    Notice,
    /// The notice's QR against the case, when it is on a notice of it that a newer one replaced.
    EarlierNotice,
    /// The case the notice is of, when it is another one.
    CaseOfNotice,
    /// The shelf place named against the records.
    Shelf,
    /// The chip serial read against the case's card.
    Chip,
    /// Whether the PIN is set.
    Pin,
}

/// Why a card went back to its shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What did not agree.
    pub mismatched: Vec<Compared>,
    /// The clerk's words; nothing personal is asked for.
    pub note: String,
}
