//! Leaving as one procedure: a state and an event give a new state and what is to be done. It reads no clock, asks no
//! database and knows no page; [`crate::slo`] carries out what it orders.
//!
//! ```text
//! session ended ──► Telling (who takes SOAP) ──► Choosing ──► Visiting ──(answered)──► Choosing … ──► Over
//! ```
//! Who takes SOAP is told from server to server, all at once; who takes a browser's visit only is visited one after the
//! other; who asked gets the answer last. Only `Visiting` and `Over` outlive a request: the one until the browser is back,
//! the other so that the person can look how far the services have been told since.

use relay_records::front::{Participant, SessionId, Told};
use serde::{Deserialize, Serialize};

/// Where a logout stands. Each state holds what is true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Nothing has happened yet.
    Begun,
    /// Who takes SOAP is being told.
    Telling(Round),
    /// Who is visited next is to be reached, if it can be.
    Choosing { next: Place, round: Round },
    /// The browser is at a service.
    Visiting {
        service: String,
        request: String,
        round: Round,
    },
    /// The round is over.
    Over {
        /// The session that ended.
        session: SessionId,
    },
}

impl State {
    /// The session that ended, once one has.
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Begun => None,
            Self::Telling(round) | Self::Choosing { round, .. } | Self::Visiting { round, .. } => Some(round.session),
            Self::Over { session } => Some(*session),
        }
    }
}

/// What a logout carries along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The session that ended.
    pub session: SessionId,
    /// The service that asked; none where the person did, here.
    pub asker: Option<Asker>,
    /// Who is still to be visited.
    pub to_visit: Vec<Place>,
    /// How many could not be told.
    pub untold: usize,
}

/// A service that asked for the logout, and how it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    pub service: String,
    pub request: String,
    /// Where the answer goes; none where it has no such place, and the person is shown the end instead.
    pub answer: Option<AnswerPlace>,
    /// What it wants back with the answer.
    pub relay_state: Option<String>,
}

/// Where an answer goes through the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerPlace {
    pub location: String,
    /// In a form; else by a redirect.
    pub by_post: bool,
}

/// A service's part in the session, as a visit needs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub service: String,
    session_index: String,
    name_id: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({})", self.service)
    }
}

impl From<Participant> for Place {
    fn from(participant: Participant) -> Self {
        Self {
            service: participant.service,
            session_index: participant.session_index,
            name_id: participant.name_id.to_string(),
        }
    }
}

impl From<&Place> for Participant {
    fn from(place: &Place) -> Self {
        Self {
            service: place.service.clone(),
            session_index: place.session_index.clone(),
            name_id: place.name_id.clone().into(),
            ended_at: None,
            telling: Told::NotYet { tries: 0 },
        }
    }
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Ended {
        session: SessionId,
        /// The service that asked.
        asker: Option<Asker>,
        /// Who takes a browser's visit only.
        to_visit: Vec<Place>,
        /// How many take no word at all.
        unreachable: usize,
    },
    /// Who takes SOAP was told.
    Told {
        /// How many were not.
        untold: usize,
    },
    /// The next service can't be visited: it is off, or has no address for it.
    NotReached,
    /// The browser is sent to the next service.
    SentOff { request: String },
    /// The visited service answered.
    Answered {
        /// Whether the session is over there.
        success: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell who takes SOAP, then report [`Event::Told`].
    Tell,
    /// Make a request for this service's address; report [`Event::SentOff`] or [`Event::NotReached`].
    Reach(Place),
    /// Keep the state, and send the browser with the request that was made.
    Send,
    /// Note that the service was told by a visit, or was visited in vain.
    Record {
        service: String,
        /// Whether it was told.
        told: bool,
    },
    /// Answer the service that asked.
    Answer {
        asker: Asker,
        /// Whether every service was told.
        whole: bool,
    },
    /// Show that the person is signed out of everything.
    ShowOver,
    /// Keep the state, and show which services do not know it yet.
    ShowUntold,
    /// The event does not belong here.
    Refuse,
}

/// One step: the new state, and what is to be done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub state: State,
    pub effects: Vec<Effect>,
}

/// Moves the logout on.
pub fn after(state: State, event: Event) -> Step {
    match (state, event) {
        (
            State::Begun,
            Event::Ended {
                session,
                asker,
                to_visit,
                unreachable,
            },
        ) => Step {
            state: State::Telling(Round {
                session,
                asker,
                to_visit,
                untold: unreachable,
            }),
            effects: vec![Effect::Tell],
        },
        (State::Telling(round), Event::Told { untold }) => go_on(round.with_untold(untold), Vec::new()),
        (State::Choosing { round, .. }, Event::NotReached) => go_on(round.with_untold(1), Vec::new()),
        (State::Choosing { next, round }, Event::SentOff { request }) => Step {
            state: State::Visiting {
                service: next.service,
                request,
                round,
            },
            effects: vec![Effect::Send],
        },
        (State::Visiting { service, round, .. }, Event::Answered { success }) => {
            let record = Effect::Record { service, told: success };
            go_on(round.with_untold(usize::from(!success)), vec![record])
        }
        // Pressed twice, gone back, come too late: nothing moves.
        (state, _) => Step {
            state,
            effects: vec![Effect::Refuse],
        },
    }
}

impl Round {
    fn with_untold(mut self, more: usize) -> Self {
        self.untold += more;
        self
    }
}

/// The next visit, or the end of the round.
fn go_on(mut round: Round, mut effects: Vec<Effect>) -> Step {
    if let Some(next) = round.to_visit.pop() {
        effects.push(Effect::Reach(next.clone()));
        return Step {
            state: State::Choosing { next, round },
            effects,
        };
    }
    let whole = round.untold == 0;
    effects.push(match round.asker {
        Some(asker) if asker.answer.is_some() => Effect::Answer { asker, whole },
        _ if whole => Effect::ShowOver,
        _ => Effect::ShowUntold,
    });
    Step {
        state: State::Over { session: round.session },
        effects,
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;

    fn place(service: &str) -> Place {
        Place {
            service: service.to_owned(),
            session_index: "1".to_owned(),
            name_id: "{}".to_owned(),
        }
    }

    fn session() -> SessionId {
        SessionId::new(&mut SeededChance::new(1))
    }

    fn asker(answer: bool) -> Asker {
        Asker {
            service: "clinic".to_owned(),
            request: "_1".to_owned(),
            answer: answer.then(|| AnswerPlace {
                location: "https://clinic.example/slo".to_owned(),
                by_post: false,
            }),
            relay_state: None,
        }
    }

    fn round(to_visit: &[&str], asker: Option<Asker>) -> Round {
        Round {
            session: session(),
            asker,
            to_visit: to_visit.iter().map(|service| place(service)).collect(),
            untold: 0,
        }
    }

    fn ended(to_visit: &[&str], asker: Option<Asker>, unreachable: usize) -> Event {
        Event::Ended {
            session: session(),
            asker,
            to_visit: to_visit.iter().map(|service| place(service)).collect(),
            unreachable,
        }
    }

    /// The names of the effects of each event in turn.
    fn played(events: Vec<Event>) -> (State, Vec<Vec<Effect>>) {
        let mut effects = Vec::new();
        let state = events.into_iter().fold(State::Begun, |state, event| {
            let step = after(state, event);
            effects.push(step.effects);
            step.state
        });
        (state, effects)
    }

    #[test]
    fn who_takes_soap_is_told_then_each_other_is_visited_and_who_asked_hears_last() {
        let sent = || Event::SentOff { request: "_2".into() };
        let (state, effects) = played(vec![
            ended(&["bank", "school"], Some(asker(true)), 0),
            Event::Told { untold: 0 },
            sent(),
            Event::Answered { success: true },
            sent(),
            Event::Answered { success: true },
        ]);
        assert_eq!(state, State::Over { session: session() });
        assert_eq!(effects[0], [Effect::Tell]);
        assert_eq!(effects[1], [Effect::Reach(place("school"))]);
        assert_eq!(effects[2], [Effect::Send]);
        let record = |service: &str| Effect::Record {
            service: service.into(),
            told: true,
        };
        assert_eq!(effects[3], [record("school"), Effect::Reach(place("bank"))]);
        let answer = Effect::Answer {
            asker: asker(true),
            whole: true,
        };
        assert_eq!(effects[5], [record("bank"), answer]);
    }

    #[test]
    fn one_that_could_not_be_told_makes_the_end_partial_whichever_way_it_failed() {
        let sent = || Event::SentOff { request: "_2".into() };
        let failures: [Vec<Event>; 4] = [
            vec![ended(&[], Some(asker(true)), 1), Event::Told { untold: 0 }],
            vec![ended(&[], Some(asker(true)), 0), Event::Told { untold: 1 }],
            vec![
                ended(&["bank"], Some(asker(true)), 0),
                Event::Told { untold: 0 },
                Event::NotReached,
            ],
            vec![
                ended(&["bank"], Some(asker(true)), 0),
                Event::Told { untold: 0 },
                sent(),
                Event::Answered { success: false },
            ],
        ];
        for events in failures {
            let (_, effects) = played(events);
            let answer = Effect::Answer {
                asker: asker(true),
                whole: false,
            };
            assert_eq!(effects.last().and_then(|last| last.last()), Some(&answer));
        }
    }

    #[test]
    fn who_left_here_or_from_a_service_without_an_address_is_shown_the_end() {
        for asker in [None, Some(asker(false))] {
            let (_, effects) = played(vec![ended(&[], asker.clone(), 0), Event::Told { untold: 0 }]);
            assert_eq!(effects[1], [Effect::ShowOver]);
            let (_, effects) = played(vec![ended(&[], asker, 0), Event::Told { untold: 2 }]);
            assert_eq!(effects[1], [Effect::ShowUntold]);
        }
    }

    #[test]
    fn every_event_in_every_state_moves_on_or_is_refused_with_the_state_kept() {
        let states = [
            State::Begun,
            State::Telling(round(&["bank"], None)),
            State::Choosing {
                next: place("bank"),
                round: round(&[], None),
            },
            State::Visiting {
                service: "bank".into(),
                request: "_1".into(),
                round: round(&[], None),
            },
            State::Over { session: session() },
        ];
        let events = [
            ended(&[], None, 0),
            Event::Told { untold: 0 },
            Event::NotReached,
            Event::SentOff { request: "_2".into() },
            Event::Answered { success: true },
        ];
        let mut moves = Vec::new();
        for (from, state) in states.iter().enumerate() {
            for (what, event) in events.iter().enumerate() {
                let step = after(state.clone(), event.clone());
                if step.effects == [Effect::Refuse] {
                    assert_eq!(step.state, *state);
                } else {
                    moves.push((from, what));
                }
            }
        }
        assert_eq!(moves, [(0, 0), (1, 1), (2, 2), (2, 3), (3, 4)]);
    }
}
