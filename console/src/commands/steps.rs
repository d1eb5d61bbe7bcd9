//! Telling a person at a shell what is being done, how far it is and how long it took.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::Lang;

/// What became of a step.
pub enum Outcome {
    /// Done now.
    Done,
    /// It had been done before.
    Already,
    /// Left undone for a reason outside this set-up, which whoever reads the line can act on.
    Left(String),
}

/// Carries steps out one after another, a line each, on standard error: standard output is for answers.
pub struct Steps {
    lang: Lang,
    terminal: bool,
    quiet: bool,
}

impl Steps {
    /// Steps told in `lang`; with `quiet`, not at all.
    pub fn new(lang: Lang, quiet: bool) -> Self {
        Self {
            lang,
            terminal: stderr().is_terminal(),
            quiet,
        }
    }

    /// Does one step and says its name, whether there was anything to do, and how long it took.
    ///
    /// # Errors
    /// The step's own, after its line says that it failed.
    pub fn step<E>(&self, name: &str, work: impl FnOnce(&Step) -> Result<Outcome, E>) -> Result<(), E> {
        let began = Instant::now();
        let step = Step {
            bar: self.bar(name),
            name: name.to_owned(),
        };
        let ended = work(&step);
        step.bar.finish_and_clear();
        if !self.quiet {
            let took = words_for(began.elapsed(), self.lang);
            let line = match &ended {
                Ok(Outcome::Done) => format!("  ✓ {name}  {took}"),
                Ok(Outcome::Already) => format!("  ・{name}  {}", self.lang.pick("済み", "already done")),
                Ok(Outcome::Left(why)) => format!("  ！{name}  {why}"),
                Err(_) => format!("  ✗ {name}  {took}"),
            };
            let _ = writeln!(stderr(), "{line}");
        }
        ended.map(|_| ())
    }

    /// Says one thing.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(stderr(), "{line}");
        }
    }

    fn bar(&self, name: &str) -> ProgressBar {
        if !self.terminal || self.quiet {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(plain_style());
        bar.set_message(name.to_owned());
        // Short steps leave their line only; a spinner that flashes is noise.
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }
}

/// A step under way.
pub struct Step {
    bar: ProgressBar,
    name: String,
}

impl Step {
    /// Shows how far it is.
    pub fn progress(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_style(counting_style());
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    /// Shows what it is at.
    pub fn at(&self, what: &str) {
        self.bar.set_message(format!("{}  {what}", self.name));
    }

    /// Clears the line, as before a question is asked on the terminal.
    pub fn pause<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.bar.suspend(ask)
    }
}

/// `0.3 秒`, `1分12秒`.
pub fn words_for(took: Duration, lang: Lang) -> String {
    let seconds = took.as_secs();
    if seconds < 60 {
        let tenths = took.as_secs_f32();
        lang.pick(format!("{tenths:.1} 秒"), format!("{tenths:.1} s"))
    } else {
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        lang.pick(
            format!("{minutes}分{seconds:02}秒"),
            format!("{minutes} min {seconds:02} s"),
        )
    }
}

fn plain_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg}  {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn counting_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg}  {bar:24} {human_pos}/{human_len}  {elapsed}  (−{eta})")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
