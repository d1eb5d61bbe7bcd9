//! Taking the relay's answer: checked whole, once, in the browser that was sent off.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use portal_kit::Trouble;
use provider_records::{Arrival, ProviderError};
use relay_saml::{
    Delivery, Refusal, SignIn,
    message::{Assertion, Identified, MessageId, NameId, Status},
    names::{NameIdFormat, StatusCode as Said},
};

use super::{CONSUMER, refused, request::wanted_context};
use crate::{
    Service,
    session::{StoredName, secret_in, trouble},
};

pub(super) async fn take(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = Delivery::post(&body).and_then(|delivered| delivered.message());
    let delivery = delivered.map_err(refused)?;
    let received = service.received(&delivery).await?;
    // Which request it answers is looked at twice: here for what its own browser holds, and in the records, where a
    // request that was answered is gone.
    let request = received.claimed_in_response_to().ok_or_else(not_asked)?;
    let browser = secret_in(service.cookies.asked.read(&headers)).ok_or_else(not_asked)?;
    let address = service.party.at(CONSUMER);
    let here = service.party.here(&address, service.now());
    let verified = service
        .by_relay(|peer| received.response(peer, &here, Some(&request), &service.party.decryption))
        .await?;
    let once = verified.once().clone();
    let new = service
        .records
        .is_first(once.sender.as_str(), once.id.as_str(), once.until)
        .await
        .map_err(trouble)?;
    match verified.first_time(new).map_err(refused)? {
        SignIn::Failed(status) => Err(not_signed_in(&status)),
        SignIn::Done(assertion) => begin(&service, &request, &browser, &assertion).await,
    }
}

async fn begin(
    service: &Service,
    request: &MessageId,
    browser: &provider_records::Secret,
    assertion: &Assertion,
) -> Result<Response, Trouble> {
    let name = own_name(service, assertion)?;
    let statement = assertion
        .authentication
        .as_ref()
        .ok_or_else(|| refused(Refusal::Missing("AuthnStatement")))?;
    if !wanted_context(service.portal).is_met_by(&statement.context) {
        return Err(Trouble::new(StatusCode::FORBIDDEN, "card-with-pin-wanted"));
    }
    let stored = StoredName::of(name, assertion.discovery.as_ref()).write();
    let arrival = Arrival {
        request: request.as_str(),
        browser,
        pseudonym: name.value.as_bytes(),
        name: &stored,
        session_index: statement.session_index.as_deref(),
        context: statement.context.uri(),
        session_until: statement.session_until,
    };
    let begun = service.records.sign_in(&arrival, service.now()).await;
    let begun = begun.map_err(|error| match error {
        ProviderError::NotAsked | ProviderError::OtherBrowser => {
            tracing::warn!(%error, "an answer was refused");
            not_asked()
        }
        error => trouble(error),
    })?;
    tracing::info!("signed in");
    let mut answer = Redirect::to(&begun.target).into_response();
    let cookies = answer.headers_mut();
    cookies.append(
        SET_COOKIE,
        service.cookies.session.set(&hex::encode(begun.secret.as_slice())),
    );
    cookies.append(SET_COOKIE, service.cookies.asked.clear());
    Ok(answer)
}

/// A lasting name, from the relay, for this service: any other would be somebody else's, or nobody's tomorrow.
fn own_name<'a>(service: &Service, assertion: &'a Assertion) -> Result<&'a NameId, Trouble> {
    let Identified::Clear(name) = &assertion.subject.name else {
        return Err(refused(Refusal::NotDecrypted));
    };
    let fits = |qualifier: &Option<String>, wanted: &str| qualifier.as_deref().is_none_or(|text| text == wanted);
    if name.format != NameIdFormat::Persistent
        || name.value.is_empty()
        || !fits(&name.qualifier, service.relay().peer.entity().as_str())
        || !fits(&name.sp_qualifier, service.party.entity.as_str())
    {
        return Err(refused(Refusal::Missing("persistent NameID for this service")));
    }
    Ok(name)
}

/// Too late, twice, or another browser's: the same words for all.
fn not_asked() -> Trouble {
    Trouble::new(StatusCode::BAD_REQUEST, "sign-in-not-asked")
}

fn not_signed_in(status: &Status) -> Trouble {
    tracing::info!(
        status = status.code.uri(),
        detail = status.detail.as_ref().map(Said::uri),
        "not signed in"
    );
    let key = match status.detail {
        Some(Said::AuthnFailed | Said::RequestDenied) => "sign-in-stopped",
        Some(Said::NoAuthnContext) => "card-with-pin-wanted",
        _ => "sign-in-failed",
    };
    Trouble::new(StatusCode::FORBIDDEN, key)
}
