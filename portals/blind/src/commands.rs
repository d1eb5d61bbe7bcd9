//! The commands, a file each.

pub mod ceremony;
pub mod escrow;
pub mod log;
pub mod matching;
pub mod operator;
pub mod pin;
pub mod refusals;
pub mod rotation;
pub mod serve;
pub mod status;
pub mod tombstone;

use std::path::Path;

use anyhow::Context as _;
use blind::{
    config::Config,
    operators::{Operator, OperatorKey},
};
use portal_kit::config::secrets;
use relay_records::blind::BlindRecords;
use store::Door;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The records that the configuration names.
fn records(config: &Config) -> anyhow::Result<BlindRecords> {
    let database = &config.database;
    let mut door = Door::new(
        database.host.display().to_string(),
        &database.name,
        &database.user,
        secrets::line(&database.password_file)?,
    );
    door.port = database.port;
    door.application = "madoguchi-blind".to_owned();
    let sealer = secrets::sealer(&config.seal_keys_file)?;
    Ok(BlindRecords::behind(&door, sealer.into()))
}

/// A moment as people write it at the command line.
fn moment(text: &str) -> Result<OffsetDateTime, time::error::Parse> {
    OffsetDateTime::parse(text, &Rfc3339)
}

/// The key in an operator's own file.
fn operator_key(file: &Path) -> anyhow::Result<OperatorKey> {
    let text = secrets::read(file)?;
    OperatorKey::from_text(&text).with_context(|| file.display().to_string())
}

/// Whether `key` is one that the configuration knows.
fn known(key: &OperatorKey, operators: &[Operator]) -> anyhow::Result<()> {
    let operator = key.operator();
    anyhow::ensure!(
        operators.contains(&operator),
        "{} is no operator with this key in [services] operators",
        operator.name()
    );
    Ok(())
}
