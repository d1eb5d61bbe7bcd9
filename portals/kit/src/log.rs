//! The log of a portal: lines on standard error, JSON or text, where whoever runs it collects them.
//!
//! Lines carry ids and outcomes. Our own rooms log at the level asked for; everybody else's lines are warnings at most,
//! whoever asks: what a library writes when it is chatty is not ours to vouch for.

use std::io;

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

use crate::config;

/// The crates whose lines are ours.
const ROOMS: [&str; 11] = [
    "portal_kit",
    "portal_service",
    "relay",
    "blind",
    "card_bridge",
    "relay_core",
    "relay_saml",
    "relay_records",
    "provider_records",
    "store",
    "card",
];

/// Begins the log. `MADOGUCHI_LOG` overrides the level.
///
/// # Errors
/// When a log was begun already.
pub fn begin(log: &config::Log) -> io::Result<()> {
    begin_with(log, &[])
}

/// The same, with `rooms` (crates, as they stand in code) ours too: a portal's own.
///
/// # Errors
/// When a log was begun already.
pub fn begin_with(log: &config::Log, rooms: &[&str]) -> io::Result<()> {
    let asked: Option<LevelFilter> = std::env::var("MADOGUCHI_LOG").ok().and_then(|level| level.parse().ok());
    let level = asked.or(log.level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match log.json {
        true => lines.json().flatten_event(true).boxed(),
        false => lines.compact().with_ansi(false).boxed(),
    };
    registry()
        .with(lines.with_filter(ours_at(level, rooms)))
        .try_init()
        .map_err(io::Error::other)?;
    mind_panics();
    Ok(())
}

fn ours_at(level: LevelFilter, rooms: &[&str]) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(ROOMS.iter().chain(rooms).map(|room| (*room, level)))
}

/// A panic leaves its place in the log and not its words: they may hold what a request carried.
fn mind_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(|place| format!("{}:{}", place.file(), place.line()))
            .unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
