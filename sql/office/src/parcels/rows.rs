//! The cards by post as they are listed and shown.

use issuance::{
    case::{CaseId, CaseNumber, ResidentId},
    machine::Machine as _,
    parcel::{Parcel, ParcelId, ParcelKind, ParcelState, ReturnReason, TrackingNumber},
};
use store::{Row, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::TABLE;
use crate::{
    Office, OfficeError,
    cases::{COLUMNS, CaseRow, WITH_CARD, number_of},
};

const ENVELOPE: &str = "e.id AS envelope, e.kind AS envelope_kind, e.number, e.state AS envelope_state,\n\
     e.since AS envelope_since, e.accepted_on, e.notified_on, e.return_reason";

fn envelope(row: &Row, id: ParcelId) -> Option<Parcel> {
    Some(Parcel {
        id,
        kind: ParcelKind::read(row.get("envelope_kind"))?,
        number: TrackingNumber::parse(row.get("number")).ok()?,
        state: ParcelState::read(row.get("envelope_state"))?,
        accepted_on: row.get("accepted_on"),
        notified_on: row.get("notified_on"),
        reason: match row.get::<_, Option<&str>>("return_reason") {
            Some(reason) => Some(ReturnReason::read(reason)?),
            None => None,
        },
    })
}

/// A card that goes by post, in one line.
#[derive(Clone)]
pub struct ByPost {
    pub case: CaseId,
    pub case_number: CaseNumber,
    /// The resident's name as in the roster.
    pub name: String,
    /// Whether the roster has the resident no more.
    pub is_gone: bool,
    /// Its envelope; `None` where none is closed yet.
    pub envelope: Option<Parcel>,
    /// Since when it stands so.
    pub since: OffsetDateTime,
}

impl std::fmt::Debug for ByPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByPost({}, {:?})", self.case_number, self.envelope)
    }
}

impl Office {
    /// Every card that goes by post and is not received: what waits for an envelope, those in the box, those in the post
    /// and those that came back, the oldest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn parcels(&self) -> Result<Vec<ByPost>, OfficeError> {
        self.read("parcels", |tx| async move {
            let rows = tx
                .query(
                    &format!(
                        "-- parcels\n\
                         SELECT {COLUMNS}, r.identity, r.gone_at IS NOT NULL AS is_gone, {ENVELOPE}\n\
                         FROM office.card_case c {WITH_CARD}\n\
                         JOIN office.resident r ON r.id = c.resident\n\
                         LEFT JOIN office.parcel e ON e.card = c.card AND e.state NOT IN ('delivered', 'withdrawn', 'opened')\n\
                         WHERE c.closed_at IS NULL AND c.state = 'made' AND (c.delivery = 'restricted_post' OR e.id IS NOT NULL)\n\
                         ORDER BY c.since, c.year, c.serial"
                    ),
                    &[],
                )
                .await?;
            rows.iter().map(|row| self.parcel_of(row)).collect()
        })
        .await
    }

    /// The envelope under way, missed or back that has this number.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn parcel_by_number(&self, number: &TrackingNumber) -> Result<Option<ByPost>, OfficeError> {
        self.read("parcel_by_number", |tx| async move {
            let row = tx
                .query_opt(
                    &format!(
                        "-- parcel_by_number\n\
                         SELECT {COLUMNS}, r.identity, r.gone_at IS NOT NULL AS is_gone, {ENVELOPE}\n\
                         FROM office.parcel e JOIN office.card_case c ON c.id = e.case_id {WITH_CARD}\n\
                         JOIN office.resident r ON r.id = c.resident\n\
                         WHERE e.number = $1 AND e.state NOT IN ('delivered', 'withdrawn', 'opened')\n\
                         ORDER BY e.closed_at DESC LIMIT 1"
                    ),
                    &[&number.as_str()],
                )
                .await?;
            row.as_ref().map(|row| self.parcel_of(row)).transpose()
        })
        .await
    }

    fn parcel_of(&self, row: &Row) -> Result<ByPost, OfficeError> {
        let case = CaseRow::read(row)?;
        let envelope = match row.get::<_, Option<Uuid>>("envelope") {
            Some(id) => Some(envelope(row, ParcelId::from_uuid(id)).ok_or(OfficeError::Unreadable(TABLE))?),
            None => None,
        };
        Ok(ByPost {
            case: case.id,
            case_number: number_of(row)?,
            name: self.resident_name(ResidentId::from_uuid(row.get("resident")), row.get("identity"))?,
            is_gone: row.get("is_gone"),
            since: row
                .get::<_, Option<OffsetDateTime>>("envelope_since")
                .unwrap_or(row.get("since")),
            envelope,
        })
    }

    /// The envelope of a case that is in none of its ends.
    pub(crate) async fn parcel_of_case(&self, tx: &Tx, case: CaseId) -> Result<Option<Parcel>, OfficeError> {
        let row = tx
            .query_opt(
                &format!(
                    "-- parcel_shown\n\
                     SELECT {ENVELOPE} FROM office.parcel e\n\
                     WHERE e.case_id = $1 AND e.state NOT IN ('delivered', 'withdrawn', 'opened')"
                ),
                &[&case.uuid()],
            )
            .await?;
        row.map(|row| envelope(&row, ParcelId::from_uuid(row.get("envelope"))).ok_or(OfficeError::Unreadable(TABLE)))
            .transpose()
    }
}
