//! Why a provider's records did not do what was asked.

use relay_core::seal::SealError;
use store::{StoreError, install::SetupError};

/// A refusal or a failure. What is shown of it holds nothing of a person.
#[derive(Debug, thiserror::Error)]
pub enum BackOfficeError {
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
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Something else came in between: what was compared or counted is not what is there now.
    #[error("something else was done in the meantime: begin again")]
    Overtaken,
    /// Whoever approves is the one who proposed.
    #[error("another person, of the other side, must approve")]
    SamePerson,
}
