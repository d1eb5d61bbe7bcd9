//! Why a PIN was not set, and why a card was not handed over.

use issuance::{
    case::CaseNumber,
    handover::{HandoverRefused, Mismatch},
};

use crate::refusal::{Fact, Refusal};

/// A refusal between a card's making and its handover.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverRefusal {
    /// The PIN is not set yet.
    #[error("the PIN is not set")]
    PinNotSet,
    /// The PIN is set already.
    #[error("the PIN is set already")]
    PinAlreadySet,
    /// No notice was issued for the case.
    #[error("no delivery notice was issued for this case")]
    NoNotice,
    /// The place in the shelf holds another card.
    #[error("the place holds the card of case {0}")]
    ShelfTaken(CaseNumber),
    /// Something that went wrong with the case is not settled.
    #[error("an incident of the case is open: settle it first")]
    IncidentOpen,
    /// The clock shows an earlier time than when the card was looked at.
    #[error("the clock went back since the card was looked at: check the clock, then look again")]
    ClockWentBack,
    /// A look that did not take in person, name and card alike.
    #[error("a look at a handover takes in the person, the name and the card")]
    NotAllLookedAt,
    /// Notice, shelf, chip, PIN or sights do not agree; the card is not handed over.
    #[error(transparent)]
    Mismatched(#[from] HandoverRefused),
}

impl HandoverRefusal {
    /// One of each; of what does not agree, one of each that the counter tells apart.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let mut every: Vec<Box<dyn Refusal>> = vec![
            Box::new(Self::PinNotSet),
            Box::new(Self::PinAlreadySet),
            Box::new(Self::NoNotice),
            Box::new(Self::ShelfTaken(CaseNumber { year: 2026, serial: 1 })),
            Box::new(Self::IncidentOpen),
            Box::new(Self::ClockWentBack),
            Box::new(Self::NotAllLookedAt),
        ];
        for mismatch in [
            Mismatch::OtherCase,
            Mismatch::OtherToken,
            Mismatch::OtherShelf,
            Mismatch::OtherChip,
            Mismatch::PinNotSet,
            Mismatch::SightsMissing,
        ] {
            let mismatches = vec![mismatch];
            every.push(Box::new(Self::Mismatched(HandoverRefused { mismatches })));
        }
        every
    }
}

impl Refusal for HandoverRefusal {
    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::PinNotSet => Some("pin_not_set"),
            Self::PinAlreadySet => Some("pin_already_set"),
            Self::NoNotice => Some("no_notice"),
            Self::ShelfTaken(_) => Some("shelf_taken"),
            Self::IncidentOpen => Some("incident_open"),
            Self::ClockWentBack => None,
            Self::NotAllLookedAt => Some("not_all_looked_at"),
            Self::Mismatched(_) => Some("handover_mismatch"),
        }
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::PinNotSet => "refused-pin-not-set",
            Self::PinAlreadySet => "fault-pin-already-set",
            Self::NoNotice => "refused-no-notice",
            Self::ShelfTaken(_) => "refused-shelf-taken",
            Self::IncidentOpen => "refused-incident-open",
            Self::ClockWentBack => "refused-clock-went-back",
            Self::NotAllLookedAt => "refused-not-all-looked-at",
            Self::Mismatched(refused) => mismatch_key(&refused.mismatches),
        }
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        match self {
            Self::ShelfTaken(case) => vec![("case", Fact::Text(case.to_string()))],
            _ => Vec::new(),
        }
    }

    fn is_passing(&self) -> bool {
        match self {
            Self::ShelfTaken(_) => true,
            // What was true a moment ago no longer is: another desk moved the card.
            Self::Mismatched(refused) => mismatch_key(&refused.mismatches) == CHANGED,
            _ => false,
        }
    }
}

const CHANGED: &str = "fault-changed-meanwhile";

/// What the clerk is told of several things that do not agree: the gravest.
fn mismatch_key(mismatches: &[Mismatch]) -> &'static str {
    let any = |these: &[Mismatch]| mismatches.iter().any(|mismatch| these.contains(mismatch));
    if any(&[Mismatch::OtherChip]) {
        "fault-wrong-chip"
    } else if any(&[Mismatch::OtherCase, Mismatch::OtherToken]) {
        "fault-notice-invalid"
    } else if any(&[Mismatch::OtherShelf]) {
        CHANGED
    } else if any(&[Mismatch::PinNotSet]) {
        "refused-pin-not-set"
    } else {
        "refused-sights-missing"
    }
}
