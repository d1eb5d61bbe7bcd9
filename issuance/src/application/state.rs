//! 申請: what was asked for, from the application taken to the card made, or to its end without one.
//!
//! It knows nothing of where the card lies ([`crate::custody`]) or whether it may be used ([`crate::lifecycle`]).

use serde::{Deserialize, Serialize};

use crate::machine::{Machine, Move};

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// 申請受付: taken; the person is not yet verified.
    Applied,
    /// 本人確認済み: a card can be made. Also after a card was given up: a new blank takes its place.
    Verified,
    /// 発行中: a chip is bound to it; the card journal says how far it is.
    Making,
    /// 発行済み: the card that was asked for is made.
    Made,
    /// 取消: ended without a card.
    Cancelled,
}

/// What happens to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplicationEvent {
    /// The person was verified face to face.
    PersonVerified,
    /// A blank's chip serial was bound to it.
    ChipBound,
    /// The card was written, read back and verified.
    CardMade,
    /// The card can't be finished, or is found broken before it is handed over.
    CardGivenUp,
    /// It ended without a card.
    Cancelled,
}

use ApplicationEvent as Event;
use ApplicationState as State;

impl Machine for ApplicationState {
    type Event = ApplicationEvent;
    const NAME: &'static str = "application";
    const STATES: &'static [Self] = &[
        State::Applied,
        State::Verified,
        State::Making,
        State::Made,
        State::Cancelled,
    ];
    const EVENTS: &'static [Event] = &[
        Event::PersonVerified,
        Event::ChipBound,
        Event::CardMade,
        Event::CardGivenUp,
        Event::Cancelled,
    ];
    const BEGINS: &'static [Self] = &[State::Applied];
    const MOVES: &'static [Move<Self>] = &[
        (State::Applied, Event::PersonVerified, State::Verified),
        (State::Verified, Event::ChipBound, State::Making),
        (State::Making, Event::CardMade, State::Made),
        // A card found broken in the shelf is replaced the same way as one that breaks while being made.
        (State::Making, Event::CardGivenUp, State::Verified),
        (State::Made, Event::CardGivenUp, State::Verified),
        (State::Applied, Event::Cancelled, State::Cancelled),
        (State::Verified, Event::Cancelled, State::Cancelled),
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Making => "making",
            Self::Made => "made",
            Self::Cancelled => "cancelled",
        }
    }

    fn event_name(event: Event) -> &'static str {
        match event {
            Event::PersonVerified => "person_verified",
            Event::ChipBound => "chip_bound",
            Event::CardMade => "card_made",
            Event::CardGivenUp => "card_damaged",
            Event::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_answers_every_event() {
        crate::machine::rules::a_total_machine::<ApplicationState>();
    }

    #[test]
    fn an_application_goes_to_its_card_and_no_step_is_skipped() {
        let mut state = State::Applied;
        for (event, next) in [
            (Event::PersonVerified, State::Verified),
            (Event::ChipBound, State::Making),
            (Event::CardMade, State::Made),
        ] {
            assert!(Event::CardMade == event || state.after(Event::CardMade).is_err());
            state = state.after(event).unwrap();
            assert_eq!(state, next);
        }
        assert_eq!(state.allows(), [Event::CardGivenUp]);
    }

    #[test]
    fn once_a_chip_is_bound_an_application_is_not_cancelled() {
        assert!(State::Making.after(Event::Cancelled).is_err() && State::Made.after(Event::Cancelled).is_err());
        assert!(State::Cancelled.is_over());
    }
}
