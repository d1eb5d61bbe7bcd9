//! What one provider keeps of its people: records taken over from their owner, links to pseudonyms, agreements, who looked.
//!
//! [`BackOfficeRecords`] is the way in. A person is found by a keyed hash of the pseudonym that this provider alone is given.

mod agreements;
mod error;
mod links;
mod loads;
mod looks;
mod setup;

use std::{fmt, sync::Arc};

use relay_core::{
    chance::SharedChance,
    id::Id,
    seal::{Place, Sealer},
};
use store::{Door, Store, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

pub use agreements::{Agreement, Consent, Signed, Terms};
pub use error::BackOfficeError;
pub use links::{Because, LinkAnswer, LinkAnswers, LinkReport, LinkRow};
pub use loads::{Difference, Identity, Load, NewLoad, NewRecord, OfPerson};
pub use looks::{Look, Looked};
pub use setup::{BackOffice, Installed, install, migrate, migrations};

/// One provider's records; clones share everything.
#[derive(Clone)]
pub struct BackOfficeRecords {
    store: Store,
    sealer: Arc<Sealer>,
    chance: SharedChance,
}

impl fmt::Debug for BackOfficeRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackOfficeRecords({:?})", self.store)
    }
}

impl BackOfficeRecords {
    /// Records behind `door`, not yet connected.
    pub fn behind(door: &Door, sealer: Arc<Sealer>, chance: SharedChance) -> Self {
        Self {
            store: Store::new(door),
            sealer,
            chance,
        }
    }

    /// Refuses a database of another version.
    ///
    /// # Errors
    /// [`BackOfficeError::Setup`]
    pub async fn check_version(&self) -> Result<(), BackOfficeError> {
        self.store.check_version(&setup::migrations()).await
    }

    /// How a person's pseudonym is looked up.
    fn person(&self, pseudonym: &str) -> Vec<u8> {
        self.sealer.blind_index("person", pseudonym.as_bytes()).to_vec()
    }

    /// Reads over one unchanging view.
    async fn read<T, F, W>(&self, name: &'static str, work: F) -> Result<T, BackOfficeError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, BackOfficeError>> + Send,
    {
        self.store.read(name, work).await
    }

    fn seal(&self, table: &str, row: Uuid, column: &str, plain: &[u8]) -> Vec<u8> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        self.sealer.seal(place, plain, &mut self.chance.clone())
    }

    fn open<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        row: Uuid,
        column: &str,
        sealed: &[u8],
    ) -> Result<T, BackOfficeError> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        let plain = self.sealer.open(place, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| BackOfficeError::Unreadable(table))
    }

    fn fresh(&self) -> Uuid {
        Id::<()>::new(&mut self.chance.clone()).uuid()
    }
}

/// The whole minute that `at` falls into: as exact as times beside a person get.
fn minute(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_minute()
}
