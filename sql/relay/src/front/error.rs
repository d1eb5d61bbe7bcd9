//! Why the front's records did not do what was asked.

use relay_core::seal::SealError;
use store::{StoreError, install::SetupError};

/// A refusal or a failure. What is shown of it holds nothing of a person.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// The database: away, full, or at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database could not be set up, or is at another version than this program.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A sealed column does not open: wrong keys file, or changed in the database.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What a column holds is not what is written there.
    #[error("{0} cannot be read: the database was changed by another program")]
    Unreadable(&'static str),

    /// An office's message came before the one that precedes it, or is a second one under a number already applied.
    #[error("message {got} of {sender} is not the next one: {expected} is")]
    OutOfOrder {
        sender: String,
        /// The number that came.
        got: i64,
        /// The number that must come next.
        expected: i64,
    },
    /// Another message was applied under this number, or this envelope under another number.
    #[error("message {seq} of {sender} is not the one that was applied under this number")]
    OtherMessage { sender: String, seq: i64 },
    /// What was asked for contradicts how the registration stands. Which one it is stays out of the words, which are logged.
    #[error("the registration: {rule}")]
    NotSo {
        registration: uuid::Uuid,
        rule: &'static str,
    },
    /// What an office sent is encrypted under keys that the front has left behind.
    #[error("the registration is encrypted under keys that were left behind: send it anew under the next")]
    LeftBehind { registration: uuid::Uuid },
    /// What an office sent is encrypted under keys that the front does not hold yet.
    #[error("the registration is encrypted under newer keys than the front holds: complete the rotation here")]
    KeysNotYet { registration: uuid::Uuid },
    /// The message was taken before.
    #[error("the message was taken already")]
    Replayed,
    /// The service brought as many cards within the hour as it may.
    #[error("more than {most} cards within an hour")]
    TooManyChecks { most: u32 },
    /// The procedure is over, belongs to another browser, or was moved on meanwhile.
    #[error("the sign-in or logout is over, or was moved on elsewhere: begin again at the service")]
    ProcedureOver,
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The operator who approves is the one who proposed.
    #[error("a second operator must approve")]
    SamePerson,
    /// The partner's state does not allow it.
    #[error("the partner is {state}: {rule}")]
    PartnerNotNow { state: &'static str, rule: &'static str },
}

impl FrontError {
    /// Whether the database was away: waiting and asking again is what helps.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_away())
    }
}
