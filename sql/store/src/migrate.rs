//! Bringing a database to the program's version: once, whoever comes first.

use refinery::Runner;
use tokio_postgres::{Client, NoTls};
use tracing::info;

use crate::{Door, StoreError};

/// What a migration run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The database's version now.
    pub version: i32,
    /// The migrations applied by this run, in order (`V2__shelf`); empty when there was nothing to do.
    pub applied: Vec<String>,
}

/// Why the database could not be brought to this program's version.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database is away or refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed or the history in the database is not this program's.
    #[error("the database's schema could not be brought up to date: {0}. Nothing of the failed migration was kept")]
    Refused(String),
}

/// "madoguchi" as a number: the advisory lock under which one process at a time migrates a database.
const LOCK: i64 = 0x6d61_646f_6775;

/// Applies to `door`'s database those of `runner`'s migrations that it lacks. Two processes may ask at once: the
/// second waits and finds nothing to do.
///
/// # Errors
/// [`MigrateError`]
pub async fn migrate(door: &Door, runner: &Runner) -> Result<Migrated, MigrateError> {
    let mut client = connect("migrate", door).await?;
    let sorted = |error| StoreError::from_postgres("migrate", &error);
    // A long migration is no fault: the limits of everyday statements do not hold here.
    client
        .batch_execute("SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning")
        .await
        .map_err(sorted)?;
    // Held until this session ends, which is when `client` is dropped.
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(sorted)?;
    let report = runner.run_async(&mut client).await.map_err(|error| refused(&error))?;
    let applied: Vec<String> = report.applied_migrations().iter().map(ToString::to_string).collect();
    let version = client
        .query_one("SELECT coalesce(max(version), 0) FROM refinery_schema_history", &[])
        .await
        .map_err(sorted)?
        .get(0);
    info!(version, applied = applied.len(), "migrated");
    Ok(Migrated { version, applied })
}

fn refused(error: &refinery::Error) -> MigrateError {
    // refinery's own words name the migration; the cause below it is the database's.
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = match error
            .downcast_ref::<tokio_postgres::Error>()
            .and_then(|error| error.as_db_error())
        {
            Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
            None => error.to_string(),
        };
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = error.source();
    }
    MigrateError::Refused(words)
}

/// One connection outside any pool, its whole start-up within the door's limit.
pub(crate) async fn connect(during: &'static str, door: &Door) -> Result<Client, StoreError> {
    let config = door.client_config();
    let (client, connection) = tokio::time::timeout(door.connect_limit, config.connect(NoTls))
        .await
        .map_err(|_| StoreError::silent(during, door.connect_limit))?
        .map_err(|error| StoreError::from_postgres(during, &error))?;
    tokio::spawn(async move {
        // Its end is seen by whoever uses the client next.
        let _ = connection.await;
    });
    Ok(client)
}
