//! Where log lines go: JSON to a file, text to the terminal unless a screen is drawn there. Lines carry ids only:
//! whoever logs names a case, a card or an act by its id, and nobody's name, number or address.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use relay_core::clock::{Clock, SystemClock};
use time::Date;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

use super::output::notice;
use crate::config;

/// Sends log lines to `log` (when there is a configuration yet) and, unless `screen` is drawn on it, to the terminal.
/// `MADOGUCHI_LOG` overrides the level.
///
/// # Errors
/// When the log file cannot be opened.
pub fn begin(log: Option<&config::Log>, screen: bool) -> io::Result<()> {
    let asked: Option<LevelFilter> = std::env::var("MADOGUCHI_LOG").ok().and_then(|asked| asked.parse().ok());
    let file = match log {
        None => None,
        Some(log) => {
            let file = RotatingFile::open(log, Arc::new(SystemClock))?;
            let level = asked.or(log.level.parse().ok()).unwrap_or(LevelFilter::INFO);
            Some(
                fmt::layer()
                    .json()
                    .with_writer(move || file.clone())
                    .with_filter(ours_at(level)),
            )
        }
    };
    let text = (!screen).then(|| {
        fmt::layer()
            .compact()
            .without_time()
            .with_target(false)
            .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_writer(io::stderr)
            // A command says itself what went wrong, in the person's language.
            .with_filter(ours_at(asked.unwrap_or(LevelFilter::OFF)))
    });
    registry().with(file).with(text).try_init().map_err(io::Error::other)
}

/// Our own rooms at `level`, everybody else's lines at no more than warnings, whoever asks: what a library writes when
/// it is chatty (the database client its values, for one) is not ours to vouch for.
fn ours_at(level: LevelFilter) -> Targets {
    let rooms = ["console", "card", "issuance", "office", "store", "relay_core"];
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(rooms.map(|room| (room, level)))
}

/// Gives the terminal back and leaves a line in the log when something of ours panics. The panic's own words are left
/// out: they may hold what was on the screen.
pub fn mind_panics(lang: super::words::Lang) {
    std::panic::set_hook(Box::new(move |panic| {
        crate::desk::restore_terminal();
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()))
            .unwrap_or_default();
        tracing::error!(place, "panic");
        notice!(
            "{}",
            lang.pick(
                format!("思いがけない誤りで止まりました({place})。記録された手続きは失われていません。もう一度開いてください。"),
                format!("Stopped by an unexpected error ({place}). Nothing recorded was lost; open it again."),
            )
        );
    }));
}

/// A file put aside when it is full or its day is over. Several consoles may write to one: each line is one append,
/// and a writer whose file another has put aside opens the new one.
#[derive(Clone)]
struct RotatingFile(Arc<Mutex<Open>>);

struct Open {
    path: PathBuf,
    file: File,
    day: Date,
    largest: u64,
    keep: usize,
    clock: Arc<dyn Clock>,
}

impl RotatingFile {
    fn open(log: &config::Log, clock: Arc<dyn Clock>) -> io::Result<Self> {
        if let Some(folder) = log.file.parent() {
            config::secrets::private_folder(folder)?;
        }
        let file = append(&log.file)?;
        // A file begun on an earlier day is put aside by the first line of today.
        let begun = file
            .metadata()?
            .modified()
            .map(time::OffsetDateTime::from)
            .unwrap_or_else(|_| clock.now());
        Ok(Self(Arc::new(Mutex::new(Open {
            path: log.file.clone(),
            file,
            day: begun.to_offset(relay_core::clock::JST).date(),
            largest: u64::from(log.megabytes) * 1024 * 1024,
            keep: usize::from(log.keep),
            clock,
        }))))
    }
}

impl Write for RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(|held| held.into_inner());
        // A log that cannot be rotated is still a log.
        let _ = open.rotate_when_due();
        open.file.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Open {
    fn rotate_when_due(&mut self) -> io::Result<()> {
        let ours = self.file.metadata()?;
        match fs::metadata(&self.path) {
            Ok(there) if there.ino() == ours.ino() => {}
            // Put aside by another console: go on in the new one.
            _ => {
                self.file = append(&self.path)?;
                self.day = self.clock.now_in_japan().date();
                return Ok(());
            }
        }
        let today = self.clock.now_in_japan().date();
        if ours.len() == 0 {
            self.day = today;
            return Ok(());
        }
        if today == self.day && ours.len() < self.largest {
            return Ok(());
        }
        fs::rename(&self.path, self.aside()?)?;
        self.file = append(&self.path)?;
        self.day = today;
        self.remove_the_oldest()
    }

    /// `madoguchi.2026-11-22.log`, and with a number when that day has one already.
    fn aside(&self) -> io::Result<PathBuf> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for number in 1..10_000u32 {
            let name = match number {
                1 => format!("{stem}.{}.log", self.day),
                _ => format!("{stem}.{}.{number}.log", self.day),
            };
            let aside = self.path.with_file_name(name);
            if !aside.exists() {
                return Ok(aside);
            }
        }
        Err(io::Error::other("too many logs of one day"))
    }

    fn remove_the_oldest(&self) -> io::Result<()> {
        let stem = format!("{}.", self.path.file_stem().unwrap_or_default().to_string_lossy());
        let mut aside: Vec<(std::time::SystemTime, PathBuf)> =
            fs::read_dir(self.path.parent().unwrap_or(Path::new(".")))?
                .filter_map(Result::ok)
                .filter(|entry| entry.path() != self.path && entry.file_name().to_string_lossy().starts_with(&stem))
                .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
                .collect();
        aside.sort();
        let surplus = aside.len().saturating_sub(self.keep);
        for (_, file) in &aside[..surplus] {
            fs::remove_file(file)?;
        }
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::clock::HandClock;
    use time::{Duration, OffsetDateTime};

    fn log(folder: &Path, keep: u16) -> config::Log {
        config::Log {
            file: folder.join("madoguchi.log"),
            level: "info".into(),
            megabytes: 1,
            keep,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn yesterdays_log_is_put_aside_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let clock = HandClock::at(OffsetDateTime::now_utc());
        let mut file = RotatingFile::open(&log(folder.path(), 2), Arc::new(clock.clone())).unwrap();
        for _ in 0..5 {
            file.write_all(b"{}\n").unwrap();
            clock.advance(Duration::days(1));
        }
        assert_eq!(names(folder.path()).len(), 3);
        assert_eq!(fs::read_to_string(folder.path().join("madoguchi.log")).unwrap(), "{}\n");
    }

    #[test]
    fn a_full_log_is_put_aside_and_no_line_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock::at(OffsetDateTime::now_utc()));
        // Two consoles on one log.
        let mut one = RotatingFile::open(&log(folder.path(), 30), clock.clone()).unwrap();
        let mut other = RotatingFile::open(&log(folder.path(), 30), clock).unwrap();
        let line = format!("{}\n", "x".repeat(999));
        for _ in 0..1_500 {
            one.write_all(line.as_bytes()).unwrap();
            other.write_all(line.as_bytes()).unwrap();
        }
        let lines: usize = names(folder.path())
            .iter()
            .map(|name| fs::read_to_string(folder.path().join(name)).unwrap().lines().count())
            .sum();
        assert_eq!(lines, 3_000);
        assert!(names(folder.path()).len() >= 3);
    }
}
