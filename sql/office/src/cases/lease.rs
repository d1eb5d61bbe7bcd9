//! Holding a case: one desk at a time, for a while, renewed while it works; broken only in the open.

use std::time::Duration;

use issuance::{
    acts::{AuditAct, CaseClaimed, CaseLeaseBroken, CaseReleased},
    case::CaseId,
    staff::StaffId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{case_row, handover::clear_sights_of_others};
use crate::{Act, Office, OfficeError, SessionId, act::Doing};

/// How long a hold lasts unless it is renewed. Long enough for a talk with the resident, short enough that a console
/// that died does not block the counter for the morning.
pub const LEASE: Duration = Duration::from_secs(10 * 60);

/// Who has a case open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub session: SessionId,
    pub staff: String,
    pub desk: String,
    /// Until when, unless renewed.
    pub until: OffsetDateTime,
}

/// What a claim gave.
#[derive(Serialize, Deserialize)]
struct Until(#[serde(with = "time::serde::timestamp::microseconds")] OffsetDateTime);

#[derive(Clone)]
pub(crate) struct LeaseRow {
    pub(crate) session: SessionId,
    pub(crate) staff: StaffId,
    pub(crate) desk: String,
    pub(crate) until: OffsetDateTime,
}

impl Office {
    /// Opens `case` at the session's desk; until when it holds. Claiming what the session holds already renews it.
    ///
    /// # Errors
    /// [`OfficeError::HeldBy`] while another desk holds it.
    pub async fn claim(&self, act: &Act, case: CaseId) -> Result<OffsetDateTime, OfficeError> {
        let until: Until = self
            .act("claim", CaseClaimed::ROW, case, act, |tx, doing| async move {
                case_row(&tx, case, true).await?;
                let session = doing.session()?;
                match self.lease_row(&tx, case).await? {
                    Some(lease) if lease.session != session && lease.until > doing.at => {
                        return Err(self.held_by(&tx, lease).await?);
                    }
                    _ => {}
                }
                let until = self.take_lease(&tx, &doing, case).await?;
                self.record(&tx, &doing, json!({ "case": case }), CaseClaimed {})
                    .await?;
                Ok(Until(until))
            })
            .await?;
        Ok(until.0)
    }

    /// Goes on holding `case`; until when. Not an act: nothing changes for anyone else.
    ///
    /// # Errors
    /// [`OfficeError::HeldBy`] or [`OfficeError::NotHeld`] when it was taken over or let go of.
    pub async fn renew(&self, session: SessionId, case: CaseId) -> Result<OffsetDateTime, OfficeError> {
        self.store
            .run("renew", |tx| async move {
                let doing = self.doing(&tx, &Act::of(session, session.uuid())).await?;
                match self.lease_row(&tx, case).await? {
                    Some(lease) if lease.session == session => self.take_lease(&tx, &doing, case).await,
                    Some(lease) => Err(self.held_by(&tx, lease).await?),
                    None => Err(OfficeError::NotHeld),
                }
            })
            .await
    }

    /// Lets go of `case`. Letting go of what is not held is no error.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`]
    pub async fn release(&self, act: &Act, case: CaseId) -> Result<(), OfficeError> {
        self.act("release", CaseReleased::ROW, case, act, |tx, doing| async move {
            let released = tx
                .execute(
                    "-- release\nDELETE FROM office.case_lease WHERE case_id = $1 AND session = $2",
                    &[&case.uuid(), &doing.session()?.uuid()],
                )
                .await?;
            if released > 0 {
                self.record(&tx, &doing, json!({ "case": case }), CaseReleased {})
                    .await?;
            }
            Ok(())
        })
        .await
    }

    /// Takes over a case that another desk holds; the trail says from whom, and why (`reason`, sealed).
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::SessionOver`]
    pub async fn break_lease(&self, act: &Act, case: CaseId, reason: &str) -> Result<OffsetDateTime, OfficeError> {
        let until: Until = self
            .act("break_lease", CaseLeaseBroken::ROW, case, act, |tx, doing| async move {
                case_row(&tx, case, true).await?;
                let before = self.lease_row(&tx, case).await?;
                let until = self.take_lease(&tx, &doing, case).await?;
                let (held_by, held_at) = match before {
                    Some(lease) => (Some(lease.staff), Some(lease.desk)),
                    None => (None, None),
                };
                let subjects = json!({ "case": case, "staff": held_by });
                let details = CaseLeaseBroken {
                    held_at,
                    words: self.seal_words(&doing, reason),
                };
                self.record(&tx, &doing, subjects, details).await?;
                Ok(Until(until))
            })
            .await?;
        Ok(until.0)
    }

    /// The cases a session holds: what a console that was restarted finds open.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn held_cases(&self, session: SessionId) -> Result<Vec<CaseId>, OfficeError> {
        self.read("held_cases", |tx| async move {
            let rows = tx
                .query(
                    "-- held_cases\nSELECT case_id FROM office.case_lease WHERE session = $1 ORDER BY taken_at",
                    &[&session.uuid()],
                )
                .await?;
            Ok(rows.iter().map(|row| CaseId::from_uuid(row.get(0))).collect())
        })
        .await
    }

    pub(crate) async fn holder_of(
        &self,
        tx: &Tx,
        case: CaseId,
        now: OffsetDateTime,
    ) -> Result<Option<Holder>, OfficeError> {
        match self.lease_row(tx, case).await? {
            Some(lease) if lease.until > now => Ok(Some(Holder {
                session: lease.session,
                staff: self.staff_name(tx, lease.staff).await?,
                desk: lease.desk,
                until: lease.until,
            })),
            _ => Ok(None),
        }
    }

    pub(crate) async fn lease_row(&self, tx: &Tx, case: CaseId) -> Result<Option<LeaseRow>, OfficeError> {
        let row = tx
            .query_opt(
                "-- lease_row\nSELECT session, staff, desk, until FROM office.case_lease WHERE case_id = $1",
                &[&case.uuid()],
            )
            .await?;
        Ok(row.map(|row| LeaseRow {
            session: SessionId::from_uuid(row.get("session")),
            staff: StaffId::from_uuid(row.get("staff")),
            desk: row.get("desk"),
            until: row.get("until"),
        }))
    }

    /// Writes the hold of the acting session, whoever held the case before.
    pub(crate) async fn take_lease(&self, tx: &Tx, doing: &Doing, case: CaseId) -> Result<OffsetDateTime, OfficeError> {
        let until = doing.at + LEASE;
        clear_sights_of_others(tx, case, doing.session()?).await?;
        let session: Uuid = doing.session()?.uuid();
        tx.execute(
            "-- take_lease\n\
             INSERT INTO office.case_lease (case_id, staff, desk, session, taken_at, until)\n\
             VALUES ($1, $2, $3, $4, $5, $6)\n\
             ON CONFLICT (case_id) DO UPDATE SET staff = excluded.staff, desk = excluded.desk,\n\
             session = excluded.session, until = excluded.until, taken_at = CASE\n\
             WHEN case_lease.session = excluded.session THEN least(case_lease.taken_at, excluded.taken_at)\n\
             ELSE excluded.taken_at END",
            &[
                &case.uuid(),
                &doing.staff()?.uuid(),
                &doing.desk(),
                &session,
                &doing.at,
                &until,
            ],
        )
        .await?;
        Ok(until)
    }

    async fn held_by(&self, tx: &Tx, lease: LeaseRow) -> Result<OfficeError, OfficeError> {
        Ok(OfficeError::HeldBy {
            staff: self.staff_name(tx, lease.staff).await?,
            desk: lease.desk,
            until: lease.until,
        })
    }
}
