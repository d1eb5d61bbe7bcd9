//! Why something was not done to a card that was handed over.

use crate::refusal::Refusal;

/// A refusal about a card's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HolderRefusal {
    /// A card is let be used again only for its holder at the counter.
    #[error("the card's holder must stand at the counter, with their documents")]
    NotInPerson,
    /// No stop by telephone waits for its holder: it was confirmed, ended by itself, or never was.
    #[error("no stop by telephone waits for a confirmation")]
    NoStop,
}

impl HolderRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        vec![Box::new(Self::NotInPerson), Box::new(Self::NoStop)]
    }
}

impl Refusal for HolderRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotInPerson => "not_in_person",
            Self::NoStop => "no_stop",
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::NotInPerson => "refused-not-in-person",
            Self::NoStop => "refused-no-stop",
        }
    }
}
