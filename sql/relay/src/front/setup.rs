//! Setting the front's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
use secrecy::SecretString;
pub use store::install::Installed;
use store::{
    Door,
    cluster::Cluster,
    install::{Schema, SetupError},
    migrate::Migrated,
};

use crate::front::FrontError;

mod embedded {
    refinery::embed_migrations!("migrations_front");
}

/// The database's name.
pub const DATABASE: &str = "relay";
/// The role that owns the schema and runs migrations; no front ever logs in as it.
pub const OWNER: &str = "relay_owner";
/// The role the front's processes log in as.
pub const USER: &str = "relay_front";

/// Makes the database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked again it
/// brings passwords and version up to date.
///
/// # Errors
/// [`FrontError`]
pub async fn install(
    cluster: &Cluster,
    owner_password: SecretString,
    user_password: SecretString,
) -> Result<Installed, FrontError> {
    let schema = Schema {
        database: DATABASE,
        owner: OWNER,
        user: USER,
        migrations,
    };
    Ok(schema.install(cluster, owner_password, user_password).await?)
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`FrontError::Setup`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, FrontError> {
    let migrated = store::migrate::migrate(owner_door, &migrations()).await;
    Ok(migrated.map_err(SetupError::from)?)
}

/// Every migration of the front's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}
