//! Runs of notices on paper: counted, released by two people, made bundle by bundle, printed, posted.
//!
//! A bundle's file appears whole or not at all, and is recorded after that: a console that is killed at any moment leaves no
//! letter out and makes none twice. The next order makes the next bundle that is not recorded.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use aws_lc_rs::digest::{Context, SHA256};
use issuance::notice::{
    BundleSheet, Office, PaperError, Press, Style,
    handed_in::{Said, unsaid},
    recipients::{self, Excluded, Plan, RunId},
    template::{Kinds, Language, Recipients, Template, Value},
};
use office::notices::{Bundle, NewRun, NoticeRefusal, NoticeRun as Recorded, Population};
use time::Date;

use super::{
    ipp::{self, NotPrinted},
    sheets, trouble,
    work::{Desk, lock},
};
use crate::tui::{
    common::Told,
    fault::Fault,
    orders::notices::{
        CountRun, LoadNoticeRuns, MakeBundle, NoticeKind, NoticeRun, NoticeRuns, PostRun, PrintBundle, ReleaseRun,
        ReturnLetter, WithdrawRun,
    },
};

/// Runs shown.
const SHOWN: u32 = 50;

/// The run whose bundles are being made: everyone and what they get is read once, not once a bundle.
#[derive(Default)]
pub struct UnderWay(Mutex<Option<Arc<Prepared>>>);

/// What the letters of a run are made of.
struct Prepared {
    id: Option<RunId>,
    template: Template,
    population: Population,
    plan: Plan,
    office: Office,
    said: Said,
    dated: Date,
    style: Style,
}

impl Prepared {
    /// The hash over what each letter says, in their order, and over all of them.
    fn hashes(&self) -> Result<(Vec<[u8; 32]>, [u8; 32]), PaperError> {
        let mut all = Context::new(&SHA256);
        let mut hashes = Vec::with_capacity(self.plan.letters.len());
        for planned in &self.plan.letters {
            let letter = recipients::letter(&self.template, &self.population.people, planned, &self.said);
            let hash = Press::letter_hash(&self.template, (&self.office, self.dated), self.style, &letter)?;
            all.update(hash.as_bytes());
            hashes.push(*hash.as_bytes());
        }
        Ok((hashes, digest(all)))
    }
}

fn digest(context: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// A refusal in words of its own.
fn refused(key: &'static str, facts: Vec<(&'static str, Told)>) -> Fault {
    Fault::Refused {
        key,
        facts,
        passing: true,
    }
}

impl Desk {
    fn kinds(&self) -> Result<Kinds, Fault> {
        Kinds::with_own(self.config.paper.notices.as_deref())
            .map_err(|error| refused("refused-notice-broken", vec![("what", Told::Text(error.in_japanese()))]))
    }

    /// The notices and the newest runs.
    pub async fn load_notice_runs(self, _: LoadNoticeRuns) -> Result<NoticeRuns, Fault> {
        let kinds = self.kinds()?;
        let runs = self
            .office
            .notice_runs(SHOWN)
            .await
            .map_err(|error| self.fault(&error))?;
        let said = self.said(&Said::new());
        Ok(NoticeRuns {
            runs: runs.into_iter().map(|run| shown(run, &kinds)).collect(),
            kinds: kinds
                .iter()
                .filter(|kind| unsaid(kind, &said).is_empty())
                .map(|kind| NoticeKind {
                    name: kind.name.clone(),
                    title: titles(kind),
                })
                .collect(),
        })
    }

    /// What is said once for a run, as far as the office's own rules say it.
    fn said(&self, more: &Said) -> Said {
        let today = self.clock.now_in_japan().date();
        let until = self.setup.calendar.months_from(today, sheets::KEPT_MONTHS).day;
        let mut said = more.clone();
        said.entry("keep-until".to_owned()).or_insert(Value::Date(until));
        said
    }

    /// Everyone and what they get. Reading and deciding take their time: beside the runtime.
    async fn prepare(&self, kind: &str, style: Style, dated: Date) -> Result<Prepared, Fault> {
        let template = self.kinds()?.find(kind).cloned().ok_or(Fault::NotFound)?;
        let said = self.said(&Said::new());
        if !unsaid(&template, &said).is_empty() {
            return Err(refused("refused-notice-facts", Vec::new()));
        }
        let population = self.office.notice_population(&template).await;
        let population = population.map_err(|error| self.fault(&error))?;
        let office = sheets::office(&self.config.city);
        let nobody = template.recipients == Recipients::File && population.import.is_none();
        let prepared = tokio::task::spawn_blocking(move || Prepared {
            id: None,
            plan: recipients::plan(&template, &population.people, dated),
            template,
            population,
            office,
            said,
            dated,
            style,
        });
        let prepared = prepared.await.map_err(|error| trouble::other(&error))?;
        match nobody || prepared.plan.letters.is_empty() {
            true => Err(refused("refused-nobody", Vec::new())),
            false => Ok(prepared),
        }
    }

    /// Counts the letters of a notice dated today.
    pub async fn count_run(self, CountRun { kind, large }: CountRun) -> Result<NoticeRuns, Fault> {
        let dated = self.clock.now_in_japan().date();
        let style = Style {
            language: Language::Japanese,
            large,
        };
        let prepared = self.prepare(&kind, style, dated).await?;
        let hashed = tokio::task::spawn_blocking(move || prepared.hashes().map(|hashes| (prepared, hashes)));
        let hashed = hashed.await.map_err(|error| trouble::other(&error))?;
        let (prepared, (hashes, digest)) = hashed.map_err(|error| trouble::of_paper(&error))?;
        let people = &prepared.population.people;
        let run = NewRun {
            version: prepared.template.version,
            language: style.language.as_str(),
            large,
            dated,
            import: prepared.population.import,
            letters: prepared
                .plan
                .letters
                .iter()
                .map(|letter| people[letter.to].id)
                .zip(hashes)
                .collect(),
            people: prepared.plan.people(),
            excluded: prepared
                .plan
                .reasons()
                .into_iter()
                .map(|(why, count)| (why.as_str(), count))
                .collect(),
            digest,
            bundle_size: self.config.paper.bundle,
            kind,
        };
        let counted = self.office.count_notice_run(&self.act()?, &run).await;
        counted.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Releases a run.
    pub async fn release_run(self, ReleaseRun(id): ReleaseRun) -> Result<NoticeRuns, Fault> {
        let released = self.office.release_notice_run(&self.act()?, id.uuid()).await;
        released.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// The run was handed to the post office.
    pub async fn post_run(self, PostRun(id): PostRun) -> Result<NoticeRuns, Fault> {
        let posted = self.office.post_notice_run(&self.act()?, id.uuid()).await;
        posted.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Gives a run up.
    pub async fn withdraw_run(self, WithdrawRun(id): WithdrawRun) -> Result<NoticeRuns, Fault> {
        let withdrawn = self.office.withdraw_notice_run(&self.act()?, id.uuid()).await;
        withdrawn.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// A letter came back.
    pub async fn return_letter(self, ReturnLetter { run, letter }: ReturnLetter) -> Result<NoticeRuns, Fault> {
        let returned = self.office.notice_letter_returned(&self.act()?, run, letter).await;
        returned.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// The run's letters as they were counted; refused where they are others now.
    async fn prepared(&self, run: &Recorded, id: RunId) -> Result<Arc<Prepared>, Fault> {
        let known = lock(&self.notices.0).clone().filter(|known| known.id == Some(id));
        if let Some(known) = known {
            return Ok(known);
        }
        let language = run.language.parse().map_err(|_| Fault::NotFound)?;
        let style = Style {
            language,
            large: run.large,
        };
        let mut prepared = self.prepare(&run.kind, style, run.dated).await?;
        prepared.id = Some(id);
        let hashed = tokio::task::spawn_blocking(move || prepared.hashes().map(|(_, digest)| (prepared, digest)));
        let hashed = hashed.await.map_err(|error| trouble::other(&error))?;
        let (prepared, digest) = hashed.map_err(|error| trouble::of_paper(&error))?;
        if digest != run.digest {
            return Err(self.fault(&NoticeRefusal::FactsChanged.into()));
        }
        let prepared = Arc::new(prepared);
        *lock(&self.notices.0) = Some(Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Makes the next bundle of a run.
    pub async fn make_bundle(self, MakeBundle(id): MakeBundle) -> Result<NoticeRuns, Fault> {
        let run = self
            .office
            .notice_run(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let made = self
            .office
            .notice_bundles(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let next = (1..=run.bundles()).find(|number| made.iter().all(|(one, _)| i64::from(one.number) != *number));
        if let Some(number) = next {
            if run.approved_by.is_none() {
                return Err(self.fault(&NoticeRefusal::NotReleased.into()));
            }
            let prepared = self.prepared(&run, id).await?;
            let (press, file) = (
                self.printer.press().map_err(|error| trouble::of_paper(&error))?,
                self.bundle_file(run.number, number),
            );
            let written = tokio::task::spawn_blocking(move || write(&press, &prepared, &run, number, &file));
            let bundle = written.await.map_err(|error| trouble::other(&error))?;
            let bundle = bundle.map_err(|error| trouble::of_paper(&error))?;
            let recorded = self.office.notice_bundle_made(&self.act()?, id.uuid(), &bundle).await;
            recorded.map_err(|error| self.fault(&error))?;
        } else {
            *lock(&self.notices.0) = None;
        }
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// `notices/run-000012/bundle-0003.pdf`
    fn bundle_file(&self, run: i64, bundle: i64) -> PathBuf {
        let folder = self.config.paper.folder.join("notices").join(format!("run-{run:06}"));
        folder.join(format!("bundle-{bundle:04}.pdf"))
    }

    /// Prints the next bundle, and records it once the printer says that it is printed.
    pub async fn print_bundle(self, PrintBundle(id): PrintBundle) -> Result<NoticeRuns, Fault> {
        let Some(printer) = self.config.paper.printer.clone() else {
            return Err(refused("refused-no-printer", Vec::new()));
        };
        let run = self
            .office
            .notice_run(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let bundles = self
            .office
            .notice_bundles(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let Some((bundle, _)) = bundles.into_iter().find(|(_, printed)| !printed) else {
            return self.load_notice_runs(LoadNoticeRuns).await;
        };
        let file = self.bundle_file(run.number, bundle.number.into());
        let wanted = bundle.sha256;
        let read = tokio::task::spawn_blocking(move || as_made(&file, &wanted));
        let pdf = read.await.map_err(|error| trouble::other(&error))?;
        let pdf = pdf.ok_or_else(|| refused("refused-bundle-changed", Vec::new()))?;
        let name = format!("{}-{}", run.number, bundle.number);
        let job = ipp::print(&printer, &name, pdf).await.map_err(|error| {
            tracing::warn!(%error, "a bundle was not printed");
            match error {
                NotPrinted::Gone(_) => refused("refused-printer-gone", Vec::new()),
                NotPrinted::Stopped(why) => refused("refused-printer-stopped", vec![("why", Told::Text(why))]),
            }
        })?;
        let printed = self
            .office
            .notice_bundle_printed(&self.act()?, id.uuid(), bundle.number, &job)
            .await;
        printed.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }
}

/// Writes a bundle's file, whole or not at all.
fn write(press: &Press, prepared: &Prepared, run: &Recorded, number: i64, file: &Path) -> Result<Bundle, PaperError> {
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let told = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            PaperError::DiskFull { folder: folder.clone() }
        }
        _ => PaperError::NotStored {
            folder: folder.clone(),
            source,
        },
    };
    let partial = file.with_extension("part");
    let written = (|| {
        fs::create_dir_all(&folder).map_err(told)?;
        // A leftover of a killed console would keep its own mode.
        let _ = fs::remove_file(&partial);
        let out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(told)?;
        let size = i64::from(run.bundle_size);
        let (first, last) = ((number - 1) * size + 1, (number * size).min(run.letters.into()));
        let out = Hashing {
            out: BufWriter::with_capacity(1 << 18, out),
            hash: Context::new(&SHA256),
        };
        let mut letters = press.run(
            out,
            &prepared.template,
            (&prepared.office, prepared.dated),
            prepared.style,
        )?;
        letters.bundle_sheet(&BundleSheet {
            title: &prepared.template.title(),
            run: run.number,
            bundle: number,
            of: run.bundles(),
            letters: (first, last),
        })?;
        for place in first..=last {
            let planned = usize::try_from(place - 1)
                .ok()
                .and_then(|at| prepared.plan.letters.get(at));
            let planned =
                planned.ok_or_else(|| PaperError::NotBound("a letter that was counted is not there".to_owned()))?;
            let letter = recipients::letter(&prepared.template, &prepared.population.people, planned, &prepared.said);
            letters.add_as(&letter, &format!("{}-{place}", run.number))?;
        }
        let pages = letters.pages();
        let (mut out, bytes) = letters.finish()?;
        out.out.flush().map_err(told)?;
        out.out.get_ref().sync_all().map_err(told)?;
        fs::rename(&partial, file).map_err(told)?;
        // The rename itself is on the disk only when the folder is.
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(told)?;
        let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(Bundle {
            number: small(number),
            first: small(first),
            last: small(last),
            sha256: digest(out.hash),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            pages: i32::try_from(pages).unwrap_or(i32::MAX),
        })
    })();
    if written.is_err() {
        // The first fault is the one to tell; a leftover would only be overwritten next time.
        let _ = fs::remove_file(&partial);
    }
    match written {
        Err(PaperError::NotWritten(source)) => Err(told(source)),
        written => written,
    }
}

/// Hashes what passes.
struct Hashing {
    out: BufWriter<File>,
    hash: Context,
}

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// A bundle's file, when it is byte for byte what was recorded.
fn as_made(file: &Path, wanted: &[u8; 32]) -> Option<Vec<u8>> {
    let mut pdf = Vec::new();
    File::open(file).ok()?.read_to_end(&mut pdf).ok()?;
    let mut hash = Context::new(&SHA256);
    hash.update(&pdf);
    (digest(hash) == *wanted).then_some(pdf)
}

/// What a letter is called, in Japanese and in English; by its name where it is not written in English.
fn titles(template: &Template) -> [String; 2] {
    let english = template.languages().any(|language| language == Language::English);
    let english = if english {
        template.title_in(Language::English)
    } else {
        template.name.clone()
    };
    [template.title(), english]
}

fn shown(run: Recorded, kinds: &Kinds) -> NoticeRun {
    let count = |reason: &Excluded| run.excluded.get(reason.as_str()).and_then(serde_json::Value::as_u64);
    NoticeRun {
        id: RunId::from_uuid(run.id),
        number: run.number,
        title: kinds
            .find(&run.kind)
            .map_or_else(|| [run.kind.clone(), run.kind.clone()], titles),
        large: run.large,
        dated: run.dated,
        letters: run.letters,
        people: run.people,
        excluded: Excluded::ALL
            .iter()
            .filter_map(|reason| Some((*reason, count(reason)?)))
            .collect(),
        bundles: run.bundles(),
        released_by: run.released_by,
        approved_by: run.approved_by,
        made: run.made,
        printed: run.printed,
        returned: run.returned,
        is_posted: run.posted_at.is_some(),
        is_withdrawn: run.withdrawn_at.is_some(),
    }
}
