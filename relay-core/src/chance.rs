//! Chance as a guest: ids, nonces and challenges are drawn from an argument, so tests can repeat a day.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// Where unpredictable bytes come from.
pub trait Chance: Send {
    /// Fills `bytes` with fresh chance.
    fn fill(&mut self, bytes: &mut [u8]);

    /// `N` fresh bytes.
    fn bytes<const N: usize>(&mut self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

/// `N` fresh bytes from a borrowed chance of any body.
pub fn draw<const N: usize>(chance: &mut dyn Chance) -> [u8; N] {
    let mut out = [0; N];
    chance.fill(&mut out);
    out
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsChance;

impl Chance for OsChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        // The kernel's generator cannot run dry after boot; if it is missing there is no safe way on.
        SystemRandom::new()
            .fill(bytes)
            .expect("the operating system gives random bytes");
    }
}

/// One source that many tasks draw from: a program's state holds it as it holds a clock; clones share the source.
#[derive(Clone)]
pub struct SharedChance(Arc<Mutex<dyn Chance>>);

impl SharedChance {
    /// Drawing from `source`.
    pub fn new(source: impl Chance + 'static) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    /// The operating system's randomness.
    pub fn of_the_system() -> Self {
        Self::new(OsChance)
    }
}

impl Chance for SharedChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

impl fmt::Debug for SharedChance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedChance")
    }
}

/// Repeatable bytes from a seed, for tests and for the made-up city. Never for keys.
#[derive(Debug, Clone)]
pub struct SeededChance(ChaCha20Rng);

impl SeededChance {
    /// The same seed gives the same bytes on every machine.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_repeats_itself_and_another_does_not() {
        let first: [u8; 32] = SeededChance::new(7).bytes();
        assert_eq!(first, SeededChance::new(7).bytes());
        assert_ne!(first, SeededChance::new(8).bytes());
    }

    #[test]
    fn clones_of_a_shared_chance_draw_from_one_source() {
        let (mut one, mut alone) = (SharedChance::new(SeededChance::new(7)), SeededChance::new(7));
        let mut other = one.clone();
        assert_eq!(one.bytes::<16>(), alone.bytes::<16>());
        assert_eq!(other.bytes::<16>(), alone.bytes::<16>());
    }

    #[test]
    fn the_operating_system_never_gives_the_same_bytes_twice() {
        assert_ne!(OsChance.bytes::<16>(), OsChance.bytes::<16>());
    }
}
