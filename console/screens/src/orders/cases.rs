//! A case: opened, closed, taken over, ended; the identity verification; the journal.

use issuance::{case::CaseId, identity::Verification};

use crate::{
    facts::{CaseView, JournalLine},
    order::{Order, Reply},
};

/// A case and the version it was seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseAt {
    pub id: CaseId,
    /// Its version when the clerk decided.
    pub version: i64,
}

/// The case as it now stands, held by this desk.
pub type CaseNow = Box<CaseView>;

impl Reply for CaseNow {
    fn case(&self) -> Option<&CaseView> {
        Some(self)
    }
}

/// Open a case and hold it; [`crate::fault::Fault::HeldBy`] when another desk does.
#[derive(Debug)]
pub struct OpenCase(pub CaseId);

impl Order for OpenCase {
    type Reply = CaseNow;
    const IS_OF_CASE: bool = false;
}

/// Open the case that a scanned notice or form belongs to.
#[derive(Debug)]
pub struct OpenByNotice {
    /// The payload, `MDG1-…`, as scanned.
    pub payload: String,
}

impl Order for OpenByNotice {
    type Reply = CaseNow;
    const IS_OF_CASE: bool = false;
}

/// The open case as it now stands, where an order ended without telling.
#[derive(Debug)]
pub struct ReloadCase(pub CaseId);

impl Order for ReloadCase {
    type Reply = CaseNow;
}

/// Release a case.
#[derive(Debug)]
pub struct CloseCase(pub CaseId);

impl Order for CloseCase {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}

/// Take over a case that another desk holds (audited), then as [`OpenCase`].
#[derive(Debug)]
pub struct BreakLease {
    pub case: CaseId,
    /// Why, in the clerk's words.
    pub reason: String,
}

impl Order for BreakLease {
    type Reply = CaseNow;
    const IS_OF_CASE: bool = false;
}

/// End a case without a card.
#[derive(Debug)]
pub struct CancelCase {
    pub case: CaseAt,
    pub reason: String,
}

impl Order for CancelCase {
    type Reply = CaseNow;
}

/// Settle the incident of the case that is open longest.
#[derive(Debug)]
pub struct CloseIncident {
    pub case: CaseAt,
    pub ending: String,
}

impl Order for CloseIncident {
    type Reply = CaseNow;
}

/// Record the identity verification. [`Verification`] is proof that the rules were met: only
/// `issuance::identity::verify` makes one. The desk compares its second clerks with the proofs of
/// [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct SaveVerification {
    pub case: CaseAt,
    /// Every fact and every exception, proved to meet the rules.
    pub verification: Box<Verification>,
}

impl Order for SaveVerification {
    type Reply = CaseNow;
}

/// The journal of a case.
#[derive(Debug)]
pub struct LoadJournal(pub CaseId);

impl Order for LoadJournal {
    type Reply = Journal;
}

/// The lines of a case's journal, oldest first.
#[derive(Debug)]
pub struct Journal(pub Vec<JournalLine>);

impl Reply for Journal {}
