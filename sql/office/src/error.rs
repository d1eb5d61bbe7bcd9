//! Why the office's records did not do what was asked.

use issuance::{
    case::{CaseId, CaseNumber},
    machine::NotNow,
    staff::Role,
};
use relay_core::seal::SealError;
use store::{StoreError, cluster::ClusterError, migrate::MigrateError};
use time::OffsetDateTime;

/// A refusal or a failure. What is shown of it ([`std::fmt::Display`]) holds nothing of a resident.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The database: away, full, or at fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The private cluster could not be set up.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database is at another version than this program.
    #[error(
        "the database is at version {database}, this program needs {program}: run `madoguchi setup`, or update the program"
    )]
    Version {
        /// The database's.
        database: i32,
        /// Ours.
        program: i32,
    },
    /// A sealed column does not open: wrong keys file, or changed in the database.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// What a column holds is not what is written there.
    #[error("{0} cannot be read: the database was changed by another program")]
    Unreadable(&'static str),

    /// The session ended, or the person was disabled.
    #[error("the session is over: log in again")]
    SessionOver,
    /// The person does not have the role this takes.
    #[error("this takes the role {0}")]
    NotAllowed(Role),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The staff card's certificate is not registered, or its holder may no longer log in.
    #[error("the staff card is not registered, or no longer good")]
    StaffUnknown,
    /// The staff number is given already.
    #[error("the staff number {0} is given already")]
    StaffNumberTaken(String),
    /// The certificate is registered already.
    #[error("the certificate is registered to someone already")]
    CertificateTaken,
    /// Somebody must remain who can administer.
    #[error("this is the last administrator")]
    LastAdministrator,
    /// An administrator exists already; further staff are added by an administrator.
    #[error("there is an administrator already")]
    NotFirstRun,

    /// Another act was asked for under the same id.
    #[error("the act id was used for something else")]
    ActIdUsed,
    /// The roster was changed after the plan was made.
    #[error("the roster was changed meanwhile: plan the import again")]
    RosterChanged,
    /// Two rows of one file have the same number.
    #[error("lines {first} and {second} of the file have the same resident number")]
    DuplicateRow {
        /// Line of the first.
        first: u64,
        /// Line of the second.
        second: u64,
    },

    /// The person has an open case already.
    #[error("there is an open case for this person: {number}")]
    CaseOpen {
        /// The case.
        case: CaseId,
        /// Its number.
        number: CaseNumber,
    },
    /// The person has a card that may be used, or that is stopped and may be found again.
    #[error("this person has a card, made in case {number}: where it is of no use any more, revoke it first")]
    HasCard {
        /// The case it was made in.
        case: CaseId,
        /// Its number.
        number: CaseNumber,
    },
    /// There are other records that may be this person, or former cases; a reason is needed to go on.
    #[error("{0} records may be the same person: look at them, then give a reason to go on")]
    Similar(usize),
    /// Another desk holds the case.
    #[error("the case is open at desk {desk} until {until}")]
    HeldBy {
        /// The colleague's name.
        staff: String,
        /// Their desk.
        desk: String,
        /// When their hold ends by itself.
        until: OffsetDateTime,
    },
    /// This session does not hold the case.
    #[error("the case is not open at this desk: open it first")]
    NotHeld,
    /// The clock shows an earlier time than when the card was looked at.
    #[error("the clock went back since the card was looked at: check the clock, then look again")]
    ClockWentBack,
    /// The case was changed after it was read.
    #[error("the case was changed meanwhile: look at it again")]
    ChangedMeanwhile,
    /// The case's state does not allow it.
    #[error(transparent)]
    NotNow(#[from] NotNow),
    /// The place in the shelf holds another card.
    #[error("the place holds the card of case {0}")]
    ShelfTaken(CaseNumber),
    /// The chip is known already.
    #[error("chip {0} is bound to another case, or was damaged")]
    ChipTaken(String),
    /// The card's records contradict what is asked.
    #[error("the card's records do not allow it: {0}")]
    CardConflict(String),
    /// The PIN is not set yet.
    #[error("the PIN is not set")]
    PinNotSet,
    /// The PIN is set already.
    #[error("the PIN is set already")]
    PinAlreadySet,
    /// The second clerk is the first.
    #[error("the second clerk must be another person")]
    SamePerson,
    /// A card is let be used again only for its holder at the counter.
    #[error("the card's holder must stand at the counter, with their documents")]
    NotInPerson,
    /// What is to be recorded was done by another clerk than the one logged in.
    #[error("this was done by another clerk than the one logged in")]
    OtherClerk,
    /// A second clerk's agreement is missing, or used up.
    #[error("a second clerk must agree first")]
    ApprovalMissing,
    /// Notice, shelf, chip, PIN or sights do not agree; the card is not handed over.
    #[error(transparent)]
    HandoverRefused(#[from] issuance::handover::HandoverRefused),
    /// Something that went wrong with the case is not settled.
    #[error("an incident of the case is open: settle it first")]
    IncidentOpen,
    /// This database is older than what the relay's front has seen of it.
    #[error(
        "the relay's front has applied message {front}, this database only sent {sent}: it was restored from an older copy; compare both before anything is sent"
    )]
    OutboxBehind {
        /// The last number this database gave.
        sent: u64,
        /// The last number the front applied.
        front: u64,
    },
    /// No notice was issued for the case.
    #[error("no delivery notice was issued for this case")]
    NoNotice,
}

impl OfficeError {
    /// The rule's name when this is a refusal for the audit trail; `None` for failures and for the everyday
    /// ("someone else has it open").
    pub const fn refused_by(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAllowed(_) => "role",
            Self::StaffUnknown => "staff_unknown",
            Self::LastAdministrator => "last_administrator",
            Self::NotFirstRun => "not_first_run",
            Self::CaseOpen { .. } => "case_open",
            Self::HasCard { .. } => "has_card",
            Self::Similar(_) => "similar",
            Self::NotNow(_) => "state",
            Self::ShelfTaken(_) => "shelf_taken",
            Self::ChipTaken(_) => "chip_taken",
            Self::PinNotSet => "pin_not_set",
            Self::PinAlreadySet => "pin_already_set",
            Self::SamePerson => "same_person",
            Self::NotInPerson => "not_in_person",
            Self::OtherClerk => "other_clerk",
            Self::ApprovalMissing => "approval_missing",
            Self::HandoverRefused(_) => "handover_mismatch",
            Self::IncidentOpen => "incident_open",
            Self::NoNotice => "no_notice",
            Self::NotHeld => "not_held",
            _ => return None,
        })
    }

    /// Whether the database was away: waiting and asking again, under the same act id, is what helps.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_away())
    }
}
