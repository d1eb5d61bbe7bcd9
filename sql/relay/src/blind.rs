//! The blind half's records in PostgreSQL: services' pins as they were, the front's shares, hashes of what was made.
//!
//! [`BlindRecords`] is the way in. No verb takes a half-way ciphertext or a pseudonym to be kept: what is not written
//! cannot be joined.

mod comparing;
mod finishing;
pub mod pins;
mod refused;
mod rotation;
mod services;
mod setup;

use std::{fmt, sync::Arc};

use relay_core::seal::{SealError, Sealer};
use store::{Door, Store, StoreError, Tx, install::SetupError};

pub use comparing::{Compared, Comparison, ComparisonId};
pub use finishing::{Finishing, Outcome};
pub use pins::{Honoured, NotHonoured, Pin, SealedTo};
pub use rotation::{Rotation, RotationApproval};
pub use services::{KeptShare, Tombstone};
pub use setup::{DATABASE, Installed, OWNER, USER, install, migrate, migrations};

/// A refusal or a failure. What is shown of it holds nothing of a person.
#[derive(Debug, thiserror::Error)]
pub enum BlindError {
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
    /// The envelope was taken before.
    #[error("the envelope was taken already")]
    Replayed,
    /// The service's message was compared before.
    #[error("this message was compared already")]
    ComparedBefore,
    /// Too many comparisons at a service did not end with the same person.
    #[error("too many comparisons of the last hour at this service did not end with the same person")]
    TooManyOthers,
    /// Another share is kept for this service.
    #[error("another share is kept for this service and edition")]
    OtherShare,
    /// One person cannot do it.
    #[error("a second operator must approve")]
    SamePerson,
}

/// The blind half's records; clones share everything.
#[derive(Clone)]
pub struct BlindRecords {
    store: Store,
    sealer: Arc<Sealer>,
}

impl fmt::Debug for BlindRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindRecords({:?})", self.store)
    }
}

impl BlindRecords {
    /// Records behind `door`, not yet connected.
    pub fn behind(door: &Door, sealer: Arc<Sealer>) -> Self {
        Self {
            store: Store::new(door),
            sealer,
        }
    }

    /// Refuses a database of another version.
    ///
    /// # Errors
    /// [`BlindError::Setup`]
    pub async fn check_version(&self) -> Result<(), BlindError> {
        self.store.check_version(&setup::migrations()).await
    }

    /// Changes what unique keys protect: none fails because others change neighbouring rows.
    async fn locked<T, F, W>(&self, name: &'static str, work: F) -> Result<T, BlindError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, BlindError>> + Send,
    {
        self.store.locked(name, work).await
    }

    /// Reads over one unchanging view.
    async fn read<T, F, W>(&self, name: &'static str, work: F) -> Result<T, BlindError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, BlindError>> + Send,
    {
        self.store.read(name, work).await
    }
}

fn by_two(approved_by: &[String; 2]) -> Result<Vec<&str>, BlindError> {
    match approved_by {
        [one, other] if one != other => Ok(vec![one, other]),
        _ => Err(BlindError::SamePerson),
    }
}
