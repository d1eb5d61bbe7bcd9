//! `madoguchi notices import`: a file of facts for a run. Exit code 0 when every line was taken, 2 when some were rejected, 3
//! when something must be said yes to first and nothing was written.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use issuance::{
    demo_city,
    notice::handed_in::{self, HandedIn, RejectedLine},
};
use office::notices::FactsToImport;
use relay_core::clock::{Clock, SystemClock};
use serde_json::json;

use super::{Setting, find, kinds};
use crate::{
    commands::{
        database::{Records, act},
        output::answer,
        steps::{Outcome, Steps},
        words::Lang,
    },
    config::Config,
};

/// Which file, for which notice.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The notice's name.
    kind: String,
    /// The file (CSV, UTF-8 or CP932).
    file: PathBuf,
    /// Show what would be taken and take nothing in.
    #[arg(long)]
    dry_run: bool,
    /// Take it in though it is the same file, has far fewer people than the last, or many lines are rejected.
    #[arg(long)]
    yes: bool,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
    /// File for lines that could not be taken: line, column, reason (default: the file's name with .rejects.csv).
    #[arg(long, value_name = "FILE")]
    reject_file: Option<PathBuf>,
}

/// Some lines were taken, some were not.
const SOME_REJECTED: u8 = 2;
/// Nothing was written: something must be said yes to first.
const ASKS: u8 = 3;

/// Takes the facts in.
///
/// # Errors
/// When nothing could be read, with the reason.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let (config, lang) = (setting.config()?, setting.lang);
    let kinds = kinds(&config, lang)?;
    let template = find(&kinds, &options.kind, lang)?;
    let bytes = fs::read(&options.file).with_context(|| format!("{}", options.file.display()))?;
    let read = handed_in::read(&bytes, template)
        .map_err(|refused| anyhow::anyhow!(lang.pick(refused.in_japanese(), refused.to_string())))?;
    let records = Records::open_as(&config, office::IMPORT)?;
    let plan = plan(&records, &template.name, read, &bytes)?;
    let reject_file = match plan.rejected() {
        [] => None,
        rejected => Some(write_rejects(options, rejected, lang)?),
    };
    let asks = !options.yes && (plan.known_as().is_some() || plan.is_doubtful());
    let imported = match asks || options.dry_run || plan.people() == 0 {
        true => None,
        false => Some(
            records
                .runtime
                .block_on(records.office.import_notice_facts(&act("import"), &plan))?,
        ),
    };
    let number = imported.as_ref().map(|imported| imported.number);
    if options.json {
        answer!(
            "{}",
            json!({
                "people": plan.people(), "lines": plan.lines(), "rejected": plan.rejected().len(),
                "reject_file": reject_file, "dry_run": options.dry_run, "asks": asks, "import": number,
            })
        );
    } else {
        tell(&plan, number, reject_file.as_deref(), asks, lang);
    }
    Ok(match (asks, plan.rejected().len(), plan.people()) {
        (true, ..) => ExitCode::from(ASKS),
        (_, 0, _) => ExitCode::SUCCESS,
        (.., 0) => ExitCode::FAILURE,
        _ => ExitCode::from(SOME_REJECTED),
    })
}

fn plan(records: &Records, kind: &str, read: HandedIn, bytes: &[u8]) -> anyhow::Result<FactsToImport> {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Ok(records
        .runtime
        .block_on(records.office.plan_notice_facts(kind, read, sha256))?)
}

fn tell(plan: &FactsToImport, number: Option<i64>, reject_file: Option<&Path>, asks: bool, lang: Lang) {
    let head = match number {
        Some(number) => lang.pick(
            format!("取り込みました(取り込み番号 {number})"),
            format!("Taken in (import {number})"),
        ),
        None => lang
            .pick(
                "取り込むと次のようになります(まだ何も変えていません)",
                "This is what would be taken (nothing has changed)",
            )
            .to_owned(),
    };
    answer!("{head}");
    for (words, count) in [
        (lang.pick("人", "people"), plan.people()),
        (lang.pick("行", "lines"), plan.lines()),
        (lang.pick("取り込めない行", "rejected"), plan.rejected().len()),
    ] {
        answer!("  {count:>8}  {words}");
    }
    if let Some(file) = reject_file {
        answer!(
            "{}",
            lang.pick(
                format!("取り込めない行と理由: {}", file.display()),
                format!("rejected lines with their reasons: {}", file.display()),
            )
        );
    }
    if !asks {
        return;
    }
    if let Some(known) = plan.known_as() {
        answer!(
            "{}",
            lang.pick(
                format!("同じファイルを、取り込み番号 {known} で取り込んでいます。"),
                format!("The same file was taken in as import {known}."),
            )
        );
    }
    if plan.is_doubtful() {
        answer!(
            "{}",
            lang.pick(
                format!(
                    "前回は {} 人でした。人数が半分より少ないか、取り込めない行が1割を超えています。ファイルを確かめてください。",
                    plan.before()
                ),
                format!(
                    "Last time there were {} people. There are less than half of them, or more than a tenth of the lines is rejected: check the file.",
                    plan.before()
                ),
            )
        );
    }
    answer!(
        "{}",
        lang.pick(
            "それでよければ --yes を付けてください。",
            "If that is right, add --yes."
        )
    );
}

/// Writes line, column and reason of each line that was not taken; no cell of it is repeated.
fn write_rejects(options: &Options, rejected: &[RejectedLine], lang: Lang) -> anyhow::Result<PathBuf> {
    let file = options
        .reject_file
        .clone()
        .unwrap_or_else(|| options.file.with_extension("rejects.csv"));
    let written = (|| {
        // One that is there, from an import before, may be more open than it should.
        let _ = fs::remove_file(&file);
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writeln!(out, "{}", lang.pick("行,列,理由", "line,column,reason"))?;
        for one in rejected {
            let why = lang.pick(one.why.in_japanese(), one.why.in_english());
            writeln!(out, "{},{},{why}", one.line, one.column)?;
        }
        out.sync_all()
    })();
    written.with_context(|| format!("{}", file.display()))?;
    Ok(file)
}

/// Made-up treatment of the made-up city, so that a demonstration's 医療費通知 has recipients; taken in the way every file is.
pub(crate) fn take_in_demo(
    setting: &Setting,
    config: &Config,
    seed: u64,
    rows: usize,
    steps: &Steps,
) -> anyhow::Result<()> {
    const KIND: &str = "medical-expenses";
    let lang = setting.lang;
    let records = Records::open_as(config, office::IMPORT)?;
    steps.step(
        lang.pick("架空の医療費を取り込む", "take made-up medical expenses in"),
        |_| {
            if records
                .runtime
                .block_on(records.office.last_notice_facts(KIND))?
                .is_some()
            {
                return Ok(Outcome::Already);
            }
            let today = SystemClock.now_in_japan().date();
            let mut file = format!("{}\n", demo_city::VISITS_HEADER);
            for resident in demo_city::residents(seed, rows, today) {
                for line in demo_city::visits(seed, &resident, today) {
                    file.push_str(&line);
                    file.push('\n');
                }
            }
            let kinds = kinds(config, lang)?;
            let template = find(&kinds, KIND, lang)?;
            let read = handed_in::read(file.as_bytes(), template)
                .map_err(|refused| anyhow::anyhow!(lang.pick(refused.in_japanese(), refused.to_string())))?;
            let plan = plan(&records, KIND, read, file.as_bytes())?;
            records
                .runtime
                .block_on(records.office.import_notice_facts(&act("import"), &plan))?;
            anyhow::Ok(Outcome::Done)
        },
    )
}
