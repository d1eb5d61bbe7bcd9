//! `madoguchi import`: takes the city's resident roster in, and puts a run back.
//!
//! What can be read is taken over together or not at all; rows that can't be read are told and kept apart. Exit code 0
//! when every row was taken, 2 when some were rejected, 3 when something must be said yes to first and nothing was
//! written, 1 when nothing could be taken.

mod asking;
mod noted;
mod runs;

use std::{
    fs::{self, OpenOptions},
    io::BufWriter,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use issuance::{
    person::Resident,
    roster::{self, HeaderMap, Reading, Reject, RejectWriter, SeenRow},
};
use office::roster::{Answers, ImportCounts, ImportPlan, Imported, Missing};
use relay_core::clock::{Clock, SystemClock};
use serde_json::json;

pub use self::runs::{RunsOptions, UndoOptions, list_runs, undo};
use self::{
    asking::Asked,
    noted::{Noted, by_reason},
};
use super::{
    Setting,
    database::{Records, act},
    output::answer,
    steps::{Outcome, Steps},
    words::Lang,
};
use crate::config::Roster;

/// Which file, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The roster's file.
    file: PathBuf,
    /// Show what would change and take nothing in.
    #[arg(long)]
    dry_run: bool,
    /// The file is the whole roster: people missing from it are marked as gone.
    #[arg(long)]
    whole: bool,
    /// So many people of the records are gone, and that is right (with --whole; the import says how many).
    #[arg(long, value_name = "COUNT")]
    yes_gone: Option<usize>,
    /// So many rows look like people who are known, and are others (the import says how many).
    #[arg(long, value_name = "COUNT")]
    yes_new: Option<usize>,
    /// How many rows the register says it delivered: a file of another number is refused.
    #[arg(long, value_name = "COUNT")]
    rows: Option<usize>,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
    /// File for what was noticed in rows that were taken: line, column and what (default: the roster's name with .notes.csv).
    #[arg(long, value_name = "FILE")]
    note_file: Option<PathBuf>,
    /// File for rows that could not be taken: line, column, reason, and the row (default: the roster's name with .rejects.csv).
    #[arg(long, value_name = "FILE")]
    reject_file: Option<PathBuf>,
}

/// Reasons for rejecting rows that are listed: a thousand rows of one reason are one line.
const REASONS: usize = 10;
/// Some rows were taken, some were not.
const SOME_REJECTED: u8 = 2;
/// Nothing was written: something must be said yes to first.
const ASKS: u8 = 3;

/// Takes the roster in.
///
/// # Errors
/// When nothing could be taken in, with the reason.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let records = Records::open_as(&config, office::IMPORT)?;
    let steps = Steps::new(setting.lang, false);
    let taken = take_in(setting.lang, &records, &config.roster, options, &steps);
    if let (true, Err(refused)) = (options.json, &taken) {
        // A program reads the reason where it reads everything else.
        answer!("{}", json!({ "refused": format!("{refused:#}") }));
    }
    let taken = taken?;
    taken.tell(options, setting.lang);
    Ok(taken.exit_code())
}

/// What came of an import.
struct Taken {
    /// Rows of the file.
    rows: usize,
    counts: ImportCounts,
    rejected: usize,
    /// Rejected rows by column and reason, the most frequent first.
    reasons: Vec<(String, usize)>,
    reject_file: Option<PathBuf>,
    noted: Noted,
    note_file: Option<PathBuf>,
    /// What must be said yes to; nothing was written then.
    asked: Option<Asked>,
    /// The run's number, once it is written.
    run: Option<i64>,
}

/// Reads, compares, asks, and unless it is a dry run takes over.
fn take_in(lang: Lang, records: &Records, roster: &Roster, options: &Options, steps: &Steps) -> anyhow::Result<Taken> {
    let mut read = None;
    steps.step(lang.pick("名簿を読む", "read the roster"), |step| {
        let bytes = fs::read(&options.file).with_context(|| format!("{}", options.file.display()))?;
        let reading = open(&bytes, &roster.headers, lang)?;
        is_as_delivered(&reading, options.rows, lang)?;
        read = Some(sort(&reading, |done| step.progress(done as u64, reading.len() as u64)));
        anyhow::Ok(Outcome::Done)
    })?;
    let Sorted {
        header,
        rows,
        taken,
        rejects,
        seen,
        noted,
    } = read.context("the roster was read")?;
    let reject_file = match rejects.is_empty() {
        true => None,
        false => Some(write_rejects(options, &header, &rejects, lang)?),
    };
    let note_file = match noted.is_empty() {
        true => None,
        false => Some(noted.write(&beside(options, options.note_file.as_deref(), "notes.csv", lang)?, lang)?),
    };
    let nothing = Taken {
        rows,
        counts: ImportCounts::default(),
        rejected: rejects.len(),
        reasons: by_reason(&rejects, lang),
        reject_file,
        noted,
        note_file,
        asked: None,
        run: None,
    };
    if taken.is_empty() {
        return Ok(nothing);
    }
    let missing = if options.whole {
        Missing::MarkGone
    } else {
        Missing::Keep
    };
    let plan = plan(lang, records, taken, &seen, steps)?;
    let said = Answers {
        gone: options.yes_gone,
        new: options.yes_new,
    };
    let asked = Asked::of(records, &plan, missing, roster.gone_limit, said)?;
    let planned = Taken {
        counts: plan.counts(),
        ..nothing
    };
    if asked.is_some() || options.dry_run {
        return Ok(Taken { asked, ..planned });
    }
    let imported = apply(lang, records, &plan, missing, steps)?;
    Ok(Taken {
        run: Some(imported.number),
        ..planned
    })
}

/// A file of another length than the register says is not the file it delivered.
fn is_as_delivered(reading: &Reading, delivered: Option<usize>, lang: Lang) -> anyhow::Result<()> {
    match delivered.filter(|delivered| *delivered != reading.len()) {
        None => Ok(()),
        Some(delivered) => bail!(lang.pick(
            format!(
                "ファイルは {} 行です。届いたはずの {delivered} 行と合いません。途中で切れていないか確かめ、取り直してください。",
                reading.len()
            ),
            format!(
                "the file has {} rows, not the {delivered} that were delivered: it may be cut short; fetch it again",
                reading.len()
            ),
        )),
    }
}

/// Compares `residents` with the records and takes them over.
pub(super) fn write(
    lang: Lang,
    records: &Records,
    residents: Vec<(u64, Resident)>,
    missing: Missing,
    steps: &Steps,
) -> anyhow::Result<()> {
    let plan = plan(lang, records, residents, &[], steps)?;
    apply(lang, records, &plan, missing, steps).map(|_| ())
}

fn plan(
    lang: Lang,
    records: &Records,
    residents: Vec<(u64, Resident)>,
    seen: &[SeenRow],
    steps: &Steps,
) -> anyhow::Result<ImportPlan> {
    let mut plan = None;
    steps.step(
        lang.pick("いまの記録と比べる", "compare with the records"),
        |step| {
            let progress = |done, of| step.progress(done as u64, of as u64);
            let planned = records.office.plan_import_beside(residents, seen, &progress);
            plan = Some(records.runtime.block_on(planned)?);
            anyhow::Ok(Outcome::Done)
        },
    )?;
    plan.context("the import was planned")
}

fn apply(
    lang: Lang,
    records: &Records,
    plan: &ImportPlan,
    missing: Missing,
    steps: &Steps,
) -> anyhow::Result<Imported> {
    let mut imported = None;
    steps.step(lang.pick("記録に取り込む", "take over"), |step| {
        let act = act("import");
        let progress = |done, of| step.progress(done as u64, of as u64);
        let applied = records.office.apply_import(&act, plan, missing, &progress);
        imported = Some(records.runtime.block_on(applied)?);
        anyhow::Ok(Outcome::Done)
    })?;
    imported.context("the import was taken over")
}

/// Opens a roster's bytes as of today.
pub(super) fn open(bytes: &[u8], headers: &HeaderMap, lang: Lang) -> anyhow::Result<Reading> {
    let today = SystemClock.now_in_japan().date();
    roster::read(bytes, headers, today)
        .map_err(|refused| anyhow::anyhow!(lang.pick(refused.in_japanese(), refused.to_string())))
}

/// A roster's rows, told apart.
struct Sorted {
    header: Vec<String>,
    rows: usize,
    taken: Vec<(u64, Resident)>,
    rejects: Vec<Reject>,
    /// Whom the rejected rows can name.
    seen: Vec<SeenRow>,
    /// What was noticed in the rows taken.
    noted: Noted,
}

fn sort(reading: &Reading, progress: impl Fn(usize)) -> Sorted {
    let mut sorted = Sorted {
        header: reading.header().to_vec(),
        rows: reading.len(),
        taken: Vec::with_capacity(reading.len()),
        rejects: Vec::new(),
        seen: Vec::new(),
        noted: Noted::default(),
    };
    for (done, row) in reading.rows().enumerate() {
        match row {
            Ok(row) => {
                sorted.noted.note(row.line, &row.notes);
                sorted.taken.push((row.line, row.resident));
            }
            Err(reject) => {
                sorted.seen.push(reading.seen(&reject));
                sorted.rejects.push(reject);
            }
        }
        if done % 1_000 == 0 {
            progress(done);
        }
    }
    sorted
}

/// The file `named`, or one beside the roster; never the roster itself.
fn beside(options: &Options, named: Option<&Path>, ending: &str, lang: Lang) -> anyhow::Result<PathBuf> {
    let file = named.map_or_else(|| options.file.with_extension(ending), Path::to_owned);
    if same_file(&file, &options.file) {
        bail!(lang.pick(
            "名簿そのものには書けません。別のファイルを指定してください。",
            "this is the roster itself; name another file.",
        ));
    }
    Ok(file)
}

/// Opens a new file for its owner alone: it holds people's data.
fn create(file: &Path) -> std::io::Result<BufWriter<fs::File>> {
    // One that is there, from an import before, may be more open than it should.
    let _ = fs::remove_file(file);
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    Ok(BufWriter::new(open))
}

/// Writes the rejected rows.
fn write_rejects(options: &Options, header: &[String], rejects: &[Reject], lang: Lang) -> anyhow::Result<PathBuf> {
    let file = beside(options, options.reject_file.as_deref(), "rejects.csv", lang)?;
    let written = (|| {
        let mut writer = RejectWriter::new(create(&file)?, header)?;
        for reject in rejects {
            let reason = lang.pick(reject.reason.in_japanese(), reject.reason.to_string());
            writer.write(reject, &reason)?;
        }
        writer.finish()
    })();
    written.with_context(|| format!("{}", file.display()))?;
    Ok(file)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

impl Taken {
    fn exit_code(&self) -> ExitCode {
        if self.asked.is_some() {
            ExitCode::from(ASKS)
        } else if self.rejected == 0 {
            ExitCode::SUCCESS
        } else if self.rejected < self.rows {
            ExitCode::from(SOME_REJECTED)
        } else {
            ExitCode::FAILURE
        }
    }

    fn tell(&self, options: &Options, lang: Lang) {
        let ImportCounts {
            added,
            changed,
            unchanged,
            missing,
            ..
        } = self.counts;
        if options.json {
            answer!(
                "{}",
                json!({
                    "rows": self.rows,
                    "added": added,
                    "changed": changed,
                    "unchanged": unchanged,
                    "rejected": self.rejected,
                    "reject_file": self.reject_file,
                    "reasons": self.reasons.iter().map(|(why, count)| json!({ "why": why, "count": count })).collect::<Vec<_>>(),
                    "noted": self.noted.counts(),
                    "note_file": self.note_file,
                    "missing": missing,
                    "dry_run": options.dry_run,
                    "run": self.run,
                    "asked": self.asked.as_ref().map(Asked::as_json),
                })
            );
            return;
        }
        let head = match self.run {
            None if self.counts.rows == 0 => lang
                .pick(
                    "取り込める行がありません(何も変えていません)",
                    "No row could be taken (nothing has changed)",
                )
                .to_owned(),
            None => lang
                .pick(
                    "取り込むと次のようになります(まだ何も変えていません)",
                    "This is what would change (nothing has)",
                )
                .to_owned(),
            Some(run) => lang.pick(
                format!("取り込みました(取り込み番号 {run})"),
                format!("Taken in (run {run})"),
            ),
        };
        answer!("{head}");
        for (words, count) in [
            (lang.pick("行", "rows"), self.rows),
            (lang.pick("新しい人", "added"), added),
            (lang.pick("変わった人", "changed"), changed),
            (lang.pick("同じ", "unchanged"), unchanged),
            (lang.pick("名簿に無い人", "missing from the file"), missing),
            (lang.pick("取り込めない行", "rejected"), self.rejected),
        ] {
            answer!("  {count:>8}  {words}");
        }
        if let Some(file) = &self.reject_file {
            answer!(
                "{}",
                lang.pick(
                    format!("取り込めない行と理由: {}", file.display()),
                    format!("rejected rows with their reasons: {}", file.display()),
                )
            );
        }
        for (why, count) in self.reasons.iter().take(REASONS) {
            answer!("  {count:>8}    {why}");
        }
        self.noted.tell(self.note_file.as_deref(), lang);
        if let Some(asked) = &self.asked {
            asked.tell(lang);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rows: usize, rejected: usize) -> Taken {
        Taken {
            rows,
            counts: ImportCounts::default(),
            rejected,
            reasons: Vec::new(),
            reject_file: None,
            noted: Noted::default(),
            note_file: None,
            asked: None,
            run: None,
        }
    }

    #[test]
    fn the_exit_code_tells_all_some_or_none() {
        let code = |rows, rejected| format!("{:?}", taken(rows, rejected).exit_code());
        assert_eq!(code(10, 0), format!("{:?}", ExitCode::SUCCESS));
        assert_eq!(code(10, 3), format!("{:?}", ExitCode::from(2)));
        assert_eq!(code(10, 10), format!("{:?}", ExitCode::FAILURE));
        let asks = Taken {
            asked: Some(Asked::default()),
            ..taken(10, 3)
        };
        assert_eq!(format!("{:?}", asks.exit_code()), format!("{:?}", ExitCode::from(3)));
    }

    #[test]
    fn rejected_rows_are_for_their_owners_eyes_and_never_overwrite_the_roster() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roster.csv");
        let header = "宛名番号,世帯番号,氏名,フリガナ,生年月日,性別,続柄,郵便番号,住所,支援措置\n";
        fs::write(&file, format!("{header}x,x,,,,,,,,\n")).unwrap();
        let bytes = fs::read(&file).unwrap();
        let reading = open(&bytes, &HeaderMap::default(), Lang::Ja).unwrap();
        let sorted = sort(&reading, |_| {});
        assert_eq!((sorted.taken.len(), sorted.rejects.len()), (0, 1));
        let mut options = Options {
            file: file.clone(),
            dry_run: false,
            whole: false,
            yes_gone: None,
            yes_new: None,
            rows: None,
            json: false,
            note_file: None,
            reject_file: None,
        };
        let rejects = write_rejects(&options, &sorted.header, &sorted.rejects, Lang::Ja).unwrap();
        assert_eq!(rejects, folder.path().join("roster.rejects.csv"));
        assert_eq!(fs::metadata(&rejects).unwrap().permissions().mode() & 0o777, 0o600);
        options.reject_file = Some(file.clone());
        assert!(write_rejects(&options, &sorted.header, &sorted.rejects, Lang::Ja).is_err());
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
}
