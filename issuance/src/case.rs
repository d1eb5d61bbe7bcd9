//! One resident's card from application to handover: the states a case can stand in and the moves between them.

use std::{fmt, str::FromStr};

use relay_core::id::Id;
use serde::{Deserialize, Serialize};

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

/// Where a case stands. Each state holds just what is true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CaseState {
    /// 申請受付: the application is taken; the person is not yet verified.
    Applied,
    /// 本人確認済み: a card can be made. Also after a card was damaged: a new blank takes its place.
    Verified,
    /// 発行中: a chip is bound to the case; the card journal says how far it is.
    Making {
        /// The bound card.
        card: CardId,
    },
    /// 発行済み: keys and certificates are on the chip and were read back.
    Made {
        /// The made card.
        card: CardId,
    },
    /// 保管中: in the shelf, waiting to be handed over.
    Shelved {
        /// The made card.
        card: CardId,
        /// Where it lies.
        shelf: ShelfPlace,
    },
    /// 交付済み: in the resident's hand; the card is active.
    HandedOver {
        /// The active card.
        card: CardId,
    },
    /// 取消: ended without a card.
    Cancelled {
        /// Why, in the clerk's words.
        reason: String,
    },
}

impl CaseState {
    /// The state's name as stored and logged.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Making { .. } => "making",
            Self::Made { .. } => "made",
            Self::Shelved { .. } => "shelved",
            Self::HandedOver { .. } => "handed_over",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// The card bound to the case, where there is one.
    pub const fn card(&self) -> Option<CardId> {
        match self {
            Self::Making { card } | Self::Made { card } | Self::Shelved { card, .. } | Self::HandedOver { card } => {
                Some(*card)
            }
            Self::Applied | Self::Verified | Self::Cancelled { .. } => None,
        }
    }

    /// Whether nothing more can happen to the case.
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::HandedOver { .. } | Self::Cancelled { .. })
    }
}

/// What happens to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseEvent {
    /// The person was verified face to face.
    PersonVerified,
    /// A blank's chip serial was bound to the case.
    ChipBound(CardId),
    /// The card was written, read back and verified.
    CardMade,
    /// The card can't be finished; a new blank must take its place.
    CardDamaged,
    /// The card was put in the shelf.
    Shelved(ShelfPlace),
    /// The card was handed over; only after [`crate::case::HandoverChecked`].
    HandedOver(HandoverChecked),
    /// The application ended without a card.
    Cancelled(String),
}

impl CaseEvent {
    /// The event's name as logged.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PersonVerified => "person_verified",
            Self::ChipBound(_) => "chip_bound",
            Self::CardMade => "card_made",
            Self::CardDamaged => "card_damaged",
            Self::Shelved(_) => "shelved",
            Self::HandedOver(_) => "handed_over",
            Self::Cancelled(_) => "cancelled",
        }
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

/// A move that the case's state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a case that is {state} cannot take {event}")]
pub struct NotNow {
    /// The state's name.
    pub state: &'static str,
    /// The event's name.
    pub event: &'static str,
}

impl CaseState {
    /// The state after `event`.
    ///
    /// # Errors
    /// [`NotNow`] when the state does not allow the event: a step cannot be skipped, repeated or undone.
    pub fn after(&self, event: &CaseEvent) -> Result<Self, NotNow> {
        let refused = NotNow {
            state: self.name(),
            event: event.name(),
        };
        Ok(match (self, event) {
            (Self::Applied, CaseEvent::PersonVerified) => Self::Verified,
            (Self::Verified, CaseEvent::ChipBound(card)) => Self::Making { card: *card },
            (Self::Making { card }, CaseEvent::CardMade) => Self::Made { card: *card },
            // A card found broken in the shelf is replaced the same way as one that breaks while being made.
            (Self::Making { .. } | Self::Made { .. } | Self::Shelved { .. }, CaseEvent::CardDamaged) => Self::Verified,
            (Self::Made { card } | Self::Shelved { card, .. }, CaseEvent::Shelved(shelf)) => Self::Shelved {
                card: *card,
                shelf: shelf.clone(),
            },
            (Self::Shelved { card, .. }, CaseEvent::HandedOver(checked)) if checked.card == *card => {
                Self::HandedOver { card: *card }
            }
            (Self::Applied | Self::Verified, CaseEvent::Cancelled(reason)) => {
                Self::Cancelled { reason: reason.clone() }
            }
            _ => return Err(refused),
        })
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;

    fn card(seed: u64) -> CardId {
        CardId::new(&mut SeededChance::new(seed))
    }

    fn checked(card: CardId) -> HandoverChecked {
        HandoverChecked {
            case: CaseId::new(&mut SeededChance::new(9)),
            card,
        }
    }

    fn every_event() -> Vec<CaseEvent> {
        vec![
            CaseEvent::PersonVerified,
            CaseEvent::ChipBound(card(1)),
            CaseEvent::CardMade,
            CaseEvent::CardDamaged,
            CaseEvent::Shelved(ShelfPlace::parse("A-12").unwrap()),
            CaseEvent::HandedOver(checked(card(1))),
            CaseEvent::Cancelled("転出".into()),
        ]
    }

    #[test]
    fn one_visit_goes_from_application_to_handover() {
        let mut state = CaseState::Applied;
        let mut seen = vec![state.name()];
        for event in every_event()
            .into_iter()
            .filter(|e| !matches!(e.name(), "card_damaged" | "cancelled"))
        {
            state = state.after(&event).unwrap();
            seen.push(state.name());
        }
        assert_eq!(
            seen,
            ["applied", "verified", "making", "made", "shelved", "handed_over"]
        );
    }

    #[test]
    fn no_step_can_be_skipped() {
        let taken = |state: CaseState| -> Vec<&'static str> {
            every_event()
                .iter()
                .filter(|event| state.after(event).is_ok())
                .map(CaseEvent::name)
                .collect()
        };
        let shelf = ShelfPlace::parse("A-12").unwrap();
        assert_eq!(taken(CaseState::Applied), ["person_verified", "cancelled"]);
        assert_eq!(taken(CaseState::Verified), ["chip_bound", "cancelled"]);
        assert_eq!(
            taken(CaseState::Making { card: card(1) }),
            ["card_made", "card_damaged"]
        );
        assert_eq!(taken(CaseState::Made { card: card(1) }), ["card_damaged", "shelved"]);
        assert_eq!(
            taken(CaseState::Shelved { card: card(1), shelf }),
            ["card_damaged", "shelved", "handed_over"]
        );
        assert!(taken(CaseState::HandedOver { card: card(1) }).is_empty());
        assert!(
            taken(CaseState::Cancelled {
                reason: "転出".into()
            })
            .is_empty()
        );
    }

    #[test]
    fn a_card_checked_for_another_case_is_not_handed_over() {
        let shelved = CaseState::Shelved {
            card: card(1),
            shelf: ShelfPlace::parse("A-12").unwrap(),
        };
        assert!(shelved.after(&CaseEvent::HandedOver(checked(card(2)))).is_err());
    }

    #[test]
    fn a_damaged_card_leaves_the_person_verified() {
        let making = CaseState::Making { card: card(1) };
        assert_eq!(making.after(&CaseEvent::CardDamaged).unwrap(), CaseState::Verified);
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
