//! Which provider an instance is: its configuration file, checked whole. How it is reached and how it stands with the relay
//! is in the file of its service, as any portal has it.

use std::path::{Path, PathBuf};

use portal_kit::config::{self, ConfigError, Database, Fault};
use time::Duration;

use crate::import::Brake;

/// A person must be able to read for so long who looked; the database holds it too.
const LEAST_DAYS: u64 = 90;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[office] code`: its short name, another one for each provider of a host.
    pub code: String,
    /// What people call it.
    pub name_ja: String,
    pub name_en: String,
    /// The file of its service (`portal_service::config`).
    pub service: PathBuf,
    /// One of the kinds that come with the program, or a file beside this one.
    pub schema: String,
    /// The folder that a schema's file is looked for in.
    pub folder: PathBuf,
    /// `[records]`: its own database.
    pub records: Database,
    /// `[seal] keys_file`: what its records are sealed with.
    pub seal_keys_file: PathBuf,
    /// `[import] persons`, `percent`: from which size on a change of a load has to be confirmed.
    pub brake: Brake,
    /// `[looks] days`: how long it is kept who looked.
    pub looks: Duration,
}

impl Config {
    /// Reads and checks `file`.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        config::load(file, |document| {
            let (code, name_ja, name_en, service, schema) = document.section("office", |office| {
                let code = office.text("code");
                let plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                if !plain || code.len() > 32 {
                    office.mistake("code", Fault::Malformed("up to 32 small letters and hyphens"));
                }
                (
                    code,
                    office.text("name_ja"),
                    office.text("name_en"),
                    office.path("service"),
                    office.text("schema"),
                )
            });
            Self {
                code,
                name_ja,
                name_en,
                service,
                schema,
                folder,
                records: document.section("records", Database::read),
                seal_keys_file: document.section("seal", |seal| seal.path("keys_file")),
                brake: document.optional("import", |import| Brake {
                    persons: import.number_or::<u32>("persons", 0..=100_000_000, 500) as usize,
                    percent: import.number_or::<u32>("percent", 1..=100, 5) as usize,
                }),
                looks: Duration::days(document.optional("looks", |looks| {
                    looks.number_or::<u32>("days", LEAST_DAYS..=36_500, 1_825).into()
                })),
            }
        })
    }
}
