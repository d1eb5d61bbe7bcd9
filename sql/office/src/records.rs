//! The issuing procedure's records in PostgreSQL: [`Records`] over the office's database.
//!
//! The procedure runs on a thread of its own and waits for each verb to be durable. Every verb is idempotent by what
//! it says (the same chip, the same step, the same certificate), so one asked again after a lost answer changes
//! nothing; a commit whose answer is lost is asked again at once under the same act.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use card::KeySlot;
use issuance::{
    case::{CardId, CaseEvent, CaseId, CaseState},
    records::{CardJournal, CardState, CertificateSerial, Records, RecordsError, Step},
    staff::Role,
};
use serde_json::json;
use store::{StoreError, Tx};
use time::OffsetDateTime;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    Act, AuditAct, Office, OfficeError, SessionId,
    act::Doing,
    cases::{self, ApprovalId, Phase, Purpose},
};

/// The records as one session's making of cards keeps them.
pub struct OfficeRecords {
    office: Office,
    handle: Handle,
    session: SessionId,
    second: Option<ApprovalId>,
}

impl OfficeRecords {
    /// The records of `session`, which must hold the case. `handle` is the runtime the database runs on; the verbs are
    /// called from a thread outside it.
    pub fn new(office: Office, handle: Handle, session: SessionId) -> Self {
        Self {
            office,
            handle,
            session,
            second: None,
        }
    }

    /// Making by two (二人での発行): binding a blank uses up the second clerk's agreement.
    #[must_use]
    pub fn with_second(mut self, approval: ApprovalId) -> Self {
        self.second = Some(approval);
        self
    }

    fn act(&self) -> Act {
        Act::of(self.session, self.office.fresh_uuid())
    }

    fn wait<T>(&self, verb: impl Future<Output = Result<T, OfficeError>>) -> Result<T, RecordsError> {
        self.handle.block_on(verb).map_err(for_procedure)
    }
}

impl Records for OfficeRecords {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.wait(self.office.card_journal(card))
    }

    fn bind_chip(&mut self, case: CaseId, chip: &[u8]) -> Result<CardId, RecordsError> {
        self.wait(self.office.bind_chip(&self.act(), case, chip, self.second))
    }

    fn intend(&mut self, card: CardId, step: Step) -> Result<(), RecordsError> {
        self.wait(self.office.intend(&self.act(), card, step))
    }

    fn done(&mut self, card: CardId, step: Step, took: Duration) -> Result<(), RecordsError> {
        self.wait(self.office.step_done(&self.act(), card, step, took))
    }

    fn keep_public_key(&mut self, card: CardId, slot: KeySlot, spki: &[u8]) -> Result<(), RecordsError> {
        self.wait(self.office.keep_public_key(&self.act(), card, slot, spki))
    }

    fn reserve_serial(
        &mut self,
        card: CardId,
        slot: KeySlot,
        fresh: CertificateSerial,
    ) -> Result<CertificateSerial, RecordsError> {
        self.wait(self.office.reserve_serial(&self.act(), card, slot, fresh))
    }

    fn keep_certificate(&mut self, card: CardId, slot: KeySlot, der: &[u8]) -> Result<(), RecordsError> {
        self.wait(self.office.keep_certificate(&self.act(), card, slot, der))
    }

    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.wait(self.office.card_damaged(&self.act(), card, reason))
    }

    fn made(&mut self, card: CardId) -> Result<(), RecordsError> {
        self.wait(self.office.card_made(&self.act(), card))
    }
}

/// A certificate that must no longer be trusted, for the revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial.
    pub serial: CertificateSerial,
    /// Since when.
    pub at: OffsetDateTime,
}

impl Office {
    /// Every certificate revoked, oldest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn revoked(&self) -> Result<Vec<Revoked>, OfficeError> {
        self.read("revoked", |tx| async move {
            let rows = tx
                .query(
                    "-- revoked\n\
                     SELECT serial, revoked_at FROM office.certificate WHERE revoked_at IS NOT NULL ORDER BY revoked_at",
                    &[],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(Revoked {
                        serial: serial_of(row.get("serial"))?,
                        at: row.get("revoked_at"),
                    })
                })
                .collect()
        })
        .await
    }

    /// All that is recorded about `card`.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] for a card that is not known.
    pub async fn card_journal(&self, card: CardId) -> Result<CardJournal, OfficeError> {
        self.read("card_journal", |tx| async move {
            let row = card_row(&tx, card).await?;
            let id = card.uuid();
            let steps = tx
                .query(
                    "-- card_steps\nSELECT step, done_at IS NOT NULL FROM office.card_step WHERE card = $1",
                    &[&id],
                )
                .await?;
            let keys = tx
                .query(
                    "-- card_keys\nSELECT slot, spki FROM office.card_key WHERE card = $1",
                    &[&id],
                )
                .await?;
            let certificates = tx
                .query(
                    "-- card_certificates\nSELECT slot, serial, der FROM office.certificate WHERE card = $1",
                    &[&id],
                )
                .await?;
            let mut journal = CardJournal {
                card,
                case: row.case,
                chip: row.chip,
                state: row.state,
                steps: Default::default(),
                public_keys: Default::default(),
                serials: Default::default(),
                certificates: Default::default(),
            };
            for row in &steps {
                let step = cases::step(row.get(0)).ok_or(OfficeError::Unreadable("office.card_step"))?;
                journal.steps.insert(step, row.get(1));
            }
            for row in &keys {
                journal.public_keys.insert(slot_of(row.get(0))?, row.get(1));
            }
            for row in &certificates {
                let slot = slot_of(row.get(0))?;
                journal.serials.insert(slot, serial_of(row.get(1))?);
                if let Some(der) = row.get::<_, Option<Vec<u8>>>(2) {
                    journal.certificates.insert(slot, der);
                }
            }
            Ok(journal)
        })
        .await
    }

    async fn bind_chip(
        &self,
        act: &Act,
        case: CaseId,
        chip: &[u8],
        second: Option<ApprovalId>,
    ) -> Result<CardId, OfficeError> {
        let bound = self
            .act(
                "bind_chip",
                AuditAct::CardBound,
                Some(case),
                act,
                |tx, doing| async move {
                    doing.must(&[Role::Issuing])?;
                    let row = self.held(&tx, &doing, case).await?;
                    let known = tx
                        .query_opt(
                            "-- chip_bound\nSELECT id, case_id, state FROM office.card WHERE chip = $1",
                            &[&chip],
                        )
                        .await?;
                    if let Some(known) = known {
                        let ours = known.get::<_, Uuid>("case_id") == case.uuid();
                        if ours && cases::card_state(known.get("state"))? != CardState::Damaged {
                            return Ok(CardId::from_uuid(known.get("id")));
                        }
                        return Err(OfficeError::ChipTaken(hex::encode_upper(chip)));
                    }
                    let card: CardId = self.fresh();
                    let event = CaseEvent::ChipBound(card);
                    // Before anything is written: the rule's own refusal is clearer than a constraint's.
                    self.state_of(&row)?.after(&event)?;
                    let approved_by = match second {
                        Some(approval) => {
                            Some(cases::use_approval(&tx, &doing, case, Purpose::Making, approval).await?)
                        }
                        None => None,
                    };
                    tx.execute(
                        "-- bind_chip\n\
                     INSERT INTO office.card (id, case_id, resident, chip, state, bound_at, bound_by)\n\
                     VALUES ($1, $2, $3, $4, 'making', $5, $6)",
                        &[
                            &card.uuid(),
                            &case.uuid(),
                            &row.resident.uuid(),
                            &chip,
                            &doing.at,
                            &doing.staff()?.uuid(),
                        ],
                    )
                    .await?;
                    self.advance(&tx, &doing, &row, &event, None).await?;
                    let subjects = json!({ "case": case, "card": card });
                    let details = json!({ "chip": hex::encode_upper(chip), "approved_by": approved_by });
                    self.record(&tx, &doing, AuditAct::CardBound, subjects, details).await?;
                    Ok(card)
                },
            )
            .await;
        match bound {
            Err(OfficeError::Store(error)) if error.is_constraint("chip_once") => {
                Err(OfficeError::ChipTaken(hex::encode_upper(chip)))
            }
            bound => bound,
        }
    }

    async fn intend(&self, act: &Act, card: CardId, step: Step) -> Result<(), OfficeError> {
        self.act("intend", AuditAct::CardStepDone, None, act, |tx, doing| async move {
            self.being_made(&tx, &doing, card).await?;
            tx.execute(
                "-- intend\n\
                 INSERT INTO office.card_step (card, step, intended_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&card.uuid(), &step.as_str(), &doing.at],
            )
            .await?;
            Ok(())
        })
        .await
    }

    async fn step_done(&self, act: &Act, card: CardId, step: Step, took: Duration) -> Result<(), OfficeError> {
        self.act("step_done", AuditAct::CardStepDone, None, act, |tx, doing| async move {
            let row = self.being_made(&tx, &doing, card).await?;
            let known = tx
                .query_opt(
                    "-- step_known\nSELECT done_at IS NOT NULL FROM office.card_step WHERE card = $1 AND step = $2",
                    &[&card.uuid(), &step.as_str()],
                )
                .await?;
            match known {
                // Done stays done, with the time it took when it was.
                Some(known) if known.get::<_, bool>(0) => return Ok(()),
                None if step.is_irreversible() => {
                    return Err(OfficeError::CardConflict(format!(
                        "{} was never intended",
                        step.as_str()
                    )));
                }
                _ => {}
            }
            let took_us = cases::microseconds(took);
            tx.execute(
                "-- step_done\n\
                 INSERT INTO office.card_step (card, step, intended_at, done_at, took_us) VALUES ($1, $2, $3, $3, $4)\n\
                 ON CONFLICT (card, step) DO UPDATE SET done_at = excluded.done_at, took_us = excluded.took_us",
                &[&card.uuid(), &step.as_str(), &doing.at, &took_us],
            )
            .await?;
            let subjects = json!({ "case": row.case, "card": card });
            let details = json!({ "step": step.as_str(), "took_us": took_us });
            self.record(&tx, &doing, AuditAct::CardStepDone, subjects, details)
                .await?;
            Ok(())
        })
        .await
    }

    async fn keep_public_key(&self, act: &Act, card: CardId, slot: KeySlot, spki: &[u8]) -> Result<(), OfficeError> {
        let kept = self
            .act(
                "keep_public_key",
                AuditAct::CardKeyKept,
                None,
                act,
                |tx, doing| async move {
                    let row = self.being_made(&tx, &doing, card).await?;
                    let known = tx
                        .query_opt(
                            "-- key_known\nSELECT card, slot FROM office.card_key WHERE spki = $1",
                            &[&spki],
                        )
                        .await?;
                    let number = i16::from(slot.reference());
                    if let Some(known) = known {
                        if known.get::<_, Uuid>("card") == card.uuid() && known.get::<_, i16>("slot") == number {
                            return Ok(());
                        }
                        return Err(same_key());
                    }
                    if serial_reserved(&tx, card, slot).await?.is_some() {
                        return Err(OfficeError::CardConflict(
                            "a serial is reserved for the slot's key".into(),
                        ));
                    }
                    tx.execute(
                        "-- keep_public_key\n\
                     INSERT INTO office.card_key (card, slot, spki, kept_at) VALUES ($1, $2, $3, $4)\n\
                     ON CONFLICT (card, slot) DO UPDATE SET spki = excluded.spki, kept_at = excluded.kept_at",
                        &[&card.uuid(), &number, &spki, &doing.at],
                    )
                    .await?;
                    let subjects = json!({ "case": row.case, "card": card });
                    self.record(&tx, &doing, AuditAct::CardKeyKept, subjects, json!({ "slot": number }))
                        .await?;
                    Ok(())
                },
            )
            .await;
        match kept {
            Err(OfficeError::Store(error)) if error.is_constraint("public_key_once") => Err(same_key()),
            kept => kept,
        }
    }

    async fn reserve_serial(
        &self,
        act: &Act,
        card: CardId,
        slot: KeySlot,
        fresh: CertificateSerial,
    ) -> Result<CertificateSerial, OfficeError> {
        let reserved = self
            .act(
                "reserve_serial",
                AuditAct::CardSerialReserved,
                None,
                act,
                |tx, doing| async move {
                    let row = self.being_made(&tx, &doing, card).await?;
                    if let Some(serial) = serial_reserved(&tx, card, slot).await? {
                        return Ok(serial);
                    }
                    let number = i16::from(slot.reference());
                    tx.execute(
                        "-- reserve_serial\n\
                     INSERT INTO office.certificate (serial, card, slot, reserved_at) VALUES ($1, $2, $3, $4)",
                        &[&fresh.0.as_slice(), &card.uuid(), &number, &doing.at],
                    )
                    .await?;
                    let subjects = json!({ "case": row.case, "card": card });
                    let details = json!({ "slot": number, "serial": hex::encode(fresh.0) });
                    self.record(&tx, &doing, AuditAct::CardSerialReserved, subjects, details)
                        .await?;
                    Ok(fresh)
                },
            )
            .await;
        match reserved {
            Err(OfficeError::Store(error)) if error.is_constraint("certificate_pkey") => {
                Err(OfficeError::CardConflict("the serial was reserved before".into()))
            }
            Err(OfficeError::Store(error)) if error.is_constraint("certificate_of_a_key") => Err(
                OfficeError::CardConflict("no public key is recorded for the slot".into()),
            ),
            reserved => reserved,
        }
    }

    async fn keep_certificate(&self, act: &Act, card: CardId, slot: KeySlot, der: &[u8]) -> Result<(), OfficeError> {
        self.act("keep_certificate", AuditAct::CardCertificateKept, None, act, |tx, doing| async move {
            let row = self.being_made(&tx, &doing, card).await?;
            let reserved = serial_reserved(&tx, card, slot).await?;
            let Some(serial) = reserved.filter(|serial| CertificateSerial::of_certificate(der) == Some(*serial)) else {
                return Err(OfficeError::CardConflict(
                    "the certificate does not carry the serial reserved for it".into(),
                ));
            };
            let known = tx
                .query_one("-- certificate_known\nSELECT der FROM office.certificate WHERE serial = $1", &[&serial.0.as_slice()])
                .await?;
            match known.get::<_, Option<Vec<u8>>>(0) {
                Some(kept) if kept == der => return Ok(()),
                Some(_) => return Err(OfficeError::CardConflict("another certificate is kept for the slot".into())),
                None => {}
            }
            tx.execute(
                "-- keep_certificate\nUPDATE office.certificate SET der = $2, kept_at = $3 WHERE serial = $1",
                &[&serial.0.as_slice(), &der, &doing.at],
            )
            .await?;
            let subjects = json!({ "case": row.case, "card": card });
            let details = json!({
                "slot": slot.reference(), "serial": hex::encode(serial.0), "sha256": hex::encode(digest(&SHA256, der)),
            });
            self.record(&tx, &doing, AuditAct::CardCertificateKept, subjects, details)
                .await?;
            Ok(())
        })
        .await
    }

    /// Gives a card up: revokes its certificates and frees its case for a new blank. For a card that breaks while it is
    /// made, or is found broken in the shelf.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] for an active card, [`OfficeError::NotHeld`], [`OfficeError::NotAllowed`]
    pub async fn card_damaged(&self, act: &Act, card: CardId, reason: &str) -> Result<(), OfficeError> {
        self.act(
            "card_damaged",
            AuditAct::CardDamaged,
            None,
            act,
            |tx, doing| async move {
                doing.must(&[Role::Issuing, Role::Handover])?;
                let row = card_row(&tx, card).await?;
                match row.state {
                    CardState::Damaged => return Ok(()),
                    CardState::Active => return Err(OfficeError::CardConflict("the card is active".into())),
                    CardState::Making | CardState::Made => {}
                }
                let case = self.held(&tx, &doing, row.case).await?;
                cases::clear_sights(&tx, row.case).await?;
                tx.execute(
                "-- card_damaged\nUPDATE office.card SET state = 'damaged', damaged_at = $2, damage = $3 WHERE id = $1",
                &[&card.uuid(), &doing.at, &reason],
            )
            .await?;
                // RFC 5280 §5.3.1: another certificate takes its place; no key is known to be compromised.
                let revoked = tx
                    .execute(
                        "-- revoke_card\n\
                     UPDATE office.certificate SET revoked_at = $2, revocation = 'superseded'\n\
                     WHERE card = $1 AND revoked_at IS NULL",
                        &[&card.uuid(), &doing.at],
                    )
                    .await?;
                tx.execute(
                    "-- notice_void\n\
                 UPDATE office.delivery_notice SET replaced_at = $2 WHERE case_id = $1 AND replaced_at IS NULL",
                    &[&row.case.uuid(), &doing.at],
                )
                .await?;
                self.advance(&tx, &doing, &case, &CaseEvent::CardDamaged, None).await?;
                let subjects = json!({ "case": row.case, "card": card });
                let details = json!({ "reason": reason, "revoked": revoked });
                self.record(&tx, &doing, AuditAct::CardDamaged, subjects, details)
                    .await?;
                Ok(())
            },
        )
        .await
    }

    async fn card_made(&self, act: &Act, card: CardId) -> Result<(), OfficeError> {
        self.act("card_made", AuditAct::CardMade, None, act, |tx, mut doing| async move {
            let row = card_row(&tx, card).await?;
            if row.state == CardState::Made {
                return Ok(());
            }
            let case = self.being_made(&tx, &doing, card).await?.case;
            let steps = tx
                .query(
                    "-- steps_of\nSELECT step, took_us FROM office.card_step WHERE card = $1 AND done_at IS NOT NULL",
                    &[&card.uuid()],
                )
                .await?;
            let done: Vec<Step> = steps.iter().filter_map(|row| cases::step(row.get(0))).collect();
            if let Some(missing) = Step::ALL.iter().find(|step| !done.contains(step)) {
                return Err(OfficeError::CardConflict(format!("{} is not done", missing.as_str())));
            }
            let kept = tx
                .query_one(
                    "-- certificates_of\nSELECT count(*) FROM office.certificate WHERE card = $1 AND der IS NOT NULL",
                    &[&card.uuid()],
                )
                .await?;
            if kept.get::<_, i64>(0) != 2 {
                return Err(OfficeError::CardConflict("a certificate is missing".into()));
            }
            tx.execute(
                "-- card_made\nUPDATE office.card SET state = 'made', made_at = $2 WHERE id = $1",
                &[&card.uuid(), &doing.at],
            )
            .await?;
            let locked = self.held(&tx, &doing, case).await?;
            self.advance(&tx, &doing, &locked, &CaseEvent::CardMade, None).await?;
            let took: i64 = steps.iter().map(|row| row.get::<_, i64>(1)).sum();
            doing.took = Some(cases::duration(took));
            self.keep_timing(&tx, &doing, case, Phase::Making).await?;
            let subjects = json!({ "case": case, "card": card });
            self.record(&tx, &doing, AuditAct::CardMade, subjects, json!({ "took_us": took }))
                .await?;
            Ok(())
        })
        .await
    }

    /// The card, when it is being made in a case that the session holds.
    async fn being_made(&self, tx: &Tx, doing: &Doing, card: CardId) -> Result<CardRow, OfficeError> {
        doing.must(&[Role::Issuing])?;
        let row = card_row(tx, card).await?;
        if row.state != CardState::Making {
            return Err(OfficeError::CardConflict(format!("the card is {}", row.state.as_str())));
        }
        let case = self.held(tx, doing, row.case).await?;
        match self.state_of(&case)? {
            CaseState::Making { card: bound } if bound == card => Ok(row),
            _ => Err(OfficeError::CardConflict("another card is bound to the case".into())),
        }
    }
}

struct CardRow {
    case: CaseId,
    chip: Vec<u8>,
    state: CardState,
}

async fn card_row(tx: &Tx, card: CardId) -> Result<CardRow, OfficeError> {
    let row = tx
        .query_opt(
            "-- card_row\nSELECT case_id, chip, state FROM office.card WHERE id = $1",
            &[&card.uuid()],
        )
        .await?
        .ok_or_else(|| OfficeError::CardConflict("no such card".into()))?;
    Ok(CardRow {
        case: CaseId::from_uuid(row.get("case_id")),
        chip: row.get("chip"),
        state: cases::card_state(row.get("state"))?,
    })
}

async fn serial_reserved(tx: &Tx, card: CardId, slot: KeySlot) -> Result<Option<CertificateSerial>, OfficeError> {
    let row = tx
        .query_opt(
            "-- serial_reserved\nSELECT serial FROM office.certificate WHERE card = $1 AND slot = $2",
            &[&card.uuid(), &i16::from(slot.reference())],
        )
        .await?;
    row.map(|row| serial_of(row.get(0))).transpose()
}

fn serial_of(bytes: &[u8]) -> Result<CertificateSerial, OfficeError> {
    bytes
        .try_into()
        .map(CertificateSerial)
        .map_err(|_| OfficeError::Unreadable("office.certificate"))
}

fn slot_of(number: i16) -> Result<KeySlot, OfficeError> {
    KeySlot::ALL
        .into_iter()
        .find(|slot| i16::from(slot.reference()) == number)
        .ok_or(OfficeError::Unreadable("office.card_key"))
}

fn same_key() -> OfficeError {
    OfficeError::CardConflict("the same public key is recorded elsewhere".into())
}

/// In the procedure's terms.
fn for_procedure(error: OfficeError) -> RecordsError {
    match error {
        OfficeError::NotNow(refused) => RecordsError::NotNow(refused),
        OfficeError::ChipTaken(chip) => RecordsError::ChipTaken { chip },
        OfficeError::Store(
            error @ (StoreError::Unreachable { .. } | StoreError::AnswerLost { .. } | StoreError::DiskFull { .. }),
        ) => RecordsError::Unreachable(error.to_string()),
        other => RecordsError::Conflict(other.to_string()),
    }
}
