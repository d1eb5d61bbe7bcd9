//! The office's records as the commands reach them: one connection, waited for.

use std::sync::Arc;

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

/// The door to the office's database that `config` names.
///
/// # Errors
/// When the password's file cannot be used.
pub fn door(config: &Config) -> Result<Door, secrets::SecretError> {
    let database = &config.database;
    let mut door = Door::new(
        database.host.display().to_string(),
        &database.name,
        &database.user,
        secrets::line(&database.password_file)?,
    );
    door.port = database.port;
    Ok(door)
}

/// The office, and the runtime its verbs are waited for on.
pub(super) struct Records {
    pub runtime: Runtime,
    pub office: Office,
}

impl Records {
    /// Connects, and checks that the database is of this program's version.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
        let door = door(config)?;
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
    if let Ok(Records { runtime, office }) = Records::open(&config) {
        runtime.block_on(crate::trail::seal_once(&config, &office));
    }
}

/// A fresh act of the command `name`.
pub(super) fn act(name: &'static str) -> Act {
    let id: Id<StaffId> = Id::new(&mut OsChance as &mut dyn Chance);
    Act::of_process(name, id.uuid())
}
