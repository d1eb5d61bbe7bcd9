//! Queues, cases and their journal.

use std::time::Duration;

use issuance::{
    application::{Application, Delivery},
    case::{CaseId, CaseNumber, CaseState, ShelfPlace},
    course::Course,
    parcel::{Parcel, ParcelKind},
    standing::CardStanding,
};
use time::OffsetDateTime;

use super::{CardView, ResidentView};

/// A work queue of 本日の業務.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// 本人確認を待つ
    ToVerify,
    /// カードを作る
    ToMake,
    /// 棚に入れる: made, not yet in the shelf (PIN, notice and receipt come here too)
    ToShelve,
    /// 交付を待つ
    ToHandOver,
    /// 問題あり
    Problems,
    /// 郵送: from the made card to its receipt
    ByPost,
}

impl Queue {
    /// Every queue in the order shown; its place is the digit that opens it.
    pub const ALL: [Self; 6] = [
        Self::ToVerify,
        Self::ToMake,
        Self::ToShelve,
        Self::ToHandOver,
        Self::Problems,
        Self::ByPost,
    ];
}

/// Counts of the queues and of the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// As many as [`Queue::ALL`], in its order.
    pub waiting: [u32; 6],
    pub handed_over_today: u32,
    pub applied_today: u32,
    pub made_today: u32,
    /// Mean time a card took today.
    pub mean_making: Option<Duration>,
}

/// What is wrong with a case in the queue of problems; the words and the next step are the screen's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The making stopped half-way: resume.
    MakingStopped,
    /// The card was damaged: make it with a new blank.
    CardDamaged,
    /// Notice, shelf and chip did not agree at the handover.
    HandoverMismatch,
    /// The PIN is blocked.
    PinBlocked,
    /// Someone noted an incident.
    Incident,
    /// The relay refused for good what it was told of the card: settle it at the card's use.
    RelayRefused,
    /// The holder moved away or died, and the card can still be used.
    HolderGone,
    /// The applicant moved away or died before the handover.
    ApplicantGone,
    /// The card is nowhere to be found before its handover: give it up, make another.
    CardMissing,
}

/// A case as a row of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    pub id: CaseId,
    /// 受付番号.
    pub number: CaseNumber,
    pub name: String,
    pub state: CaseState,
    /// When it came to stand there.
    pub since: OffsetDateTime,
    /// Where it lies, for cases in the shelf.
    pub shelf: Option<ShelfPlace>,
    /// Whether the card that was handed over may be used: told of a resident's cases, not in queues.
    pub standing: Option<CardStanding>,
    /// Whether the relay is still to be told that it stands so.
    pub is_untold: bool,
    /// What is wrong, for the queue of problems.
    pub problem: Option<Problem>,
    /// Who has it open, when someone has: name and desk.
    pub held_by: Option<(String, String)>,
}

/// One case in full: what every step of it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseView {
    pub id: CaseId,
    /// 受付番号.
    pub number: CaseNumber,
    /// Grows with every change; sent back with every order that changes the case.
    pub version: i64,
    pub state: CaseState,
    pub since: OffsetDateTime,
    pub resident: ResidentView,
    /// What was applied for.
    pub application: Application,
    /// The stages it passed: when, by whom, with whom.
    pub course: Course,
    /// The card bound to it.
    pub card: Option<CardView>,
    /// When the delivery notice was last printed.
    pub notice_printed: Option<OffsetDateTime>,
    /// When the receipt slip was last printed.
    pub receipt_printed: Option<OffsetDateTime>,
    /// Its envelope, when its card goes by post and has one.
    pub parcel: Option<Parcel>,
    /// The kinds of restricted delivery that the documents shown leave open; none, and it cannot go by post.
    pub post_kinds: Vec<ParcelKind>,
    /// Whether the card may be used, once it was handed over.
    pub standing: Option<CardStanding>,
    /// Whether the relay is still to be told that it stands so: until then the card is treated as before.
    pub is_untold: bool,
    /// What is wrong, if anything.
    pub problem: Option<Problem>,
    /// What went wrong and is not settled, oldest first; nothing is handed over meanwhile.
    pub incidents: Vec<OpenIncident>,
}

impl CaseView {
    /// Whether its card is to be sent.
    pub fn goes_by_post(&self) -> bool {
        self.application.delivery() == Delivery::RestrictedPost
    }
}

/// Something that went wrong with a case and is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncident {
    pub at: OffsetDateTime,
    /// Who wrote it down.
    pub who: String,
    pub note: String,
}

/// A line of a case's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    pub at: OffsetDateTime,
    /// Who, by name; a process by its own name.
    pub who: String,
    pub desk: Option<String>,
    /// The act's name in the audit trail, `case.handed_over`: the screen has words for each.
    pub act: String,
    pub outcome: relay_core::audit::Outcome,
    /// Facts fit to show, by their names in the trail: `step`, `write`. Lists have commas between.
    pub facts: Vec<(String, String)>,
    /// The clerk's own words, where there are any.
    pub words: Option<String>,
}

impl JournalLine {
    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        let found = self.facts.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }
}
