//! The home: what needs a person first, then a panel for each office.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit, icon};
use portal_service::{NotAnswered, Service};
use relay_saml::wsf::{RecordSet, Standing};

use super::{
    ALL, Answer, LOOKS, checkup, costs, coverage, figures, looked::Looks, panel::Panel, pension, standing, wanted,
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
    let body = HomeBody {
        say,
        me: pages::about_me(say, &person),
        first: first(say, &checkup, &looks),
        dark: [&coverage, &costs, &checkup, &pension].into_iter().any(is_silent),
        panels: vec![
            Panel::of(say, ("/coverage", icon::SHIELD, "page-coverage"), &coverage, |set| {
                coverage_told(say, set)
            }),
            Panel::of(say, ("/costs", icon::YEN, "page-costs"), &costs, |set| {
                costs_told(say, set)
            }),
            Panel::of(say, ("/checkup", icon::HEART, "page-checkup"), &checkup, |set| {
                checkup_told(say, set)
            }),
            Panel::of(say, ("/pension", icon::PENSION, "page-pension"), &pension, |set| {
                pension_told(say, set)
            }),
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
        && checkup::worst(set) == Some(checkup::Band::High)
    {
        first.push(First {
            to: "/checkup",
            title: say.html("first-checkup"),
            why: say.html("first-checkup-why"),
        });
    }
    first
}

fn coverage_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    let (word, means) = standing(say, set.standing);
    let line = match set.standing {
        Standing::Valid => coverage::share(say, set).unwrap_or(means),
        _ => means,
    };
    (word, line)
}

fn costs_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    let lines = costs::lines(set);
    match lines.iter().map(|line| line.year).max() {
        None => (say.html("costs-none"), say.html("costs-none-line")),
        Some(year) => {
            let paid = lines
                .iter()
                .filter(|line| line.year == year)
                .map(|line| line.paid)
                .sum();
            let year = figures::year(say, year);
            (figures::yen(say, paid), say.html_with("costs-line", &[("year", &year)]))
        }
    }
}

fn checkup_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    match checkup::worst(set) {
        None => (say.html("checkup-none"), say.html("checkup-none-line")),
        Some(band) => {
            let key = format!("checkup-{}", band.as_str());
            (say.html(&key), say.html(&format!("{key}-line")))
        }
    }
}

fn pension_told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    let months = pension::months(set).to_string();
    (
        say.html_with("pension-months", &[("months", &months)]),
        say.html("pension-line"),
    )
}
