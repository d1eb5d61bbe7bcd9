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
use relay_core::saml::{
    Delivery, Refusal, SignIn,
    message::{Assertion, Identified, MessageId, NameId, Status},
    names::{NameIdFormat, StatusCode as Said},
};

use super::{CONSUMER, refused, request::wanted_context};
use crate::{
    me::{StoredName, secret_in, trouble},
    my_page::{ASKED, MyPage, SESSION},
};

pub(super) async fn take(
    State(my_page): State<Arc<MyPage>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = Delivery::post(&body).and_then(|delivered| delivered.message());
    let delivery = delivered.map_err(refused)?;
    let received = my_page.received(&delivery).await?;
    // Which request it answers is looked at twice: here for what its own browser holds, and in the records, where a
    // request that was answered is gone.
    let request = received.claimed_in_response_to().ok_or_else(not_asked)?;
    let browser = secret_in(ASKED.read(&headers)).ok_or_else(not_asked)?;
    let address = my_page.at(CONSUMER);
    let here = my_page.here(&address);
    let verified = my_page
        .by_relay(|peer| received.response(peer, &here, Some(&request), &my_page.decryption))
        .await?;
    let once = verified.once().clone();
    let new = my_page
        .records
        .is_first(once.sender.as_str(), once.id.as_str(), once.until)
        .await
        .map_err(trouble)?;
    match verified.first_time(new).map_err(refused)? {
        SignIn::Failed(status) => Err(not_signed_in(&status)),
        SignIn::Done(assertion) => begin(&my_page, &request, &browser, &assertion).await,
    }
}

async fn begin(
    my_page: &MyPage,
    request: &MessageId,
    browser: &provider_records::Secret,
    assertion: &Assertion,
) -> Result<Response, Trouble> {
    let name = own_name(my_page, assertion)?;
    let statement = assertion
        .authentication
        .as_ref()
        .ok_or_else(|| refused(Refusal::Missing("AuthnStatement")))?;
    if !wanted_context().is_met_by(&statement.context) {
        return Err(Trouble::new(StatusCode::FORBIDDEN, "card-with-pin-wanted"));
    }
    let stored = StoredName::of(name).write();
    let arrival = Arrival {
        request: request.as_str(),
        browser,
        pseudonym: name.value.as_bytes(),
        name: &stored,
        session_index: statement.session_index.as_deref(),
        context: statement.context.uri(),
        session_until: statement.session_until,
    };
    let begun = my_page.records.sign_in(&arrival, my_page.clock.now()).await;
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
    cookies.append(SET_COOKIE, SESSION.set(&hex::encode(begun.secret.as_slice())));
    cookies.append(SET_COOKIE, ASKED.clear());
    Ok(answer)
}

/// A lasting name, from the relay, for this service: any other would be somebody else's, or nobody's tomorrow.
fn own_name<'a>(my_page: &MyPage, assertion: &'a Assertion) -> Result<&'a NameId, Trouble> {
    let Identified::Clear(name) = &assertion.subject.name else {
        return Err(refused(Refusal::NotDecrypted));
    };
    let fits = |qualifier: &Option<String>, wanted: &str| qualifier.as_deref().is_none_or(|text| text == wanted);
    if name.format != NameIdFormat::Persistent
        || name.value.is_empty()
        || !fits(&name.qualifier, my_page.relay().peer.entity().as_str())
        || !fits(&name.sp_qualifier, my_page.entity().as_str())
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
