//! The blind half's records on a fresh real database, for tests here and in the crates above.

use std::sync::Arc;

use relay_core::seal::Sealer;
use store::testing::{LoneCluster, Recipe, TestDatabase, TestingError};
use zeroize::Zeroizing;

use relay_records::blind::{BlindRecords, OWNER, USER, migrations};

/// How the blind half's test databases are made.
pub fn recipe() -> Recipe {
    Recipe {
        name: "relay_blind",
        runner: migrations(),
        owner: OWNER,
        users: &[USER],
    }
}

/// Keys for tests: the same every time, so that a restarted process opens what the first sealed.
pub fn sealer() -> Arc<Sealer> {
    let keys = [(1, Zeroizing::new([5; 32]))].into();
    Arc::new(Sealer::new(1, keys, &Zeroizing::new([6; 32])))
}

/// The records with a database of their own; dropped with this value.
pub struct TestBlind {
    pub database: TestDatabase,
    pub records: BlindRecords,
}

/// On a fresh database in the shared cluster.
///
/// # Errors
/// [`TestingError`]
pub async fn open() -> Result<TestBlind, TestingError> {
    Ok(TestBlind::on(store::testing::database(&recipe()).await?))
}

/// On a cluster of its own, for tests that take the database away.
///
/// # Errors
/// [`TestingError`]
pub async fn open_on(cluster: &LoneCluster) -> Result<TestBlind, TestingError> {
    Ok(TestBlind::on(cluster.database(&recipe()).await?))
}

impl TestBlind {
    fn on(database: TestDatabase) -> Self {
        let records = BlindRecords::behind(&database.door(USER), sealer());
        Self { database, records }
    }
}
