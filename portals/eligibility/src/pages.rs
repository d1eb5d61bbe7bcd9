//! The desk's one screen: a card is laid down, and what its insurer answers stands there without a key pressed.

mod result;

use std::sync::{Arc, atomic::Ordering};

use askama::Template;
use axum::{
    Extension, Form, Json, Router,
    extract::{Path, Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment, form::from_own_page, headers::Policy, words::Sources};
use portal_service::{
    Service, SignedIn, Wanted,
    eligibility::{CardSignature, NotChecked},
};
use relay_core::{clock::JST, eligibility::CODES};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Clinic,
    check::{Check, Outcome},
    handed_on,
};
use result::{Ours, Shown};

/// The words of these pages. They are for staff: easy Japanese is the same as the other.
pub const WORDS: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/ja.ftl"),
    include_str!("../words/en.ftl"),
];

/// What is asked of the insurer, and what for.
pub(crate) const COVERAGE: Wanted = Wanted {
    service_type: "urn:madoguchi:records:2026-12:coverage",
    kind: "coverage",
    purpose: "eligibility-check",
};

/// The name of the one form.
const FORM: &str = "check";

/// How the reader may stand, as the bridge tells it, and what else stops a check before there is one.
const STATES: [&str; 13] = [
    "no-card",
    "read",
    "no-service",
    "no-reader",
    "two-cards",
    "in-use",
    "silent",
    "lifted",
    "not-ours",
    "not-a-residents",
    "not-ready",
    "bridge-gone",
    "portal-gone",
];

/// Troubles of a check that the relay has no code for.
const OWN_CODES: [&str; 3] = ["relay-gone", "not-set", "no-consent"];

/// Whether something is wrong in that state.
const fn is_calm(state: &str) -> bool {
    matches!(state.as_bytes(), b"no-card" | b"read")
}

pub(crate) fn routes(clinic: Arc<Clinic>) -> Router<Arc<Service>> {
    Router::new()
        .route("/", get(waiting))
        .route("/desk.js", get(script))
        .route("/challenge", post(challenge))
        .route("/check", post(check))
        .route("/result/{number}", get(result))
        .route("/result/{number}/check.json", get(as_json))
        .route("/result/{number}/check.csv", get(as_csv))
        .layer(Extension(clinic))
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskBody<'w> {
    say: Say<'w>,
    clinic: &'w str,
    now: Moment,
    result: Option<Shown>,
    states: Vec<StateWords>,
    covers: &'w [String],
    token: String,
    bridge: String,
    again: bool,
    seconds: u16,
    today: Vec<(String, String, Html)>,
}

struct StateWords {
    code: &'static str,
    word: Html,
    next: Option<Html>,
    calm: bool,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    again: bool,
}

/// Whoever is signed in and let in; or what they are shown instead.
async fn worker(
    service: &Service,
    clinic: &Clinic,
    visit: &Visit,
    headers: &HeaderMap,
) -> Result<Result<SignedIn, Response>, Trouble> {
    let Some(person) = service.signed_in(headers).await? else {
        return Ok(Err(service.welcome(visit, headers, "/")));
    };
    let staff = &clinic.named.staff;
    if staff.is_empty() || staff.contains(&person.short_name) {
        return Ok(Ok(person));
    }
    let body = NotStaff {
        say: service.say(visit),
        name: &person.short_name,
    };
    Ok(Err(service.page(visit, &person, "not-staff-title", &body)))
}

#[derive(Template)]
#[template(
    source = "<p>{{ say.html_with(\"not-staff\", [(\"name\", name)].as_slice()) }}</p>",
    ext = "html"
)]
struct NotStaff<'w> {
    say: Say<'w>,
    name: &'w str,
}

async fn waiting(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    visit: Visit,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    match worker(&service, &clinic, &visit, &headers).await? {
        Ok(person) => Ok(screen(&service, &clinic, &visit, &person, (None, wish.again))),
        Err(instead) => Ok(instead),
    }
}

async fn result(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    visit: Visit,
    Path(number): Path<usize>,
    Query(ours): Query<Ours>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let person = match worker(&service, &clinic, &visit, &headers).await? {
        Ok(person) => person,
        Err(instead) => return Ok(instead),
    };
    let found = clinic.desks.find(person.key(), number, service.moment());
    let Some(check) = found else {
        return Ok(Redirect::to("/").into_response());
    };
    let shown = Shown::of(service.say(&visit), &check, &ours);
    Ok(screen(&service, &clinic, &visit, &person, (Some(shown), false)))
}

fn screen(
    service: &Service,
    clinic: &Clinic,
    visit: &Visit,
    person: &SignedIn,
    (result, again): (Option<Shown>, bool),
) -> Response {
    let say = service.say(visit);
    let now = service.moment();
    let states = STATES.iter().chain(&CODES).chain(&OWN_CODES).map(|code| {
        let next = format!("desk-{code}-next");
        StateWords {
            code,
            word: say.html(&format!("desk-{code}")),
            next: say.knows(&next).then(|| say.html(&next)),
            calm: is_calm(code),
        }
    });
    let today = clinic.desks.today(person.key(), now);
    let today = today.iter().map(|check| {
        let at = check.at.to_offset(JST);
        let word = format!("verdict-{}", check.verdict().code());
        (
            format!("/result/{}", check.number),
            format!("{}:{:02}", at.hour(), at.minute()),
            say.html(&word),
        )
    });
    let mut bridge = clinic.named.bridge.clone();
    bridge.set_path("/eligibility");
    let title = result.as_ref().map_or("page-desk", |shown| shown.title);
    let body = DeskBody {
        say,
        clinic: &clinic.named.name,
        now: say.moment(now),
        seconds: if result.is_some() {
            clinic.named.shown_seconds
        } else {
            0
        },
        result,
        states: states.collect(),
        covers: &clinic.named.covers,
        token: service.form_token(person, FORM),
        bridge: bridge.into(),
        again,
        today: today.collect(),
    };
    let policy = Policy::default().scripts_asking(&clinic.named.bridge);
    service.screen(visit, person, title, &body, policy)
}

async fn script() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, include_str!("../assets/desk.js"))
}

async fn as_json(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    Path(number): Path<usize>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let check = kept(&service, &clinic, number, &headers).await?;
    Ok(Json(handed_on::json(&check)).into_response())
}

async fn as_csv(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    Path(number): Path<usize>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let check = kept(&service, &clinic, number, &headers).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"check.csv\""),
    ];
    Ok((headers, handed_on::csv(&check)).into_response())
}

/// The check of that number, of the desk whose browser asks.
async fn kept(service: &Service, clinic: &Clinic, number: usize, headers: &HeaderMap) -> Result<Arc<Check>, Trouble> {
    let person = service.signed_in(headers).await?.ok_or_else(Trouble::not_found)?;
    let found = clinic.desks.find(person.key(), number, service.moment());
    found.ok_or_else(Trouble::not_found)
}

/// A challenge of the relay's for the next card, for the desk's script.
async fn challenge(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    from_own_page(&headers)?;
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok((StatusCode::UNAUTHORIZED, Json(json!({}))).into_response());
    };
    // Who waits for a card is at the desk.
    clinic.desks.today(person.key(), service.moment());
    Ok(match service.card_challenge().await {
        Ok(challenge) => Json(challenge).into_response(),
        Err(reason) => {
            let Outcome::Trouble(code) = Outcome::from(Err(reason)) else {
                return Err(Trouble::ours());
            };
            Json(json!({ "trouble": code })).into_response()
        }
    })
}

#[derive(Deserialize)]
struct Signed {
    token: String,
    challenge: String,
    proof: String,
    certificate: String,
    signature: String,
}

/// A card signed: its insurer is asked, and what came of it is kept for this desk.
async fn check(
    State(service): State<Arc<Service>>,
    Extension(clinic): Extension<Arc<Clinic>>,
    visit: Visit,
    headers: HeaderMap,
    Form(signed): Form<Signed>,
) -> Result<Response, Trouble> {
    let person = match worker(&service, &clinic, &visit, &headers).await? {
        Ok(person) => person,
        Err(instead) => return Ok(instead),
    };
    service.check_form(&person, FORM, &signed.token, &headers)?;
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| Trouble::request());
    let card = CardSignature {
        certificate: bytes(&signed.certificate)?,
        signature: bytes(&signed.signature)?,
    };
    let challenge = (signed.challenge.as_str(), signed.proof.as_str());
    let answer: Result<_, NotChecked> = service.ask_by_card(challenge, &card, &COVERAGE).await;
    let kept: Arc<Check> = clinic.desks.keep(person.key(), answer.into(), service.moment());
    tracing::info!(verdict = kept.verdict().code(), "a card was checked");
    if let Some(folder) = clinic.files.clone() {
        let (putting, code) = (Arc::clone(&kept), clinic.named.code.clone());
        let put = tokio::task::spawn_blocking(move || folder.put(&putting, &code)).await;
        if let Ok(Err(reason)) = put {
            tracing::warn!(%reason, "an answer file was not put");
            kept.not_put.store(true, Ordering::Relaxed);
        }
    }
    Ok(Redirect::to(&format!("/result/{}", kept.number)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};

    #[test]
    fn both_languages_hold_the_same_words() {
        let faults = portal_testing::faults_of_words(WORDS);
        // For staff there is no easy Japanese.
        let faults: Vec<_> = faults
            .into_iter()
            .filter(|fault| !fault.starts_with("easy: no reading"))
            .collect();
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn every_state_and_trouble_has_words_and_none_calls_the_insurance_invalid() {
        let words = Words::layered(&[portal_service::WORDS, WORDS]);
        for language in [Language::Japanese, Language::English] {
            let say = words.say(language);
            for code in STATES.iter().chain(&CODES).chain(&OWN_CODES) {
                for key in [format!("desk-{code}"), format!("desk-{code}-next")] {
                    assert!(say.knows(&key), "{key}");
                    let said = say.text(&key);
                    assert!(!said.contains("無効") && !said.contains("Not valid"), "{key}: {said}");
                }
            }
        }
    }
}
