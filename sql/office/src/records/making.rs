//! The verbs of [`super::OfficeRecords`] as transactions: each looks first whether it was done before.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use card::KeySlot;
use issuance::{
    case::{CardId, CaseEvent, CaseId, CaseState, NotNow},
    records::{CardState, CertificateSerial, Reservation, Step},
    staff::Role,
};
use serde_json::json;
use store::Tx;
use uuid::Uuid;

use super::{CardRow, card_row, serial_of};
use crate::{
    Act, AuditAct, Office, OfficeError,
    act::Doing,
    cases::{self, ApprovalId, CaseAt, CaseRow, Phase, Purpose},
};

/// What the records say of a card given up by hand; the clerk's own words are sealed.
const GIVEN_UP: &str = "given up by a clerk";

impl Office {
    pub(super) async fn bind_chip(
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

    /// Outcomes and the next intent, all of them or none.
    pub(super) async fn steps(
        &self,
        act: &Act,
        card: CardId,
        done: &[(Step, Duration)],
        intent: Option<Step>,
    ) -> Result<(), OfficeError> {
        self.act("steps", AuditAct::CardStepDone, None, act, |tx, doing| async move {
            let row = self.being_made(&tx, &doing, card).await?;
            for (step, took) in done {
                self.step_done(&tx, &doing, &row, card, *step, *took).await?;
            }
            if let Some(step) = intent {
                tx.execute(
                    "-- intend\n\
                     INSERT INTO office.card_step (card, step, intended_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    &[&card.uuid(), &step.as_str(), &doing.at],
                )
                .await?;
            }
            Ok(())
        })
        .await
    }

    async fn step_done(
        &self,
        tx: &Tx,
        doing: &Doing,
        row: &CardRow,
        card: CardId,
        step: Step,
        took: Duration,
    ) -> Result<(), OfficeError> {
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
        self.record_beside(tx, doing, AuditAct::CardStepDone, subjects, details)
            .await?;
        Ok(())
    }

    pub(super) async fn keep_public_key(
        &self,
        act: &Act,
        card: CardId,
        slot: KeySlot,
        spki: &[u8],
    ) -> Result<(), OfficeError> {
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

    pub(super) async fn reserve_serial(
        &self,
        act: &Act,
        card: CardId,
        slot: KeySlot,
        fresh: Reservation,
    ) -> Result<Reservation, OfficeError> {
        let reserved = self
            .act(
                "reserve_serial",
                AuditAct::CardSerialReserved,
                None,
                act,
                |tx, doing| async move {
                    let row = self.being_made(&tx, &doing, card).await?;
                    if let Some(kept) = serial_reserved(&tx, card, slot).await? {
                        return Ok(kept);
                    }
                    let number = i16::from(slot.reference());
                    let serial = fresh.serial().0;
                    // The desk's moment and not this transaction's: the authority was asked about that one.
                    tx.execute(
                        "-- reserve_serial\n\
                     INSERT INTO office.certificate (serial, card, slot, reserved_at) VALUES ($1, $2, $3, $4)",
                        &[&serial.as_slice(), &card.uuid(), &number, &fresh.at()],
                    )
                    .await?;
                    let subjects = json!({ "case": row.case, "card": card });
                    let details = json!({ "slot": number, "serial": hex::encode(serial) });
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

    pub(super) async fn keep_certificate(
        &self,
        act: &Act,
        card: CardId,
        slot: KeySlot,
        der: &[u8],
    ) -> Result<(), OfficeError> {
        self.act("keep_certificate", AuditAct::CardCertificateKept, None, act, |tx, doing| async move {
            let row = self.being_made(&tx, &doing, card).await?;
            let reserved = serial_reserved(&tx, card, slot).await?;
            let reserved = reserved.map(|kept| kept.serial());
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
                let details = json!({ "reason": reason });
                self.damage(&tx, &doing, &case, card, reason, details).await.map(drop)
            },
        )
        .await
    }

    /// Gives a card up by a clerk's decision, whatever it says itself: as [`Self::card_damaged`], with the reason in
    /// the clerk's words, which are kept sealed. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] without a card that is made or being made, [`OfficeError::NotHeld`],
    /// [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn give_up_card(&self, act: &Act, at: CaseAt, words: &str) -> Result<i64, OfficeError> {
        self.act(
            "give_up_card",
            AuditAct::CardDamaged,
            Some(at.id),
            act,
            |tx, doing| async move {
                doing.must(&[Role::Issuing, Role::Handover])?;
                let case = self.held_at(&tx, &doing, at).await?;
                let state = self.state_of(&case)?;
                let after = state.after(&CaseEvent::CardDamaged)?;
                let card = state.card().ok_or(NotNow {
                    state: after.name(),
                    event: CaseEvent::CardDamaged.name(),
                })?;
                let details = json!({ "reason": GIVEN_UP, "words": self.seal_words(&doing, words) });
                self.damage(&tx, &doing, &case, card, GIVEN_UP, details).await
            },
        )
        .await
    }

    /// A card that is not active is no longer good: its certificates and notice neither, and its case waits for a blank.
    async fn damage(
        &self,
        tx: &Tx,
        doing: &Doing,
        case: &CaseRow,
        card: CardId,
        reason: &str,
        mut details: serde_json::Value,
    ) -> Result<i64, OfficeError> {
        cases::clear_sights(tx, case.id).await?;
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
            &[&case.id.uuid(), &doing.at],
        )
        .await?;
        let version = self.advance(tx, doing, case, &CaseEvent::CardDamaged, None).await?;
        let subjects = json!({ "case": case.id, "card": card });
        details["revoked"] = json!(revoked);
        self.record(tx, doing, AuditAct::CardDamaged, subjects, details).await?;
        Ok(version)
    }

    pub(super) async fn card_made(&self, act: &Act, card: CardId) -> Result<(), OfficeError> {
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

async fn serial_reserved(tx: &Tx, card: CardId, slot: KeySlot) -> Result<Option<Reservation>, OfficeError> {
    let row = tx
        .query_opt(
            "-- serial_reserved\nSELECT serial, reserved_at FROM office.certificate WHERE card = $1 AND slot = $2",
            &[&card.uuid(), &i16::from(slot.reference())],
        )
        .await?;
    row.map(|row| Ok(Reservation::new(serial_of(row.get(0))?, row.get(1))))
        .transpose()
}

fn same_key() -> OfficeError {
    OfficeError::CardConflict("the same public key is recorded elsewhere".into())
}
