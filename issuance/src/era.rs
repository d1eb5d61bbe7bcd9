//! 和暦 and 西暦: dates as people write them, with their unknown parts kept unknown.
//!
//! A birthday is a fact on paper before it is a point in time: 「昭和20年頃」 has no month, and the text is kept as
//! written beside what could be read from it. [`WrittenDate`] is that pair. Reading is in `era/reading.rs`, the words
//! for screens in `era/wording.rs`, ages by 年齢計算ニ関スル法律 in [`age`].
//!
//! Era boundaries: 明治 1868-01-25, 大正 1912-07-30, 昭和 1926-12-25, 平成 1989-01-08 (昭和64年政令第1号),
//! 令和 2019-05-01 (平成31年政令第143号). The day an era changed may be written both ways up to 昭和; 太陽暦 came
//! with 明治6年1月1日 = 1873-01-01 (明治5年太政官布告第337号).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month, macros::date};

pub mod age;
mod reading;
mod wording;

pub use wording::{wareki, wareki_short, wareki_with_weekday};

/// The first day of the solar calendar in Japan; month and day written in 和暦 before it are lunar.
pub const FIRST_SOLAR_DAY: Date = date!(1873 - 01 - 01);

/// The eras in which a living or registered person can have been born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// 明治
    Meiji,
    /// 大正
    Taisho,
    /// 昭和
    Showa,
    /// 平成
    Heisei,
    /// 令和
    Reiwa,
}

impl Era {
    /// Every era, oldest first.
    pub const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The day the era began.
    pub const fn first_day(self) -> Date {
        match self {
            Self::Meiji => date!(1868 - 01 - 25),
            Self::Taisho => date!(1912 - 07 - 30),
            Self::Showa => date!(1926 - 12 - 25),
            Self::Heisei => date!(1989 - 01 - 08),
            Self::Reiwa => date!(2019 - 05 - 01),
        }
    }

    /// The last day that may be written in this era; `None` for the present one. 明治 and 大正 end on the very day the
    /// next era began (the change took effect at once), 昭和 and 平成 on the day before it.
    pub const fn last_day(self) -> Option<Date> {
        match self {
            Self::Meiji => Some(date!(1912 - 07 - 30)),
            Self::Taisho => Some(date!(1926 - 12 - 25)),
            Self::Showa => Some(date!(1989 - 01 - 07)),
            Self::Heisei => Some(date!(2019 - 04 - 30)),
            Self::Reiwa => None,
        }
    }

    /// The era of `day`; on a boundary day the newer one. `None` before 明治.
    pub fn of(day: Date) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|era| day >= era.first_day())
    }

    /// The western year of the era's year `year` (1 = 元年).
    pub const fn western(self, year: i32) -> i32 {
        self.first_day().year() + year - 1
    }

    /// The era's year (1 = 元年) of a western year.
    pub const fn year_of(self, western: i32) -> i32 {
        western - self.first_day().year() + 1
    }

    /// 昭和
    pub const fn kanji(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// 昭
    pub const fn short(self) -> &'static str {
        match self {
            Self::Meiji => "明",
            Self::Taisho => "大",
            Self::Showa => "昭",
            Self::Heisei => "平",
            Self::Reiwa => "令",
        }
    }

    /// S
    pub const fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// The code used in seven-digit dates and in JPKI certificates: 1 明治 … 5 令和.
    pub const fn code(self) -> u8 {
        self as u8 + 1
    }
}

/// A date as it stands on paper: what could be read from it, and the text itself.
///
/// Made only by reading ([`WrittenDate::read`]) or from a calendar date, so the parts are always possible together.
/// Serialises as the text alone and is read again from it, so text and parts cannot come apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WrittenDate {
    year: Option<i32>,
    month: Option<u8>,
    day: Option<u8>,
    written_era: Option<Era>,
    approximate: bool,
    original: String,
}

/// A birthday: a [`WrittenDate`], unknown parts and all.
pub type Birthday = WrittenDate;

/// Something a clerk should know about a date that was read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateWarning {
    /// 平成35年, 昭和64年1月8日: an era that had ended by then; converted.
    OldForm,
    /// Before 明治6年: month and day are of the lunar calendar and have no exact western date here.
    Lunar,
    /// 頃, 推定: the parts are not certain.
    Approximate,
    /// Some part is unknown.
    Partial,
    /// The calendar has no such day (昭和20年2月30日): old registers hold them.
    NoSuchDay,
}

/// Why a text was not taken for a date. Never carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    #[error("no date is written; write 不詳 when it is unknown")]
    Empty,
    /// The form is not known.
    #[error("not a date; write 昭和45年3月1日, S45.3.1, 1970-03-01 or 19700301")]
    NotADate,
    /// Six bare digits and the like: more than one reading.
    #[error("more than one reading; write the era or four digits of the year")]
    Ambiguous,
    /// 2月30日, 13月.
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    /// A day is given, the month is not.
    #[error("a day without its month")]
    DayWithoutMonth,
    /// 昭和元年12月24日: the era had not begun.
    #[error("{} had not begun by then", .0.kanji())]
    EraNotYet(Era),
    /// More than thirty years after the era's end.
    #[error("{} was long over by then", .0.kanji())]
    EraLongOver(Era),
    /// An era code and a year that do not belong together.
    #[error("the era and the western year do not belong together")]
    EraDisagrees,
    /// Before 明治, or a year no living memory or plan reaches.
    #[error("outside the years this office knows (1868 to 2199)")]
    OutOfRange,
}

impl DateError {
    /// The reason as a clerk reads it.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::Empty => "日付が空です(不明なときは「不詳」と書いてください)".into(),
            Self::NotADate => "日付として読めません(例 昭和45年3月1日、S45.3.1、1970-03-01、19700301)".into(),
            Self::Ambiguous => "二通りに読めます(元号か西暦4桁を付けてください)".into(),
            Self::NoSuchDay => "暦にない日付です".into(),
            Self::DayWithoutMonth => "月がないのに日があります".into(),
            Self::EraNotYet(era) => format!("{}はまだ始まっていない日付です", era.kanji()),
            Self::EraLongOver(era) => format!("{}が終わって30年を超えた日付です", era.kanji()),
            Self::EraDisagrees => "元号と西暦が合いません".into(),
            Self::OutOfRange => "扱える年(1868年から2199年)の外です".into(),
        }
    }
}

impl WrittenDate {
    /// Reads a date in any form in use at the counter: 昭和45年3月1日, 昭45.3.1, S45.3.1, s450301, 1970-03-01,
    /// 1970/3/1, 19700301, 3450301 (era code), 昭和四十五年三月一日, ㍼45年, 元年; with unknown parts: 昭和20年頃,
    /// 1945-00-00, 昭和20年月日不詳, 明治年月日不詳, 不詳. Width, case and spaces do not matter.
    ///
    /// # Errors
    /// [`DateError`], which says why and how to write it.
    pub fn read(text: &str) -> Result<Self, DateError> {
        reading::read(text)
    }

    /// As [`WrittenDate::read`], for what a register holds: a day that the calendar does not have (昭和20年2月30日) is a
    /// person's birthday all the same, with a warning.
    ///
    /// # Errors
    /// [`DateError`]; [`DateError::NoSuchDay`] only for a 32nd or a 13th month.
    pub fn read_as_registered(text: &str) -> Result<Self, DateError> {
        reading::read_as_registered(text)
    }

    /// Nothing is known (不詳).
    pub fn unknown() -> Self {
        Self {
            year: None,
            month: None,
            day: None,
            written_era: None,
            approximate: false,
            original: "不詳".into(),
        }
    }

    /// Western year. For a lunar date the year in which most of the lunar year lay.
    pub const fn year(&self) -> Option<i32> {
        self.year
    }

    /// Month, 1–12.
    pub const fn month(&self) -> Option<u8> {
        self.month
    }

    /// Day, 1–31.
    pub const fn day(&self) -> Option<u8> {
        self.day
    }

    /// The text as written.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Whether it was written as 頃, 約 or 推定.
    pub const fn is_approximate(&self) -> bool {
        self.approximate
    }

    /// The era the date belongs to: as written while that is right, converted when the era had ended. `None` when it
    /// can't be told (不詳, or a bare western year in which the era changed).
    pub fn era(&self) -> Option<Era> {
        let Some(year) = self.year else {
            return self.written_era;
        };
        if let Some(era) = self.written_era
            && !self.is_old_form()
        {
            return Some(era);
        }
        let (first, last) = days_within(year, self.month, self.day)?;
        let (first, last) = (Era::of(first), Era::of(last));
        if first == last { first } else { None }
    }

    /// The calendar day, when all of it is known, certain and solar.
    pub fn date(&self) -> Option<Date> {
        if self.approximate || self.is_lunar() {
            return None;
        }
        calendar_day(self.year?, self.month?, self.day?)
    }

    /// Whether year, month and day are all known and certain.
    pub fn is_whole(&self) -> bool {
        !self.approximate && self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    /// Whether month and day are of the lunar calendar: written in 和暦 before 明治6年.
    pub fn is_lunar(&self) -> bool {
        self.written_era == Some(Era::Meiji) && self.year.is_some_and(|year| year < FIRST_SOLAR_DAY.year())
    }

    /// What a clerk should know about the date, in a fixed order.
    pub fn warnings(&self) -> Vec<DateWarning> {
        let mut warnings = Vec::new();
        if self.is_old_form() {
            warnings.push(DateWarning::OldForm);
        }
        if self.is_lunar() || self.year.is_some_and(|year| year < FIRST_SOLAR_DAY.year()) {
            warnings.push(DateWarning::Lunar);
        }
        if self.approximate {
            warnings.push(DateWarning::Approximate);
        }
        if self.year.is_none() || self.month.is_none() || self.day.is_none() {
            warnings.push(DateWarning::Partial);
        }
        if self.is_whole() && !self.is_lunar() && self.date().is_none() {
            warnings.push(DateWarning::NoSuchDay);
        }
        warnings
    }

    /// The first and the last day it can have been. `None` when nothing at all is known.
    ///
    /// 頃 is taken as up to five years either way: wide enough that no rule is decided on a guess. A lunar year runs
    /// into the February after it.
    pub fn span(&self) -> Option<(Date, Date)> {
        let Some(year) = self.year else {
            let era = self.written_era?;
            return Some((era.first_day(), era.last_day().unwrap_or(date!(2199 - 12 - 31))));
        };
        let (mut first, mut last) = if self.is_lunar() {
            (calendar_day(year, 1, 1)?, calendar_day(year + 1, 2, 28)?)
        } else {
            days_within(year, self.month, self.day)?
        };
        if let (Some(era), false) = (self.written_era, self.is_lunar() || self.is_old_form()) {
            first = first.max(era.first_day());
            last = era.last_day().map_or(last, |end| last.min(end));
        }
        if self.approximate {
            first = calendar_day(first.year() - 5, 1, 1)?;
            last = calendar_day(last.year() + 5, 12, 31)?;
        }
        Some((first, last))
    }

    /// Whether two writings can be of the same day: `Some(true)` when they say the same, `Some(false)` when a known
    /// part contradicts, `None` when an unknown part leaves it open.
    pub fn says_the_same(&self, other: &Self) -> Option<bool> {
        if let (Some(mine), Some(theirs)) = (self.date(), other.date()) {
            return Some(mine == theirs);
        }
        if let (Some((first, last)), Some((other_first, other_last))) = (self.span(), other.span())
            && (last < other_first || other_last < first)
        {
            return Some(false);
        }
        let parts = |date: &Self| (date.year, date.month, date.day, date.approximate, date.is_lunar());
        if parts(self) == parts(other) && self.year.is_some() {
            return Some(true);
        }
        let certain = !self.approximate && !other.approximate && self.is_lunar() == other.is_lunar();
        let differs = |a: Option<u8>, b: Option<u8>| matches!((a, b), (Some(a), Some(b)) if a != b);
        if certain && (differs(self.month, other.month) || differs(self.day, other.day)) {
            return Some(false);
        }
        None
    }

    /// Whether the date was written in an era that had ended by then.
    fn is_old_form(&self) -> bool {
        let (Some(era), Some(year)) = (self.written_era, self.year) else {
            return false;
        };
        let Some(end) = era.last_day() else { return false };
        // Only when no possible day lies within the era: 平成31年 alone is right, 平成31年6月 is not.
        days_within(year, self.month, self.day).is_some_and(|(first, _)| first > end)
    }
}

impl From<Date> for WrittenDate {
    fn from(day: Date) -> Self {
        Self {
            year: Some(day.year()),
            month: Some(day.month().into()),
            day: Some(day.day()),
            written_era: None,
            approximate: false,
            original: format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day()),
        }
    }
}

impl FromStr for WrittenDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text)
    }
}

/// Quiet: a birthday is personal and must not reach a log through `{:?}`.
impl fmt::Debug for WrittenDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenDate(…)")
    }
}

impl Serialize for WrittenDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.original)
    }
}

impl<'de> Deserialize<'de> for WrittenDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // What was stored was taken once, a register's odd birthday too.
        Self::read_as_registered(&text).map_err(de::Error::custom)
    }
}

/// Calendar days in stored records as `2026-11-22`, for `#[serde(with = "crate::era::iso_day")]`: an auditor reads them
/// without this program.
pub mod iso_day {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use time::{Date, format_description::well_known::Iso8601};

    /// Writes the day.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }

    /// Reads the day.
    ///
    /// # Errors
    /// The text is no day of that form.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        Date::parse(&text, &Iso8601::DATE).map_err(de::Error::custom)
    }
}

/// The day, if the calendar has it.
fn calendar_day(year: i32, month: u8, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// The first and last calendar day that fit the known parts.
fn days_within(year: i32, month: Option<u8>, day: Option<u8>) -> Option<(Date, Date)> {
    match (month, day) {
        (Some(month), Some(day)) => {
            // A lunar 2月30日 has no solar day of that name; the month's last day stands in for ordering.
            let last = Month::try_from(month).ok()?.length(year);
            let day = calendar_day(year, month, day.min(last))?;
            Some((day, day))
        }
        (Some(month), None) => {
            let last = Month::try_from(month).ok()?.length(year);
            Some((calendar_day(year, month, 1)?, calendar_day(year, month, last)?))
        }
        (None, _) => Some((calendar_day(year, 1, 1)?, calendar_day(year, 12, 31)?)),
    }
}

#[cfg(test)]
mod tests;
