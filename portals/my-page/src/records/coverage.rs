//! 国保資格: how a clinic would see it today, and the periods before.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment};
use portal_service::Service;
use relay_saml::wsf::{Record, RecordSet, Standing};
use time::{Date, OffsetDateTime, macros::format_description};

use super::{Answer, AsOf, COVERAGE, Dark, JST, asked, figures};

#[derive(Template)]
#[template(path = "coverage.html")]
struct CoverageBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    standing: Standing,
    word: Html,
    means: Html,
    /// What stands on the card, for the one that holds.
    facts: Vec<(Html, Html)>,
    periods: Vec<Period>,
    as_of: AsOf,
}

struct Period {
    insurer: String,
    number: String,
    from: Day,
    until: Day,
    /// It has not begun.
    later: bool,
    why: String,
}

/// A day of a record.
enum Day {
    None,
    Said(Moment),
    /// Something stands there that is no day.
    Unreadable,
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (person, answer) = match asked(&service, &visit, &headers, ("/coverage", COVERAGE)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let say = service.say(&visit);
    let body = body(say, &answer, service.moment());
    Ok(service.page(&visit, &person, "page-coverage", &body))
}

fn body<'w>(say: Say<'w>, answer: &Answer, now: OffsetDateTime) -> CoverageBody<'w> {
    let told = match answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let today = today(now);
            let (word, means) = standing(say, set, now);
            Ok(Told {
                standing: set.standing,
                word,
                means,
                facts: holding(set, today).map(|record| facts(say, record)).unwrap_or_default(),
                periods: periods(say, set, today),
                as_of: AsOf::of(say, set, now),
            })
        }
    };
    CoverageBody { say, told }
}

fn today(now: OffsetDateTime) -> Date {
    now.checked_to_offset(JST).unwrap_or(now).date()
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// The name of a standing, and what it means with what to do. Where an insurance is to begin, its day is said.
pub(super) fn standing(say: Say<'_>, set: &RecordSet, now: OffsetDateTime) -> (Html, Html) {
    let key = format!("standing-{}", set.standing.as_str());
    let begins = |record: &Record| day(record.get("valid-from")?).filter(|day| *day > today(now));
    let next = set.records.iter().filter_map(begins).min();
    let means = match next.filter(|_| set.standing == Standing::Ended) {
        Some(next) => {
            let all_later = set.records.iter().all(|record| begins(record).is_some());
            let key = if all_later {
                "standing-ended-not-yet"
            } else {
                "standing-ended-next"
            };
            let day = say.day(next).said;
            Html::of(&Begins {
                words: say.html(key),
                day,
            })
        }
        None => say.html(&format!("{key}-means")),
    };
    (say.html(&key), means)
}

#[derive(Template)]
#[template(source = "{{ words }} {{ day }}", ext = "html")]
struct Begins {
    words: Html,
    day: Html,
}

/// The record in force today, where exactly one is: of several none is chosen, and neither one that is over nor one that has
/// not begun is taken for it. A day that is not given rules nothing out.
fn holding(set: &RecordSet, today: Date) -> Option<&Record> {
    let holds = |record: &&Record| {
        let from = record.get("valid-from").map(day);
        let until = record.get("valid-until").map(day);
        from.is_none_or(|from| from.is_some_and(|from| from <= today))
            && until.is_none_or(|until| until.is_some_and(|until| today <= until))
    };
    let mut holding = set.records.iter().filter(holds);
    let one = holding.next().filter(|_| set.standing == Standing::Valid)?;
    holding.next().is_none().then_some(one)
}

fn facts(say: Say<'_>, record: &Record) -> Vec<(Html, Html)> {
    // In the order of the paper card.
    [
        "insurer-number",
        "insurer-name",
        "symbol",
        "number",
        "branch",
        "share",
        "certificate",
        "card-until",
    ]
    .into_iter()
    .filter_map(|name| {
        let value = record.get(name)?;
        let shown = match name {
            "share" => match tenths(value) {
                Some(share) => say.html_with("share", &[("share", share)]),
                None => figures::cannot_be_shown(say),
            },
            "card-until" => match day(value) {
                Some(day) => say.day(day).said,
                None => figures::cannot_be_shown(say),
            },
            _ => Html::escaped(value),
        };
        Some((say.html(&format!("coverage-{name}")), shown))
    })
    .collect()
}

/// A share in tenths.
fn tenths(value: &str) -> Option<&str> {
    figures::whole(value)
        .is_some_and(|share| (0..=10).contains(&share))
        .then_some(value)
}

/// The line of the panel: what is paid at a counter.
pub(super) fn share(say: Say<'_>, set: &RecordSet, now: OffsetDateTime) -> Option<Html> {
    let share = tenths(holding(set, today(now))?.get("share")?)?;
    Some(say.html_with("coverage-line", &[("share", share)]))
}

fn periods(say: Say<'_>, set: &RecordSet, today: Date) -> Vec<Period> {
    let mut records: Vec<_> = set.records.iter().collect();
    let key = |record: &Record| record.get("valid-from").map(str::to_owned);
    records.sort_by(|one, other| (key(other), &other.0).cmp(&(key(one), &one.0)));
    let text = |record: &Record, name| record.get(name).unwrap_or_default().to_owned();
    let at = |record: &Record, name| match record.get(name).map(day) {
        None => Day::None,
        Some(Some(day)) => Day::Said(say.day(day)),
        Some(None) => Day::Unreadable,
    };
    records
        .into_iter()
        .map(|record| Period {
            insurer: text(record, "insurer-name"),
            number: text(record, "number"),
            from: at(record, "valid-from"),
            until: at(record, "valid-until"),
            later: record.get("valid-from").and_then(day).is_some_and(|from| from > today),
            why: text(record, "ended-because"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-12-01 0:00 +9);

    fn set(standing: Standing, periods: &[(&str, &str, &str)]) -> RecordSet {
        let record = |(number, from, until): &(&str, &str, &str)| {
            let items = [
                ("number", *number),
                ("valid-from", *from),
                ("valid-until", *until),
                ("share", "3"),
            ];
            Record(items.map(|(name, value)| (name.into(), value.into())).into())
        };
        RecordSet {
            kind: "coverage".into(),
            standing,
            as_of: Some(NOW),
            overdue: false,
            dummy: false,
            source: "国保".into(),
            records: periods.iter().map(record).collect(),
        }
    }

    fn page(set: RecordSet) -> String {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        body(words.say(Language::Japanese), &Ok(set), NOW).render().unwrap()
    }

    #[test]
    fn the_insurance_shown_is_the_one_in_force_today_and_not_the_newest() {
        let number = |standing, periods: &[(&str, &str, &str)]| {
            let set = set(standing, periods);
            holding(&set, today(NOW)).and_then(|record| record.get("number").map(str::to_owned))
        };
        use Standing::{Ended, Several, Unknown, Valid};
        for (standing, periods, chosen) in [
            (Valid, &[("1", "2024-04-01", "")][..], Some("1")),
            // One of the future is no insurance of today.
            (Valid, &[("1", "2024-04-01", ""), ("2", "2027-04-01", "")], Some("1")),
            (
                Valid,
                &[("1", "2024-04-01", "2026-12-31"), ("2", "2027-01-01", "")],
                Some("1"),
            ),
            // The newest is over: an older one goes on.
            (
                Valid,
                &[("1", "2020-04-01", ""), ("2", "2026-01-01", "2026-03-31")],
                Some("1"),
            ),
            // Both days count.
            (Valid, &[("1", "2026-12-01", "2026-12-01")], Some("1")),
            (
                Valid,
                &[("1", "2024-04-01", "2026-11-30"), ("2", "2026-12-01", "")],
                Some("2"),
            ),
            // The office and this page don't agree on the day, or on what is readable: none is chosen.
            (Valid, &[("1", "2026-12-02", "")], None),
            (Valid, &[("1", "2024-04-01", ""), ("2", "2025-04-01", "")], None),
            (Valid, &[("1", "soon", "")], None),
            (Several, &[("1", "2024-04-01", ""), ("2", "2025-04-01", "")], None),
            (Ended, &[("1", "2024-04-01", "")], None),
            (Unknown, &[("1", "2024-04-01", "")], None),
        ] {
            assert_eq!(number(standing, periods).as_deref(), chosen, "{periods:?}");
        }
    }

    #[test]
    fn the_five_answers_have_five_words_and_an_insurance_to_come_is_said_with_its_day() {
        let said = |standing, periods: &[(&str, &str, &str)]| page(set(standing, periods));
        let words = ["有効", "無効", "該当なし", "複数該当", "不明"].map(|word| format!("<strong>{word}</strong>"));
        for (standing, word) in Standing::ALL.into_iter().zip(&words) {
            let shown = said(standing, &[]);
            let there: Vec<_> = words.iter().filter(|word| shown.contains(*word)).collect();
            assert_eq!(there, [word], "{shown}");
        }
        let over = said(Standing::Ended, &[("1", "2020-04-01", "2026-03-31")]);
        assert!(over.contains("終わっています"), "{over}");
        let gap = said(
            Standing::Ended,
            &[("1", "2020-04-01", "2026-03-31"), ("2", "2027-04-01", "")],
        );
        assert!(gap.contains("つぎの資格") && gap.contains("2027年"), "{gap}");
        let to_come = said(Standing::Ended, &[("2", "2027-04-01", "")]);
        assert!(
            to_come.contains("まだ始まっていません") && !to_come.contains("終わっています"),
            "{to_come}"
        );
    }

    #[test]
    fn days_that_cannot_be_read_are_said_to_be_so_and_do_not_go_on() {
        let shown = page(set(Standing::Unknown, &[("1", "soon", "later")]));
        assert_eq!(shown.matches("表示できません").count(), 2, "{shown}");
        assert!(!shown.contains("続いています"), "{shown}");
        // The last day that can be written, and a time that has not come.
        let mut wild = set(Standing::Valid, &[("1", "2020-04-01", "9999-12-31")]);
        wild.as_of = Some(datetime!(9999-12-31 23:59:59 UTC));
        let shown = page(wild);
        assert!(
            shown.contains("確かめられない日時") && shown.contains("9999年"),
            "{shown}"
        );
    }
}
