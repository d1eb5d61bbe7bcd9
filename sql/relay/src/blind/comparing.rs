//! The log of comparisons: each is written before a name is opened, with what was answered before the answer leaves.

use relay_core::pseudonym::Service;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{BlindError, BlindRecords, finishing::taken};

/// A comparison as it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub at: OffsetDateTime,
    /// Number of the front's envelope.
    pub number: Uuid,
    /// Until when the number has to be remembered.
    pub remember_until: OffsetDateTime,
    pub service: Service,
    /// SHA-256 of the message's ID.
    pub message_sha256: [u8; 32],
}

/// A comparison as it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    pub at: OffsetDateTime,
    pub service: Service,
    /// SHA-256 of the message's ID.
    pub message_sha256: [u8; 32],
    /// What was answered, when something was.
    pub same: Option<bool>,
}

/// The place of a begun comparison in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparisonId(i64);

impl BlindRecords {
    /// Takes the envelope's number and logs that a name is about to be compared. Where `most` comparisons at the service
    /// in the last hour did not end with the same person, it does not begin.
    ///
    /// # Errors
    /// [`BlindError::Replayed`], [`BlindError::ComparedBefore`], [`BlindError::TooManyOthers`]; then nothing is logged, and
    /// nothing may be opened.
    pub async fn begin_comparison(&self, comparison: &Comparison, most: u32) -> Result<ComparisonId, BlindError> {
        // One after the other for a service, so that the count is right.
        let alone = "-- comparisons of a service\nSELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        let others = "-- others lately
            SELECT count(*) FROM blind.comparison WHERE entity = $1 AND at > $2 AND (NOT same OR same IS NULL AND at < $3)";
        let begin = "-- begin_comparison
            INSERT INTO blind.comparison (at, jti, domain, entity, message_sha256) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT ON CONSTRAINT compared_once DO NOTHING RETURNING seq";
        let (domain, entity) = (comparison.service.domain().as_str(), comparison.service.entity());
        let (since, message) = (comparison.at - Duration::HOUR, comparison.message_sha256.as_slice());
        // One still without an answer was cut off; who is at work on one is done in less.
        let cut_off = comparison.at - Duration::seconds(10);
        self.locked("begin_comparison", |tx| async move {
            if !taken(&tx, comparison.number, comparison.remember_until).await? {
                return Err(BlindError::Replayed);
            }
            tx.execute(alone, &[&entity]).await?;
            let count: i64 = tx.query_one(others, &[&entity, &since, &cut_off]).await?.get(0);
            if count >= i64::from(most) {
                return Err(BlindError::TooManyOthers);
            }
            let row = tx
                .query_opt(begin, &[&comparison.at, &comparison.number, &domain, &entity, &message])
                .await?;
            row.map(|row| ComparisonId(row.get(0)))
                .ok_or(BlindError::ComparedBefore)
        })
        .await
    }

    /// Logs what will be answered.
    ///
    /// # Errors
    /// [`BlindError`]; then nothing may be answered.
    pub async fn end_comparison(&self, comparison: ComparisonId, same: bool) -> Result<(), BlindError> {
        let sql = "-- end_comparison\nUPDATE blind.comparison SET same = $2 WHERE seq = $1";
        self.locked("end_comparison", |tx| async move {
            tx.execute(sql, &[&comparison.0, &same]).await?;
            Ok(())
        })
        .await
    }

    /// Every comparison of that time for the auditor, oldest first.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn comparisons(&self, from: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<Compared>, BlindError> {
        let sql = "-- comparisons
            SELECT at, domain, entity, message_sha256, same FROM blind.comparison WHERE at >= $1 AND at < $2 ORDER BY seq";
        let rows = self
            .read(
                "comparisons",
                |tx| async move { Ok(tx.query(sql, &[&from, &until]).await?) },
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Compared {
                    at: row.get("at"),
                    service: super::services::service(row.get("domain"), row.get("entity"))?,
                    message_sha256: <[u8; 32]>::try_from(row.get::<_, &[u8]>("message_sha256"))
                        .map_err(|_| BlindError::Unreadable("blind.comparison"))?,
                    same: row.get("same"),
                })
            })
            .collect()
    }
}
