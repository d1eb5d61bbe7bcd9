//! Everything that can happen to the screens.
//!
//! What the desk owes:
//! - keys in the order typed, each with the [`StepId`](crate::tui::key::StepId) of the frame painted last;
//! - a [`Event::Tick`] every second, and sooner when [`crate::tui::State::wants_tick_in`] says so;
//! - for every [`Effect`](crate::tui::effect::Effect) exactly one [`Event::Reply`] with its job, unless its
//!   order's documentation says that it has none;
//! - [`Event::Readers`] at the start and at every change.

use std::time::Duration;

use issuance::{case::CaseId, records::Step};
use time::OffsetDateTime;

use super::{
    effect::JobId,
    facts::{
        Agreement, CardFileView, CaseRow, CaseView, ChipView, Counts, Found, GivenCard, InTheWay, JournalLine,
        MakingEnd, Outbox, Paper, Printed, Queue, Reader, ReaderState, ResidentView, Session, StaffCard, StaffShown,
        Tray,
        relay::{FrontAnswer, FrontHeard},
    },
    fault::Fault,
    key::KeyPress,
};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted (bracketed paste), or came whole from an input method.
    Paste(String),
    /// The terminal's size in cells; also sent once at the start.
    Resize {
        /// Columns.
        width: u16,
        /// Lines.
        height: u16,
    },
    /// The time. Nothing in the screens reads a clock.
    Tick(OffsetDateTime),
    /// A reader changed. The staff card's removal locks the screen by this event.
    Reader {
        /// Which.
        reader: Reader,
        /// How it stands now.
        state: ReaderState,
    },
    /// The database answers, or no longer does.
    Database {
        /// Whether it answers.
        up: bool,
    },
    /// How the outbox to the relay stands, as it was last looked at. Never told where there is no relay.
    Outbox(Outbox),
    /// How the relay's front stands, as it was last asked: to the relay's operators alone.
    Front(Box<FrontHeard>),
    /// An effect's answer. A reply to a job that is over, or for a case no longer open, changes nothing.
    Reply {
        /// The effect's job.
        job: JobId,
        /// What came of it.
        reply: Result<Reply, Fault>,
    },
    /// How far the making is: any number of these between `StartMaking` and its reply.
    Making {
        /// The job of `StartMaking`.
        job: JobId,
        /// What happened.
        progress: MakingProgress,
    },
    /// How far a longer print is, 0 to 100.
    Printing {
        /// The job of `Print`.
        job: JobId,
        /// Per cent done.
        percent: u8,
    },
    /// Another desk took the case over, or the hold ran out: the case is closed here, what was typed is kept.
    LeaseLost {
        /// Which case.
        case: CaseId,
        /// Who has it now: name and desk.
        holder: Option<(String, String)>,
    },
    /// The queues changed (a case moved anywhere in the office): screens that show counts ask again.
    QueuesChanged,
}

/// What a job brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `ReadStaffCard`
    StaffCard(StaffCard),
    /// `Login`, `Unlock`, `CreateAdministrator`
    LoggedIn(Box<Session>),
    /// `SecondClerk`: who it was
    SecondClerk(StaffShown),
    /// `LoadCounts`
    Counts(Box<Counts>),
    /// `LoadQueue`
    Queue(Queue, Vec<CaseRow>),
    /// `Search`
    Found(Box<Found>),
    /// `OpenResident`, `RevealAddress`
    Resident(Box<ResidentView>),
    /// `SubmitApplication`: there is a case for this person already
    Duplicate(InTheWay),
    /// `SubmitApplication`, `OpenCase`, `OpenByNotice`, `SaveVerification`, `SetPin`, `SetPinAgain`, `GiveUpCard`,
    /// `Shelve`, `HandOver`, `ReturnToShelf`, `CloseIncident`, `CancelCase`: the case as it now stands, held by this desk
    Case(Box<CaseView>),
    /// `ReadChip`
    Chip(ChipView),
    /// `StartMaking`
    MakingEnded(MakingEnd),
    /// `VerifyPin`: it was right
    PinRight,
    /// `Print`: nothing yet; the paper that is kept names the person otherwise than they are registered now.
    PaperOutdated(Paper),
    /// `Print`: the paper, and the case as it now stands
    Printed(Printed, Box<CaseView>),
    /// `CheckHandover`: every comparison, none left out
    Agreements(Vec<Agreement>),
    /// `LoadJournal`
    Journal(Vec<JournalLine>),
    /// `LoadStanding`, `SuspendCard`, `ResumeCard`, `RevokeCard`, `RelinkCard`, `SendRefusedAnew`, `CloseRefused`: the card as it now stands
    Standing(Box<GivenCard>),
    /// `ReadCardFiles`
    CardFiles(Vec<CardFileView>),
    /// `LoadTray`, `TrayInsert`, `TrayRemove`, `TrayNew`
    Tray(Tray),
    /// `TrayScanNotice`: the payload, as a scanner types it.
    NoticeScanned(String),
    /// `Front`: the partners as they now stand, or what else was asked
    Front(Box<FrontAnswer>),
    /// An order that changes nothing on the screen was carried out (`LogOut`, `CloseCase`, `ScreenLocked`, …)
    Done,
}

/// A word from the card thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakingProgress {
    /// The chip is bound to the case.
    Bound {
        /// Grouped hex.
        chip: String,
    },
    /// A step begins.
    Started {
        /// Which.
        step: Step,
        /// Whether cancelling now stops before the next step without harm.
        safe_to_stop: bool,
    },
    /// A step goes on.
    Fraction {
        /// Which.
        step: Step,
        /// Done so far.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// A step is done and recorded.
    Finished {
        /// Which.
        step: Step,
        /// How long it took.
        took: Duration,
    },
}
