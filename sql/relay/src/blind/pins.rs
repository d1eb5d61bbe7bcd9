//! Pins as they were honoured: which edition of each service's file counts, and the history of what was sealed to.
//!
//! The files stand in a folder that others than the operators may be able to write. An old file put back there still bears
//! its operators' signatures; that it is old is known from here alone.

use std::{cmp::Reverse, collections::BTreeMap};

use store::Tx;
use time::OffsetDateTime;

use super::{BlindError, BlindRecords, by_two};

/// A pin as the process read it from a file that two operators signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The service's entity id.
    pub entity: String,
    /// The file's edition, from 1.
    pub edition: u32,
    /// SHA-256 of what was signed for.
    pub digest: [u8; 32],
    /// What is sealed to; `None` in an edition that withdraws the service.
    pub sealed_to: Option<SealedTo>,
    /// Whose signatures the file bears.
    pub approved_by: [String; 2],
}

/// Whom a service's names are sealed to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTo {
    /// SHA-256 of its certificate, DER.
    pub certificate_sha256: [u8; 32],
    /// What the content is encrypted with.
    pub cipher: String,
    /// What the content's key is encrypted with.
    pub transport: String,
}

/// The highest edition of a service's pin that was ever honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Honoured {
    pub edition: u32,
    /// SHA-256 of what was signed for.
    pub digest: [u8; 32],
    /// It withdraws the service.
    pub withdrawn: bool,
    pub since: OffsetDateTime,
}

/// Why a pin that two operators signed for is not honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHonoured {
    /// A later edition was honoured already: the file was put back, or left lying there.
    #[error("an older edition: edition {honoured} was honoured already")]
    Older {
        /// The one that counts.
        honoured: u32,
    },
    /// The operators signed for two files of one edition; the first that was read counts.
    #[error("another file of the same edition was honoured: propose the next edition")]
    OtherFile,
    /// The same file stands there twice.
    #[error("the same file stands there under another name too")]
    Twice,
}

impl NotHonoured {
    /// For logs: stays as it is.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Older { .. } => "pin.older_edition",
            Self::OtherFile => "pin.other_file",
            Self::Twice => "pin.twice",
        }
    }
}

/// Which of `pins` are honoured where `held` was, in their order. Of one service at most one is.
pub fn judge(pins: &[Pin], held: &BTreeMap<String, Honoured>) -> Vec<Result<(), NotHonoured>> {
    let mut order: Vec<usize> = (0..pins.len()).collect();
    order.sort_by_key(|at| Reverse(pins[*at].edition));
    let mut counts: BTreeMap<&str, (u32, [u8; 32], bool)> = held
        .iter()
        .map(|(entity, held)| (entity.as_str(), (held.edition, held.digest, false)))
        .collect();
    let mut verdicts = vec![Ok(()); pins.len()];
    for at in order {
        let pin = &pins[at];
        verdicts[at] = match counts.get(pin.entity.as_str()) {
            Some((edition, ..)) if *edition > pin.edition => Err(NotHonoured::Older { honoured: *edition }),
            Some((edition, digest, _)) if *edition == pin.edition && *digest != pin.digest => {
                Err(NotHonoured::OtherFile)
            }
            Some((edition, _, true)) if *edition == pin.edition => Err(NotHonoured::Twice),
            _ => {
                counts.insert(&pin.entity, (pin.edition, pin.digest, true));
                Ok(())
            }
        };
    }
    verdicts
}

impl BlindRecords {
    /// Honours `pins`, and no others, from `now` on, as far as none is older than what was honoured before. A verdict for
    /// each, in their order, and how many services' pins began or ended.
    ///
    /// # Errors
    /// [`BlindError`]; then nothing changed.
    pub async fn honour_pins(
        &self,
        pins: &[Pin],
        now: OffsetDateTime,
    ) -> Result<(Vec<Result<(), NotHonoured>>, usize), BlindError> {
        self.store
            .run("honour_pins", |tx| async move {
                let held = held(&tx).await?;
                let verdicts = judge(pins, &held);
                let honoured: Vec<_> = pins
                    .iter()
                    .zip(&verdicts)
                    .filter(|(_, verdict)| verdict.is_ok())
                    .collect();
                for (pin, _) in &honoured {
                    if held.get(&pin.entity).is_none_or(|held| held.edition < pin.edition) {
                        remember(&tx, pin, now).await?;
                    }
                }
                let in_force: Vec<_> = honoured
                    .iter()
                    .filter_map(|(pin, _)| Some((*pin, pin.sealed_to.as_ref()?)))
                    .collect();
                let changes = history(&tx, &in_force, now).await?;
                Ok::<_, BlindError>((verdicts, changes))
            })
            .await
    }

    /// The highest edition of each service's pin that was ever honoured.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn honoured_pins(&self) -> Result<BTreeMap<String, Honoured>, BlindError> {
        self.read("honoured_pins", |tx| async move { held(&tx).await }).await
    }
}

async fn held(tx: &Tx) -> Result<BTreeMap<String, Honoured>, BlindError> {
    let sql = "-- pin editions\nSELECT entity, edition, digest, withdrawn, since FROM blind.pin_edition";
    let mut held = BTreeMap::new();
    for row in tx.query(sql, &[]).await? {
        let unreadable = || BlindError::Unreadable("blind.pin_edition");
        let honoured = Honoured {
            edition: u32::try_from(row.get::<_, i32>("edition")).map_err(|_| unreadable())?,
            digest: row.get::<_, &[u8]>("digest").try_into().map_err(|_| unreadable())?,
            withdrawn: row.get("withdrawn"),
            since: row.get("since"),
        };
        held.insert(row.get("entity"), honoured);
    }
    Ok(held)
}

async fn remember(tx: &Tx, pin: &Pin, now: OffsetDateTime) -> Result<(), BlindError> {
    let sql = "-- remember pin
        INSERT INTO blind.pin_edition (entity, edition, digest, withdrawn, approved_by, since)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (entity) DO UPDATE
        SET edition = $2, digest = $3, withdrawn = $4, approved_by = $5, since = $6";
    let (edition, approved) = (edition(pin)?, by_two(&pin.approved_by)?);
    let (digest, withdrawn) = (pin.digest.as_slice(), pin.sealed_to.is_none());
    tx.execute(sql, &[&pin.entity, &edition, &digest, &withdrawn, &approved, &now])
        .await?;
    Ok(())
}

/// Ends what is no longer in force and begins what is; how many of both.
async fn history(tx: &Tx, pins: &[(&Pin, &SealedTo)], now: OffsetDateTime) -> Result<usize, BlindError> {
    let held = "-- pins held
        SELECT id, entity, edition, certificate_sha256, cipher, transport FROM blind.pinned_service WHERE until IS NULL";
    let end = "-- pin ends\nUPDATE blind.pinned_service SET until = $2 WHERE id = $1";
    let begin = "-- pin begins
        INSERT INTO blind.pinned_service (entity, edition, certificate_sha256, cipher, transport, approved_by, since)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let mut changes = 0;
    let mut kept = Vec::new();
    for row in tx.query(held, &[]).await? {
        let same = |(pin, to): &&(&Pin, &SealedTo)| {
            pin.entity == row.get::<_, &str>("entity")
                && i64::from(pin.edition) == i64::from(row.get::<_, i32>("edition"))
                && to.certificate_sha256 == row.get::<_, &[u8]>("certificate_sha256")
                && to.cipher == row.get::<_, &str>("cipher")
                && to.transport == row.get::<_, &str>("transport")
        };
        match pins.iter().find(same) {
            Some((pin, _)) => kept.push(pin.entity.as_str()),
            None => changes += count(tx.execute(end, &[&row.get::<_, i64>("id"), &now]).await?),
        }
    }
    for (pin, to) in pins.iter().filter(|(pin, _)| !kept.contains(&pin.entity.as_str())) {
        let (edition, approved) = (edition(pin)?, by_two(&pin.approved_by)?);
        let hash = to.certificate_sha256.as_slice();
        tx.execute(
            begin,
            &[&pin.entity, &edition, &hash, &to.cipher, &to.transport, &approved, &now],
        )
        .await?;
        changes += 1;
    }
    Ok(changes)
}

const fn count(rows: u64) -> usize {
    rows as usize
}

fn edition(pin: &Pin) -> Result<i32, BlindError> {
    i32::try_from(pin.edition).map_err(|_| BlindError::Unreadable("a pin's edition"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(edition: u32, digest: u8) -> Pin {
        Pin {
            entity: "https://clinic.example/sp".into(),
            edition,
            digest: [digest; 32],
            sealed_to: None,
            approved_by: ["hama".into(), "iso".into()],
        }
    }

    fn held(edition: u32, digest: u8) -> BTreeMap<String, Honoured> {
        let honoured = Honoured {
            edition,
            digest: [digest; 32],
            withdrawn: false,
            since: OffsetDateTime::UNIX_EPOCH,
        };
        [(pin(1, 1).entity, honoured)].into()
    }

    #[test]
    fn the_newest_edition_counts_whatever_the_files_are_called() {
        let verdicts = judge(&[pin(1, 1), pin(3, 3), pin(2, 2)], &held(1, 1));
        let older = Err(NotHonoured::Older { honoured: 3 });
        assert_eq!(verdicts, [older, Ok(()), older]);
    }

    #[test]
    fn an_older_edition_and_another_file_of_the_same_are_refused_and_the_same_again_is_not() {
        let verdict = |one| judge(&[one], &held(2, 2))[0];
        assert_eq!(verdict(pin(1, 1)), Err(NotHonoured::Older { honoured: 2 }));
        assert_eq!(verdict(pin(2, 9)), Err(NotHonoured::OtherFile));
        assert_eq!(verdict(pin(2, 2)), Ok(()));
        assert_eq!(verdict(pin(3, 9)), Ok(()));
    }

    #[test]
    fn one_file_under_two_names_pins_once() {
        assert_eq!(
            judge(&[pin(1, 1), pin(1, 1)], &BTreeMap::new()),
            [Ok(()), Err(NotHonoured::Twice)]
        );
    }
}
