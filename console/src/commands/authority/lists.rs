//! The authorities' revocation lists: signed when they are due, and how old they are.

use std::{path::Path, process::ExitCode, thread::sleep};

use issuance::authority::{Authorities, Authority, AuthorityName, Passphrase, PublishedList, Trust};
use relay_core::clock::{Clock, JST, SystemClock};
use serde_json::json;
use time::{Duration, OffsetDateTime, macros::format_description};

use super::{CrlOptions, RootListOptions, name};
use crate::{
    commands::{
        Setting,
        database::{Records, act},
        output::answer,
        words::Lang,
    },
    config::Config,
    revocations::{self, Listed},
    trail,
};

/// How long a list of the issuing authorities is good for.
pub const USUAL_DAYS: u16 = 7;
/// As the ceremony's first list of the root: its key comes out of the safe once a year.
const ROOT_LIST_LASTS: Duration = Duration::days(366);
/// A revocation is on the list this soon.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(20);

/// Writes the lists once, all or those that are due, and puts the certificates beside them.
///
/// # Errors
/// When the records do not answer, the keys do not open, or a file cannot be written.
pub(super) fn write(setting: &Setting, config: &Config, options: &CrlOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let folder = options.into.clone().unwrap_or_else(|| config.authority.lists.clone());
    let listed = renew(config, &folder, options.days, options.if_due)?;
    if options.json {
        let list: Vec<_> = listed
            .iter()
            .map(|list| {
                json!({
                    "name": list.authority.as_str(), "number": list.number, "entries": list.entries, "file": list.file,
                })
            })
            .collect();
        answer!("{}", json!({ "lists": list }));
        return Ok(ExitCode::SUCCESS);
    }
    for list in &listed {
        tell(list, lang);
    }
    if listed.is_empty() {
        answer!(
            "{}",
            lang.pick("・失効一覧は、どれもまだ新しいです", "・every list is fresh enough")
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Signs the root's next list and puts it beside the others.
///
/// # Errors
/// When the passphrase is not the root's, or a file cannot be written.
pub(super) fn write_root(setting: &Setting, config: &Config, options: &RootListOptions) -> anyhow::Result<ExitCode> {
    let authorities = &config.authority.folder;
    let root = Authority::open_root(authorities, &Passphrase::read(&options.passphrase_file)?)?;
    let listed = revocations::write_root(&root, authorities, SystemClock.now(), ROOT_LIST_LASTS)?;
    revocations::put_beside(authorities, &Trust::open(authorities)?, &config.authority.lists)?;
    tell(&listed, setting.lang);
    Ok(ExitCode::SUCCESS)
}

/// Goes on writing each list when it is due. Ends when it is stopped: nothing is left half-way, a file is there whole or
/// not at all.
pub(super) fn keep(config: &Config, options: &CrlOptions) -> ! {
    let folder = options.into.clone().unwrap_or_else(|| config.authority.lists.clone());
    let mut told = None;
    loop {
        match renew(config, &folder, options.days, true) {
            Ok(listed) => {
                told = None;
                for list in listed {
                    tracing::info!(authority = %list.authority, number = list.number, entries = list.entries, "revocation list");
                }
            }
            // A trouble that stays is told once.
            Err(error) => {
                let words = format!("{error:#}");
                if told.as_ref() != Some(&words) {
                    tracing::warn!(error = words, "the revocation lists are not kept");
                    told = Some(words);
                }
            }
        }
        sleep(LOOK_AGAIN);
    }
}

/// Writes the lists, all or those that are due, and what stands beside them; which.
///
/// # Errors
/// As [`write`].
pub fn renew(config: &Config, folder: &Path, days: u16, if_due: bool) -> anyhow::Result<Vec<Listed>> {
    let authorities = &config.authority.folder;
    let trust = Trust::open(authorities)?;
    revocations::put_beside(authorities, &trust, folder)?;
    let Records { runtime, office } = Records::open(config)?;
    let now = SystemClock.now();
    let names = match if_due {
        true => runtime.block_on(revocations::due(&office, &trust, now, folder))?,
        false => vec![AuthorityName::Resident, AuthorityName::Staff],
    };
    // The keys are opened only when something is to be signed.
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let authorities = Authorities::open(authorities, &Passphrase::read(&config.authority.passphrase_file)?)?;
    let lasts = Duration::days(i64::from(days));
    runtime.block_on(async {
        let act = || act("authority");
        let listed = revocations::write_those(&office, &authorities, &act, (now, lasts), folder, &names).await?;
        trail::seal_once(config).await;
        Ok(listed)
    })
}

fn tell(list: &Listed, lang: Lang) {
    let (name, file) = (name(list.authority, lang), list.file.display());
    answer!(
        "{}",
        lang.pick(
            format!("✓ {name}: 失効一覧 第{}号({} 件) {file}", list.number, list.entries),
            format!("✓ {name}: list {} ({} entries) {file}", list.number, list.entries),
        )
    );
}

/// The list of each authority in the usual folder, or why a reader could not use it.
///
/// # Errors
/// When the ceremony's folder is missing or was changed.
pub fn standing(config: &Config) -> anyhow::Result<Vec<(AuthorityName, Result<PublishedList, String>)>> {
    let trust = Trust::open(&config.authority.folder)?;
    let list = |name| (name, revocations::published(&config.authority.lists, name, &trust));
    Ok(AuthorityName::ALL.into_iter().map(list).collect())
}

/// `no. 3, 2 h old, good until 2026-12-07 10:24 JST`.
pub fn age(list: &PublishedList, now: OffsetDateTime, lang: Lang) -> String {
    let hours = (now - list.signed_at).whole_hours();
    let until = list.until.to_offset(JST);
    let until = until
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_default();
    let (number, entries) = (list.number, list.serials.len());
    lang.pick(
        format!("第{number}号({entries} 件)、{hours} 時間前、{until} まで"),
        format!("no. {number} ({entries} entries), {hours} h old, good until {until}"),
    )
}
