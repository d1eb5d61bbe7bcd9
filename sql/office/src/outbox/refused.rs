//! What the relay's front refused for good: kept with the rule and the moment, in sight at every desk, until somebody has
//! it told again or closes it. The front took the message's number; nothing behind it waits.

use issuance::{
    acts::{AuditAct, OutboxClosed, OutboxRefused, OutboxSentAnew},
    case::{CaseId, CaseNumber},
};
use relay_core::{audit::Outcome, registration::RuleCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{NUMBERS, answered, to_stored};
use crate::{Act, Office, OfficeError, act::written, audit::event_of, cases::number_of};

/// A message that the front refused for good, of a card and not settled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedMessage {
    /// What it was to say: `register`, `activate`, `suspend`, `resume`, `revoke`, `relink`.
    pub told: String,
    /// Of which of the card's two keys: 1 authentication, 2 eligibility.
    pub slot: u8,
    /// By which rule ([`relay_core::registration::Rule`]), or one that only a newer front knows.
    pub rule: String,
    /// When the front said so.
    pub at: OffsetDateTime,
}

/// What became of the refused messages of a card that were to be sent anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAnew {
    pub sent: u32,
    /// Not said again, because what was said later holds: a card let be used again is not stopped once more.
    pub overtaken: u32,
}

impl Office {
    /// The front refuses message `sequence` for good. Told again, nothing more happens.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn outbox_refused(&self, sequence: u64, rule: &RuleCode) -> Result<(), OfficeError> {
        self.store
            .run("outbox_refused", |tx| async move {
                let doing = self.doing(&tx, &Act::of_process("dispatch", self.fresh_uuid())).await?;
                let row = tx
                    .query_opt(
                        "-- outbox_refused\n\
                         UPDATE office.outbox o SET refused_at = $2, refused_by = $3, body = NULL\n\
                         FROM office.registration r JOIN office.card k ON k.id = r.card\n\
                         WHERE o.seq = $1 AND o.applied_at IS NULL AND o.refused_at IS NULL AND r.id = o.registration\n\
                         RETURNING o.act, r.slot, r.card, k.case_id, o.settled_as",
                        &[&to_stored(sequence), &doing.at, &rule.as_str()],
                    )
                    .await?;
                // One settled before was told again to a front that had lost it: there is nothing new to say of it.
                if let Some(row) = row.filter(|row| row.get::<_, Option<&str>>("settled_as").is_none()) {
                    let subjects = json!({ "case": row.get::<_, Uuid>("case_id"), "card": row.get::<_, Uuid>("card") });
                    let details = written(&OutboxRefused {
                        refused: rule.as_str().to_owned(),
                        told: row.get("act"),
                        slot: row.get("slot"),
                        seq: sequence,
                    })?;
                    let (id, row) = (self.fresh_uuid(), OutboxRefused::ROW);
                    let event = event_of(id, &doing, row, subjects, Outcome::Refused, details);
                    self.write_event(&tx, &event).await?;
                }
                answered(&tx, doing.at).await
            })
            .await
    }

    /// The cases with refused messages that are not settled, the oldest refusal first, at most `limit`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn refused_cases(&self, limit: u32) -> Result<Vec<CaseNumber>, OfficeError> {
        self.read("refused_cases", |tx| async move {
            let rows = tx
                .query(
                    "-- refused_cases\n\
                     SELECT c.year, c.serial FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
                     JOIN office.card k ON k.id = r.card JOIN office.card_case c ON c.id = k.case_id\n\
                     WHERE o.refused_at IS NOT NULL AND o.settled_at IS NULL\n\
                     GROUP BY c.year, c.serial ORDER BY min(o.refused_at), c.year, c.serial LIMIT $1",
                    &[&i64::from(limit)],
                )
                .await?;
            rows.iter().map(number_of).collect()
        })
        .await
    }

    /// Has the front told again what it refused of the card of `case`, with new numbers and in the same order: what stood
    /// in the way was mended. What a later message has overtaken is not said again, as the front would then go by the
    /// older word. `words` say what was mended.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] when nothing is refused, [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn send_refused_anew(&self, act: &Act, case: CaseId, words: &str) -> Result<SentAnew, OfficeError> {
        self.act(
            "send_refused_anew",
            OutboxSentAnew::ROW,
            case,
            act,
            |tx, doing| async move {
                let card = self.given(&tx, case).await?.card;
                let refused = open_of_card(&tx, card.uuid()).await?;
                let (overtaken, anew): (Vec<_>, Vec<_>) = refused.into_iter().partition(|row| row.overtaken);
                let ids = |rows: &[Open]| rows.iter().map(|row| row.id).collect::<Vec<i64>>();
                tx.execute(
                    "-- send_anew\n\
                     INSERT INTO office.outbox (registration, act, reason, edition, approved_by, written_at)\n\
                     SELECT registration, act, reason, edition, approved_by, $2 FROM office.outbox\n\
                     WHERE id = ANY ($1) ORDER BY id",
                    &[&ids(&anew), &doing.at],
                )
                .await?;
                settle(&tx, &ids(&anew), "sent_anew", doing.at).await?;
                settle(&tx, &ids(&overtaken), "overtaken", doing.at).await?;
                let sent = SentAnew {
                    sent: anew.len() as u32,
                    overtaken: overtaken.len() as u32,
                };
                let details = OutboxSentAnew {
                    sent: sent.sent,
                    overtaken: sent.overtaken,
                    words: self.seal_words(&doing, words),
                };
                let subjects = json!({ "case": case, "card": card });
                self.record(&tx, &doing, subjects, details).await?;
                Ok(sent)
            },
        )
        .await
    }

    /// Leaves unsaid what the front refused of the card of `case`; `words` say why that is right. Gives how many messages.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] when nothing is refused, [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn close_refused(&self, act: &Act, case: CaseId, words: &str) -> Result<u32, OfficeError> {
        self.act("close_refused", OutboxClosed::ROW, case, act, |tx, doing| async move {
            let card = self.given(&tx, case).await?.card;
            let ids: Vec<i64> = open_of_card(&tx, card.uuid()).await?.iter().map(|row| row.id).collect();
            settle(&tx, &ids, "closed", doing.at).await?;
            let closed = ids.len() as u32;
            let details = OutboxClosed {
                closed,
                words: self.seal_words(&doing, words),
            };
            let subjects = json!({ "case": case, "card": card });
            self.record(&tx, &doing, subjects, details).await?;
            Ok(closed)
        })
        .await
    }
}

/// What is refused of the card of `case` and not settled, in the order it was written.
pub(crate) async fn refused_of(tx: &Tx, case: CaseId) -> Result<Vec<RefusedMessage>, OfficeError> {
    let rows = tx
        .query(
            "-- refused_of\n\
             SELECT o.act, r.slot, o.refused_by, o.refused_at FROM office.card_case c\n\
             JOIN office.registration r ON r.card = c.card JOIN office.outbox o ON o.registration = r.id\n\
             WHERE c.id = $1 AND o.refused_at IS NOT NULL AND o.settled_at IS NULL ORDER BY o.id",
            &[&case.uuid()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(RefusedMessage {
                told: row.get("act"),
                slot: row
                    .get::<_, i16>("slot")
                    .try_into()
                    .map_err(|_| OfficeError::Unreadable(super::TABLE))?,
                rule: row.get("refused_by"),
                at: row.get("refused_at"),
            })
        })
        .collect()
}

struct Open {
    id: i64,
    /// A later message about the same registration, and about the same of its sides (whom it stands for, or whether it
    /// may be used), was not refused.
    overtaken: bool,
}

async fn open_of_card(tx: &Tx, card: Uuid) -> Result<Vec<Open>, OfficeError> {
    // What becomes of the card's messages while they are looked at is waited for.
    tx.execute("-- numbers\nSELECT pg_advisory_xact_lock($1)", &[&NUMBERS])
        .await?;
    let rows = tx
        .query(
            "-- open_of_card\n\
             SELECT o.id, EXISTS (SELECT FROM office.outbox later WHERE later.registration = o.registration\n\
             AND later.id > o.id AND later.refused_at IS NULL\n\
             AND (later.act IN ('register', 'relink')) = (o.act IN ('register', 'relink'))) AS overtaken\n\
             FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
             WHERE r.card = $1 AND o.refused_at IS NOT NULL AND o.settled_at IS NULL ORDER BY o.id FOR UPDATE OF o",
            &[&card],
        )
        .await?;
    if rows.is_empty() {
        return Err(OfficeError::CardConflict("nothing of it is refused".to_owned()));
    }
    Ok(rows
        .iter()
        .map(|row| Open {
            id: row.get("id"),
            overtaken: row.get("overtaken"),
        })
        .collect())
}

async fn settle(tx: &Tx, ids: &Vec<i64>, how: &str, at: OffsetDateTime) -> Result<(), OfficeError> {
    tx.execute(
        "-- settle\nUPDATE office.outbox SET settled_at = $2, settled_as = $3 WHERE id = ANY ($1)",
        &[ids, &at, &how],
    )
    .await?;
    Ok(())
}
