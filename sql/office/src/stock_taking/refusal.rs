//! Why a count was not taken further.

use crate::refusal::Refusal;

/// A refusal about a stock-taking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StockRefusal {
    /// It was counted, or another one has begun since.
    #[error("this count is over")]
    Over,
    /// Whoever counted does not confirm their own count.
    #[error("another person than the one who counted confirms it")]
    SamePerson,
    /// Nothing was said to be counted yet.
    #[error("the count is not finished")]
    NotCounted,
    /// No envelope under way has the number.
    #[error("no envelope in the office has this number")]
    NoSuchEnvelope,
}

impl StockRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let every = [Self::Over, Self::SamePerson, Self::NotCounted, Self::NoSuchEnvelope];
        every.map(|refusal| Box::new(refusal) as Box<dyn Refusal>).into()
    }
}

impl Refusal for StockRefusal {
    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::SamePerson => Some("count_same_person"),
            Self::Over | Self::NotCounted | Self::NoSuchEnvelope => None,
        }
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::Over => "refused-count-over",
            Self::SamePerson => "refused-count-same-person",
            Self::NotCounted => "refused-not-counted",
            Self::NoSuchEnvelope => "refused-no-such-envelope",
        }
    }

    fn is_passing(&self) -> bool {
        true
    }
}
