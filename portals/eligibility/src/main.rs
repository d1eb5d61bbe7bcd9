//! Starts the clinic's portal.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use eligibility::{Clinic, Config, PORTAL};
use portal_kit::{Language, listener::Stop, log};
use relay_core::{chance::SharedChance, clock::SystemClock};

/// 資格確認の窓口。A clinic's portal at its reception desk.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// 設定ファイル / the configuration file
    #[arg(long, default_value = "eligibility.toml")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            let language = std::env::var("MADOGUCHI_LANG").ok();
            let language = language.and_then(|code| Language::from_code(&code)).unwrap_or_default();
            eprintln!("{}", language.of(error.words()));
            return ExitCode::from(2);
        }
    };
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", PORTAL.code);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(config: Config) -> anyhow::Result<()> {
    log::begin_with(&config.service.log, &["portal_service", PORTAL.log])?;
    let stop = Stop::on_signals()?;
    let clinic = Clinic::load(config, Arc::new(SystemClock), SharedChance::of_the_system())?;
    clinic.listen().await?.run(stop).await;
    Ok(())
}
