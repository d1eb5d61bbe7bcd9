//! 年金: made up, and marked as such wherever it stands.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit};
use portal_service::Service;
use relay_saml::wsf::{Record, RecordSet};
use time::OffsetDateTime;

use super::{Answer, AsOf, Dark, Instead, PENSION, asked, figures};

#[derive(Template)]
#[template(path = "pension.html")]
struct PensionBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    instead: Option<Instead>,
    as_of: AsOf,
    months: Html,
    /// Each value with the key of its column's name.
    periods: Vec<[(&'static str, Html); 5]>,
}

/// Months in all, or that they can't be shown.
pub(super) fn months(say: Say<'_>, set: &RecordSet) -> Html {
    let months = set.records.iter().map(|record| figures::whole(record.get("months")?));
    match figures::sum(months) {
        Some(months) => say.html_with("pension-months", &[("months", &figures::grouped(months))]),
        None => figures::cannot_be_shown(say),
    }
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (person, answer) = match asked(&service, &visit, &headers, ("/pension", PENSION)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let say = service.say(&visit);
    let body = body(say, &answer, service.moment());
    Ok(service.page(&visit, &person, "page-pension", &body))
}

fn body<'w>(say: Say<'w>, answer: &Answer, now: OffsetDateTime) -> PensionBody<'w> {
    let told = match answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let mut records: Vec<_> = set.records.iter().collect();
            let key = |record: &Record| record.get("from").map(str::to_owned);
            records.sort_by(|one, other| (key(other), &other.0).cmp(&(key(one), &one.0)));
            Ok(Told {
                instead: Instead::of(say, set, !records.is_empty()),
                as_of: AsOf::of(say, set, now),
                months: months(say, set),
                periods: records.into_iter().map(|record| period(say, record)).collect(),
            })
        }
    };
    PensionBody { say, told }
}

fn period(say: Say<'_>, record: &Record) -> [(&'static str, Html); 5] {
    let month = |name| match record.get(name).map(figures::month) {
        None => Html::default(),
        Some(Some(month)) => figures::year_and_month(say, month),
        Some(None) => figures::cannot_be_shown(say),
    };
    let count = |name| figures::grouped_or(say, record.get(name).and_then(figures::whole));
    let until = match record.get("until") {
        None => say.html("coverage-goes-on"),
        Some(_) => month("until"),
    };
    [
        (
            "pension-scheme",
            Html::escaped(record.get("scheme").unwrap_or_default()),
        ),
        ("pension-from", month("from")),
        ("pension-until", until),
        ("pension-in", count("months")),
        ("pension-paid", count("paid-months")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use relay_saml::wsf::Standing;
    use time::macros::datetime;

    fn page(standing: Standing, rows: &[[&str; 5]]) -> String {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        let names = ["scheme", "from", "until", "months", "paid-months"];
        let record = |row: &[&str; 5]| {
            let items = names.into_iter().zip(row);
            Record(
                items
                    .map(|(name, value)| (name.to_owned(), (*value).to_owned()))
                    .collect(),
            )
        };
        let set = RecordSet {
            kind: "pension".into(),
            standing,
            as_of: None,
            overdue: false,
            dummy: true,
            source: "年金の見本".into(),
            records: rows.iter().map(record).collect(),
        };
        let now = datetime!(2026-12-01 9:00 +9);
        body(words.say(Language::Japanese), &Ok(set), now).render().unwrap()
    }

    #[test]
    fn months_that_cannot_be_read_are_no_zero_and_nothing_is_not_unknown() {
        let shown = page(Standing::Valid, &[["国民年金", "1970-04", "", "480", "472"]]);
        for part in ["480か月", "昭和45年4月", "続いています"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let shown = page(Standing::Valid, &[["国民年金", "1970-4", "x", "many", "472"]]);
        assert_eq!(shown.matches("表示できません").count(), 4, "{shown}");
        assert!(!shown.contains("0か月"), "{shown}");
        let most = "999999999999999";
        let many: Vec<_> = (0..10_000).map(|_| ["年金", "1970-04", "", most, "1"]).collect();
        assert!(page(Standing::Valid, &many).contains("表示できません"));
        let (absent, unknown) = (page(Standing::Absent, &[]), page(Standing::Unknown, &[]));
        assert!(absent.contains("該当なし") && !absent.contains("か月"), "{absent}");
        assert!(unknown.contains("不明") && !unknown.contains("該当なし"), "{unknown}");
    }
}
