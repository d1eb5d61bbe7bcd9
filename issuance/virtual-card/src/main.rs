//! `virtual-card`: the tray of development cards, and the hands that move them.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use card::IssuerMaster;
use clap::{Parser, Subcommand};
use relay_core::chance::OsChance;
use virtual_card::tray::{Reply, Tray, ask, serve};

/// A tray of development cards in front of pcscd's virtual readers. Never for a real office.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The tray's control socket [default: $VIRTUAL_CARD_SOCKET]
    #[arg(long, global = true)]
    socket: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the tray until `stop`
    Tray {
        /// Folder of the cards, made when missing
        #[arg(long)]
        cards: PathBuf,
        /// The issuer's card master, from which a blank's keys are derived
        #[arg(long)]
        master: PathBuf,
        /// A reader of vpcd, once for each slot
        #[arg(long = "slot", default_values = ["127.0.0.1:35963", "127.0.0.1:35964"])]
        slots: Vec<String>,
    },
    /// Makes an issuer's card master in a new file
    Master {
        /// Where
        file: PathBuf,
    },
    /// All cards: name, chip serial, life, slot
    List,
    /// All slots: number, reader, card, state, fault
    Status,
    /// A fresh blank from the maker
    New {
        /// Its name [default: blank-1, blank-2, …]
        name: Option<String>,
    },
    /// Puts a card into a slot
    Insert {
        /// Slot, from 0
        slot: usize,
        /// Card's name
        card: String,
    },
    /// Takes the card out of a slot
    Remove {
        /// Slot, from 0
        slot: usize,
    },
    /// Has the card stall before a command
    Hold {
        /// Slot, from 0
        slot: usize,
        /// Instruction in hex, for instance d6
        ins: String,
        /// Before which such command from now
        #[arg(default_value_t = 1)]
        count: usize,
    },
    /// Lets a stalled card go on
    Go {
        /// Slot, from 0
        slot: usize,
    },
    /// Has the card lose power: `after N apdus`, `after N bytes`, `answer N`, or `off`
    Cut {
        /// Slot, from 0
        slot: usize,
        /// When
        #[arg(required = true)]
        when: Vec<String>,
    },
    /// Ends the tray
    Stop,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("virtual-card: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let socket = || {
        arguments
            .socket
            .clone()
            .or_else(|| std::env::var_os("VIRTUAL_CARD_SOCKET").map(PathBuf::from))
            .context("which tray? give --socket or set VIRTUAL_CARD_SOCKET")
    };
    let request = match &arguments.task {
        Task::Tray { cards, master, slots } => {
            let socket = socket()?;
            let tray = Tray::open(cards, IssuerMaster::read(master)?, OsChance, slots)?;
            return serve(tray, &socket, || {
                println!("the tray takes requests at {}", socket.display());
                // Whoever waits for the line may read it through a pipe that has gone already.
                let _nobody_reads = std::io::stdout().flush();
            })
            .with_context(|| format!("the socket {}", socket.display()));
        }
        Task::Master { file } => {
            IssuerMaster::create(file, &mut OsChance)?;
            return Ok(());
        }
        Task::List => "list".to_owned(),
        Task::Status => "status".to_owned(),
        Task::New { name } => format!("new {}", name.as_deref().unwrap_or_default()),
        Task::Insert { slot, card } => format!("insert {slot} {card}"),
        Task::Remove { slot } => format!("remove {slot}"),
        Task::Hold { slot, ins, count } => format!("hold {slot} {ins} {count}"),
        Task::Go { slot } => format!("go {slot}"),
        Task::Cut { slot, when } => format!("cut {slot} {}", when.join(" ")),
        Task::Stop => "stop".to_owned(),
    };
    show(&socket()?, &request)
}

fn show(socket: &Path, request: &str) -> anyhow::Result<()> {
    match ask(socket, request).with_context(|| format!("no tray answers at {}", socket.display()))? {
        Err(refusal) => bail!(refusal),
        Ok(Reply { words, rows }) if rows.is_empty() => println!("{words}"),
        Ok(Reply { rows, .. }) => {
            let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
            let widths: Vec<usize> = (0..columns)
                .map(|at| {
                    rows.iter()
                        .filter_map(|row| row.get(at))
                        .map(String::len)
                        .max()
                        .unwrap_or(0)
                })
                .collect();
            for row in rows {
                let line: String = row
                    .iter()
                    .zip(&widths)
                    .map(|(field, width)| format!("{field:width$}  "))
                    .collect();
                println!("{}", line.trim_end());
            }
        }
    }
    Ok(())
}
