//! Setting the office's database up in a cluster, and bringing it to this program's version.

use refinery::Runner;
use secrecy::SecretString;
pub use store::install::Installed;
use store::{
    Door,
    cluster::{Cluster, Login},
    install::SetupError,
    migrate::Migrated,
};

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
/// The role the import of the roster logs in as.
pub const IMPORT: &str = "madoguchi_import";
/// The role the outbox process logs in as.
pub const DISPATCH: &str = "madoguchi_dispatch";
/// The role an auditor's commands log in as: it reads the trail and the ledger, and writes nothing.
pub const READER: &str = "madoguchi_reader";
/// The role that seals the trail logs in as: it gives events their places in the tree, and reads nothing of them but hashes.
pub const SEALER: &str = "madoguchi_sealer";
/// Every role that a program of the office logs in as, each granted what that program does and no more.
pub const USERS: [&str; 5] = [USER, IMPORT, DISPATCH, READER, SEALER];

/// Makes the database and its roles in a running `cluster`, with the owner's password and one for each of [`USERS`], and
/// migrates it. Asked again it brings passwords and version up to date.
///
/// # Errors
/// [`OfficeError`]
pub async fn install(
    cluster: &Cluster,
    owner_password: SecretString,
    passwords: [SecretString; USERS.len()],
) -> Result<Installed, OfficeError> {
    let login = |(name, password): (&str, SecretString)| Login {
        name: name.to_owned(),
        password,
    };
    let owner = login((OWNER, owner_password));
    let users: Vec<Login> = USERS.into_iter().zip(passwords).map(login).collect();
    cluster
        .provision(DATABASE, &owner, &users)
        .await
        .map_err(SetupError::from)?;
    Ok(Installed {
        migrated: migrate(&cluster.door(DATABASE, &owner).map_err(SetupError::from)?).await?,
        door: cluster.door(DATABASE, &users[0]).map_err(SetupError::from)?,
    })
}

/// Brings the database behind `owner_door` to this program's version.
///
/// # Errors
/// [`OfficeError::Setup`]
pub async fn migrate(owner_door: &Door) -> Result<Migrated, OfficeError> {
    let migrated = store::migrate::migrate(owner_door, &migrations()).await;
    Ok(migrated.map_err(SetupError::from)?)
}

/// Every migration of the office's database.
pub fn migrations() -> Runner {
    embedded::migrations::runner()
}

/// The version this program needs.
pub(crate) fn newest() -> i32 {
    store::install::newest(&migrations())
}
