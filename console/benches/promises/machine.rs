//! How steady this machine is while the measures are taken.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};

/// Bytes hashed in one look: some ten milliseconds, about as long as what is promised of a frame.
const BYTES: usize = 8 << 20;
/// Times one look does the same work.
const TIMES: usize = 15;
/// No machine is excused for more than this: beyond it, it should be made quiet and measured again.
const MOST: f64 = 0.5;

/// The same computation done again and again between the measures. It touches no disk and no other process, so what
/// makes one time longer than another is the machine: neighbours, clock speed, the host of a virtual machine. A time
/// that misses its promise by less than that says nothing about the program.
#[derive(Default)]
pub struct Machine {
    times: Vec<Duration>,
}

impl Machine {
    /// Does the work a few times more.
    pub fn look(&mut self) {
        let work = vec![0x5A; BYTES];
        for _ in 0..TIMES {
            let begun = Instant::now();
            black_box(digest(&SHA256, black_box(&work)));
            self.times.push(begun.elapsed());
        }
    }

    /// How much longer than usual (the median) the work took in one case of twenty, as a share: 0.08 is 8 %.
    pub fn noise(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        if times.is_empty() {
            return 0.0;
        }
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64();
        (at(95) / at(50) - 1.0).min(MOST)
    }
}
