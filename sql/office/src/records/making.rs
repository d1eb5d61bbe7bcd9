//! The verbs of [`super::OfficeRecords`] as transactions: each looks first whether it was done before.

use card::KeySlot;
use issuance::{
    acts::{AuditAct, CardBound, CardDamaged, CardMade, CardStepDone, SealedWords, SecondPurpose},
    application::ApplicationEvent,
    case::{CardId, CaseId, CaseState},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::Machine as _,
    records::{CardJournal, CardState, CertificateSerial, Entry, Reservation, Reservations},
    staff::StaffId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Bound, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    CardRow, card_row,
    draft::{Draft, Told, same_key},
    slot_of,
};
use crate::{
    Act, Office, OfficeError, SessionId,
    act::{About, Doing},
    audit::{WRITE_EVENTS, event},
    cases::{self, ApprovalId, COLUMNS, CaseAt, CaseRow, LeaseRow, Phase, WITH_CARD, With, end_notice},
};

/// What the records say of a card given up by hand; the clerk's own words are sealed.
const GIVEN_UP: &str = "given up by a clerk";

/// A card as `bind` leaves it, kept as the act's answer.
#[derive(Serialize, Deserialize)]
struct BoundCard {
    card: CardId,
    /// Bound by this act, and not before.
    fresh: bool,
}

impl Office {
    pub(super) async fn bind(
        &self,
        act: &Act,
        case: CaseId,
        chip: &[u8],
        first: &[Entry],
        second: Option<ApprovalId>,
    ) -> Result<CardJournal, OfficeError> {
        let bound = self
            .act("bind_chip", CardBound::ROW, case, act, |tx, doing| async move {
                let (row, known) = tokio::join!(biased; self.held(&tx, &doing, case), chip_bound(&tx, chip));
                let row = row?;
                if let Some((card, of_case, state)) = known? {
                    if of_case != case || state == CardState::Damaged {
                        return Err(OfficeError::ChipTaken(hex::encode_upper(chip)));
                    }
                    if state == CardState::Making {
                        let mut draft = Draft::load(&tx, card, first).await?;
                        draft.take_up(first)?;
                        self.keep(&tx, &doing, (case, card), draft).await?;
                        // Gone on with at another desk.
                        let here = (Custody::reader(doing.desk()), Evidence::ChipRead);
                        self.transfer(&tx, &doing, card, here, None).await?;
                    }
                    return Ok(BoundCard { card, fresh: false });
                }
                let card: CardId = self.fresh();
                // Before anything is written: the rule's own refusal is clearer than a constraint's.
                row.application_state.after(ApplicationEvent::ChipBound)?;
                let approved_by = match second {
                    Some(approval) => {
                        Some(cases::use_approval(&tx, &doing, case, SecondPurpose::Making, approval).await?)
                    }
                    None => None,
                };
                tx.execute(
                    "-- bind_chip\n\
                     INSERT INTO office.card (id, case_id, resident, chip, state, since, bound_at, bound_by)\n\
                     VALUES ($1, $2, $3, $4, $7, $5, $5, $6)",
                    &[
                        &card.uuid(),
                        &case.uuid(),
                        &row.resident.uuid(),
                        &chip,
                        &doing.at,
                        &doing.staff()?.uuid(),
                        &Lifecycle::BEGINS[0].as_str(),
                    ],
                )
                .await?;
                let here = (Custody::reader(doing.desk()), Evidence::ChipRead);
                self.transfer(&tx, &doing, card, here, None).await?;
                let with = With {
                    card: Some(card),
                    ..With::default()
                };
                self.advance(&tx, &doing, &row, ApplicationEvent::ChipBound, with)
                    .await?;
                let subjects = json!({ "case": case, "card": card });
                let details = CardBound {
                    chip: hex::encode_upper(chip),
                    approved_by,
                };
                self.record(&tx, &doing, subjects, details).await?;
                let mut draft = Draft::default();
                draft.take_up(first)?;
                self.keep(&tx, &doing, (case, card), draft).await?;
                Ok(BoundCard { card, fresh: true })
            })
            .await;
        let bound = match bound {
            Err(OfficeError::Store(error)) if error.is_constraint("chip_once") => {
                return Err(OfficeError::ChipTaken(hex::encode_upper(chip)));
            }
            bound => named(bound)?,
        };
        if !bound.fresh {
            return self.card_journal(bound.card).await;
        }
        // Nobody else writes about a card that this session's act bound.
        let mut draft = Draft::default();
        draft.take_up(first)?;
        Ok(draft.journal(bound.card, case, chip))
    }

    /// All entries, or none of them.
    pub(super) async fn write(&self, act: &Act, card: CardId, entries: &[Entry]) -> Result<Reservations, OfficeError> {
        let kept = self
            .act(
                "write",
                CardStepDone::ROW,
                About::content(json!(card)),
                act,
                |tx, doing| async move {
                    let (hand, draft) = tokio::join!(biased; card_in_hand(&tx, card), Draft::load(&tx, card, entries));
                    let (hand, mut draft) = (hand?, draft?);
                    if hand.card.state == CardState::Made && entries.last() == Some(&Entry::Made) {
                        return Ok(Vec::new());
                    }
                    self.must_be_making(&tx, &doing, card, &hand).await?;
                    draft.take_up(entries)?;
                    let (kept, made) = (draft.asked_for(), draft.made);
                    let took = draft.took();
                    self.keep(&tx, &doing, (hand.card.case, card), draft).await?;
                    if made {
                        self.card_made(&tx, doing, card, &hand, took).await?;
                    }
                    Ok(kept)
                },
            )
            .await;
        Ok(named(kept)?
            .into_iter()
            .filter_map(|(reference, kept)| Some((slot_of(reference).ok()?, kept)))
            .collect())
    }

    /// Writes what a draft says, in one journey.
    async fn keep(
        &self,
        tx: &Tx,
        doing: &Doing,
        (case, card): (CaseId, CardId),
        draft: Draft,
    ) -> Result<(), OfficeError> {
        let events: Vec<_> = draft
            .told
            .into_iter()
            .map(|told| {
                let (id, subjects) = (self.fresh_uuid(), json!({ "case": case, "card": card }));
                match told {
                    Told::Key(details) => event(id, doing, subjects, &details),
                    Told::Reserved(details) => event(id, doing, subjects, &details),
                    Told::Withdrawn(details) => event(id, doing, subjects, &details),
                    Told::Certificate(details) => event(id, doing, subjects, &details),
                    Told::Step(details) => event(id, doing, subjects, &details),
                }
            })
            .collect::<Result<_, _>>()?;
        if events.is_empty() && draft.new_steps.is_empty() {
            return Ok(());
        }
        let id = card.uuid();
        let per_slot =
            |slots: &[KeySlot]| -> Vec<i16> { slots.iter().map(|slot| i16::from(slot.reference())).collect() };
        let (key_slots, spkis): (Vec<_>, Vec<_>) = draft.new_keys.into_iter().unzip();
        let (serial_slots, reserved): (Vec<_>, Vec<_>) = draft.new_serials.into_iter().unzip();
        let (certified, ders): (Vec<_>, Vec<_>) = draft.new_certificates.into_iter().unzip();
        let (key_slots, serial_slots) = (per_slot(&key_slots), per_slot(&serial_slots));
        let serials: Vec<Vec<u8>> = reserved
            .iter()
            .map(|reserved: &Reservation| reserved.serial().0.to_vec())
            .collect();
        // The desk's moment and not this transaction's: the authority was asked about that one.
        let moments: Vec<OffsetDateTime> = reserved.iter().map(|reserved| reserved.at()).collect();
        let certified: Vec<Vec<u8>> = certified
            .iter()
            .map(|serial: &CertificateSerial| serial.0.to_vec())
            .collect();
        let steps: Vec<&str> = draft.new_steps.keys().map(|step| step.as_str()).collect();
        let took: Vec<Option<i64>> = draft.new_steps.values().copied().collect();
        let events = self.rows(&events);
        let values = events.values();
        let mut statements: Vec<(&str, &[Bound<'_>])> = Vec::new();
        let keys: [Bound<'_>; 4] = [&id, &key_slots, &spkis, &doing.at];
        if !spkis.is_empty() {
            statements.push((
                "-- keep_public_keys\n\
                 INSERT INTO office.card_key (card, slot, spki, kept_at)\n\
                 SELECT $1, slot, spki, $4 FROM unnest($2::smallint[], $3::bytea[]) AS key (slot, spki)\n\
                 ON CONFLICT (card, slot) DO UPDATE SET spki = excluded.spki, kept_at = excluded.kept_at",
                &keys,
            ));
        }
        let withdrawn: Vec<Vec<u8>> = draft.new_withdrawn.iter().map(|serial| serial.0.to_vec()).collect();
        let withdrawals: [Bound<'_>; 2] = [&withdrawn, &doing.at];
        if !withdrawn.is_empty() {
            // Before the slot takes another.
            statements.push((
                "-- withdraw_serials\n\
                 UPDATE office.certificate SET withdrawn_at = $2, revoked_at = $2, revocation = 'superseded'\n\
                 WHERE serial = ANY ($1::bytea[])",
                &withdrawals,
            ));
        }
        let reservations: [Bound<'_>; 4] = [&id, &serial_slots, &serials, &moments];
        if !serials.is_empty() {
            statements.push((
                "-- reserve_serials\n\
                 INSERT INTO office.certificate (serial, card, slot, reserved_at)\n\
                 SELECT serial, $1, slot, at\n\
                 FROM unnest($2::smallint[], $3::bytea[], $4::timestamptz[]) AS reserved (slot, serial, at)",
                &reservations,
            ));
        }
        let certificates: [Bound<'_>; 3] = [&certified, &ders, &doing.at];
        if !ders.is_empty() {
            statements.push((
                "-- keep_certificates\n\
                 UPDATE office.certificate c SET der = issued.der, kept_at = $3\n\
                 FROM unnest($1::bytea[], $2::bytea[]) AS issued (serial, der) WHERE c.serial = issued.serial",
                &certificates,
            ));
        }
        let done: [Bound<'_>; 4] = [&id, &steps, &took, &doing.at];
        if !steps.is_empty() {
            statements.push((
                "-- card_steps_done\n\
                 INSERT INTO office.card_step (card, step, intended_at, done_at, took_us)\n\
                 SELECT $1, step, $4::timestamptz, CASE WHEN took IS NOT NULL THEN $4::timestamptz END, took\n\
                 FROM unnest($2::text[], $3::bigint[]) AS done (step, took)\n\
                 ON CONFLICT (card, step) DO UPDATE SET done_at = excluded.done_at, took_us = excluded.took_us\n\
                 WHERE card_step.done_at IS NULL",
                &done,
            ));
        }
        statements.push((WRITE_EVENTS, &values));
        Ok(tx.execute_all(&statements).await?)
    }

    /// Gives a card up: revokes its certificates and frees its case for a new blank. For a card that breaks while it is
    /// made, or is found broken in the shelf.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] for an active card, [`OfficeError::NotHeld`], [`OfficeError::NotAllowed`]
    pub async fn card_damaged(&self, act: &Act, card: CardId, reason: &str) -> Result<(), OfficeError> {
        self.act(
            "card_damaged",
            CardDamaged::ROW,
            About::content(json!([card, reason])),
            act,
            |tx, doing| async move {
                let row = card_row(&tx, card).await?;
                if row.state == CardState::Damaged {
                    return Ok(());
                }
                if row.state.after(LifecycleEvent::GivenUp).is_err() {
                    return Err(OfficeError::CardConflict("the card was handed over".into()));
                }
                let case = self.held(&tx, &doing, row.case).await?;
                self.damage(&tx, &doing, &case, (card, row.state), reason, None)
                    .await
                    .map(drop)
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
        self.act("give_up_card", CardDamaged::ROW, at.id, act, |tx, doing| async move {
            let case = self.held_at(&tx, &doing, at).await?;
            // Whichever machine says no: without a card the application does, of a card handed over its own life.
            case.application_state.after(ApplicationEvent::CardGivenUp)?;
            let card = case.bound.as_ref().ok_or(OfficeError::Unreadable(cases::TABLE))?;
            card.lifecycle.after(LifecycleEvent::GivenUp)?;
            let card = (card.id, card.lifecycle);
            let words = self.seal_words(&doing, words);
            self.damage(&tx, &doing, &case, card, GIVEN_UP, Some(words)).await
        })
        .await
    }

    /// A card that is not active is no longer good: its certificates and notice neither, and its case waits for a blank.
    async fn damage(
        &self,
        tx: &Tx,
        doing: &Doing,
        case: &CaseRow,
        (card, stands): (CardId, Lifecycle),
        reason: &str,
        words: Option<SealedWords>,
    ) -> Result<i64, OfficeError> {
        cases::clear_sights(tx, case.id).await?;
        self.live_on(tx, doing, card, stands, (LifecycleEvent::GivenUp, Some(reason)))
            .await?;
        // It leaves the reader, or its place of the shelf, for the drawer until it is destroyed.
        if matches!(
            cases::place_of(tx, card).await?.kind(),
            PlaceKind::Reader | PlaceKind::Shelf
        ) {
            let away = (Custody::drawer(doing.desk()), Evidence::Words);
            self.transfer(tx, doing, card, away, None).await?;
        }
        // RFC 5280 §5.3.1: another certificate takes its place; no key is known to be compromised.
        let revoked = tx
            .execute(
                "-- revoke_card\n\
                 UPDATE office.certificate SET revoked_at = $2, revocation = 'superseded'\n\
                 WHERE card = $1 AND revoked_at IS NULL",
                &[&card.uuid(), &doing.at],
            )
            .await?;
        end_notice(tx, doing, case.id).await?;
        let version = self
            .advance(tx, doing, case, ApplicationEvent::CardGivenUp, With::default())
            .await?;
        let subjects = json!({ "case": case.id, "card": card });
        let details = CardDamaged {
            reason: reason.to_owned(),
            words,
            revoked,
        };
        self.record(tx, doing, subjects, details).await?;
        Ok(version)
    }

    /// The last of the making, when every step is done: card and case are made.
    async fn card_made(
        &self,
        tx: &Tx,
        mut doing: Doing,
        card: CardId,
        hand: &CardInHand,
        took: i64,
    ) -> Result<(), OfficeError> {
        let case = hand.case.id;
        self.live_on(tx, &doing, card, hand.card.state, (LifecycleEvent::Finished, None))
            .await?;
        let out = (Custody::drawer(doing.desk()), Evidence::MakingDone);
        self.transfer(tx, &doing, card, out, None).await?;
        let with = With {
            card: Some(card),
            ..With::default()
        };
        self.advance(tx, &doing, &hand.case, ApplicationEvent::CardMade, with)
            .await?;
        doing.took = Some(cases::duration(took));
        self.keep_timing(tx, &doing, case, Phase::Making).await?;
        let subjects = json!({ "case": case, "card": card });
        self.record(tx, &doing, subjects, CardMade { took_us: took }).await
    }

    /// Refuses unless the card is being made in a case that the session holds.
    async fn must_be_making(&self, tx: &Tx, doing: &Doing, card: CardId, hand: &CardInHand) -> Result<(), OfficeError> {
        if hand.card.state != CardState::Making {
            return Err(OfficeError::CardConflict(format!(
                "the card is {}",
                hand.card.state.as_str()
            )));
        }
        self.must_hold(tx, doing, hand.lease.clone()).await?;
        match self.state_of(&hand.case)? {
            CaseState::Making { card: bound } if bound == card => Ok(()),
            _ => Err(OfficeError::CardConflict("another card is bound to the case".into())),
        }
    }
}

/// A card with its case, locked, and whoever holds that.
struct CardInHand {
    card: CardRow,
    case: CaseRow,
    lease: Option<LeaseRow>,
}

async fn card_in_hand(tx: &Tx, card: CardId) -> Result<CardInHand, OfficeError> {
    let row = tx
        .query_opt(
            &format!(
                "-- card_in_hand\n\
                 SELECT {COLUMNS}, hand.chip, hand.state AS card_state, l.session AS lease_session,\n\
                 l.staff AS lease_staff, l.desk AS lease_desk, l.until AS lease_until\n\
                 FROM office.card hand JOIN office.card_case c ON c.id = hand.case_id {WITH_CARD}\n\
                 LEFT JOIN office.case_lease l ON l.case_id = c.id WHERE hand.id = $1 FOR UPDATE OF c"
            ),
            &[&card.uuid()],
        )
        .await?
        .ok_or_else(|| OfficeError::CardConflict("no such card".into()))?;
    let case = CaseRow::read(&row)?;
    let lease = row.get::<_, Option<Uuid>>("lease_session").map(|session| LeaseRow {
        session: SessionId::from_uuid(session),
        staff: StaffId::from_uuid(row.get("lease_staff")),
        desk: row.get("lease_desk"),
        until: row.get("lease_until"),
    });
    Ok(CardInHand {
        card: CardRow {
            case: case.id,
            chip: row.get("chip"),
            state: cases::card_state(row.get("card_state"))?,
        },
        case,
        lease,
    })
}

async fn chip_bound(tx: &Tx, chip: &[u8]) -> Result<Option<(CardId, CaseId, CardState)>, OfficeError> {
    let known = tx
        .query_opt(
            "-- chip_bound\nSELECT id, case_id, state FROM office.card WHERE chip = $1",
            &[&chip],
        )
        .await?;
    known
        .map(|row| {
            let case = CaseId::from_uuid(row.get("case_id"));
            Ok((
                CardId::from_uuid(row.get("id")),
                case,
                cases::card_state(row.get("state"))?,
            ))
        })
        .transpose()
}

/// The schema's refusals in the procedure's words.
fn named<T>(written: Result<T, OfficeError>) -> Result<T, OfficeError> {
    match written {
        Err(OfficeError::Store(error)) if error.is_constraint("public_key_once") => Err(same_key()),
        Err(OfficeError::Store(error)) if error.is_constraint("certificate_pkey") => {
            Err(OfficeError::CardConflict("the serial was reserved before".into()))
        }
        written => written,
    }
}
