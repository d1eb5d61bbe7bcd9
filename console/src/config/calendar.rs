//! `[calendar]`: the list of holidays that took the place of the one built in, and the office's own closing days.

use std::{fs, path::PathBuf};

use issuance::calendar::{Calendar, CalendarError, OwnDays};
use settings::{Fault, Section};
use time::{Date, format_description::well_known::Iso8601};

/// `[calendar]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClosedDays {
    /// The Cabinet Office's CSV, where a newer one than the one built in is there.
    pub holidays_file: Option<PathBuf>,
    /// The office's own closing days.
    pub own: OwnDays,
}

/// Why the calendar can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// The file can't be read.
    #[error("{}: {source}", file.display())]
    File {
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds no list of holidays.
    #[error("{}: {source}", file.display())]
    List { file: PathBuf, source: CalendarError },
}

impl ClosedDays {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let usual = OwnDays::default();
        let written = section.lines_or("closed_days", &[]);
        let days = written
            .iter()
            .map(|day| Date::parse(day, &Iso8601::DATE).ok())
            .collect::<Option<_>>();
        if days.is_none() {
            section.mistake("closed_days", Fault::Malformed("2026-12-28"));
        }
        Self {
            holidays_file: section.path_if_present("holidays_file"),
            own: OwnDays {
                year_end_from: section.number_or("year_end_from", 1..=31, usual.year_end_from),
                new_year_until: section.number_or("new_year_until", 1..=31, usual.new_year_until),
                days: days.unwrap_or_default(),
            },
        }
    }

    /// Opens the calendar: the file's holidays or those built in, with the office's own days.
    ///
    /// # Errors
    /// [`NotOpened`], with the file.
    pub fn open(&self) -> Result<Calendar, NotOpened> {
        let Some(file) = &self.holidays_file else {
            return Ok(Calendar::default().with_own(self.own.clone()));
        };
        let list = fs::read(file).map_err(|source| NotOpened::File {
            file: file.clone(),
            source,
        })?;
        Calendar::read(&list, self.own.clone()).map_err(|source| NotOpened::List {
            file: file.clone(),
            source,
        })
    }
}
