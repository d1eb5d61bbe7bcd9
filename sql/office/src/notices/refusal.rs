//! Why a run of a notice does not go on.

use crate::refusal::Refusal;

/// A refusal about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeRefusal {
    /// The second person is the first.
    #[error("whoever released the run first can't be the second")]
    SamePerson,
    #[error("two people have not released the run")]
    NotReleased,
    /// What is made would not be what was counted.
    #[error("roster or facts changed after the run was counted")]
    FactsChanged,
    /// It was posted, or given up.
    #[error("the run is over")]
    Over,
    #[error("a bundle is not printed yet")]
    NotPrinted,
    /// Nobody knows yet how it ends, or it is printed.
    #[error("the bundle was sent to a printer")]
    Sent,
    /// Somebody who looked, or another desk, wrote down meanwhile how it ended.
    #[error("how the printing ended is written down already")]
    Settled,
    #[error("there is no letter of that number")]
    NoSuchLetter,
}

impl NoticeRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let every = [
            Self::SamePerson,
            Self::NotReleased,
            Self::FactsChanged,
            Self::Over,
            Self::NotPrinted,
            Self::Sent,
            Self::Settled,
            Self::NoSuchLetter,
        ];
        every.map(|refusal| Box::new(refusal) as Box<dyn Refusal>).into()
    }
}

impl Refusal for NoticeRefusal {
    fn rule(&self) -> Option<&'static str> {
        Some(match self {
            Self::SamePerson => "notice_same_person",
            Self::NotReleased => "notice_not_released",
            Self::FactsChanged => "notice_facts_changed",
            Self::Over => "notice_over",
            Self::NotPrinted => "notice_not_printed",
            Self::Sent => "notice_sent",
            Self::Settled => "notice_settled",
            // A mistyped number.
            Self::NoSuchLetter => return None,
        })
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::SamePerson => "refused-notice-same-person",
            Self::NotReleased => "refused-notice-not-released",
            Self::FactsChanged => "refused-notice-facts-changed",
            Self::Over => "refused-notice-over",
            Self::NotPrinted => "refused-notice-not-printed",
            Self::Sent => "refused-notice-sent",
            Self::Settled => "refused-notice-settled",
            Self::NoSuchLetter => "refused-notice-no-letter",
        }
    }

    fn is_passing(&self) -> bool {
        matches!(self, Self::NoSuchLetter)
    }
}
