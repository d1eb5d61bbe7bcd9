//! A key rotation of all that is stored, in batches: what was interrupted goes on with the rows that are still under the
//! old keys, and sign-ins go on meanwhile with each row's own edition.

use relay_core::{
    clock::Clock,
    pseudonym::{FrontRotation, KeyEdition, MiddlePseudonym, PolymorphicPseudonym},
};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AuditAct, FrontError, FrontRecords, Note};

const TABLE: &str = "front.holder";

/// A row on its way to the next keys.
#[derive(Debug, Clone)]
pub struct Rotating {
    registration: Uuid,
    /// What was read: another person's ciphertext that came in meanwhile is not written over.
    before: Vec<u8>,
    /// The ciphertext, under the old keys.
    pub pseudonym: PolymorphicPseudonym,
}

impl Rotating {
    /// Where the next batch goes on.
    pub const fn registration(&self) -> Uuid {
        self.registration
    }
}

/// A batch, what the front made of it, and the last of its registrations.
type Stepped = (Vec<Rotating>, Vec<MiddlePseudonym>, Uuid);

/// Why a rotation stopped. What was done stays done: begun again, it goes on with the rest.
#[derive(Debug, thiserror::Error)]
pub enum RotationStopped<E> {
    #[error(transparent)]
    Records(#[from] FrontError),
    /// The blind half: away, or refuses.
    #[error(transparent)]
    Blind(E),
    /// The blind half's answer is no answer to the batch.
    #[error("the blind half answered {got} ciphertexts to {asked}, or of another edition")]
    OtherAnswer {
        /// How many were sent.
        asked: usize,
        /// How many came back.
        got: usize,
    },
}

impl FrontRecords {
    /// Puts all that is under the keys that `rotation` leaves behind under the next ones, `most` at a time. `ask` sends a
    /// batch to the blind half, and while it works the front's step of the next batch is done; `progress` is told how
    /// many of how many are done. How many were written.
    ///
    /// # Errors
    /// [`RotationStopped`]
    pub async fn rotate<A, W, E>(
        &self,
        rotation: &FrontRotation,
        most: u16,
        ask: A,
        mut progress: impl FnMut(u64, u64),
        clock: &dyn Clock,
    ) -> Result<u64, RotationStopped<E>>
    where
        A: Fn(Vec<MiddlePseudonym>) -> W,
        W: Future<Output = Result<Vec<PolymorphicPseudonym>, E>>,
    {
        let wanted = KeyEdition(rotation.from_edition().0 + 1);
        let total = self.rotation_left(rotation.from_edition()).await?;
        let mut done = 0;
        let mut ready = self.rotation_step(rotation, None, most).await?;
        loop {
            let Some((batch, middle, last)) = ready.take() else {
                // Once more from the beginning: offices may have sent some meanwhile.
                ready = self.rotation_step(rotation, None, most).await?;
                if ready.is_none() {
                    return Ok(done);
                }
                continue;
            };
            let (next, prepared) = tokio::join!(ask(middle), self.rotation_step(rotation, Some(last), most));
            let next = next.map_err(RotationStopped::Blind)?;
            if next.len() != batch.len() || next.iter().any(|one| one.edition() != wanted) {
                return Err(RotationStopped::OtherAnswer {
                    asked: batch.len(),
                    got: next.len(),
                });
            }
            let pairs: Vec<_> = batch.into_iter().zip(next).collect();
            done += self.rotated(&pairs, clock.now()).await?;
            progress(done, total);
            ready = prepared?;
        }
    }

    /// The next batch with the front's step done, and where the one after it goes on.
    async fn rotation_step(
        &self,
        rotation: &FrontRotation,
        after: Option<Uuid>,
        most: u16,
    ) -> Result<Option<Stepped>, FrontError> {
        let batch = self.rotation_batch(rotation.from_edition(), after, most).await?;
        let Some(last) = batch.last().map(Rotating::registration) else {
            return Ok(None);
        };
        let steps = batch
            .iter()
            .map(|row| rotation.step(&row.pseudonym, &mut self.chance()));
        let middle = steps.collect::<Result<_, _>>();
        Ok(Some((batch, middle.map_err(|_| FrontError::Unreadable(TABLE))?, last)))
    }

    /// How many registrations are under the keys of `from`.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn rotation_left(&self, from: KeyEdition) -> Result<u64, FrontError> {
        let edition = stored(from);
        self.read("rotation_left", |tx| async move {
            let sql = "-- rotation_left\nSELECT count(*) FROM front.holder WHERE edition = $1";
            let left: i64 = tx.query_one(sql, &[&edition]).await?.get(0);
            Ok(left.unsigned_abs())
        })
        .await
    }

    /// The next registrations under the keys of `from`, `most` at a time, past `after`. When there are none past it,
    /// asking again from the beginning finds those that came or changed meanwhile.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn rotation_batch(
        &self,
        from: KeyEdition,
        after: Option<Uuid>,
        most: u16,
    ) -> Result<Vec<Rotating>, FrontError> {
        let (edition, after, most) = (stored(from), after.unwrap_or(Uuid::nil()), i64::from(most));
        // Past a registration rather than by an offset: each batch costs the same, the last as the first.
        let sql = "-- rotation_batch
            SELECT registration, pseudonym FROM front.holder WHERE registration > $2 AND edition = $1
            ORDER BY registration LIMIT $3";
        let rows = self
            .read("rotation_batch", |tx| async move {
                Ok(tx.query(sql, &[&edition, &after, &most]).await?)
            })
            .await?;
        rows.iter()
            .map(|row| {
                let registration: Uuid = row.get("registration");
                let before: Vec<u8> = row.get("pseudonym");
                let plain = self.open(TABLE, registration, "pseudonym", &before)?;
                let pseudonym =
                    PolymorphicPseudonym::from_stored(from, &plain).map_err(|_| FrontError::Unreadable(TABLE))?;
                Ok(Rotating {
                    registration,
                    before,
                    pseudonym,
                })
            })
            .collect()
    }

    /// Writes a batch under the next keys, with an event in the trail. A row that was linked to another person since it
    /// was read stays as it is now. How many were written.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn rotated(
        &self,
        batch: &[(Rotating, PolymorphicPseudonym)],
        now: OffsetDateTime,
    ) -> Result<u64, FrontError> {
        let Some((_, first)) = batch.first() else { return Ok(0) };
        let edition = first.edition();
        if batch
            .iter()
            .any(|(before, after)| after.edition() != edition || before.pseudonym.edition() >= edition)
        {
            return Err(FrontError::Unreadable("a batch of one rotation"));
        }
        let registrations: Vec<Uuid> = batch.iter().map(|(before, _)| before.registration).collect();
        let before: Vec<&[u8]> = batch.iter().map(|(before, _)| before.before.as_slice()).collect();
        let after: Vec<Vec<u8>> = batch
            .iter()
            .map(|(before, after)| self.seal(TABLE, before.registration, "pseudonym", after.as_bytes()))
            .collect();
        let sql = "-- rotated
            UPDATE front.holder SET pseudonym = batch.after, edition = $4
            FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS batch (registration, before, after)
            WHERE holder.registration = batch.registration AND holder.pseudonym = batch.before";
        let (registrations, before, after) = (&registrations, &before, &after);
        self.locked("rotated", |tx| async move {
            let count = tx
                .execute(sql, &[registrations, before, after, &stored(edition)])
                .await?;
            let facts = json!({ "to": edition.0, "count": count });
            let note = Note::of(AuditAct::KeysRotated, json!({}), facts);
            self.write(&tx, &note, now).await?;
            Ok(count)
        })
        .await
    }
}

fn stored(edition: KeyEdition) -> i32 {
    i32::try_from(edition.0).unwrap_or(i32::MAX)
}
