//! The front's records on a fresh real database, for tests here and in the crates above.

use std::sync::Arc;

use relay_core::{chance::SharedChance, seal::Sealer};
use store::testing::{LoneCluster, Recipe, TestDatabase, TestingError};
use zeroize::Zeroizing;

use relay_records::front::{FrontRecords, OWNER, USER, migrations};

/// How the front's test databases are made.
pub fn recipe() -> Recipe {
    Recipe {
        name: "relay_front",
        runner: migrations(),
        owner: OWNER,
        users: &[USER],
    }
}

/// Keys for tests: the same every time, so that a second instance opens what the first sealed.
pub fn sealer() -> Arc<Sealer> {
    let keys = [(1, Zeroizing::new([7; 32]))].into();
    Arc::new(Sealer::new(1, keys, &Zeroizing::new([9; 32])))
}

/// The front's records with a database of their own; dropped with this value.
pub struct TestFront {
    pub database: TestDatabase,
    pub records: FrontRecords,
}

/// On a fresh database in the shared cluster.
///
/// # Errors
/// [`TestingError`]
pub async fn open() -> Result<TestFront, TestingError> {
    Ok(TestFront::on(store::testing::database(&recipe()).await?))
}

/// On a cluster of its own, for tests that take the database away.
///
/// # Errors
/// [`TestingError`]
pub async fn open_on(cluster: &LoneCluster) -> Result<TestFront, TestingError> {
    Ok(TestFront::on(cluster.database(&recipe()).await?))
}

impl TestFront {
    fn on(database: TestDatabase) -> Self {
        let records = FrontRecords::behind(&database.door(USER), sealer(), SharedChance::of_the_system());
        Self { database, records }
    }

    /// The same records as a second instance sees them, over connections of its own.
    pub fn second_instance(&self) -> FrontRecords {
        FrontRecords::behind(&self.database.door(USER), sealer(), SharedChance::of_the_system())
    }
}
