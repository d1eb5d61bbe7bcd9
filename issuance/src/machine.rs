//! What the office's machines have in common: a closed list of states and of events, and one table of moves.
//!
//! The table is the only way on: [`Machine::after`] looks a move up, [`Machine::allows`] reads what may come next, and
//! [`Machine::transitions`] is what the database's `office.transition` must hold, no more and no less.

use std::collections::BTreeSet;

/// A move that a state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is {state} cannot take {event}")]
pub struct NotNow {
    pub state: &'static str,
    pub event: &'static str,
}

/// A line of a machine's table: from the state, by the event, to the state.
pub type Move<M> = (M, <M as Machine>::Event, M);

/// A thing that lives over time: the values of the type are its states.
pub trait Machine: Copy + Eq + 'static {
    /// What can happen to it.
    type Event: Copy + Eq + 'static;
    /// The machine's name in `office.transition`.
    const NAME: &'static str;
    /// Every state.
    const STATES: &'static [Self];
    /// Every event.
    const EVENTS: &'static [Self::Event];
    /// The states in which one begins.
    const BEGINS: &'static [Self];
    /// Every move there is.
    const MOVES: &'static [Move<Self>];

    /// The state's name, as stored.
    fn as_str(self) -> &'static str;

    /// The event's name, as logged.
    fn event_name(event: Self::Event) -> &'static str;

    /// The state with this name.
    fn read(name: &str) -> Option<Self> {
        Self::STATES.iter().copied().find(|state| state.as_str() == name)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// [`NotNow`] when the table has no such move.
    fn after(self, event: Self::Event) -> Result<Self, NotNow> {
        let found = Self::MOVES.iter().find(|(from, by, _)| *from == self && *by == event);
        found.map(|(_, _, to)| *to).ok_or(NotNow {
            state: self.as_str(),
            event: Self::event_name(event),
        })
    }

    /// What may happen next.
    fn allows(self) -> Vec<Self::Event> {
        let next = Self::MOVES.iter().filter(|(from, ..)| *from == self);
        next.map(|(_, event, _)| *event).collect()
    }

    /// Whether nothing more can happen.
    fn is_over(self) -> bool {
        self.allows().is_empty()
    }

    /// Every change of state as the database knows it: machine, from (empty where one begins), to. An event that leaves
    /// the state as it is changes nothing there.
    fn transitions() -> BTreeSet<[&'static str; 3]> {
        let begun = Self::BEGINS.iter().map(|to| [Self::NAME, "", to.as_str()]);
        let moved = Self::MOVES.iter().filter(|(from, _, to)| from != to);
        begun
            .chain(moved.map(|(from, _, to)| [Self::NAME, from.as_str(), to.as_str()]))
            .collect()
    }
}

/// The rules every table keeps, for the tests of each machine.
#[cfg(test)]
pub(crate) mod rules {
    use super::*;

    /// Every state × event has one answer, the one of the table; every state is reached and every event used.
    pub(crate) fn a_total_machine<M: Machine + std::fmt::Debug>() {
        let mut reached: Vec<M> = M::BEGINS.to_vec();
        let mut taken = 0;
        for state in M::STATES {
            assert_eq!(M::read(state.as_str()), Some(*state));
            for event in M::EVENTS {
                let lines: Vec<_> = M::MOVES
                    .iter()
                    .filter(|(from, by, _)| from == state && by == event)
                    .collect();
                assert!(
                    lines.len() <= 1,
                    "two moves from {state:?} by {}",
                    M::event_name(*event)
                );
                match (state.after(*event), lines.first()) {
                    (Ok(to), Some((_, _, said))) => {
                        assert_eq!(to, *said);
                        reached.push(to);
                        taken += 1;
                    }
                    (Err(refused), None) => {
                        assert_eq!((refused.state, refused.event), (state.as_str(), M::event_name(*event)))
                    }
                    (answer, line) => panic!("{answer:?} and {}", line.is_some()),
                }
                assert_eq!(state.allows().contains(event), state.after(*event).is_ok());
            }
        }
        assert_eq!(taken, M::MOVES.len(), "a move from or by something that is not listed");
        assert!(
            M::STATES.iter().all(|state| reached.contains(state)),
            "a state nobody reaches"
        );
        assert!(
            M::EVENTS
                .iter()
                .all(|event| M::MOVES.iter().any(|(_, by, _)| by == event))
        );
    }
}
