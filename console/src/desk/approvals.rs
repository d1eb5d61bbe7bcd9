//! Second clerks' agreements between the moment they were given and the order that uses them up.

use std::{collections::BTreeMap, sync::Mutex};

use issuance::case::CaseId;
use office::cases::ApprovalId;

use super::work::lock;
use crate::tui::orders::staff::SecondPurpose;

/// The agreements given at this desk and not used yet. The records keep them too, and each can be used once.
#[derive(Default)]
pub struct Approvals(Mutex<BTreeMap<(CaseId, u8), ApprovalId>>);

impl Approvals {
    /// Keeps an agreement for one case and purpose; an earlier one for the same is worth nothing any more.
    pub fn keep(&self, case: CaseId, purpose: SecondPurpose, approval: ApprovalId) {
        lock(&self.0).insert((case, purpose as u8), approval);
    }

    /// Takes the agreement, if one was given.
    pub fn take(&self, case: CaseId, purpose: SecondPurpose) -> Option<ApprovalId> {
        lock(&self.0).remove(&(case, purpose as u8))
    }

    /// Forgets what was given for `case`: it was closed.
    pub fn forget(&self, case: CaseId) {
        lock(&self.0).retain(|(of, _), _| *of != case);
    }
}
