//! The authorities' revocation lists: signed when they are due, and how old they are.

use std::{
    fs,
    path::Path,
    process::ExitCode,
    thread::sleep,
    time::{Instant, SystemTime},
};

use anyhow::bail;
use issuance::authority::{
    Authorities, Authority, AuthorityError, AuthorityName, Passphrase, PublishedList, Register, Trust,
};
use relay_core::clock::{Clock, JST, SystemClock};
use serde_json::json;
use store::Ear;
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
    revocations::{self, Due, Listed},
    trail,
};

/// How long a list of the issuing authorities is good for.
pub const USUAL_DAYS: u16 = 7;
/// As the ceremony's first list of the root: its key comes out of the safe once a year.
const ROOT_LIST_LASTS: Duration = Duration::days(366);
/// A change is heard of at once; this is for what nobody tells: time that is over, and a responder that asks.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(10);
/// Records that are away are looked for this often.
const AWAY: std::time::Duration = std::time::Duration::from_secs(2);
/// What comes this soon after is signed with it.
const TOGETHER: std::time::Duration = std::time::Duration::from_millis(50);
/// A whole batch of cards being made does not keep a revocation waiting longer.
const MOST_TOGETHER: std::time::Duration = std::time::Duration::from_millis(400);

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
    let mut keeper = Keeper::new(config, &folder, options.days);
    keeper.listens = true;
    let mut told = None;
    loop {
        match keeper.round(true) {
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
                keeper.forget();
            }
        }
        keeper.wait();
    }
}

/// Writes the lists, all or those that are due, and what stands beside them; which.
///
/// # Errors
/// As [`write`].
pub fn renew(config: &Config, folder: &Path, days: u16, if_due: bool) -> anyhow::Result<Vec<Listed>> {
    Keeper::new(config, folder, days).round(if_due)
}

/// Whoever keeps the lists: connected and listening, with the keys at hand from the first signature on, so that a
/// revocation is signed in the moment it is heard of.
struct Keeper<'a> {
    config: &'a Config,
    folder: &'a Path,
    lasts: Duration,
    records: Option<Records>,
    /// Whether it goes on after this round.
    listens: bool,
    ear: Option<Ear>,
    authorities: Option<Authorities>,
    /// The passphrase that did not open the keys, by when its file was written: it is not tried again. A token locks its PIN
    /// after a few wrong ones, and something is due every few minutes.
    refused: Option<SystemTime>,
}

impl<'a> Keeper<'a> {
    fn new(config: &'a Config, folder: &'a Path, days: u16) -> Self {
        Self {
            config,
            folder,
            lasts: Duration::days(i64::from(days)),
            records: None,
            listens: false,
            ear: None,
            authorities: None,
            refused: None,
        }
    }

    /// Signs what is due, or everything.
    fn round(&mut self, if_due: bool) -> anyhow::Result<Vec<Listed>> {
        let settings = &self.config.authority;
        let trust = Trust::open(&settings.folder)?;
        revocations::put_beside(&settings.folder, &trust, self.folder)?;
        let records = match self.records.take() {
            Some(records) => records,
            None => Records::open(self.config)?,
        };
        let Records { runtime, office } = self.records.insert(records);
        // Heard from before it is looked at: what comes between is not missed.
        if self.listens && self.ear.is_none() {
            self.ear = Some(runtime.block_on(office.certificate_changes())?);
        }
        let now = SystemClock.now();
        let request = revocations::responder_request(&settings.responder);
        let mut due = runtime.block_on(revocations::due(office, &trust, now, self.folder, request.as_ref()))?;
        if !if_due {
            due = Due {
                responders: due.responders,
                ..Due::all()
            };
        }
        // The keys are opened only when something is to be signed.
        if due.is_nothing() {
            return Ok(Vec::new());
        }
        let authorities = match self.authorities.take() {
            Some(authorities) => authorities,
            None => opened(self.config, &mut self.refused)?,
        };
        let authorities = &*self.authorities.insert(authorities);
        let act = || act("authority");
        runtime.block_on(async {
            let (when, request) = ((now, self.lasts), request.as_ref());
            let listed = revocations::write_due(office, authorities, &act, when, self.folder, &due, request).await?;
            if !listed.is_empty() || !due.responders.is_empty() {
                trail::seal_once(self.config).await;
            }
            Ok(listed)
        })
    }

    /// Begins anew at the next round: the records were away, or the keys are others.
    fn forget(&mut self) {
        self.ear = None;
        self.records = None;
        self.authorities = None;
    }

    /// Until something is heard of, or it is time to look again.
    fn wait(&mut self) {
        let (Some(Records { runtime, .. }), Some(ear)) = (&self.records, &mut self.ear) else {
            return sleep(AWAY);
        };
        let gone = runtime.block_on(async {
            match ear.next_within(LOOK_AGAIN).await {
                Err(_) => false,
                Ok(None) => true,
                Ok(Some(_)) => {
                    // Many at once are signed at once.
                    let most = Instant::now() + MOST_TOGETHER;
                    while Instant::now() < most && matches!(ear.next_within(TOGETHER).await, Ok(Some(_))) {}
                    false
                }
            }
        });
        if gone {
            self.ear = None;
        }
    }
}

/// The keys, with the passphrase as it is in its file now; one that was `refused` is not tried twice.
fn opened(config: &Config, refused: &mut Option<SystemTime>) -> anyhow::Result<Authorities> {
    let settings = &config.authority;
    let written = fs::metadata(&settings.passphrase_file)
        .and_then(|file| file.modified())
        .ok();
    if written.is_some() && *refused == written {
        bail!(
            "the passphrase in {} did not open the keys: it is tried again once the file was changed",
            settings.passphrase_file.display()
        );
    }
    let opened = Authorities::open(&settings.folder, &Passphrase::read(&settings.passphrase_file)?);
    if matches!(opened, Err(AuthorityError::NotOpened(_))) {
        *refused = written;
    }
    Ok(opened?)
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
    let (number, entries) = (list.number, list.revoked.len());
    lang.pick(
        format!("第{number}号({entries} 件)、{hours} 時間前、{until} まで"),
        format!("no. {number} ({entries} entries), {hours} h old, good until {until}"),
    )
}

/// What is behind an authority's answers (OCSP).
pub struct Answering {
    pub authority: AuthorityName,
    /// The serials that it issued, or why a responder could not use them.
    pub register: Result<Register, String>,
    /// Until when the responder's certificate is good; none when nobody is certified.
    pub responder_until: Option<OffsetDateTime>,
}

/// What is behind the answers of each issuing authority in the usual folder.
///
/// # Errors
/// When the ceremony's folder is missing or was changed.
pub fn answering(config: &Config) -> anyhow::Result<Vec<Answering>> {
    let trust = Trust::open(&config.authority.folder)?;
    let folder = &config.authority.lists;
    let of = |authority| Answering {
        authority,
        register: revocations::register(folder, authority, &trust),
        responder_until: revocations::responder_until(folder, authority, &trust),
    };
    Ok([AuthorityName::Resident, AuthorityName::Staff].map(of).into())
}

impl Answering {
    /// `OCSP: as of 3 min ago (412 certificates), responder until 2026-12-30`.
    pub fn words(&self, now: OffsetDateTime, lang: Lang) -> String {
        let register = self.register.as_ref().map(|register| {
            let (minutes, issued) = ((now - register.as_of).whole_minutes(), register.serials().len());
            lang.pick(
                format!("照会への答えは {minutes} 分前の記録による({issued} 件)"),
                format!("answers as of {minutes} min ago ({issued} certificates)"),
            )
        });
        let register = register.unwrap_or_else(|why| why.clone());
        let until = self.responder_until.map(|until| until.to_offset(JST).date());
        match until {
            Some(until) => lang.pick(
                format!("{register}、答える係は {until} まで"),
                format!("{register}, responder until {until}"),
            ),
            None => lang.pick(format!("{register}、答える係なし"), format!("{register}, no responder")),
        }
    }
}
