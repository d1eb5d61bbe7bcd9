//! The everyday kinds of transaction, and whether a database is this program's.

use std::time::Duration;

use refinery::Runner;

use crate::{
    Isolation, Store, StoreError, Tx,
    install::{SetupError, newest},
};

/// How long one statement may take.
const ANSWER: Duration = Duration::from_secs(10);

impl Store {
    /// Reads over one unchanging view.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn read<T, E, F, W>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, E>> + Send,
        E: From<StoreError>,
    {
        self.run_as(name, Isolation::RepeatableRead, ANSWER, work).await
    }

    /// Changes what the locks of its rows and unique keys protect: whatever decides is read under a lock, or is the
    /// change itself. Hundreds of these a second change neighbouring rows, and none may fail for another's sake.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub async fn locked<T, E, F, W>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: Fn(Tx) -> W,
        W: Future<Output = Result<T, E>> + Send,
        E: From<StoreError>,
    {
        self.run_as(name, Isolation::ReadCommitted, ANSWER, work).await
    }

    /// The version of the database's schema; 0 before the first migration.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn version(&self) -> Result<i32, StoreError> {
        let sql = "-- version\nSELECT coalesce(max(version), 0) FROM refinery_schema_history";
        self.read("version", |tx| async move { Ok(tx.query_one(sql, &[]).await?.get(0)) })
            .await
    }

    /// Refuses a database that `migrations` did not bring to their newest version: an older one lacks what this program
    /// writes, a newer one has rules it does not know.
    ///
    /// # Errors
    /// [`SetupError::Version`], or why the database does not answer.
    pub async fn check_version<E: From<StoreError> + From<SetupError>>(&self, migrations: &Runner) -> Result<(), E> {
        let (database, program) = (self.version().await?, newest(migrations));
        match database == program {
            true => Ok(()),
            false => Err(SetupError::Version { database, program }.into()),
        }
    }
}
