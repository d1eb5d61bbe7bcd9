//! Starts the relay front, and rotates its keys.

mod rotate;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Parser, Subcommand};
use portal_kit::{Language, config::secrets, listener::Stop};
use relay::{Bound, Config, Front};
use relay_core::{
    chance::{OsChance, SharedChance},
    clock::SystemClock,
};
use relay_records::front::OWNER;
use store::Door;
use tracing::error;

/// 中継(前段): カードによるログイン。The relay front: sign-in with the card.
#[derive(Parser)]
#[command(name = "madoguchi-relay", version)]
struct Arguments {
    /// 設定ファイル。The configuration file.
    #[arg(long, global = true, default_value = "relay.toml")]
    config: PathBuf,
    /// 設定を確かめて終わる。Check the configuration and stop.
    #[arg(long)]
    check: bool,
    /// データベースを最新の形にして終わる(値は所有者のパスワードのファイル)。Bring the database up to date as its owner, whose
    /// password is in this file, and stop.
    #[arg(long, value_name = "FILE")]
    migrate: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// 両方の半分の鍵を替える。Put everything stored under new keys of both halves; pseudonyms stay as they are.
    #[command(subcommand)]
    Rotate(rotate::Rotate),
    /// 役所の監査記録を裏書きする鍵を作り、公開のほうを出す。Make the key that vouches for offices' audit trails; its public half is
    /// printed.
    WitnessKey {
        /// 証人の名前(relay.例.example)。The witness's name.
        name: String,
        /// 鍵を置くファイル。Where the key is put.
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{}", Language::Japanese.of(error.words()));
            return ExitCode::from(2);
        }
    };
    if arguments.check {
        return ExitCode::SUCCESS;
    }
    if let Some(password_file) = arguments.migrate {
        return match migrate(&config, &password_file).await {
            Ok(version) => {
                println!("{version}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        };
    }
    match arguments.command {
        Some(Command::Rotate(rotate)) => return rotate.run(&config).await,
        Some(Command::WitnessKey { name, file }) => return witness_key(&name, &file),
        None => {}
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

fn witness_key(name: &str, file: &Path) -> ExitCode {
    match relay::witness::make_key(name, file, &mut OsChance) {
        Ok(public) => {
            println!("{public}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}

async fn migrate(config: &Config, password_file: &Path) -> Result<i32, anyhow::Error> {
    let database = &config.database;
    let password = secrets::line(password_file)?;
    let mut door = Door::new(database.host.display().to_string(), &database.name, OWNER, password);
    door.port = database.port;
    Ok(relay_records::front::migrate(&door).await?.version)
}

async fn run(config: Config) -> Result<(), anyhow::Error> {
    let stop = Stop::on_signals()?;
    let front = Arc::new(Front::load(
        config,
        Arc::new(SystemClock),
        SharedChance::of_the_system(),
    )?);
    front.records().check_version().await?;
    Bound::bind(front).await?.serve(stop).await;
    Ok(())
}
