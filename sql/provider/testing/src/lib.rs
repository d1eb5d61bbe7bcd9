//! A provider's records on a fresh real database, for tests here and in the crates above.

use std::sync::Arc;

use relay_core::{chance::SharedChance, seal::Sealer};
use store::testing::{LoneCluster, Recipe, TestDatabase, TestingError};
use time::Duration;
use zeroize::Zeroizing;

use provider_records::{Provider, ProviderRecords, SessionLimits, migrations};

/// The provider of the tests.
pub const PROVIDER: Provider = Provider("provider_under_test");

/// How its databases are made.
pub fn recipe() -> Recipe {
    Recipe {
        name: "provider",
        runner: migrations(),
        owner: "provider_under_test_owner",
        users: &["provider_under_test"],
    }
}

/// Keys for tests: the same every time for one `number`, so that a second instance opens what the first sealed.
pub fn sealer(number: u8) -> Arc<Sealer> {
    let keys = [(1, Zeroizing::new([number; 32]))].into();
    Arc::new(Sealer::new(1, keys, &Zeroizing::new([number ^ 0xff; 32])))
}

/// A quarter of an hour idle, eight hours in all.
pub const LIMITS: SessionLimits = SessionLimits {
    idle: Duration::minutes(15),
    longest: Duration::hours(8),
};

/// Records with a database of their own; dropped with this value.
pub struct TestProvider {
    pub database: TestDatabase,
    pub records: ProviderRecords,
}

/// On a fresh database in the shared cluster, with keys of its own `number`.
///
/// # Errors
/// [`TestingError`]
pub async fn open(number: u8) -> Result<TestProvider, TestingError> {
    Ok(TestProvider::on(store::testing::database(&recipe()).await?, number))
}

/// On a cluster of its own, for tests that take the database away.
///
/// # Errors
/// [`TestingError`]
pub async fn open_on(cluster: &LoneCluster, number: u8) -> Result<TestProvider, TestingError> {
    Ok(TestProvider::on(cluster.database(&recipe()).await?, number))
}

impl TestProvider {
    fn on(database: TestDatabase, number: u8) -> Self {
        let records = ProviderRecords::behind(
            &database.door(PROVIDER.user()),
            sealer(number),
            LIMITS,
            SharedChance::of_the_system(),
        );
        Self { database, records }
    }
}
