//! How far a key rotation has gone, as this half sees it.

use relay_core::pseudonym::KeyEdition;
use time::OffsetDateTime;

use super::{BlindError, BlindRecords};

/// A rotation and how much of it went through here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The edition that is left behind.
    pub from: KeyEdition,
    /// First batch.
    pub began_at: OffsetDateTime,
    /// Ciphertexts so far; one that the front sent twice counts twice.
    pub stepped: u64,
    /// Last batch.
    pub last_at: OffsetDateTime,
}

impl BlindRecords {
    /// Notes a batch of `count` ciphertexts.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn note_rotation(&self, from: KeyEdition, count: usize, now: OffsetDateTime) -> Result<(), BlindError> {
        let sql = "-- note_rotation
            INSERT INTO blind.rotation (edition, began_at, stepped, last_at) VALUES ($1, $3, $2, $3)
            ON CONFLICT (edition) DO UPDATE SET stepped = rotation.stepped + $2, last_at = $3";
        let (edition, count) = (from.0 as i32, count as i64);
        self.store
            .run("note_rotation", |tx| async move {
                tx.execute(sql, &[&edition, &count, &now]).await?;
                Ok(())
            })
            .await
    }

    /// Every rotation, oldest first.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn rotations(&self) -> Result<Vec<Rotation>, BlindError> {
        let sql = "-- rotations\nSELECT edition, began_at, stepped, last_at FROM blind.rotation ORDER BY edition";
        let rows = self
            .read("rotations", |tx| async move { Ok(tx.query(sql, &[]).await?) })
            .await?;
        let rotation = |row: &store::Row| Rotation {
            from: KeyEdition(row.get::<_, i32>("edition") as u32),
            began_at: row.get("began_at"),
            stepped: row.get::<_, i64>("stepped") as u64,
            last_at: row.get("last_at"),
        };
        Ok(rows.iter().map(rotation).collect())
    }
}
