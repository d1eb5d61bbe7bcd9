//! What the desk tells the screens: plain views of residents, cases, cards and queues, each holding just what may
//! be shown. Masking is decided before these are made; a screen never holds an address it must not show.

mod cards;
mod cases;
mod counter;
pub mod relay;
mod residents;
mod tray;

use std::time::Duration;

use issuance::staff::{Staff, StaffId};
use time::OffsetDateTime;

pub use cards::{CardFileView, CardView, ChipKnown, ChipView, GivenCard, MakingEnd, RefusedMessage, RelayTold};
pub use cases::{CaseRow, CaseView, Counts, JournalLine, OpenIncident, Problem, Queue};
pub use counter::{Agreement, Compared, Incident, Paper, Printed};
pub use issuance::handover::Sight;
pub use residents::{Address, Found, InTheWay, ResidentRow, ResidentView, SimilarRecord};
pub use tray::{Tray, TrayCard, TrayCardIs, TraySlot};

/// What does not change while the console runs, from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// City, `汐見市`.
    pub city: String,
    /// This desk, `窓口3`.
    pub desk: String,
    /// Time without a key before the screen locks.
    pub idle_lock: Duration,
    /// Whether a second clerk must agree before a card is made.
    pub making_by_two: bool,
    /// Who confirms the handover.
    pub sights: Sights,
    /// Whether this is a demo set-up: the card tray (F12) exists.
    pub demo: bool,
    /// Whether no staff is registered yet: the first-run administrator is made at login.
    pub first_run: bool,
    /// The days on which the counter is closed.
    pub calendar: std::sync::Arc<issuance::calendar::Calendar>,
    /// Which language to begin with.
    pub language: Language,
    /// Whether the relay's operators work here, and how they show who they are.
    pub relay: Option<relay::OperatorsBy>,
}

/// Who looks before a card is handed over (`rules.handover_sights`).
pub use issuance::handover::SightRule as Sights;

/// A language of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// 日本語
    #[default]
    Japanese,
    English,
}

/// Tries left of a PIN or password, asked before it is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    Left(u8),
    Blocked,
    /// No PIN or password is set yet.
    NotSet,
}

/// The staff card in the staff reader, before its password is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffCard {
    /// Whose it is; `None` when its certificate is not registered (or it is still blank).
    pub staff: Option<StaffShown>,
    /// Tries left of its password.
    pub tries: Tries,
}

/// A colleague as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffShown {
    /// Id in every record.
    pub id: StaffId,
    /// 職員番号.
    pub number: String,
    pub name: String,
}

/// Someone logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who, with their roles.
    pub staff: Staff,
    /// When they logged in.
    pub since: OffsetDateTime,
}

/// Which of the desk's two readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    Staff,
    /// For residents' cards and blanks.
    Resident,
}

/// How the outbox (送信箱) to the relay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outbox {
    /// Messages the relay's front has not answered yet.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<OffsetDateTime>,
    /// Whether the last try to send failed.
    pub trouble: bool,
    /// Messages it refused for good, and nobody has settled.
    pub refused: u64,
    /// Whether there is somebody who carries it: without, nothing that is done here reaches the relay.
    pub carried: bool,
}

/// How a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReaderState {
    Missing,
    Empty,
    /// A card is in it. The number grows with every insertion, so a card swapped between two looks is noticed.
    Card(u64),
    /// The card service (pcscd) does not run.
    ServiceGone,
    /// It runs, and answers nobody.
    ServiceSilent,
}
