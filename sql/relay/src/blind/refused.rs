//! Refused messages as they are counted for the auditor.

use time::OffsetDateTime;

use super::{BlindError, BlindRecords};
use crate::refusals::{self, Refusals};

impl BlindRecords {
    /// Adds `refusals` to what is counted.
    ///
    /// # Errors
    /// [`BlindError`]; then none is added.
    pub async fn add_refusals(&self, refusals: &[Refusals]) -> Result<(), BlindError> {
        let sql = "-- add_refusals
            INSERT INTO blind.refusal (hour, asked, rule, count) VALUES ($1, $2, $3, $4)
            ON CONFLICT (hour, asked, rule) DO UPDATE SET count = refusal.count + EXCLUDED.count";
        self.locked("add_refusals", |tx| async move {
            Ok(refusals::add(&tx, sql, refusals).await?)
        })
        .await
    }

    /// What was refused in the hours that began at `from` or later, newest first; `most` rows.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn refusals(&self, from: OffsetDateTime, most: u32) -> Result<Vec<Refusals>, BlindError> {
        let sql = "-- refusals
            SELECT hour, asked AS who, rule, count FROM blind.refusal WHERE hour >= $1
            ORDER BY hour DESC, count DESC, asked, rule LIMIT $2";
        let most = i64::from(most);
        let rows = self
            .read(
                "refusals",
                |tx| async move { Ok(tx.query(sql, &[&from, &most]).await?) },
            )
            .await?;
        Ok(rows.iter().map(refusals::read).collect())
    }
}
