//! Leaving: a service or the person ends the session, and every service in it is told. Who takes SOAP is told from
//! here; who takes a browser's visit only is visited one after the other, and who asked gets the answer last.

mod leaving;
mod principal;

use std::sync::Arc;

use axum::{
    Form, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use portal_kit::{Trouble, Visit, form::from_own_page};
use relay_core::envelope::orders;
use relay_records::front::{Ending, FrontError, ProcedureKind, SeenKind, SessionId, Told};
use relay_saml::{
    Delivered, Delivery, Kind,
    message::{Head, LogoutResponse, MessageId, Status},
    names::{Binding, StatusCode as Code},
    send::{FaultCode, fault},
};
use serde::Deserialize;
use time::Duration;
use tracing::info;
use uuid::Uuid;

use crate::{
    front::Front,
    logout::{AnswerPlace, Asker, Event, State as Leave},
    pages,
    partners::Known,
    sso::{BROWSER, SESSION, soap},
    taking::{NotTaken, records},
    telling::Browser,
};
use leaving::Leaving;

const PATH: &str = orders::LOGOUT_BY_BROWSER;
const SOAP_PATH: &str = orders::LOGOUT_BY_SOAP;
/// How long the person may look how far the services have been told.
const LOOKED_AFTER: Duration = Duration::hours(24);
/// The form that ends the session here.
const FORM: &str = "sign-out";
/// Where the person ends the session here by their own hand: the path, and the key of its words.
const WAY_OUT: (&str, &str) = ("/sign-out", "start-sign-out");

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route(PATH, get(by_redirect).post(by_post))
        .route("/sign-out", get(sign_out_page).post(sign_out))
        .route("/sign-out/{id}", get(signed_out))
}

/// What the form that ends the session here carries.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

/// From server to server.
pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new().route(SOAP_PATH, post(by_soap))
}

async fn by_redirect(
    State(front): State<Arc<Front>>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let delivered = front.delivered(Delivery::redirect(&query.unwrap_or_default()))?;
    by_browser(&front, &visit, &headers, delivered).await
}

async fn by_post(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = front.delivered(Delivery::post(&body))?;
    by_browser(&front, &visit, &headers, delivered).await
}

async fn by_browser(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivered: Delivered,
) -> Result<Response, Trouble> {
    let delivery = front.delivered(delivered.message())?;
    match front.kind(&delivery)? {
        Kind::LogoutResponse => visited(front, visit, headers, &delivery).await,
        _ => asked_by_browser(front, visit, headers, &delivery).await,
    }
}

async fn asked_by_browser(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivery: &Delivery,
) -> Result<Response, Trouble> {
    let taken = front
        .take(delivery, PATH, SeenKind::LogoutRequest, |received, peer, here| {
            received.logout_request(peer, here, None)
        })
        .await;
    let (service, request) = taken.map_err(still_signed_in)?;
    front.watch_trial(&service, &request).await;
    let asker = Asker {
        service: service.partner.entity_id.clone(),
        request: request.head.id.as_str().to_owned(),
        answer: answer_place(&service),
        relay_state: delivery.relay_state().map(|state| state.as_str().to_owned()),
    };
    let named = front.session_named(&service, &request).await?;
    let asked = principal::Asked {
        service: &service,
        request: &request,
        delivery,
    };
    // The browser's own session is meant, whatever the service remembers; its index must not name another one. A service
    // that has no part in it may not end it, nor learn that there is one.
    let here = front.session(headers).await.map_err(records)?.map(|session| session.id);
    let session = named
        .or(here)
        .filter(|session| here.is_none_or(|here| here == *session));
    let leaving = Leaving::new(front, visit, headers);
    let Some(session) = front.for_its_person(session, &asked).await? else {
        let status = Status::failure(Code::Requester, Code::UnknownPrincipal);
        return match asker.answer.is_some() {
            true => leaving.answer(&asker, status),
            false => Err(Trouble::new(StatusCode::FORBIDDEN, "logout-refused").offering(WAY_OUT)),
        };
    };
    let ended = front
        .records
        .end_session(session, Ending::Logout, Some(&asker.service), front.now())
        .await
        .map_err(records)?;
    leaving.begin(ended, Some(asker)).await
}

/// A service's logout that is not taken ends nothing: the page says so, and leads to where the person can.
fn still_signed_in(not_taken: NotTaken) -> Trouble {
    let (code, refused) = (not_taken.code(), not_taken.is_refusal());
    let trouble = Trouble::from(not_taken);
    match refused {
        true => Trouble::new(trouble.status(), "logout-refused")
            .by_rule(code)
            .offering(WAY_OUT),
        false => trouble,
    }
}

/// A service that was visited has answered.
async fn visited(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivery: &Delivery,
) -> Result<Response, Trouble> {
    let id: Uuid = delivery
        .relay_state()
        .and_then(|state| state.as_str().parse().ok())
        .ok_or_else(over)?;
    let browser = BROWSER.read(headers).ok_or_else(over)?;
    let kept = front
        .records
        .procedure(id, ProcedureKind::Logout, Some(browser.as_bytes()), front.now())
        .await
        .map_err(records)?;
    let state: Leave = serde_json::from_slice(&kept.state).map_err(|_| over())?;
    let Leave::Visiting { service, request, .. } = &state else {
        return Err(over());
    };
    let request = MessageId::parse(request).ok_or_else(over)?;
    let answer = front
        .take(delivery, PATH, SeenKind::LogoutResponse, |received, peer, here| {
            received.logout_response(peer, here, &request)
        })
        .await;
    let success = match answer {
        Ok((sender, response)) => sender.partner.entity_id == *service && response.status.is_success(),
        Err(NotTaken::Records(error)) => return Err(records(error)),
        // Switched off meanwhile, or not to be believed: it counts as not told, and the others are visited all the same.
        Err(refused) => {
            info!(code = refused.code(), "an answer to a logout is not taken");
            false
        }
    };
    let mut leaving = Leaving::new(front, visit, headers);
    leaving.kept = Some((id, kept.version));
    leaving.event(state, Event::Answered { success }).await
}

async fn by_soap(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    match asked_by_soap(&front, body).await {
        Ok(envelope) => soap(StatusCode::OK, envelope),
        Err(not_taken) => {
            info!(code = not_taken.code(), reason = %not_taken, "logout by SOAP not taken");
            let (code, words) = match &not_taken {
                NotTaken::Records(_) => (FaultCode::Server, "not now"),
                _ => (FaultCode::Client, not_taken.code()),
            };
            soap(StatusCode::INTERNAL_SERVER_ERROR, fault(code, words))
        }
    }
}

async fn asked_by_soap(front: &Arc<Front>, body: Bytes) -> Result<String, NotTaken> {
    let delivery = Delivery::soap(body.to_vec());
    let (service, request) = front
        .take(&delivery, SOAP_PATH, SeenKind::LogoutRequest, |received, peer, here| {
            received.soap_headers(peer)?;
            received.logout_request(peer, here, None)
        })
        .await?;
    front.watch_trial(&service, &request).await;
    let asked = principal::Asked {
        service: &service,
        request: &request,
        delivery: &delivery,
    };
    let session = front.session_named(&service, &request).await?;
    let status = match front.for_its_person(session, &asked).await? {
        None => Status::failure(Code::Requester, Code::UnknownPrincipal),
        Some(session) => {
            let asker = Some(service.partner.entity_id.as_str());
            let ended = front
                .records
                .end_session(session, Ending::Logout, asker, front.now())
                .await?;
            match front.tell_all(&ended, Browser::NotHere).await {
                0 => Status::success(),
                _ => Status {
                    detail: Some(Code::PartialLogout),
                    ..Status::success()
                },
            }
        }
    };
    let response = LogoutResponse {
        head: front.head(None),
        in_response_to: Some(request.head.id.clone()),
        status,
    };
    Ok(response.compose().sign(&front.key).soap())
}

async fn sign_out_page(State(front): State<Arc<Front>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    match front.session(&headers).await.map_err(records)? {
        Some(session) => {
            let places = front.places_to_visit(session.id).await.map_err(records)?;
            let token = front.forms.token(secret_of(&headers), FORM);
            Ok(pages::sign_out(&front, &visit, token, &places))
        }
        None => Ok(pages::said(&front, &visit, "sign-out-title", "sign-out-nobody")),
    }
}

/// The session's secret, which the form's token is bound to.
fn secret_of(headers: &HeaderMap) -> &[u8] {
    SESSION.read(headers).unwrap_or_default().as_bytes()
}

async fn sign_out(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    Form(sent): Form<Token>,
) -> Result<Response, Trouble> {
    from_own_page(&headers)?;
    let Some(session) = front.session(&headers).await.map_err(records)? else {
        return Ok(pages::said(&front, &visit, "sign-out-title", "sign-out-nobody"));
    };
    front.forms.check(secret_of(&headers), FORM, &sent.token, &headers)?;
    let ended = front
        .records
        .end_session(session.id, Ending::Logout, None, front.now())
        .await
        .map_err(records)?;
    Leaving::new(&front, &visit, &headers).begin(ended, None).await
}

/// How far the services of the session that this browser ended know it.
async fn signed_out(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let browser = BROWSER.read(&headers).ok_or_else(Trouble::not_found)?;
    let now = front.now();
    let kept = front
        .records
        .procedure(id, ProcedureKind::Logout, Some(browser.as_bytes()), now)
        .await
        .map_err(records)?;
    let state: Leave = serde_json::from_slice(&kept.state).map_err(|_| Trouble::not_found())?;
    let Leave::Over { session } = state else {
        return Err(Trouble::not_found());
    };
    let (mut waiting, mut given_up) = (Vec::new(), Vec::new());
    for participant in front.records.participants(session).await.map_err(records)? {
        let list = match participant.telling {
            Told::NotYet { .. } => &mut waiting,
            Told::GivenUp => &mut given_up,
        };
        let known = front.partners.known(&front.records, &participant.service, now).await;
        let name = known
            .ok()
            .and_then(|known| known.shown_as(visit.language).map(str::to_owned));
        list.push(name.unwrap_or(participant.service));
    }
    Ok(pages::signed_out(&front, &visit, &waiting, &given_up))
}

impl Front {
    /// Where a browser may be sent when the session ends.
    async fn places_to_visit(&self, session: SessionId) -> Result<Vec<String>, FrontError> {
        let mut places = Vec::new();
        for participant in self.records.participants(session).await? {
            let known = self
                .partners
                .known(&self.records, &participant.service, self.now())
                .await;
            let place = known.as_ref().ok().and_then(|known| known.visited_at());
            places.extend(place.map(|(endpoint, _)| endpoint.location.clone()));
        }
        Ok(places)
    }

    /// The head of a message that goes now.
    pub(crate) fn head(&self, destination: Option<&str>) -> Head {
        Head {
            id: MessageId::fresh(&mut self.chance()),
            issued: self.now(),
            issuer: self.entity().clone(),
            destination: destination.map(str::to_owned),
        }
    }
}

/// Where the answer to a service's LogoutRequest goes, if it has such a place.
fn answer_place(service: &Known) -> Option<AnswerPlace> {
    [(Binding::Redirect, false), (Binding::Post, true)]
        .into_iter()
        .find_map(|(binding, by_post)| {
            let endpoint = service.logout_at(binding)?;
            let location = endpoint.response_location.as_ref().unwrap_or(&endpoint.location);
            Some(AnswerPlace {
                location: location.clone(),
                by_post,
            })
        })
}

fn over() -> Trouble {
    Trouble::new(StatusCode::CONFLICT, "sign-in-over")
}
