use proptest::prelude::*;
use time::{Date, macros::date};

use super::*;

fn read(text: &str) -> WrittenDate {
    WrittenDate::read(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

fn refused(text: &str) -> DateError {
    match WrittenDate::read(text) {
        Ok(date) => panic!("{text} was read as {}", date.western()),
        Err(wrong) => wrong,
    }
}

#[test]
fn one_day_is_read_in_every_form_a_clerk_or_a_resident_writes() {
    for text in [
        "昭和45年3月1日",
        "昭和45年03月01日",
        "昭和４５年３月１日",
        "昭和 45年 3月 1日",
        "昭和四十五年三月一日",
        "㍼45年3月1日",
        "昭45.3.1",
        "S45.3.1",
        "s45/3/1",
        "Ｓ４５－３－１",
        "S450301",
        "3450301",
        "319700301",
        "1970-03-01",
        "1970/3/1",
        "1970.3.1",
        "19700301",
        "１９７０年３月１日",
        "西暦1970年3月1日",
        "一九七〇年三月一日",
        "昭和45年3月1日生",
        " 昭和45年3月1日生まれ ",
        "昭和45・3・1",
    ] {
        let day = read(text);
        assert_eq!(day.date(), Some(date!(1970 - 03 - 01)), "{text}");
        assert_eq!(day.era(), Some(Era::Showa), "{text}");
        assert_eq!(day.wareki(), "昭和45年3月1日", "{text}");
        assert_eq!(day.wareki_short(), "昭45.3.1", "{text}");
        assert_eq!(day.western(), "1970-03-01", "{text}");
        assert!(day.warnings().is_empty() && day.is_whole(), "{text}");
        assert_eq!(day.original(), text.trim());
    }
}

#[test]
fn the_first_year_is_read_as_gannen_and_as_one() {
    for text in [
        "令和元年5月1日",
        "令和1年5月1日",
        "R元.5.1",
        "R1.5.1",
        "R010501",
        "㋿元年5月1日",
        "5010501",
    ] {
        assert_eq!(read(text).date(), Some(date!(2019 - 05 - 01)), "{text}");
    }
    assert_eq!(read("R1.5.1").wareki(), "令和元年5月1日");
}

#[test]
fn unknown_parts_stay_unknown() {
    let parts = |text: &str| {
        let date = read(text);
        (date.year(), date.month(), date.day())
    };
    for text in [
        "1945-00-00",
        "19450000",
        "昭和20年",
        "昭和20年月日不詳",
        "昭和20年以下不詳",
        "S20.00.00",
        "1945-??-??",
        "1945",
    ] {
        assert_eq!(parts(text), (Some(1945), None, None), "{text}");
        assert_eq!(read(text).wareki(), "昭和20年(月日不詳)", "{text}");
        assert_eq!(read(text).warnings(), [DateWarning::Partial], "{text}");
        assert_eq!(read(text).date(), None, "{text}");
    }
    for text in [
        "昭和20年8月",
        "1945-08-00",
        "1945-08",
        "昭和20年8月日不詳",
        "昭和20年8月(日不明)",
    ] {
        assert_eq!(parts(text), (Some(1945), Some(8), None), "{text}");
        assert_eq!(read(text).wareki(), "昭和20年8月(日不詳)", "{text}");
    }
    for text in ["不詳", "不明", "年月日不詳", "生年月日不詳", "0000-00-00", "00000000"] {
        assert_eq!(parts(text), (None, None, None), "{text}");
        assert_eq!(read(text).wareki(), "不詳", "{text}");
    }
    assert_eq!(read("明治年月日不詳").wareki(), "明治(年月日不詳)");
    assert_eq!(read("明治年月日不詳").era(), Some(Era::Meiji));
    assert_eq!(parts("0000-03-01"), (None, Some(3), Some(1)));
}

#[test]
fn about_a_year_is_kept_as_about() {
    for text in [
        "昭和20年頃",
        "昭和20年ごろ",
        "約昭和20年",
        "昭和20年(推定)",
        "1945年頃",
        "昭和20年春頃",
    ] {
        let date = read(text);
        assert!(date.is_approximate(), "{text}");
        assert_eq!(date.wareki(), "昭和20年頃", "{text}");
        assert_eq!(
            date.warnings(),
            [DateWarning::Approximate, DateWarning::Partial],
            "{text}"
        );
        assert_eq!(
            date.span(),
            Some((date!(1940 - 01 - 01), date!(1950 - 12 - 31))),
            "{text}"
        );
    }
    assert_eq!(read("昭和20年3月上旬").wareki(), "昭和20年3月頃");
}

#[test]
fn on_the_day_an_era_changed_both_ways_of_writing_are_right() {
    for (old, new, day) in [
        ("明治45年7月30日", "大正元年7月30日", date!(1912 - 07 - 30)),
        ("大正15年12月25日", "昭和元年12月25日", date!(1926 - 12 - 25)),
    ] {
        assert_eq!(read(old).date(), Some(day));
        assert_eq!(read(new).date(), Some(day));
        assert!(read(old).warnings().is_empty() && read(new).warnings().is_empty());
        assert_eq!(read(old).wareki(), old, "kept as written");
        assert_eq!(read(new).wareki(), new);
        assert_eq!(read(old).says_the_same(&read(new)), Some(true));
    }
}

#[test]
fn a_day_before_its_era_began_is_refused() {
    assert_eq!(refused("昭和元年12月24日"), DateError::EraNotYet(Era::Showa));
    assert_eq!(refused("平成元年1月7日"), DateError::EraNotYet(Era::Heisei));
    assert_eq!(refused("令和元年4月30日"), DateError::EraNotYet(Era::Reiwa));
    assert_eq!(refused("R1.4"), DateError::EraNotYet(Era::Reiwa));
    assert_eq!(read("令和元年").year(), Some(2019));
}

#[test]
fn an_era_that_had_ended_is_converted_with_a_warning() {
    for (old, new) in [
        ("昭和64年1月8日", "平成元年1月8日"),
        ("平成31年5月1日", "令和元年5月1日"),
        ("平成35年3月1日", "令和5年3月1日"),
        ("大正16年1月1日", "昭和2年1月1日"),
        ("平成31年6月", "令和元年6月(日不詳)"),
        ("H40.12.31", "令和10年12月31日"),
    ] {
        assert_eq!(read(old).wareki(), new);
        assert_eq!(read(old).warnings()[0], DateWarning::OldForm, "{old}");
    }
    for right in ["昭和64年1月7日", "平成31年4月30日", "昭和64年", "平成31年"] {
        assert!(!read(right).warnings().contains(&DateWarning::OldForm), "{right}");
    }
    assert_eq!(refused("明治120年1月1日"), DateError::EraLongOver(Era::Meiji));
    assert_eq!(refused("平成70年1月1日"), DateError::EraLongOver(Era::Heisei));
    assert_eq!(refused("昭和1945年3月1日"), DateError::EraDisagrees);
}

#[test]
fn days_before_meiji_6_are_lunar_and_have_no_western_day() {
    let lunar = read("明治5年2月30日");
    assert!(lunar.is_lunar() && lunar.date().is_none());
    assert_eq!(lunar.warnings(), [DateWarning::Lunar]);
    assert_eq!(lunar.wareki(), "明治5年2月30日");
    assert_eq!(read("明治6年1月1日").date(), Some(FIRST_SOLAR_DAY));
    assert!(read("明治6年1月1日").warnings().is_empty());
    assert_eq!(refused("明治5年12月3日"), DateError::NoSuchDay);
    assert_eq!(refused("明治5年3月31日"), DateError::NoSuchDay);
    // In western form the day is solar, and the lunar one is not made up.
    let western = read("1872-12-31");
    assert_eq!(western.date(), Some(date!(1872 - 12 - 31)));
    assert_eq!(western.wareki(), "西暦1872年12月31日");
    assert_eq!(western.warnings(), [DateWarning::Lunar]);
}

#[test]
fn a_bare_western_year_in_which_the_era_changed_shows_both() {
    assert_eq!(read("1989").wareki(), "昭和64年/平成元年(月日不詳)");
    assert_eq!(read("1989").era(), None);
    assert_eq!(read("1989-02").wareki(), "平成元年2月(日不詳)");
    assert_eq!(read("昭和64年").wareki(), "昭和64年(月日不詳)");
}

#[test]
fn what_is_no_date_is_refused_with_its_reason() {
    assert_eq!(refused(""), DateError::Empty);
    assert_eq!(refused(" 　"), DateError::Empty);
    for text in [
        "昨日",
        "昭和",
        "S",
        "昭和45年3月1",
        "45年3月1日x",
        "1970-3-1-1",
        "1970--1",
        "昭和45年13",
        "頃",
        "//",
        "令",
        "年月日",
        "2.5e3",
    ] {
        assert_eq!(refused(text), DateError::NotADate, "{text}");
    }
    for text in [
        "昭和45年2月29日",
        "1970-13-01",
        "1970-02-30",
        "0000-02-30",
        "S45.3.300",
        "昭和45年3月32日",
    ] {
        let wrong = refused(text);
        assert!(
            matches!(wrong, DateError::NoSuchDay | DateError::NotADate),
            "{text}: {wrong:?}"
        );
    }
    for text in ["450301", "4503", "197003", "S4503"] {
        let read = WrittenDate::read(text);
        assert!(matches!(read, Err(DateError::Ambiguous)) || text == "4503", "{text}");
    }
    assert_eq!(refused("1945-00-15"), DateError::DayWithoutMonth);
    assert_eq!(refused("慶応3年1月1日"), DateError::OutOfRange);
    assert_eq!(refused("1867-12-31"), DateError::OutOfRange);
    assert_eq!(refused("1868-01-24"), DateError::OutOfRange);
    assert_eq!(refused("2200-01-01"), DateError::OutOfRange);
    assert_eq!(refused("419700301"), DateError::EraDisagrees);
    assert_eq!(refused(&"1".repeat(10_000)), DateError::NotADate);
}

#[test]
fn four_bare_digits_that_are_no_year_are_refused() {
    assert_eq!(refused("0301"), DateError::OutOfRange);
    assert_eq!(refused("4503"), DateError::OutOfRange);
}

#[test]
fn a_date_is_stored_as_its_text_and_comes_back_the_same() {
    for text in [
        "昭和20年頃",
        "1945-00-00",
        "S45.3.1",
        "平成35年3月1日",
        "不詳",
        "明治45年7月30日",
        "令和８年１１月２２日",
    ] {
        let date = read(text);
        let stored = serde_json::to_string(&date).unwrap();
        assert_eq!(stored, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<WrittenDate>(&stored).unwrap(), date);
    }
    let unknown = serde_json::to_string(&WrittenDate::unknown()).unwrap();
    assert_eq!(
        serde_json::from_str::<WrittenDate>(&unknown).unwrap(),
        WrittenDate::unknown()
    );
    assert!(serde_json::from_str::<WrittenDate>("\"昨日\"").is_err());
}

#[test]
fn two_writings_are_compared_by_what_they_say() {
    let same = |one: &str, other: &str| read(one).says_the_same(&read(other));
    assert_eq!(same("昭和45年3月1日", "1970-03-01"), Some(true));
    assert_eq!(same("平成35年3月1日", "令和5年3月1日"), Some(true));
    assert_eq!(same("1970-03-01", "1970-03-02"), Some(false));
    assert_eq!(same("昭和20年", "1945-00-00"), Some(true));
    assert_eq!(same("昭和20年頃", "昭和20年頃"), Some(true));
    assert_eq!(same("昭和20年頃", "昭和22年3月1日"), None);
    assert_eq!(same("昭和20年頃", "昭和40年3月1日"), Some(false));
    assert_eq!(same("昭和20年", "昭和20年8月15日"), None);
    assert_eq!(same("昭和20年9月", "昭和20年8月15日"), Some(false));
    assert_eq!(same("0000-03-01", "1945-04-01"), Some(false));
    assert_eq!(same("不詳", "不詳"), None);
    assert_eq!(same("明治5年2月30日", "明治5年2月30日"), Some(true));
}

#[test]
fn the_day_of_the_office_is_shown_in_wareki_with_its_weekday() {
    assert_eq!(wareki_with_weekday(date!(2026 - 11 - 22)), "令和8年11月22日(日)");
    assert_eq!(wareki(date!(2019 - 04 - 30)), "平成31年4月30日");
    assert_eq!(wareki(date!(2019 - 05 - 01)), "令和元年5月1日");
    assert_eq!(wareki_short(date!(2026 - 11 - 22)), "令8.11.22");
    assert_eq!(wareki(date!(1850 - 01 - 01)), "西暦1850年1月1日");
}

#[test]
fn neither_debug_nor_an_error_shows_a_birthday() {
    assert!(!format!("{:?}", read("昭和45年3月1日")).contains("45"));
    assert!(
        !format!(
            "{:?} {}",
            refused("昭和45年2月30日"),
            refused("昭和45年2月30日").in_japanese()
        )
        .contains("30日")
    );
}

fn day() -> impl Strategy<Value = Date> {
    (FIRST_SOLAR_DAY.to_julian_day()..date!(2199 - 12 - 31).to_julian_day())
        .prop_map(|day| Date::from_julian_day(day).unwrap())
}

proptest! {
    #[test]
    fn every_day_written_in_wareki_is_read_back(day in day()) {
        let written = read(&wareki(day));
        prop_assert_eq!(written.date(), Some(day));
        prop_assert!(written.warnings().is_empty());
        prop_assert_eq!(written.era(), Era::of(day));
        prop_assert_eq!(read(&wareki_short(day)).date(), Some(day));
        prop_assert_eq!(read(&written.western()).date(), Some(day));
        prop_assert_eq!(WrittenDate::from(day).says_the_same(&written), Some(true));
    }

    #[test]
    fn every_day_in_the_old_form_of_the_era_before_is_read_for_thirty_years(day in day()) {
        for era in Era::ALL {
            let Some(end) = era.last_day() else { continue };
            if day <= end || day.year() > end.year() + 30 {
                continue;
            }
            let text = format!("{}{}年{}月{}日", era.kanji(), era.year_of(day.year()), u8::from(day.month()), day.day());
            let written = read(&text);
            prop_assert_eq!(written.date(), Some(day));
            prop_assert_eq!(written.warnings(), vec![DateWarning::OldForm]);
        }
    }

    #[test]
    fn nothing_typed_can_break_the_reader(text in "\\PC{0,24}") {
        let _ = WrittenDate::read(&text);
    }

    #[test]
    fn whatever_is_read_of_date_like_text_round_trips(text in "[昭平令明大SHR元〇一二十0-9年月日./頃不詳 -]{1,16}") {
        if let Ok(date) = WrittenDate::read(&text) {
            let stored = serde_json::to_string(&date).unwrap();
            prop_assert_eq!(&serde_json::from_str::<WrittenDate>(&stored).unwrap(), &date);
            let _ = (date.wareki(), date.wareki_short(), date.western(), date.span(), date.era(), date.warnings());
            if date.is_whole() && !date.is_lunar() {
                prop_assert!(date.date().is_some());
            }
        }
    }
}

#[test]
fn a_register_may_hold_a_day_that_the_calendar_does_not_have() {
    for (text, wareki) in [
        ("昭和20年2月30日", "昭和20年2月30日"),
        ("S22.6.31", "昭和22年6月31日"),
        ("1945-02-30", "昭和20年2月30日"),
        ("昭和21年2月29日", "昭和21年2月29日"),
    ] {
        assert_eq!(
            WrittenDate::read(text),
            Err(DateError::NoSuchDay),
            "typed at the counter it is a slip: {text}"
        );
        let kept = WrittenDate::read_as_registered(text).unwrap();
        assert_eq!((kept.wareki().as_str(), kept.date()), (wareki, None));
        assert_eq!(kept.warnings(), [DateWarning::NoSuchDay]);
        // For ages and order the month's last day stands in.
        let (first, last) = kept.span().unwrap();
        assert!(first == last && first.month() as u8 == kept.month().unwrap());
        let stored = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<WrittenDate>(&stored).unwrap(), kept);
        assert_eq!(
            kept.says_the_same(&WrittenDate::read_as_registered(text).unwrap()),
            Some(true)
        );
    }
    for never in ["昭和20年2月32日", "昭和20年13月1日", "昭和70年13月40日", "1867-02-30"] {
        assert!(WrittenDate::read_as_registered(never).is_err(), "{never}");
    }
    assert_eq!(
        WrittenDate::read_as_registered("昭和45年3月1日"),
        WrittenDate::read("昭和45年3月1日")
    );
}
