//! What we promised about time and memory, measured: one line a promise, with what was measured, what was promised
//! and the ratio of the two. Ends with code 1 when a promise is broken by more than this machine's noise.
//!
//! `make bench` runs it. Everything is the real thing: the release binary in a pseudo-terminal, a private PostgreSQL
//! with an office's settings, a roster of 90,000 made-up people, the virtual card behind a real pcscd. The program
//! starts itself again under `scripts/with-pcscd`, so the machine's own readers are left alone.
//!
//! With names (`cargo bench … -- telling`) only these measures are taken: frames, office (importing, starting, searching,
//! issuing), telling.

mod frames;
mod importing;
mod issuing;
mod machine;
mod office_home;
mod searching;
mod starting;
mod table;
mod telling;
mod terminal;

#[path = "../../screens/src/tests/counter.rs"]
#[allow(dead_code, reason = "shared with the screens' tests, which use more of it")]
mod counter;

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::Context;

use crate::{machine::Machine, office_home::OfficeHome, table::Table};

// The counter knows the screens' rooms as its own crate's.
use console::tui::{
    Ambiguous, State, event, facts, fault, glyphs, key, order, orders, paint, plain, theme, update, words,
};

/// The screens' own text room is closed to others; the counter reads the screen back with its widths, which is
/// not measured here.
mod text {
    use crate::Ambiguous;

    pub fn grapheme_width(grapheme: &str, _: Ambiguous) -> usize {
        unicode_width::UnicodeWidthStr::width(grapheme)
    }
}

impl counter::Counter {
    /// The screens' tests read every screen closely; nothing is read while time is measured.
    fn is_read(&mut self) {}
}

/// People in the roster that is measured on: a city of the size the promises name.
const ROWS: usize = 90_000;

fn main() -> ExitCode {
    let ended = if std::env::var_os("WITH_PCSCD").is_some() {
        measure()
    } else {
        start_again_with_pcscd()
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the measures could not be taken: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Takes every measure and prints the table; whether every promise is kept.
fn measure() -> anyhow::Result<bool> {
    let (mut machine, mut table) = (Machine::default(), Table::default());
    machine.look();
    if is_wanted("frames") {
        frames::measure(&mut table)?;
        machine.look();
    }
    if is_wanted("office") {
        let home = OfficeHome::set_up()?;
        importing::measure(&home, &mut table)?;
        machine.look();
        starting::measure(&home, &mut table)?;
        machine.look();
        searching::measure(&home, &mut table)?;
        machine.look();
        issuing::measure(&home, &mut table)?;
        machine.look();
    }
    if is_wanted("telling") {
        telling::measure(&mut table)?;
        machine.look();
    }
    Ok(table.print(&machine))
}

/// Whether this measure was asked for: all are, when none is named.
fn is_wanted(measure: &str) -> bool {
    let mut named = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .peekable();
    named.peek().is_none() || named.any(|name| name == measure)
}

fn start_again_with_pcscd() -> anyhow::Result<bool> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/with-pcscd");
    let ended = Command::new(&script)
        .arg(std::env::current_exe()?)
        .args(std::env::args().skip(1))
        .status()
        .with_context(|| format!("{}", script.display()))?;
    match ended.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => anyhow::bail!("it ended with {ended}"),
    }
}
