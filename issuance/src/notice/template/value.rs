//! Facts of letters: read once at the door, set in the letter's language.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use time::{Date, Month};
use unicode_normalization::UnicodeNormalization as _;

use super::Language;
use crate::era::{Era, WrittenDate, wareki};

/// What kind of fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Words, as they are.
    Text,
    /// A name, in its own characters.
    Name,
    Date,
    /// A month of a year.
    Month,
    /// An amount in yen.
    Yen,
    /// A number of things or days.
    Count,
}

/// A fact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    Text(String),
    Name(String),
    Date(Date),
    /// Year and month.
    Month(i32, u8),
    Yen(i64),
    Count(i64),
}

impl std::fmt::Debug for Value {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(…)")
    }
}

/// A text that is no fact of the kind asked for. The text itself is not repeated: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotThat(pub ValueKind);

impl NotThat {
    /// What is expected, in Japanese.
    pub const fn in_japanese(self) -> &'static str {
        match self.0 {
            ValueKind::Text | ValueKind::Name => "空欄です",
            ValueKind::Date => "日付として読めません(例 2026-06-01、令和8年6月1日)",
            ValueKind::Month => "年月として読めません(例 2026-06、令和8年6月)",
            ValueKind::Yen => "金額として読めません(例 12345、12,345円)",
            ValueKind::Count => "数として読めません(例 3)",
        }
    }

    /// What is expected, in English.
    pub const fn in_english(self) -> &'static str {
        match self.0 {
            ValueKind::Text | ValueKind::Name => "empty",
            ValueKind::Date => "not a date (2026-06-01)",
            ValueKind::Month => "not a month (2026-06)",
            ValueKind::Yen => "not an amount of yen (12345)",
            ValueKind::Count => "not a number (3)",
        }
    }
}

impl Value {
    /// Reads a cell of a file.
    ///
    /// # Errors
    /// [`NotThat`]
    pub fn read(kind: ValueKind, text: &str) -> Result<Self, NotThat> {
        let text = text.trim();
        let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        let read = match kind {
            ValueKind::Text => (!text.is_empty()).then(|| Self::Text(text.to_owned())),
            ValueKind::Name => (!text.is_empty()).then(|| Self::Name(text.to_owned())),
            ValueKind::Date => date(&folded).map(Self::Date),
            ValueKind::Month => month(&folded).map(|(year, month)| Self::Month(year, month)),
            ValueKind::Yen => {
                let bare = folded.trim_start_matches(['¥', '\\']).trim_end_matches('円');
                number(bare).map(Self::Yen)
            }
            ValueKind::Count => number(&folded).map(Self::Count),
        };
        read.ok_or(NotThat(kind))
    }

    /// The number in it, for sums.
    pub(crate) const fn amount(&self) -> i64 {
        match self {
            Self::Yen(amount) | Self::Count(amount) => *amount,
            _ => 0,
        }
    }

    /// The same kind of number.
    pub(crate) fn with_amount(&self, amount: i64) -> Self {
        match self {
            Self::Yen(_) => Self::Yen(amount),
            _ => Self::Count(amount),
        }
    }

    /// Adds the fact's words to `out`.
    pub(crate) fn set(&self, language: Language, out: &mut String) {
        let english = language == Language::English;
        match self {
            Self::Text(text) | Self::Name(text) => out.push_str(text),
            Self::Date(date) if english => {
                // Writing into a string can't fail.
                let _ = write!(out, "{} {} {}", date.day(), date.month(), date.year());
            }
            Self::Date(date) => out.push_str(&wareki(*date)),
            Self::Month(year, month) if english => {
                let name = Month::try_from(*month)
                    .map(|month| month.to_string())
                    .unwrap_or_default();
                let _ = write!(out, "{name} {year}");
            }
            Self::Month(year, month) => {
                let last = Month::try_from(*month)
                    .ok()
                    .and_then(|name| Date::from_calendar_date(*year, name, name.length(*year)).ok());
                let whole = last.map(wareki).unwrap_or_default();
                // Up to the month: 令和8年6月
                out.push_str(whole.split_inclusive('月').next().unwrap_or_default());
            }
            Self::Yen(amount) => {
                grouped(*amount, out);
                out.push_str(if english { " yen" } else { "円" });
            }
            Self::Count(count) => grouped(*count, out),
        }
    }
}

fn number(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| *c != ',').collect();
    // Amounts of a person's life fit into twelve digits; what is longer slipped a column.
    (digits.len() <= 12).then_some(())?;
    digits.parse().ok()
}

fn date(text: &str) -> Option<Date> {
    let written = WrittenDate::read_as_registered(text).ok()?;
    let month = Month::try_from(written.month()?).ok()?;
    Date::from_calendar_date(written.year()?, month, written.day()?).ok()
}

fn month(text: &str) -> Option<(i32, u8)> {
    let western: String = text
        .chars()
        .filter(|c| !matches!(c, '-' | '/' | '.' | '年' | '月'))
        .collect();
    if text.starts_with(|c: char| c.is_ascii_digit()) && western.bytes().all(|b| b.is_ascii_digit()) {
        let parts: Vec<&str> = text
            .split(['-', '/', '.', '年', '月'])
            .filter(|part| !part.is_empty())
            .collect();
        let (year, month) = match parts[..] {
            [year, month] if year.len() == 4 => (year, month),
            [both] if both.len() == 6 => both.split_at(4),
            _ => return None,
        };
        return in_range(year.parse().ok()?, month.parse().ok()?);
    }
    // 令和8年6月, R8.6: with a day it is a date.
    let whole = match text.contains('年') {
        true => format!("{}1日", text.trim_end_matches('日')),
        false => format!("{text}.1"),
    };
    let date = date(&whole)?;
    Era::of(date)?;
    in_range(date.year(), u8::from(date.month()))
}

fn in_range(year: i32, month: u8) -> Option<(i32, u8)> {
    ((1900..=2200).contains(&year) && (1..=12).contains(&month)).then_some((year, month))
}

fn grouped(number: i64, out: &mut String) {
    if number < 0 {
        out.push('-');
    }
    let digits = number.unsigned_abs().to_string();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: ValueKind, text: &str, language: Language) -> String {
        let mut out = String::new();
        Value::read(kind, text).unwrap().set(language, &mut out);
        out
    }

    #[test]
    fn facts_are_read_as_offices_write_them_and_set_as_letters_do() {
        let ja = Language::Japanese;
        for written in ["2026-06", "2026/6", "202606", "令和8年6月", "R8.6", "２０２６年６月"] {
            assert_eq!(set(ValueKind::Month, written, ja), "令和8年6月", "{written}");
        }
        assert_eq!(set(ValueKind::Month, "2026-06", Language::English), "June 2026");
        assert_eq!(set(ValueKind::Date, "2019-05-01", ja), "令和元年5月1日");
        assert_eq!(set(ValueKind::Yen, "￥１２３４５", ja), "12,345円");
        assert_eq!(set(ValueKind::Yen, "-1,000円", ja), "-1,000円");
        assert_eq!(set(ValueKind::Count, "0", ja), "0");
    }

    #[test]
    fn what_is_no_such_fact_is_refused_by_its_kind() {
        for (kind, text) in [
            (ValueKind::Text, " "),
            (ValueKind::Month, "2026-13"),
            (ValueKind::Month, "6"),
            (ValueKind::Date, "2026-02-30"),
            (ValueKind::Yen, "12.5"),
            (ValueKind::Yen, "1234567890123"),
            (ValueKind::Count, "三"),
        ] {
            assert_eq!(Value::read(kind, text), Err(NotThat(kind)), "{text}");
        }
    }
}
