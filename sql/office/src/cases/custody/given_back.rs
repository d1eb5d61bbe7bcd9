//! A card that lay in the office goes back to its holder: found and brought in, or left behind at the counter.

use issuance::{
    acts::{AuditAct as _, CardGivenBack, SecondPurpose},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::{Lifecycle, LifecycleEvent},
    standing::HolderCheck,
};
use serde_json::json;

use super::{ApprovalId, CaseAt, CustodyRefusal, use_approval};
use crate::{Act, HolderRefusal, Office, OfficeError, telephone_stop::settle_stop};

impl Office {
    /// Gives the card that was handed over in this case back to its holder, who stands before the clerk: the chip in the
    /// reader is the card's, `check` is what the holder showed, `second` another clerk's agreement. A card that was stopped
    /// may be used again from here on. Gives the case's new version.
    ///
    /// # Errors
    /// [`CustodyRefusal`], [`HolderRefusal::NotInPerson`],
    /// [`ApprovalRefusal::Missing`](super::ApprovalRefusal::Missing), [`OfficeError::CardConflict`] for one that is over,
    /// [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn give_back(
        &self,
        act: &Act,
        at: CaseAt,
        chip: &[u8],
        (check, second): (HolderCheck, ApprovalId),
        words: &str,
    ) -> Result<i64, OfficeError> {
        self.act("give_back", CardGivenBack::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            if !check.is_face_to_face() {
                return Err(HolderRefusal::NotInPerson.into());
            }
            let given = self.given(&tx, at.id).await?;
            let own = tx
                .query_one(
                    "-- chip_of_card\nSELECT chip FROM office.card WHERE id = $1",
                    &[&given.card.uuid()],
                )
                .await?;
            if own.get::<_, &[u8]>(0) != chip {
                return Err(CustodyRefusal::OtherChip.into());
            }
            if given.place.kind() != PlaceKind::Drawer {
                return Err(CustodyRefusal::NotHere.into());
            }
            let resumed = given.lifecycle != Lifecycle::Active;
            if resumed {
                given.takes(LifecycleEvent::Resumed, "it is over")?;
                settle_stop(&tx, &doing, given.card, "overtaken").await?;
                self.restate(&tx, &doing, &given, LifecycleEvent::Resumed, None).await?;
            }
            let second = use_approval(&tx, &doing, at.id, SecondPurpose::Custody, second).await?;
            let back = (Custody::HOLDER, Evidence::ChipRead);
            self.transfer(&tx, &doing, given.card, back, Some(second)).await?;
            let details = CardGivenBack {
                checked: check,
                resumed,
                approved_by: second,
                words: self.seal_words(&doing, words),
            };
            let subjects = json!({ "case": at.id, "card": given.card });
            self.record(&tx, &doing, subjects, details).await?;
            Ok(self.touch(&tx, &row).await?)
        })
        .await
    }
}
