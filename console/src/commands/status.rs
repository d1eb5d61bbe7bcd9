//! `madoguchi status`: what of this set-up is running.

use std::process::ExitCode;

use card::Readers;
use relay_core::clock::{Clock, SystemClock};
use serde_json::json;
use store::cluster::{Cluster, ClusterStatus};

use super::output::answer;
use super::{Setting, authority, doctor::outbox, services, services::publishing};

/// How to tell it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Tells what is running: exit code 0 when everything a console needs is, 1 otherwise.
///
/// # Errors
/// When the cluster's folder cannot be read.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let database = match Cluster::at(setting.home.cluster()).status()? {
        ClusterStatus::Running { pid } => Some(pid),
        ClusterStatus::Stopped | ClusterStatus::Absent => None,
    };
    let readers = Readers::connect().and_then(|readers| readers.list()).ok();
    let demo = setting.config().ok().and_then(|config| config.demo);
    let tray = services::tray_process(setting).running();
    let config = setting.config().ok().filter(|config| config.relay.is_some());
    let dispatch = config.as_ref().map(|_| services::dispatch_process(setting).running());
    let sent = config.as_ref().and_then(|config| outbox::ask(config).ok());
    let lists = publishing::lists_process(setting).running();
    let publisher = publishing::publisher_process(setting).running();
    let standing = setting
        .config()
        .ok()
        .and_then(|config| authority::lists::standing(&config).ok());
    let all = database.is_some() && readers.is_some() && (demo.is_none() || tray.is_some());
    if options.json {
        answer!(
            "{}",
            json!({
                "home": setting.home.folder(),
                "database": database,
                "readers": readers,
                "tray": tray,
                "dispatch": dispatch.flatten(),
                "outbox": sent.as_ref().map(|(state, _)| json!({ "waiting": state.waiting, "refused": state.refused })),
                "lists": lists,
                "publisher": publisher,
                "revocation_lists": standing.iter().flatten().map(|(name, list)| json!({
                    "name": name.as_str(),
                    "number": list.as_ref().map(|list| list.number).ok(),
                    "until": list.as_ref().map(|list| list.until.to_string()).ok(),
                })).collect::<Vec<_>>(),
                "running": all,
            })
        );
    } else {
        let line = |running: bool, name: &str, more: String| {
            let sign = if running { "●" } else { "○" };
            let word = if running {
                lang.pick("動いています", "running")
            } else {
                lang.pick("止まっています", "stopped")
            };
            answer!("{sign} {name}  {word}  {more}");
        };
        let number = |pid: Option<i32>| pid.map(|pid| format!("pid {pid}")).unwrap_or_default();
        line(
            database.is_some(),
            lang.pick("データベース", "database"),
            number(database),
        );
        line(
            readers.is_some(),
            lang.pick("カードの仲介", "card service"),
            readers.unwrap_or_default().join(", "),
        );
        if let Some(dispatch) = dispatch {
            let state = sent.map(|(state, _)| {
                lang.pick(
                    format!("待ち {}、中継の不受理 {}", state.waiting, state.refused),
                    format!("{} waiting, {} refused by the relay", state.waiting, state.refused),
                )
            });
            let more = [number(dispatch), state.unwrap_or_default()].join("  ");
            line(dispatch.is_some(), lang.pick("送信箱の係", "outbox"), more);
        }
        let ages = standing.into_iter().flatten().filter_map(|(name, list)| {
            let age = authority::lists::age(&list.ok()?, SystemClock.now(), lang);
            Some(format!("{}: {age}", authority::name(name, lang)))
        });
        let more = [number(lists)].into_iter().chain(ages).collect::<Vec<_>>().join("  ");
        line(lists.is_some(), lang.pick("失効一覧の係", "revocation lists"), more);
        if demo.is_some() {
            line(
                publisher.is_some(),
                lang.pick("失効一覧の公開", "publisher"),
                number(publisher),
            );
            line(tray.is_some(), lang.pick("仮想カードの盆", "card tray"), number(tray));
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
