//! Leaving: a service or the person ends the session, and every service in it is told. Who takes SOAP is told from
//! here; who takes a browser's visit only is visited one after the other, and who asked gets the answer last.

mod principal;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use portal_kit::{Trouble, Visit, form::from_own_page};
use relay_core::{
    chance::OsChance,
    envelope::orders::Compare,
    id::Id,
    saml::{
        Delivered, Delivery, Kind,
        message::{Head, LogoutResponse, MessageId, RelayState, Status},
        names::{Binding, StatusCode as Code},
        send::{FaultCode, fault},
    },
};
use relay_records::front::{
    Ended, Ending, FrontError, NewProcedure, Participant, ProcedureKind, SeenKind, SessionId, Told,
};
use serde::{Deserialize, Serialize};
use time::Duration;
use tracing::info;
use uuid::Uuid;

use crate::{
    front::Front,
    pages,
    partners::Known,
    sso::{BROWSER, SESSION, secret, soap},
    taking::{NotTaken, records},
    telling::ROUND,
};

const PATH: &str = Compare::BY_BROWSER;
const SOAP_PATH: &str = Compare::BY_SOAP;
/// How long the person may look how far the services have been told.
const LOOKED_AFTER: Duration = Duration::hours(24);

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route(PATH, get(by_redirect).post(by_post))
        .route("/sign-out", get(sign_out_page).post(sign_out))
        .route("/sign-out/{id}", get(signed_out))
}

/// From server to server.
pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new().route(SOAP_PATH, post(by_soap))
}

/// A round of visits, kept between them.
#[derive(Serialize, Deserialize)]
struct Round {
    /// The session that ended.
    session: SessionId,
    /// The service that asked; none where the person did, here.
    asker: Option<Asker>,
    /// Who is still to be visited.
    waiting: Vec<Waiting>,
    /// Who is visited now, with our request's ID.
    visited: Option<(String, String)>,
    /// How many could not be told.
    untold: usize,
}

#[derive(Serialize, Deserialize)]
struct Asker {
    service: String,
    request: String,
    location: String,
    by_post: bool,
    relay_state: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    service: String,
    session_index: String,
    name_id: String,
}

impl From<Participant> for Waiting {
    fn from(participant: Participant) -> Self {
        Self {
            service: participant.service,
            session_index: participant.session_index,
            name_id: participant.name_id.to_string(),
        }
    }
}

impl From<&Waiting> for Participant {
    fn from(waiting: &Waiting) -> Self {
        Self {
            service: waiting.service.clone(),
            session_index: waiting.session_index.clone(),
            name_id: waiting.name_id.clone().into(),
            ended_at: None,
            telling: Told::NotYet { tries: 0 },
        }
    }
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
    let (service, request) = front
        .take(delivery, PATH, SeenKind::LogoutRequest, |received, peer, here| {
            received.logout_request(peer, here, None)
        })
        .await?;
    front.watch_trial(&service, &request).await;
    let (location, by_post) = answer_address(&service).ok_or_else(Trouble::request)?;
    let asker = Asker {
        service: service.partner.entity_id.clone(),
        request: request.head.id.as_str().to_owned(),
        location,
        by_post,
        relay_state: delivery.relay_state().map(|state| state.as_str().to_owned()),
    };
    let named = front.session_named(&service, &request).await?;
    let asked = principal::Asked {
        service: &service,
        request: &request,
        delivery,
        trace: visit.trace,
    };
    // The browser's own session is meant, whatever the service remembers; its index must not name another one. A service
    // that has no part in it may not end it, nor learn that there is one.
    let here = front.session(headers).await.map_err(records)?.map(|session| session.id);
    let session = named
        .or(here)
        .filter(|session| here.is_none_or(|here| here == *session));
    let Some(session) = front.for_its_person(session, &asked).await? else {
        let status = Status::failure(Code::Requester, Code::UnknownPrincipal);
        return front.answer_asker(visit, &asker, status);
    };
    let ended = front
        .records
        .end_session(session, Ending::Logout, Some(&asker.service), front.now())
        .await
        .map_err(records)?;
    let round = front.begin_round(ended, Some(asker)).await;
    go_on(front, visit, headers, round, None).await
}

/// A service that was visited has answered.
async fn visited(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivery: &Delivery,
) -> Result<Response, Trouble> {
    let over = || Trouble::new(StatusCode::CONFLICT, "sign-in-over");
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
    let mut round: Round = serde_json::from_slice(&kept.state).map_err(|_| over())?;
    let (service, request) = round.visited.take().ok_or_else(over)?;
    let request = MessageId::parse(&request).ok_or_else(over)?;
    let answer = front
        .take(delivery, PATH, SeenKind::LogoutResponse, |received, peer, here| {
            received.logout_response(peer, here, &request)
        })
        .await;
    let success = match answer {
        Ok((sender, response)) => sender.partner.entity_id == service && response.status.is_success(),
        Err(NotTaken::Records(error)) => return Err(records(error)),
        // Switched off meanwhile, or not to be believed: it counts as not told, and the others are visited all the same.
        Err(refused) => {
            info!(code = refused.code(), "an answer to a logout is not taken");
            false
        }
    };
    let (session, now) = (round.session, front.now());
    let told = match success {
        true => front.records.told(session, &service, "browser", now).await,
        false => {
            round.untold += 1;
            // It was visited, and a second visit is not the front's to make.
            let failed = front
                .records
                .not_told(session, &service, "browser", "failed", None, now);
            failed.await
        }
    };
    told.map_err(records)?;
    go_on(front, visit, headers, round, Some((id, kept.version))).await
}

/// The next visit, or the end of the round.
async fn go_on(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    mut round: Round,
    kept: Option<(Uuid, i32)>,
) -> Result<Response, Trouble> {
    let now = front.now();
    while let Some(next) = round.waiting.pop() {
        let known = front.partners.known(&front.records, &next.service, now).await;
        // Nobody is sent to a partner that is off: its answer would not be taken either.
        let usable = known.as_ref().ok().filter(|known| known.usable(now).is_ok());
        let Some((endpoint, binding)) = usable.and_then(|known| by_visit(known)) else {
            round.untold += 1;
            continue;
        };
        let request = front.logout_request(&Participant::from(&next), &endpoint);
        let id = request.head.id.as_str().to_owned();
        let Ok(composed) = request.compose() else {
            round.untold += 1;
            continue;
        };
        round.visited = Some((next.service.clone(), id));
        let (place, cookie) = keep(front, headers, &round, kept, ROUND).await?;
        let state = RelayState::parse(&place.simple().to_string());
        let mut answer = match binding {
            Binding::Post => {
                let form = composed.sign(&front.key).post(&endpoint, state.as_ref());
                pages::posting(front, visit, &next.service, &form)
            }
            _ => Redirect::to(&composed.redirect(&endpoint, state.as_ref(), &front.key)).into_response(),
        };
        answer.headers_mut().append(header::SET_COOKIE, SESSION.clear());
        if let Some(cookie) = cookie {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return Ok(answer);
    }
    if let Some((id, version)) = kept {
        front.records.close(id, version, None, now).await.map_err(records)?;
    }
    let mut answer = match &round.asker {
        Some(asker) => {
            let status = match round.untold {
                0 => Status::success(),
                // Who asked is signed out; somebody else could not be told (saml-core section 3.7.3.2).
                _ => Status {
                    detail: Some(Code::PartialLogout),
                    ..Status::success()
                },
            };
            front.answer_asker(visit, asker, status)?
        }
        None if round.untold == 0 => pages::signed_out(front, visit, &[], &[]),
        None => {
            // A page of its own address: looked at again, it says how far the services have been told since.
            let (id, cookie) = keep(front, headers, &round, None, LOOKED_AFTER).await?;
            let mut answer = Redirect::to(&front.at(&format!("/sign-out/{id}"))).into_response();
            if let Some(cookie) = cookie {
                answer.headers_mut().append(header::SET_COOKIE, cookie);
            }
            answer
        }
    };
    answer.headers_mut().append(header::SET_COOKIE, SESSION.clear());
    Ok(answer)
}

/// Keeps a round between two visits; its id, and the browser's cookie where it has none. A service that is visited brings
/// the id back: it is another one for each, or two of them could match people by it.
async fn keep(
    front: &Front,
    headers: &HeaderMap,
    round: &Round,
    kept: Option<(Uuid, i32)>,
    life: Duration,
) -> Result<(Uuid, Option<header::HeaderValue>), Trouble> {
    let now = front.now();
    let state = serde_json::to_vec(round).map_err(|_| Trouble::ours())?;
    let brought = BROWSER.read(headers).map(str::to_owned);
    let cookie = brought.clone().unwrap_or_else(secret);
    let new = NewProcedure {
        id: Id::<()>::new(&mut OsChance).uuid(),
        kind: ProcedureKind::Logout,
        browser: Some(cookie.as_bytes()),
        state: &state,
        expires_at: now + life,
    };
    match kept {
        Some(former) => front.records.go_on_as(former, &new, now).await,
        None => front.records.begin(&new, None, now).await,
    }
    .map_err(records)?;
    Ok((new.id, brought.is_none().then(|| BROWSER.set(&cookie))))
}

async fn by_soap(State(front): State<Arc<Front>>, visit: Visit, body: Bytes) -> Response {
    match asked_by_soap(&front, &visit, body).await {
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

async fn asked_by_soap(front: &Arc<Front>, visit: &Visit, body: Bytes) -> Result<String, NotTaken> {
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
        trace: visit.trace,
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
            match front.tell_all(&ended).await {
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
            Ok(pages::sign_out(&front, &visit, &places))
        }
        None => Ok(pages::said(&front, &visit, "sign-out-title", "sign-out-nobody")),
    }
}

async fn sign_out(State(front): State<Arc<Front>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    from_own_page(&headers)?;
    let Some(session) = front.session(&headers).await.map_err(records)? else {
        return Ok(pages::said(&front, &visit, "sign-out-title", "sign-out-nobody"));
    };
    let ended = front
        .records
        .end_session(session.id, Ending::Logout, None, front.now())
        .await
        .map_err(records)?;
    let round = front.begin_round(ended, None).await;
    go_on(&front, &visit, &headers, round, None).await
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
    let round: Round = serde_json::from_slice(&kept.state).map_err(|_| Trouble::not_found())?;
    let (mut waiting, mut given_up) = (Vec::new(), Vec::new());
    for participant in front.records.participants(round.session).await.map_err(records)? {
        let list = match participant.telling {
            Told::NotYet { .. } => &mut waiting,
            Told::GivenUp => &mut given_up,
        };
        let known = front.partners.known(&front.records, &participant.service, now).await;
        let name = known.ok().and_then(|known| known.shown_as().map(str::to_owned));
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
            places.extend(known.ok().and_then(|known| by_visit(&known)).map(|(place, _)| place));
        }
        Ok(places)
    }

    /// Tells who takes SOAP at once; the others are left to be visited.
    async fn begin_round(&self, mut ended: Ended, asker: Option<Asker>) -> Round {
        let mut waiting = Vec::new();
        let mut by_soap = Vec::new();
        for participant in std::mem::take(&mut ended.participants) {
            let known = self
                .partners
                .known(&self.records, &participant.service, self.now())
                .await;
            let speaks_soap = known.is_ok_and(|known| known.logout_at(Binding::Soap).is_some());
            match speaks_soap {
                true => by_soap.push(participant),
                false => waiting.push(Waiting::from(participant)),
            }
        }
        let session = ended.session;
        let ended = Ended {
            participants: by_soap,
            ..ended
        };
        Round {
            session,
            asker,
            waiting,
            visited: None,
            untold: self.tell_all(&ended).await,
        }
    }

    fn answer_asker(&self, visit: &Visit, asker: &Asker, status: Status) -> Result<Response, Trouble> {
        let response = LogoutResponse {
            head: self.head(Some(&asker.location)),
            in_response_to: MessageId::parse(&asker.request),
            status,
        };
        let composed = response.compose();
        let state = asker.relay_state.as_deref().and_then(RelayState::parse);
        Ok(match asker.by_post {
            true => {
                let form = composed.sign(&self.key).post(&asker.location, state.as_ref());
                pages::posting(self, visit, &asker.service, &form)
            }
            false => Redirect::to(&composed.redirect(&asker.location, state.as_ref(), &self.key)).into_response(),
        })
    }

    /// The head of a message that goes now.
    pub(crate) fn head(&self, destination: Option<&str>) -> Head {
        Head {
            id: MessageId::fresh(&mut OsChance),
            issued: self.now(),
            issuer: self.entity().clone(),
            destination: destination.map(str::to_owned),
        }
    }
}

/// Where a visit leads, and how.
fn by_visit(known: &Known) -> Option<(String, Binding)> {
    [Binding::Redirect, Binding::Post]
        .into_iter()
        .find_map(|binding| Some((known.logout_at(binding)?.location.clone(), binding)))
}

/// Where the answer to a service's LogoutRequest goes, and whether in a form.
fn answer_address(service: &Known) -> Option<(String, bool)> {
    [(Binding::Redirect, false), (Binding::Post, true)]
        .into_iter()
        .find_map(|(binding, by_post)| {
            let endpoint = service.logout_at(binding)?;
            let location = endpoint.response_location.as_ref().unwrap_or(&endpoint.location);
            Some((location.clone(), by_post))
        })
}
