//! The person verified, and the second clerk's agreement where a rule asks for two people.

mod refusal;

use std::collections::BTreeSet;

pub use issuance::acts::SecondPurpose;
use issuance::{
    acts::{AuditAct, CaseApproved, CaseVerified},
    application::ApplicationEvent,
    case::CaseId,
    identity::Verification,
    staff::StaffId,
};
pub use refusal::ApprovalRefusal;
use relay_core::id::Id;
use serde_json::json;
use store::Tx;
use uuid::Uuid;

use super::{CaseAt, Phase, TABLE, With};
use crate::{Act, Office, OfficeError, act::Doing, staff::StaffRefusal};

/// Kind of [`ApprovalId`].
pub enum ApprovalKind {}
/// A second clerk's agreement.
pub type ApprovalId = Id<ApprovalKind>;

impl Office {
    /// Records that the holder of certificate `serial` agrees, once the console has seen that person's card sign
    /// under its own password. The agreement is for one case and one use.
    ///
    /// # Errors
    /// [`ApprovalRefusal::SamePerson`], [`StaffRefusal::Unknown`], [`OfficeError::NotAllowed`] when the second clerk
    /// lacks the role, [`OfficeError::NotHeld`]
    pub async fn approve(
        &self,
        act: &Act,
        case: CaseId,
        purpose: SecondPurpose,
        serial: &[u8],
    ) -> Result<(ApprovalId, StaffId), OfficeError> {
        self.act("approve", CaseApproved::ROW, case, act, |tx, doing| async move {
            self.held(&tx, &doing, case).await?;
            let checker = self.holder(&tx, serial).await?.ok_or(StaffRefusal::Unknown)?;
            let maker = doing.staff()?;
            if checker.id == maker {
                return Err(ApprovalRefusal::SamePerson.into());
            }
            if !checker.may(purpose.role()) {
                return Err(OfficeError::NotAllowed(purpose.role()));
            }
            let id: ApprovalId = self.fresh();
            tx.execute(
                "-- approve\n\
                 INSERT INTO office.second_approval (id, case_id, purpose, maker, checker, at) VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    &id.uuid(),
                    &case.uuid(),
                    &purpose.as_str(),
                    &maker.uuid(),
                    &checker.id.uuid(),
                    &doing.at,
                ],
            )
            .await?;
            let subjects = json!({ "case": case, "staff": checker.id });
            self.record(&tx, &doing, subjects, CaseApproved { purpose }).await?;
            Ok((id, checker.id))
        })
        .await
    }

    /// Records the verification of the person. Every exception in it needs an agreement of the second clerk it names,
    /// which is used up here. Gives the case's new version.
    ///
    /// # Errors
    /// [`ApprovalRefusal::Missing`], [`OfficeError::NotNow`], [`OfficeError::NotAllowed`],
    /// [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotHeld`]
    pub async fn verify_person(&self, act: &Act, at: CaseAt, verification: &Verification) -> Result<i64, OfficeError> {
        self.act("verify_person", CaseVerified::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            // What was decided by one clerk is not recorded as another's.
            if verification.record().clerk != doing.staff()? {
                return Err(ApprovalRefusal::OtherClerk.into());
            }
            // One agreement for each exception: nobody agrees to what is added after they have gone.
            for exception in &verification.record().exceptions {
                use_approval_of(
                    &tx,
                    &doing,
                    at.id,
                    SecondPurpose::VerificationException,
                    exception.second,
                )
                .await?;
            }
            let seconds: BTreeSet<StaffId> = verification.record().exceptions.iter().map(|one| one.second).collect();
            let sealed = self.seal_value(TABLE, at.id.uuid(), "verification", verification)?;
            let with = With {
                verification: Some(sealed),
                ..With::default()
            };
            let version = self
                .advance(&tx, &doing, &row, ApplicationEvent::PersonVerified, with)
                .await?;
            self.keep_timing(&tx, &doing, at.id, Phase::Verification).await?;
            let details = CaseVerified {
                exceptions: verification.record().exceptions.len(),
                approved_by: seconds,
            };
            self.record(&tx, &doing, json!({ "case": at.id }), details).await?;
            Ok(version)
        })
        .await
    }
}

/// Uses up an agreement of `checker`; one-shot.
async fn use_approval_of(
    tx: &Tx,
    doing: &Doing,
    case: CaseId,
    purpose: SecondPurpose,
    checker: StaffId,
) -> Result<(), OfficeError> {
    let used = tx
        .execute(
            "-- use_approval_of\n\
             UPDATE office.second_approval SET used_at = $5 WHERE id = (\n\
             SELECT id FROM office.second_approval WHERE case_id = $1 AND purpose = $2 AND maker = $3 AND checker = $4\n\
             AND used_at IS NULL ORDER BY at LIMIT 1)",
            &[
                &case.uuid(),
                &purpose.as_str(),
                &doing.staff()?.uuid(),
                &checker.uuid(),
                &doing.at,
            ],
        )
        .await?;
    if used == 1 {
        Ok(())
    } else {
        Err(ApprovalRefusal::Missing.into())
    }
}

/// Uses up one agreement; who gave it.
pub(crate) async fn use_approval(
    tx: &Tx,
    doing: &Doing,
    case: CaseId,
    purpose: SecondPurpose,
    approval: ApprovalId,
) -> Result<StaffId, OfficeError> {
    let row = tx
        .query_opt(
            "-- use_approval\n\
             UPDATE office.second_approval SET used_at = $5\n\
             WHERE id = $1 AND case_id = $2 AND purpose = $3 AND maker = $4 AND used_at IS NULL RETURNING checker",
            &[
                &approval.uuid(),
                &case.uuid(),
                &purpose.as_str(),
                &doing.staff()?.uuid(),
                &doing.at,
            ],
        )
        .await?
        .ok_or(ApprovalRefusal::Missing)?;
    Ok(StaffId::from_uuid(row.get::<_, Uuid>("checker")))
}
