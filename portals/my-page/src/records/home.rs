//! The home: what needs a person first, then a panel for each office.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit, icon};
use portal_service::{NotAnswered, Service};
use relay_saml::wsf::{RecordSet, Standing};
use time::OffsetDateTime;

use super::{
    ALL, Answer, Instead, LOOKS, checkup, costs, coverage, figures, looked::Looks, panel::Panel, pension, wanted,
};
use crate::pages;

#[derive(Template)]
#[template(path = "home.html")]
struct HomeBody<'w> {
    say: Say<'w>,
    first: Vec<First>,
    panels: Vec<Panel>,
    dark: bool,
    /// Who is signed in here, and until when.
    me: Html,
}

/// Something that needs the person.
struct First {
    to: &'static str,
    title: Html,
    why: Html,
}

pub(super) async fn home(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/"));
    };
    let say = service.say(&visit);
    let looks = ALL.map(|office| wanted(office.service_type, LOOKS));
    let asked: Vec<_> = ALL.into_iter().chain(looks).collect();
    let mut answers = service.ask(&person, &asked).await;
    let looks = Looks::of(answers.split_off(ALL.len()));
    let [coverage, costs, checkup, pension] =
        <[Answer; 4]>::try_from(answers).unwrap_or_else(|_| std::array::from_fn(|_| Err(NotAnswered::NotSet)));
    let now = service.moment();
    let body = HomeBody {
        say,
        me: pages::about_me(say, &person),
        first: first(say, &checkup, &looks),
        dark: [&coverage, &costs, &checkup, &pension].into_iter().any(is_silent),
        panels: vec![
            Panel::of(
                say,
                ("/coverage", icon::SHIELD, "page-coverage"),
                (&coverage, now),
                |set| coverage_told(say, set, now),
            ),
            Panel::of(say, ("/costs", icon::YEN, "page-costs"), (&costs, now), |set| {
                costs_told(say, set)
            }),
            Panel::of(say, ("/checkup", icon::HEART, "page-checkup"), (&checkup, now), |set| {
                checkup::told(say, set)
            }),
            Panel::of(
                say,
                ("/pension", icon::PENSION, "page-pension"),
                (&pension, now),
                |set| pension_told(say, set),
            ),
            looks.panel(say),
        ],
    };
    Ok(service.page(&visit, &person, "home-title", &body))
}

/// An office that should have answered and did not.
fn is_silent(answer: &Answer) -> bool {
    !matches!(answer, Ok(_) | Err(NotAnswered::NotAgreed | NotAnswered::NotSet))
}

fn first(say: Say<'_>, checkup: &Answer, looks: &Looks) -> Vec<First> {
    let mut first = Vec::new();
    if looks.any_refused() {
        first.push(First {
            to: "/looked",
            title: say.html("first-refused"),
            why: say.html("first-refused-why"),
        });
    }
    if let Ok(set) = checkup
        && checkup::verdict(set) == Some(checkup::Verdict::Worst(checkup::Band::High))
    {
        first.push(First {
            to: "/checkup",
            title: say.html("first-checkup"),
            why: say.html("first-checkup-why"),
        });
    }
    first
}

fn coverage_told(say: Say<'_>, set: &RecordSet, now: OffsetDateTime) -> (Html, Html) {
    let (word, means) = coverage::standing(say, set, now);
    let line = match set.standing {
        Standing::Valid => coverage::share(say, set, now).unwrap_or(means),
        _ => means,
    };
    (word, line)
}

fn costs_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    let newest = costs::Lines::of(set).newest_year();
    match (Instead::of(say, set, newest.is_some()), newest) {
        (Some(instead), _) => instead.told(),
        (None, Some((year, paid))) => {
            let year = figures::year(say, year);
            (figures::yen(say, paid), say.html_with("costs-line", &[("year", &year)]))
        }
        (None, None) => (say.html("some-unreadable"), say.html("some-unreadable-next")),
    }
}

fn pension_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    match Instead::of(say, set, !set.records.is_empty()) {
        Some(instead) => instead.told(),
        None => (pension::months(say, set), say.html("pension-line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use time::macros::datetime;

    #[test]
    fn no_panel_says_nothing_for_not_known_or_a_figure_for_either() {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        let now = datetime!(2026-12-01 9:00 +9);
        for language in Language::ALL {
            let say = words.say(language);
            for kind in ["coverage", "costs", "checkup", "pension"] {
                let told = |standing| {
                    let set = RecordSet {
                        kind: kind.into(),
                        standing,
                        as_of: None,
                        overdue: false,
                        dummy: kind == "pension",
                        source: "役所".into(),
                        records: Vec::new(),
                    };
                    match kind {
                        "coverage" => coverage_told(say, &set, now),
                        "costs" => costs_told(say, &set),
                        "checkup" => checkup::told(say, &set),
                        _ => pension_told(say, &set),
                    }
                };
                for standing in [Standing::Absent, Standing::Unknown] {
                    let (fact, line) = told(standing);
                    assert_eq!(fact, say.html(&format!("standing-{}", standing.as_str())), "{kind}");
                    assert!(!line.to_string().contains("-none-line"), "no words: {line}");
                }
            }
        }
    }
}
