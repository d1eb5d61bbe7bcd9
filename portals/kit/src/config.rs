//! A portal's one configuration file, read as every program of the house reads its own ([`settings`]). What several
//! portals have alike (`[listen]`, `[database]`, `[log]`) is read here, so that it is called the same in each.

use std::{net::SocketAddr, path::PathBuf};

pub use settings::{ConfigError, Document, Fault, Mistake, Section, load, parse, secrets};

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
    pub name: String,
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

#[cfg(test)]
mod tests {
    use std::path::Path;

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
