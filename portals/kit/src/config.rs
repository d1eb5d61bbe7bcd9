//! A portal's one configuration file: read whole, checked whole, every mistake told with its line.
//!
//! Relative paths start at the file's own folder, so a set-up can be moved. Secrets are never in it: a key ending in
//! `_file` names a file that only its owner may read ([`secrets`]). What several portals have alike (`[listen]`,
//! `[database]`, `[log]`) is read here, so that it is called the same in each.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub mod secrets;
mod section;

pub use section::{Document, Fault, Mistake, Section};

use crate::words::Language;

/// Where a portal listens, and who it is there: a `[listen…]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// PEM file of the server's certificate, its issuers after it.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key_file: PathBuf,
}

impl Listen {
    /// `address`, `certificate`, `key_file`.
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            address: section.address("address"),
            certificate: section.path("certificate"),
            key_file: section.path("key_file"),
        }
    }
}

/// A portal's own database: `[database]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Folder of PostgreSQL's Unix socket.
    pub host: PathBuf,
    /// Port: part of the socket's name.
    pub port: u16,
    /// Database.
    pub name: String,
    /// Login role.
    pub user: String,
    /// File holding the role's password.
    pub password_file: PathBuf,
}

impl Database {
    /// `host`, `port` (5432), `name`, `user`, `password_file`.
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            host: section.path("host"),
            port: section.number_or("port", 1..=65_535, 5432),
            name: section.text("name"),
            user: section.text("user"),
            password_file: section.path("password_file"),
        }
    }
}

/// How log lines look: `[log]`, which may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// One JSON object a line; else text.
    pub json: bool,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
}

impl Log {
    /// `format` ("json", "text"), `level` ("info").
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            json: section.one_of_or("format", &[("json", true), ("text", false)]),
            level: section.one_of_or(
                "level",
                &[
                    ("info", "info"),
                    ("error", "error"),
                    ("warn", "warn"),
                    ("debug", "debug"),
                    ("trace", "trace"),
                ],
            ),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// The file has mistakes.
    Mistaken {
        /// The file.
        file: PathBuf,
        /// All of them, by line.
        mistakes: Vec<Mistake>,
    },
}

impl ConfigError {
    /// What is wrong and what to do, a line for each mistake.
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Unreadable { file, reason } => format!(
                "{}: {} ({reason})",
                file.display(),
                language.pick(
                    "設定ファイルを読めません。--config の場所と、持ち主・権限を確かめてください。",
                    "the configuration file cannot be read. Check --config, its owner and its mode."
                )
            ),
            Self::Mistaken { file, mistakes } => mistakes
                .iter()
                .map(|mistake| format!("{}:{}: {}", file.display(), mistake.line, mistake.words(language)))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Language::English))
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[listen]
address = "127.0.0.1:8443"
certificate = "tls/my-page.pem"
key_file = "tls/my-page.key"
[database]
host = "postgres"
name = "my_page"
user = "madoguchi_my_page"
password_file = "secrets/my-page"
"#;

    fn read(text: &str) -> Result<(Listen, Database, Log), Vec<Mistake>> {
        parse(text, Path::new("/etc/madoguchi/my-page.toml"), |document| {
            (
                document.section("listen", Listen::read),
                document.section("database", Database::read),
                document.optional("log", Log::read),
            )
        })
    }

    #[test]
    fn a_plain_file_is_taken_with_the_defaults_filled_in() {
        let (listen, database, log) = read(GOOD).unwrap();
        assert_eq!(listen.certificate, Path::new("/etc/madoguchi/tls/my-page.pem"));
        assert_eq!(database.port, 5432);
        assert!(log.json && log.level == "info");
    }

    #[test]
    fn every_mistake_is_told_at_once_each_with_its_line() {
        let bad = GOOD
            .replace("127.0.0.1:8443", "127.0.0.1")
            .replace("user =", "usr =")
            .replace("[database]", "[database]\nport = 0")
            + "[lgo]\n";
        let line = |part: &str| bad.lines().position(|line| line.contains(part)).unwrap() + 1;
        let told: Vec<_> = read(&bad)
            .unwrap_err()
            .into_iter()
            .map(|mistake| (mistake.line, mistake.key, mistake.fault))
            .collect();
        let near = |name: &str| Fault::Unknown {
            near: Some(name.to_owned()),
        };
        assert_eq!(
            told,
            [
                (line("address"), "listen.address".to_owned(), Fault::NotAnAddress),
                (line("[database]"), "database.user".to_owned(), Fault::Missing),
                (
                    line("port = 0"),
                    "database.port".to_owned(),
                    Fault::OutOfRange { least: 1, most: 65_535 }
                ),
                (line("usr ="), "database.usr".to_owned(), near("user")),
                (line("[lgo]"), "lgo".to_owned(), near("log")),
            ]
        );
    }
}
