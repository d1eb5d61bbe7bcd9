//! The front's records in PostgreSQL: registered certificates, sign-ins under way, sessions, partners, audit.
//!
//! [`FrontRecords`] is the way in. Every verb that changes something takes the moment as an argument and writes its
//! event to the trail in the same transaction. Nothing here is a name, and no pseudonym of a service can be read:
//! what a service is known by passes through sealed to that service.

mod agreements;
mod artifacts;
mod audit;
mod checks;
mod error;
mod holders;
mod partners;
mod procedures;
mod pulled;
mod refused;
mod rotation;
mod seen;
mod sessions;
mod setup;
mod telling;
mod trial_cards;

use std::{fmt, sync::Arc, time::Duration};

use relay_core::{
    chance::{SharedChance, draw},
    id::Id,
    seal::{Place, Sealer},
};
use store::{Door, Isolation, Store, Tx};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use agreements::{Agreement, Terms};
pub use artifacts::NewArtifact;
pub use audit::{AuditAct, BlobUsed, Note, Recorded, TrailCheck};
pub use error::FrontError;
pub use holders::{Holder, HolderState, Message, Sender, Taken};
pub use partners::{
    Lifetimes, LogoutTrial, Metadata, Partner, PartnerKind, PartnerMetadata, PartnerState, Proposal, SignInTrial,
};
pub use procedures::{Answered, NewProcedure, NewSession, Procedure, ProcedureKind, SessionOf, SessionUsed};
pub use pulled::{Pulled, Whence};
pub use rotation::{Rotating, RotationStopped};
pub use seen::{Seen, SeenKind};
pub use sessions::{Ended, Ending, NewParticipant, Participant, SessionAt, SessionId, Told};
pub use setup::{DATABASE, Installed, OWNER, USER, install, migrate, migrations};
pub use telling::{Telling, TellingResult, Untold};
pub use trial_cards::TrialCard;

/// The front's records; clones share everything.
#[derive(Clone)]
pub struct FrontRecords {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    sealer: Arc<Sealer>,
    chance: SharedChance,
}

impl fmt::Debug for FrontRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrontRecords({:?})", self.store)
    }
}

impl FrontRecords {
    /// Records behind `door`, not yet connected: the front starts and says that its database is away. Ids and salts are
    /// drawn from `chance`.
    pub fn behind(door: &Door, sealer: Arc<Sealer>, chance: SharedChance) -> Self {
        Self {
            store: Store::new(door),
            shared: Arc::new(Shared { sealer, chance }),
        }
    }

    /// Refuses a database of another version: an older one lacks what this program writes, a newer one has rules it
    /// does not know.
    ///
    /// # Errors
    /// [`FrontError::Setup`]
    pub async fn check_version(&self) -> Result<(), FrontError> {
        self.store.check_version(&setup::migrations()).await
    }

    /// How far the database's clock is ahead of `now`.
    ///
    /// # Errors
    /// [`FrontError`] when it does not answer.
    pub async fn clock_ahead(&self, now: time::OffsetDateTime) -> Result<time::Duration, FrontError> {
        let began = std::time::Instant::now();
        let theirs: time::OffsetDateTime = self
            .read("clock_ahead", |tx| async move {
                Ok(tx
                    .query_one("-- clock_ahead\nSELECT clock_timestamp()", &[])
                    .await?
                    .get(0))
            })
            .await?;
        // The answer was made about half-way through the wait.
        Ok(theirs - (now + began.elapsed() / 2))
    }

    /// Reads over one unchanging view.
    async fn read<T, F, W>(&self, name: &'static str, work: F) -> Result<T, FrontError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, FrontError>> + Send,
    {
        self.store.read(name, work).await
    }

    /// Reads by one statement.
    async fn look<T, F, W>(&self, name: &'static str, work: F) -> Result<T, FrontError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, FrontError>> + Send,
    {
        self.store
            .run_as(name, Isolation::Statement, Duration::from_secs(10), work)
            .await
    }

    /// Changes what the locks of its rows and unique keys protect: whatever decides is read under a lock, or is the
    /// change itself. Hundreds of sign-ins a second change neighbouring rows, and none may fail for another's sake.
    async fn locked<T, F, W>(&self, name: &'static str, work: F) -> Result<T, FrontError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, FrontError>> + Send,
    {
        self.store.locked(name, work).await
    }

    /// `plain` sealed to a column of a row.
    fn seal(&self, table: &str, row: Uuid, column: &str, plain: &[u8]) -> Vec<u8> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        self.shared.sealer.seal(place, plain, &mut self.chance())
    }

    /// What was sealed to a column of a row.
    fn open(&self, table: &str, row: Uuid, column: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, FrontError> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        Ok(self.shared.sealer.open(place, sealed)?)
    }

    /// Text from a sealed column.
    fn open_text(&self, table: &'static str, row: Uuid, column: &str, sealed: &[u8]) -> Result<String, FrontError> {
        let plain = self.open(table, row, column, sealed)?;
        std::str::from_utf8(&plain)
            .map(str::to_owned)
            .map_err(|_| FrontError::Unreadable(table))
    }

    /// A secret that the other side holds (a cookie, a token, a handle), as it is looked up by.
    fn keyed(&self, purpose: &str, secret: &[u8]) -> Vec<u8> {
        self.shared.sealer.blind_index(purpose, secret).to_vec()
    }

    fn fresh_uuid(&self) -> Uuid {
        Id::<()>::new(&mut self.chance()).uuid()
    }

    fn draw<const N: usize>(&self) -> [u8; N] {
        draw(&mut self.chance())
    }

    fn chance(&self) -> SharedChance {
        self.shared.chance.clone()
    }
}
