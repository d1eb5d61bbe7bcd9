//! Who comes to the administration: an operator known by the hash of their card's certificate, which is not revoked.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use portal_kit::{Visit, listener::Peer};
use relay_records::refusals::UNKNOWN;
use relay_saml::fingerprint;
use tracing::warn;

use crate::{front::Front, intake::problem};

/// The operator behind a request, by name.
pub(super) struct Operator(pub(super) String);

impl FromRequestParts<Arc<Front>> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, front: &Arc<Front>) -> Result<Self, Response> {
        let peer = Peer::from_request_parts(parts, front)
            .await
            .map_err(|status| status.into_response())?;
        let refused = |rule| front.refusals.count(UNKNOWN, rule, front.now());
        let path = parts.uri.path().to_owned();
        let Some(card) = peer.certificate() else {
            warn!(path, "administration refused: no certificate");
            refused("operator.no_certificate");
            return Err(StatusCode::UNAUTHORIZED.into_response());
        };
        // By its hash, as the configuration names operators: the certificate itself may say whose it is.
        let hash = hex::encode(fingerprint(card));
        let known = &front.config.operators.known;
        let Some((name, _)) = known.iter().find(|(_, known)| *known == hash) else {
            warn!(
                certificate = hash,
                path, "administration refused: the certificate is no operator's"
            );
            refused("operator.unknown");
            return Err(StatusCode::FORBIDDEN.into_response());
        };
        // With each request: a connection may stand for hours.
        if let Err(reason) = front.revocations.judge(card, front.now()) {
            warn!(certificate = hash, path, operator = name, %reason, "administration refused");
            refused(reason.code());
            let title = reason.to_string();
            return Err(match Visit::from_request_parts(parts, front).await {
                Ok(visit) => problem(&visit, StatusCode::FORBIDDEN, reason.code(), &title),
                Err(_) => StatusCode::FORBIDDEN.into_response(),
            });
        }
        Ok(Self(name.clone()))
    }
}
