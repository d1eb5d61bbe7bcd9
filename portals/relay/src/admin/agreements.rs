//! Agreements: which service may be referred to which provider for a person's records. One operator puts one forward,
//! another approves it; either suspends it at once.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use portal_kit::Visit;
use relay_records::front::{Agreement, Terms};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, macros::format_description};
use url::Url;

use super::{done_or_refused, operator::Operator, refused};
use crate::{front::Front, intake::problem};

#[derive(Serialize)]
struct Shown {
    asker: String,
    service_type: String,
    edition: i32,
    provider: String,
    address: String,
    about: String,
    until: String,
    proposed_by: String,
    approved_by: Option<String>,
    suspended: Option<String>,
}

impl From<Agreement> for Shown {
    fn from(agreement: Agreement) -> Self {
        let terms = agreement.terms;
        Self {
            asker: terms.asker,
            service_type: terms.service_type,
            edition: agreement.edition,
            provider: terms.provider,
            address: terms.address,
            about: terms.about,
            until: terms.until.to_string(),
            proposed_by: agreement.proposed_by,
            approved_by: agreement.approved_by,
            suspended: agreement.suspended,
        }
    }
}

pub(super) async fn list(State(front): State<Arc<Front>>, visit: Visit, _: Operator) -> Response {
    match front.records.agreements().await {
        Ok(agreements) => Json(agreements.into_iter().map(Shown::from).collect::<Vec<_>>()).into_response(),
        Err(error) => refused(&visit, &error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposed {
    asker: String,
    service_type: String,
    provider: String,
    address: String,
    about: String,
    /// `YYYY-MM-DD`
    until: String,
}

pub(super) async fn propose(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(proposed): Json<Proposed>,
) -> Response {
    let wrong = |words: &str| problem(&visit, StatusCode::BAD_REQUEST, "agreement.malformed", words);
    let Ok(until) = Date::parse(&proposed.until, format_description!("[year]-[month]-[day]")) else {
        return wrong("until: a day, YYYY-MM-DD");
    };
    if !Url::parse(&proposed.address).is_ok_and(|url| url.scheme() == "https") {
        return wrong("address: where the provider is asked, https://…");
    }
    let plain = proposed.service_type.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || !(1..=256).contains(&proposed.service_type.len()) {
        return wrong("service_type: a URI of at most 256 characters");
    }
    if proposed.asker == proposed.provider || !(1..=200).contains(&proposed.about.chars().count()) {
        return wrong("asker and provider are two services; about says in at most 200 characters what it is");
    }
    let terms = Terms {
        asker: proposed.asker,
        service_type: proposed.service_type,
        provider: proposed.provider,
        address: proposed.address,
        about: proposed.about,
        until,
    };
    match front.records.propose_agreement(&operator, &terms, front.now()).await {
        Ok(edition) => Json(json!({ "edition": edition })).into_response(),
        Err(error) => refused(&visit, &error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approved {
    asker: String,
    service_type: String,
    edition: i32,
    /// Where the provider is asked and until when, as the operator was told by another way than from here.
    address: String,
    /// `YYYY-MM-DD`
    until: String,
}

pub(super) async fn approve(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(approved): Json<Approved>,
) -> Response {
    let named = (
        approved.asker.as_str(),
        approved.service_type.as_str(),
        approved.edition,
    );
    let agreements = match front.records.agreements().await {
        Ok(agreements) => agreements,
        Err(error) => return refused(&visit, &error),
    };
    // The terms of an edition never change: what is compared here is what is approved.
    let is_other = agreements.iter().any(|Agreement { terms, edition, .. }| {
        (terms.asker.as_str(), terms.service_type.as_str(), *edition) == named
            && (&terms.address, terms.until.to_string()) != (&approved.address, approved.until.clone())
    });
    if is_other {
        let words = "this edition has another address or another last day than the one approved: look at it again";
        return problem(&visit, StatusCode::CONFLICT, "agreement.other_terms", words);
    }
    let done = front.records.approve_agreement(&operator, named, front.now()).await;
    done_or_refused(&visit, done)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suspension {
    asker: String,
    service_type: String,
    /// Why; none resumes it.
    because: Option<String>,
}

pub(super) async fn suspend(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(suspension): Json<Suspension>,
) -> Response {
    let because = suspension.because.as_deref();
    if because.is_some_and(|because| !(1..=400).contains(&because.chars().count())) {
        let words = "because: the reason, in at most 400 characters";
        return problem(&visit, StatusCode::BAD_REQUEST, "agreement.malformed", words);
    }
    let named = (suspension.asker.as_str(), suspension.service_type.as_str());
    let done = front
        .records
        .suspend_agreement(&operator, named, because, front.now())
        .await;
    done_or_refused(&visit, done)
}
