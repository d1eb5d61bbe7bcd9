//! Databases and login roles inside a cluster.

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Client;

use super::{Cluster, ClusterError};
use crate::{StoreError, migrate::connect};

/// A login role to be made by [`Cluster::provision`].
#[derive(Debug, Clone)]
pub struct Login {
    pub name: String,
    pub password: SecretString,
}

impl Cluster {
    /// Makes `database` if it is missing, owned by `owner`, open to `users`; gives every role its password anew. Programs'
    /// roles come into their own database alone and keep nothing there but rows: the cluster's own databases are closed to
    /// them, and so are large objects, which no schema explains and no backup by table finds.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn provision(&self, database: &str, owner: &Login, users: &[Login]) -> Result<(), ClusterError> {
        let admin = connect("provision", &self.superuser_door("postgres")?).await?;
        for login in std::iter::once(owner).chain(users) {
            provide_role(&admin, login).await?;
        }
        provide_database(&admin, database, owner, users).await?;
        close_to_programs(&admin).await?;
        let inside = connect("provision", &self.superuser_door(database)?).await?;
        take_large_objects_away(&inside).await?;
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

/// Closes the cluster's own databases, which PostgreSQL leaves open to every role (section 5.8, "Privileges").
pub(super) async fn close_to_programs(admin: &Client) -> Result<(), StoreError> {
    admin
        .batch_execute(
            // One at a time: two that change one row of the catalogue at once fail.
            "BEGIN; SELECT pg_advisory_xact_lock(7077);\n\
             REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC; COMMIT",
        )
        .await
        .map_err(|error| StoreError::from_postgres("provision", &error))
}

async fn take_large_objects_away(inside: &Client) -> Result<(), StoreError> {
    inside
        .batch_execute(
            "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC",
        )
        .await
        .map_err(|error| StoreError::from_postgres("provision", &error))
}

/// An SQL identifier, quoted (PostgreSQL, §4.1.1).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
