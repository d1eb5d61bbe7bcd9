//! How far a key rotation has gone, as this half sees it, and who allowed that one begins.

use relay_core::pseudonym::KeyEdition;
use time::OffsetDateTime;

use super::{BlindError, BlindRecords};

/// A rotation and how much of it went through here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The edition that is left behind.
    pub from: KeyEdition,
    pub began_at: OffsetDateTime,
    /// Ciphertexts so far; one that the front sent twice counts twice.
    pub stepped: u64,
    pub last_at: OffsetDateTime,
}

/// An operator's signature that a rotation may begin. Whether it is right is for the reader to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationApproval {
    /// The edition that may be left behind.
    pub edition: KeyEdition,
    /// A rotation may begin until then; whole seconds.
    pub until: OffsetDateTime,
    pub operator: String,
    pub signature: String,
    pub at: OffsetDateTime,
}

impl BlindRecords {
    /// Keeps `approval`; the same one again changes nothing.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn approve_rotation(&self, approval: &RotationApproval) -> Result<(), BlindError> {
        let sql = "-- approve_rotation
            INSERT INTO blind.rotation_approval (edition, until, operator, signature, at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let RotationApproval {
            edition,
            until,
            operator,
            signature,
            at,
        } = approval;
        let edition = edition.0 as i32;
        self.locked("approve_rotation", |tx| async move {
            tx.execute(sql, &[&edition, until, operator, signature, at]).await?;
            Ok(())
        })
        .await
    }

    /// Who approved that `edition` may be left behind, of those whose moment is after `now`.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn rotation_approvals(
        &self,
        edition: KeyEdition,
        now: OffsetDateTime,
    ) -> Result<Vec<RotationApproval>, BlindError> {
        let sql = "-- rotation_approvals
            SELECT until, operator, signature, at FROM blind.rotation_approval
            WHERE edition = $1 AND until > $2 ORDER BY until, operator";
        let number = edition.0 as i32;
        let rows = self
            .read("rotation_approvals", |tx| async move {
                Ok(tx.query(sql, &[&number, &now]).await?)
            })
            .await?;
        let approval = |row: &store::Row| RotationApproval {
            edition,
            until: row.get("until"),
            operator: row.get("operator"),
            signature: row.get("signature"),
            at: row.get("at"),
        };
        Ok(rows.iter().map(approval).collect())
    }

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
