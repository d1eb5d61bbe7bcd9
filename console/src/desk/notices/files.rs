//! The files of bundles: each whole or not there, and the same bytes whenever and wherever it is made.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use issuance::notice::{
    BundleSheet, PaperError, Press, Run,
    letter_number::LetterNumber,
    recipients::{self, RunId},
};
use office::notices::{Bundle, NoticeRun as Recorded};

use super::prepared::{Prepared, digest};
use crate::{
    config::secrets,
    desk::{trouble, work::Desk},
    tui::fault::Fault,
};

impl Desk {
    /// Writes the file of a bundle.
    pub(super) async fn bundle_written(&self, run: &Recorded, id: RunId, number: i64) -> Result<Bundle, Fault> {
        let prepared = self.prepared(run, id).await?;
        let press = self.printer.press().map_err(|error| trouble::of_paper(&error))?;
        let (file, run) = (self.bundle_file(run.number, number), run.clone());
        let written = tokio::task::spawn_blocking(move || write(&press, &prepared, &run, number, &file));
        let bundle = written.await.map_err(|error| trouble::other(&error))?;
        bundle.map_err(|error| trouble::of_paper(&error))
    }

    /// Writes letters that show what a run is like; gives how many, and where.
    pub(super) async fn samples_written(&self, run: &Recorded, id: RunId) -> Result<(usize, PathBuf), Fault> {
        let prepared = self.prepared(run, id).await?;
        let press = self.printer.press().map_err(|error| trouble::of_paper(&error))?;
        let (file, number) = (
            self.bundle_file(run.number, 0).with_file_name("samples.pdf"),
            run.number,
        );
        let written = tokio::task::spawn_blocking(move || {
            let mut letters = press.run(
                Vec::new(),
                &prepared.template,
                (&prepared.office, prepared.dated),
                prepared.style,
            )?;
            let samples = prepared.samples();
            for at in &samples {
                add(&mut letters, &prepared, number, *at)?;
            }
            let (pdf, _) = letters.finish()?;
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            secrets::private_folder(&folder)
                .and_then(|()| secrets::replace(&file, &pdf))
                .map_err(|source| PaperError::NotStored { folder, source })?;
            Ok((samples.len(), file))
        });
        let written = written.await.map_err(|error| trouble::other(&error))?;
        written.map_err(|error| trouble::of_paper(&error))
    }

    /// `notices/run-000012/bundle-0003.pdf`
    pub(super) fn bundle_file(&self, run: i64, bundle: i64) -> PathBuf {
        let folder = self.config.paper.folder.join("notices").join(format!("run-{run:06}"));
        folder.join(format!("bundle-{bundle:04}.pdf"))
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
            let at = usize::try_from(place - 1).unwrap_or(usize::MAX);
            add(&mut letters, prepared, run.number, at)?;
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

/// Adds the letter at a place of the plan, with its number at the foot.
fn add<W: std::io::Write>(
    letters: &mut Run<'_, W>,
    prepared: &Prepared,
    run: i64,
    at: usize,
) -> Result<(), PaperError> {
    let planned = prepared.plan.letters.get(at);
    let planned = planned.ok_or_else(|| PaperError::NotBound("a letter that was counted is not there".to_owned()))?;
    let letter = recipients::letter(&prepared.template, &prepared.population.people, planned, &prepared.said);
    let number = LetterNumber {
        run,
        letter: i32::try_from(at + 1).unwrap_or(i32::MAX),
    };
    letters.add_as(&letter, &number.to_string()).map(drop)
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
pub(super) fn as_made(file: &Path, wanted: &[u8; 32]) -> Option<Vec<u8>> {
    let mut pdf = Vec::new();
    File::open(file).ok()?.read_to_end(&mut pdf).ok()?;
    let mut hash = Context::new(&SHA256);
    hash.update(&pdf);
    (digest(hash) == *wanted).then_some(pdf)
}
