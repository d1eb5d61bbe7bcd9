//! For the relay's operators, who are not the city: partners from their metadata, approved by two, tried, switched; and
//! how the front stands. Mutual TLS, staff cards, each known by its certificate; everything is in the trail by name.

mod agreements;
mod operator;
mod trial_cards;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use portal_kit::Visit;
use relay_records::{
    front::{FrontError, Lifetimes, Metadata, Partner, PartnerKind, Proposal, Recorded, SignInTrial, Untold},
    refusals::Refusals,
};
use relay_saml::{
    Exception, Ground, fingerprint,
    message::{Entity, EntityId},
    read_entity,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::warn;

use crate::{
    front::Front,
    intake::problem,
    partners::{Hears, addresses, fit_as_service, tried_alike},
};

use operator::Operator;

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/state", get(state))
        .route("/partners", get(list).post(propose))
        .route("/partners/approve", post(approve))
        .route("/partners/sign-in-tried", post(sign_in_tried))
        .route("/partners/without-logout", post(without_logout))
        .route("/partners/lifetimes", post(lifetimes))
        .route("/partners/exceptions", post(exceptions))
        .route("/partners/on", post(on))
        .route("/partners/off", post(off))
        .route("/partners/trial", post(trial))
        .route("/trial-cards", get(trial_cards::list).post(trial_cards::change))
        .route("/agreements", get(agreements::list).post(agreements::propose))
        .route("/agreements/approve", post(agreements::approve))
        .route("/agreements/suspend", post(agreements::suspend))
        .route("/untold", get(untold))
        .route("/audit", get(audit))
        .route("/refusals", get(refusals))
}

/// A partner as operators see it.
#[derive(Serialize)]
struct PartnerShown {
    entity_id: String,
    kind: &'static str,
    state: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    reason: Option<String>,
    sign_in: &'static str,
    logout: &'static str,
    /// How it hears that a session is over; none where it has no approved metadata yet.
    logout_heard: Option<&'static str>,
    assertion_seconds: i32,
    session_seconds: i32,
    skew_seconds: i32,
    exceptions: Vec<String>,
    current: Option<EditionShown>,
    waiting: Option<EditionShown>,
}

#[derive(Serialize)]
struct EditionShown {
    edition: i32,
    sha256: String,
    #[serde(with = "time::serde::rfc3339::option")]
    valid_until: Option<OffsetDateTime>,
    proposed_by: String,
    approved_by: Option<String>,
}

impl From<Metadata> for EditionShown {
    fn from(edition: Metadata) -> Self {
        Self {
            edition: edition.edition,
            sha256: hex::encode(edition.sha256),
            valid_until: edition.valid_until,
            proposed_by: edition.proposed_by,
            approved_by: edition.approved.map(|(by, _)| by),
        }
    }
}

impl From<Partner> for PartnerShown {
    fn from(partner: Partner) -> Self {
        Self {
            entity_id: partner.entity_id,
            kind: partner.kind.as_str(),
            state: partner.state.as_str(),
            since: partner.state_since,
            reason: partner.state_reason,
            sign_in: partner.sign_in.as_str(),
            logout: partner.logout.as_str(),
            logout_heard: None,
            assertion_seconds: partner.lifetimes.assertion,
            session_seconds: partner.lifetimes.session,
            skew_seconds: partner.lifetimes.skew,
            exceptions: partner.exceptions,
            current: partner.current.map(EditionShown::from),
            waiting: partner.waiting.map(EditionShown::from),
        }
    }
}

async fn state(State(front): State<Arc<Front>>, visit: Visit, Operator(operator): Operator) -> Response {
    let now = front.now();
    // With the database away there is still something to say: that it is, and how the blind half stands.
    let (senders, untold) = match (front.records.senders().await, front.records.untold().await) {
        (Ok(senders), Ok(untold)) => (senders, Some(untold)),
        (Err(error), _) | (_, Err(error)) if error.is_away() => {
            warn!(%error, "the database is away");
            (Vec::new(), None)
        }
        (Err(error), _) | (_, Err(error)) => return refused(&visit, &error),
    };
    let untold = untold.map(|untold| {
        json!({
            "services": untold.iter().filter(|one| one.waiting > 0).count(),
            "waiting": untold.iter().map(|one| one.waiting).sum::<i64>(),
        })
    });
    let ahead = front
        .records
        .clock_ahead(now)
        .await
        .map(|ahead| ahead.whole_milliseconds());
    let blind = front.second.is_there().await;
    let senders: Vec<_> = senders
        .iter()
        .map(|sender| {
            json!({
                "name": sender.name,
                "applied": sender.last,
                "refused": sender.refused,
                "heard_seconds_ago": (now - sender.heard_at).whole_seconds(),
            })
        })
        .collect();
    Json(json!({
        "entity_id": front.entity().as_str(),
        "operator": operator,
        "offices": senders,
        "blind_half": blind,
        "database_clock_ahead_ms": ahead.ok(),
        "key_edition": front.second.newest_edition(),
        "untold": untold,
    }))
    .into_response()
}

async fn list(State(front): State<Arc<Front>>, visit: Visit, _: Operator) -> Response {
    let partners = match front.records.partners().await {
        Ok(partners) => partners,
        Err(error) => return refused(&visit, &error),
    };
    let mut shown = Vec::with_capacity(partners.len());
    for partner in partners {
        let known = front
            .partners
            .known(&front.records, &partner.entity_id, front.now())
            .await;
        let heard = known.ok().filter(|_| partner.kind == PartnerKind::Service);
        shown.push(PartnerShown {
            logout_heard: heard.map(|known| known.hears_of_logouts().as_str()),
            ..PartnerShown::from(partner)
        });
    }
    Json(shown).into_response()
}

#[derive(Deserialize)]
struct Proposed {
    entity_id: String,
    #[serde(default)]
    provider: bool,
}

/// The metadata are the body; which entity of it is meant stands in the query.
async fn propose(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Query(proposed): Query<Proposed>,
    metadata: String,
) -> Response {
    let kind = match proposed.provider {
        true => PartnerKind::Provider,
        false => PartnerKind::Service,
    };
    let sha256 = fingerprint(metadata.as_bytes());
    let entity = match read(&front, &proposed.entity_id, &metadata, sha256) {
        Ok(entity) => entity,
        Err(reason) => {
            return problem(
                &visit,
                StatusCode::UNPROCESSABLE_ENTITY,
                "partner.metadata",
                &reason.to_string(),
            );
        }
    };
    let has_role = match kind {
        PartnerKind::Service => entity.sp.is_some(),
        PartnerKind::Provider => entity.idp.is_some(),
    };
    if !has_role {
        return problem(
            &visit,
            StatusCode::UNPROCESSABLE_ENTITY,
            "partner.role",
            "the metadata do not have the role that is registered",
        );
    }
    if let (PartnerKind::Service, Some(service)) = (kind, &entity.sp)
        && let Err(unfit) = fit_as_service(&entity, service, front.now())
    {
        return problem(
            &visit,
            StatusCode::UNPROCESSABLE_ENTITY,
            unfit.code(),
            &unfit.to_string(),
        );
    }
    let heard = (kind == PartnerKind::Service).then(|| Hears::of(&entity).as_str());
    let proposal = Proposal {
        entity_id: &proposed.entity_id,
        kind,
        metadata: &metadata,
        sha256,
        valid_until: entity.valid_until,
    };
    match front.records.propose(&operator, &proposal, front.now()).await {
        Ok(edition) => Json(json!({
            "edition": edition,
            "sha256": hex::encode(sha256),
            "valid_until": entity.valid_until.and_then(|until| until.format(&Rfc3339).ok()),
            "logout_heard": heard,
        }))
        .into_response(),
        Err(error) => refused(&visit, &error),
    }
}

fn read(front: &Front, entity: &str, metadata: &str, sha256: [u8; 32]) -> Result<Entity, relay_saml::Refusal> {
    let id = EntityId::parse(entity).ok_or(relay_saml::Refusal::Malformed("entityID"))?;
    let addresses = addresses(&front.config);
    read_entity(
        metadata.as_bytes(),
        &id,
        Ground::Approved(sha256),
        addresses,
        front.now(),
    )
}

#[derive(Deserialize)]
struct Approval {
    entity_id: String,
    edition: i32,
    sha256: String,
}

async fn approve(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(approval): Json<Approval>,
) -> Response {
    let mut sha256 = [0; 32];
    if hex::decode_to_slice(&approval.sha256, &mut sha256).is_err() {
        return problem(
            &visit,
            StatusCode::BAD_REQUEST,
            "partner.sha256",
            "not a SHA-256 in hex",
        );
    }
    let entity = &approval.entity_id;
    let read = |document: &str| read(&front, entity, document, fingerprint(document.as_bytes())).ok();
    let alike = |current: &str, next: &str| matches!((read(current), read(next)), (Some(current), Some(next)) if tried_alike(&current, &next));
    let edition = (approval.edition, &sha256);
    let done = front.records.approve(&operator, entity, edition, &alike, front.now());
    done_or_refused(&visit, done.await)
}

#[derive(Deserialize)]
struct SignInTried {
    entity_id: String,
    /// The service showed the same name at two visits.
    named: bool,
    /// It showed another at each, as it asks for passing names.
    #[serde(default)]
    passing: bool,
}

async fn sign_in_tried(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(tried): Json<SignInTried>,
) -> Response {
    let seen = match (tried.named, tried.passing) {
        (_, true) => SignInTrial::Passing,
        (true, false) => SignInTrial::Named,
        (false, false) => SignInTrial::Unnamed,
    };
    let done = front
        .records
        .tried_sign_in(&operator, &tried.entity_id, seen, front.now());
    done_or_refused(&visit, done.await)
}

#[derive(Deserialize)]
struct Worded {
    entity_id: String,
    words: String,
}

async fn without_logout(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(decided): Json<Worded>,
) -> Response {
    let done = front
        .records
        .go_without_logout(&operator, &decided.entity_id, &decided.words, front.now());
    done_or_refused(&visit, done.await)
}

async fn off(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(why): Json<Worded>,
) -> Response {
    let done = front
        .records
        .switch_off(&operator, &why.entity_id, &why.words, front.now());
    done_or_refused(&visit, done.await)
}

#[derive(Deserialize)]
struct Which {
    entity_id: String,
}

async fn on(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(which): Json<Which>,
) -> Response {
    let done = front.records.switch_on(&operator, &which.entity_id, front.now());
    done_or_refused(&visit, done.await)
}

async fn trial(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(which): Json<Which>,
) -> Response {
    let done = front.records.switch_to_trial(&operator, &which.entity_id, front.now());
    done_or_refused(&visit, done.await)
}

#[derive(Deserialize)]
struct LifetimesSet {
    entity_id: String,
    assertion_seconds: i32,
    session_seconds: i32,
    skew_seconds: i32,
}

async fn lifetimes(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(set): Json<LifetimesSet>,
) -> Response {
    let lifetimes = Lifetimes {
        assertion: set.assertion_seconds,
        session: set.session_seconds,
        skew: set.skew_seconds,
    };
    let done = front
        .records
        .set_lifetimes(&operator, &set.entity_id, lifetimes, front.now());
    done_or_refused(&visit, done.await)
}

#[derive(Deserialize)]
struct ExceptionsSet {
    entity_id: String,
    exceptions: Vec<String>,
    words: String,
}

async fn exceptions(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(set): Json<ExceptionsSet>,
) -> Response {
    // A name in clear would tell the front a pseudonym: it is never taken in service.
    let wrong = set
        .exceptions
        .iter()
        .any(|name| !matches!(Exception::parse(name), Some(known) if known != Exception::NameInClear));
    if wrong {
        return problem(
            &visit,
            StatusCode::BAD_REQUEST,
            "partner.exception",
            "no such exception, or one that is never made",
        );
    }
    let names: Vec<_> = set.exceptions.iter().map(String::as_str).collect();
    let done = front
        .records
        .set_exceptions(&operator, &set.entity_id, &names, &set.words, front.now());
    done_or_refused(&visit, done.await)
}

/// A service that does not know yet that sessions are over: how many, not whose.
#[derive(Serialize)]
struct UntoldShown {
    entity_id: String,
    waiting: i64,
    given_up: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    since: Option<OffsetDateTime>,
    tries: i32,
    #[serde(with = "time::serde::rfc3339::option")]
    next: Option<OffsetDateTime>,
}

impl From<Untold> for UntoldShown {
    fn from(untold: Untold) -> Self {
        Self {
            entity_id: untold.service,
            waiting: untold.waiting,
            given_up: untold.given_up,
            since: untold.since,
            tries: untold.tries,
            next: untold.next,
        }
    }
}

async fn untold(State(front): State<Arc<Front>>, visit: Visit, _: Operator) -> Response {
    match front.records.untold().await {
        Ok(untold) => Json(untold.into_iter().map(UntoldShown::from).collect::<Vec<_>>()).into_response(),
        Err(error) => refused(&visit, &error),
    }
}

#[derive(Deserialize)]
struct Since {
    #[serde(default = "an_hour")]
    minutes: i64,
}

const fn an_hour() -> i64 {
    60
}

async fn audit(State(front): State<Arc<Front>>, visit: Visit, _: Operator, Query(since): Query<Since>) -> Response {
    let from = front.now() - Duration::minutes(since.minutes.clamp(1, 60 * 24 * 31));
    match front.records.audit_since(from, 1_000).await {
        Ok(recorded) => {
            let events: Vec<_> = recorded.into_iter().map(|Recorded { event, .. }| event).collect();
            Json(events).into_response()
        }
        Err(error) => refused(&visit, &error),
    }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default = "a_day")]
    hours: i64,
}

const fn a_day() -> i64 {
    24
}

/// What was refused, those of this minute with it.
async fn refusals(State(front): State<Arc<Front>>, visit: Visit, _: Operator, Query(back): Query<Back>) -> Response {
    let from = front.now() - Duration::hours(back.hours.clamp(1, 24 * 400));
    let told = match front.write_refusals().await {
        Ok(()) => front.records.refusals(from, 1_000).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(rows) => Json(rows.into_iter().map(RefusalsShown::from).collect::<Vec<_>>()).into_response(),
        Err(error) => refused(&visit, &error),
    }
}

/// Messages that were refused within an hour by one rule.
#[derive(Serialize)]
struct RefusalsShown {
    #[serde(with = "time::serde::rfc3339")]
    hour: OffsetDateTime,
    partner: String,
    rule: String,
    count: u64,
}

impl From<Refusals> for RefusalsShown {
    fn from(refusals: Refusals) -> Self {
        Self {
            hour: refusals.hour,
            partner: refusals.who,
            rule: refusals.rule,
            count: refusals.count,
        }
    }
}

fn done_or_refused(visit: &Visit, done: Result<(), FrontError>) -> Response {
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(visit, &error),
    }
}

fn refused(visit: &Visit, error: &FrontError) -> Response {
    let (status, code) = match error {
        FrontError::NotFound(_) => (StatusCode::NOT_FOUND, "partner.not_found"),
        FrontError::SamePerson => (StatusCode::CONFLICT, "partner.same_person"),
        FrontError::PartnerNotNow { .. } => (StatusCode::CONFLICT, "partner.not_now"),
        FrontError::Store(store::StoreError::Constraint { .. }) => (StatusCode::BAD_REQUEST, "partner.out_of_range"),
        error if error.is_away() => (StatusCode::SERVICE_UNAVAILABLE, "records.away"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "records"),
    };
    if status.is_server_error() {
        warn!(%error, "administration");
        return problem(visit, status, code, "the records can't be asked");
    }
    problem(visit, status, code, &error.to_string())
}
