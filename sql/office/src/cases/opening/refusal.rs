//! Why an application is not taken.

use issuance::case::{CaseId, CaseNumber};

use crate::refusal::{Fact, Refusal};

/// A refusal of an application.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningRefusal {
    /// The person has an open case already.
    #[error("there is an open case for this person: {number}")]
    CaseOpen { case: CaseId, number: CaseNumber },
    /// The person has an active card already.
    #[error("this person has an active card, made in case {number}")]
    HasCard {
        /// The case it was made in.
        case: CaseId,
        number: CaseNumber,
    },
    /// There are other records that may be this person, or former cases; a reason is needed to go on.
    #[error("{0} records may be the same person: look at them, then give a reason to go on")]
    Similar(usize),
}

impl OpeningRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let (case, number) = (
            CaseId::from_uuid(uuid::Uuid::nil()),
            CaseNumber { year: 2026, serial: 1 },
        );
        vec![
            Box::new(Self::CaseOpen { case, number }),
            Box::new(Self::HasCard { case, number }),
            Box::new(Self::Similar(1)),
        ]
    }
}

impl Refusal for OpeningRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::CaseOpen { .. } => "case_open",
            Self::HasCard { .. } => "has_card",
            Self::Similar(_) => "similar",
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::CaseOpen { .. } => "refused-case-open",
            Self::HasCard { .. } => "refused-has-card",
            Self::Similar(_) => "refused-similar",
        }
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        match self {
            Self::CaseOpen { number, .. } | Self::HasCard { number, .. } => {
                vec![("case", Fact::Text(number.to_string()))]
            }
            Self::Similar(count) => vec![("count", Fact::Text(count.to_string()))],
        }
    }
}
