//! `madoguchi paper clean`: removes printed files past their keeping time.

use std::process::ExitCode;

use relay_core::clock::{Clock, SystemClock};

use super::{
    Setting,
    database::{Records, act},
    output::answer,
};
use crate::keeping;

/// What can be done with papers that were printed.
#[derive(Debug, clap::Subcommand)]
pub enum PaperCommand {
    /// Remove the files of papers older than [paper] keep_days; the console does so too when it opens.
    Clean,
}

/// Does what was asked.
///
/// # Errors
/// When the database is away, as nothing is removed without a record of it, or a file cannot be removed.
pub fn run(setting: &Setting, asked: &PaperCommand) -> anyhow::Result<ExitCode> {
    let PaperCommand::Clean = asked;
    let config = setting.config()?;
    let records = Records::open(&config)?;
    let removed = records.runtime.block_on(keeping::clean(
        &config.paper,
        &records.office,
        &act("paper"),
        SystemClock.now_in_japan(),
    ))?;
    answer!(
        "{}",
        setting.lang.pick(
            format!("✓ 保存期間を過ぎた印刷物の控えを {removed} 件消しました。"),
            format!("✓ {removed} printed files past their time were removed."),
        )
    );
    Ok(ExitCode::SUCCESS)
}
