//! Why the office's records did not do what was asked.

use issuance::{
    application::ApplicationState,
    lifecycle::Lifecycle,
    machine::{Machine as _, NotNow},
    staff::Role,
    standing::CardStanding,
};
use relay_core::seal::SealError;
use store::{StoreError, install::SetupError};
use time::OffsetDateTime;

use crate::refusal::Refusal;

/// A refusal or a failure. What is shown of it ([`std::fmt::Display`]) holds nothing of a resident.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The database: away, full, or at fault.
    #[error(transparent)]
    Store(StoreError),
    /// The database refused a move that the machine does not have: this program's own rules should have, before.
    #[error("the records have no such move of the {machine}")]
    ForbiddenMove {
        /// [`Machine::NAME`](issuance::machine::Machine::NAME).
        machine: &'static str,
    },
    /// The database could not be set up, or is at another version than this program.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A sealed column does not open: wrong keys file, or changed in the database.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// One of a module's own reasons ([`OfficeError::refused_as`]).
    #[error("{0}")]
    Refused(Box<dyn Refusal>),
    /// What a column holds is not what is written there.
    #[error("{0} cannot be read: the database was changed by another program")]
    Unreadable(&'static str),

    /// The session ended, or the person was disabled.
    #[error("the session is over: log in again")]
    SessionOver,
    /// The person does not have the role this takes.
    #[error("this takes the role {0}")]
    NotAllowed(Role),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),

    /// Another act was asked for under the same id.
    #[error("the act id was used for something else")]
    ActIdUsed,
    /// The roster was changed after the plan was made.
    #[error("the roster was changed meanwhile: plan the import again")]
    RosterChanged,
    /// Two rows of one file have the same number.
    #[error("lines {first} and {second} of the file have the same resident number")]
    DuplicateRow {
        /// Line of the first.
        first: u64,
        /// Line of the second.
        second: u64,
    },

    /// Another desk holds the case.
    #[error("the case is open at desk {desk} until {until}")]
    HeldBy {
        staff: String,
        desk: String,
        /// When their hold ends by itself.
        until: OffsetDateTime,
    },
    /// This session does not hold the case.
    #[error("the case is not open at this desk: open it first")]
    NotHeld,
    /// The case was changed after it was read.
    #[error("the case was changed meanwhile: look at it again")]
    ChangedMeanwhile,
    /// The case's state does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// The chip is known already.
    #[error("chip {0} is bound to another case, or was damaged")]
    ChipTaken(String),
    /// The card's records contradict what is asked.
    #[error("the card's records do not allow it: {0}")]
    CardConflict(String),
}

/// The machines whose moves the database knows.
const MACHINES: [&str; 3] = [ApplicationState::NAME, Lifecycle::NAME, CardStanding::NAME];

impl From<StoreError> for OfficeError {
    fn from(error: StoreError) -> Self {
        let refused = |machine: &&str| error.is_constraint(&format!("{machine}_move"));
        match MACHINES.into_iter().find(refused) {
            Some(machine) => Self::ForbiddenMove { machine },
            None => Self::Store(error),
        }
    }
}

impl OfficeError {
    /// The rule's name when this is a refusal for the audit trail; `None` for failures and for the everyday
    /// ("someone else has it open").
    pub fn refused_by(&self) -> Option<&'static str> {
        Some(match self {
            Self::Refused(refusal) => return refusal.rule(),
            Self::NotAllowed(_) => "role",
            Self::NotNow(_) | Self::ForbiddenMove { .. } => "state",
            Self::ChipTaken(_) => "chip_taken",
            Self::NotHeld => "not_held",
            _ => return None,
        })
    }

    /// Whether the database was away: waiting and asking again, under the same act id, is what helps.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_away())
    }
}
