//! What the relay and the services make of a card that was handed over, and what has to be known before that changes.

use serde::{Deserialize, Serialize};

use crate::{
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::{Machine, Move},
};

/// What the relay and the services make of a card that was handed over ([`Lifecycle::standing`](crate::lifecycle::Lifecycle)):
/// the state of its registrations, which follow the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardStanding {
    /// It may be used.
    Active,
    /// Not for now: reported lost.
    Suspended,
    /// Never again: revoked, or run out.
    Revoked,
}

impl CardStanding {
    /// Every standing.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Revoked];
}

impl Machine for CardStanding {
    type Event = LifecycleEvent;
    const NAME: &'static str = "registration";
    const STATES: &'static [Self] = &Self::ALL;
    const EVENTS: &'static [LifecycleEvent] = &[
        LifecycleEvent::Suspended,
        LifecycleEvent::Resumed,
        LifecycleEvent::Revoked,
        LifecycleEvent::RanOut,
    ];
    const BEGINS: &'static [Self] = &[Self::Active];
    const MOVES: &'static [Move<Self>] = &[
        (Self::Active, LifecycleEvent::Suspended, Self::Suspended),
        (Self::Suspended, LifecycleEvent::Resumed, Self::Active),
        (Self::Active, LifecycleEvent::Revoked, Self::Revoked),
        (Self::Suspended, LifecycleEvent::Revoked, Self::Revoked),
        (Self::Active, LifecycleEvent::RanOut, Self::Revoked),
        (Self::Suspended, LifecycleEvent::RanOut, Self::Revoked),
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }

    fn event_name(event: LifecycleEvent) -> &'static str {
        Lifecycle::event_name(event)
    }
}

/// How a clerk made sure that it is the card's holder who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderCheck {
    /// On the telephone: what they said of themselves agrees with the records.
    Questions,
    /// Called back under the number that is registered.
    CalledBack,
    /// In person, with one document that has a photo.
    Document,
    /// In person, with two documents without one.
    TwoDocuments,
    /// Could not be made sure.
    Unconfirmed,
}

impl HolderCheck {
    /// What may be noted when a card is stopped: whoever answers the telephone stops a lost card, sure of the caller or
    /// not. A wrong stop is mended at the counter; a late one is not.
    pub const TO_SUSPEND: [Self; 5] = [
        Self::Questions,
        Self::CalledBack,
        Self::Document,
        Self::TwoDocuments,
        Self::Unconfirmed,
    ];
    /// What lets a card be used again: its holder, face to face.
    pub const TO_RESUME: [Self; 2] = [Self::Document, Self::TwoDocuments];

    /// As stored in the trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Questions => "questions",
            Self::CalledBack => "called_back",
            Self::Document => "document",
            Self::TwoDocuments => "two_documents",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Whether the holder stood before the clerk.
    pub const fn is_face_to_face(self) -> bool {
        matches!(self, Self::Document | Self::TwoDocuments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_answers_every_event() {
        crate::machine::rules::a_total_machine::<CardStanding>();
    }

    #[test]
    fn a_telephone_call_stops_a_card_and_only_a_person_at_the_counter_starts_it_again() {
        assert!(HolderCheck::TO_SUSPEND.contains(&HolderCheck::Unconfirmed));
        assert!(HolderCheck::TO_RESUME.iter().all(|check| check.is_face_to_face()));
        let by_telephone = HolderCheck::TO_SUSPEND.iter().filter(|check| !check.is_face_to_face());
        assert_eq!(by_telephone.count(), 3);
    }
}
