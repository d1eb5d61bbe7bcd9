//! Sending a browser off to sign in.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use portal_kit::{Trouble, Visit};
use provider_records::NewRequest;
use relay_saml::message::{Comparison, MessageId, RequestedAuthnContext};
use serde::Deserialize;

use crate::{
    Service,
    service::{ANSWER_WITHIN, Portal},
    session::trouble,
};

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The page to come back to.
    to: Option<String>,
}

pub(super) async fn sign_in(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    // A page of ours by name, so that no link can make a sign-in end elsewhere.
    let target = wanted.to.as_deref().unwrap_or("/");
    let target = service.portal.pages.iter().find(|page| page.to == target);
    let id = MessageId::fresh(&mut service.chance());
    let asked = service
        .records
        .ask(&NewRequest {
            id: id.as_str().to_owned(),
            target: target.map_or("/", |page| page.to).to_owned(),
            until: service.now() + ANSWER_WITHIN,
        })
        .await
        .map_err(trouble)?;
    let (party, relay) = (&service.party, service.relay());
    let request = party.authn_request(id, &relay, wanted_context(service.portal), service.now());
    let composed = request.compose().map_err(|error| {
        tracing::error!(%error, "a request could not be written");
        Trouble::ours()
    })?;
    let url = composed.redirect(&relay.sign_on, None, &party.signing);
    let cookie: HeaderValue = service.cookies.asked.set(&hex::encode(asked.browser.as_slice()));
    let mut answer = Redirect::to(&visit.carry_language(&url)).into_response();
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().append(SET_COOKIE, cookie);
    Ok(answer)
}

pub(super) fn wanted_context(portal: &Portal) -> RequestedAuthnContext {
    RequestedAuthnContext {
        classes: portal.contexts.to_vec(),
        comparison: Comparison::Exact,
    }
}
