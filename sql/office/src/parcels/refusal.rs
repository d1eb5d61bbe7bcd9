//! Why an envelope was not closed, posted, followed or opened.

use issuance::{case::CaseNumber, parcel::TrackingNumber};

use crate::refusal::{Fact, Refusal};

/// A refusal about a card that goes by post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParcelRefusal {
    /// The resident wants to collect the card.
    #[error("the card is to be collected at the counter: change the way of delivery first")]
    ForCounter,
    /// The way of delivery is that already.
    #[error("the card is to be delivered so already")]
    SameDelivery,
    /// What was shown is enough only for a card that is collected.
    #[error("the documents shown are not enough for a card by post: it is collected at the counter")]
    VerifiedForCounter,
    /// The post office will ask for a document with a photograph, which was not shown here.
    #[error("this kind of post asks for a document with a photograph, and none was shown")]
    KindNotOpen,
    /// Another envelope under way has the number.
    #[error("the number {number} is on the envelope of case {case}")]
    NumberTaken { number: TrackingNumber, case: CaseNumber },
    /// The envelopes counted are not those listed.
    #[error("{counted} envelopes were counted, {listed} are listed: count again")]
    CountDiffers { counted: u16, listed: u16 },
    /// The roster has the addressee no more.
    #[error("the addressee of case {0} moved away or died: take the envelope out")]
    AddresseeGone(CaseNumber),
    /// A day before the post office took it, or one that has not come.
    #[error("this cannot have happened on that day")]
    DayImpossible,
    /// Nothing in the post has the number.
    #[error("no envelope under way has this number")]
    NoSuchNumber,
}

impl ParcelRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let case = CaseNumber { year: 2026, serial: 1 };
        let mut every: Vec<Box<dyn Refusal>> = vec![
            Box::new(Self::ForCounter),
            Box::new(Self::SameDelivery),
            Box::new(Self::VerifiedForCounter),
            Box::new(Self::KindNotOpen),
            Box::new(Self::CountDiffers { counted: 1, listed: 2 }),
            Box::new(Self::AddresseeGone(case)),
            Box::new(Self::DayImpossible),
            Box::new(Self::NoSuchNumber),
        ];
        if let Ok(number) = TrackingNumber::parse("13112383852") {
            every.push(Box::new(Self::NumberTaken { number, case }));
        }
        every
    }
}

impl Refusal for ParcelRefusal {
    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::ForCounter => Some("for_counter"),
            Self::VerifiedForCounter => Some("verified_for_counter"),
            Self::KindNotOpen => Some("parcel_kind_not_open"),
            Self::NumberTaken { .. } => Some("parcel_number_taken"),
            Self::CountDiffers { .. } => Some("parcel_count_differs"),
            Self::AddresseeGone(_) => Some("addressee_gone"),
            Self::SameDelivery | Self::DayImpossible | Self::NoSuchNumber => None,
        }
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::ForCounter => "refused-for-counter",
            Self::SameDelivery => "refused-same-delivery",
            Self::VerifiedForCounter => "refused-verified-for-counter",
            Self::KindNotOpen => "refused-parcel-kind-not-open",
            Self::NumberTaken { .. } => "refused-parcel-number-taken",
            Self::CountDiffers { .. } => "refused-parcel-count-differs",
            Self::AddresseeGone(_) => "refused-addressee-gone",
            Self::DayImpossible => "refused-day-impossible",
            Self::NoSuchNumber => "refused-no-such-number",
        }
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        match self {
            Self::NumberTaken { number, case } => vec![
                ("number", Fact::Text(number.to_string())),
                ("case", Fact::Text(case.to_string())),
            ],
            Self::CountDiffers { counted, listed } => vec![
                ("counted", Fact::Text(counted.to_string())),
                ("listed", Fact::Text(listed.to_string())),
            ],
            Self::AddresseeGone(case) => vec![("case", Fact::Text(case.to_string()))],
            _ => Vec::new(),
        }
    }

    fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::SameDelivery | Self::CountDiffers { .. } | Self::DayImpossible | Self::NoSuchNumber
        )
    }
}
