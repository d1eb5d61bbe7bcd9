//! Cards brought without their PIN: each challenge once, and no more of them in an hour than a service may.

use time::OffsetDateTime;

use super::{FrontError, FrontRecords, Seen, SeenKind, sessions::hour_of};

impl FrontRecords {
    /// Takes the `challenge` that `asker` brings back, which is too old at `until`, and counts it among the `most` of this
    /// hour; both or neither.
    ///
    /// # Errors
    /// [`FrontError::Replayed`], [`FrontError::TooManyChecks`]
    pub async fn take_card_check(
        &self,
        asker: &str,
        (challenge, until): (&str, OffsetDateTime),
        most: u32,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let seen = Seen {
            kind: SeenKind::Discovery,
            issuer: asker.to_owned(),
            // No message's id has a blank in it.
            id: format!("challenge {challenge}"),
            until,
        };
        self.locked("take_card_check", |tx| {
            let seen = &seen;
            async move {
                self.seen(&tx, seen).await?;
                let row = tx
                    .query_one(
                        "-- take_card_check\n\
                         INSERT INTO front.card_check AS c (asker, hour, checks) VALUES ($1, $2, 1)\n\
                         ON CONFLICT (asker) DO UPDATE SET hour = $2,\n\
                         checks = CASE WHEN c.hour = $2 THEN c.checks + 1 ELSE 1 END RETURNING checks",
                        &[&asker, &hour_of(now)],
                    )
                    .await?;
                match u32::try_from(row.get::<_, i32>(0)) {
                    Ok(checks) if checks <= most => Ok(()),
                    _ => Err(FrontError::TooManyChecks { most }),
                }
            }
        })
        .await
    }
}
