//! Cases (案件): one application and all that follows from it.
//!
//! A change takes an [`Act`], and the case as it was seen ([`CaseAt`]); it is refused when the case was changed
//! meanwhile, when another desk holds it, when the role or the state does not allow it. An application moves through
//! [`ApplicationState::after`], its card through [`Lifecycle::after`], the card's place through
//! [`Custody::after`](issuance::custody::Custody::after), and in no other way.

mod course;
mod custody;
mod handover;
mod incident;
mod journal;
mod lease;
mod opening;
mod paper;
mod pin;
mod queue;
mod transition;
mod verification;

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use issuance::{
    application::{Application, ApplicationState, Delivery},
    case::{CardId, CaseCard, CaseId, CaseNumber, CaseState, ResidentId},
    course::Course,
    custody::Custody,
    identity::VerificationRecord,
    lifecycle::Lifecycle,
    machine::Machine as _,
    parcel::Parcel,
    records::{CardState, Step},
};
use serde::{Deserialize, Serialize};
use store::{Row, StoreError, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

pub use custody::{CardTrail, CustodyRefusal, Occupied, Transferred};
pub use handover::HandoverRefusal;
pub use incident::{Incident, IncidentId, IncidentKind, NewIncident};
pub use journal::JournalEntry;
pub use lease::{Holder, LEASE};
pub use opening::{Duplicates, Opened, OpeningRefusal, SimilarResident};
pub use paper::{LastPrinted, Paper, PrintedPaper, Printing};
pub use pin::{PinPermissionId, PinPermissionKind};
pub use queue::{Problem, Queue, QueueRow, Today};
pub use verification::{ApprovalId, ApprovalRefusal, SecondPurpose};
pub(crate) use {
    custody::place_of, handover::clear_sights, lease::LeaseRow, opening::still_in_roster, paper::end_notice,
    transition::With, verification::use_approval,
};

use crate::{
    CardStanding, Office, OfficeError, SessionId, act::Doing, registration::standing_of_given, resident::mask,
};

pub(crate) const TABLE: &str = "office.card_case";

/// A case and the version in which it was seen when something was decided about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAt {
    pub id: CaseId,
    pub version: i64,
}

/// A case in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    pub id: CaseId,
    /// 受付番号
    pub number: CaseNumber,
    pub state: CaseState,
    pub since: OffsetDateTime,
    /// Whether the card that was handed over may be used: told of a resident's cases, not in queues.
    pub standing: Option<CardStanding>,
    /// Whether the relay is still to be told that it stands so: until then the card is treated as before.
    pub is_untold: bool,
}

/// A case in full, as a session may see it.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Which case, in which version.
    pub at: CaseAt,
    /// 受付番号
    pub number: CaseNumber,
    pub state: CaseState,
    pub since: OffsetDateTime,
    /// For whom; masked like any resident.
    pub resident: crate::ResidentFile,
    /// What was applied for.
    pub application: Application,
    pub opened_at: OffsetDateTime,
    /// How the person was verified.
    pub verification: Option<VerificationRecord>,
    /// The stages passed, with when and by whom.
    pub course: Course,
    /// The card bound to it.
    pub card: Option<CardFile>,
    /// When the good delivery notice was issued.
    pub notice_issued: Option<OffsetDateTime>,
    /// When each paper was last printed.
    pub printed: BTreeMap<Paper, OffsetDateTime>,
    /// Its envelope, when its card goes by post and has one.
    pub parcel: Option<Parcel>,
    /// Whether its card may be used, once it was handed over.
    pub standing: Option<CardStanding>,
    /// Whether the relay is still to be told that it stands so: until then the card is treated as before.
    pub is_untold: bool,
    /// What went wrong and is not settled.
    pub incidents: Vec<Incident>,
    /// What stands in the way, as in the queue of problems.
    pub problem: Option<Problem>,
    /// Who has it open.
    pub held_by: Option<Holder>,
}

/// A card as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFile {
    pub id: CardId,
    pub chip: Vec<u8>,
    pub state: CardState,
    /// Steps done, in order, with the time each took.
    pub steps: Vec<(Step, Duration)>,
    /// When its PIN was set.
    pub pin_set_at: Option<OffsetDateTime>,
}

/// What the records say of a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipRecord {
    /// The card it is.
    pub card: CardId,
    /// Where the card stands.
    pub state: CardState,
    /// The case it was bound to.
    pub case: CaseId,
    pub number: CaseNumber,
}

/// Phases whose time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// 受付
    Application,
    /// 確認
    Verification,
    /// 作成
    Making,
    /// 交付
    Handover,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 4] = [Self::Application, Self::Verification, Self::Making, Self::Handover];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Verification => "verification",
            Self::Making => "making",
            Self::Handover => "handover",
        }
    }
}

impl Office {
    /// The case as `session` may see it.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`], [`OfficeError::SessionOver`]
    pub async fn case(&self, session: SessionId, case: CaseId) -> Result<CaseFile, OfficeError> {
        self.read("case", |tx| async move {
            let may_reveal = self.may_see_protected(&tx, session).await?;
            let row = case_row(&tx, case, false).await?;
            let mut resident = self.resident_file(&tx, row.resident).await?;
            resident.may_reveal = resident.sheltered && may_reveal;
            if resident.sheltered {
                mask(&mut resident);
            }
            let now = self.now(&tx).await?;
            let held_by = self.holder_of(&tx, case, now).await?;
            let incidents = self.open_incidents(&tx, case).await?;
            let card = match row.card {
                Some(card) => Some(card_file(&tx, card).await?),
                None => None,
            };
            let (standing, is_untold) = standing_of_given(&tx, case).await?.unzip();
            Ok(CaseFile {
                at: CaseAt {
                    id: case,
                    version: row.version,
                },
                number: row.number,
                state: self.state_of(&row)?,
                since: row.since,
                resident,
                application: self.application_of(&row)?,
                opened_at: row.opened_at,
                verification: self.verification_of(&row)?,
                course: self.course(&tx, &row).await?,
                parcel: self.parcel_of_case(&tx, case).await?,
                standing,
                is_untold: is_untold.unwrap_or_default(),
                card,
                notice_issued: paper::notice_issued(&tx, case).await?,
                printed: paper::printed(&tx, case).await?,
                problem: queue::problem_of(&tx, case, now).await?,
                incidents,
                held_by,
            })
        })
        .await
    }

    /// The case with 受付番号 `number`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn case_by_number(&self, number: CaseNumber) -> Result<Option<CaseId>, OfficeError> {
        let (year, serial) = number_as_stored(number);
        self.read("case_by_number", |tx| async move {
            let row = tx
                .query_opt(
                    "-- case_by_number\nSELECT id FROM office.card_case WHERE year = $1 AND serial = $2",
                    &[&year, &serial],
                )
                .await?;
            Ok(row.map(|row| CaseId::from_uuid(row.get(0))))
        })
        .await
    }

    /// What the records say of a chip; `None` for one never bound.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn chip(&self, chip: &[u8]) -> Result<Option<ChipRecord>, OfficeError> {
        self.read("chip", |tx| async move {
            let row = tx
                .query_opt(
                    "-- chip\n\
                     SELECT k.id, k.state, k.case_id, c.year, c.serial\n\
                     FROM office.card k JOIN office.card_case c ON c.id = k.case_id WHERE k.chip = $1",
                    &[&chip],
                )
                .await?;
            row.map(|row| {
                Ok(ChipRecord {
                    card: CardId::from_uuid(row.get("id")),
                    state: card_state(row.get("state"))?,
                    case: CaseId::from_uuid(row.get("case_id")),
                    number: number_of(&row)?,
                })
            })
            .transpose()
        })
        .await
    }

    /// Open cases of these residents, for the rows of a search.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn open_cases_of(
        &self,
        residents: &[ResidentId],
    ) -> Result<BTreeMap<ResidentId, CaseNumber>, OfficeError> {
        let ids: Vec<Uuid> = residents.iter().map(|id| id.uuid()).collect();
        let ids = &ids;
        self.read("open_cases_of", |tx| async move {
            let rows = tx
                .query(
                    "-- open_cases_of\n\
                     SELECT resident, year, serial FROM office.card_case\n\
                     WHERE resident = ANY ($1) AND closed_at IS NULL",
                    &[ids],
                )
                .await?;
            rows.iter()
                .map(|row| Ok((ResidentId::from_uuid(row.get("resident")), number_of(row)?)))
                .collect()
        })
        .await
    }

    pub(crate) async fn cases_of(&self, tx: &Tx, resident: ResidentId) -> Result<Vec<CaseSummary>, OfficeError> {
        let rows = tx
            .query(
                &format!(
                    "-- cases_of\n{} WHERE c.resident = $1 ORDER BY c.opened_at DESC, c.serial DESC",
                    *SELECT
                ),
                &[&resident.uuid()],
            )
            .await?;
        let mut cases = Vec::with_capacity(rows.len());
        for row in &rows {
            let case = self.summary(&CaseRow::read(row)?)?;
            let (standing, is_untold) = standing_of_given(tx, case.id).await?.unzip();
            cases.push(CaseSummary {
                standing,
                is_untold: is_untold.unwrap_or_default(),
                ..case
            });
        }
        Ok(cases)
    }

    pub(crate) fn summary(&self, row: &CaseRow) -> Result<CaseSummary, OfficeError> {
        Ok(CaseSummary {
            id: row.id,
            number: row.number,
            state: self.state_of(row)?,
            since: row.since,
            standing: None,
            is_untold: false,
        })
    }

    /// The case, locked, after making sure that the session holds it.
    pub(crate) async fn held(&self, tx: &Tx, doing: &Doing, case: CaseId) -> Result<CaseRow, OfficeError> {
        let (row, lease) = tokio::join!(biased; case_row(tx, case, true), self.lease_row(tx, case));
        let row = row?;
        self.must_hold(tx, doing, lease?).await?;
        Ok(row)
    }

    /// Refuses unless the acting session holds the case that `lease` is about.
    pub(crate) async fn must_hold(&self, tx: &Tx, doing: &Doing, lease: Option<LeaseRow>) -> Result<(), OfficeError> {
        let session = doing.session()?;
        match lease {
            // Past its end but not taken by anyone, a hold is as good as before.
            Some(lease) if lease.session == session => Ok(()),
            Some(lease) if lease.until > doing.at => Err(OfficeError::HeldBy {
                staff: self.staff_name(tx, lease.staff).await?,
                desk: lease.desk,
                until: lease.until,
            }),
            _ => Err(OfficeError::NotHeld),
        }
    }

    /// As [`Office::held`], refusing a case that was changed since it was seen.
    pub(crate) async fn held_at(&self, tx: &Tx, doing: &Doing, at: CaseAt) -> Result<CaseRow, OfficeError> {
        let row = self.held(tx, doing, at.id).await?;
        if row.version == at.version {
            Ok(row)
        } else {
            Err(OfficeError::ChangedMeanwhile)
        }
    }

    /// A change that leaves the state as it is: the version grows all the same.
    pub(crate) async fn touch(&self, tx: &Tx, row: &CaseRow) -> Result<i64, StoreError> {
        let touched = tx
            .query_one(
                "-- touch\nUPDATE office.card_case SET version = version + 1 WHERE id = $1 RETURNING version",
                &[&row.id.uuid()],
            )
            .await?;
        Ok(touched.get(0))
    }

    /// Keeps how long the phase took that the act ends, where it says so.
    pub(crate) async fn keep_timing(
        &self,
        tx: &Tx,
        doing: &Doing,
        case: CaseId,
        phase: Phase,
    ) -> Result<(), StoreError> {
        let Some(took) = doing.took else { return Ok(()) };
        tx.execute(
            "-- keep_timing\n\
             INSERT INTO office.case_timing (act, case_id, phase, took_us, at) VALUES ($1, $2, $3, $4, $5)",
            &[
                &doing.act,
                &case.uuid(),
                &phase.as_str(),
                &microseconds(took),
                &doing.at,
            ],
        )
        .await
        .map(|_| ())
    }

    /// What was applied for, with how the card is to reach the resident now.
    pub(crate) fn application_of(&self, row: &CaseRow) -> Result<Application, OfficeError> {
        let application: Application = self.open_value(TABLE, row.id.uuid(), "application", &row.application)?;
        Ok(match row.delivery {
            Some(delivery) => application.to_be_delivered(delivery),
            None => application,
        })
    }

    /// How the person was verified, once they were.
    pub(crate) fn verification_of(&self, row: &CaseRow) -> Result<Option<VerificationRecord>, OfficeError> {
        let sealed = row.verification.as_ref();
        let opened = sealed.map(|sealed| self.open_value(TABLE, row.id.uuid(), "verification", sealed));
        opened.transpose()
    }

    pub(crate) fn state_of(&self, row: &CaseRow) -> Result<CaseState, OfficeError> {
        let cancellation = match &row.cancellation {
            Some(sealed) => Some(self.open_text(TABLE, row.id.uuid(), "cancellation", sealed)?),
            None => None,
        };
        CaseState::of(row.application_state, row.bound.as_ref(), cancellation).ok_or(OfficeError::Unreadable(TABLE))
    }
}

/// A row of the table, parsed but not opened.
pub(crate) struct CaseRow {
    pub(crate) id: CaseId,
    pub(crate) number: CaseNumber,
    pub(crate) resident: ResidentId,
    pub(crate) version: i64,
    pub(crate) card: Option<CardId>,
    /// The same card with its life and its place.
    pub(crate) bound: Option<CaseCard>,
    pub(crate) application_state: ApplicationState,
    since: OffsetDateTime,
    application: Vec<u8>,
    cancellation: Option<Vec<u8>>,
    opened_at: OffsetDateTime,
    verification: Option<Vec<u8>>,
    delivery: Option<Delivery>,
}

/// A case's row with its card's life and place.
pub(crate) const COLUMNS: &str = "c.id, c.year, c.serial, c.resident, c.state, c.since, c.version, c.card, c.application,\n\
     c.cancellation, c.opened_at, c.verification, c.delivery, k.state AS lifecycle, p.kind AS place_kind, p.name AS place_name";
/// What is joined to `card_case c` for [`COLUMNS`].
pub(crate) const WITH_CARD: &str =
    "LEFT JOIN office.card k ON k.id = c.card LEFT JOIN office.card_place p ON p.card = c.card";

static SELECT: LazyLock<String> = LazyLock::new(|| format!("SELECT {COLUMNS} FROM office.card_case c {WITH_CARD}"));

impl CaseRow {
    pub(crate) fn read(row: &Row) -> Result<Self, OfficeError> {
        let unreadable = || OfficeError::Unreadable(TABLE);
        let card = row.get::<_, Option<Uuid>>("card").map(CardId::from_uuid);
        let bound = card.map(|id| bound(row, id).ok_or_else(unreadable)).transpose()?;
        Ok(Self {
            id: CaseId::from_uuid(row.get("id")),
            number: number_of(row)?,
            resident: ResidentId::from_uuid(row.get("resident")),
            version: row.get("version"),
            card,
            bound,
            application_state: ApplicationState::read(row.get("state")).ok_or_else(unreadable)?,
            since: row.get("since"),
            application: row.get("application"),
            cancellation: row.get("cancellation"),
            opened_at: row.get("opened_at"),
            verification: row.get("verification"),
            delivery: match row.get("delivery") {
                Some("restricted_post") => Some(Delivery::RestrictedPost),
                Some("counter") => Some(Delivery::Counter),
                None => None,
                Some(_) => return Err(unreadable()),
            },
        })
    }
}

fn bound(row: &Row, id: CardId) -> Option<CaseCard> {
    Some(CaseCard {
        id,
        lifecycle: Lifecycle::read(row.get::<_, Option<&str>>("lifecycle")?)?,
        place: Custody::read(row.get::<_, Option<&str>>("place_kind")?, row.get("place_name"))?,
    })
}

pub(crate) async fn case_row(tx: &Tx, case: CaseId, lock: bool) -> Result<CaseRow, OfficeError> {
    let lock = if lock { "FOR UPDATE OF c" } else { "" };
    let row = tx
        .query_opt(
            &format!("-- case_row\n{} WHERE c.id = $1 {lock}", *SELECT),
            &[&case.uuid()],
        )
        .await?
        .ok_or(OfficeError::NotFound("case"))?;
    CaseRow::read(&row)
}

async fn card_file(tx: &Tx, card: CardId) -> Result<CardFile, OfficeError> {
    let row = tx
        .query_one(
            "-- card_file\nSELECT chip, state, pin_set_at FROM office.card WHERE id = $1",
            &[&card.uuid()],
        )
        .await?;
    let steps = tx
        .query(
            "-- steps_done\nSELECT step, took_us FROM office.card_step WHERE card = $1 AND done_at IS NOT NULL",
            &[&card.uuid()],
        )
        .await?;
    let mut steps: Vec<(Step, Duration)> = steps
        .iter()
        .filter_map(|row| Some((step(row.get("step"))?, duration(row.get("took_us")))))
        .collect();
    steps.sort();
    Ok(CardFile {
        id: card,
        chip: row.get("chip"),
        state: card_state(row.get("state"))?,
        steps,
        pin_set_at: row.get("pin_set_at"),
    })
}

pub(crate) fn number_of(row: &Row) -> Result<CaseNumber, OfficeError> {
    let (year, serial): (i16, i32) = (row.get("year"), row.get("serial"));
    Ok(CaseNumber {
        year: year.try_into().map_err(|_| OfficeError::Unreadable(TABLE))?,
        serial: serial.try_into().map_err(|_| OfficeError::Unreadable(TABLE))?,
    })
}

/// Numbers beyond what the columns hold belong to no case.
fn number_as_stored(number: CaseNumber) -> (i16, i32) {
    (
        i16::try_from(number.year).unwrap_or(0),
        i32::try_from(number.serial).unwrap_or(0),
    )
}

pub(crate) fn card_state(text: &str) -> Result<CardState, OfficeError> {
    CardState::read(text).ok_or(OfficeError::Unreadable("office.card"))
}

pub(crate) fn step(text: &str) -> Option<Step> {
    Step::ALL.into_iter().find(|step| step.as_str() == text)
}

pub(crate) fn microseconds(took: Duration) -> i64 {
    i64::try_from(took.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(microseconds.try_into().unwrap_or(0))
}
