//! `serve`: the process itself.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use blind::{config::Config, front_only::FrontOnly, half::Half, serving};
use portal_kit::{
    listener::{Limits, Listener, Stop},
    tls::{self, Clients, Identity, Versions},
};
use relay_core::clock::{Clock as _, SystemClock};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, warn};

/// Between two looks at the folder of pins.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Serves until asked to stop.
pub async fn run(config: &Path) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    portal_kit::log::begin(&config.log)?;
    let records = super::records(&config)?;
    let half = Arc::new(Half::start(&config, records, Arc::new(SystemClock)).await?);
    let front = tls::certificates(&config.front.certificates)?;
    let tls = tls::server(
        &Identity::of(&config.listen)?,
        Clients::Checked(Arc::new(FrontOnly::new(&front))),
        Versions::Both,
    )?;
    let listener = Listener::bind(config.listen.address, tls)
        .await
        .with_context(|| format!("listening at {}", config.listen.address))?
        .with_limits(Limits {
            handshake: Duration::from_secs(5),
            // All that come are the front's, from one address; at a rush it opens many at once.
            unfinished_per_address: Limits::STANDARD.connections_per_address,
            // The front keeps its connections; a certificate is checked once an hour at the latest.
            connection: Duration::from_secs(3600),
            ..Limits::default()
        });
    // For whoever started it on port 0.
    println!("listening at {}", listener.address());
    let stop = Stop::on_signals()?;
    tokio::spawn(read_pins(Arc::clone(&half), config.services.folder.clone()));
    tokio::spawn(sweep(Arc::clone(&half)));
    tokio::spawn(write_refusals(Arc::clone(&half)));
    listener.serve(serving::routes(Arc::clone(&half)), stop).await;
    written(&half).await;
    Ok(())
}

/// Reads the pins again when their folder is another than it was, and at once when SIGHUP asks. What counts is what two
/// operators signed for, whoever put it there and whenever it is read.
async fn read_pins(half: Arc<Half>, folder: PathBuf) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut tick = tokio::time::interval(LOOK_AGAIN);
    let mut seen = look(&folder);
    loop {
        let asked = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        let now = tokio::select! {
            () = asked => look(&folder),
            _ = tick.tick() => match look(&folder) {
                now if now == seen => continue,
                now => now,
            },
        };
        match half.read_pins().await {
            Ok(()) => seen = now,
            // Looked at again in a while: what is seen stays another.
            Err(error) => error!(%error, "the pins could not be read again; those read before count"),
        }
    }
}

/// What a folder holds, as far as its names, sizes and times say.
fn look(folder: &Path) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            Some((entry.path(), (about.len(), about.modified().ok())))
        })
        .collect()
}

/// Every two seconds, what was refused is written down.
async fn write_refusals(half: Arc<Half>) {
    let mut tick = tokio::time::interval(Duration::from_secs(2));
    loop {
        tick.tick().await;
        written(&half).await;
    }
}

async fn written(half: &Half) {
    if let Err(error) = half.write_refusals().await {
        warn!(%error, "what was refused could not be written down: it is kept until it can");
    }
}

/// Once a minute, numbers whose time is over are forgotten.
async fn sweep(half: Arc<Half>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        if let Err(error) = half.records().sweep(SystemClock.now()).await {
            warn!(%error, "sweep");
        }
    }
}
