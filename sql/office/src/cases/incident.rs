//! What goes wrong with a case: written down at once, open until someone says how it ended.

use issuance::{
    acts::{AuditAct, IncidentClosed, IncidentOpened, SecondPurpose},
    case::CaseId,
    handover::Mismatch,
    staff::StaffId,
};
use relay_core::id::Id;
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;

use super::{ApprovalId, CaseAt, HandoverRefusal, handover::clear_sights, verification::use_approval};
use crate::{Act, Office, OfficeError};

/// Kind of [`IncidentId`].
pub enum IncidentKeyKind {}
/// An incident.
pub type IncidentId = Id<IncidentKeyKind>;

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncidentKind {
    /// Notice, shelf and chip did not agree.
    HandoverMismatch,
    /// The PIN is blocked.
    PinBlocked,
    /// The card does not work.
    CardFault,
    Other,
}

impl IncidentKind {
    const ALL: [Self; 4] = [Self::HandoverMismatch, Self::PinBlocked, Self::CardFault, Self::Other];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandoverMismatch => "handover_mismatch",
            Self::PinBlocked => "pin_blocked",
            Self::CardFault => "card_fault",
            Self::Other => "other",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that went wrong, to be written down.
#[derive(Debug, Clone)]
pub struct NewIncident {
    pub kind: IncidentKind,
    /// At a handover: what did not agree.
    pub mismatched: Vec<Mismatch>,
    /// The clerk's words; kept sealed.
    pub note: String,
}

/// An incident as written down.
#[derive(Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub kind: IncidentKind,
    /// At a handover: what did not agree ([`Mismatch::as_str`]).
    pub mismatched: Vec<String>,
    pub note: String,
    pub opened_at: OffsetDateTime,
    pub opened_by: String,
}

impl std::fmt::Debug for Incident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Incident({}, {})", self.id, self.kind.as_str())
    }
}

const TABLE: &str = "office.incident";

impl Office {
    /// Writes an incident down. The card stays, or goes back, where it lay; looks taken are forgotten.
    /// Gives the incident and the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn open_incident(
        &self,
        act: &Act,
        at: CaseAt,
        new: &NewIncident,
    ) -> Result<(IncidentId, i64), OfficeError> {
        self.act(
            "open_incident",
            IncidentOpened::ROW,
            at.id,
            act,
            |tx, doing| async move {
                let row = self.held_at(&tx, &doing, at).await?;
                let id: IncidentId = self.fresh();
                let mismatched: Vec<&str> = new.mismatched.iter().map(|one| one.as_str()).collect();
                tx.execute(
                    "-- open_incident\n\
                 INSERT INTO office.incident (id, case_id, kind, mismatched, note, opened_at, opened_by)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &[
                        &id.uuid(),
                        &at.id.uuid(),
                        &new.kind.as_str(),
                        &mismatched,
                        &self.seal(TABLE, id.uuid(), "note", new.note.as_bytes()),
                        &doing.at,
                        &doing.staff()?.uuid(),
                    ],
                )
                .await?;
                clear_sights(&tx, at.id).await?;
                let version = self.touch(&tx, &row).await?;
                let subjects = json!({ "case": at.id, "incident": id });
                let details = IncidentOpened {
                    kind: new.kind.as_str().to_owned(),
                    mismatched: new.mismatched.clone(),
                };
                self.record(&tx, &doing, subjects, details).await?;
                Ok((id, version))
            },
        )
        .await
    }

    /// Settles an incident; `ending` says how, and is kept sealed. `second` is another clerk's agreement, used up here. Gives
    /// the case's new version.
    ///
    /// # Errors
    /// [`ApprovalRefusal::Missing`](super::ApprovalRefusal::Missing),
    /// [`OfficeError::NotFound`] when it is settled already or of another case, [`OfficeError::NotHeld`]
    pub async fn close_incident(
        &self,
        act: &Act,
        at: CaseAt,
        incident: IncidentId,
        ending: &str,
        second: ApprovalId,
    ) -> Result<i64, OfficeError> {
        self.act(
            "close_incident",
            IncidentClosed::ROW,
            at.id,
            act,
            |tx, doing| async move {
                let row = self.held_at(&tx, &doing, at).await?;
                let other = use_approval(&tx, &doing, at.id, SecondPurpose::Incident, second).await?;
                let closed = tx
                    .execute(
                        "-- close_incident\n\
                     UPDATE office.incident SET closed_at = $3, closed_by = $4, ending = $5, closed_with = $6\n\
                     WHERE id = $1 AND case_id = $2 AND closed_at IS NULL",
                        &[
                            &incident.uuid(),
                            &at.id.uuid(),
                            &doing.at,
                            &doing.staff()?.uuid(),
                            &self.seal(TABLE, incident.uuid(), "ending", ending.as_bytes()),
                            &other.uuid(),
                        ],
                    )
                    .await?;
                if closed == 0 {
                    return Err(OfficeError::NotFound("open incident"));
                }
                let version = self.touch(&tx, &row).await?;
                let subjects = json!({ "case": at.id, "incident": incident });
                let approved_by = Some(other);
                self.record(&tx, &doing, subjects, IncidentClosed { approved_by })
                    .await?;
                Ok(version)
            },
        )
        .await
    }

    /// Refuses while something that went wrong with the case is not settled.
    pub(crate) async fn no_incident(&self, tx: &Tx, case: CaseId) -> Result<(), OfficeError> {
        match self.open_incidents(tx, case).await?.is_empty() {
            true => Ok(()),
            false => Err(HandoverRefusal::IncidentOpen.into()),
        }
    }

    pub(crate) async fn open_incidents(&self, tx: &Tx, case: CaseId) -> Result<Vec<Incident>, OfficeError> {
        let rows = tx
            .query(
                "-- open_incidents\n\
                 SELECT id, kind, mismatched, note, opened_at, opened_by FROM office.incident\n\
                 WHERE case_id = $1 AND closed_at IS NULL ORDER BY opened_at",
                &[&case.uuid()],
            )
            .await?;
        let mut incidents = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = IncidentId::from_uuid(row.get("id"));
            incidents.push(Incident {
                id,
                kind: IncidentKind::read(row.get("kind")).ok_or(OfficeError::Unreadable(TABLE))?,
                mismatched: row.get("mismatched"),
                note: self.open_text(TABLE, id.uuid(), "note", row.get("note"))?,
                opened_at: row.get("opened_at"),
                opened_by: self.staff_name(tx, StaffId::from_uuid(row.get("opened_by"))).await?,
            });
        }
        Ok(incidents)
    }
}
