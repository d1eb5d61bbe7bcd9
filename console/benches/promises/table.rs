//! The table of promises, and numbers as it writes them.

use std::time::Duration;

use crate::machine::Machine;

/// What is promised, and what came out.
struct Promise {
    what: String,
    unit: &'static str,
    measured: f64,
    promised: f64,
    /// Whether the machine's noise may excuse it: times, yes; bytes and ratios taken within one run, no.
    noisy: bool,
    beside: String,
}

/// Promises in the order they were measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<Promise>,
}

impl Table {
    /// A time, promised to be at most `promised`. `beside` says what it can be compared with.
    pub fn time(&mut self, what: &str, measured: Duration, promised: Duration, beside: String) {
        self.add(Promise {
            what: what.to_owned(),
            unit: "ms",
            measured: milliseconds(measured),
            promised: milliseconds(promised),
            noisy: true,
            beside,
        });
    }

    /// Bytes of memory, told in MB of 1,000,000.
    pub fn memory(&mut self, what: &str, measured: u64, promised: u64, beside: String) {
        self.add(Promise {
            what: what.to_owned(),
            unit: "MB",
            measured: measured as f64 / 1e6,
            promised: promised as f64 / 1e6,
            noisy: false,
            beside,
        });
    }

    /// A ratio of two times of one run: the machine's noise is in both.
    pub fn ratio(&mut self, what: &str, measured: f64, promised: f64, beside: String) {
        self.add(Promise {
            what: what.to_owned(),
            unit: "×",
            measured,
            promised,
            noisy: false,
            beside,
        });
    }

    fn add(&mut self, row: Promise) {
        eprintln!("  {}: {:.2} {} ({})", row.what, row.measured, row.unit, row.beside);
        self.rows.push(row);
    }

    /// Prints everything; whether every promise is kept.
    pub fn print(&self, machine: &Machine) -> bool {
        let noise = machine.noise();
        println!();
        println!(
            "{:<46} {:>11} {:>11} {:>7}  ",
            "promise", "measured", "promised", "ratio"
        );
        for row in &self.rows {
            println!(
                "{:<46} {:>8.2} {:<2} {:>8.1} {:<2} {:>7.3}  {}",
                row.what,
                row.measured,
                row.unit,
                row.promised,
                row.unit,
                row.measured / row.promised,
                row.verdict(noise)
            );
        }
        for row in self.rows.iter().filter(|row| !row.beside.is_empty()) {
            println!("  {}: {}", row.what, row.beside);
        }
        println!(
            "Ratios are measured / promised: below 1 is kept. The same work took up to {:.0} % longer than usual on this \
             machine while this ran; a time that misses by less is not held against the program.",
            noise * 100.0
        );
        self.rows.iter().all(|row| row.kept(noise))
    }
}

impl Promise {
    fn kept(&self, noise: f64) -> bool {
        let margin = if self.noisy { noise } else { 0.0 };
        self.measured <= self.promised * (1.0 + margin)
    }

    fn verdict(&self, noise: f64) -> &'static str {
        match (self.measured <= self.promised, self.kept(noise)) {
            (true, _) => "kept",
            (false, true) => "within the noise",
            (false, false) => "BROKEN",
        }
    }
}

/// Milliseconds with their fraction.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The time that `share` per cent of `times` do not exceed; zero of none.
pub fn percentile(times: &mut [Duration], share: usize) -> Duration {
    times.sort_unstable();
    // Nearest rank: of 100 times the 95th is the p95.
    let rank = (times.len() * share).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
