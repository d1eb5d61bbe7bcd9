//! The one configuration file of a program: read whole, checked whole, every mistake told with its line.
//!
//! Relative paths start at the file's own folder, so a set-up can be moved. Secrets are never in it: a key ending in
//! `_file` names a file that only its owner may read ([`secrets`]). The counter and the portals stand on this alike and
//! know nothing of one another; what the sections mean is theirs.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

pub mod secrets;
mod section;

pub use section::{Document, Fault, Mistake, Section};

/// The same sentence in Japanese and in English: neither can be missing, and whoever shows it picks one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub ja: String,
    pub en: String,
}

impl Sentence {
    /// Both.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// What `words` say (in Japanese when it is told `true`) of `file`, whose name comes first.
    fn of(file: &Path, words: impl Fn(bool) -> String) -> Self {
        let named = |ja| format!("{}: {}", file.display(), words(ja));
        Self::new(named(true), named(false))
    }
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable { file: PathBuf, reason: io::Error },
    /// The file has mistakes.
    Mistaken {
        file: PathBuf,
        /// All of them, by line.
        mistakes: Vec<Mistake>,
    },
}

impl ConfigError {
    /// What is wrong and what to do, a line for each mistake.
    pub fn words(&self) -> Sentence {
        match self {
            Self::Unreadable { file, reason } => Sentence::of(file, |ja| match ja {
                true => {
                    format!("設定ファイルを読めません。--config の場所と、持ち主・権限を確かめてください。 ({reason})")
                }
                false => {
                    format!("The configuration file cannot be read. Check --config, its owner and its mode. ({reason})")
                }
            }),
            Self::Mistaken { file, mistakes } => {
                let line = |mistake: &Mistake, words: &str| format!("{}:{}: {words}", file.display(), mistake.line);
                let lines = |words: fn(&Mistake) -> String| {
                    let lines: Vec<_> = mistakes.iter().map(|mistake| line(mistake, &words(mistake))).collect();
                    lines.join("\n")
                };
                Sentence::new(lines(|mistake| mistake.words().ja), lines(|mistake| mistake.words().en))
            }
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().en)
    }
}

impl std::error::Error for ConfigError {}

/// Reads `file` with `read`, which asks the document for each section it knows.
///
/// # Errors
/// When it cannot be read, or with every mistake in it.
pub fn load<T>(file: &Path, read: impl FnOnce(&mut Document<'_>) -> T) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|reason| ConfigError::Unreadable {
        file: file.to_owned(),
        reason,
    })?;
    parse(&text, file, read).map_err(|mistakes| ConfigError::Mistaken {
        file: file.to_owned(),
        mistakes,
    })
}

/// Reads `text` as if it stood in `file`, whose folder is where relative paths start.
///
/// # Errors
/// Every mistake, by line.
pub fn parse<T>(text: &str, file: &Path, read: impl FnOnce(&mut Document<'_>) -> T) -> Result<T, Vec<Mistake>> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut document = Document::parse(text, folder);
    let value = read(&mut document);
    document.finish()?;
    Ok(value)
}
