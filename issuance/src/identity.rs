//! 本人確認: whether the person at the counter is the resident of the register, or may act for them.
//!
//! The documents are weighed by the table ([`DOCUMENTS`]) and the 1点/2点 rules ([`weigh`]); their four facts are
//! compared one by one ([`facts::compare`]); an exception takes a reason and a second clerk. [`verify`] alone makes a
//! [`Verification`], and that holds every fact and every exception, so that the review can show them all. An exception
//! never makes a document count that does not count, and never excuses a photograph that does not agree.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    application::{Applicant, Application, Delivery},
    calendar::{self, Calendar},
    check_digit::{self, Verdict},
    era::WrittenDate,
    person::Resident,
    staff::StaffId,
};

mod address;
mod documents;
pub mod facts;
mod points;
mod verifying;

pub use documents::{Class, DOCUMENTS, Document, DocumentRule, ExpiryRule, Grace, NumberRule, Shows};
pub use facts::{Comparison, Fact, FourFacts, Registered, Sight, Sights};
pub use points::{Bar, Beside, Counting, Lack, Nearly, Points, Way, weigh};
pub use verifying::verify;

/// Whose documents lie on the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// 本人
    Resident,
    /// 法定代理人 or 任意代理人
    Acting,
}

impl Party {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Acting => "acting",
        }
    }
}

/// One document as laid on the counter.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    pub document: Document,
    /// Its number as typed; dropped where it is not to be asked for.
    pub number: String,
    /// The day of issue, where it matters or was entered.
    pub issued_on: Option<WrittenDate>,
    /// The last day it is good for, as printed.
    pub expires_on: Option<WrittenDate>,
    /// Whether it is the original: copies do not count.
    pub is_original: bool,
    /// Whether it bears a photograph at all.
    pub bears_photo: bool,
    /// Whether the face agrees with the photograph; `None` while the clerk has not said.
    pub photo_agrees: Option<bool>,
    /// Whether its back says that an application for renewal is under way (在留期間更新等許可申請中).
    pub renewal_applied: bool,
    /// The four facts as seen on it.
    pub sights: Sights,
}

impl Presented {
    /// A document just laid down: an original, nothing looked at yet.
    pub fn new(document: Document) -> Self {
        Self {
            document,
            number: String::new(),
            issued_on: None,
            expires_on: None,
            is_original: true,
            bears_photo: true,
            photo_agrees: None,
            renewal_applied: false,
            sights: Sights::default(),
        }
    }
}

impl Presented {
    /// What it counts as: less where it bears no photograph.
    pub fn class(&self) -> Class {
        let rule = self.document.rule();
        match (self.bears_photo, rule.without_photo) {
            (false, Some(class)) => class,
            _ => rule.class,
        }
    }
}

/// What keeps a document good after the last day printed on it, for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum StillGood {
    /// Its last day was a closed day.
    ClosedDays {
        #[serde(with = "crate::era::iso_day")]
        printed: Date,
        /// The day that counts.
        #[serde(with = "crate::era::iso_day")]
        until: Date,
        /// Whether holidays not announced yet may still move that day.
        provisional: bool,
    },
    /// Its back says that an application is under way (特例期間).
    Application {
        #[serde(with = "crate::era::iso_day")]
        printed: Date,
        /// The last day at the latest.
        #[serde(with = "crate::era::iso_day")]
        until: Date,
    },
}

impl StillGood {
    /// As stored, and as the key of its words.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ClosedDays { .. } => "closed_days",
            Self::Application { .. } => "application",
        }
    }

    /// The last day as printed, and the one that counts.
    pub const fn days(&self) -> (Date, Date) {
        match self {
            Self::ClosedDays { printed, until, .. } | Self::Application { printed, until } => (*printed, *until),
        }
    }
}

/// Quiet: numbers of documents are personal.
impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// Why a document does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NotCounted {
    Copy,
    /// Good only until a day that has passed.
    Expired {
        #[serde(with = "crate::era::iso_day")]
        on: Date,
    },
    /// Every one of its kind has an end, and this one's was not entered or can't be read.
    ExpiryUnknown,
    /// Only those issued later count; or the day of issue is unknown.
    IssuedTooEarly {
        #[serde(with = "crate::era::iso_day")]
        from: Date,
    },
    /// The day of issue lies in the future.
    IssuedInFuture {
        /// The first day it can have been issued, as entered.
        #[serde(with = "crate::era::iso_day")]
        on: Date,
    },
    /// The day of issue lies after the last day.
    IssuedAfterItsEnd,
    /// Every one of its kind bears a photograph, and this one is said to bear none.
    PhotoAbsent,
    /// The kind is no longer taken.
    NoLongerAccepted {
        /// The last day it was.
        #[serde(with = "crate::era::iso_day")]
        until: Date,
    },
    /// Its number is not entered.
    NumberMissing,
    /// Its number can't be right.
    NumberWrong,
    /// It must carry the name and the birthday, or the name and the address, as the register has them.
    FactsTooFew,
    /// The clerk has not said whether the face agrees with the photograph.
    PhotoNotCompared,
    /// The face does not agree with the photograph.
    PhotoDiffers,
}

impl NotCounted {
    /// As stored, and as the key of its words.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Expired { .. } => "expired",
            Self::ExpiryUnknown => "expiry_unknown",
            Self::IssuedTooEarly { .. } => "issued_too_early",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::IssuedAfterItsEnd => "issued_after_its_end",
            Self::PhotoAbsent => "photo_absent",
            Self::NoLongerAccepted { .. } => "no_longer_accepted",
            Self::NumberMissing => "number_missing",
            Self::NumberWrong => "number_wrong",
            Self::FactsTooFew => "facts_too_few",
            Self::PhotoNotCompared => "photo_not_compared",
            Self::PhotoDiffers => "photo_differs",
        }
    }
}

/// Checks that need nobody beside the document: original, dates, photograph, number. What the screen says as it is typed.
/// Gives what keeps it good although the day printed on it has passed.
///
/// # Errors
/// Why it does not count.
pub fn check_document(
    presented: &Presented,
    today: Date,
    calendar: &Calendar,
) -> Result<Option<StillGood>, NotCounted> {
    let rule = presented.document.rule();
    if !presented.is_original {
        return Err(NotCounted::Copy);
    }
    if let Some(until) = rule.accepted_until.filter(|until| today > *until) {
        return Err(NotCounted::NoLongerAccepted { until });
    }
    if !presented.bears_photo && rule.class == Class::A && rule.without_photo.is_none() {
        return Err(NotCounted::PhotoAbsent);
    }
    check_issue(presented, rule.issued_from, today)?;
    let still_good = check_expiry(presented, rule, today, calendar)?;
    check_number(presented, rule.number)?;
    Ok(still_good)
}

fn check_issue(presented: &Presented, issued_from: Option<Date>, today: Date) -> Result<(), NotCounted> {
    let issued = presented.issued_on.as_ref().and_then(WrittenDate::span);
    if let Some((on, _)) = issued.filter(|(first, _)| *first > today) {
        return Err(NotCounted::IssuedInFuture { on });
    }
    let end = presented.expires_on.as_ref().and_then(WrittenDate::span);
    if let (Some((issued, _)), Some((_, end))) = (issued, end)
        && issued > end
    {
        return Err(NotCounted::IssuedAfterItsEnd);
    }
    match issued_from {
        Some(from) if issued.is_none_or(|(first, _)| first < from) => Err(NotCounted::IssuedTooEarly { from }),
        _ => Ok(()),
    }
}

fn check_expiry(
    presented: &Presented,
    rule: &DocumentRule,
    today: Date,
    calendar: &Calendar,
) -> Result<Option<StillGood>, NotCounted> {
    let last = match (rule.expiry, &presented.expires_on) {
        (ExpiryRule::Never, _) | (ExpiryRule::WhenPrinted, None) => return Ok(None),
        (ExpiryRule::Always, None) => return Err(NotCounted::ExpiryUnknown),
        // Only a month is printed on some: the document is good until its end.
        (_, Some(written)) if !written.is_approximate() => written.span(),
        (_, Some(_)) => None,
    };
    let Some((_, printed)) = last else {
        return Err(NotCounted::ExpiryUnknown);
    };
    if printed >= today {
        return Ok(None);
    }
    let still_good = match rule.grace {
        Grace::None => None,
        Grace::ClosedDays => {
            let last = calendar.last_day_by_law(printed);
            Some(StillGood::ClosedDays {
                printed,
                until: last.day,
                provisional: last.provisional,
            })
        }
        Grace::Application { months } => presented.renewal_applied.then(|| StillGood::Application {
            printed,
            until: calendar::after_months(printed, months),
        }),
    };
    match still_good.filter(|good| good.days().1 >= today) {
        Some(good) => Ok(Some(good)),
        None => Err(NotCounted::Expired { on: printed }),
    }
}

fn check_number(presented: &Presented, rule: NumberRule) -> Result<(), NotCounted> {
    let NumberRule::Kept(kind) = rule else { return Ok(()) };
    if presented.number.trim().is_empty() {
        return Err(NotCounted::NumberMissing);
    }
    match check_digit::check(kind, &presented.number) {
        Verdict::Valid | Verdict::ShapeOnly | Verdict::Doubtful => Ok(()),
        Verdict::WrongCheckDigit | Verdict::WrongLength { .. } | Verdict::WrongCharacter { .. } => {
            Err(NotCounted::NumberWrong)
        }
    }
}

/// A fact that does not agree, accepted all the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub party: Party,
    pub fact: Fact,
    /// Why, in the clerk's words.
    pub reason: String,
    /// The second clerk, who looked as well.
    pub second: StaffId,
}

/// Quiet: reasons are personal.
impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exception")
            .field("party", &self.party)
            .field("fact", &self.fact)
            .finish_non_exhaustive()
    }
}

/// All that was seen and said at the counter.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The clerk who verifies.
    pub clerk: StaffId,
    /// Whether the resident is here.
    pub resident_attends: bool,
    pub resident_documents: Vec<Presented>,
    /// The guardian's or agent's documents.
    pub acting_documents: Vec<Presented>,
    /// Whether the paper named in the application (or, where it says so, the register) was seen to show the guardian's
    /// standing or the agent's reason.
    pub evidence_seen: bool,
    /// Whether the letter of authority (委任状) was seen, written by the resident's own hand.
    pub letter_seen: bool,
    /// What beside documents counts.
    pub beside: Beside,
    /// Facts accepted although they differ.
    pub exceptions: Vec<Exception>,
}

impl Visit {
    /// A visit of the resident alone that has just begun.
    pub const fn new(clerk: StaffId) -> Self {
        Self {
            clerk,
            resident_attends: true,
            resident_documents: Vec::new(),
            acting_documents: Vec::new(),
            evidence_seen: false,
            letter_seen: false,
            beside: Beside {
                inquiry_reply: false,
                pin_entered: false,
            },
            exceptions: Vec::new(),
        }
    }

    /// The bar for the resident's documents, by the application.
    pub const fn resident_bar(application: &Application) -> Bar {
        match (application.applicant(), application.delivery()) {
            (Applicant::Agent { .. }, _) => Bar::Absent,
            (_, Delivery::Counter) => Bar::Counter,
            (_, Delivery::RestrictedPost) => Bar::ThenPost,
        }
    }
}

/// Something that stands in the way of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shortfall", rename_all = "snake_case")]
pub enum Shortfall {
    /// The resident is not here.
    ResidentNotHere,
    /// The documents that count are not enough.
    NotEnough {
        party: Party,
        /// What is lacking, the nearest way first.
        nearest: Vec<Nearly>,
    },
    /// A fact on a document differs from the register.
    FactDiffers {
        party: Party,
        document: Document,
        fact: Fact,
    },
    /// The clerk has not looked at a fact the document shows, or it can't be told.
    FactOpen {
        party: Party,
        document: Document,
        fact: Fact,
    },
    /// A face does not agree with its photograph. Nothing excuses that.
    PhotoDiffers { party: Party, document: Document },
    /// The guardian's standing or the agent's reason was not shown.
    EvidenceNotSeen,
    /// The letter of authority was not shown.
    LetterNotSeen,
    /// An exception has no reason worth the name.
    ExceptionWithoutReason { party: Party, fact: Fact },
    /// The second clerk of an exception is the first.
    SecondClerkIsTheSame { party: Party, fact: Fact },
    /// An exception for a fact that agrees, or two for one fact: the record would say what was not so.
    ExceptionNotNeeded { party: Party, fact: Fact },
    /// Documents of someone acting for the resident were laid down, but the resident applies themself.
    NobodyActs,
}

impl Shortfall {
    /// The key of its words.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ResidentNotHere => "resident_not_here",
            Self::NotEnough { .. } => "not_enough",
            Self::FactDiffers { .. } => "fact_differs",
            Self::FactOpen { .. } => "fact_open",
            Self::PhotoDiffers { .. } => "photo_differs",
            Self::EvidenceNotSeen => "evidence_not_seen",
            Self::LetterNotSeen => "letter_not_seen",
            Self::ExceptionWithoutReason { .. } => "exception_without_reason",
            Self::SecondClerkIsTheSame { .. } => "second_clerk_is_the_same",
            Self::ExceptionNotNeeded { .. } => "exception_not_needed",
            Self::NobodyActs => "nobody_acts",
        }
    }
}

/// One document in the record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    pub document: Document,
    /// Its number, where it may be kept.
    pub number: Option<String>,
    /// The day of issue, as entered.
    pub issued_on: Option<WrittenDate>,
    /// The last day, as entered.
    pub expires_on: Option<WrittenDate>,
    /// Whether it bore no photograph, and so counted in the second class.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_photo: bool,
    /// What kept it good after the day printed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still_good: Option<StillGood>,
    /// Why it did not count; `None` when it did.
    pub not_counted: Option<NotCounted>,
    /// Its four facts against the register.
    pub facts: FourFacts,
}

/// Quiet: numbers of documents are personal.
impl fmt::Debug for DocumentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentRecord")
            .field("document", &self.document)
            .field("not_counted", &self.not_counted)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// One party in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyRecord {
    pub party: Party,
    /// Whether they were here.
    pub attended: bool,
    /// The bar their documents had to clear.
    pub bar: Bar,
    /// The way by which they did.
    pub way: Way,
    /// Every document laid down, those that did not count too.
    pub documents: Vec<DocumentRecord>,
}

/// What is kept of a verification: plain data, to be stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationRecord {
    #[serde(with = "crate::era::iso_day")]
    pub on: Date,
    /// The clerk who verified.
    pub clerk: StaffId,
    /// `resident`, `guardian` or `agent`, as in the application.
    pub applicant: String,
    /// How the card is to be delivered; with the applicant it sets the bar.
    pub delivery: Delivery,
    /// The parties, the resident first.
    pub parties: Vec<PartyRecord>,
    /// Whether the written inquiry came back.
    pub inquiry_reply: bool,
    /// Whether the PIN was entered.
    pub pin_entered: bool,
    /// Whether standing or reason was shown; `None` when nobody acts.
    pub evidence_seen: Option<bool>,
    /// Whether the letter of authority was shown; `None` when no agent acts.
    pub letter_seen: Option<bool>,
    /// Every fact accepted although it differs.
    pub exceptions: Vec<Exception>,
}

/// Proof that the person was verified; only [`verify`] makes one. It serialises as its [`VerificationRecord`], and can't
/// be read back: a record from the database proves what was, it does not permit anything anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Verification {
    record: VerificationRecord,
}

impl Verification {
    /// All that was seen.
    pub const fn record(&self) -> &VerificationRecord {
        &self.record
    }
}

/// Why a visit did not verify the person: everything that is wrong, not only the first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the person is not verified: {}", .shortfalls.iter().map(Shortfall::as_str).collect::<Vec<_>>().join(", "))]
pub struct NotVerified {
    /// What stands in the way; never empty.
    pub shortfalls: Vec<Shortfall>,
    /// The documents as judged, for the screen.
    pub documents: Vec<(Party, DocumentRecord)>,
}

/// The parties' facts as the register or the application has them.
fn registered<'a>(party: Party, resident: &'a Resident, application: &'a Application) -> Option<Registered<'a>> {
    match party {
        Party::Resident => Some(resident.into()),
        Party::Acting => application.applicant().acting_for_resident().map(Into::into),
    }
}

#[cfg(test)]
mod tests;
