//! `madoguchi audit`: checks that nothing recorded was changed or taken back, proves single events, and writes the trail to
//! a file for an auditor who has no database.

mod export;
mod findings;
mod proofs;
mod sheet;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;
use store::trail::{check::Report, head::TreeHead};

use super::output::{answer, notice};
use super::{Setting, database::Records, words::Lang};
use crate::trail::{kept, verifier};

/// What can be asked of the trail.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Check that no recorded act was changed or taken out, against the heads that were kept.
    Verify(VerifyOptions),
    /// Prove by the newest head that the event of this number is in the trail (RFC 6962).
    Prove(ProveOptions),
    /// Prove that the trail of NEW events begins with the trail of OLD events (RFC 6962).
    Consistency(ConsistencyOptions),
    /// Write the whole trail to a file, for `audit verify --export` on any machine.
    Export(ExportOptions),
    /// Say the newest signed head, for paper and for others to keep.
    Head,
    /// Print the newest signed head on a sheet of paper (PDF), to be filed by somebody who rules no database.
    Sheet(SheetOptions),
    /// List every act that can be recorded: what it means, who may do it, whether another clerk agrees (Markdown).
    Acts,
}

/// What to check against, and how to tell it.
#[derive(Debug, clap::Args)]
pub struct VerifyOptions {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
    /// A file that `audit export` wrote, in place of the database.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// A file of heads kept elsewhere (default: those that [trail] names); may be given several times.
    #[arg(long, value_name = "FILE")]
    heads: Vec<PathBuf>,
    /// The trail's public key (default: the file that [trail] names).
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

/// Which event.
#[derive(Debug, clap::Args)]
pub struct ProveOptions {
    /// Its number in the trail.
    seq: i64,
}

/// Which two trees.
#[derive(Debug, clap::Args)]
pub struct ConsistencyOptions {
    /// Events in the older.
    old: u64,
    /// Events in the newer.
    new: u64,
}

/// Where to write.
#[derive(Debug, clap::Args)]
pub struct ExportOptions {
    /// The file; there must be none yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Where the sheet goes.
#[derive(Debug, clap::Args)]
pub struct SheetOptions {
    /// The folder (default: [paper] folder).
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

/// Does what was asked: exit code 1 when something does not fit.
///
/// # Errors
/// When the database cannot be reached, or a file cannot be read or written.
pub fn run(setting: &Setting, asked: &AuditCommand) -> anyhow::Result<ExitCode> {
    match asked {
        AuditCommand::Verify(options) => verify(setting, options),
        AuditCommand::Prove(options) => proofs::prove(setting, options.seq),
        AuditCommand::Consistency(options) => proofs::consistency(setting, options.old, options.new),
        AuditCommand::Export(options) => export::write(setting, &options.out),
        AuditCommand::Head => proofs::head(setting),
        AuditCommand::Sheet(options) => sheet::print(setting, options.into.as_deref()),
        AuditCommand::Acts => {
            answer!("{}", issuance::acts::manual::table().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn verify(setting: &Setting, options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    // An auditor's machine has neither configuration nor database.
    let config = match (&options.export, &options.public_key) {
        (Some(_), Some(_)) => None,
        _ => Some(setting.config()?),
    };
    let trail = config.as_ref().map(|config| &config.trail);
    let key = options.public_key.as_deref();
    let key = key.or_else(|| trail.map(|trail| trail.public_key_file.as_path()));
    let files: &[PathBuf] = match (options.heads.as_slice(), trail) {
        ([], Some(trail)) => &trail.heads,
        (given, _) => given,
    };
    let heads = read_heads(key.unwrap_or(Path::new("")), files, !options.heads.is_empty())?;
    let report = match (&options.export, &config) {
        (Some(file), _) => export::check(file, heads.good.clone())?,
        (None, Some(config)) => {
            let Records { runtime, office } = Records::open_as(config, office::READER)?;
            // What is kept inside vouches for nothing against whoever rules the database, and catches the rest all the same.
            runtime.block_on(office.check_trail(heads.good.clone()))?
        }
        (None, None) => anyhow::bail!("no configuration"),
    };
    let good = report.is_good() && heads.bad.is_empty();
    tell(&report, &heads, options.json, lang);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Heads as they were kept.
struct Heads {
    good: Vec<TreeHead>,
    /// The file, and why a head in it is not believed.
    bad: Vec<(PathBuf, String)>,
}

/// The heads of `files`; a file that was asked for by name must be there.
fn read_heads(key: &Path, files: &[PathBuf], named: bool) -> anyhow::Result<Heads> {
    let mut heads = Heads {
        good: Vec::new(),
        bad: Vec::new(),
    };
    let verifier = verifier(key)?;
    for file in files {
        if named {
            anyhow::ensure!(file.exists(), "{}", file.display());
        }
        for head in kept(file, &verifier)? {
            match head {
                Ok(head) => heads.good.push(head),
                Err(error) => heads.bad.push((file.clone(), error.to_string())),
            }
        }
    }
    Ok(heads)
}

fn tell(report: &Report, heads: &Heads, json: bool, lang: Lang) {
    let good = report.is_good() && heads.bad.is_empty();
    if json {
        let bad: Vec<String> = heads.bad.iter().map(|(_, why)| why.clone()).collect();
        answer!(
            "{}",
            json!({
                "ok": good, "checked": report.events, "sealed": report.sealed, "waiting": report.waiting,
                "heads": report.heads, "refused_heads": bad,
                "broken": findings::changed(report), "findings": report.findings.iter().map(findings::json).collect::<Vec<_>>(),
            })
        );
        return;
    }
    for (file, why) in &heads.bad {
        let file = file.display();
        answer!(
            "✗ {}",
            lang.pick(
                format!("{file}: 信じられない先端があります({why})。"),
                format!("{file}: a head is not believed ({why})."),
            )
        );
    }
    for finding in &report.findings {
        answer!("✗ {}", findings::sentence(finding, lang));
    }
    let (events, sealed, waiting) = (report.events, report.sealed, report.waiting);
    if good {
        answer!(
            "{}",
            lang.pick(
                format!(
                    "✓ 監査記録 {events} 件(先端 {} 個、{sealed} 件まで。封をこれから待つもの {waiting} 件)。書き換えも欠けもありません。",
                    report.heads
                ),
                format!(
                    "✓ {events} recorded acts ({} heads, up to {sealed}; {waiting} wait to be sealed); none was changed or taken out.",
                    report.heads
                ),
            )
        );
        if report.heads == 0 && events > 0 {
            notice!(
                "{}",
                lang.pick(
                    "外に置いた先端が一つもありません。欠けは、先端と比べて初めてわかります。",
                    "No head was kept outside: what was cut off is only found by comparing with one.",
                )
            );
        }
    } else {
        answer!(
            "{}",
            lang.pick(
                format!("監査記録 {events} 件を調べました。データベースに触れられる人を調べてください。"),
                format!("{events} recorded acts were checked. Look into who can touch the database."),
            )
        );
    }
}
