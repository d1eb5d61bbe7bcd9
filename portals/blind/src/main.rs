//! `madoguchi-blind`: serves the front, and what its operators do by hand.

mod commands;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use portal_kit::{Language, config::ConfigError};

use commands::{ceremony, escrow, log, matching, operator, pin, refusals, rotation, serve, status, tombstone};

/// 目隠し側: the relay's second, independent half.
#[derive(Parser)]
#[command(name = "madoguchi-blind", version)]
struct Program {
    /// The configuration.
    #[arg(long, global = true, default_value = "blind.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the front until SIGTERM. Pins are read again when their folder changes, and at once on SIGHUP.
    Serve,
    /// Say how this half stands. Ends with code 1 when somebody has to look at it.
    Status,
    /// Make the keys of both halves, once, on a machine that is wiped afterwards.
    Ceremony(ceremony::Ceremony),
    /// Make the key that this half's envelopes are signed with, and print its public part.
    EnvelopeKey(ceremony::EnvelopeKey),
    /// Make an operator's key, and print the line for the configuration.
    Operator(operator::NewOperator),
    /// Pin services to their certificates; two operators sign.
    #[command(subcommand)]
    Pin(pin::Pin),
    /// Stop one pseudonym at one service; two operators sign.
    Tombstone(tombstone::SetTombstone),
    /// Split a secret into sheets, bring it back, or practise both.
    #[command(subcommand)]
    Escrow(escrow::Escrow),
    /// Look at a key rotation, or finish it.
    #[command(subcommand)]
    Rotation(rotation::Rotation),
    /// Print the log of what was made, for the auditor.
    Log(log::Log),
    /// Print what was refused, counted by the hour and by rule, for the auditor.
    Refusals(refusals::Refusals),
    /// Compare the two halves' logs, as their `log` commands print them; needs no database. Ends with code 1 when
    /// something does not agree.
    Match(matching::Match),
}

#[tokio::main]
async fn main() -> ExitCode {
    let program = Program::parse();
    let config = &program.config;
    let done = match program.command {
        Command::Serve => serve::run(config).await,
        Command::Status => status::run(config).await,
        Command::Ceremony(command) => command.run(),
        Command::EnvelopeKey(command) => command.run(),
        Command::Operator(command) => command.run(),
        Command::Pin(command) => command.run(config).await,
        Command::Tombstone(command) => command.run(config).await,
        Command::Escrow(command) => command.run(),
        Command::Rotation(command) => command.run(config).await,
        Command::Log(command) => command.run(config).await,
        Command::Refusals(command) => command.run(config).await,
        Command::Match(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<ConfigError>() {
                Some(mistakes) => eprintln!("{}", language().of(mistakes.words())),
                None => eprintln!("madoguchi-blind: {error:#}"),
            }
            ExitCode::FAILURE
        }
    }
}

/// Japanese where the terminal's language is.
fn language() -> Language {
    let lang = std::env::var("LC_ALL")
        .or_else(|_| std::env::var("LANG"))
        .unwrap_or_default();
    if lang.starts_with("ja") {
        Language::Japanese
    } else {
        Language::English
    }
}
