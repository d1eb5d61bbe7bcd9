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
use portal_kit::{
    Trouble, Visit,
    form::{Forged, Sender},
};
use provider_records::Ended;
use relay_saml::{
    Delivery, Kind, Received, Refusal,
    message::{Identified, LogoutRequest, LogoutResponse, MessageId},
    names::StatusCode as Said,
    send::{FaultCode, fault},
};

use super::{LOGOUT, LOGOUT_SOAP, refused};
use crate::{
    Service,
    pages::{self, Farewell},
    session::{StoredName, secret_in, trouble},
};

/// The form that begins a logout.
pub(super) const FORM: &str = "log-out";

/// The button: ends the session here, then sends the browser to the relay, which ends it everywhere else.
pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    // Another site's form brings no session along, and whoever is sent it may be signed in all the same: nothing has
    // ended, and the page says so.
    let sender = Sender::of(&headers);
    let Some(secret) = secret_in(service.cookies.session.read(&headers)).filter(|_| sender != Sender::AnotherPage)
    else {
        return match sender {
            Sender::OwnPage => Ok(pages::farewell(Farewell::Nobody)),
            Sender::AnotherPage | Sender::Unsaid => Err(Forged.into()),
        };
    };
    let token = pages::token_in(&body);
    service.forms.check(secret.as_slice(), FORM, &token, &headers)?;
    let ended = service.records.end(&secret).await.map_err(trouble)?;
    let mut answer = match ended.and_then(|ended| ask_the_relay(&service, &ended)) {
        None => pages::farewell(Farewell::Here),
        Some((request, url)) => {
            let mut answer = Redirect::to(&visit.carry_language(&url)).into_response();
            let leaving = &service.cookies.leaving;
            let leaving = leaving.set(request.as_str().as_bytes(), service.now(), &mut service.chance());
            answer.headers_mut().append(SET_COOKIE, leaving);
            answer
        }
    };
    answer.headers_mut().append(SET_COOKIE, service.cookies.session.clear());
    Ok(answer)
}

/// The logout request by redirect: its ID and the URL; none where the relay offers no such logout.
fn ask_the_relay(service: &Service, ended: &Ended) -> Option<(MessageId, String)> {
    let name = StoredName::read(&ended.name)?.name_id();
    let person = (&name, ended.session_index.as_deref());
    let asked = service
        .party
        .logout_request(&service.relay(), person, service.now(), &mut service.chance());
    let (request, address) = asked?;
    let url = request.compose().ok()?.redirect(&address, None, &service.party.signing);
    Some((request.head.id, url))
}

/// The relay, through the browser: its answer to our logout, or word that the session is over.
pub(super) async fn by_redirect(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let delivered = Delivery::redirect(&query.unwrap_or_default()).and_then(|delivered| delivered.message());
    let delivery = delivered.map_err(refused)?;
    let received = service.received(&delivery).await?;
    match received.kind() {
        Kind::LogoutResponse => {
            let asked = service.cookies.leaving.read(&headers, service.now());
            let asked = asked
                .and_then(|id| MessageId::parse(std::str::from_utf8(&id).ok()?))
                .ok_or_else(|| Trouble::new(StatusCode::BAD_REQUEST, "logout-not-asked"))?;
            let address = service.party.at(LOGOUT);
            let here = service.party.here(&address, service.now());
            let verified = service
                .by_relay(|peer| received.logout_response(peer, &here, &asked))
                .await?;
            let once = verified.once().clone();
            let new = service
                .records
                .is_first(once.sender.as_str(), once.id.as_str(), once.until)
                .await
                .map_err(trouble)?;
            let said = verified.first_time(new).map_err(refused)?;
            let whole = said.status.is_success() && said.status.detail != Some(Said::PartialLogout);
            let farewell = if whole { Farewell::Everywhere } else { Farewell::Partly };
            let mut answer = pages::farewell(farewell);
            answer.headers_mut().append(SET_COOKIE, service.cookies.leaving.clear());
            Ok(answer)
        }
        _ => {
            let (request, _) = end_named(&service, &received, LOGOUT).await?;
            let relay = service.relay();
            let Some(logout) = &relay.logout else {
                return Ok(pages::farewell(Farewell::Here));
            };
            let to = logout.response_location.as_ref().unwrap_or(&logout.location);
            let url = done(&service, &request, Some(to)).compose().redirect(
                to,
                delivery.relay_state(),
                &service.party.signing,
            );
            let mut answer = Redirect::to(&url).into_response();
            answer.headers_mut().append(SET_COOKIE, service.cookies.session.clear());
            Ok(answer)
        }
    }
}

/// The relay, from server to server: a card was pulled, or the resident logged out at another service.
pub(super) async fn by_soap(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let answered = async {
        let delivery = Delivery::soap(body.to_vec());
        let received = service.received(&delivery).await?;
        let (request, sessions) = end_named(&service, &received, LOGOUT_SOAP).await?;
        tracing::info!(sessions, "the relay ended sessions");
        Ok::<_, Trouble>(
            done(&service, &request, None)
                .compose()
                .sign(&service.party.signing)
                .soap(),
        )
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
async fn end_named(service: &Service, received: &Received<'_>, at: &str) -> Result<(LogoutRequest, u64), Trouble> {
    let address = service.party.at(at);
    let here = service.party.here(&address, service.now());
    let verified = service
        .by_relay(|peer| received.logout_request(peer, &here, Some(&service.party.decryption)))
        .await?;
    let once = verified.once().clone();
    let new = service
        .records
        .is_first(once.sender.as_str(), once.id.as_str(), once.until)
        .await
        .map_err(trouble)?;
    let request = verified.first_time(new).map_err(refused)?;
    let Identified::Clear(name) = &request.name else {
        return Err(refused(Refusal::NotDecrypted));
    };
    let ended = service
        .records
        .end_of(name.value.as_bytes(), &request.session_indexes)
        .await
        .map_err(trouble)?;
    Ok((request, ended))
}

fn done(service: &Service, request: &LogoutRequest, to: Option<&str>) -> LogoutResponse {
    let id = MessageId::fresh(&mut service.chance());
    service.party.logout_response(id, request, to, service.now())
}
