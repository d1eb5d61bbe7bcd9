//! The carrier's file of statuses: every line is told what came of it, and none is taken in part.

use std::collections::BTreeMap;

use issuance::{
    acts::{AuditAct as _, ParcelFollowed},
    case::CaseNumber,
    parcel::{ParcelEvent, ParcelId, ParcelState, TrackingNumber},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use time::Date;
use uuid::Uuid;

use super::ParcelRefusal;
use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
};

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierLine {
    /// From 1, the header included.
    pub line: usize,
    pub number: TrackingNumber,
    pub event: ParcelEvent,
    #[serde(with = "issuance::era::iso_day")]
    pub on: Date,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum CarrierTold {
    /// The envelope stands so now.
    Taken { case: CaseNumber, state: ParcelState },
    /// It stood so already, or further on: a file is sent again with what it said before.
    Known { case: CaseNumber },
    /// No envelope under way has the number.
    NoSuchNumber,
    /// The machine has no such move: a letter received is on its way, one in the office's box is delivered.
    NotNow { case: CaseNumber, state: ParcelState },
    /// The day is before the one on which it was posted, or has not come.
    DayImpossible { case: CaseNumber },
}

impl CarrierTold {
    /// Whether a person has to look at it.
    pub const fn is_odd(&self) -> bool {
        !matches!(self, Self::Taken { .. } | Self::Known { .. })
    }
}

/// How far a state is: what a later line says of an earlier one is known already.
const fn rank(event: ParcelEvent) -> u8 {
    match event {
        ParcelEvent::Accepted => 0,
        ParcelEvent::MovedOn => 1,
        ParcelEvent::Arrived => 2,
        ParcelEvent::Notified => 3,
        ParcelEvent::Claimed => 4,
        ParcelEvent::StorageOver => 5,
        ParcelEvent::SentBack => 6,
        _ => 7,
    }
}

/// How far one is that stands so; `None` of one not posted.
const fn reached(state: ParcelState) -> Option<u8> {
    Some(match state {
        ParcelState::Posted => 0,
        ParcelState::UnderWay => 1,
        ParcelState::Arrived => 2,
        ParcelState::Notified => 3,
        ParcelState::Claimed => 4,
        ParcelState::StorageOver => 5,
        ParcelState::ComingBack => 6,
        ParcelState::Delivered | ParcelState::Returned | ParcelState::Opened | ParcelState::Missing => 7,
        ParcelState::Prepared | ParcelState::Withdrawn => return None,
    })
}

impl Office {
    /// Records what the carrier's file says, each envelope in the order of its days: all lines of one envelope, or none of
    /// them where one cannot be. With `dry_run` everything is looked at and nothing kept. Gives what came of every line.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], and what the database says; nothing is taken then.
    pub async fn follow_file(
        &self,
        act: &Act,
        lines: &[CarrierLine],
        dry_run: bool,
    ) -> Result<BTreeMap<usize, CarrierTold>, OfficeError> {
        let about = About::content(json!([lines, dry_run]));
        let mut by_number: BTreeMap<&TrackingNumber, Vec<&CarrierLine>> = BTreeMap::new();
        for line in lines {
            by_number.entry(&line.number).or_default().push(line);
        }
        for lines in by_number.values_mut() {
            lines.sort_by_key(|line| (line.on, rank(line.event), line.line));
        }
        let by_number = &by_number;
        self.act("follow_file", ParcelFollowed::ROW, about, act, |tx, doing| async move {
            let mut told = BTreeMap::new();
            for (number, lines) in by_number {
                self.follow_lines(&tx, &doing, number, lines, dry_run, &mut told)
                    .await?;
            }
            Ok(told)
        })
        .await
    }

    async fn follow_lines(
        &self,
        tx: &Tx,
        doing: &Doing,
        number: &TrackingNumber,
        lines: &[&CarrierLine],
        dry_run: bool,
        told: &mut BTreeMap<usize, CarrierTold>,
    ) -> Result<(), OfficeError> {
        let Some(id) = latest(tx, number, lines).await? else {
            told.extend(lines.iter().map(|line| (line.line, CarrierTold::NoSuchNumber)));
            return Ok(());
        };
        tx.batch("SAVEPOINT envelope").await?;
        let mut odd = dry_run;
        for line in lines {
            let parcel = self.locked_parcel(tx, id).await?;
            let case = parcel.case.number;
            let is_known = reached(parcel.state).is_some_and(|reached| reached >= rank(line.event));
            let came = match is_known {
                true => CarrierTold::Known { case },
                false => match self.follow(tx, doing, &parcel, line.event, line.on).await {
                    Ok(state) => CarrierTold::Taken { case, state },
                    Err(OfficeError::NotNow(_)) => CarrierTold::NotNow {
                        case,
                        state: parcel.state,
                    },
                    Err(error) if error.is(&ParcelRefusal::DayImpossible) => CarrierTold::DayImpossible { case },
                    Err(error) => return Err(error),
                },
            };
            odd |= came.is_odd();
            told.insert(line.line, came);
        }
        let end = match odd {
            true => "ROLLBACK TO SAVEPOINT envelope",
            false => "RELEASE SAVEPOINT envelope",
        };
        tx.batch(end).await?;
        Ok(())
    }
}

/// The envelope that a number is of: numbers come round again, so it is the last one closed before the first line's day.
async fn latest(tx: &Tx, number: &TrackingNumber, lines: &[&CarrierLine]) -> Result<Option<ParcelId>, OfficeError> {
    let last = lines.iter().map(|line| line.on).max();
    let row = tx
        .query_opt(
            "-- parcel_of_number\n\
             SELECT id FROM office.parcel WHERE number = $1 AND state <> 'withdrawn' AND (accepted_on IS NULL OR accepted_on <= $2)\n\
             ORDER BY accepted_on DESC NULLS FIRST, closed_at DESC LIMIT 1",
            &[&number.as_str(), &last],
        )
        .await?;
    Ok(row.map(|row| ParcelId::from_uuid(row.get::<_, Uuid>(0))))
}
