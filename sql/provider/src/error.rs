//! Why a provider's records did not do what was asked.

use relay_core::seal::SealError;
use store::{StoreError, install::SetupError};

/// A refusal or a failure. What is shown of it holds nothing of a person.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The database: away, full, or at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database could not be set up, or is at another version than this program.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A sealed column does not open: wrong keys file, or changed in the database.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No request waits for this answer: answered already, too late, or never sent.
    #[error("no request waits for this answer")]
    NotAsked,
    /// Another browser began this sign-in.
    #[error("the answer came from another browser than the one that was sent off")]
    OtherBrowser,
}

impl ProviderError {
    /// Whether the database was away: waiting and asking again is what helps.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_away())
    }
}
