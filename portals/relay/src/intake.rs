//! What offices say about cards: signed envelopes over mutual TLS, taken in order, each once, and answered again when
//! sent again. A card that is suspended or revoked ends its sessions everywhere.
//!
//! A message that a rule of the register refuses for good uses its number up like one that is applied, and is answered so
//! (422, [`Answer::Refused`]): it would be refused for ever, and everything behind it would wait with it. What is not
//! authentic, out of order, under other keys than ours or not readable uses nothing up ([`relay_core::registration::Rule`] says why): the answer is
//! a problem (RFC 9457), and the office sends the same message again.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use portal_kit::Visit;
use relay_core::{
    audit::Outcome,
    envelope::{Kind, Opened},
    pseudonym::PolymorphicPseudonym,
    registration::{Answer, KEYS_NOT_YET, LEFT_BEHIND, Message as Said},
};
use relay_records::{
    front::{AuditAct, FrontError, Message, Note, Taken},
    refusals::UNKNOWN,
};
use serde_json::json;
use tracing::{info, warn};

use crate::{front::Front, linking};

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/registry/envelopes", post(take))
        .route("/registry/links", post(linking::take))
        .route("/registry/state", get(state))
}

/// What an office's doctor asks: whether cards that were handed over can sign in now. Nothing else of the relay is the
/// office's business.
async fn state(State(front): State<Arc<Front>>) -> Response {
    let (blind_half, database) = tokio::join!(front.second.is_there(), front.records.clock_ahead(front.now()));
    Json(json!({ "blind_half": blind_half, "database": database.is_ok() })).into_response()
}

async fn take(State(front): State<Arc<Front>>, visit: Visit, envelope: String) -> Response {
    let opened: Result<Opened<Said>, _> =
        front
            .offices
            .open(&envelope, Kind::Registration, &front.config.half.party, &*front.clock);
    let opened = match opened {
        Ok(opened) => opened,
        Err(refusal) => {
            info!(code = refusal.code(), "an office's envelope is refused");
            front.refusals.count(UNKNOWN, refusal.code(), front.now());
            return problem(&visit, StatusCode::FORBIDDEN, refusal.code(), &refusal.to_string());
        }
    };
    let Some(seq) = opened
        .sequence
        .and_then(|seq| i64::try_from(seq).ok())
        .filter(|seq| *seq > 0)
    else {
        front.refusals.count(UNKNOWN, "registration.no_sequence", front.now());
        return problem(
            &visit,
            StatusCode::BAD_REQUEST,
            "registration.no_sequence",
            "a registration has a sequence number",
        );
    };
    let under = opened.body.pseudonym().map(PolymorphicPseudonym::edition);
    let held = under.is_none_or(|edition| front.second.holds(edition));
    let newest = front.second.newest_edition();
    let message = Message {
        sender: opened.from.as_str().to_owned(),
        seq,
        jti: opened.number.to_string(),
        said: opened.body,
        edition: newest,
        left_behind: !held && under.is_some_and(|edition| edition < newest),
    };
    let now = front.now();
    match front.records.take(&message, now).await {
        Ok(Taken {
            refused: Some(rule),
            again,
            ..
        }) => {
            warn!(
                sender = message.sender,
                seq,
                again,
                act = message.said.act(),
                rule = rule.as_str(),
                "an office's message is refused for good"
            );
            let answer = Answer::Refused {
                sequence: seq.unsigned_abs(),
                rule,
            };
            (StatusCode::UNPROCESSABLE_ENTITY, Json(answer)).into_response()
        }
        Ok(taken) => {
            info!(
                sender = message.sender,
                seq,
                again = taken.again,
                act = message.said.act(),
                "applied"
            );
            for ended in taken.ended {
                front.tell_later(ended);
            }
            Json(Answer::Applied(seq.unsigned_abs())).into_response()
        }
        Err(FrontError::OutOfOrder { expected, .. }) => {
            (StatusCode::CONFLICT, Json(Answer::Expected(expected.unsigned_abs()))).into_response()
        }
        Err(error) if error.is_away() => {
            warn!(%error, "the database is away");
            problem(
                &visit,
                StatusCode::SERVICE_UNAVAILABLE,
                "registration.records",
                "the records are away",
            )
        }
        Err(error) => {
            let code = match &error {
                FrontError::KeysNotYet { .. } => KEYS_NOT_YET,
                FrontError::LeftBehind { .. } => LEFT_BEHIND,
                FrontError::OtherMessage { .. } => "registration.other_message",
                _ => "registration.records",
            };
            warn!(%error, sender = message.sender, seq, "an office's message is refused");
            let note = Note::of(
                AuditAct::IntakeRefused,
                json!({ "sender": message.sender }),
                json!({ "seq": seq, "rule": code }),
            )
            .ended(Outcome::Refused);
            if let Err(error) = front.records.note(&note, now).await {
                warn!(%error, "a refusal can't be noted");
            }
            problem(&visit, StatusCode::UNPROCESSABLE_ENTITY, code, &error.to_string())
        }
    }
}

/// A problem (RFC 9457).
pub(crate) fn problem(visit: &Visit, status: StatusCode, code: &str, title: &str) -> Response {
    let problem = json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "code": code,
        "trace": visit.trace.to_string(),
    });
    (
        status,
        [(CONTENT_TYPE, "application/problem+json")],
        problem.to_string(),
    )
        .into_response()
}
