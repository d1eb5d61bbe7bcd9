//! How a case goes on: its application and its card each by the table of their own machine, and in no other way.

use issuance::{
    application::ApplicationEvent,
    case::CardId,
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::Machine as _,
};
use store::Tx;

use super::{CaseRow, TABLE};
use crate::{Office, OfficeError, act::Doing};

/// What an application's move brings with it. The card is the one bound to it afterwards.
#[derive(Default)]
pub(crate) struct With {
    pub(crate) card: Option<CardId>,
    pub(crate) verification: Option<Vec<u8>>,
    pub(crate) reason: Option<String>,
}

impl Office {
    /// Moves the application of a locked case by `event`; gives its new version.
    pub(crate) async fn advance(
        &self,
        tx: &Tx,
        doing: &Doing,
        row: &CaseRow,
        event: ApplicationEvent,
        with: With,
    ) -> Result<i64, OfficeError> {
        let state = row.application_state.after(event)?;
        let cancellation = with
            .reason
            .map(|reason| self.seal(TABLE, row.id.uuid(), "cancellation", reason.as_bytes()));
        let closed_at = cancellation.is_some().then_some(doing.at);
        let verified = with.verification.is_some();
        let moved = tx
            .query_one(
                "-- advance\n\
                 UPDATE office.card_case SET state = $2, since = $3, version = version + 1, card = $4,\n\
                 closed_at = $5, cancellation = $6, verification = coalesce($7, verification),\n\
                 verified_at = CASE WHEN $8 THEN $3 ELSE verified_at END,\n\
                 verified_by = CASE WHEN $8 THEN $9 ELSE verified_by END\n\
                 WHERE id = $1 RETURNING version",
                &[
                    &row.id.uuid(),
                    &state.as_str(),
                    &doing.at,
                    &with.card.map(|card| card.uuid()),
                    &closed_at,
                    &cancellation,
                    &with.verification,
                    &verified,
                    &doing.staff()?.uuid(),
                ],
            )
            .await?;
        Ok(moved.get(0))
    }

    /// The card of a locked case was moved or given: the course changed, the application did not. Gives the new version.
    pub(crate) async fn went_on(
        &self,
        tx: &Tx,
        doing: &Doing,
        row: &CaseRow,
        closes: bool,
    ) -> Result<i64, OfficeError> {
        let moved = tx
            .query_one(
                "-- went_on\n\
                 UPDATE office.card_case SET since = $2, version = version + 1,\n\
                 closed_at = CASE WHEN $3 THEN $2 ELSE closed_at END WHERE id = $1 RETURNING version",
                &[&row.id.uuid(), &doing.at, &closes],
            )
            .await?;
        Ok(moved.get(0))
    }

    /// Moves a card on in its life; gives where it stands now. `from` is where it was seen to stand, `damage` what is wrong
    /// with one that is given up.
    pub(crate) async fn live_on(
        &self,
        tx: &Tx,
        doing: &Doing,
        card: CardId,
        from: Lifecycle,
        (event, damage): (LifecycleEvent, Option<&str>),
    ) -> Result<Lifecycle, OfficeError> {
        let to = from.after(event)?;
        // The moment that a state is known by, for good: a card resumed was handed over when it was.
        let moment = match to {
            Lifecycle::Made => ", made_at = $4",
            Lifecycle::Active => ", activated_at = coalesce(activated_at, $4)",
            Lifecycle::Revoked => ", revoked_at = $4",
            Lifecycle::Expired => ", expired_at = $4",
            Lifecycle::Damaged => ", damaged_at = $4",
            Lifecycle::Making | Lifecycle::Suspended => "",
        };
        let moved = tx
            .execute(
                &format!(
                    "-- live_on\n\
                     UPDATE office.card SET state = $3, since = $4, damage = $5{moment} WHERE id = $1 AND state = $2"
                ),
                &[&card.uuid(), &from.as_str(), &to.as_str(), &doing.at, &damage],
            )
            .await?;
        match moved {
            1 => Ok(to),
            _ => Err(OfficeError::ChangedMeanwhile),
        }
    }
}
