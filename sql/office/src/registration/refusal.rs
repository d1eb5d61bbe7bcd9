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
    /// Whoever calls has called before, or somebody did for them.
    #[error("the card is stopped already")]
    AlreadyStopped,
    /// Revoked or run out: nobody can use it any more.
    #[error("the card is over already: there is nothing to stop")]
    AlreadyOver,
}

impl HolderRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let every = [Self::NotInPerson, Self::NoStop, Self::AlreadyStopped, Self::AlreadyOver];
        every.map(|refusal| Box::new(refusal) as Box<dyn Refusal>).into()
    }
}

impl Refusal for HolderRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotInPerson => "not_in_person",
            Self::NoStop => "no_stop",
            Self::AlreadyStopped => "already_stopped",
            Self::AlreadyOver => "already_over",
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::NotInPerson => "refused-not-in-person",
            Self::NoStop => "refused-no-stop",
            Self::AlreadyStopped => "refused-already-stopped",
            Self::AlreadyOver => "refused-already-over",
        }
    }
}
