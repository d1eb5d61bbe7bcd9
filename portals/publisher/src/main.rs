//! Starts the publisher of the authorities' lists and certificates.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::Parser;
use portal_kit::{
    config,
    listener::{Limits, Listener, Stop},
    log,
};
use publisher::ocsp::Ocsp;
use relay_core::clock::SystemClock;

/// 認証局の失効一覧と証明書を公開する / publishes the authorities' revocation lists and certificates
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// 公開するフォルダー(`madoguchi authority crl` が書く所) / the folder that `madoguchi authority crl` writes
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// 失効の照会(OCSP)に答える鍵を置くフォルダー。無ければ答えない / answer OCSP with the key in this folder
    #[arg(long, value_name = "FOLDER")]
    responder: Option<PathBuf>,
    /// 待ち受ける所 / where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("madoguchi-publisher: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(asked: Arguments) -> anyhow::Result<()> {
    log::begin_with(
        &config::Log {
            json: true,
            level: "info",
        },
        &["publisher"],
    )?;
    ensure!(
        asked.folder.is_dir(),
        "{}: no such folder; `madoguchi authority crl --into FOLDER` makes it",
        asked.folder.display()
    );
    let listener = Listener::plain(asked.listen)
        .await
        .with_context(|| asked.listen.to_string())?
        // A question about a few certificates is short.
        .with_limits(Limits {
            body: 8 * 1024,
            ..Limits::STANDARD
        });
    let clock = Arc::new(SystemClock);
    let ocsp = match &asked.responder {
        None => None,
        Some(state) => {
            let ocsp = Ocsp::open(state, &asked.folder, clock.clone())?;
            let kept = Arc::clone(&ocsp);
            std::thread::Builder::new()
                .name("status files".into())
                .spawn(move || kept.keep())?;
            Some(ocsp)
        }
    };
    let stop = Stop::on_signals()?;
    listener.serve(publisher::routes(asked.folder, ocsp, clock), stop).await;
    Ok(())
}
