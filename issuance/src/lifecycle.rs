//! Whether a card may be used: from the moment its chip is bound to an application until it is over.
//!
//! It knows nothing of where the card lies ([`crate::custody`]). Time is the only one who ends a card without anybody's
//! act: that it ran out is noted when somebody needs to know.

use serde::{Deserialize, Serialize};

use crate::{
    machine::{Machine, Move},
    standing::CardStanding,
};

/// Where a card stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Bound to an application, being made.
    Making,
    /// Made, not yet handed over: its certificates are not good for anything yet.
    Made,
    /// Handed over: it may be used.
    Active,
    /// Reported lost: not for now.
    Suspended,
    /// Ended after its handover: lost, replaced, given back.
    Revoked,
    /// Ended after its handover because its certificates ran out.
    Expired,
    /// Could not be finished, or broke before its handover: its certificates, if any, are revoked, its chip serial never
    /// taken again.
    Damaged,
}

/// What happens to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleEvent {
    /// Every step of the making is done.
    Finished,
    /// Handed over; asked for with a [`crate::case::HandoverChecked`] only.
    HandedOver,
    /// Its holder says that it is lost.
    Suspended,
    /// Its holder has it again.
    Resumed,
    Revoked,
    /// Its certificates are past their end.
    RanOut,
    /// It can't be finished, or is found broken before it is handed over.
    GivenUp,
}

use Lifecycle as State;
use LifecycleEvent as Event;

impl Lifecycle {
    /// What the relay and the services make of it; `None` for a card nobody was given.
    pub const fn standing(self) -> Option<CardStanding> {
        match self {
            Self::Active => Some(CardStanding::Active),
            Self::Suspended => Some(CardStanding::Suspended),
            Self::Revoked | Self::Expired => Some(CardStanding::Revoked),
            Self::Making | Self::Made | Self::Damaged => None,
        }
    }

    /// Whether its holder can still use it, now or once it is found: such a card stands in the way of another.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Active | Self::Suspended)
    }
}

impl Machine for Lifecycle {
    type Event = LifecycleEvent;
    const NAME: &'static str = "lifecycle";
    const STATES: &'static [Self] = &[
        State::Making,
        State::Made,
        State::Active,
        State::Suspended,
        State::Revoked,
        State::Expired,
        State::Damaged,
    ];
    const EVENTS: &'static [Event] = &[
        Event::Finished,
        Event::HandedOver,
        Event::Suspended,
        Event::Resumed,
        Event::Revoked,
        Event::RanOut,
        Event::GivenUp,
    ];
    const BEGINS: &'static [Self] = &[State::Making];
    const MOVES: &'static [Move<Self>] = &[
        (State::Making, Event::Finished, State::Made),
        (State::Making, Event::GivenUp, State::Damaged),
        (State::Made, Event::GivenUp, State::Damaged),
        (State::Made, Event::HandedOver, State::Active),
        (State::Active, Event::Suspended, State::Suspended),
        (State::Suspended, Event::Resumed, State::Active),
        (State::Active, Event::Revoked, State::Revoked),
        (State::Suspended, Event::Revoked, State::Revoked),
        (State::Active, Event::RanOut, State::Expired),
        (State::Suspended, Event::RanOut, State::Expired),
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Made => "made",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Damaged => "damaged",
        }
    }

    fn event_name(event: Event) -> &'static str {
        match event {
            Event::Finished => "finished",
            Event::HandedOver => "handed_over",
            Event::Suspended => "suspended",
            Event::Resumed => "resumed",
            Event::Revoked => "revoked",
            Event::RanOut => "ran_out",
            Event::GivenUp => "given_up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_answers_every_event() {
        crate::machine::rules::a_total_machine::<Lifecycle>();
    }

    #[test]
    fn what_is_over_stays_over() {
        for over in [State::Revoked, State::Expired, State::Damaged] {
            assert!(over.is_over(), "{over:?}");
        }
        assert!(!State::Suspended.is_over(), "a card may be found again");
    }

    #[test]
    fn a_card_is_good_exactly_while_the_relay_may_know_it_so() {
        for state in State::STATES {
            let good = matches!(state.standing(), Some(CardStanding::Active | CardStanding::Suspended));
            assert_eq!(state.is_good(), good, "{state:?}");
        }
    }

    #[test]
    fn whatever_a_card_does_its_registrations_can_follow() {
        let follows = CardStanding::transitions();
        for (from, _, to) in State::MOVES {
            let (from, to) = (from.standing(), to.standing());
            let name = |standing: Option<CardStanding>| standing.map_or("", Machine::as_str);
            assert!(
                from == to || follows.contains(&[CardStanding::NAME, name(from), name(to)]),
                "{from:?} → {to:?}"
            );
        }
    }
}
