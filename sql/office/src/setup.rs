//! Setting the office's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
pub use store::install::Installed;
use store::{Door, cluster::Cluster, install::Schema, migrate::Migrated};

use crate::OfficeError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// The database's name.
pub const DATABASE: &str = "madoguchi";
/// The role that owns the schema and runs migrations; no console ever logs in as it.
pub const OWNER: &str = "madoguchi_owner";
/// The role consoles log in as.
pub const USER: &str = "madoguchi_office";

/// Makes the database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked again it
/// brings passwords and version up to date.
///
/// # Errors
/// [`OfficeError`]
pub async fn install(
    cluster: &Cluster,
    owner_password: secrecy::SecretString,
    user_password: secrecy::SecretString,
) -> Result<Installed, OfficeError> {
    let schema = Schema {
        database: DATABASE,
        owner: OWNER,
        user: USER,
        migrations,
    };
    schema.install(cluster, owner_password, user_password).await
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`OfficeError::Migrate`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, OfficeError> {
    Ok(store::migrate::migrate(owner_door, &migrations()).await?)
}

/// Every migration of the office's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}

/// The version this program needs.
pub(crate) fn newest() -> i32 {
    store::install::newest(&migrations())
}
