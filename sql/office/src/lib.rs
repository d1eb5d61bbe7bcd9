//! The office's records in PostgreSQL: staff, roster, cases, cards, audit. The only SQL the console and issuing
//! stand on.
//!
//! [`Office`] is the way in. Reading verbs take what they look for; changing verbs take an [`Act`] as well: who asks,
//! under which id, so that a thing asked for twice is done once. Every change and every refusal worth keeping is
//! written to the audit trail in the same transaction. What is personal leaves this crate sealed: the database
//! sees ciphertext and keyed hashes.

mod act;
mod audit;
pub mod cases;
mod changes;
mod copies;
mod error;
mod linking;
pub mod notices;
mod outbox;
pub mod parcels;
mod reconciliation;
mod records;
pub mod refusal;
mod registration;
mod resident;
mod revocations;
pub mod roster;
mod sealed;
mod search;
mod setup;
mod staff;
pub mod stock_taking;
mod telephone_stop;
#[cfg(feature = "testing")]
pub mod testing;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use relay_core::{
    chance::{Chance, OsChance, draw},
    clock::Clock,
    id::Id,
    seal::Sealer,
};
use store::{Door, Store, Tx};
use uuid::Uuid;

pub use act::{Act, By, SessionId, SessionKind};
pub use audit::{Line, Recorded, SignedHead, TrailCheck};
pub use changes::{Change, Changes};
pub use error::OfficeError;
pub use issuance::staff::DisableReason;
pub use linking::{Alike, Match};
pub use outbox::{Numbered, OutboxRefusal, OutboxState, RefusedMessage, SentAnew};
pub use reconciliation::{Account, Accounted, Reconciled, Tally, TallyBy};
pub use records::OfficeRecords;
pub use refusal::{Fact, Refusal};
pub use registration::{CardStanding, GivenCard, HolderCheck, HolderRefusal, RevocationReason, Told};
pub use resident::ResidentFile;
pub use revocations::{Revoked, Signature, SignatureKind};
pub use search::{Found, Hit, SearchIndex};
pub use setup::{
    DATABASE, DISPATCH, IMPORT, Installed, OWNER, READER, SEALER, USER, USERS, install, migrate, migrations,
};
pub use staff::{NewStaff, SessionBegun, StaffRecord, StaffRefusal};

/// Whose clock counts.
#[derive(Clone)]
pub enum TimeSource {
    /// The database's: one clock for all desks, whatever theirs say.
    Database,
    /// A given one, for tests with a hand on it.
    Clock(Arc<dyn Clock>),
}

/// The office's records; clones share everything.
#[derive(Clone)]
pub struct Office {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    door: Door,
    sealer: Arc<Sealer>,
    time: TimeSource,
    chance: Mutex<Box<dyn Chance>>,
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Office({:?})", self.store)
    }
}

/// How the database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Time for one small question.
    pub latency: Duration,
    /// Version of its schema.
    pub version: i32,
    /// Version this program needs.
    pub needs: i32,
    /// PostgreSQL's own version, `15.14`.
    pub server: String,
    /// How far the database's clock is ahead of `clock`; negative when behind.
    pub clock_ahead: time::Duration,
}

impl Office {
    /// Records behind `door`, not yet connected: a console starts and says that the database is away. Call
    /// [`Office::check_version`] once it answers.
    pub fn behind(door: &Door, sealer: Arc<Sealer>, time: TimeSource) -> Self {
        Self::with_chance(door, sealer, time, Box::new(OsChance))
    }

    /// As [`Office::behind`], drawing ids from `chance`.
    pub fn with_chance(door: &Door, sealer: Arc<Sealer>, time: TimeSource, chance: Box<dyn Chance>) -> Self {
        Self {
            store: Store::new(door),
            shared: Arc::new(Shared {
                door: door.clone(),
                sealer,
                time,
                chance: Mutex::new(chance),
            }),
        }
    }

    /// Connects and checks that the database is at this program's version.
    ///
    /// # Errors
    /// [`OfficeError::Setup`], or why the database cannot be reached.
    pub async fn connect(door: &Door, sealer: Arc<Sealer>, time: TimeSource) -> Result<Self, OfficeError> {
        let office = Self::behind(door, sealer, time);
        office.check_version().await?;
        Ok(office)
    }

    /// Refuses a database of another version: an older one lacks what this program writes, a newer one has rules it
    /// does not know.
    ///
    /// # Errors
    /// [`OfficeError::Setup`]
    pub async fn check_version(&self) -> Result<(), OfficeError> {
        self.store.check_version(&setup::migrations()).await
    }

    /// How the database stands, its clock held against `clock`.
    ///
    /// # Errors
    /// [`OfficeError`] when it does not answer.
    pub async fn health(&self, clock: &dyn Clock) -> Result<Health, OfficeError> {
        let version = self.store.version().await?;
        let began = std::time::Instant::now();
        let before = clock.now();
        let (theirs, server) = self
            .read("health", |tx| async move {
                let row = tx
                    .query_one(
                        "-- health\nSELECT clock_timestamp(), current_setting('server_version')",
                        &[],
                    )
                    .await?;
                Ok((row.get::<_, time::OffsetDateTime>(0), row.get::<_, String>(1)))
            })
            .await?;
        let latency = began.elapsed();
        Ok(Health {
            latency,
            version,
            needs: setup::newest(),
            server: server.split(' ').next().unwrap_or_default().to_owned(),
            // The answer was made about half-way through the wait.
            clock_ahead: theirs - (before + latency / 2),
        })
    }

    /// Reads over one unchanging view.
    pub(crate) async fn read<T, F, W>(&self, name: &'static str, work: F) -> Result<T, OfficeError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, OfficeError>> + Send,
    {
        self.store.read(name, work).await
    }

    pub(crate) fn fresh<K>(&self) -> Id<K> {
        Id::new(&mut **self.chance())
    }

    pub(crate) fn fresh_uuid(&self) -> Uuid {
        self.fresh::<()>().uuid()
    }

    pub(crate) fn draw<const N: usize>(&self) -> [u8; N] {
        draw(&mut **self.chance())
    }

    pub(crate) fn new_token(&self) -> issuance::handover::NoticeToken {
        issuance::handover::NoticeToken::new(&mut **self.chance())
    }

    fn chance(&self) -> std::sync::MutexGuard<'_, Box<dyn Chance>> {
        self.shared.chance.lock().unwrap_or_else(|held| held.into_inner())
    }
}
