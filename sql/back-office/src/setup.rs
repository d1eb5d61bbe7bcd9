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

use crate::BackOfficeError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// One provider's names in its cluster: its database, and the roles that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOffice<'n>(pub &'n str);

impl BackOffice<'_> {
    /// The role that owns the schema and runs migrations; no program ever logs in as it.
    pub fn owner(self) -> String {
        format!("{}_owner", self.0)
    }
}

/// Makes the provider's database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked
/// again it brings passwords and version up to date.
///
/// # Errors
/// [`BackOfficeError`]
pub async fn install(
    cluster: &Cluster,
    provider: BackOffice<'_>,
    owner_password: SecretString,
    user_password: SecretString,
) -> Result<Installed, BackOfficeError> {
    let schema = Schema {
        database: provider.0,
        owner: &provider.owner(),
        user: provider.0,
        migrations,
    };
    Ok(schema.install(cluster, owner_password, user_password).await?)
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`BackOfficeError::Setup`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, BackOfficeError> {
    let migrated = store::migrate::migrate(owner_door, &migrations()).await;
    Ok(migrated.map_err(SetupError::from)?)
}

/// Every migration of a provider's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}
