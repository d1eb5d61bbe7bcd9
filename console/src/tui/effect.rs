//! What the screens ask the desk to do, as plain data.
//!
//! Every effect has a job of its own; its reply comes back with it. Orders that change a case carry the version
//! they were decided on, so that an order carried out twice, or too late, is refused by the records.

use issuance::{
    application::Application,
    case::{CaseId, ResidentId, ShelfPlace},
    identity::Verification,
    standing::HolderCheck,
};
use relay_core::registration::RevocationReason;
use secrecy::SecretString;

pub use issuance::acts::SecondPurpose;

use super::facts::{Incident, Paper, Queue, Sight, relay::FrontOrder};

/// One thing asked for. Grows through the console's life, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// An order with its job.
#[derive(Debug, Clone)]
pub struct Effect {
    /// Comes back with the reply.
    pub job: JobId,
    /// The case it is for; the desk puts it in every log line of the job.
    pub case: Option<CaseId>,
    /// What to do.
    pub order: Order,
}

/// A case and the version it was seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseAt {
    /// Which case.
    pub id: CaseId,
    /// Its version when the clerk decided.
    pub version: i64,
}

/// What to do with a paper that is kept and no longer says what is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reprint {
    /// Ask the clerk.
    Ask,
    /// Print it again as it was.
    AsItWas,
    /// Print it anew; the one before is no longer good.
    Anew,
}

/// What to do. The reply each brings stands at [`super::event::Reply`].
#[derive(Debug, Clone)]
pub enum Order {
    // ---- staff ----
    /// Read the card in the staff reader: whose, and tries left. No password is sent.
    ReadStaffCard,
    /// Verify the password on the staff card, check the certificate and the registration, begin a session (audited).
    Login {
        /// 8–16 alphanumerics.
        password: SecretString,
    },
    /// As `Login`, by the person who is logged in; `Fault::OtherStaff` for anyone else. Keeps session and leases.
    Unlock {
        /// The password.
        password: SecretString,
    },
    /// First run only: personalise the blank in the staff reader, register its holder as administrator, log in.
    CreateAdministrator {
        /// 職員番号.
        number: String,
        /// Name.
        name: String,
        /// New password of the card.
        password: SecretString,
    },
    /// Audit that the screen was locked. Reply: `Done`.
    ScreenLocked {
        /// Whether because the card was pulled (else idle time or by key).
        card_pulled: bool,
    },
    /// End the session: release every lease (audited). Reply: `Done`.
    LogOut,
    /// Verify the password on the card that is now in the staff reader, which must be another person's with the role
    /// that the purpose needs. The desk keeps the proof for this case until the case is closed or the purpose is used.
    SecondClerk {
        /// For what.
        purpose: SecondPurpose,
        /// Their password.
        password: SecretString,
    },

    // ---- queues and search ----
    /// Counts for 本日の業務.
    LoadCounts,
    /// A queue's rows, those that wait longest first.
    LoadQueue(Queue),
    /// Search the roster. A later search makes an earlier one worthless: it may be dropped without a reply.
    Search {
        /// As typed.
        text: String,
    },
    /// A resident in full.
    OpenResident(ResidentId),
    /// Show a masked address; the sight is audited before the reply.
    RevealAddress(ResidentId),

    // ---- the case ----
    /// Take an application; opens and holds the case.
    SubmitApplication {
        /// For whom.
        resident: ResidentId,
        /// The application, checked.
        application: Box<Application>,
        /// Whether the clerk has seen the duplicates and gives a reason to go on.
        despite_duplicate: Option<String>,
    },
    /// Open a case and hold it; `Fault::HeldBy` when another desk does.
    OpenCase(CaseId),
    /// Open the case that a scanned notice or form belongs to.
    OpenByNotice {
        /// The payload, `MDG1-…`, as scanned.
        payload: String,
    },
    /// The open case as it now stands, where an order ended without telling. Reply: `Case`.
    ReloadCase(CaseId),
    /// Let go of a case. Reply: `Done`.
    CloseCase(CaseId),
    /// Take over a case that another desk holds (audited), then as `OpenCase`.
    BreakLease {
        /// Which case.
        case: CaseId,
        /// Why, in the clerk's words.
        reason: String,
    },
    /// End a case without a card.
    CancelCase {
        /// Which.
        case: CaseAt,
        /// Why.
        reason: String,
    },
    /// Settle the incident of the case that is open longest.
    CloseIncident {
        /// Which case.
        case: CaseAt,
        /// How it ended.
        ending: String,
    },
    /// Record the identity verification. [`Verification`] is proof that the rules were met: only
    /// `issuance::identity::verify` makes one. The desk compares its second clerks with the proofs of `SecondClerk`.
    SaveVerification {
        /// Which case.
        case: CaseAt,
        /// Every fact and every exception, proved to meet the rules.
        verification: Box<Verification>,
    },

    // ---- the card ----
    /// Look at the card in the resident reader.
    ReadChip,
    /// Make the card, or go on where the making stopped. Progress comes as `Event::Making` with this job.
    StartMaking {
        /// Which case.
        case: CaseAt,
    },
    /// Ask the making to stop at the next safe place. No reply of its own: the making's own reply says how it ended.
    CancelMaking {
        /// The job of `StartMaking`.
        making: JobId,
    },
    /// Set the resident's first PIN.
    SetPin {
        /// Which case.
        case: CaseAt,
        /// Four digits.
        pin: SecretString,
    },
    /// Set the PIN anew over the one that is there, blocked or not; only before the handover.
    SetPinAgain {
        /// Which case.
        case: CaseAt,
        /// Four digits.
        pin: SecretString,
    },
    /// Give the case's card up, made or half made: a new blank takes its place.
    GiveUpCard {
        /// Which case.
        case: CaseAt,
        /// Why, in the clerk's words.
        reason: String,
    },
    /// Try the resident's PIN; a wrong one costs a try.
    VerifyPin {
        /// Four digits.
        pin: SecretString,
    },
    /// Every file that can be read of the card in the resident reader.
    ReadCardFiles,

    // ---- paper, shelf, handover ----
    /// Print a paper of the case, or print it again from what is kept.
    Print {
        /// Which case.
        case: CaseAt,
        /// Which paper.
        paper: Paper,
        /// What to do when the one that is kept names the person otherwise than they are registered now.
        reprint: Reprint,
    },
    /// Put the card in the shelf.
    Shelve {
        /// Which case.
        case: CaseAt,
        /// Where.
        place: ShelfPlace,
    },
    /// Read the chip in the resident reader and compare notice, shelf, chip and PIN with the records.
    CheckHandover {
        /// Which case.
        case: CaseAt,
        /// The scanned notice.
        notice: String,
        /// The place the card was taken from.
        shelf: ShelfPlace,
    },
    /// Record the sights of one clerk. Reply: `Done`. The second clerk's are recorded under the proof of `SecondClerk`.
    ConfirmSight {
        /// Which case.
        case: CaseAt,
        /// 1 or 2.
        time: u8,
        /// What was confirmed; all of [`Sight::ALL`].
        sights: Vec<Sight>,
    },
    /// Hand the card over: the desk compares everything once more, the card becomes active, the case closed.
    HandOver {
        /// Which case.
        case: CaseAt,
        /// The scanned notice.
        notice: String,
        /// The place the card was taken from.
        shelf: ShelfPlace,
    },
    /// Put the card back, with the incident recorded.
    ReturnToShelf {
        /// Which case.
        case: CaseAt,
        /// What did not agree.
        incident: Incident,
    },
    /// The journal of a case.
    LoadJournal(CaseId),

    // ---- the card after its handover; each changes it wherever the case stands open ----
    /// Whether the card may be used, and what the relay knows of it.
    LoadStanding(CaseId),
    /// Stop the card for now.
    SuspendCard {
        /// Whose case.
        case: CaseId,
        /// How the clerk made sure of who asks.
        check: HolderCheck,
        /// Their note.
        words: String,
    },
    /// Let the card be used again.
    ResumeCard {
        /// Whose case.
        case: CaseId,
        /// What the holder showed at the counter.
        check: HolderCheck,
        /// The clerk's note.
        words: String,
    },
    /// End the card for good, under the proof of `SecondClerk`.
    RevokeCard {
        /// Whose case.
        case: CaseId,
        /// Why, as its certificates' revocation says.
        reason: RevocationReason,
        /// The clerk's note.
        words: String,
    },
    /// Have the card stand for the person's next origin, under the proof of `SecondClerk`.
    RelinkCard {
        /// Whose case.
        case: CaseId,
        /// What was wrong.
        words: String,
    },
    /// Tell the relay again what it refused of the card.
    SendRefusedAnew {
        /// Whose case.
        case: CaseId,
        /// What was mended.
        words: String,
    },
    /// Leave unsaid what the relay refused of the card.
    CloseRefused {
        /// Whose case.
        case: CaseId,
        /// Why that is right.
        words: String,
    },

    // ---- the demo's tray; only with `Setup::demo` ----
    /// Slots, cards and passwords.
    LoadTray,
    /// Put a virtual card in a slot.
    TrayInsert {
        /// The slot.
        slot: u8,
        /// The card's name.
        card: String,
    },
    /// Pull the card from a slot.
    TrayRemove {
        /// The slot.
        slot: u8,
    },
    /// A new blank in the tray.
    TrayNew,
    /// What a scanner would read from the notice of this case that was printed last.
    TrayScanNotice(CaseId),

    // ---- the relay's operators; only with `Setup::relay`, and then nothing of the office ----
    /// Something asked of the relay's front.
    Front(FrontOrder),
    /// Wait no longer for an answer of the front. No reply, and none to the job given up.
    GiveUpFront(JobId),

    // ---- the end ----
    /// Leave the program. No reply.
    Quit,
}
