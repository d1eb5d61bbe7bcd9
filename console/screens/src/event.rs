//! Everything that can happen to the screens.
//!
//! What the desk owes:
//! - keys in the order typed, each with the [`StepId`](crate::key::StepId) of the frame painted last;
//! - a [`Event::Tick`] every second, and sooner when [`crate::State::wants_tick_in`] says so;
//! - for every [`Effect`](crate::order::Effect) exactly one [`Event::Reply`] with its job, unless its
//!   order's documentation says that it has none;
//! - [`Event::Readers`] at the start and at every change.

use std::time::Duration;

use issuance::{case::CaseId, records::Step};
use time::OffsetDateTime;

use super::{
    facts::{Outbox, Reader, ReaderState, relay::FrontHeard},
    key::KeyPress,
    order::{Answer, JobId},
};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted (bracketed paste), or came whole from an input method.
    Paste(String),
    /// The terminal's size in cells; also sent once at the start.
    Resize { width: u16, height: u16 },
    /// The time. Nothing in the screens reads a clock.
    Tick(OffsetDateTime),
    /// A reader changed. The staff card's removal locks the screen by this event.
    Reader {
        reader: Reader,
        /// How it stands now.
        state: ReaderState,
    },
    /// The database answers, or no longer does.
    Database { up: bool },
    /// How the outbox to the relay stands, as it was last looked at. Never told where there is no relay.
    Outbox(Outbox),
    /// How the relay's front stands, as it was last asked: to the relay's operators alone.
    Front(Box<FrontHeard>),
    /// An effect's answer. A reply to a job that is over, or for a case no longer open, changes nothing.
    Reply {
        job: JobId,
        /// What came of it: the order's own reply, or why it was not done.
        reply: Answer,
    },
    /// How far the making is: any number of these between `StartMaking` and its reply.
    Making {
        /// The job of `StartMaking`.
        job: JobId,
        progress: MakingProgress,
    },
    /// Another desk took the case over, or the hold ran out: the case is closed here, what was typed is kept.
    LeaseLost {
        case: CaseId,
        /// Who has it now: name and desk.
        holder: Option<(String, String)>,
    },
    /// The session ended elsewhere: by a login under this desk's name, or because its clerk was disabled. Nobody is logged in
    /// here any more.
    SessionOver,
    /// The queues changed (a case moved anywhere in the office): screens that show counts ask again.
    QueuesChanged,
}

/// A word from the card thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MakingProgress {
    /// The chip is bound to the case.
    Bound { chip: String },
    Started {
        step: Step,
        /// Whether cancelling now stops before the next step without harm.
        safe_to_stop: bool,
    },
    /// A step goes on.
    Fraction { step: Step, done: u64, total: u64 },
    /// A step is done and recorded.
    Finished {
        step: Step,
        /// How long it took.
        took: Duration,
    },
}
