//! PIN, shelf and handover: the card becomes active when notice, shelf, chip and PIN agree and the looks the rule
//! asks for were taken, and not before.

mod refusal;

use issuance::{
    acts::{
        ActRow, AuditAct, CardPinReset, CardPinResetBegun, CardPinSet, CaseHandedOver, CaseShelved, HandoverLooked,
        SecondPurpose,
    },
    case::{CardId, CaseId, CaseState, HandoverChecked, ShelfPlace},
    custody::{Custody, Evidence},
    handover::{Found, HandoverRefused, OnCounter, Recorded, Sight, SightConfirmed, SightRule, check, compare},
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::NotNow,
    staff::StaffId,
};
use serde_json::json;
use store::Tx;

use super::{ApprovalId, CaseAt, CaseRow, Phase, custody::occupant, paper::end_notice, verification::use_approval};
use crate::{Act, Office, OfficeError, SessionId, act::Doing};

pub use refusal::HandoverRefusal;

impl Office {
    /// Whether the PIN of the case's made card may be set now: asked before the chip is touched. Setting it anew
    /// (`again`) is recorded already here, for the chip may take it and the records be away afterwards.
    ///
    /// # Errors
    /// [`HandoverRefusal::PinAlreadySet`], [`HandoverRefusal::PinNotSet`] when there is none to set anew,
    /// [`OfficeError::NotNow`] before the card is made and after it is handed over, [`OfficeError::NotAllowed`],
    /// [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn may_set_pin(&self, act: &Act, at: CaseAt, again: bool) -> Result<(), OfficeError> {
        self.act("may_set_pin", pin_act(again), at.id, act, |tx, doing| async move {
            let (_, card) = self.pin_of(&tx, &doing, at).await?;
            let row = tx
                .query_one(
                    "-- pin_known\nSELECT pin_set_at IS NOT NULL FROM office.card WHERE id = $1",
                    &[&card.uuid()],
                )
                .await?;
            match (again, row.get::<_, bool>(0)) {
                (false, true) => Err(HandoverRefusal::PinAlreadySet.into()),
                (true, false) => Err(HandoverRefusal::PinNotSet.into()),
                (false, false) => Ok(()),
                (true, true) => {
                    let subjects = json!({ "case": at.id, "card": card });
                    self.record(&tx, &doing, subjects, CardPinResetBegun {}).await
                }
            }
        })
        .await
    }

    /// Records that the resident set the PIN on the made card. Gives the case's new version.
    ///
    /// # Errors
    /// [`HandoverRefusal::PinAlreadySet`], [`OfficeError::NotNow`] before the card is made, [`OfficeError::NotAllowed`]
    pub async fn pin_set(&self, act: &Act, at: CaseAt) -> Result<i64, OfficeError> {
        self.pin_is_set(act, at, false).await
    }

    /// Records that the resident set the PIN anew. Looks taken are forgotten. Gives the case's new version.
    ///
    /// # Errors
    /// [`HandoverRefusal::PinNotSet`] when there was none, [`OfficeError::NotNow`], [`OfficeError::NotAllowed`]
    pub async fn pin_reset(&self, act: &Act, at: CaseAt) -> Result<i64, OfficeError> {
        self.pin_is_set(act, at, true).await
    }

    async fn pin_is_set(&self, act: &Act, at: CaseAt, again: bool) -> Result<i64, OfficeError> {
        let verb = if again { "pin_reset" } else { "pin_set" };
        self.act(verb, pin_act(again), at.id, act, |tx, doing| async move {
            let (row, card) = self.pin_of(&tx, &doing, at).await?;
            let set = tx
                .execute(
                    "-- pin_set\n\
                     UPDATE office.card SET pin_set_at = $2 WHERE id = $1 AND (pin_set_at IS NOT NULL) = $3",
                    &[&card.uuid(), &doing.at, &again],
                )
                .await?;
            match (set, again) {
                (0, false) => return Err(HandoverRefusal::PinAlreadySet.into()),
                (0, true) => return Err(HandoverRefusal::PinNotSet.into()),
                (_, false) => {}
                (_, true) => clear_sights(&tx, at.id).await?,
            }
            let subjects = json!({ "case": at.id, "card": card });
            match again {
                true => self.record(&tx, &doing, subjects, CardPinReset {}).await?,
                false => self.record(&tx, &doing, subjects, CardPinSet {}).await?,
            }
            Ok(self.touch(&tx, &row).await?)
        })
        .await
    }

    /// The case, held and as it was seen, and its card, which is made and not yet handed over.
    async fn pin_of(&self, tx: &Tx, doing: &Doing, at: CaseAt) -> Result<(CaseRow, CardId), OfficeError> {
        let row = self.held_at(tx, doing, at).await?;
        match self.state_of(&row)? {
            CaseState::Made { card } | CaseState::Shelved { card, .. } => Ok((row, card)),
            state => Err(not_now(state.name(), "pin_set")),
        }
    }

    /// Puts the card in the shelf, or in another place of it. Gives the case's new version.
    ///
    /// # Errors
    /// [`HandoverRefusal::ShelfTaken`], [`OfficeError::NotNow`], [`OfficeError::NotAllowed`]
    pub async fn shelve(&self, act: &Act, at: CaseAt, place: &ShelfPlace) -> Result<i64, OfficeError> {
        let shelved = self
            .act("shelve", CaseShelved::ROW, at.id, act, |tx, doing| async move {
                let row = self.held_at(&tx, &doing, at).await?;
                if let Some(taken) = occupant(&tx, place).await?
                    && taken.0 != at.id
                {
                    return Err(HandoverRefusal::ShelfTaken(taken.1).into());
                }
                let (CaseState::Made { card } | CaseState::Shelved { card, .. }) = self.state_of(&row)? else {
                    return Err(not_now(self.state_of(&row)?.name(), "shelved"));
                };
                let there = (Custody::shelf(place), Evidence::PlaceScanned);
                self.transfer(&tx, &doing, card, there, None).await?;
                let version = self.went_on(&tx, &doing, &row, false).await?;
                clear_sights(&tx, at.id).await?;
                let subjects = json!({ "case": at.id, "card": card });
                let shelf = place.clone();
                self.record(&tx, &doing, subjects, CaseShelved { shelf }).await?;
                Ok(version)
            })
            .await;
        match shelved {
            // Two desks chose the place at the same moment; the schema let one have it.
            Err(OfficeError::Store(error)) if error.is_constraint("place_holds_one") => {
                let taken = self
                    .read("shelf_occupant", |tx| async move { occupant(&tx, place).await })
                    .await?;
                match taken {
                    Some((_, number)) => Err(HandoverRefusal::ShelfTaken(number).into()),
                    None => Err(error.into()),
                }
            }
            shelved => shelved,
        }
    }

    /// What the records say of a card in the shelf, to be laid beside what is on the counter.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] when it is not in the shelf, [`HandoverRefusal::NoNotice`]
    pub async fn handover_record(&self, case: CaseId) -> Result<Recorded, OfficeError> {
        self.read("handover_record", |tx| async move {
            let row = super::case_row(&tx, case, false).await?;
            self.recorded(&tx, &row).await
        })
        .await
    }

    /// The looks taken so far at a handover under way, in order.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn sights(&self, case: CaseId) -> Result<Vec<SightConfirmed>, OfficeError> {
        self.read("sights", |tx| async move { sights(&tx, case).await }).await
    }

    /// Records a look at person, name and card: the first or the second (`time`), with what the clerk confirmed. The second clerk's goes by the agreement
    /// they gave with their own card, which is used up.
    ///
    /// # Errors
    /// [`HandoverRefusal::NotAllLookedAt`], [`OfficeError::NotNow`], [`ApprovalRefusal::Missing`](super::ApprovalRefusal::Missing),
    /// [`OfficeError::NotAllowed`]
    pub async fn confirm_sight(
        &self,
        act: &Act,
        at: CaseAt,
        time: u8,
        looked_at: &[Sight],
        by_second: Option<ApprovalId>,
    ) -> Result<(), OfficeError> {
        self.act(
            "confirm_sight",
            HandoverLooked::ROW,
            at.id,
            act,
            |tx, doing| async move {
                let row = self.held_at(&tx, &doing, at).await?;
                let CaseState::Shelved { card, .. } = self.state_of(&row)? else {
                    return Err(not_now(self.state_of(&row)?.name(), "sight"));
                };
                if !Sight::ALL.iter().all(|sight| looked_at.contains(sight)) {
                    return Err(HandoverRefusal::NotAllLookedAt.into());
                }
                let staff = match by_second {
                    Some(approval) => use_approval(&tx, &doing, at.id, SecondPurpose::Handover, approval).await?,
                    None => doing.staff()?,
                };
                // A first look taken again is of another moment: the second one of before does not follow it.
                tx.execute(
                    "-- forget_sight\nDELETE FROM office.handover_sight WHERE case_id = $1 AND time >= $2",
                    &[&at.id.uuid(), &i16::from(time)],
                )
                .await?;
                tx.execute(
                    "-- confirm_sight\n\
                 INSERT INTO office.handover_sight (case_id, time, card, staff, at) VALUES ($1, $2, $3, $4, $5)",
                    &[&at.id.uuid(), &i16::from(time), &card.uuid(), &staff.uuid(), &doing.at],
                )
                .await?;
                let subjects = json!({ "case": at.id, "card": card, "staff": staff });
                self.record(
                    &tx,
                    &doing,
                    subjects,
                    HandoverLooked {
                        time,
                        looked_at: looked_at.to_vec(),
                    },
                )
                .await
            },
        )
        .await
    }

    /// Lays what is on the counter beside the records before anyone looks. What does not agree is recorded as a refused
    /// handover: trying until it fits is seen.
    ///
    /// # Errors
    /// [`HandoverRefusal::Mismatched`] with what does not agree, [`HandoverRefusal::IncidentOpen`],
    /// [`HandoverRefusal::NoNotice`], [`OfficeError::NotNow`], [`OfficeError::NotAllowed`], [`OfficeError::NotHeld`]
    pub async fn compare_handover(&self, act: &Act, at: CaseAt, counter: &OnCounter) -> Result<(), OfficeError> {
        let compared = self
            .act(
                "compare_handover",
                CaseHandedOver::ROW,
                at.id,
                act,
                |tx, doing| async move {
                    let row = self.held_at(&tx, &doing, at).await?;
                    let recorded = self.recorded(&tx, &row).await?;
                    self.no_incident(&tx, at.id).await?;
                    let compared = compare(&recorded, counter).into_iter();
                    let mismatches: Vec<_> = compared.filter_map(|(one, agrees)| (!agrees).then_some(one)).collect();
                    match mismatches.is_empty() {
                        true => Ok(()),
                        false => Err(HandoverRefusal::from(HandoverRefused { mismatches }).into()),
                    }
                },
            )
            .await;
        self.forget_looks_when_refused(at.id, compared).await
    }

    /// Hands the card over: everything is compared once more inside the transaction; card and case change together.
    /// Gives the case's new version.
    ///
    /// # Errors
    /// [`HandoverRefusal::Mismatched`] with everything that does not agree (recorded), [`HandoverRefusal::IncidentOpen`],
    /// [`OfficeError::NotNow`], [`OfficeError::NotAllowed`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotHeld`]
    pub async fn hand_over(
        &self,
        act: &Act,
        at: CaseAt,
        counter: &OnCounter,
        rule: SightRule,
    ) -> Result<i64, OfficeError> {
        let over = self
            .act("hand_over", CaseHandedOver::ROW, at.id, act, |tx, doing| async move {
                let row = self.held_at(&tx, &doing, at).await?;
                let recorded = self.recorded(&tx, &row).await?;
                self.no_incident(&tx, at.id).await?;
                let found = Found {
                    counter: counter.clone(),
                    sights: sights(&tx, at.id).await?,
                };
                let checked = check(&recorded, &found, rule).map_err(HandoverRefusal::from)?;
                let version = self.give(&tx, &doing, &row, checked, (&found.sights, rule)).await?;
                end_notice(&tx, &doing, at.id).await?;
                self.keep_timing(&tx, &doing, at.id, Phase::Handover).await?;
                let subjects = json!({ "case": at.id, "card": recorded.card });
                let looked: Vec<StaffId> = found.sights.iter().map(|sight| sight.by).collect();
                let details = CaseHandedOver {
                    rule,
                    first: looked.first().copied(),
                    second: looked.last().copied(),
                };
                self.record(&tx, &doing, subjects, details).await?;
                Ok(version)
            })
            .await;
        self.forget_looks_when_refused(at.id, over).await
    }

    /// The card goes from the shelf into its holder's hand and may be used; the check is used up. Gives the case's new
    /// version.
    async fn give(
        &self,
        tx: &Tx,
        doing: &Doing,
        row: &CaseRow,
        checked: HandoverChecked,
        (sights, rule): (&[SightConfirmed], SightRule),
    ) -> Result<i64, OfficeError> {
        let card = checked.card();
        write_handover(tx, doing, &checked, sights, rule).await?;
        self.replace_card(tx, doing, card).await?;
        self.live_on(tx, doing, card, Lifecycle::Made, (LifecycleEvent::HandedOver, None))
            .await?;
        self.transfer(tx, doing, card, (Custody::HOLDER, Evidence::Handover), None)
            .await?;
        // The relay's front hears of it through the outbox: what is handed over can be used.
        self.register_card(tx, doing, card).await?;
        self.went_on(tx, doing, row, true).await
    }

    /// What was looked at was something else than this case's card and notice: whoever brings the right ones looks anew.
    /// The refusal rolled its own transaction back.
    async fn forget_looks_when_refused<T>(
        &self,
        case: CaseId,
        ended: Result<T, OfficeError>,
    ) -> Result<T, OfficeError> {
        if let Err(error) = &ended
            && let Some(HandoverRefusal::Mismatched(refused)) = error.refused_as()
            && refused.is_incident()
        {
            self.store
                .run("forget_sights", |tx| async move { clear_sights(&tx, case).await })
                .await?;
        }
        ended
    }

    async fn recorded(&self, tx: &Tx, row: &CaseRow) -> Result<Recorded, OfficeError> {
        let CaseState::Shelved { card, shelf } = self.state_of(row)? else {
            return Err(not_now(self.state_of(row)?.name(), "handed_over"));
        };
        let known = tx
            .query_one(
                "-- card_in_shelf\nSELECT chip, pin_set_at IS NOT NULL AS pin_set FROM office.card WHERE id = $1",
                &[&card.uuid()],
            )
            .await?;
        let notice = self.good_notice(tx, row.id).await?.ok_or(HandoverRefusal::NoNotice)?;
        Ok(Recorded {
            case: row.id,
            number: row.number,
            card,
            chip: known.get("chip"),
            shelf: Some(shelf),
            token: notice.token,
            pin_set: known.get("pin_set"),
        })
    }
}

/// Forgets looks that `session` did not take while it has held the case without a break: the person they were taken of
/// may have left with the clerk. Those of a card handed over stay, for its receipt.
pub(crate) async fn clear_sights_of_others(tx: &Tx, case: CaseId, session: SessionId) -> Result<(), OfficeError> {
    tx.execute(
        "-- clear_sights_of_others\n\
         DELETE FROM office.handover_sight s USING office.card_case c\n\
         WHERE s.case_id = $1 AND c.id = s.case_id AND c.closed_at IS NULL\n\
         AND NOT EXISTS (SELECT FROM office.case_lease l WHERE l.case_id = $1 AND l.session = $2)",
        &[&case.uuid(), &session.uuid()],
    )
    .await?;
    Ok(())
}

/// Forgets the looks taken: the card went back, or is no more.
pub(crate) async fn clear_sights(tx: &Tx, case: CaseId) -> Result<(), OfficeError> {
    tx.execute(
        "-- clear_sights\nDELETE FROM office.handover_sight WHERE case_id = $1",
        &[&case.uuid()],
    )
    .await?;
    Ok(())
}

async fn sights(tx: &Tx, case: CaseId) -> Result<Vec<SightConfirmed>, OfficeError> {
    let rows = tx
        .query(
            "-- sights\n\
             SELECT s.staff, s.at FROM office.handover_sight s JOIN office.card_case c ON c.id = s.case_id AND c.card = s.card\n\
             WHERE s.case_id = $1 ORDER BY s.time",
            &[&case.uuid()],
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| SightConfirmed {
            by: StaffId::from_uuid(row.get("staff")),
            at: row.get("at"),
        })
        .collect())
}

async fn write_handover(
    tx: &Tx,
    doing: &Doing,
    checked: &HandoverChecked,
    sights: &[SightConfirmed],
    rule: SightRule,
) -> Result<(), OfficeError> {
    let mut looks = sights.to_vec();
    looks.sort_by_key(|sight| sight.at);
    let (Some(first), Some(second)) = (looks.first(), looks.last()) else {
        return Err(OfficeError::NotFound("look at the card"));
    };
    let written = tx
        .execute(
            "-- write_handover\n\
         INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &checked.case().uuid(),
                &checked.card().uuid(),
                &doing.at,
                &rule_name(rule),
                &first.by.uuid(),
                &first.at,
                &second.by.uuid(),
                &second.at,
            ],
        )
        .await;
    match written {
        Err(error) if error.is_constraint("handover_looked_before") => Err(HandoverRefusal::ClockWentBack.into()),
        written => Ok(written.map(drop)?),
    }
}

/// As stored.
const fn rule_name(rule: SightRule) -> &'static str {
    match rule {
        SightRule::TwoClerks => "two_clerks",
        SightRule::OneClerkTwice => "one_clerk_twice",
    }
}

/// As recorded.
const fn pin_act(again: bool) -> &'static ActRow {
    match again {
        true => CardPinReset::ROW,
        false => CardPinSet::ROW,
    }
}

fn not_now(state: &'static str, event: &'static str) -> OfficeError {
    NotNow { state, event }.into()
}
