//! The routes: four for the front's envelopes, one for its console.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use portal_kit::trace::TraceId;
use relay_core::{chance::OsChance, envelope::Refusal};
use serde_json::json;
use tracing::{Instrument as _, info, info_span};

use crate::half::{Half, Refused};

/// What is served to the front.
pub fn routes(half: Arc<Half>) -> Router {
    Router::new()
        .route("/finish", post(finish))
        .route("/compare", post(compare))
        .route("/shares", post(shares))
        .route("/rotation", post(rotation))
        .route("/state", get(state))
        .with_state(half)
        .layer(middleware::from_fn(traced))
}

/// Every log line bears the id that the front drew for this one name. The front is the only caller there can be, so it is
/// taken from the front.
async fn traced(request: Request, next: Next) -> Response {
    let trace = TraceId::received(request.headers()).unwrap_or_else(|| TraceId::new(&mut OsChance));
    next.run(request).instrument(info_span!("request", %trace)).await
}

async fn finish(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    answered(&half, "finish", half.finish(&envelope).await)
}

async fn compare(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    answered(&half, "compare", half.compare(&envelope).await)
}

async fn shares(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    answered(&half, "share", half.share(&envelope).await)
}

async fn rotation(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    answered(&half, "rotation", half.rotate(&envelope).await)
}

async fn state(State(half): State<Arc<Half>>) -> Response {
    Json(half.state()).into_response()
}

fn answered(half: &Half, asked: &'static str, answer: Result<String, Refused>) -> Result<Response, Refused> {
    answer
        .map(sealed)
        .inspect_err(|refused| half.turned_away(asked, refused))
}

fn sealed(envelope: String) -> Response {
    // RFC 7515 §9.2.1
    ([(CONTENT_TYPE, "application/jose")], envelope).into_response()
}

impl IntoResponse for Refused {
    /// A problem (RFC 9457) with the refusal's code. Nothing of what was sent is in it.
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Envelope(Refusal::TooLarge) | Self::LargeBatch => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Envelope(Refusal::NotAnEnvelope | Refusal::OtherBody) | Self::NotAService => StatusCode::BAD_REQUEST,
            Self::Envelope(_) | Self::RotationNotAllowed => StatusCode::FORBIDDEN,
            Self::Replayed | Self::NoShare | Self::OtherRotation => StatusCode::CONFLICT,
            Self::UnknownService => StatusCode::NOT_FOUND,
            Self::NoSigningKey | Self::NotItsRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyOthers => StatusCode::TOO_MANY_REQUESTS,
            Self::Tombstone => StatusCode::GONE,
            Self::Share(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Records => StatusCode::SERVICE_UNAVAILABLE,
        };
        let code = self.code();
        info!(code, status = status.as_u16(), "refused");
        let problem =
            json!({ "type": "about:blank", "title": self.to_string(), "status": status.as_u16(), "code": code });
        (
            status,
            [(CONTENT_TYPE, "application/problem+json")],
            problem.to_string(),
        )
            .into_response()
    }
}
