//! Messages fetched by their artifact, from server to server: once, by the service they are for.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::StatusCode, response::Response, routing::post};
use relay_core::audit::Outcome;
use relay_records::front::{AuditAct, Note, SeenKind};
use relay_saml::{
    Delivery,
    message::{Artifact, ArtifactResponse, Status},
    send::{FaultCode, fault},
};
use serde_json::json;
use tracing::{info, warn};

use crate::{front::Front, sso::soap, taking::NotTaken};

const PATH: &str = "/saml/artifact";

/// From server to server.
pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new().route(PATH, post(resolve))
}

async fn resolve(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    match resolved(&front, body).await {
        Ok(envelope) => soap(StatusCode::OK, envelope),
        Err(not_taken) => {
            info!(code = not_taken.code(), reason = %not_taken, "artifact not resolved");
            let code = match &not_taken {
                NotTaken::Records(_) => FaultCode::Server,
                _ => FaultCode::Client,
            };
            soap(StatusCode::INTERNAL_SERVER_ERROR, fault(code, not_taken.code()))
        }
    }
}

async fn resolved(front: &Front, body: Bytes) -> Result<String, NotTaken> {
    let delivery = Delivery::soap(body.to_vec());
    let (service, resolve) = front
        .take(&delivery, PATH, SeenKind::ArtifactResolve, |received, peer, here| {
            received.soap_headers(peer)?;
            received.artifact_resolve(peer, here)
        })
        .await?;
    let entity = &service.partner.entity_id;
    let ours = resolve.artifact.source == Artifact::source_of(front.entity());
    let message = match ours {
        true => {
            front
                .records
                .take_artifact(&resolve.artifact.handle, entity, front.now())
                .await?
        }
        false => None,
    };
    let outcome = match message {
        Some(_) => Outcome::Done,
        None => Outcome::Refused,
    };
    let note = Note::of(AuditAct::ArtifactResolved, json!({ "service": entity }), json!({})).ended(outcome);
    front.records.note(&note, front.now()).await?;
    // Unknown, too old, another's, fetched already: success without a message, and no telling which
    // (saml-core section 3.5.3).
    let response = ArtifactResponse {
        head: front.head(None),
        in_response_to: Some(resolve.head.id.clone()),
        status: Status::success(),
        message: message.map(|message| message.to_string()),
    };
    let composed = response.compose().map_err(|error| {
        warn!(%error, "a kept message can't be written");
        relay_records::front::FrontError::Unreadable("artifact.message")
    })?;
    Ok(composed.sign(&front.key).soap())
}
