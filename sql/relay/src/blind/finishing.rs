//! The log of what was made, and the numbers of envelopes already taken: written in one transaction, before an answer
//! leaves the house.

use relay_core::pseudonym::Service;
use store::{StoreError, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{BlindError, BlindRecords, Tombstone};

/// An order to finish a pseudonym, as it is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finishing {
    pub at: OffsetDateTime,
    /// Number of the front's envelope.
    pub number: Uuid,
    /// Until when the number has to be remembered.
    pub remember_until: OffsetDateTime,
    pub service: Service,
    /// The front's salted hash of the service's request.
    pub request: [u8; 32],
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An `EncryptedID` with this SHA-256 was handed out.
    Done([u8; 32]),
    /// Nothing was; the refusal's code says why.
    Refused(&'static str),
}

impl BlindRecords {
    /// Takes the envelope's number and logs what was made of it. `tombstone` is the mark of the pseudonym that was
    /// made: when one is set for it, that is logged instead.
    ///
    /// Gives the outcome that was logged.
    ///
    /// # Errors
    /// [`BlindError::Replayed`], logged as a refusal too; then nothing may be answered but that.
    pub async fn log(&self, finishing: &Finishing, tombstone: Option<&Tombstone>) -> Result<Outcome, BlindError> {
        // The number's unique key decides, and nothing that others write.
        let (outcome, replayed) = self
            .locked("finish", |tx| async move {
                if !taken(&tx, finishing.number, finishing.remember_until).await? {
                    let replay = Outcome::Refused("envelope.replayed");
                    insert(&tx, finishing, &replay).await?;
                    return Ok::<_, BlindError>((replay, true));
                }
                let outcome = match tombstone {
                    Some(mark) if mark.is_set(&tx).await? => Outcome::Refused("pseudonym.tombstone"),
                    _ => finishing.outcome.clone(),
                };
                insert(&tx, finishing, &outcome).await?;
                Ok((outcome, false))
            })
            .await?;
        if replayed {
            Err(BlindError::Replayed)
        } else {
            Ok(outcome)
        }
    }

    /// Takes the number of an envelope that is not about a person.
    ///
    /// # Errors
    /// [`BlindError::Replayed`]
    pub async fn take_once(&self, number: Uuid, remember_until: OffsetDateTime) -> Result<(), BlindError> {
        self.store
            .run("take_once", |tx| async move {
                if taken(&tx, number, remember_until).await? {
                    Ok(())
                } else {
                    Err(BlindError::Replayed)
                }
            })
            .await
    }

    /// Forgets numbers whose time is over. How many.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn sweep(&self, now: OffsetDateTime) -> Result<u64, BlindError> {
        let sql = "-- sweep\nDELETE FROM blind.jti_seen WHERE until < $1";
        self.store
            .run("sweep", |tx| async move { Ok(tx.execute(sql, &[&now]).await?) })
            .await
    }

    /// Everything logged for the auditor, oldest first: one line each, `at service blob`, or the refusal.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn finish_log(&self, from: OffsetDateTime, until: OffsetDateTime) -> Result<Vec<Finishing>, BlindError> {
        let sql = "-- finish_log
            SELECT at, jti, domain, entity, request, blob_sha256, refusal FROM blind.finish_log
            WHERE at >= $1 AND at < $2 ORDER BY seq";
        let rows = self
            .read(
                "finish_log",
                |tx| async move { Ok(tx.query(sql, &[&from, &until]).await?) },
            )
            .await?;
        rows.iter().map(logged).collect()
    }
}

fn logged(row: &store::Row) -> Result<Finishing, BlindError> {
    let unreadable = || BlindError::Unreadable("blind.finish_log");
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| unreadable());
    let blob: Option<&[u8]> = row.get("blob_sha256");
    let refusal: Option<&str> = row.get("refusal");
    Ok(Finishing {
        at: row.get("at"),
        number: row.get("jti"),
        remember_until: row.get("at"),
        service: super::services::service(row.get("domain"), row.get("entity"))?,
        request: hash(row.get("request"))?,
        outcome: match (blob, refusal) {
            (Some(blob), _) => Outcome::Done(hash(blob)?),
            (None, Some(code)) => Outcome::Refused(known(code).ok_or_else(unreadable)?),
            (None, None) => return Err(unreadable()),
        },
    })
}

/// The codes that this table ever held.
const REFUSALS: [&str; 4] = [
    "envelope.replayed",
    "pseudonym.tombstone",
    "service.unknown",
    "service.no_share",
];

fn known(code: &str) -> Option<&'static str> {
    REFUSALS.into_iter().find(|known| *known == code)
}

pub(super) async fn taken(tx: &Tx, number: Uuid, until: OffsetDateTime) -> Result<bool, StoreError> {
    let sql = "-- taken\nINSERT INTO blind.jti_seen (jti, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &[&number, &until]).await? == 1)
}

async fn insert(tx: &Tx, finishing: &Finishing, outcome: &Outcome) -> Result<(), StoreError> {
    let sql = "-- log
        INSERT INTO blind.finish_log (at, jti, domain, entity, request, outcome, blob_sha256, refusal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (word, blob, refusal) = match outcome {
        Outcome::Done(blob) => ("done", Some(blob.as_slice()), None),
        Outcome::Refused(code) => ("refused", None, Some(*code)),
    };
    tx.execute(
        sql,
        &[
            &finishing.at,
            &finishing.number,
            &finishing.service.domain().as_str(),
            &finishing.service.entity(),
            &finishing.request.as_slice(),
            &word,
            &blob,
            &refusal,
        ],
    )
    .await?;
    Ok(())
}
