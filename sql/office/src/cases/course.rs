//! The course of a case out of the audit trail, where the journal is read from too: a case's page and its journal cannot
//! tell two stories.

use issuance::{
    acts::{
        ActRow, AuditAct, CardBound, CardExpired, CardMade, CardPinReset, CardPinSet, CardResumed, CardRevoked,
        CardSuspended, CaseApplied, CaseCancelled, CaseHandedOver, CaseShelved, CaseVerified, PaperPrinted,
        ParcelReceived,
    },
    case::ShelfPlace,
    course::{Course, Passed, Stage},
    staff::StaffId,
};
use serde_json::Value;
use store::{Row, Tx};

use super::CaseRow;
use crate::{Office, OfficeError};

/// The acts by which a stage is passed, as the trail names them.
const PASSED_BY: [(&ActRow, Stage); 15] = [
    (CaseApplied::ROW, Stage::Applied),
    (CaseVerified::ROW, Stage::Verified),
    (CardBound::ROW, Stage::Bound),
    (CardMade::ROW, Stage::Made),
    (CardPinSet::ROW, Stage::PinSet),
    (CardPinReset::ROW, Stage::PinSet),
    (PaperPrinted::ROW, Stage::NoticePrinted),
    (CaseShelved::ROW, Stage::Shelved),
    (CaseHandedOver::ROW, Stage::HandedOver),
    (ParcelReceived::ROW, Stage::HandedOver),
    (CardSuspended::ROW, Stage::Restated),
    (CardResumed::ROW, Stage::Restated),
    (CardRevoked::ROW, Stage::Restated),
    (CardExpired::ROW, Stage::Restated),
    (CaseCancelled::ROW, Stage::Cancelled),
];

impl Office {
    /// The stages that the case and its present card passed: a card given up took its own with it.
    pub(super) async fn course(&self, tx: &Tx, case: &CaseRow) -> Result<Course, OfficeError> {
        let acts = PASSED_BY.map(|(act, _)| act.name);
        let card = case.card.map(|card| card.to_string());
        let rows = tx
            .query(
                "-- course\n\
                 SELECT at, actor, act, details FROM office.audit_event\n\
                 WHERE case_id = $1 AND outcome = 'done' AND act = ANY ($2)\n\
                 AND (subjects ->> 'card' IS NULL OR subjects ->> 'card' = $3)\n\
                 AND (act <> 'paper.printed' OR details ->> 'paper' = 'notice') ORDER BY seq",
                &[&case.id.uuid(), &acts.as_slice(), &card],
            )
            .await?;
        let mut course = Course::new();
        for row in &rows {
            let act: &str = row.get("act");
            if let Some((_, stage)) = PASSED_BY.iter().find(|(known, _)| known.name == act) {
                course.insert(*stage, passed(row));
            }
        }
        let ids: Vec<String> = course.values_mut().flat_map(people).map(|who| who.clone()).collect();
        let names = self.names(tx, &ids).await?;
        for who in course.values_mut().flat_map(people) {
            if let Some(name) = names.get(who) {
                who.clone_from(name);
            }
        }
        Ok(course)
    }
}

/// As the trail has it: people by their ids.
fn passed(row: &Row) -> Passed {
    let by: String = row.get("actor");
    let (others, shelf) = facts(row.get("act"), row.get("details"));
    let mut with: Vec<String> = Vec::new();
    for id in others.iter().map(ToString::to_string) {
        if id != by && !with.contains(&id) {
            with.push(id);
        }
    }
    Passed {
        at: row.get("at"),
        by,
        with,
        shelf,
    }
}

/// Who else had a part in an act, and the place in the shelf it names.
fn facts(act: &str, details: Value) -> (Vec<StaffId>, Option<ShelfPlace>) {
    fn others<A: AuditAct>(details: Value, others: impl Fn(A) -> Vec<StaffId>) -> (Vec<StaffId>, Option<ShelfPlace>) {
        (serde_json::from_value(details).map(others).unwrap_or_default(), None)
    }
    let is = |row: &ActRow| row.name == act;
    if is(CaseVerified::ROW) {
        others(details, |act: CaseVerified| act.approved_by.into_iter().collect())
    } else if is(CardBound::ROW) {
        others(details, |act: CardBound| act.approved_by.into_iter().collect())
    } else if is(CaseHandedOver::ROW) {
        others(details, |act: CaseHandedOver| {
            act.first.into_iter().chain(act.second).collect()
        })
    } else if is(CardRevoked::ROW) {
        others(details, |act: CardRevoked| vec![act.approved_by])
    } else if is(CaseShelved::ROW) {
        let shelved: Option<CaseShelved> = serde_json::from_value(details).ok();
        (Vec::new(), shelved.map(|act| act.shelf))
    } else {
        (Vec::new(), None)
    }
}

fn people(passed: &mut Passed) -> impl Iterator<Item = &mut String> {
    std::iter::once(&mut passed.by).chain(&mut passed.with)
}
