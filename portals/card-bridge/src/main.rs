//! Starts the card bridge.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use card_bridge::{Started, config::Config};
use clap::Parser;
use portal_kit::{Language, listener::Stop, log};
use relay_core::{chance::SharedChance, clock::SystemClock};

/// 窓口の端末でカードに署名させる補助プログラム / lets a browser at a desk sign in with the card in the reader
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// 設定ファイル / the configuration file
    #[arg(long, default_value = "card-bridge.toml")]
    config: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
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
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("card-bridge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    log::begin(&config.log)?;
    let stop = Stop::on_signals()?;
    let started = Started::new(&config, Arc::new(SystemClock), SharedChance::of_the_system()).await?;
    started.run(stop).await;
    Ok(())
}
