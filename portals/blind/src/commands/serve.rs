//! `serve`: the process itself.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use blind::{config::Config, front_only::FrontOnly, half::Half, serving};
use portal_kit::{
    listener::{Limits, Listener, Stop},
    tls::{self, Clients, Identity, Versions},
};
use relay_core::clock::{Clock as _, SystemClock};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, warn};

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
    tokio::spawn(read_pins_when_asked(Arc::clone(&half)));
    tokio::spawn(sweep(Arc::clone(&half)));
    tokio::spawn(write_refusals(Arc::clone(&half)));
    listener.serve(serving::routes(Arc::clone(&half)), stop).await;
    written(&half).await;
    Ok(())
}

async fn read_pins_when_asked(half: Arc<Half>) {
    let Ok(mut asked) = signal(SignalKind::hangup()) else {
        warn!("no SIGHUP here: pins are read at the start only");
        return;
    };
    while asked.recv().await.is_some() {
        if let Err(error) = half.read_pins().await {
            error!(%error, "the pins could not be read again; those read before count");
        }
    }
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
