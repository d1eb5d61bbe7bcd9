//! A card stopped on the telephone. Whoever answers stops it, whatever desk has an old case of the person open. A caller
//! is not a holder: the stop ends by itself unless it is confirmed in person within the days that the office allows.

use issuance::{
    acts::{AuditAct as _, CardStopConfirmed, CardStopLapsed, CardStoppedByTelephone},
    case::{CardId, CaseId},
    custody::{Custody, Evidence},
    lifecycle::LifecycleEvent,
    standing::{CardStanding, HolderCheck},
};
use serde_json::json;
use store::Tx;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Act, Office, OfficeError, act::Doing, registration::HolderRefusal};

impl Office {
    /// Stops the card that was handed over in `case`, for `days` unless its holder confirms it in person; gives when it
    /// ends by itself. Needs no hold of the case. `check` is how the clerk made sure of the caller, `words` their note.
    ///
    /// # Errors
    /// [`HolderRefusal::AlreadyStopped`], [`HolderRefusal::AlreadyOver`], [`OfficeError::NotAllowed`],
    /// [`OfficeError::NotFound`]
    pub async fn stop_by_telephone(
        &self,
        act: &Act,
        case: CaseId,
        check: HolderCheck,
        days: u16,
        words: &str,
    ) -> Result<OffsetDateTime, OfficeError> {
        let row = CardStoppedByTelephone::ROW;
        self.act("stop_by_telephone", row, case, act, |tx, doing| async move {
            let given = self.given(&tx, case).await?;
            // Nobody looked at the card before the telephone rang: how it stands is told, for the caller to hear.
            match given.lifecycle.standing() {
                Some(CardStanding::Suspended) => return Err(HolderRefusal::AlreadyStopped.into()),
                Some(CardStanding::Revoked) => return Err(HolderRefusal::AlreadyOver.into()),
                Some(CardStanding::Active) | None => given.takes(LifecycleEvent::Suspended, "it is not active")?,
            }
            self.restate(&tx, &doing, &given, LifecycleEvent::Suspended, None)
                .await?;
            let until = doing.at + Duration::days(days.into());
            tx.execute(
                "-- stop_by_telephone\n\
                 INSERT INTO office.telephone_stop (id, card, stopped_at, until) VALUES ($1, $2, $3, $4)",
                &[&self.fresh_uuid(), &given.card.uuid(), &doing.at, &until],
            )
            .await?;
            let details = CardStoppedByTelephone {
                checked: check,
                until,
                words: self.seal_words(&doing, words),
            };
            self.record(&tx, &doing, json!({ "case": case, "card": given.card }), details)
                .await?;
            Ok(until)
        })
        .await
    }

    /// The holder came: the card stays suspended until it is resumed or ended.
    ///
    /// # Errors
    /// [`HolderRefusal`],
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn confirm_stop(
        &self,
        act: &Act,
        case: CaseId,
        check: HolderCheck,
        words: &str,
    ) -> Result<(), OfficeError> {
        self.act(
            "confirm_stop",
            CardStopConfirmed::ROW,
            case,
            act,
            |tx, doing| async move {
                if !check.is_face_to_face() {
                    return Err(HolderRefusal::NotInPerson.into());
                }
                let given = self.given(&tx, case).await?;
                if !settle_stop(&tx, &doing, given.card, "confirmed").await? {
                    return Err(HolderRefusal::NoStop.into());
                }
                // What a caller said moved nothing in the ledger; what the holder says does.
                if given.place == Custody::HOLDER {
                    self.transfer(&tx, &doing, given.card, (Custody::LOST, Evidence::HolderSays), None)
                        .await?;
                }
                let details = CardStopConfirmed {
                    checked: check,
                    words: self.seal_words(&doing, words),
                };
                self.record(&tx, &doing, json!({ "case": case, "card": given.card }), details)
                    .await
            },
        )
        .await
    }

    /// Ends the stops that nobody confirmed in time, each in a transaction of its own: their cards may be used again.
    /// Gives how many. Two processes may ask at once.
    ///
    /// # Errors
    /// [`OfficeError`] of the first that failed; what ended before stays so.
    pub async fn end_telephone_stops(&self) -> Result<usize, OfficeError> {
        let due = self
            .read("telephone_stops_due", |tx| async move {
                let now = tx.query_one("-- now\nSELECT clock_timestamp()", &[]).await?;
                let now = self.present(now.get(0));
                let rows = tx
                    .query(
                        "-- telephone_stops_due\n\
                         SELECT c.id FROM office.telephone_stop s JOIN office.card_case c ON c.card = s.card\n\
                         WHERE s.settled_at IS NULL AND s.until <= $1 ORDER BY s.until LIMIT 100",
                        &[&now],
                    )
                    .await?;
                Ok(rows.iter().map(|row| CaseId::from_uuid(row.get(0))).collect::<Vec<_>>())
            })
            .await?;
        let mut ended = 0;
        for case in due {
            let act = Act::of_process("telephone_stop", self.fresh_uuid());
            let row = CardStopLapsed::ROW;
            let lapsed = self
                .act("end_telephone_stop", row, case, &act, |tx, doing| async move {
                    let given = self.given(&tx, case).await?;
                    // Another process was quicker, or the holder came at the last moment.
                    if !settle_stop(&tx, &doing, given.card, "lapsed").await? {
                        return Ok(false);
                    }
                    self.restate(&tx, &doing, &given, LifecycleEvent::Resumed, None).await?;
                    let subjects = json!({ "case": case, "card": given.card });
                    self.record(&tx, &doing, subjects, CardStopLapsed {}).await?;
                    Ok(true)
                })
                .await?;
            ended += usize::from(lapsed);
        }
        Ok(ended)
    }
}

/// When the stop of this case's card ends by itself; `None` where none waits for a confirmation.
pub(crate) async fn stop_of(tx: &Tx, case: CaseId) -> Result<Option<OffsetDateTime>, OfficeError> {
    let row = tx
        .query_opt(
            "-- telephone_stop_of\n\
             SELECT s.until FROM office.telephone_stop s JOIN office.card_case c ON c.card = s.card\n\
             WHERE c.id = $1 AND s.settled_at IS NULL",
            &[&case.uuid()],
        )
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// Settles the open stop of a card. Whether there was one; a stop lapses only once its time is up.
pub(crate) async fn settle_stop(tx: &Tx, doing: &Doing, card: CardId, how: &str) -> Result<bool, OfficeError> {
    let id: Uuid = card.uuid();
    let settled = tx
        .execute(
            "-- settle_stop\n\
             UPDATE office.telephone_stop SET settled_at = $2, settled_as = $3\n\
             WHERE card = $1 AND settled_at IS NULL AND ($3 <> 'lapsed' OR until <= $2)",
            &[&id, &doing.at, &how],
        )
        .await?;
    Ok(settled == 1)
}
