//! Dates as screens and papers show them.

use std::fmt;

use time::{Date, Weekday};

use super::{Era, FIRST_SOLAR_DAY, WrittenDate, days_within};

/// 令和8年11月22日; before 明治6年 in western form, because the lunar day is not computed here.
pub fn wareki(day: Date) -> String {
    match Era::of(day).filter(|_| day >= FIRST_SOLAR_DAY) {
        Some(era) => format!(
            "{}{}年{}月{}日",
            era.kanji(),
            year_word(era.year_of(day.year())),
            u8::from(day.month()),
            day.day()
        ),
        None => format!("西暦{}年{}月{}日", day.year(), u8::from(day.month()), day.day()),
    }
}

/// 令和8年11月22日(日)
pub fn wareki_with_weekday(day: Date) -> String {
    let weekday = match day.weekday() {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    };
    format!("{}({weekday})", wareki(day))
}

/// 令8.11.22, for narrow columns.
pub fn wareki_short(day: Date) -> String {
    match Era::of(day).filter(|_| day >= FIRST_SOLAR_DAY) {
        Some(era) => format!(
            "{}{}.{}.{}",
            era.short(),
            era.year_of(day.year()),
            u8::from(day.month()),
            day.day()
        ),
        None => format!("{}.{}.{}", day.year(), u8::from(day.month()), day.day()),
    }
}

impl WrittenDate {
    /// In 和暦 for screens and papers: 昭和45年3月1日, 昭和20年頃, 昭和20年(月日不詳), 不詳.
    pub fn wareki(&self) -> String {
        let year = self.year_in_wareki();
        let about = if self.approximate { "頃" } else { "" };
        match (self.year, self.month, self.day) {
            (None, None, _) if self.written_era.is_none() => "不詳".into(),
            (None, None, _) => format!("{year}(年月日不詳)"),
            (None, Some(month), Some(day)) => format!("{year}(年不詳){month}月{day}日"),
            (None, Some(month), None) => format!("{year}(年不詳){month}月"),
            (Some(_), Some(month), Some(day)) => format!("{year}{month}月{day}日{about}"),
            (Some(_), Some(month), None) if self.approximate => format!("{year}{month}月頃"),
            (Some(_), Some(month), None) => format!("{year}{month}月(日不詳)"),
            (Some(_), None, _) if self.approximate => format!("{year}頃"),
            (Some(_), None, _) => format!("{year}(月日不詳)"),
        }
    }

    /// In 和暦 for narrow columns: 昭45.3.1, 昭20頃, 昭20.3.?, ?.
    pub fn wareki_short(&self) -> String {
        let Some(western) = self.year else {
            return self.written_era.map_or("?".into(), |era| format!("{}?", era.short()));
        };
        let year = match self.era().filter(|_| self.shows_an_era()) {
            Some(era) => format!("{}{}", era.short(), era.year_of(western)),
            None => western.to_string(),
        };
        let about = if self.approximate { "頃" } else { "" };
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{year}.{month}.{day}{about}"),
            (Some(month), None) if self.approximate => format!("{year}.{month}頃"),
            (Some(month), None) => format!("{year}.{month}.?"),
            (None, _) if self.approximate => format!("{year}頃"),
            (None, _) => format!("{year}.?"),
        }
    }

    /// In western form, unknown parts as zeros: 1970-03-01, 1945-00-00, 0000-00-00.
    pub fn western(&self) -> String {
        format!(
            "{:04}-{:02}-{:02}",
            self.year.unwrap_or(0),
            self.month.unwrap_or(0),
            self.day.unwrap_or(0)
        )
    }

    /// For readers of English: 1970-03-01 (S45), about 1945 (S20), 1945-03 (S20, day unknown); what has no year is given as
    /// it was written.
    pub fn in_english(&self) -> String {
        let Some(year) = self.year else {
            return format!("unknown ({})", self.original);
        };
        let era = self.era().filter(|_| self.shows_an_era());
        let era = era.map(|era| format!("{}{}", era.letter(), era.year_of(year)));
        let about = if self.approximate { "about " } else { "" };
        let (date, missing) = match (self.month, self.day) {
            (Some(month), Some(day)) => (format!("{year}-{month:02}-{day:02}"), None),
            (Some(month), None) => (format!("{year}-{month:02}"), Some("day unknown")),
            (None, _) => (year.to_string(), Some("month and day unknown")),
        };
        let missing = missing.filter(|_| !self.approximate).map(str::to_owned);
        let beside: Vec<String> = era.into_iter().chain(missing).collect();
        match beside.is_empty() {
            true => format!("{about}{date}"),
            false => format!("{about}{date} ({})", beside.join(", ")),
        }
    }

    fn year_in_wareki(&self) -> String {
        let Some(western) = self.year else {
            return self.written_era.map_or(String::new(), |era| era.kanji().into());
        };
        if !self.shows_an_era() {
            return format!("西暦{western}年");
        }
        if let Some(era) = self.era() {
            return format!("{}{}年", era.kanji(), year_word(era.year_of(western)));
        }
        // A bare western year in which the era changed belongs to both.
        let eras = days_within(western, self.month, self.day).map(|(first, last)| (Era::of(first), Era::of(last)));
        match eras {
            Some((Some(old), Some(new))) => format!(
                "{}{}年/{}{}年",
                old.kanji(),
                year_word(old.year_of(western)),
                new.kanji(),
                year_word(new.year_of(western))
            ),
            _ => format!("西暦{western}年"),
        }
    }

    /// A western date before 太陽暦 has no 和暦 of the same month and day.
    fn shows_an_era(&self) -> bool {
        self.is_lunar() || self.year.is_none_or(|year| year >= FIRST_SOLAR_DAY.year())
    }
}

/// In 和暦, as on screens.
impl fmt::Display for WrittenDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wareki())
    }
}

fn year_word(year: i32) -> String {
    if year == 1 { "元".into() } else { year.to_string() }
}
