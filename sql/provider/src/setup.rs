//! Setting a provider's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
use secrecy::SecretString;
pub use store::install::Installed;
use store::{
    Door,
    cluster::Cluster,
    install::{Schema, SetupError},
    migrate::Migrated,
};

use crate::ProviderError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// One provider's names in its cluster: its database, and the roles that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider(pub &'static str);

impl Provider {
    /// The database's name.
    pub const fn database(self) -> &'static str {
        self.0
    }

    /// The role the portal logs in as.
    pub const fn user(self) -> &'static str {
        self.0
    }

    /// The role that owns the schema and runs migrations; no portal ever logs in as it. The migrations find the
    /// portal's role by this name's ending.
    pub fn owner(self) -> String {
        format!("{}_owner", self.0)
    }
}

/// Makes `provider`'s database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked
/// again it brings passwords and version up to date.
///
/// # Errors
/// [`ProviderError`]
pub async fn install(
    cluster: &Cluster,
    provider: Provider,
    owner_password: SecretString,
    user_password: SecretString,
) -> Result<Installed, ProviderError> {
    let schema = Schema {
        database: provider.database(),
        owner: &provider.owner(),
        user: provider.user(),
        migrations,
    };
    Ok(schema.install(cluster, owner_password, user_password).await?)
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`ProviderError::Setup`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, ProviderError> {
    let migrated = store::migrate::migrate(owner_door, &migrations()).await;
    Ok(migrated.map_err(SetupError::from)?)
}

/// Every migration of a provider's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}
