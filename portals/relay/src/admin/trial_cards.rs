//! Cards for trials: which may sign in at services that are not on yet.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use portal_kit::Visit;
use relay_records::front::TrialCard;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{done_or_refused, operator::Operator, refused};
use crate::{front::Front, intake::problem};

#[derive(Serialize)]
struct Shown {
    sha256: String,
    named_by: String,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
}

impl From<TrialCard> for Shown {
    fn from(card: TrialCard) -> Self {
        Self {
            sha256: hex::encode(card.certificate_sha256),
            named_by: card.named_by,
            until: card.until,
        }
    }
}

pub(super) async fn list(State(front): State<Arc<Front>>, visit: Visit, _: Operator) -> Response {
    match front.records.trial_cards(front.now()).await {
        Ok(cards) => Json(cards.into_iter().map(Shown::from).collect::<Vec<_>>()).into_response(),
        Err(error) => refused(&visit, &error),
    }
}

#[derive(Deserialize)]
pub(super) struct Change {
    /// Of the card's certificate, as the page shows it on which the card was refused.
    sha256: String,
    /// It is one no more.
    #[serde(default)]
    withdrawn: bool,
}

pub(super) async fn change(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Operator(operator): Operator,
    Json(change): Json<Change>,
) -> Response {
    let mut hash = [0; 32];
    let digits: String = change
        .sha256
        .chars()
        .filter(|letter| !matches!(letter, ':' | ' '))
        .collect();
    if hex::decode_to_slice(digits, &mut hash).is_err() {
        let words = "not a SHA-256 in hex, as the page shows it on which the card was refused";
        return problem(&visit, StatusCode::BAD_REQUEST, "trial_card.sha256", words);
    }
    let (records, now) = (&front.records, front.now());
    let done = match change.withdrawn {
        false => records.name_trial_card(&operator, &hash, now).await,
        true => records.withdraw_trial_card(&operator, &hash, now).await,
    };
    done_or_refused(&visit, done)
}
