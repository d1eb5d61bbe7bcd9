//! A case: one application for one resident's card and all that follows from it, and where it stands in the counter's words.

use std::{fmt, str::FromStr};

use relay_core::id::Id;
use serde::{Deserialize, Serialize};

use crate::{
    application::{ApplicationEvent, ApplicationState},
    custody::{Custody, PlaceKind},
    lifecycle::Lifecycle,
    machine::Machine as _,
};

/// Kind of [`CaseId`].
pub enum CaseKind {}
/// A case: one application and all that follows from it.
pub type CaseId = Id<CaseKind>;
/// Kind of [`CardId`].
pub enum CardKind {}
/// A physical card, from the moment its chip serial is bound to a case.
pub type CardId = Id<CardKind>;
/// Kind of [`ResidentId`].
pub enum ResidentKind {}
/// A row of the roster.
pub type ResidentId = Id<ResidentKind>;

/// 受付番号, as people say and print it: `2026-000352`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseNumber {
    /// Calendar year of the application.
    pub year: u16,
    /// Running number within the year, from 1.
    pub serial: u32,
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:06}", self.year, self.serial)
    }
}

/// Text that is not a case number. It is not quoted: what is typed in the wrong place may be somebody's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("受付番号ではありません(例 2026-000352)")]
pub struct NotACaseNumber;

impl FromStr for CaseNumber {
    type Err = NotACaseNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotACaseNumber;
        let (year, serial) = text.trim().split_once('-').ok_or_else(refuse)?;
        if year.len() != 4 || !(1..=9).contains(&serial.len()) {
            return Err(refuse());
        }
        Ok(Self {
            year: year.parse().map_err(|_| refuse())?,
            serial: serial.parse().map_err(|_| refuse())?,
        })
    }
}

/// A place in the locked shelf: `A-12`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShelfPlace(String);

impl ShelfPlace {
    /// Reads a place as typed or scanned; width and case do not matter (`ａ－12` is `A-12`).
    pub fn parse(text: &str) -> Option<Self> {
        use unicode_normalization::UnicodeNormalization;
        let text: String = text.nfkc().collect::<String>().trim().to_ascii_uppercase();
        let text: String = text
            .chars()
            .map(|c| if matches!(c, 'ー' | '−' | '‐') { '-' } else { c })
            .collect();
        // One to three short groups, as shelves are labelled: a notice's code scanned into the field is no place.
        let fits = text.split('-').count() <= 3
            && text.split('-').all(|group| {
                (1..=4).contains(&group.len()) && group.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            });
        fits.then_some(Self(text))
    }

    /// The place as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShelfPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a case stands, as people at the counter say it: what its application, its card's life and the place of its card
/// come to together. Nothing is recorded as such and nothing moves by it; the three machines do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CaseState {
    /// 申請受付: the application is taken; the person is not yet verified.
    Applied,
    /// 本人確認済み: a card can be made. Also after a card was damaged: a new blank takes its place.
    Verified,
    /// 発行中: a chip is bound to the case; the card journal says how far it is.
    Making { card: CardId },
    /// 発行済み: keys and certificates are on the chip and were read back.
    Made { card: CardId },
    /// 保管中: in the shelf, waiting to be handed over.
    Shelved { card: CardId, shelf: ShelfPlace },
    /// In an envelope: ready for the post office, in the post, or back from it.
    ByPost { card: CardId, at: PostPlace },
    /// 交付済み: given to the resident, whatever became of the card since.
    HandedOver { card: CardId },
    /// 取消: ended without a card.
    Cancelled {
        /// Why, in the clerk's words.
        reason: String,
    },
}

/// Where a card by post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostPlace {
    /// 発送待ち: in its closed envelope in the office.
    Outgoing,
    /// 郵送中
    InPost,
    /// 返戻: back in the office, unopened.
    Returned,
}

impl PostPlace {
    const fn of(kind: PlaceKind) -> Option<Self> {
        match kind {
            PlaceKind::Outgoing => Some(Self::Outgoing),
            PlaceKind::Post => Some(Self::InPost),
            PlaceKind::Returned => Some(Self::Returned),
            _ => None,
        }
    }
}

/// A case's card, as its two machines have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCard {
    pub id: CardId,
    /// Whether it may be used.
    pub lifecycle: Lifecycle,
    pub place: Custody,
}

impl CaseState {
    /// What the three machines come to; `cancellation` is the clerk's reason. `None` for what cannot be together: a card
    /// made without a card, a card in the making in somebody's hand.
    pub fn of(application: ApplicationState, card: Option<&CaseCard>, cancellation: Option<String>) -> Option<Self> {
        match (application, card, cancellation) {
            (ApplicationState::Applied, None, None) => Some(Self::Applied),
            (ApplicationState::Verified, None, None) => Some(Self::Verified),
            (ApplicationState::Cancelled, None, Some(reason)) => Some(Self::Cancelled { reason }),
            (ApplicationState::Making, Some(card), None) if card.lifecycle == Lifecycle::Making => {
                Some(Self::Making { card: card.id })
            }
            (ApplicationState::Made, Some(card), None) => match (card.lifecycle, card.place.shelf_place()) {
                (Lifecycle::Made, Some(shelf)) => Some(Self::Shelved { card: card.id, shelf }),
                (Lifecycle::Made, None) => Some(match PostPlace::of(card.place.kind()) {
                    Some(at) => Self::ByPost { card: card.id, at },
                    None => Self::Made { card: card.id },
                }),
                (given, _) => given.standing().map(|_| Self::HandedOver { card: card.id }),
            },
            _ => None,
        }
    }

    /// The state's name as logged.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Making { .. } => "making",
            Self::Made { .. } => "made",
            Self::Shelved { .. } => "shelved",
            Self::ByPost { at, .. } => match at {
                PostPlace::Outgoing => "outgoing",
                PostPlace::InPost => "in_post",
                PostPlace::Returned => "returned",
            },
            Self::HandedOver { .. } => "handed_over",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// The card bound to the case, where there is one.
    pub const fn card(&self) -> Option<CardId> {
        match self {
            Self::Making { card }
            | Self::Made { card }
            | Self::Shelved { card, .. }
            | Self::ByPost { card, .. }
            | Self::HandedOver { card } => Some(*card),
            Self::Applied | Self::Verified | Self::Cancelled { .. } => None,
        }
    }

    /// Whether the case's application can take `event`; nothing happens to one whose card was handed over, or is in an
    /// envelope: that is opened first.
    pub fn takes(&self, event: ApplicationEvent) -> bool {
        let application = match self {
            Self::Applied => ApplicationState::Applied,
            Self::Verified => ApplicationState::Verified,
            Self::Making { .. } => ApplicationState::Making,
            Self::Made { .. } | Self::Shelved { .. } => ApplicationState::Made,
            Self::ByPost { .. } | Self::HandedOver { .. } | Self::Cancelled { .. } => return false,
        };
        application.after(event).is_ok()
    }

    /// Whether nothing more can happen to the case.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::HandedOver { .. } | Self::Cancelled { .. })
    }
}

/// Proof that notice, shelf and chip agreed, the PIN is set, and the sights required were confirmed.
/// Only [`crate::handover::check`] makes one; handing over uses it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverChecked {
    pub(crate) case: CaseId,
    pub(crate) card: CardId,
}

impl HandoverChecked {
    /// The case it was checked for.
    pub const fn case(&self) -> CaseId {
        self.case
    }

    /// The card it was checked for.
    pub const fn card(&self) -> CardId {
        self.card
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;

    fn card(seed: u64) -> CardId {
        CardId::new(&mut SeededChance::new(seed))
    }

    fn of(application: ApplicationState, lifecycle: Lifecycle, place: &Custody) -> Option<&'static str> {
        let card = CaseCard {
            id: card(1),
            lifecycle,
            place: place.clone(),
        };
        CaseState::of(application, Some(&card), None).map(|state| state.name())
    }

    #[test]
    fn a_case_is_what_its_application_its_card_and_the_cards_place_come_to() {
        let shelf = Custody::shelf(&ShelfPlace::parse("A-12").unwrap());
        let drawer = Custody::drawer("窓口1");
        for (lifecycle, place, said) in [
            (Lifecycle::Made, &drawer, Some("made")),
            (Lifecycle::Made, &shelf, Some("shelved")),
            (Lifecycle::Made, &Custody::LOST, Some("made")),
            (Lifecycle::Made, &Custody::OUTGOING, Some("outgoing")),
            (Lifecycle::Made, &Custody::RETURNED, Some("returned")),
            (Lifecycle::Active, &Custody::HOLDER, Some("handed_over")),
            (Lifecycle::Suspended, &Custody::LOST, Some("handed_over")),
            (Lifecycle::Revoked, &drawer, Some("handed_over")),
            (Lifecycle::Expired, &Custody::DESTROYED, Some("handed_over")),
            (Lifecycle::Making, &drawer, None),
            (Lifecycle::Damaged, &drawer, None),
        ] {
            assert_eq!(of(ApplicationState::Made, lifecycle, place), said, "{lifecycle:?}");
        }
        let reader = Custody::reader("窓口1");
        assert_eq!(of(ApplicationState::Making, Lifecycle::Making, &reader), Some("making"));
        assert_eq!(of(ApplicationState::Making, Lifecycle::Made, &reader), None);
        assert_eq!(of(ApplicationState::Applied, Lifecycle::Making, &reader), None);
        assert_eq!(CaseState::of(ApplicationState::Made, None, None), None);
        assert_eq!(
            CaseState::of(ApplicationState::Verified, None, None),
            Some(CaseState::Verified)
        );
        let reason = Some("転出".to_owned());
        assert!(CaseState::of(ApplicationState::Cancelled, None, reason).is_some_and(|state| state.is_closed()));
    }

    #[test]
    fn a_case_number_reads_as_it_prints() {
        let number = CaseNumber {
            year: 2026,
            serial: 352,
        };
        assert_eq!(number.to_string(), "2026-000352");
        assert_eq!("2026-000352".parse(), Ok(number));
        for wrong in ["", "2026", "26-1", "2026-", "2026-12x", "2026-1234567890"] {
            assert!(wrong.parse::<CaseNumber>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_shelf_place_is_the_same_however_wide_it_is_typed() {
        assert_eq!(ShelfPlace::parse(" ａ－12 "), ShelfPlace::parse("A-12"));
        assert_eq!(ShelfPlace::parse("棚1"), None);
        assert_eq!(ShelfPlace::parse(""), None);
        assert_eq!(ShelfPlace::parse("A--1"), None);
        assert_eq!(ShelfPlace::parse("A-12MDG1-202"), None);
        assert_eq!(ShelfPlace::parse("MDG1-2026-000001-AWQ5KOTM3F376W7DOORUKJJQNB"), None);
    }
}
