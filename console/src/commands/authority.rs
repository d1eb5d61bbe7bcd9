//! `madoguchi authority`: how long the certification authorities are good for, and their revocation lists.

use std::{path::PathBuf, process::ExitCode};

use issuance::authority::{Authorities, AuthorityName, Passphrase, Trust};
use relay_core::clock::{Clock, JST, SystemClock};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::output::answer;
use super::{
    Setting,
    database::{Records, act},
    words::Lang,
};
use crate::{config::Config, revocations};

/// What can be asked of the authorities.
#[derive(Debug, clap::Subcommand)]
pub enum AuthorityCommand {
    /// Show the authorities' certificates and their expiry.
    Status(StatusOptions),
    /// Sign the revocation lists of the issuing authorities from the records, and write them as files to be published.
    Crl(CrlOptions),
}

/// Where the lists go and how long they are good for.
#[derive(Debug, clap::Args)]
pub struct CrlOptions {
    /// Folder for resident.crl and staff.crl (default: lists, in the authorities' folder).
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Days until the next list is due.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90), value_name = "DAYS")]
    days: u16,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// How to tell it.
#[derive(Debug, clap::Args)]
pub struct StatusOptions {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Tells how the authorities stand: exit code 1 when one is past its time.
///
/// # Errors
/// When the ceremony's folder is missing or was changed.
pub fn run(setting: &Setting, asked: &AuthorityCommand) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let options = match asked {
        AuthorityCommand::Status(options) => options,
        AuthorityCommand::Crl(options) => return write_lists(setting, &config, options),
    };
    let now = SystemClock.now();
    let authorities = examine(&config.authority.folder)?;
    let expired = authorities.iter().any(|authority| authority.until <= now);
    if options.json {
        let list: Vec<_> = authorities
            .iter()
            .map(|authority| {
                json!({
                    "name": authority.name.as_str(),
                    "certificate": config.authority.folder.join(authority.name.as_str()).join("certificate.pem"),
                    "from": authority.from.date().to_string(),
                    "until": authority.until.date().to_string(),
                    "days_left": authority.days_left(now),
                })
            })
            .collect();
        answer!("{}", json!({ "authorities": list }));
    } else {
        for authority in &authorities {
            answer!("{}", line(authority, now, setting.lang));
        }
    }
    Ok(if expired { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn write_lists(setting: &Setting, config: &Config, options: &CrlOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    let passphrase = Passphrase::read(&config.authority.passphrase_file)?;
    let authorities = Authorities::open(&config.authority.folder, &passphrase)?;
    let usual = || config.authority.folder.join("lists");
    let folder = options.into.clone().unwrap_or_else(usual);
    let lasts = Duration::days(i64::from(options.days));
    let now = SystemClock.now();
    let writing = revocations::write(&records.office, &authorities, &|| act("authority"), now, lasts, &folder);
    let listed = records.runtime.block_on(writing)?;
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
        let (name, file) = (name(list.authority, setting.lang), list.file.display());
        answer!(
            "{}",
            setting.lang.pick(
                format!("✓ {name}: 失効一覧 第{}号({} 件) {file}", list.number, list.entries),
                format!("✓ {name}: list {} ({} entries) {file}", list.number, list.entries),
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// An authority and its time.
pub(super) struct Standing {
    /// Which.
    pub name: AuthorityName,
    /// First second.
    pub from: OffsetDateTime,
    /// Last second.
    pub until: OffsetDateTime,
}

impl Standing {
    /// Whole days until its end; negative after it.
    pub(super) fn days_left(&self, now: OffsetDateTime) -> i64 {
        (self.until - now).whole_days()
    }
}

/// Every authority of the ceremony in `folder`, its certificate checked against the record.
pub(super) fn examine(folder: &std::path::Path) -> anyhow::Result<Vec<Standing>> {
    let trust = Trust::open(folder)?;
    AuthorityName::ALL
        .into_iter()
        .map(|name| {
            let (from, until) = trust.validity(name)?;
            Ok(Standing { name, from, until })
        })
        .collect()
}

/// The authority's name in the office's words.
pub(super) fn name(name: AuthorityName, lang: Lang) -> &'static str {
    match name {
        AuthorityName::Root => lang.pick("親の認証局", "root authority"),
        AuthorityName::Resident => lang.pick("住民用の認証局", "resident authority"),
        AuthorityName::Staff => lang.pick("職員用の認証局", "staff authority"),
    }
}

fn line(authority: &Standing, now: OffsetDateTime, lang: Lang) -> String {
    let day = |moment: OffsetDateTime| moment.to_offset(JST).date();
    let (from, until, left) = (day(authority.from), day(authority.until), authority.days_left(now));
    let name = name(authority.name, lang);
    if authority.until <= now {
        lang.pick(
            format!("✗ {name}: {until} に期限が切れました"),
            format!("✗ {name}: expired on {until}"),
        )
    } else {
        lang.pick(
            format!("✓ {name}: {from} から {until} まで(あと {left} 日)"),
            format!("✓ {name}: {from} to {until} ({left} days left)"),
        )
    }
}
