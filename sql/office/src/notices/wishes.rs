//! The ledger of what residents wish of letters: none (送付不要申出), or to another place.

use issuance::{
    acts::{AuditAct, NoticeWish, NoticeWishEnded, NoticeWishRecorded},
    case::ResidentId,
    notice::Addressee,
};
use serde_json::json;

use super::{Place, WISHES};
use crate::{Act, Office, OfficeError, act::About};

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    NoPaper,
    /// Letters go there: a guardian by court, an institution.
    SendTo(Addressee),
}

impl Wish {
    const fn named(&self) -> (NoticeWish, &'static str) {
        match self {
            Self::NoPaper => (NoticeWish::NoPaper, "no_paper"),
            Self::SendTo(_) => (NoticeWish::SendTo, "send_to"),
        }
    }
}

impl Office {
    /// Records a wish, for one notice or (`None`) for all; one recorded before is ended by it.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]
    pub async fn record_notice_wish(
        &self,
        act: &Act,
        resident: ResidentId,
        kind: Option<&str>,
        wish: &Wish,
    ) -> Result<(), OfficeError> {
        let (named, stored) = wish.named();
        let about = About::content(json!([resident, kind, stored]));
        self.act(
            "record_notice_wish",
            NoticeWishRecorded::ROW,
            about,
            act,
            |tx, doing| async move {
                let id = self.fresh_uuid();
                let place = match wish {
                    Wish::NoPaper => None,
                    Wish::SendTo(to) => {
                        let place = Place {
                            name: to.name.clone(),
                            postal_code: to.postal_code.clone(),
                            address_lines: to.address_lines.clone(),
                        };
                        Some(self.seal_value(WISHES, id, "place", &place)?)
                    }
                };
                let staff = doing.staff.map(|staff| staff.uuid());
                tx.execute(
                    "-- replace_notice_wish\n\
                 UPDATE office.notice_wish SET ended_at = $4, ended_by = $5\n\
                 WHERE resident = $1 AND wish = $2 AND coalesce(kind, '') = coalesce($3, '') AND ended_at IS NULL",
                    &[&resident.uuid(), &stored, &kind, &doing.at, &staff],
                )
                .await?;
                tx.execute(
                    "-- record_notice_wish\n\
                 INSERT INTO office.notice_wish (id, resident, wish, kind, place, at, by_staff)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &[&id, &resident.uuid(), &stored, &kind, &place, &doing.at, &staff],
                )
                .await?;
                let details = NoticeWishRecorded {
                    wish: named,
                    kind: kind.map(str::to_owned),
                };
                self.record(&tx, &doing, json!({ "resident": resident }), details).await
            },
        )
        .await
    }

    /// Ends a wish; whether there was one.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]
    pub async fn end_notice_wish(
        &self,
        act: &Act,
        resident: ResidentId,
        kind: Option<&str>,
        wish: NoticeWish,
    ) -> Result<bool, OfficeError> {
        let stored = match wish {
            NoticeWish::NoPaper => "no_paper",
            NoticeWish::SendTo => "send_to",
        };
        let about = About::content(json!([resident, kind, stored]));
        self.act(
            "end_notice_wish",
            NoticeWishEnded::ROW,
            about,
            act,
            |tx, doing| async move {
                let staff = doing.staff.map(|staff| staff.uuid());
                let ended = tx
                    .execute(
                        "-- end_notice_wish\n\
                     UPDATE office.notice_wish SET ended_at = $4, ended_by = $5\n\
                     WHERE resident = $1 AND wish = $2 AND coalesce(kind, '') = coalesce($3, '') AND ended_at IS NULL",
                        &[&resident.uuid(), &stored, &kind, &doing.at, &staff],
                    )
                    .await?;
                if ended == 0 {
                    return Ok(false);
                }
                let details = NoticeWishEnded {
                    wish,
                    kind: kind.map(str::to_owned),
                };
                self.record(&tx, &doing, json!({ "resident": resident }), details)
                    .await?;
                Ok(true)
            },
        )
        .await
    }
}
