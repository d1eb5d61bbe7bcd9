//! A portal's `main`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use portal_kit::{Language, listener::Stop, log};
use relay_core::{chance::SharedChance, clock::SystemClock};

use crate::{Portal, Service, config::Config, serving::Started};

#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// 設定ファイル / the configuration file
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Runs `portal` until it is asked to stop, as its configuration file says: `--config`, or its code with `.toml`. Ends
/// with 2 for mistakes in the file, which are told by their lines in the language of `MADOGUCHI_LANG`.
pub fn program(portal: &'static Portal) -> ExitCode {
    let arguments = Arguments::parse();
    let file = arguments
        .config
        .unwrap_or_else(|| PathBuf::from(format!("{}.toml", portal.code)));
    let config = match Config::load(&file) {
        Ok(config) => config,
        Err(error) => {
            let language = std::env::var("MADOGUCHI_LANG").ok();
            let language = language.and_then(|code| Language::from_code(&code)).unwrap_or_default();
            eprintln!("{}", language.of(error.words()));
            return ExitCode::from(2);
        }
    };
    match run(portal, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", portal.code);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(portal: &'static Portal, config: Config) -> anyhow::Result<()> {
    log::begin_with(&config.log, &[env!("CARGO_CRATE_NAME"), portal.log])?;
    let stop = Stop::on_signals()?;
    let service = Service::new(portal, config, Arc::new(SystemClock), SharedChance::of_the_system())?;
    Started::new(service).await?.run(stop).await;
    Ok(())
}
