use time::macros::date;

use super::*;

#[test]
fn three_months_from_a_notice_end_on_an_open_day() {
    let calendar = Calendar::default();
    for (made, last) in [
        (date!(2026 - 08 - 24), date!(2026 - 11 - 24)),
        // 3 days of September are holidays in a row; the 24th is not one of them.
        (date!(2026 - 06 - 24), date!(2026 - 09 - 24)),
        (date!(2026 - 06 - 21), date!(2026 - 09 - 24)),
        // Over the New Year, to Monday the 4th.
        (date!(2026 - 10 - 02), date!(2027 - 01 - 04)),
        // Over the holidays of May.
        (date!(2027 - 02 - 04), date!(2027 - 05 - 06)),
        // A month without that day ends with its last.
        (date!(2026 - 11 - 30), date!(2027 - 03 - 01)),
    ] {
        let found = calendar.months_from(made, 3);
        assert_eq!((found.day, found.provisional), (last, false), "{made}");
    }
}

#[test]
fn each_closed_day_says_why() {
    let calendar = Calendar::default();
    let why = |day| calendar.closed(day);
    assert_eq!(why(date!(2026 - 11 - 24)), None);
    assert_eq!(why(date!(2026 - 11 - 23)), Some(Closed::Holiday("勤労感謝の日".into())));
    // 振替休日 and 国民の休日 stand in the list as 休日.
    assert_eq!(why(date!(2026 - 05 - 06)), Some(Closed::Holiday("休日".into())));
    assert_eq!(why(date!(2026 - 09 - 22)), Some(Closed::Holiday("休日".into())));
    assert_eq!(why(date!(2026 - 11 - 28)), Some(Closed::Weekend));
    assert_eq!(why(date!(2026 - 12 - 29)), Some(Closed::NewYear));
    assert_eq!(why(date!(2026 - 12 - 28)), None);
    assert_eq!(why(date!(2027 - 01 - 03)), Some(Closed::NewYear));
}

#[test]
fn the_office_closes_on_days_of_its_own() {
    let own = OwnDays {
        year_end_from: 28,
        new_year_until: 4,
        days: [date!(2026 - 11 - 25)].into(),
    };
    let calendar = Calendar::default().with_own(own);
    assert_eq!(calendar.closed(date!(2026 - 11 - 25)), Some(Closed::Own));
    assert_eq!(calendar.last_day(date!(2026 - 11 - 25)).day, date!(2026 - 11 - 26));
    assert_eq!(calendar.last_day(date!(2026 - 12 - 28)).day, date!(2027 - 01 - 05));
}

#[test]
fn what_is_not_announced_is_provisional_and_told_months_before() {
    let calendar = Calendar::default();
    assert_eq!(calendar.announced_until(), date!(2027 - 12 - 31));
    assert_eq!(calendar.ends_soon(date!(2026 - 11 - 30)), None);
    let end = calendar.ends_soon(date!(2027 - 10 - 01)).unwrap();
    assert!(!end.is_over);
    assert!(calendar.ends_soon(date!(2028 - 01 - 01)).unwrap().is_over);
    assert!(!calendar.last_day(date!(2027 - 12 - 24)).provisional);
    // Over the New Year into a year of which only the rule is known.
    assert!(calendar.last_day(date!(2027 - 12 - 30)).provisional);
    let computed: Vec<_> = calendar.computed().map(|(day, _)| day).collect();
    assert!(computed.contains(&date!(2028 - 03 - 20)) && computed.contains(&date!(2028 - 09 - 22)));
    assert_eq!(computed.len(), 16);
}

#[test]
fn the_list_is_taken_as_the_cabinet_office_publishes_it() {
    let published: String = BUILT_IN
        .lines()
        .filter(|line| !line.contains("計算"))
        .map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\r\n")
        .collect();
    let (cp932, _, lossy) = SHIFT_JIS.encode(&published);
    assert!(!lossy);
    let calendar = Calendar::read(&cp932, OwnDays::default()).unwrap();
    assert_eq!(
        calendar.closed(date!(2027 - 03 - 22)),
        Some(Closed::Holiday("休日".into()))
    );
    assert_eq!(calendar.announced_until(), date!(2027 - 12 - 31));
}

#[test]
fn a_list_that_is_cut_short_or_no_list_is_refused() {
    let read = |text: &str| Calendar::read(text.as_bytes(), OwnDays::default());
    assert_eq!(read("月日,名称\n"), Err(CalendarError::Empty));
    assert_eq!(
        read("2026/1/1,元日\n2026/13/1,x\n"),
        Err(CalendarError::Line { line: 2 })
    );
    assert_eq!(
        read("2026/1/1,元日\n"),
        Err(CalendarError::TooFew { year: 2026, days: 1 })
    );
}
