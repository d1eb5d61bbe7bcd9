//! What each desk checked today: in memory, for whoever is signed in there, until the day or the session is over.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use relay_core::clock::JST;
use time::{Date, Duration, OffsetDateTime, macros::format_description};

use crate::check::{Check, Outcome};

/// A desk whose page is open asks again each minute; one that did not for so long is signed out, or its browser closed.
const IDLE: Duration = Duration::minutes(15);
/// As many as a desk checks in a day.
const MOST: usize = 1000;

/// By session.
#[derive(Default)]
pub(crate) struct Desks {
    desks: Mutex<HashMap<[u8; 32], Desk>>,
    count: AtomicUsize,
}

struct Desk {
    day: Date,
    last: OffsetDateTime,
    checks: Vec<Arc<Check>>,
}

impl Desks {
    /// Keeps what came of a card; the check as it is kept.
    pub(crate) fn keep(&self, session: [u8; 32], outcome: Outcome, now: OffsetDateTime) -> Arc<Check> {
        let mut desks = self.lock();
        let desk = desks.entry(session).or_insert_with(|| Desk::new(now));
        desk.touch(now);
        let number = desk.checks.last().map_or(1, |last| last.number + 1);
        let count = self.count.fetch_add(1, Ordering::Relaxed) % 10_000;
        let second = now
            .to_offset(JST)
            .format(format_description!("[year][month][day][hour][minute][second]"));
        let check = Arc::new(Check {
            number,
            id: format!("{}{count:04}", second.unwrap_or_default()),
            at: now,
            outcome,
            not_put: AtomicBool::new(false),
        });
        if desk.checks.len() >= MOST {
            desk.checks.remove(0);
        }
        desk.checks.push(Arc::clone(&check));
        check
    }

    /// The check of that number.
    pub(crate) fn find(&self, session: [u8; 32], number: usize, now: OffsetDateTime) -> Option<Arc<Check>> {
        let today = self.today(session, now);
        today.into_iter().find(|check| check.number == number)
    }

    /// Today's, the newest first.
    pub(crate) fn today(&self, session: [u8; 32], now: OffsetDateTime) -> Vec<Arc<Check>> {
        let mut desks = self.lock();
        let Some(desk) = desks.get_mut(&session) else {
            return Vec::new();
        };
        desk.touch(now);
        desk.checks.iter().rev().cloned().collect()
    }

    /// Today's of every desk, the newest first.
    pub(crate) fn all(&self, now: OffsetDateTime) -> Vec<Arc<Check>> {
        let desks = self.lock();
        let today = desks.values().filter(|desk| desk.day == day(now));
        let mut all: Vec<_> = today.flat_map(|desk| desk.checks.iter().cloned()).collect();
        all.sort_by_key(|check| std::cmp::Reverse(check.at));
        all
    }

    /// Forgets the desks of another day, and those that nobody sits at any more.
    pub(crate) fn forget(&self, now: OffsetDateTime) {
        self.lock()
            .retain(|_, desk| desk.day == day(now) && now - desk.last < IDLE);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn new(now: OffsetDateTime) -> Self {
        Self {
            day: day(now),
            last: now,
            checks: Vec::new(),
        }
    }

    fn touch(&mut self, now: OffsetDateTime) {
        if self.day != day(now) {
            *self = Self::new(now);
        }
        self.last = now;
    }
}

fn day(at: OffsetDateTime) -> Date {
    at.to_offset(JST).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_desk_sees_its_own_checks_of_the_day_and_nobody_elses() {
        let desks = Desks::default();
        let now = datetime!(2026-12-01 9:00 +9);
        let trouble = || Outcome::Trouble("card-unknown".to_owned());
        desks.keep([1; 32], trouble(), now);
        let second = desks.keep([1; 32], trouble(), now);
        assert_eq!(second.number, 2);
        assert_eq!(desks.today([1; 32], now)[0].number, 2);
        assert!(desks.find([1; 32], 1, now).is_some());
        assert!(desks.today([2; 32], now).is_empty());
        // Another day begins empty; who left is forgotten.
        assert!(desks.today([1; 32], now + Duration::hours(15)).is_empty());
        desks.keep([1; 32], trouble(), now + Duration::hours(15));
        desks.forget(now + Duration::hours(15) + Duration::minutes(14));
        assert_eq!(desks.lock().len(), 1);
        desks.forget(now + Duration::hours(15) + Duration::minutes(15));
        assert_eq!(desks.lock().len(), 0);
    }
}
