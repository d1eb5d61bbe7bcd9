//! Setting the blind half's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
use secrecy::SecretString;
use store::{
    Door,
    cluster::{Cluster, Login},
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

/// What an installation made.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The way in for the blind half.
    pub door: Door,
    /// What the migrations did.
    pub migrated: Migrated,
}

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
    let owner = Login {
        name: OWNER.to_owned(),
        password: owner_password,
    };
    let user = Login {
        name: USER.to_owned(),
        password: user_password,
    };
    cluster.provision(DATABASE, &owner, std::slice::from_ref(&user)).await?;
    Ok(Installed {
        migrated: migrate(&cluster.door(DATABASE, &owner)?).await?,
        door: cluster.door(DATABASE, &user)?,
    })
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`BlindError::Migrate`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, BlindError> {
    Ok(store::migrate::migrate(owner_door, &migrations()).await?)
}

/// Every migration of the blind half's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}

/// The version this program needs.
pub(super) fn newest() -> i32 {
    migrations()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}
