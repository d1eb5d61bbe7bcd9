//! Why a second clerk's agreement does not count, or what one clerk did is not recorded as another's.

use crate::refusal::Refusal;

/// A refusal about who agrees and who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    /// The second clerk is the first.
    #[error("the second clerk must be another person")]
    SamePerson,
    /// A second clerk's agreement is missing, or used up.
    #[error("a second clerk must agree first")]
    Missing,
    /// What is to be recorded was done by another clerk than the one logged in.
    #[error("this was done by another clerk than the one logged in")]
    OtherClerk,
}

impl ApprovalRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        vec![
            Box::new(Self::SamePerson),
            Box::new(Self::Missing),
            Box::new(Self::OtherClerk),
        ]
    }
}

impl Refusal for ApprovalRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::SamePerson => "same_person",
            Self::Missing => "approval_missing",
            Self::OtherClerk => "other_clerk",
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::SamePerson => "fault-same-person",
            Self::Missing => "fault-agreement-gone",
            Self::OtherClerk => "fault-other-staff",
        }
    }
}
