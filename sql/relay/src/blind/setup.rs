//! Setting the blind half's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
use secrecy::SecretString;
pub use store::install::Installed;
use store::{
    Door,
    cluster::Cluster,
    install::{Schema, SetupError},
    migrate::Migrated,
};

use crate::blind::BlindError;

mod embedded {
    refinery::embed_migrations!("migrations_blind");
}

/// The database's name.
pub const DATABASE: &str = "blind";
/// The role that owns the schema and runs migrations; the process never logs in as it.
pub const OWNER: &str = "blind_owner";
/// The role the process logs in as.
pub const USER: &str = "blind_half";

/// Makes the database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked again it
/// brings passwords and version up to date.
///
/// # Errors
/// [`BlindError`]
pub async fn install(
    cluster: &Cluster,
    owner_password: SecretString,
    user_password: SecretString,
) -> Result<Installed, BlindError> {
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
/// [`BlindError::Setup`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, BlindError> {
    let migrated = store::migrate::migrate(owner_door, &migrations()).await;
    Ok(migrated.map_err(SetupError::from)?)
}

/// Every migration of the blind half's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}
