//! The time of day as a guest: code that decides never reads a clock itself.

use std::sync::{Arc, Mutex};

use time::{Duration, OffsetDateTime, UtcOffset, macros::offset};

/// Japan Standard Time. Japan keeps no summer time, so a fixed offset is exact
/// (明治28年勅令第167号, 標準時ニ関スル件).
pub const JST: UtcOffset = offset!(+9);

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment, in UTC.
    fn now(&self) -> OffsetDateTime;

    /// The present moment on a Japanese wall clock.
    fn now_in_japan(&self) -> OffsetDateTime {
        self.now().to_offset(JST)
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock whose hand is moved by its owner; clones share the hand.
#[derive(Debug, Clone)]
pub struct HandClock(Arc<Mutex<OffsetDateTime>>);

impl HandClock {
    /// A clock standing at `moment`.
    pub fn at(moment: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(moment)))
    }

    /// Moves the hand forward by `by` (backward when negative: a wrong clock is a case to test).
    pub fn advance(&self, by: Duration) {
        let mut hand = self.0.lock().unwrap_or_else(|held| held.into_inner());
        *hand += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(|held| held.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_wall_clock_in_japan_is_nine_hours_ahead_of_utc() {
        let clock = HandClock::at(datetime!(2026-11-21 23:30 UTC));
        assert_eq!(clock.now_in_japan().date(), time::macros::date!(2026 - 11 - 22));
    }

    #[test]
    fn clones_of_a_hand_clock_share_one_hand() {
        let clock = HandClock::at(datetime!(2026-11-22 0:00 UTC));
        let other = clock.clone();
        clock.advance(Duration::minutes(5));
        assert_eq!(other.now(), datetime!(2026-11-22 0:05 UTC));
    }
}
