//! How often one address or one session may ask, in memory of a fixed size: however many addresses an attacker has,
//! the table does not grow and nobody is pushed out of it.
//!
//! Each requester falls into one of [`SLOTS`] slots by a keyed hash; two that share one share its allowance. A slot is
//! one number (generic cell rate algorithm, ITU-T I.371 annex A): the moment at which the allowance will be whole again.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use time::OffsetDateTime;

/// Half a megabyte of slots.
const SLOTS: usize = 65_536;

/// How many at once, and how soon the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests that may come at once.
    pub burst: u32,
    /// Time after which one more is allowed.
    pub each: Duration,
}

/// The allowance of everyone who asks.
pub struct Limiter {
    slots: Box<[AtomicU64]>,
    // Its keys are drawn at start, so that nobody can choose whom to share a slot with.
    spread: RandomState,
    pace: Pace,
}

impl Limiter {
    /// Everyone may go at `pace`.
    pub fn new(pace: Pace) -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            spread: RandomState::new(),
            pace,
        }
    }

    /// Takes one request of `who`.
    ///
    /// # Errors
    /// The time to wait, when the allowance is used up.
    pub fn allow(&self, who: &[u8], now: OffsetDateTime) -> Result<(), Duration> {
        let slot = &self.slots[self.spread.hash_one(who) as usize % SLOTS];
        let now = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let each = self.pace.each.as_millis() as u64;
        let room = each * u64::from(self.pace.burst);
        let mut wait = 0;
        let taken = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |whole| {
            // A clock set back must not shut everyone out until it has caught up.
            let whole = if whole > now + room { now } else { whole.max(now) };
            let next = whole + each;
            wait = next.saturating_sub(now + room);
            (wait == 0).then_some(next)
        });
        match taken {
            Ok(_) => Ok(()),
            Err(_) => Err(Duration::from_millis(wait)),
        }
    }

    /// Takes one request from `address`. An IPv6 customer has a whole /64 (RFC 6177), so that is one requester.
    ///
    /// # Errors
    /// As [`Self::allow`].
    pub fn allow_address(&self, address: IpAddr, now: OffsetDateTime) -> Result<(), Duration> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.allow(&address.octets(), now),
            IpAddr::V6(address) => self.allow(&address.octets()[..8], now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 0:00 UTC);

    fn limiter() -> Limiter {
        Limiter::new(Pace {
            burst: 3,
            each: Duration::from_secs(10),
        })
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let limiter = limiter();
        for _ in 0..3 {
            assert_eq!(limiter.allow(b"a", NOW), Ok(()));
        }
        assert_eq!(limiter.allow(b"a", NOW), Err(Duration::from_secs(10)));
        assert_eq!(limiter.allow(b"a", NOW + time::Duration::seconds(10)), Ok(()));
        assert!(limiter.allow(b"a", NOW + time::Duration::seconds(10)).is_err());
        assert_eq!(limiter.allow(b"b", NOW), Ok(()));
    }

    #[test]
    fn a_clock_set_back_shuts_nobody_out() {
        let limiter = limiter();
        assert_eq!(limiter.allow(b"a", NOW), Ok(()));
        assert_eq!(limiter.allow(b"a", NOW - time::Duration::days(1)), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_customer_count_together() {
        let limiter = limiter();
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        for last in 0..3 {
            assert_eq!(limiter.allow_address(address(last), NOW), Ok(()));
        }
        assert!(limiter.allow_address(address(9), NOW).is_err());
    }
}
