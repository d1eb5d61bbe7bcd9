//! The office's records as the commands reach them: one connection, waited for.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use issuance::staff::StaffId;
use office::{Act, Office, TimeSource};
use relay_core::{
    chance::{Chance, OsChance},
    id::Id,
};
use store::Door;
use tokio::runtime::Runtime;

use crate::config::{Config, secrets};

/// The door of the consoles to the office's database that `config` names.
///
/// # Errors
/// When the password's file cannot be used.
pub fn door(config: &Config) -> Result<Door, secrets::SecretError> {
    door_as(config, office::USER)
}

/// The door of the program that logs in as `role`, one of [`office::USERS`]. The consoles' role and password stand in the
/// configuration; the others' roles have the names they are made with, and their passwords lie beside
/// ([`password_file`]), so that each can be given to the account that runs the program and to no other.
///
/// # Errors
/// When the password's file cannot be used.
pub fn door_as(config: &Config, role: &str) -> Result<Door, secrets::SecretError> {
    let database = &config.database;
    let user = if role == office::USER { &database.user } else { role };
    let password = secrets::line(&password_file(config, role))?;
    let mut door = Door::new(database.host.display().to_string(), &database.name, user, password);
    door.port = database.port;
    Ok(door)
}

/// Where the password of `role` lies: the consoles' where `[database] password_file` says, the others' in the same place
/// under its name and theirs (`database-import`, `database-dispatch`, `database-reader`, `database-sealer`).
pub fn password_file(config: &Config, role: &str) -> PathBuf {
    let file = &config.database.password_file;
    match role.strip_prefix("madoguchi_") {
        Some(program) if role != office::USER => {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(format!("-{program}"));
            file.with_file_name(name)
        }
        _ => file.clone(),
    }
}

/// The office, and the runtime its verbs are waited for on.
pub(super) struct Records {
    pub runtime: Runtime,
    pub office: Office,
}

impl Records {
    /// Connects as the consoles do, and checks that the database is of this program's version.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        Self::open_as(config, office::USER)
    }

    /// As [`Self::open`], logged in as `role`.
    pub(super) fn open_as(config: &Config, role: &str) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
        let door = door_as(config, role)?;
        let office = runtime
            .block_on(Office::connect(&door, sealer, TimeSource::Database))
            .with_context(|| format!("{}", config.database.host.display()))?;
        Ok(Self { runtime, office })
    }
}

/// A runtime for commands: their waiting is short and one at a time.
pub(super) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?)
}

/// Seals what a command has just recorded. A set-up without a database or without keys has nothing to seal.
pub(super) fn seal(setting: &super::Setting) {
    let Ok(config) = setting.config() else { return };
    if !config.trail.key_file.exists() {
        return;
    }
    if let Ok(runtime) = runtime() {
        runtime.block_on(crate::trail::seal_once(&config));
    }
}

/// A fresh act of the command `name`.
pub(super) fn act(name: &'static str) -> Act {
    let id: Id<StaffId> = Id::new(&mut OsChance as &mut dyn Chance);
    Act::of_process(name, id.uuid())
}
