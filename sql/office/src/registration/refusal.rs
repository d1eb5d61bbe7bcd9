//! Why a card that was handed over was not let be used again.

use crate::refusal::Refusal;

/// A refusal about a card's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HolderRefusal {
    /// A card is let be used again only for its holder at the counter.
    #[error("the card's holder must stand at the counter, with their documents")]
    NotInPerson,
}

impl HolderRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        vec![Box::new(Self::NotInPerson)]
    }
}

impl Refusal for HolderRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some("not_in_person")
    }

    fn word_key(&self) -> &'static str {
        "refused-not-in-person"
    }
}
