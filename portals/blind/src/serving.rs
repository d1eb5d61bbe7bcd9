//! The routes: three for the front's envelopes, one for its console.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use relay_core::envelope::Refusal;
use serde_json::json;
use tracing::info;

use crate::half::{Half, Refused};

/// What is served to the front.
pub fn routes(half: Arc<Half>) -> Router {
    Router::new()
        .route("/finish", post(finish))
        .route("/shares", post(shares))
        .route("/rotation", post(rotation))
        .route("/state", get(state))
        .with_state(half)
}

async fn finish(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    Ok(sealed(half.finish(&envelope).await?))
}

async fn shares(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    Ok(sealed(half.share(&envelope).await?))
}

async fn rotation(State(half): State<Arc<Half>>, envelope: String) -> Result<Response, Refused> {
    Ok(sealed(half.rotate(&envelope).await?))
}

async fn state(State(half): State<Arc<Half>>) -> Response {
    Json(half.state()).into_response()
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
            Self::Envelope(_) => StatusCode::FORBIDDEN,
            Self::Replayed | Self::NoShare | Self::OtherRotation => StatusCode::CONFLICT,
            Self::UnknownService => StatusCode::NOT_FOUND,
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
