//! `madoguchi` and its sub-commands: what a person types at a shell, from set-up to the counter's screen.
//!
//! Each sub-command is a file; its exit code is part of its contract: 0 done, 1 not done, 2 done in part or asked wrongly.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{FromArgMatches, Parser, Subcommand};
use store::cluster::{Cluster, ClusterError};

use crate::config::{Config, ConfigError, RelayOperator};
use home::Home;
use output::notice;
use words::Lang;

pub mod audit;
pub mod authority;
pub mod backup;
pub mod card;
pub mod clean;
pub mod console;
pub mod database;
pub mod demo_city;
pub mod dispatch;
pub mod doctor;
pub mod home;
pub mod import;
pub mod link_records;
pub mod logging;
pub mod notices;
pub mod paper;
pub mod processes;
pub mod reconcile;
pub mod relay;
pub mod restore;
pub mod services;
pub mod setup;
pub mod staff;
pub mod status;
pub mod steps;
pub mod supervise;
pub mod upgrade_records;
pub mod words;

mod help;
mod output;
mod relay_agreements;
mod relay_register;
mod relay_words;
mod stopping;

/// The counter's terminal console.
#[derive(Debug, Parser)]
#[command(name = "madoguchi", version, disable_help_subcommand = true)]
pub struct Arguments {
    /// Language of what is printed: ja or en (also MADOGUCHI_LANG).
    #[arg(long, global = true, value_name = "ja|en")]
    lang: Option<Lang>,
    /// Configuration file, and with it the set-up beside it (default: madoguchi.toml in MADOGUCHI_HOME, in ./var, or in
    /// /etc/madoguchi).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the counter's screen is opened, which is what happens when nothing else is asked for.
    #[command(flatten)]
    console: console::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
enum Command {
    /// Open the counter's screen (what happens when nothing is asked for).
    Console(console::Options),
    /// Make whatever is not there yet: database, keys, authorities; with --demo also a made-up city and virtual cards.
    Setup(setup::Options),
    /// Start the database, the card service and, in a demonstration, the tray of cards.
    Up,
    /// Keep the demonstration's programs running; `up` begins it in the background.
    #[command(hide = true)]
    Supervise,
    /// Run the database in the foreground, for a service manager (scripts/systemd).
    RunDatabase,
    /// Stop what `up` or `setup` started.
    Down,
    /// Say what is running.
    Status(status::Options),
    /// Make one encrypted, checked copy of everything: databases, keys, papers, audit trail.
    Backup(backup::Options),
    /// Make a set-up of a copy, in an empty place; it says nothing to a relay until it is told to.
    Restore(restore::Options),
    /// Let a set-up that was restored from a copy speak to the relay again.
    RejoinRelay(restore::RejoinOptions),
    /// Take the records over to the newest PostgreSQL installed here, compared before and after, with a way back.
    UpgradeRecords(upgrade_records::Options),
    /// Remove everything of this set-up, after asking.
    CleanData(clean::Options),
    /// Take data in.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Write the roster of a made-up city as CSV.
    DemoCity(demo_city::Options),
    /// Examine this desk: what is wrong and what to do.
    Doctor(doctor::Options),
    /// The office's own people.
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// A card in a reader.
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Notices on paper, to one resident or to everyone.
    #[command(subcommand)]
    Notices(notices::NoticesCommand),
    /// Papers that were printed.
    #[command(subcommand)]
    Paper(paper::PaperCommand),
    /// Count every application and look for its card: 1 where one is nowhere, or in two places.
    Reconcile(reconcile::Options),
    /// The certification authorities.
    #[command(subcommand)]
    Authority(authority::AuthorityCommand),
    /// Carry the outbox to the relay's front: cards handed over, stopped and ended.
    Dispatch(dispatch::Options),
    /// Match a provider's list of people with the roster, and have their names there made for linking its records.
    LinkRecords(link_records::Options),
    /// For the relay's operators, who are not the city: partners and the front, under their own card.
    Relay(relay::Options),
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// What can be taken in.
#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Take a resident roster (CSV, UTF-8 or CP932) in: every row that can be read, in one go; the others are left out and
    /// listed.
    Roster(import::Options),
    /// The imports there were, newest first.
    Runs(import::RunsOptions),
    /// Put back exactly what one import changed.
    Undo(import::UndoOptions),
}

/// Runs what `arguments` ask for (the program's name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let readable: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let lang = Lang::asked(&readable, std::env::var("MADOGUCHI_LANG").ok().as_deref());
    logging::mind_panics(lang);
    let asked = match help::in_language(lang)
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
    {
        Ok(asked) => asked,
        Err(refused) => return help::tell(&refused, lang),
    };
    match begin(asked, lang) {
        Ok(code) => code,
        Err(failed) => {
            tracing::error!(command = readable.get(1).map(String::as_str), "failed");
            notice!(
                "{}: {}",
                lang.pick("できませんでした", "Not done"),
                failure(&failed, lang)
            );
            ExitCode::FAILURE
        }
    }
}

/// What every sub-command needs to know.
pub struct Setting {
    /// Language of what is printed.
    pub lang: Lang,
    /// The set-up's folder.
    pub home: Home,
    /// The configuration file in use.
    pub config_file: PathBuf,
}

impl Setting {
    /// The configuration, read and checked.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config_file)
    }
}

fn begin(asked: Arguments, lang: Lang) -> anyhow::Result<ExitCode> {
    let home = Home::of(asked.config.as_deref())?;
    let setting = Setting {
        lang,
        config_file: home::config_file(asked.config.as_deref(), &home),
        home,
    };
    let command = match (asked.command, asked.console) {
        (None, options) => Command::Console(options),
        (Some(Command::Console(options)), before) => Command::Console(options.and(before)),
        (Some(_), before) if before.is_given() => {
            notice!(
                "{}",
                lang.pick(
                    "--plain と --mouse は窓口の画面のためのものです。画面を開くなら、ほかの命令を付けずに書いてください。",
                    "--plain and --mouse are for the counter's screen: to open it, give no other command.",
                )
            );
            return Ok(ExitCode::from(2));
        }
        (Some(command), _) => command,
    };
    let clears_away = matches!(command, Command::Restore(_) | Command::CleanData(_));
    if restore::is_unfinished(&setting.home) && !clears_away {
        anyhow::bail!(restore::unfinished_words(&setting.home, lang));
    }
    let screen = match &command {
        Command::Console(_) => true,
        Command::Relay(options) => options.is_screen(),
        _ => false,
    };
    // Without a configuration there is no log yet; `setup` makes both, and the others say what is wrong themselves.
    let log = match setting.config() {
        Ok(config) => Some(config.log),
        // A machine of the relay has no office in its file.
        Err(_) => RelayOperator::load(&setting.config_file).ok().and_then(|(_, log)| log),
    };
    logging::begin(log.as_ref(), screen)?;
    let writes = matches!(
        command,
        Command::Setup(_)
            | Command::Import(_)
            | Command::Staff(_)
            | Command::Paper(_)
            | Command::Notices(_)
            | Command::Reconcile(_)
            | Command::Authority(_)
    );
    let ended = carry_out(&setting, command);
    if writes {
        // What was just recorded is provable when the command ends, whichever way it ended.
        database::seal(&setting);
    }
    ended
}

fn carry_out(setting: &Setting, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Console(options) => console::run(setting, &options),
        Command::Setup(options) => setup::run(setting, &options),
        Command::Up => services::up(setting),
        Command::Supervise => supervise::run(setting),
        Command::RunDatabase => Err(Cluster::at(setting.home.cluster()).become_server().into()),
        Command::Down => services::down(setting),
        Command::Status(options) => status::run(setting, &options),
        Command::Backup(options) => backup::run(setting, &options),
        Command::Restore(options) => restore::run(setting, &options),
        Command::RejoinRelay(options) => restore::rejoin(setting, &options),
        Command::UpgradeRecords(options) => upgrade_records::run(setting, &options),
        Command::CleanData(options) => clean::run(setting, &options),
        Command::Import(ImportCommand::Roster(options)) => import::run(setting, &options),
        Command::Import(ImportCommand::Runs(options)) => import::list_runs(setting, &options),
        Command::Import(ImportCommand::Undo(options)) => import::undo(setting, &options),
        Command::DemoCity(options) => demo_city::run(setting, &options),
        Command::Doctor(options) => doctor::run(setting, &options),
        Command::Staff(asked) => staff::run(setting, &asked),
        Command::Card(asked) => card::run(setting, &asked),
        Command::Paper(asked) => paper::run(setting, &asked),
        Command::Notices(asked) => notices::run(setting, &asked),
        Command::Reconcile(options) => reconcile::run(setting, &options),
        Command::Authority(asked) => authority::run(setting, &asked),
        Command::Dispatch(options) => dispatch::run(setting, &options),
        Command::LinkRecords(options) => link_records::run(setting, &options),
        Command::Relay(options) => relay::run(setting, &options),
        Command::Audit(asked) => audit::run(setting, &asked),
    }
}

/// A failure in the language asked for; the errors that know both languages say it themselves.
fn failure(failed: &anyhow::Error, lang: Lang) -> String {
    if let Some(config) = failed.downcast_ref::<ConfigError>() {
        return format!("\n{}", crate::config::words(config, lang));
    }
    if let Some(ClusterError::WrittenByAnother { data, wrote, found }) = failed.downcast_ref() {
        return upgrade_records::written_by_another(data, *wrote, found, lang);
    }
    if let Some(secret) = failed.downcast_ref::<crate::config::secrets::SecretError>() {
        return lang.of(secret.words());
    }
    format!("{failed:#}")
}
