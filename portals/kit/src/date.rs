//! Days and times as people in Japan say them: 和暦 and 西暦 side by side, on Japan's clock.

use relay_core::clock::JST;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::date};

use crate::{
    page::Html,
    words::{Language, Say},
};

/// A moment for a page's `<time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For machines (RFC 3339), in Japan's offset.
    pub machine: String,
    pub said: Html,
}

impl Say<'_> {
    /// The day and the time of it: 令和8年(2026年)11月22日(日曜日) 14時05分.
    pub fn moment(&self, at: OffsetDateTime) -> Moment {
        // On the last day that can be written there is no Japanese time: it is said as it came.
        let at = at.checked_to_offset(JST).unwrap_or(at);
        Moment {
            machine: at
                .replace_nanosecond(0)
                .unwrap_or(at)
                .format(&Rfc3339)
                .unwrap_or_default(),
            said: self.said("moment", at),
        }
    }

    /// The day alone.
    pub fn day(&self, day: Date) -> Moment {
        Moment {
            machine: day.to_string(),
            said: self.said("day", day.midnight().assume_offset(JST)),
        }
    }

    fn said(&self, key: &str, at: OffsetDateTime) -> Html {
        let day = at.date();
        let (era, year) = era(day);
        let name = match self.language {
            Language::English => era.latin,
            _ => era.name,
        };
        let era_year = match (year, self.language) {
            // The first year is 元年 in every official paper.
            (1, Language::Japanese) => "元".to_owned(),
            (year, _) => year.to_string(),
        };
        let month_name = day.month().to_string();
        let (year, month, number) = (
            day.year().to_string(),
            u8::from(day.month()).to_string(),
            day.day().to_string(),
        );
        let (kanji, weekday_reading) = WEEKDAYS[usize::from(day.weekday().number_days_from_monday())];
        let weekday = match self.language {
            Language::English => day.weekday().to_string(),
            _ => kanji.to_owned(),
        };
        let (hour, minute) = (at.hour().to_string(), format!("{:02}", at.minute()));
        self.html_with(
            key,
            &[
                ("era", name),
                ("era_reading", era.reading),
                ("era_year", &era_year),
                ("year", &year),
                ("month", &month),
                ("month_name", &month_name),
                ("day", &number),
                ("weekday", &weekday),
                ("weekday_reading", weekday_reading),
                ("hour", &hour),
                ("minute", &minute),
            ],
        )
    }
}

struct Era {
    name: &'static str,
    reading: &'static str,
    latin: &'static str,
    first: Date,
}

/// 元号を改める政令 of 1989-01-07 and 2019-04-01, and the edicts before them; the newest first.
const ERAS: [Era; 5] = [
    Era {
        name: "令和",
        reading: "れいわ",
        latin: "Reiwa",
        first: date!(2019 - 05 - 01),
    },
    Era {
        name: "平成",
        reading: "へいせい",
        latin: "Heisei",
        first: date!(1989 - 01 - 08),
    },
    Era {
        name: "昭和",
        reading: "しょうわ",
        latin: "Showa",
        first: date!(1926 - 12 - 25),
    },
    Era {
        name: "大正",
        reading: "たいしょう",
        latin: "Taisho",
        first: date!(1912 - 07 - 30),
    },
    // From 明治6年 on Japan counts the days as the West does (明治5年太政官布告第337号).
    Era {
        name: "明治",
        reading: "めいじ",
        latin: "Meiji",
        first: date!(1868 - 01 - 25),
    },
];

fn era(day: Date) -> (&'static Era, i32) {
    let era = ERAS.iter().find(|era| day >= era.first).unwrap_or(&ERAS[4]);
    (era, day.year() - era.first.year() + 1)
}

/// Monday first: the sign and its reading before 曜日.
const WEEKDAYS: [(&str, &str); 7] = [
    ("月", "げつ"),
    ("火", "か"),
    ("水", "すい"),
    ("木", "もく"),
    ("金", "きん"),
    ("土", "ど"),
    ("日", "にち"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;
    use time::macros::datetime;

    fn said(language: Language, at: OffsetDateTime) -> String {
        Words::new(["", "", ""]).say(language).moment(at).said.to_string()
    }

    #[test]
    fn an_evening_in_utc_is_the_next_morning_in_japan() {
        let at = datetime!(2026-11-21 23:05 UTC);
        assert_eq!(said(Language::Japanese, at), "令和8年(2026年)11月22日(日曜日) 8時05分");
        assert_eq!(said(Language::English, at), "Sunday 22 November 2026 (Reiwa 8), 8:05");
        assert!(said(Language::Easy, at).contains("<ruby>"));
        let moment = Words::new(["", "", ""]).say(Language::Japanese).moment(at);
        assert_eq!(moment.machine, "2026-11-22T08:05:00+09:00");
    }

    #[test]
    fn no_moment_that_can_be_written_stops_a_page() {
        for at in [
            datetime!(9999-12-31 23:59:59 UTC),
            datetime!(-9999-01-01 0:00 UTC),
            datetime!(0000-01-01 0:00 +14),
        ] {
            for language in Language::ALL {
                assert!(!said(language, at).is_empty(), "{at}");
            }
        }
    }

    #[test]
    fn the_first_year_of_an_era_begins_on_its_day() {
        let words = Words::new(["", "", ""]);
        let day = |date| words.say(Language::Japanese).day(date).said.to_string();
        assert_eq!(day(date!(2019 - 05 - 01)), "令和元年(2019年)5月1日(水曜日)");
        assert_eq!(day(date!(2019 - 04 - 30)), "平成31年(2019年)4月30日(火曜日)");
    }
}
