//! What the desk tells the screens: plain views of residents, cases, cards and queues, each holding just what may
//! be shown. Masking is decided before these are made; a screen never holds an address it must not show.

pub mod relay;

use std::time::Duration;

use issuance::{
    application::Application,
    case::{CaseId, CaseNumber, CaseState, ResidentId, ShelfPlace},
    person::Resident,
    records::{CardState, Step},
    staff::{Staff, StaffId},
    standing::CardStanding,
};
use time::OffsetDateTime;

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
    /// English
    English,
}

/// Tries left of a PIN or password, asked before it is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// So many left.
    Left(u8),
    /// None left.
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
    /// Name.
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

/// An address, or the fact that it must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// As it is: postal code, address, building.
    Shown {
        /// `123-4567`
        postal_code: String,
        /// Address.
        address: String,
        /// 方書.
        building: Option<String>,
    },
    /// 支援措置: not shown to this clerk, or not yet asked for ([`crate::tui::effect::Order::RevealAddress`]).
    Masked,
}

/// A resident as a row of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentRow {
    /// Id.
    pub id: ResidentId,
    /// 宛名番号.
    pub number: String,
    /// Name as in the roster, IVS included.
    pub name: String,
    /// フリガナ.
    pub kana: String,
    /// 通称名.
    pub alias: Option<String>,
    /// As shown: `昭和45年3月1日`, `昭和20年頃`.
    pub birthday: String,
    /// As written in the roster: `男`.
    pub sex: String,
    /// Address or its mask.
    pub address: Address,
    /// 支援措置.
    pub protected: bool,
    /// How many others have the same name in search form.
    pub same_name: u16,
    /// A case under way for this person.
    pub open_case: Option<CaseNumber>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The text searched for, as the order carried it.
    pub text: String,
    /// The best hits, at most some hundred.
    pub rows: Vec<ResidentRow>,
    /// How many there are in all.
    pub total: usize,
}

/// A resident in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentView {
    /// Id.
    pub id: ResidentId,
    /// The roster's row. Where `masked`, the desk has emptied postal code, address, building and phone.
    pub person: Resident,
    /// 支援措置: the address is not shown (to this clerk, or not yet asked for).
    pub masked: bool,
    /// Whether this clerk may ask for the masked address.
    pub may_reveal: bool,
    /// Since when the roster has the person no more: moved away, died.
    pub gone_at: Option<OffsetDateTime>,
    /// Every case of this person, newest first.
    pub cases: Vec<CaseRow>,
    /// The others of the household: name and 続柄.
    pub household_members: Vec<(String, String)>,
}

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
}

impl Queue {
    /// Every queue in the order shown; its place is the digit that opens it.
    pub const ALL: [Self; 5] = [
        Self::ToVerify,
        Self::ToMake,
        Self::ToShelve,
        Self::ToHandOver,
        Self::Problems,
    ];
}

/// Counts of the queues and of the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// As many as [`Queue::ALL`], in its order.
    pub waiting: [u32; 5],
    /// Handed over today.
    pub handed_over_today: u32,
    /// Applications taken today.
    pub applied_today: u32,
    /// Cards made today.
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
}

/// A case as a row of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Id.
    pub id: CaseId,
    /// 受付番号.
    pub number: CaseNumber,
    /// The resident's name.
    pub name: String,
    /// Where it stands.
    pub state: CaseState,
    /// When it came to stand there.
    pub since: OffsetDateTime,
    /// Where it lies, for cases in the shelf.
    pub shelf: Option<ShelfPlace>,
    /// What is wrong, for the queue of problems.
    pub problem: Option<Problem>,
    /// Who has it open, when someone has: name and desk.
    pub held_by: Option<(String, String)>,
}

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
    /// When it was set.
    pub pin_set_at: Option<OffsetDateTime>,
    /// When the card was made.
    pub made_at: Option<OffsetDateTime>,
}

/// A card after its handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCard {
    /// Chip serial, grouped hex.
    pub chip: String,
    /// Whether it may be used.
    pub standing: CardStanding,
    /// Since when.
    pub since: OffsetDateTime,
    /// By whom.
    pub by: String,
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

/// One case in full: what every step of it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseView {
    /// Id.
    pub id: CaseId,
    /// 受付番号.
    pub number: CaseNumber,
    /// Grows with every change; sent back with every order that changes the case.
    pub version: i64,
    /// Where it stands.
    pub state: CaseState,
    /// Since when.
    pub since: OffsetDateTime,
    /// For whom.
    pub resident: ResidentView,
    /// What was applied for.
    pub application: Application,
    /// When the application was taken.
    pub applied_at: OffsetDateTime,
    /// When and by whom the person was verified.
    pub verified: Option<(OffsetDateTime, String)>,
    /// The card bound to it.
    pub card: Option<CardView>,
    /// When the delivery notice was last printed.
    pub notice_printed: Option<OffsetDateTime>,
    /// When the receipt slip was last printed.
    pub receipt_printed: Option<OffsetDateTime>,
    /// What is wrong, if anything.
    pub problem: Option<Problem>,
    /// What went wrong and is not settled, oldest first; nothing is handed over meanwhile.
    pub incidents: Vec<OpenIncident>,
}

/// Something that went wrong with a case and is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncident {
    /// When.
    pub at: OffsetDateTime,
    /// Who wrote it down.
    pub who: String,
    /// Their words.
    pub note: String,
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
    /// Marked damaged.
    Damaged,
    /// Not blank, and not in our records.
    Unknown,
}

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
    /// Which.
    pub paper: Paper,
    /// The file's name, shown to the clerk.
    pub file: String,
    /// Pages.
    pub pages: u16,
    /// Whether this is a copy of one printed before.
    pub again: bool,
}

/// How one pair of things compared at the handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// What was compared.
    pub what: Compared,
    /// What the records say.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether they agree.
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

/// What a clerk confirms with their own eyes at the handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sight {
    /// The person before me is the person of the case.
    Person,
    /// The name on the notice, on the screen and said by the person agree.
    Name,
    /// The card in my hand is the one in the reader.
    Card,
}

impl Sight {
    /// Every sight, in the order confirmed.
    pub const ALL: [Self; 3] = [Self::Person, Self::Name, Self::Card];
}

/// Why a card went back to its shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// What did not agree.
    pub mismatched: Vec<Compared>,
    /// The clerk's words; nothing personal is asked for.
    pub note: String,
}

/// What stands in the way of an application; there is always something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InTheWay {
    /// The person's own case under way: nothing is taken beside it.
    OwnCase(CaseNumber),
    /// The case of the active card that the person has: the same.
    OwnCard(CaseNumber),
    /// Records that may be the same person: taken with a reason.
    Similar {
        /// There is one at least.
        first: SimilarRecord,
        /// The others.
        others: Vec<SimilarRecord>,
    },
}

/// Another record with the same reading of the name and the same birthday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarRecord {
    /// Name as in the roster.
    pub name: String,
    /// Its cases, newest first.
    pub cases: Vec<(CaseNumber, CaseState)>,
}

/// A line of a case's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// When.
    pub at: OffsetDateTime,
    /// Who, by name; a process by its own name.
    pub who: String,
    /// At which desk.
    pub desk: Option<String>,
    /// The act's name in the audit trail, `case.handed_over`: the screen has words for each.
    pub act: String,
    /// How it ended.
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

/// A file of the card, for `card show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFileView {
    /// `3F00/5015/4401`
    pub path: String,
    /// Name in the file system's own terms, `CDF`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether reading it asks for the PIN.
    pub needs_pin: bool,
}

/// The demo's card tray.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tray {
    /// The readers, with the card in each.
    pub slots: Vec<TraySlot>,
    /// Every virtual card, by name.
    pub cards: Vec<TrayCard>,
}

/// A virtual reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraySlot {
    /// Number as the tray's protocol takes it.
    pub number: u8,
    /// Whether it is the staff or the resident reader.
    pub reader: Reader,
    /// The card in it.
    pub card: Option<String>,
}

/// A virtual card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayCard {
    /// Name as the tray's protocol takes it.
    pub name: String,
    /// What it is.
    pub about: TrayCardIs,
    /// A demo staff card's password. Demo passwords are made anew with every set-up and open nothing real.
    pub password: Option<String>,
    /// Chip serial in hex.
    pub chip: String,
}

/// What a card in the tray is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrayCardIs {
    /// The staff card of the clerk of that name.
    Staff(String),
    /// Nothing was made on it yet.
    Blank,
    /// Begun and not finished.
    BeingMade,
    /// A resident's card.
    Resident,
    /// Its file is broken.
    Unreadable,
}

/// Which of the desk's two readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    /// For staff cards.
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
}

/// How a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReaderState {
    /// Not attached.
    Missing,
    /// Attached, no card.
    Empty,
    /// A card is in it. The number grows with every insertion, so a card swapped between two looks is noticed.
    Card(u64),
    /// The card service (pcscd) does not run.
    ServiceGone,
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
        /// Why.
        why: crate::tui::fault::Fault,
    },
    /// The card can't be finished: it goes to the broken ones, a new blank takes its place.
    Damaged {
        /// The step it broke at.
        at: Option<Step>,
        /// The case as it now stands.
        case: Box<CaseView>,
    },
}
