//! Leaving: the resident logs out everywhere, or the relay says that a session is over.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use portal_kit::Trouble;
use provider_records::Ended;
use relay_core::{
    chance::OsChance,
    saml::{
        Delivery, Kind, Received, Refusal,
        message::{Identified, LogoutRequest, LogoutResponse, MessageId, Status},
        names::StatusCode as Said,
        send::{FaultCode, fault},
    },
};
use time::Duration;

use super::{LOGOUT, LOGOUT_SOAP, refused};
use crate::{
    me::{StoredName, secret_in, trouble},
    my_page::{MyPage, SESSION},
    pages::{self, Farewell},
};

/// The form that begins a logout.
pub(super) const FORM: &str = "log-out";

/// The button: ends the session here, then sends the browser to the relay, which ends it everywhere else.
pub(super) async fn begin(
    State(my_page): State<Arc<MyPage>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let Some(secret) = secret_in(SESSION.read(&headers)) else {
        // Over already: there is nothing to forge.
        return Ok(pages::farewell(Farewell::Here));
    };
    let token = pages::token_in(&body);
    my_page.forms.check(secret.as_slice(), FORM, &token, &headers)?;
    let ended = my_page.records.end(&secret).await.map_err(trouble)?;
    let mut answer = match ended.and_then(|ended| ask_the_relay(&my_page, &ended)) {
        None => pages::farewell(Farewell::Here),
        Some((request, url)) => {
            let mut answer = Redirect::to(&url).into_response();
            let leaving = my_page
                .leaving
                .set(request.as_str().as_bytes(), my_page.clock.now(), &mut OsChance);
            answer.headers_mut().append(SET_COOKIE, leaving);
            answer
        }
    };
    answer.headers_mut().append(SET_COOKIE, SESSION.clear());
    Ok(answer)
}

/// The logout request by redirect, its name encrypted to the blind half; none where the relay offers no such logout.
fn ask_the_relay(my_page: &MyPage, ended: &Ended) -> Option<(MessageId, String)> {
    let relay = my_page.relay();
    let (logout, sealing) = (relay.logout.as_ref()?, relay.sealing.as_ref()?);
    let name = StoredName::read(&ended.name)?.name_id();
    let id = MessageId::fresh(&mut OsChance);
    let request = LogoutRequest {
        head: my_page.head(id.clone(), &logout.location),
        name: Identified::Sealed(sealing.seal_name(&name, &mut OsChance)),
        session_indexes: ended.session_index.iter().cloned().collect(),
        reason: Some("urn:oasis:names:tc:SAML:2.0:logout:user".to_owned()),
        not_on_or_after: Some(my_page.clock.now() + Duration::minutes(5)),
    };
    let composed = request.compose().ok()?;
    Some((id, composed.redirect(&logout.location, None, &my_page.signing)))
}

/// The relay, through the browser: its answer to our logout, or word that the session is over.
pub(super) async fn by_redirect(
    State(my_page): State<Arc<MyPage>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let delivered = Delivery::redirect(&query.unwrap_or_default()).and_then(|delivered| delivered.message());
    let delivery = delivered.map_err(refused)?;
    let received = my_page.received(&delivery).await?;
    match received.kind() {
        Kind::LogoutResponse => {
            let asked = my_page.leaving.read(&headers, my_page.clock.now());
            let asked = asked
                .and_then(|id| MessageId::parse(std::str::from_utf8(&id).ok()?))
                .ok_or_else(|| Trouble::new(StatusCode::BAD_REQUEST, "logout-not-asked"))?;
            let address = my_page.at(LOGOUT);
            let here = my_page.here(&address);
            let verified = my_page
                .by_relay(|peer| received.logout_response(peer, &here, &asked))
                .await?;
            let once = verified.once().clone();
            let new = my_page
                .records
                .is_first(once.sender.as_str(), once.id.as_str(), once.until)
                .await
                .map_err(trouble)?;
            let said = verified.first_time(new).map_err(refused)?;
            let whole = said.status.is_success() && said.status.detail != Some(Said::PartialLogout);
            let farewell = if whole { Farewell::Everywhere } else { Farewell::Partly };
            let mut answer = pages::farewell(farewell);
            answer.headers_mut().append(SET_COOKIE, my_page.leaving.clear());
            Ok(answer)
        }
        _ => {
            let (request, _) = end_named(&my_page, &received, LOGOUT).await?;
            let relay = my_page.relay();
            let Some(logout) = &relay.logout else {
                return Ok(pages::farewell(Farewell::Here));
            };
            let to = logout.response_location.as_ref().unwrap_or(&logout.location);
            let url = done(&my_page, &request, to)
                .compose()
                .redirect(to, delivery.relay_state(), &my_page.signing);
            let mut answer = Redirect::to(&url).into_response();
            answer.headers_mut().append(SET_COOKIE, SESSION.clear());
            Ok(answer)
        }
    }
}

/// The relay, from server to server: a card was pulled, or the resident logged out at another service.
pub(super) async fn by_soap(State(my_page): State<Arc<MyPage>>, body: Bytes) -> Response {
    let answered = async {
        let delivery = Delivery::soap(body.to_vec());
        let received = my_page.received(&delivery).await?;
        let (request, sessions) = end_named(&my_page, &received, LOGOUT_SOAP).await?;
        tracing::info!(sessions, "the relay ended sessions");
        // A SOAP answer goes back on its own connection: it has no destination.
        let mut response = done(&my_page, &request, "");
        response.head.destination = None;
        Ok::<_, Trouble>(response.compose().sign(&my_page.signing).soap())
    };
    let kind = [(CONTENT_TYPE, "text/xml; charset=utf-8")];
    match answered.await {
        Ok(envelope) => (kind, envelope).into_response(),
        // SOAP 1.1 section 6.2: a fault goes with status 500.
        Err(trouble) => {
            let code = match trouble.status().is_client_error() {
                true => FaultCode::Client,
                false => FaultCode::Server,
            };
            (StatusCode::INTERNAL_SERVER_ERROR, kind, fault(code, trouble.key())).into_response()
        }
    }
}

/// Ends the sessions that a checked LogoutRequest names; how many there were.
async fn end_named(my_page: &MyPage, received: &Received<'_>, at: &str) -> Result<(LogoutRequest, u64), Trouble> {
    let address = my_page.at(at);
    let here = my_page.here(&address);
    let verified = my_page
        .by_relay(|peer| received.logout_request(peer, &here, Some(&my_page.decryption)))
        .await?;
    let once = verified.once().clone();
    let new = my_page
        .records
        .is_first(once.sender.as_str(), once.id.as_str(), once.until)
        .await
        .map_err(trouble)?;
    let request = verified.first_time(new).map_err(refused)?;
    let Identified::Clear(name) = &request.name else {
        return Err(refused(Refusal::NotDecrypted));
    };
    let ended = my_page
        .records
        .end_of(name.value.as_bytes(), &request.session_indexes)
        .await
        .map_err(trouble)?;
    Ok((request, ended))
}

fn done(my_page: &MyPage, request: &LogoutRequest, to: &str) -> LogoutResponse {
    LogoutResponse {
        head: my_page.head(MessageId::fresh(&mut OsChance), to),
        in_response_to: Some(request.head.id.clone()),
        status: Status::success(),
    }
}
