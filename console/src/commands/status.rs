//! `madoguchi status`: what of this set-up is running, and how old its newest copy is.

use std::process::ExitCode;

use card::Readers;
use relay_core::clock::{Clock, SystemClock};
use serde_json::{Map, Value, json};
use store::cluster::{Cluster, ClusterStatus};
use time::OffsetDateTime;

use super::output::answer;
use super::{
    Setting, authority,
    backup::register,
    doctor::{backup::age_words, outbox},
    services::{self, publishing},
    supervise,
    words::Lang,
};
use crate::config::Config;

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
    let readers = Readers::list_within(services::CARD_SERVICE);
    let config = setting.config().ok();
    let programs = config
        .as_ref()
        .map_or_else(Vec::new, |config| services::running(setting, config));
    let joined = config.as_ref().filter(|config: &&Config| config.relay.is_some());
    let sent = joined.and_then(|config| outbox::ask(config).ok());
    let standing = config
        .as_ref()
        .and_then(|config| authority::lists::standing(config).ok());
    let answering = config
        .as_ref()
        .and_then(|config| authority::lists::answering(config).ok())
        .unwrap_or_default();
    let kept = supervise::kept(&setting.home);
    let supervisor = supervise::process(&setting.home).running();
    let copy = register::all(&setting.home).pop();
    // A clerk can work without the relay: what is for it waits.
    let needed = |name: &str| matches!(name, "database" | "tray");
    let all = database.is_some() && readers.is_ok() && programs.iter().all(|(name, up)| *up || !needed(name));
    if options.json {
        let programs: Map<String, Value> = programs
            .iter()
            .map(|(name, up)| (name.clone(), Value::Bool(*up)))
            .collect();
        answer!(
            "{}",
            json!({
                "home": setting.home.folder(),
                "database": database,
                "readers": readers.ok(),
                "tray": services::tray_process(setting).running(),
                "dispatch": services::dispatch_process(setting).running(),
                "programs": programs,
                "supervisor": supervisor,
                "started_again": kept,
                "outbox": sent.as_ref().map(|(state, _)| json!({
                    "waiting": state.waiting, "refused": state.refused, "carried": state.carried,
                })),
                "relay_on_hold": config.as_ref().is_some_and(|config| config.relay_on_hold),
                "lists": publishing::lists_process(setting).running(),
                "publisher": publishing::publisher_process(setting).running(),
                "revocation_lists": standing.iter().flatten().map(|(name, list)| json!({
                    "name": name.as_str(),
                    "number": list.as_ref().map(|list| list.number).ok(),
                    "until": list.as_ref().map(|list| list.until.to_string()).ok(),
                    "age_seconds": list.as_ref().map(|list| (SystemClock.now() - list.signed_at).whole_seconds()).ok(),
                })).collect::<Vec<_>>(),
                "ocsp": answering.iter().map(|one| json!({
                    "name": one.authority.as_str(),
                    "age_seconds": one.register.as_ref().map(|known| (SystemClock.now() - known.as_of).whole_seconds()).ok(),
                    "issued": one.register.as_ref().map(|known| known.serials().len()).ok(),
                    "responder_until": one.responder_until.map(|until| until.to_string()),
                })).collect::<Vec<_>>(),
                "backup": copy,
                "running": all,
            })
        );
        return Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let line = |up: bool, name: &str, more: &str| {
        let (sign, word) = match up {
            true => ("●", lang.pick("動いています", "running")),
            false => ("○", lang.pick("止まっています", "stopped")),
        };
        answer!("{sign} {name}  {word}  {more}");
    };
    match &readers {
        Ok(names) => line(true, lang.pick("カードの仲介", "card service"), &names.join(", ")),
        Err(error) => line(
            false,
            lang.pick("カードの仲介", "card service"),
            &super::card::reader_words(error, lang),
        ),
    }
    if programs.iter().all(|(name, _)| name != "database") {
        line(database.is_some(), name_of("database", lang), "");
    }
    for (name, up) in &programs {
        let mut more = Vec::new();
        if let Some(kept) = kept.get(name) {
            more.push(kept_words(kept, lang));
        }
        if let Some((state, _)) = sent.as_ref().filter(|_| name == "dispatch") {
            more.push(lang.pick(
                format!("待ち {}、中継の不受理 {}", state.waiting, state.refused),
                format!("{} waiting, {} refused by the relay", state.waiting, state.refused),
            ));
        }
        if name == "lists" {
            more.extend(standing.iter().flatten().filter_map(|(name, list)| {
                let age = authority::lists::age(list.as_ref().ok()?, SystemClock.now(), lang);
                Some(format!("{}: {age}", authority::name(*name, lang)))
            }));
        }
        if name == "publisher" {
            more.extend(answering.iter().map(|one| {
                let words = one.words(SystemClock.now(), lang);
                format!("{}: {words}", authority::name(one.authority, lang))
            }));
        }
        line(*up, name_of(name, lang), &more.join(lang.pick("、", ", ")));
    }
    if config.as_ref().is_some_and(|config| config.relay_on_hold) {
        answer!("△ {}", super::setup::held_words(lang));
    }
    let name = lang.pick("控え", "backup");
    match copy {
        None => answer!("・{name}  {}", lang.pick("まだありません", "none yet")),
        Some(made) => {
            let age = age_words(OffsetDateTime::now_utc() - made.at, lang);
            let file = made.file.display();
            answer!(
                "・{name}  {}",
                lang.pick(format!("{age}  {file}"), format!("{age} ago  {file}"))
            );
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn name_of(program: &str, lang: Lang) -> &str {
    match program {
        "database" => lang.pick("データベース", "database"),
        "tray" => lang.pick("仮想カードの盆", "card tray"),
        "printer" => lang.pick("実演の印刷機", "demonstration's printer"),
        "dispatch" => lang.pick("送信箱の係", "outbox"),
        "lists" => lang.pick("失効一覧の係", "revocation lists"),
        "publisher" => lang.pick("失効一覧の公開", "publisher"),
        "relay" => lang.pick("中継の前段", "relay's front"),
        "blind" => lang.pick("目隠し側", "blind half"),
        "my-page" => lang.pick("マイページ", "My Page"),
        "card-bridge" => lang.pick("カードの橋", "card bridge"),
        "eligibility" => lang.pick("資格確認の受付", "insurance check"),
        other => other,
    }
}

fn kept_words(kept: &supervise::Kept, lang: Lang) -> String {
    let times = kept.started;
    match kept.given_up {
        true => lang.pick(
            format!("{times} 回起こしましたが落ちるので、やめました。log/ を見て、直したら `madoguchi up`"),
            format!("started {times} times again and given up: see log/, then `madoguchi up`"),
        ),
        false => lang.pick(
            format!("{times} 回起こし直しました"),
            format!("started {times} times again"),
        ),
    }
}
