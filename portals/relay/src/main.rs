//! Starts the relay front.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use portal_kit::{Language, listener::Stop};
use relay::{Bound, Config, Front};
use relay_core::clock::SystemClock;
use tracing::error;

/// 中継(前段): カードによるログイン。The relay front: sign-in with the card.
#[derive(Parser)]
#[command(name = "madoguchi-relay", version)]
struct Arguments {
    /// 設定ファイル。The configuration file.
    #[arg(long, default_value = "relay.toml")]
    config: PathBuf,
    /// 設定を確かめて終わる。Check the configuration and stop.
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{}", error.words(Language::Japanese));
            return ExitCode::from(2);
        }
    };
    if arguments.check {
        return ExitCode::SUCCESS;
    }
    if let Err(error) = portal_kit::log::begin(&config.log) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(%error, "the front does not start");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> Result<(), anyhow::Error> {
    let stop = Stop::on_signals()?;
    let front = Arc::new(Front::load(config, Arc::new(SystemClock))?);
    front.records().check_version().await?;
    Bound::bind(front).await?.serve(stop).await;
    Ok(())
}
