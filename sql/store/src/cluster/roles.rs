//! Databases and login roles inside a cluster.

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Client;

use super::{Cluster, ClusterError};
use crate::{StoreError, migrate::connect};

/// A login role to be made by [`Cluster::provision`].
#[derive(Debug, Clone)]
pub struct Login {
    /// Role name.
    pub name: String,
    /// Its password.
    pub password: SecretString,
}

impl Cluster {
    /// Makes `database` if it is missing, owned by `owner`, open to `users`; gives every role its password anew.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn provision(&self, database: &str, owner: &Login, users: &[Login]) -> Result<(), ClusterError> {
        let admin = connect("provision", &self.superuser_door("postgres")?).await?;
        for login in std::iter::once(owner).chain(users) {
            provide_role(&admin, login).await?;
        }
        provide_database(&admin, database, owner, users).await?;
        Ok(())
    }
}

async fn provide_role(admin: &Client, login: &Login) -> Result<(), StoreError> {
    let sorted = |error| StoreError::from_postgres("provision", &error);
    let known = admin
        .query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&login.name])
        .await
        .map_err(sorted)?;
    let verb = if known.is_some() { "ALTER" } else { "CREATE" };
    let name = quoted(&login.name);
    // A utility statement takes no bound values; the password is ours (hex) and quoted all the same.
    let password = login.password.expose_secret().replace('\'', "''");
    admin
        .batch_execute(&format!(
            "{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT PASSWORD '{password}'"
        ))
        .await
        .map_err(sorted)
}

async fn provide_database(admin: &Client, database: &str, owner: &Login, users: &[Login]) -> Result<(), StoreError> {
    let sorted = |error| StoreError::from_postgres("provision", &error);
    let known = admin
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&database])
        .await
        .map_err(sorted)?;
    let name = quoted(database);
    if known.is_none() {
        admin
            .batch_execute(&format!("CREATE DATABASE {name} OWNER {}", quoted(&owner.name)))
            .await
            .map_err(sorted)?;
    }
    let mut grants = format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC;");
    for user in users {
        grants.push_str(&format!(
            "GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {};",
            quoted(&user.name)
        ));
    }
    admin.batch_execute(&grants).await.map_err(sorted)
}

/// An SQL identifier, quoted (PostgreSQL, §4.1.1).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
