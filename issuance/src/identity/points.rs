//! 1点・2点: which documents together are enough, and what is still lacking.
//!
//! Pure and cheap, so that the screen can answer with every document laid down.

use serde::{Deserialize, Serialize};

use super::{Class, Document};

/// How high the bar stands, by what the visit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// 交付時来庁: the card is handed over at the counter later, where the person is looked at once more.
    Counter,
    /// 申請時来庁: this visit is the only one; the card then goes by post.
    ThenPost,
    /// The guardian or agent themself.
    Acting,
    /// A resident who is not here, represented by an agent.
    Absent,
}

/// A combination that is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A1点
    OneA,
    /// B2点(ア+ア、ア+イ) and the reply to the written inquiry (照会書)
    TwoBAndInquiry,
    /// B2点
    TwoB,
    /// A2点
    TwoA,
    /// A1点+B1点
    AAndB,
    /// A1点 and the PIN entered at the counter
    OneAAndPin,
    /// 通知カード+B2点
    NotificationAndTwoB,
    /// 顔写真証明書+B2点, where there is no A (入院・施設・在宅・ひきこもり, children)
    PhotoCertificateAndTwoB,
}

impl Way {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneA => "one_a",
            Self::TwoBAndInquiry => "two_b_and_inquiry",
            Self::TwoB => "two_b",
            Self::TwoA => "two_a",
            Self::AAndB => "a_and_b",
            Self::OneAAndPin => "one_a_and_pin",
            Self::NotificationAndTwoB => "notification_and_two_b",
            Self::PhotoCertificateAndTwoB => "photo_certificate_and_two_b",
        }
    }
}

/// Something a way still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// One document of class A.
    A,
    /// A second document of class A.
    SecondA,
    /// One document of class B, ア or イ.
    B,
    /// A document of B-ア: イ+イ is not enough.
    PublicB,
    /// One more document of B, ア or イ, beside the ア that is there.
    SecondB,
    /// The reply to the written inquiry.
    InquiryReply,
    /// The PIN, entered at the counter.
    Pin,
    /// 通知カード
    NotificationCard,
    /// 顔写真証明書
    PhotoCertificate,
}

impl Lack {
    /// The key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::SecondA => "second_a",
            Self::B => "b",
            Self::PublicB => "public_b",
            Self::SecondB => "second_b",
            Self::InquiryReply => "inquiry_reply",
            Self::Pin => "pin",
            Self::NotificationCard => "notification_card",
            Self::PhotoCertificate => "photo_certificate",
        }
    }
}

/// A way that is not met yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearly {
    pub way: Way,
    pub lacks: Vec<Lack>,
}

/// What beside documents can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beside {
    /// The written inquiry (照会書) came back with the person.
    pub inquiry_reply: bool,
    /// The person entered the PIN of the card at the counter.
    pub pin_entered: bool,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Points {
    /// Enough, by this way.
    Enough {
        /// The first way that is met, in the order of the bar.
        way: Way,
    },
    NotEnough {
        /// The ways of the bar, the one that lacks least first.
        nearest: Vec<Nearly>,
    },
}

impl Points {
    /// The way that is met.
    pub const fn way(&self) -> Option<Way> {
        match self {
            Self::Enough { way } => Some(*way),
            Self::NotEnough { .. } => None,
        }
    }
}

impl Bar {
    /// The ways that clear it, in the order tried.
    pub const fn ways(self) -> &'static [Way] {
        use Way::{AAndB, NotificationAndTwoB, OneA, OneAAndPin, PhotoCertificateAndTwoB, TwoA, TwoB, TwoBAndInquiry};
        match self {
            Self::Counter => &[OneA, TwoBAndInquiry, PhotoCertificateAndTwoB],
            Self::ThenPost => &[TwoA, AAndB, OneAAndPin, NotificationAndTwoB, PhotoCertificateAndTwoB],
            Self::Acting => &[OneA, TwoB],
            Self::Absent => &[TwoA, AAndB, PhotoCertificateAndTwoB],
        }
    }
}

/// A document that counts, and as what.
pub type Counting = (Document, Class);

/// Weighs the documents that count. A kind of document counts once, however many of it are shown: two 診察券 come out of
/// one lost wallet as easily as one.
pub fn weigh(bar: Bar, counting: &[Counting], beside: Beside) -> Points {
    let mut kinds = counting.to_vec();
    // Of two of a kind the one that counts for more.
    kinds.sort_unstable();
    kinds.dedup_by_key(|(kind, _)| *kind);
    let count = |class: Class| kinds.iter().filter(|(_, counts)| *counts == class).count();
    let holds = |document: Document| kinds.iter().any(|(kind, _)| *kind == document);
    let hand = Hand {
        a: count(Class::A),
        public_b: count(Class::BPublic),
        other_b: count(Class::BOther),
        notification: holds(Document::NotificationCard),
        photo_certificate: holds(Document::PhotoCertificate),
        beside,
    };
    let mut nearest: Vec<Nearly> = bar
        .ways()
        .iter()
        .map(|way| Nearly {
            way: *way,
            lacks: hand.lacks(*way),
        })
        .collect();
    if let Some(met) = nearest.iter().find(|nearly| nearly.lacks.is_empty()) {
        return Points::Enough { way: met.way };
    }
    nearest.sort_by_key(|nearly| nearly.lacks.len());
    Points::NotEnough { nearest }
}

/// What lies on the counter.
struct Hand {
    a: usize,
    public_b: usize,
    other_b: usize,
    notification: bool,
    photo_certificate: bool,
    beside: Beside,
}

impl Hand {
    fn lacks(&self, way: Way) -> Vec<Lack> {
        let unless = |held: bool, lack: Lack| (!held).then_some(lack);
        let mut lacks = match way {
            Way::OneA | Way::OneAAndPin => self.lacking_a(1),
            Way::TwoA => self.lacking_a(2),
            Way::AAndB => self.lacking_a(1),
            Way::TwoB | Way::TwoBAndInquiry | Way::NotificationAndTwoB | Way::PhotoCertificateAndTwoB => {
                self.lacking_two_b()
            }
        };
        lacks.extend(match way {
            Way::AAndB => unless(self.public_b + self.other_b >= 1, Lack::B),
            Way::OneAAndPin => unless(self.beside.pin_entered, Lack::Pin),
            Way::TwoBAndInquiry => unless(self.beside.inquiry_reply, Lack::InquiryReply),
            Way::NotificationAndTwoB => unless(self.notification, Lack::NotificationCard),
            Way::PhotoCertificateAndTwoB => unless(self.photo_certificate, Lack::PhotoCertificate),
            Way::OneA | Way::TwoA | Way::TwoB => None,
        });
        lacks
    }

    fn lacking_a(&self, needed: usize) -> Vec<Lack> {
        [Lack::A, Lack::SecondA][..needed]
            .iter()
            .copied()
            .skip(self.a)
            .collect()
    }

    /// ア+ア or ア+イ; イ+イ is not enough.
    fn lacking_two_b(&self) -> Vec<Lack> {
        match (self.public_b, self.other_b) {
            (2.., _) | (1, 1..) => Vec::new(),
            (1, 0) => vec![Lack::SecondB],
            (0, 1..) => vec![Lack::PublicB],
            (0, 0) => vec![Lack::PublicB, Lack::SecondB],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Document::*;

    fn way(bar: Bar, documents: &[Document], beside: Beside) -> Option<Way> {
        weigh(bar, &by_table(documents), beside).way()
    }

    fn by_table(documents: &[Document]) -> Vec<Counting> {
        documents.iter().map(|kind| (*kind, kind.rule().class)).collect()
    }

    const NOTHING: Beside = Beside {
        inquiry_reply: false,
        pin_entered: false,
    };
    const INQUIRY: Beside = Beside {
        inquiry_reply: true,
        pin_entered: false,
    };
    const PIN: Beside = Beside {
        inquiry_reply: false,
        pin_entered: true,
    };

    #[test]
    fn at_the_counter_one_a_or_two_b_with_the_inquiry_reply_are_enough() {
        let counter = |documents: &[Document], beside| way(Bar::Counter, documents, beside);
        assert_eq!(counter(&[DrivingLicence], NOTHING), Some(Way::OneA));
        assert_eq!(
            counter(&[EligibilityCertificate, PensionHandbook], INQUIRY),
            Some(Way::TwoBAndInquiry)
        );
        assert_eq!(
            counter(&[EligibilityCertificate, PatientCard], INQUIRY),
            Some(Way::TwoBAndInquiry)
        );
        assert_eq!(counter(&[EligibilityCertificate, PensionHandbook], NOTHING), None);
        assert_eq!(counter(&[], INQUIRY), None);
    }

    #[test]
    fn two_of_class_i_are_never_enough() {
        for bar in [Bar::Counter, Bar::ThenPost, Bar::Acting, Bar::Absent] {
            let points = weigh(bar, &by_table(&[StudentCard, BankBook, PatientCard]), INQUIRY);
            let Points::NotEnough { nearest } = points else {
                panic!("{bar:?}")
            };
            assert!(
                nearest
                    .iter()
                    .any(|nearly| nearly.lacks.contains(&Lack::PublicB) || nearly.lacks.contains(&Lack::A))
            );
        }
    }

    #[test]
    fn a_card_that_goes_by_post_asks_for_more() {
        let then_post = |documents: &[Document], beside| way(Bar::ThenPost, documents, beside);
        assert_eq!(then_post(&[DrivingLicence], NOTHING), None);
        assert_eq!(then_post(&[DrivingLicence], INQUIRY), None);
        assert_eq!(then_post(&[DrivingLicence], PIN), Some(Way::OneAAndPin));
        assert_eq!(then_post(&[DrivingLicence, Passport], NOTHING), Some(Way::TwoA));
        assert_eq!(then_post(&[DrivingLicence, PatientCard], NOTHING), Some(Way::AAndB));
        assert_eq!(
            then_post(&[NotificationCard, PensionHandbook, PatientCard], NOTHING),
            Some(Way::NotificationAndTwoB)
        );
        assert_eq!(then_post(&[NotificationCard, PensionHandbook], NOTHING), None);
    }

    #[test]
    fn without_any_a_a_photo_certificate_and_two_b_are_enough() {
        let documents = [PhotoCertificate, EligibilityCertificate, CareInsuranceCard];
        for bar in [Bar::Counter, Bar::ThenPost, Bar::Absent] {
            assert_eq!(way(bar, &documents, NOTHING), Some(Way::PhotoCertificateAndTwoB));
        }
        assert_eq!(way(Bar::Counter, &documents[..2], NOTHING), None);
    }

    #[test]
    fn one_kind_of_document_counts_once_however_often_it_is_shown() {
        assert_eq!(way(Bar::ThenPost, &[Passport, Passport], NOTHING), None);
        assert_eq!(way(Bar::Acting, &[PensionHandbook, PensionHandbook], NOTHING), None);
    }

    #[test]
    fn what_is_lacking_is_said_with_the_nearest_way_first() {
        let Points::NotEnough { nearest } = weigh(Bar::ThenPost, &by_table(&[DrivingLicence]), NOTHING) else {
            panic!("one licence is not enough for a card by post")
        };
        assert_eq!(nearest[0].lacks, [Lack::SecondA]);
        assert_eq!(nearest[1].lacks, [Lack::B]);
        assert_eq!(nearest[2].lacks, [Lack::Pin]);
    }
}
