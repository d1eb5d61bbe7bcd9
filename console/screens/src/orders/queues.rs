//! Queues, search, residents.

use issuance::{
    application::Application,
    case::{CaseId, ResidentId},
};

use crate::{
    facts::{CaseRow, CaseView, Counts, Found, InTheWay, Queue, ResidentView},
    order::{Order, Reply},
};

/// Counts for 本日の業務.
#[derive(Debug)]
pub struct LoadCounts;

impl Order for LoadCounts {
    type Reply = Counts;
}

/// A queue's rows, those that wait longest first.
#[derive(Debug)]
pub struct LoadQueue(pub Queue);

impl Order for LoadQueue {
    type Reply = QueueRows;
}

/// The rows of a queue.
#[derive(Debug)]
pub struct QueueRows(pub Queue, pub Vec<CaseRow>);

/// Search the roster. A later search makes an earlier one worthless: it may be dropped without a reply.
#[derive(Debug)]
pub struct Search {
    pub text: String,
}

impl Order for Search {
    type Reply = Found;
}

/// A resident in full.
#[derive(Debug)]
pub struct OpenResident(pub ResidentId);

impl Order for OpenResident {
    type Reply = ResidentView;
}

/// Show a masked address; the sight is audited before the reply.
#[derive(Debug)]
pub struct RevealAddress(pub ResidentId);

impl Order for RevealAddress {
    type Reply = ResidentView;
}

/// Take an application; opens and holds the case.
#[derive(Debug)]
pub struct SubmitApplication {
    pub resident: ResidentId,
    pub application: Box<Application>,
    /// Whether the clerk has seen the duplicates and gives a reason to go on.
    pub despite_duplicate: Option<String>,
}

impl Order for SubmitApplication {
    type Reply = Submitted;
}

/// What became of an application.
#[derive(Debug)]
pub enum Submitted {
    /// Taken: its case, held by this desk.
    Case(Box<CaseView>),
    /// Something stands in the way.
    InTheWay(InTheWay),
}

impl Submitted {
    /// The case that was opened.
    pub fn opened(&self) -> Option<CaseId> {
        match self {
            Self::Case(case) => Some(case.id),
            Self::InTheWay(_) => None,
        }
    }
}

impl Reply for Counts {}
impl Reply for QueueRows {}
impl Reply for Found {}
impl Reply for ResidentView {}
impl Reply for Submitted {
    fn case(&self) -> Option<&CaseView> {
        match self {
            Self::Case(case) => Some(case),
            Self::InTheWay(_) => None,
        }
    }
}
