//! A demonstration office in a folder of its own, set up by the release binary as a person would. Everything it
//! started is stopped and removed when it is dropped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use console::config::Config;
use serde_json::Value;

/// The program that is measured.
pub const MADOGUCHI: &str = env!("CARGO_BIN_EXE_madoguchi");
/// People before the roster is taken in: the ones of the manuals.
pub const ROWS_AT_FIRST: usize = 20;
/// Longest wait for a reader to notice a card.
const NOTICED: Duration = Duration::from_secs(10);

/// The office.
pub struct OfficeHome {
    home: PathBuf,
    folder: tempfile::TempDir,
}

impl OfficeHome {
    /// Sets one up: cluster, authorities, staff, tray.
    ///
    /// # Errors
    /// When a command fails, with what it said.
    pub fn set_up() -> anyhow::Result<Self> {
        Self::set_up_with(&[])
    }

    /// The same joined to a relay of its own: front, blind half, My Page, and who carries the outbox.
    ///
    /// # Errors
    /// When a command fails, with what it said.
    pub fn set_up_with_a_relay() -> anyhow::Result<Self> {
        Self::set_up_with(&["--relay"])
    }

    fn set_up_with(more: &[&str]) -> anyhow::Result<Self> {
        let tray = Path::new(MADOGUCHI).with_file_name("virtual-card");
        if !tray.exists() {
            bail!("{} is missing; scripts/bench builds it first", tray.display());
        }
        let folder = tempfile::tempdir()?;
        let home = Self {
            home: folder.path().join("var"),
            folder,
        };
        let rows = ROWS_AT_FIRST.to_string();
        home.must(&[&["setup", "--demo", "--rows", rows.as_str()], more].concat())?;
        Ok(home)
    }

    /// Where it keeps its files.
    pub fn path(&self) -> &Path {
        &self.home
    }

    /// A file beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its configuration.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.home.join("madoguchi.toml"))?)
    }

    /// Runs `madoguchi` to its end; what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn must(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let ended = Command::new(MADOGUCHI)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("MADOGUCHI_HOME", &self.home)
            .env_remove("MADOGUCHI_LANG")
            .env_remove("MADOGUCHI_LOG")
            .stdin(Stdio::null())
            .output()?;
        if !ended.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
        }
        Ok(String::from_utf8(ended.stdout)?)
    }

    /// What a hand does with the tray of cards.
    ///
    /// # Errors
    /// When the tray refuses.
    pub fn tray(&self, words: &[&str]) -> anyhow::Result<()> {
        let ended = Command::new(Path::new(MADOGUCHI).with_file_name("virtual-card"))
            .arg("--socket")
            .arg(self.home.join("run/tray.socket"))
            .args(words)
            .output()?;
        if !ended.status.success() {
            bail!("{words:?}: {}", String::from_utf8_lossy(&ended.stderr));
        }
        Ok(())
    }

    /// A demo staff member's password.
    ///
    /// # Errors
    /// When nobody has that number.
    pub fn password(&self, number: &str) -> anyhow::Result<String> {
        let endpoints: Value = serde_json::from_slice(&fs::read(self.home.join("endpoints.json"))?)?;
        endpoints["staff"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|person| person["number"] == number)
            .and_then(|person| person["password"].as_str())
            .map(str::to_owned)
            .with_context(|| format!("staff {number}"))
    }
}

impl Drop for OfficeHome {
    fn drop(&mut self) {
        if let Err(error) = self.must(&["clean-data", "--force"]) {
            eprintln!("the office was not removed: {error:#}");
        }
    }
}

/// Tries until `act` succeeds, for a card that was just put in.
///
/// # Errors
/// The last one, when it never did.
pub fn once_noticed<T, E>(mut act: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let begun = Instant::now();
    loop {
        match act() {
            Err(_) if begun.elapsed() < NOTICED => std::thread::sleep(Duration::from_millis(50)),
            ended => return ended,
        }
    }
}
