//! `madoguchi authority`: how long the certification authorities are good for, and their revocation lists.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use issuance::authority::{AuthorityName, Trust, Verdict};
use relay_core::clock::{Clock, JST, SystemClock};
use serde_json::json;
use time::OffsetDateTime;

use super::output::answer;
use super::{Setting, words::Lang};
use crate::config::Config;

pub(super) mod lists;

/// What can be asked of the authorities.
#[derive(Debug, clap::Subcommand)]
pub enum AuthorityCommand {
    /// Show the authorities' certificates and their expiry.
    Status(StatusOptions),
    /// Sign the revocation lists of the issuing authorities from the records, and write them, with the authorities'
    /// certificates, as files to be published.
    Crl(CrlOptions),
    /// Sign the root's next revocation list, with its passphrase out of the safe; once a year.
    RootList(RootListOptions),
    /// Hold a certificate against its profile, rule by rule, each with its standard.
    Lint(LintOptions),
}

/// What is judged.
#[derive(Debug, clap::Args)]
pub struct LintOptions {
    /// The certificate, DER or PEM.
    #[arg(value_name = "FILE")]
    certificate: PathBuf,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Where the lists go and how long they are good for.
#[derive(Debug, clap::Args)]
pub struct CrlOptions {
    /// Folder for resident.crl and staff.crl (default: [authority] lists).
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Days until the next list is due.
    #[arg(long, default_value_t = lists::USUAL_DAYS, value_parser = clap::value_parser!(u16).range(1..=90), value_name = "DAYS")]
    days: u16,
    /// Only lists that are due: half their time is over, or something was revoked since.
    #[arg(long)]
    if_due: bool,
    /// Go on writing each list when it is due, until stopped.
    #[arg(long, conflicts_with_all = ["if_due", "json"])]
    keep: bool,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// What the root's list is signed with.
#[derive(Debug, clap::Args)]
pub struct RootListOptions {
    /// The file with the root's passphrase.
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
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
        AuthorityCommand::Crl(options) if options.keep => lists::keep(&config, options),
        AuthorityCommand::Crl(options) => return lists::write(setting, &config, options),
        AuthorityCommand::RootList(options) => return lists::write_root(setting, &config, options),
        AuthorityCommand::Lint(options) => return lint(setting, &config, options),
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

/// Tells what each rule says: exit code 1 when one is broken.
fn lint(setting: &Setting, config: &Config, options: &LintOptions) -> anyhow::Result<ExitCode> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let lang = setting.lang;
    let file = &options.certificate;
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let der = CertificateDer::from_pem_slice(&bytes).map_or(bytes, |der| der.to_vec());
    let trust = Trust::open(&config.authority.folder)?;
    let (profile, verdicts) = trust.judge(&der).with_context(|| file.display().to_string())?;
    let broken = verdicts.iter().filter(|verdict| verdict.found.is_some()).count();
    if options.json {
        let rules: Vec<_> = verdicts
            .iter()
            .map(|one| json!({ "rule": one.rule, "standard": one.standard, "found": one.found }))
            .collect();
        answer!(
            "{}",
            json!({ "profile": profile.as_str(), "broken": broken, "rules": rules })
        );
    } else {
        for Verdict { rule, standard, found } in &verdicts {
            match found {
                None => answer!("✓ {rule}  ({standard})"),
                Some(found) => answer!("✗ {rule}  ({standard}): {found}"),
            }
        }
        let profile = profile.as_str();
        answer!(
            "{}",
            lang.pick(
                format!("{profile} の証明書として見ました。破られた規則 {broken}"),
                format!("judged as a {profile} certificate: {broken} rules broken"),
            )
        );
    }
    Ok(if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
