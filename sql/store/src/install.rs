//! Setting one program's database up in a cluster: its roles, its schema, and the way in for the program itself.

use refinery::Runner;
use secrecy::SecretString;

use crate::{
    Door,
    cluster::{Cluster, ClusterError, Login},
    migrate::{MigrateError, Migrated, migrate},
};

/// A program's database and the two roles at it.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'n> {
    pub database: &'n str,
    /// The role that owns the schema and runs migrations; the program never logs in as it.
    pub owner: &'n str,
    /// The role the program logs in as.
    pub user: &'n str,
    pub migrations: fn() -> Runner,
}

/// Why a database could not be set up, or is not this program's.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The private cluster could not be set up.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database is at another version than this program.
    #[error(
        "the database is at version {database}, this program needs {program}: migrate it (an office's by `madoguchi setup`), \
         or update the program"
    )]
    Version { database: i32, program: i32 },
}

/// What an installation made.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The way in for the program.
    pub door: Door,
    /// What the migrations did.
    pub migrated: Migrated,
}

impl Schema<'_> {
    /// Makes the database and its roles in a running `cluster`, with the given passwords, and migrates it. Asked again it
    /// brings passwords and version up to date.
    ///
    /// # Errors
    /// [`SetupError`]
    pub async fn install(
        &self,
        cluster: &Cluster,
        owner_password: SecretString,
        user_password: SecretString,
    ) -> Result<Installed, SetupError> {
        let login = |name: &str, password| Login {
            name: name.to_owned(),
            password,
        };
        let (owner, user) = (login(self.owner, owner_password), login(self.user, user_password));
        cluster
            .provision(self.database, &owner, std::slice::from_ref(&user))
            .await?;
        Ok(Installed {
            migrated: migrate(&cluster.door(self.database, &owner)?, &(self.migrations)()).await?,
            door: cluster.door(self.database, &user)?,
        })
    }
}

/// The newest version among `migrations`: what a program needs of its database.
pub fn newest(migrations: &Runner) -> i32 {
    let versions = migrations.get_migrations().iter().map(refinery::Migration::version);
    versions.max().unwrap_or(0)
}
