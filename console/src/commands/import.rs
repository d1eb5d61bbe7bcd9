//! `madoguchi import roster`: takes the city's resident roster in, whole or not at all.
//!
//! Exit code 0 when every row was taken, 2 when some were rejected, 1 when nothing could be.

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
    roster::{self, HeaderMap, Reading, Reject, RejectWriter},
};
use office::roster::{ImportCounts, Missing};
use relay_core::clock::{Clock, SystemClock};
use serde_json::json;

use super::output::answer;
use super::{
    Setting,
    database::{Records, act},
    steps::{Outcome, Steps},
    words::Lang,
};

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
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
    /// File for rows that could not be taken: line, column, reason, and the row (default: the roster's name with .rejects.csv).
    #[arg(long, value_name = "FILE")]
    reject_file: Option<PathBuf>,
}

/// Some rows were taken, some were not.
const SOME_REJECTED: u8 = 2;

/// Takes the roster in.
///
/// # Errors
/// When nothing could be taken in, with the reason.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let records = Records::open(&config)?;
    let steps = Steps::new(setting.lang, false);
    let taken = take_in(setting.lang, &records, &config.roster.headers, options, &steps)?;
    taken.tell(options, setting.lang);
    Ok(taken.exit_code())
}

/// What came of an import.
pub(super) struct Taken {
    /// Rows of the file.
    rows: usize,
    counts: ImportCounts,
    rejected: usize,
    reject_file: Option<PathBuf>,
}

/// Reads, compares, and unless it is a dry run takes over.
fn take_in(
    lang: Lang,
    records: &Records,
    headers: &HeaderMap,
    options: &Options,
    steps: &Steps,
) -> anyhow::Result<Taken> {
    let mut read = None;
    steps.step(lang.pick("名簿を読む", "read the roster"), |step| {
        let bytes = fs::read(&options.file).with_context(|| format!("{}", options.file.display()))?;
        let reading = open(&bytes, headers, lang)?;
        read = Some(sort(&reading, |done| step.progress(done as u64, reading.len() as u64)));
        anyhow::Ok(Outcome::Done)
    })?;
    let Sorted {
        header,
        rows,
        taken,
        rejects,
    } = read.context("the roster was read")?;
    let reject_file = match rejects.is_empty() {
        true => None,
        false => Some(write_rejects(options, &header, &rejects, lang)?),
    };
    let rejected = rejects.len();
    if taken.is_empty() {
        return Ok(Taken {
            rows,
            counts: ImportCounts::default(),
            rejected,
            reject_file,
        });
    }
    let missing = if options.whole {
        Missing::MarkGone
    } else {
        Missing::Keep
    };
    let counts = write(lang, records, taken, missing, options.dry_run, steps)?;
    Ok(Taken {
        rows,
        counts,
        rejected,
        reject_file,
    })
}

/// Compares `residents` with the records and, unless `dry_run`, takes them over.
pub(super) fn write(
    lang: Lang,
    records: &Records,
    residents: Vec<(u64, Resident)>,
    missing: Missing,
    dry_run: bool,
    steps: &Steps,
) -> anyhow::Result<ImportCounts> {
    let mut plan = None;
    steps.step(
        lang.pick("いまの記録と比べる", "compare with the records"),
        |step| {
            let progress = |done, of| step.progress(done as u64, of as u64);
            let planned = records.office.plan_import(residents, &progress);
            plan = Some(records.runtime.block_on(planned)?);
            anyhow::Ok(Outcome::Done)
        },
    )?;
    let plan = plan.context("the import was planned")?;
    if !dry_run {
        steps.step(lang.pick("記録に取り込む", "take over"), |step| {
            let act = act("import");
            let progress = |done, of| step.progress(done as u64, of as u64);
            let applied = records.office.apply_import(&act, &plan, missing, &progress);
            records.runtime.block_on(applied)?;
            anyhow::Ok(Outcome::Done)
        })?;
    }
    Ok(plan.counts())
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
}

fn sort(reading: &Reading, progress: impl Fn(usize)) -> Sorted {
    let mut sorted = Sorted {
        header: reading.header().to_vec(),
        rows: reading.len(),
        taken: Vec::with_capacity(reading.len()),
        rejects: Vec::new(),
    };
    for (done, row) in reading.rows().enumerate() {
        match row {
            Ok(row) => sorted.taken.push((row.line, row.resident)),
            Err(reject) => sorted.rejects.push(reject),
        }
        if done % 1_000 == 0 {
            progress(done);
        }
    }
    sorted
}

/// Writes the rejected rows, readable by their owner alone: they are people's data.
fn write_rejects(options: &Options, header: &[String], rejects: &[Reject], lang: Lang) -> anyhow::Result<PathBuf> {
    let file = options
        .reject_file
        .clone()
        .unwrap_or_else(|| options.file.with_extension("rejects.csv"));
    if same_file(&file, &options.file) {
        bail!(lang.pick(
            "--reject-file に名簿そのものは書けません。",
            "--reject-file is the roster itself.",
        ));
    }
    let written = (|| {
        // One that is there, from an import before, may be more open than it should.
        let _ = fs::remove_file(&file);
        let open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        let mut writer = RejectWriter::new(BufWriter::new(open), header)?;
        for reject in rejects {
            writer.write(reject)?;
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
        if self.rejected == 0 {
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
                    "missing": missing,
                    "dry_run": options.dry_run,
                })
            );
            return;
        }
        let head = match options.dry_run {
            true => lang.pick(
                "取り込むと次のようになります(まだ何も変えていません)",
                "This is what would change (nothing has)",
            ),
            false => lang.pick("取り込みました", "Taken in"),
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
            reject_file: None,
        }
    }

    #[test]
    fn the_exit_code_tells_all_some_or_none() {
        let code = |rows, rejected| format!("{:?}", taken(rows, rejected).exit_code());
        assert_eq!(code(10, 0), format!("{:?}", ExitCode::SUCCESS));
        assert_eq!(code(10, 3), format!("{:?}", ExitCode::from(2)));
        assert_eq!(code(10, 10), format!("{:?}", ExitCode::FAILURE));
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
            json: false,
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
