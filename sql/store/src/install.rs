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
    /// [`ClusterError`] and [`MigrateError`], as the program's own.
    pub async fn install<E: From<ClusterError> + From<MigrateError>>(
        &self,
        cluster: &Cluster,
        owner_password: SecretString,
        user_password: SecretString,
    ) -> Result<Installed, E> {
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
