//! The demonstration's supervisor: starts again what died. `madoguchi up` begins it and `madoguchi down` ends it; an office has
//! systemd's units for this (`scripts/systemd`).
//!
//! What does not stay up is tried more and more seldom and in the end given up, so that a machine that cannot run it is not
//! kept busy with trying. Every start and every giving up is in the log and in `madoguchi status`.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Setting,
    home::Home,
    processes::{Hold, Process},
    services,
    stopping::Stopping,
    words::Lang,
};
use crate::config::{Config, secrets};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// The wait after the first start that did not last; twice as long after each other one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Starts in a row after which a program is given up.
const TRIES: u32 = 6;
/// One that stayed up for so long begins to count afresh.
const LASTED: Duration = Duration::from_secs(60);

/// What became of a program that had to be started again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// How often it was started again.
    pub started: u32,
    #[serde(with = "time::serde::rfc3339::option")]
    pub last: Option<OffsetDateTime>,
    pub given_up: bool,
}

/// Starts the supervisor in the background, unless it runs.
pub(super) fn begin(setting: &Setting) -> anyhow::Result<super::steps::Outcome> {
    use super::steps::Outcome;
    let process = process(&setting.home);
    if process.running().is_some() {
        return Ok(Outcome::Already);
    }
    let _ = std::fs::remove_file(record(&setting.home));
    let config = setting.config_file.as_os_str();
    process.start(
        std::env::current_exe()?,
        ["--config".as_ref(), config, "supervise".as_ref()],
    )?;
    Ok(Outcome::Done)
}

/// Its record.
pub(super) fn process(home: &Home) -> Process {
    Process::new(home, "supervisor")
}

/// What it had to start again so far.
pub(super) fn kept(home: &Home) -> BTreeMap<String, Kept> {
    let text = std::fs::read_to_string(record(home)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn record(home: &Home) -> std::path::PathBuf {
    home.run("supervisor.json")
}

/// Name of its step.
pub(super) fn words(lang: Lang) -> &'static str {
    lang.pick("落ちたものを起こし直す係を置く", "keep what runs running")
}

/// Looks after everything until it is told to end.
///
/// # Errors
/// When there is no configuration.
pub fn run(setting: &Setting) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let stopping = Stopping::listen()?;
    let mut patients = Patients::default();
    while stopping.goes_on() {
        // A set-up, an upgrade or a restore that is under way knows what it is doing.
        if let Ok(_hold) = Hold::take(&setting.home) {
            patients.look_after(setting, &config);
        }
        std::thread::sleep(LOOK);
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Patients(BTreeMap<String, Patient>);

#[derive(Default)]
struct Patient {
    kept: Kept,
    /// Starts in a row that did not last.
    in_a_row: u32,
    started_at: Option<Instant>,
}

impl Patient {
    /// Whether it may be started now.
    fn is_due(&self) -> bool {
        let wait = FIRST_WAIT * 2_u32.saturating_pow(self.in_a_row.saturating_sub(1));
        !self.kept.given_up && self.started_at.is_none_or(|started| started.elapsed() >= wait)
    }

    fn is_up(&mut self) {
        if self.started_at.is_some_and(|started| started.elapsed() >= LASTED) {
            (self.in_a_row, self.started_at) = (0, None);
        }
    }

    /// Notes a start, and whether it was the last.
    fn begins(&mut self) {
        self.in_a_row += 1;
        self.started_at = Some(Instant::now());
        if self.in_a_row > TRIES {
            self.kept.given_up = true;
        } else {
            self.kept.started += 1;
            self.kept.last = Some(OffsetDateTime::now_utc());
        }
    }
}

impl Patients {
    fn look_after(&mut self, setting: &Setting, config: &Config) {
        let mut news = false;
        for (name, up) in services::running(setting, config) {
            let patient = self.0.entry(name.clone()).or_default();
            if up {
                patient.is_up();
                continue;
            }
            if !patient.is_due() {
                continue;
            }
            patient.begins();
            news = true;
            if patient.kept.given_up {
                tracing::error!(program = name, tries = TRIES, "given up: it does not stay up");
                continue;
            }
            tracing::warn!(program = name, "it died, and is started again");
            if let Err(error) = services::start_again(setting, config, &name) {
                tracing::error!(program = name, error = format!("{error:#}"), "it could not be started");
            }
        }
        if news {
            let started = self.0.iter().filter(|(_, one)| one.kept.last.is_some());
            let kept: BTreeMap<_, _> = started.map(|(name, one)| (name, &one.kept)).collect();
            let written = serde_json::to_vec(&kept).map_err(anyhow::Error::from);
            let written = written.and_then(|text| Ok(secrets::replace(&record(&setting.home), &text)?));
            if let Err(error) = written {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "what was started again is not written down"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_stay_up_is_tried_more_seldom_and_then_given_up() {
        let mut patient = Patient::default();
        assert!(patient.is_due());
        for _ in 0..TRIES {
            patient.begins();
            assert!(!patient.kept.given_up);
            assert!(!patient.is_due(), "the next start comes later");
        }
        patient.begins();
        assert!(patient.kept.given_up && patient.kept.started == TRIES);
        patient.started_at = None;
        assert!(!patient.is_due());
    }
}
