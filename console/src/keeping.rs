//! How long printed papers are kept as files: for printing them again, `[paper] keep_days`, and no longer.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use office::{Act, Office, OfficeError, cases::Paper as Kind};
use time::{Date, Duration, OffsetDateTime};

use crate::config::Paper;

/// Why files past their time are still there.
#[derive(Debug, thiserror::Error)]
pub enum NotCleaned {
    /// That they are removed could not be recorded, so they were not.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The folder cannot be read, or a file not removed.
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// Removes the papers printed more than the configured days before `now`, the removal recorded first; how many.
///
/// # Errors
/// [`NotCleaned`]
pub async fn clean(paper: &Paper, office: &Office, act: &Act, now: OffsetDateTime) -> Result<usize, NotCleaned> {
    let before = first_kept(now, paper.keep_days);
    let past = past(&paper.folder, before, now)?;
    if past.is_empty() {
        return Ok(0);
    }
    office.papers_removed(act, past.len(), before).await?;
    for path in &past {
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(NotCleaned::File {
                    path: path.clone(),
                    source,
                });
            }
            _ => {}
        }
    }
    Ok(past.len())
}

/// The day whose papers are the first to stay.
fn first_kept(now: OffsetDateTime, keep_days: u16) -> Date {
    let days = Duration::days(i64::from(keep_days));
    now.date().checked_sub(days).unwrap_or(Date::MIN)
}

/// Papers of ours in `folder` that were last written before the day `before`, by the clock of `now`'s place.
fn past(folder: &Path, before: Date, now: OffsetDateTime) -> Result<Vec<PathBuf>, NotCleaned> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |source| NotCleaned::File { path, source }
    };
    let entries = match fs::read_dir(folder) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(of(folder))?,
    };
    let mut past = Vec::new();
    for entry in entries {
        let path = entry.map_err(of(folder))?.path();
        if !is_ours(&path) {
            continue;
        }
        let written = match fs::symlink_metadata(&path).and_then(|about| about.modified()) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
            written => OffsetDateTime::from(written.map_err(of(&path))?),
        };
        if written.to_offset(now.offset()).date() < before {
            past.push(path);
        }
    }
    past.sort();
    Ok(past)
}

/// `notice-2026-000352-….pdf`, or what was left of one that was being written.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Kind::ALL.iter().any(|kind| {
        name.strip_prefix(kind.as_str()).is_some_and(|rest| {
            rest.strip_prefix('-')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    })
}

#[cfg(test)]
mod tests {
    use relay_core::clock::{Clock as _, SystemClock};

    use time::macros::offset;

    use super::*;

    #[test]
    fn papers_are_kept_for_their_days_and_other_peoples_files_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemClock.now().to_offset(offset!(+9));
        for (name, days) in [
            ("notice-2026-000001-a.pdf", 91),
            ("receipt-2026-000001-b.pdf", 89),
            ("application-2026-000002-c.pdf", 400),
            ("notices.pdf", 400),
            ("family.jpg", 400),
        ] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified((now - Duration::days(days)).into()).unwrap();
        }
        let past = past(folder.path(), first_kept(now, 90), now).unwrap();
        let names: Vec<_> = past.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["application-2026-000002-c.pdf", "notice-2026-000001-a.pdf"]);
        let nothing_printed = super::past(&folder.path().join("none"), first_kept(now, 90), now).unwrap();
        assert!(nothing_printed.is_empty());
    }
}
