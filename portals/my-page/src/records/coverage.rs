//! 国保資格: how a clinic would see it today, and the periods before.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment};
use portal_service::Service;
use relay_saml::wsf::{Record, RecordSet, Standing};
use time::{Date, macros::format_description};

use super::{Answer, AsOf, COVERAGE, Dark, asked, standing};

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
    from: Option<Moment>,
    until: Option<Moment>,
    why: String,
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
    let body = body(say, &answer);
    Ok(service.page(&visit, &person, "page-coverage", &body))
}

fn body<'w>(say: Say<'w>, answer: &Answer) -> CoverageBody<'w> {
    let told = match answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let (word, means) = standing(say, set.standing);
            Ok(Told {
                standing: set.standing,
                word,
                means,
                facts: holding(set).map(|record| facts(say, record)).unwrap_or_default(),
                periods: periods(say, set),
                as_of: AsOf::of(say, set),
            })
        }
    };
    CoverageBody { say, told }
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// The record that holds, where exactly one does: of several none is chosen.
fn holding(set: &RecordSet) -> Option<&Record> {
    let newest = set
        .records
        .iter()
        .max_by_key(|record| record.get("valid-from").map(str::to_owned));
    newest.filter(|_| set.standing == Standing::Valid)
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
            "share" => say.html_with("share", &[("share", value)]),
            "card-until" => say.day(day(value)?).said,
            _ => Html::escaped(value),
        };
        Some((say.html(&format!("coverage-{name}")), shown))
    })
    .collect()
}

/// The line of the panel: what is paid at a counter.
pub(super) fn share(say: Say<'_>, set: &RecordSet) -> Option<Html> {
    let share = holding(set)?.get("share")?;
    Some(say.html_with("coverage-line", &[("share", share)]))
}

fn periods(say: Say<'_>, set: &RecordSet) -> Vec<Period> {
    let mut records: Vec<_> = set.records.iter().collect();
    records.sort_by_key(|record| std::cmp::Reverse(record.get("valid-from").map(str::to_owned)));
    let text = |record: &Record, name| record.get(name).unwrap_or_default().to_owned();
    let at = |record: &Record, name| record.get(name).and_then(day).map(|day| say.day(day));
    records
        .into_iter()
        .map(|record| Period {
            insurer: text(record, "insurer-name"),
            number: text(record, "number"),
            from: at(record, "valid-from"),
            until: at(record, "valid-until"),
            why: text(record, "ended-because"),
        })
        .collect()
}
