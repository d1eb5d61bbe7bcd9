//! A demonstration's relay on one machine. In the world the front, the blind half and a service belong to different
//! organisations; here one program lays out the files of each in a folder of its own, starts the processes, and plays the
//! operators' part: pins, approvals, trials. Every key and password is made anew.
//!
//! `madoguchi-demo-relay up --home var` may be asked again at any time: what is there stays, what does not run starts.

mod clinic;
mod layout;
mod offices;
mod partner;
mod ports;
mod processes;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use layout::Layout;

/// 実演の中継。A demonstration's relay.
#[derive(Parser)]
#[command(name = "madoguchi-demo-relay", version)]
struct Arguments {
    /// 一式のフォルダ。The set-up's folder.
    #[arg(long, default_value = "var", global = true)]
    home: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 用意して動かす。Make what is missing and start what does not run; print one line of JSON with the addresses.
    Up,
    /// 記録を人に紐付ける。Link the offices' records to people; print one line of JSON.
    Link,
    /// 止める。Stop what was started.
    Down,
    /// 何が動いているか。Print one line of JSON: what runs.
    Status,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-demo-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let home = std::path::absolute(&arguments.home)?;
    match arguments.command {
        Command::Up => {
            let layout = Layout::make(&home).await?;
            processes::start(&layout, "blind")?;
            processes::start(&layout, "relay")?;
            let front = partner::front_metadata(&layout).await?;
            if layout.write_my_page(&front)? {
                processes::stop(&layout, "my-page")?;
            }
            processes::start(&layout, "my-page")?;
            partner::join_my_page(&layout).await?;
            offices::up(&layout, &front).await?;
            clinic::up(&layout, &front).await?;
            processes::start(&layout, "card-bridge")?;
            println!("{}", layout.addresses());
        }
        Command::Link => {
            let layout = Layout::find(&home)?.context("there is no relay: begin with `up`")?;
            let linked = offices::link(&layout)?;
            println!("{}", serde_json::json!({ "linked": linked }));
        }
        Command::Down => {
            if let Some(layout) = Layout::find(&home)? {
                for name in offices::processes(&layout) {
                    processes::stop(&layout, &name)?;
                }
                for name in [clinic::PROCESS, "card-bridge", "my-page", "relay", "blind"] {
                    processes::stop(&layout, name)?;
                }
            }
        }
        Command::Status => {
            let layout = Layout::find(&home)?;
            let running: Vec<_> = layout
                .iter()
                .flat_map(|layout| {
                    ["blind", "relay", "my-page", "card-bridge"]
                        .map(str::to_owned)
                        .into_iter()
                        .chain(offices::processes(layout))
                        .chain(clinic::is_there(layout).then(|| clinic::PROCESS.to_owned()))
                        .filter(|name| processes::running(layout, name).is_some())
                })
                .collect();
            println!("{}", serde_json::json!({ "running": running }));
        }
    }
    Ok(())
}
