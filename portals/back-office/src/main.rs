//! `madoguchi-back-office`: serves one provider's records, and takes them over from their owner.

mod commands;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use back_office::{Config, Office};
use clap::Parser;
use portal_kit::{Language, listener::Stop, log};
use relay_core::{chance::SharedChance, clock::SystemClock};

use commands::Command;

#[derive(Parser)]
#[command(name = "madoguchi-back-office", version)]
struct Arguments {
    /// 設定ファイル / the configuration file
    #[arg(long, global = true, default_value = "back-office.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Operator(new)) = &arguments.command {
        return ended(new.run());
    }
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            let language = std::env::var("MADOGUCHI_LANG").ok();
            let language = language.and_then(|code| Language::from_code(&code)).unwrap_or_default();
            eprintln!("{}", language.of(error.words()));
            return ExitCode::from(2);
        }
    };
    ended(match arguments.command {
        None => serve(&config).await,
        Some(command) => command.run(&config).await,
    })
}

fn ended(ended: anyhow::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-back-office: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let service = portal_service::config::Config::load(&config.service).map_err(|error| anyhow::anyhow!("{error}"))?;
    log::begin_with(&service.log, &["portal_service", "back_office"])?;
    let stop = Stop::on_signals()?;
    let office = Office::load(config, Arc::new(SystemClock), SharedChance::of_the_system())?;
    office.records().check_version().await?;
    let office = Arc::new(office);
    let started = Arc::clone(&office).listen().await?;
    tokio::select! {
        () = started.run(stop) => {}
        () = office.forget_looks_daily() => {}
    }
    Ok(())
}
