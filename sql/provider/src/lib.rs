//! What one service provider keeps: sessions, messages already taken, sign-in history, under its own pseudonyms only.
//!
//! Each provider (My Page, a clinic's portal, a back office) has a database of its own with this schema in it.
//! [`ProviderRecords`] is the way in. Persons stand here under a keyed hash; what would let two providers' databases be
//! matched (equality, order, exact times) is kept out by the schema itself, and the migrations say how.

mod error;
mod sessions;
mod setup;
mod sign_in;

use std::{fmt, sync::Arc};

use relay_core::{
    chance::{SharedChance, draw},
    id::Id,
    seal::{Place, Sealer},
};
use store::{Door, Store, Tx};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use error::ProviderError;
pub use sessions::{Ended, PastSignIn, Session, SessionLimits};
pub use setup::{Installed, Provider, install, migrate, migrations};
pub use sign_in::{Arrival, Asked, NewRequest, SignedIn};

/// A secret that a browser holds in a cookie, 32 random bytes; here only its keyed hash is kept.
pub type Secret = Zeroizing<[u8; 32]>;

/// One provider's records; clones share everything.
#[derive(Clone)]
pub struct ProviderRecords {
    store: Store,
    shared: Arc<Shared>,
}

struct Shared {
    sealer: Arc<Sealer>,
    limits: SessionLimits,
    chance: SharedChance,
}

impl fmt::Debug for ProviderRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderRecords({:?})", self.store)
    }
}

impl ProviderRecords {
    /// Records behind `door`, not yet connected: a portal starts and says that its database is away. Secrets and
    /// ids are drawn from `chance`.
    pub fn behind(door: &Door, sealer: Arc<Sealer>, limits: SessionLimits, chance: SharedChance) -> Self {
        Self {
            store: Store::new(door),
            shared: Arc::new(Shared { sealer, limits, chance }),
        }
    }

    /// Refuses a database of another version: an older one lacks what this program writes, a newer one has rules it
    /// does not know.
    ///
    /// # Errors
    /// [`ProviderError::Setup`]
    pub async fn check_version(&self) -> Result<(), ProviderError> {
        self.store.check_version(&setup::migrations()).await
    }

    /// Removes what is over: requests nobody answered, messages too old to come again, ended sessions, and history
    /// from before `history_from`. Gives how many rows went.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn sweep(&self, now: OffsetDateTime, history_from: OffsetDateTime) -> Result<u64, ProviderError> {
        self.store
            .run("sweep", |tx| async move {
                let mut gone = 0;
                for (sql, moment) in [
                    ("-- sweep\nDELETE FROM provider.request_sent WHERE until <= $1", now),
                    ("-- sweep\nDELETE FROM provider.message_seen WHERE until <= $1", now),
                    (
                        "-- sweep\nDELETE FROM provider.session WHERE least(until, idle_until) <= $1",
                        now,
                    ),
                    (
                        "-- sweep\nDELETE FROM provider.sign_in_history WHERE at < $1",
                        history_from,
                    ),
                ] {
                    gone += tx.execute(sql, &[&moment]).await?;
                }
                Ok(gone)
            })
            .await
    }

    /// Reads over one unchanging view.
    async fn read<T, F, W>(&self, name: &'static str, work: F) -> Result<T, ProviderError>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, ProviderError>> + Send,
    {
        self.store.read(name, work).await
    }

    /// As a person, a browser's secret or a message is looked up.
    fn keyed(&self, purpose: &str, value: &[u8]) -> Vec<u8> {
        self.shared.sealer.blind_index(purpose, value).to_vec()
    }

    /// Where a session's sealed name stands.
    fn place(session: &Uuid) -> Place<'_> {
        Place {
            table: "provider.session",
            row: session.as_bytes(),
            column: "name",
        }
    }

    fn fresh_uuid(&self) -> Uuid {
        Id::<()>::new(&mut self.chance()).uuid()
    }

    fn fresh_secret(&self) -> Secret {
        Zeroizing::new(draw(&mut self.chance()))
    }

    fn chance(&self) -> SharedChance {
        self.shared.chance.clone()
    }
}

/// The whole minute that `at` falls into: as exact as times beside a person get.
fn minute(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_minute()
}
