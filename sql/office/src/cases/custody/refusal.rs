//! Why a card was not moved outside the course of its case, or not given back.

use crate::refusal::Refusal;

/// A refusal about where a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CustodyRefusal {
    /// A card that may be used is in its holder's hand and nowhere else.
    #[error("the card may be used: stop it first")]
    StillActive,
    /// What may still be used is not destroyed.
    #[error("the card is not over: end it first")]
    NotOver,
    /// Only what lies in a drawer of the office can be given back.
    #[error("the card does not lie in the office")]
    NotHere,
    /// The chip in the reader is not the card's.
    #[error("the chip in the reader is another card's")]
    OtherChip,
    /// Its envelope is under way, or missed: what happens to it is said of the envelope.
    #[error("the card is in an envelope: say it of the envelope")]
    InEnvelope,
    /// It lies in the office: it is used again from the moment it is given back.
    #[error("the card lies in the office: give it back, and it may be used again")]
    LiesHere,
}

impl CustodyRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let every = [
            Self::StillActive,
            Self::NotOver,
            Self::NotHere,
            Self::OtherChip,
            Self::LiesHere,
            Self::InEnvelope,
        ];
        every.map(|refusal| Box::new(refusal) as Box<dyn Refusal>).into()
    }
}

impl Refusal for CustodyRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::StillActive => "still_active",
            Self::NotOver => "not_over",
            Self::NotHere => "not_here",
            Self::OtherChip => "other_chip",
            Self::LiesHere => "lies_here",
            Self::InEnvelope => "in_envelope",
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::StillActive => "refused-still-active",
            Self::NotOver => "refused-not-over",
            Self::NotHere => "refused-not-here",
            Self::OtherChip => "refused-other-chip",
            Self::LiesHere => "refused-lies-here",
            Self::InEnvelope => "refused-in-envelope",
        }
    }
}
