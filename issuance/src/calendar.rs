//! 閉庁日: the days on which the counter is closed, for every deadline there is.
//!
//! The holidays come from the list that the Cabinet Office publishes each February for that year and the next
//! (国民の祝日に関する法律; 振替休日 and 国民の休日 stand in the list and are not computed). The list is a file that the
//! office can replace; the one built in lies beside this module. Days after the announced years are marked 計算: an
//! equinox is fixed only by its announcement (暦要項, 官報 of the February before), so that a deadline that rests on
//! one is provisional and says so.
//!
//! The office's own closing days come by its own rule (条例): 12月29日–1月3日 as most write it, and single days.
//! A deadline that falls on a closed day moves to the next open one (民法142条; 地方自治法4条の2第4項).

use std::collections::{BTreeMap, BTreeSet};

use encoding_rs::SHIFT_JIS;
use time::{Date, Duration, Month, Weekday};

/// The list built in.
const BUILT_IN: &str = include_str!("calendar/holidays.csv");
/// How long before its announced days end the list should be replaced: the next one is published in February, ten
/// months before the year it adds begins.
const TELL_BEFORE: Duration = Duration::days(120);

/// Which days are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeMap<Date, Holiday>,
    /// The last day of the last announced year.
    announced_until: Date,
    own: OwnDays,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Holiday {
    name: String,
    computed: bool,
}

/// Days on which this office is closed by its own rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnDays {
    /// Over the New Year: from this month and day of December …
    pub year_end_from: u8,
    /// … to this day of January.
    pub new_year_until: u8,
    /// Single days: a move, a day of works.
    pub days: BTreeSet<Date>,
}

impl Default for OwnDays {
    /// 12月29日–1月3日 (地方自治法4条の2第2項3号, as nearly every 条例 sets it).
    fn default() -> Self {
        Self {
            year_end_from: 29,
            new_year_until: 3,
            days: BTreeSet::new(),
        }
    }
}

/// Why a day is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    Weekend,
    /// A national holiday, by name.
    Holiday(String),
    /// Over the New Year.
    NewYear,
    /// A closing day of the office's own.
    Own,
}

/// A last day, moved to an open one where it fell on closed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastDay {
    /// The day as counted.
    pub counted: Date,
    /// The day that counts: the same, or the next open one.
    pub day: Date,
    /// Whether holidays that are not announced yet may still move it.
    pub provisional: bool,
}

impl LastDay {
    /// Whether the day was moved.
    pub fn is_moved(self) -> bool {
        self.day != self.counted
    }
}

/// Why a list of holidays is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A line that is not a day and its name.
    #[error("line {line} of the list of holidays is not a date and a name (2026/1/1,元日)")]
    Line {
        /// From 1.
        line: usize,
    },
    /// No holiday in it.
    #[error("the list of holidays has no announced day")]
    Empty,
    /// A year of it has fewer holidays than the law names: the list is cut short.
    #[error("the list of holidays has only {days} days in {year}: it is cut short")]
    TooFew {
        year: i32,
        /// How many days it has.
        days: usize,
    },
}

/// How the announced days stand on some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataEnd {
    /// The last day that is announced.
    pub announced_until: Date,
    /// Whether that day has passed.
    pub is_over: bool,
}

impl Default for Calendar {
    fn default() -> Self {
        // A test reads the built-in list; were it broken there would be no holidays, never a panic at the counter.
        Self::read(BUILT_IN.as_bytes(), OwnDays::default()).unwrap_or(Self {
            holidays: BTreeMap::new(),
            announced_until: Date::MIN,
            own: OwnDays::default(),
        })
    }
}

impl Calendar {
    /// Reads a list of holidays: the Cabinet Office's CSV as it is published (CP932, `2026/1/1,元日`), or the same in
    /// UTF-8 with a third column that says 計算 for days not announced yet.
    ///
    /// # Errors
    /// [`CalendarError`]
    pub fn read(list: &[u8], own: OwnDays) -> Result<Self, CalendarError> {
        let text = match std::str::from_utf8(list) {
            Ok(text) => text.to_owned(),
            Err(_) => SHIFT_JIS.decode_without_bom_handling(list).0.into_owned(),
        };
        let text = text.trim_start_matches('\u{feff}');
        let mut holidays = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let mut fields = line.split(',').map(str::trim);
            let (day, name) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            // The heading, and empty lines behind the last.
            if day.is_empty() || (at == 0 && !day.starts_with(|c: char| c.is_ascii_digit())) {
                continue;
            }
            let day = day_of(day)
                .filter(|_| !name.is_empty())
                .ok_or(CalendarError::Line { line: at + 1 })?;
            let computed = fields.next() == Some("計算");
            let name = name.to_owned();
            holidays.insert(day, Holiday { name, computed });
        }
        let mut years: BTreeMap<i32, usize> = BTreeMap::new();
        for day in holidays.keys() {
            *years.entry(day.year()).or_default() += 1;
        }
        // Sixteen days are named by the law since 平成28年; years before it had fourteen and more.
        if let Some((year, days)) = years.into_iter().find(|(year, days)| *year >= 2016 && *days < 16) {
            return Err(CalendarError::TooFew { year, days });
        }
        let announced = holidays.iter().filter(|(_, holiday)| !holiday.computed);
        let last = announced.map(|(day, _)| day.year()).max().ok_or(CalendarError::Empty)?;
        let announced_until = Date::from_calendar_date(last, Month::December, 31).map_err(|_| CalendarError::Empty)?;
        Ok(Self {
            holidays,
            announced_until,
            own,
        })
    }

    /// The same holidays with other closing days of the office's own.
    #[must_use]
    pub fn with_own(mut self, own: OwnDays) -> Self {
        self.own = own;
        self
    }

    /// Why the counter is closed on `day`; `None` when it is open.
    pub fn closed(&self, day: Date) -> Option<Closed> {
        let own = &self.own;
        if own.days.contains(&day) {
            return Some(Closed::Own);
        }
        let over_new_year = match day.month() {
            Month::December => day.day() >= own.year_end_from,
            Month::January => day.day() <= own.new_year_until,
            _ => false,
        };
        if let Some(holiday) = self.holidays.get(&day) {
            return Some(Closed::Holiday(holiday.name.clone()));
        }
        if over_new_year {
            return Some(Closed::NewYear);
        }
        matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday).then_some(Closed::Weekend)
    }

    /// `counted`, or the next day that no law closes: what a document is good for does not hang on this office's own
    /// closing days.
    pub fn last_day_by_law(&self, counted: Date) -> LastDay {
        self.clone().with_own(OwnDays::default()).last_day(counted)
    }

    /// `counted`, or the next day on which the counter is open.
    pub fn last_day(&self, counted: Date) -> LastDay {
        let mut day = counted;
        let mut provisional = counted > self.announced_until;
        while self.closed(day).is_some() {
            let Some(next) = day.next_day() else { break };
            day = next;
            provisional |= day > self.announced_until;
        }
        LastDay {
            counted,
            day,
            provisional,
        }
    }

    /// The last day of `months` from the day `from`, which is not counted itself (民法140条・143条: the day before the
    /// one that corresponds to the first counted; the month's last day where there is none).
    pub fn months_from(&self, from: Date, months: u8) -> LastDay {
        self.last_day(after_months(from, months))
    }

    /// Days of the list that are computed and not announced yet.
    pub fn computed(&self) -> impl Iterator<Item = (Date, &str)> {
        let computed = self.holidays.iter().filter(|(_, holiday)| holiday.computed);
        computed.map(|(day, holiday)| (*day, holiday.name.as_str()))
    }

    /// That the announced days end soon, or have ended, on `today`; `None` while there is time.
    pub fn ends_soon(&self, today: Date) -> Option<DataEnd> {
        (self.announced_until - today < TELL_BEFORE).then_some(DataEnd {
            announced_until: self.announced_until,
            is_over: self.announced_until < today,
        })
    }

    /// The last day whose holidays are announced.
    pub const fn announced_until(&self) -> Date {
        self.announced_until
    }
}

/// The day of the same number `months` later; the month's last where it has none.
pub fn after_months(from: Date, months: u8) -> Date {
    let month = i32::from(u8::from(from.month())) - 1 + i32::from(months);
    let (year, month) = (from.year() + month / 12, Month::January.nth_next((month % 12) as u8));
    let day = from.day().min(month.length(year));
    Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX)
}

/// `2026/1/1` or `2026-01-01`.
fn day_of(text: &str) -> Option<Date> {
    let mut parts = text.split(['/', '-']);
    let mut next = || parts.next();
    let (year, month, day) = (next()?, next()?, next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    parts.next().is_none().then_some(date)
}

#[cfg(test)]
mod tests;
