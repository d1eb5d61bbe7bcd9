//! The PIN of a card that was handed over, set anew: by a permission for that one card, used up with the new PIN.

use issuance::{
    acts::{AuditAct as _, CardPinAllowed, CardPinChanged, CardPinReset},
    case::{CardId, CaseId},
    lifecycle::Lifecycle,
    standing::HolderCheck,
};
use relay_core::id::Id;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::CaseAt;
use crate::{Act, HolderRefusal, Office, OfficeError};

/// Kind of [`PinPermissionId`].
pub enum PinPermissionKind {}
/// Leave to set one card's PIN anew.
pub type PinPermissionId = Id<PinPermissionKind>;

const PERMISSION: &str = "permission to set this card's PIN anew";
/// How long it lasts: as long as a resident thinks of a new PIN, and not until the next one stands there.
const LASTS: Duration = Duration::minutes(15);

impl Office {
    /// Gives leave to set the PIN of the card anew that was handed over in the case: `chip` is the serial read from the card
    /// in the reader, `check` how its holder was verified, face to face.
    ///
    /// # Errors
    /// [`HolderRefusal::NotInPerson`], [`OfficeError::NotFound`] before the handover, [`OfficeError::CardConflict`] for another
    /// card, one that is over, and one that is stopped (it is resumed first), [`OfficeError::NotAllowed`],
    /// [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn allow_pin_reset(
        &self,
        act: &Act,
        at: CaseAt,
        chip: &[u8],
        check: HolderCheck,
    ) -> Result<PinPermissionId, OfficeError> {
        self.act(
            "allow_pin_reset",
            CardPinAllowed::ROW,
            at.id,
            act,
            |tx, doing| async move {
                self.held_at(&tx, &doing, at).await?;
                if !check.is_face_to_face() {
                    return Err(HolderRefusal::NotInPerson.into());
                }
                let given = self.given(&tx, at.id).await?;
                in_use(given.lifecycle)?;
                let known = tx
                    .query_one(
                        "-- chip_of\nSELECT chip FROM office.card WHERE id = $1",
                        &[&given.card.uuid()],
                    )
                    .await?;
                if known.get::<_, Vec<u8>>(0) != chip {
                    return Err(OfficeError::CardConflict(
                        "the card in the reader is another one".to_owned(),
                    ));
                }
                let id: PinPermissionId = self.fresh();
                tx.execute(
                    "-- allow_pin_reset\n\
                 INSERT INTO office.pin_permission (id, case_id, card, chip, checked, given_at, given_by, until)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    &[
                        &id.uuid(),
                        &at.id.uuid(),
                        &given.card.uuid(),
                        &chip,
                        &check.as_str(),
                        &doing.at,
                        &doing.staff()?.uuid(),
                        &(doing.at + LASTS),
                    ],
                )
                .await?;
                let subjects = json!({ "case": at.id, "card": given.card });
                self.record(&tx, &doing, subjects, CardPinAllowed { checked: check })
                    .await?;
                Ok(id)
            },
        )
        .await
    }

    /// Refuses unless the permission is good for the card `chip` in the case now: asked before the chip is touched.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] when there is none such, or it was used or has run out
    pub async fn pin_permission(
        &self,
        case: CaseId,
        permission: PinPermissionId,
        chip: &[u8],
    ) -> Result<(), OfficeError> {
        let (chip, clock) = (chip.to_vec(), self.clone());
        self.read("pin_permission", |tx| {
            let (chip, clock) = (chip.clone(), clock.clone());
            async move {
                let row = tx
                    .query_opt(
                        "-- pin_permission\n\
                         SELECT until, clock_timestamp() AS now FROM office.pin_permission\n\
                         WHERE id = $1 AND case_id = $2 AND chip = $3 AND used_at IS NULL",
                        &[&permission.uuid(), &case.uuid(), &chip],
                    )
                    .await?;
                match row {
                    Some(row) if row.get::<_, OffsetDateTime>("until") >= clock.present(row.get("now")) => Ok(()),
                    _ => Err(OfficeError::NotFound(PERMISSION)),
                }
            }
        })
        .await
    }

    /// Records that the holder set the PIN anew on the card `chip`, and uses the permission up. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] when there is no such permission for that card in that case, or it was used or has run out;
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn pin_reset_by(
        &self,
        act: &Act,
        at: CaseAt,
        permission: PinPermissionId,
        chip: &[u8],
    ) -> Result<i64, OfficeError> {
        self.act("pin_reset_by", CardPinReset::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            let used = tx
                .query_opt(
                    "-- use_pin_permission\n\
                     UPDATE office.pin_permission SET used_at = $4\n\
                     WHERE id = $1 AND case_id = $2 AND chip = $3 AND used_at IS NULL AND until >= $4 RETURNING card",
                    &[&permission.uuid(), &at.id.uuid(), &chip, &doing.at],
                )
                .await?
                .ok_or(OfficeError::NotFound(PERMISSION))?;
            let card = CardId::from_uuid(used.get::<_, Uuid>(0));
            tx.execute(
                "-- pin_reset_by\nUPDATE office.card SET pin_set_at = $2 WHERE id = $1",
                &[&card.uuid(), &doing.at],
            )
            .await?;
            let subjects = json!({ "case": at.id, "card": card });
            self.record(&tx, &doing, subjects, CardPinReset {}).await?;
            Ok(self.touch(&tx, &row).await?)
        })
        .await
    }

    /// Refuses unless the holder of the card that was handed over in the case may change its PIN now: asked before the chip is
    /// touched. The card itself asks for the present one, so nobody gives leave.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] before the handover, [`OfficeError::CardConflict`] for a card that is stopped or over,
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn may_change_pin(&self, act: &Act, at: CaseAt) -> Result<(), OfficeError> {
        self.act(
            "may_change_pin",
            CardPinChanged::ROW,
            at.id,
            act,
            |tx, doing| async move {
                self.held_at(&tx, &doing, at).await?;
                let given = self.given(&tx, at.id).await?;
                in_use(given.lifecycle)
            },
        )
        .await
    }

    /// Records that the holder changed the PIN. Gives the case's new version.
    ///
    /// # Errors
    /// As [`Office::may_change_pin`]
    pub async fn pin_changed(&self, act: &Act, at: CaseAt) -> Result<i64, OfficeError> {
        self.act("pin_changed", CardPinChanged::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            let given = self.given(&tx, at.id).await?;
            in_use(given.lifecycle)?;
            let subjects = json!({ "case": at.id, "card": given.card });
            self.record(&tx, &doing, subjects, CardPinChanged {}).await?;
            Ok(self.touch(&tx, &row).await?)
        })
        .await
    }
}

/// Refuses a card whose PIN is nobody's affair now.
fn in_use(lifecycle: Lifecycle) -> Result<(), OfficeError> {
    let why = match lifecycle {
        Lifecycle::Active => return Ok(()),
        Lifecycle::Suspended => "it is stopped: resume it first",
        _ => "it is over already",
    };
    Err(OfficeError::CardConflict(why.to_owned()))
}
