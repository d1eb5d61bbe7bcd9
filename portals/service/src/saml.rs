//! What is spoken with the relay: a request out by redirect, an answer in by POST, logouts both ways, metadata.

mod answer;
mod logout;
mod metadata;
mod request;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, post},
};
use portal_kit::Trouble;
use relay_saml::{Delivery, Peer, Received, Refusal, Verified};

use crate::{IdentityProvider, Service, known_relay::may_be_a_new_key};

/// Where answers to sign-ins come.
pub(crate) const CONSUMER: &str = "/saml/acs";
/// Where logouts come by redirect.
pub(crate) const LOGOUT: &str = "/saml/slo";
/// Where logouts come from server to server.
pub(crate) const LOGOUT_SOAP: &str = "/saml/slo/soap";
/// Where the metadata are.
pub(crate) const METADATA: &str = "/saml/metadata";

/// The name of the form that begins a logout.
pub(crate) const fn logout_form() -> &'static str {
    logout::FORM
}

/// What browsers come to.
pub(crate) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/sign-in", get(request::sign_in))
        .route(CONSUMER, post(answer::take))
        .route("/log-out", post(logout::begin))
        .route(LOGOUT, get(logout::by_redirect))
        .route(METADATA, get(metadata::serve))
}

/// What the relay itself comes to.
pub(crate) fn machine_routes() -> Router<Arc<Service>> {
    Router::new().route(LOGOUT_SOAP, post(logout::by_soap))
}

impl Service {
    /// Reads a message and makes sure it claims to be the relay's; its signature is checked by who reads it on.
    async fn received<'d>(&self, delivery: &'d Delivery) -> Result<Received<'d>, Trouble> {
        let expired = |relay: &IdentityProvider| relay.valid_until.is_some_and(|until| self.clock.now() >= until);
        if expired(&self.relay()) {
            self.refresh_relay().await;
        }
        let received = Received::open(delivery).map_err(refused)?;
        if received.claimed_issuer().map_err(refused)? != *self.relay().peer.entity() {
            return Err(refused(Refusal::NoKey));
        }
        if expired(&self.relay()) {
            tracing::error!("the relay's metadata have expired: fetch them anew");
            return Err(Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "relay-expired"));
        }
        Ok(received)
    }

    /// What `read` makes of a message of the relay's; once more with fresh metadata, where it may be signed with a key
    /// that those held do not name yet.
    async fn by_relay<T>(&self, read: impl Fn(&Peer) -> Result<Verified<T>, Refusal>) -> Result<Verified<T>, Trouble> {
        match read(&self.relay().peer) {
            Err(refusal) if may_be_a_new_key(&refusal) && self.refresh_relay().await => read(&self.relay().peer),
            read => read,
        }
        .map_err(refused)
    }
}

/// A message that is not taken. Its reason is for the log: the sender of a forged one learns nothing.
fn refused(reason: Refusal) -> Trouble {
    tracing::warn!(%reason, "a SAML message was refused");
    Trouble::new(StatusCode::BAD_REQUEST, "message-refused").by_rule(reason.code())
}
