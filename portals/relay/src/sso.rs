//! Signing in by a browser: the service's request in, the pages and ways for the card, the service's answer out. The
//! procedure ([`crate::sign_in`]) decides; here its orders are carried out.

mod known;
mod on_way;

use std::sync::Arc;

use axum::{
    Form, Router,
    body::Bytes,
    extract::{Path, Query, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{
    Trouble, Visit,
    cookie::{Cookie, SameSite},
    form::from_own_page,
    listener::Peer,
};
use relay_core::chance::draw;
use relay_records::front::{SeenKind, Whence};
use relay_saml::{
    Delivered, Delivery, fingerprint,
    message::AuthnRequest,
    names::{Binding, NameIdFormat, StatusCode as Code},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    card::check_challenge,
    front::Front,
    pages,
    partners::Known,
    sign_in::{self, CHALLENGE_LIFE, CardSeen, Challenge, Event, State as SignIn, Way},
    taking::records,
    telephone,
};
pub(crate) use known::Given;
pub(crate) use on_way::OnWay;

/// Which sign-ins are this browser's. Forms come back from other sites' pages (a service's POST, the bridge).
pub(crate) const BROWSER: Cookie = Cookie {
    name: "sign-in",
    same_site: SameSite::None,
    life: None,
};
/// Who is signed in here. A service's POST must bring it along.
pub(crate) const SESSION: Cookie = Cookie {
    name: "session",
    same_site: SameSite::None,
    life: None,
};
/// By which way a card was last taken in this browser: that way stands first the next time. It says nothing of a person.
const WAY: Cookie = Cookie {
    name: "way",
    same_site: SameSite::Lax,
    life: Some(time::Duration::days(365)),
};
/// Another value at each visit to a bridge. Nobody reads it: a browser keeps a page for the way back, also one that is not
/// to be stored, unless a cookie of its host changed meanwhile, and this page is another one then.
const VISITED: Cookie = Cookie {
    name: "visited",
    same_site: SameSite::Lax,
    life: None,
};
const PATH: &str = "/saml/sso";

/// The public listener's part.
pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/", get(start))
        .route(pages::SCRIPT_PATH, get(pages::send_script))
        .route(PATH, get(by_redirect).post(by_post))
        .route("/sign-in/{id}", get(again))
        .route("/sign-in/{id}/bridge", get(to_bridge))
        .route("/sign-in/{id}/decline", post(decline))
        .route("/card/answer", get(back_from_bridge).post(from_bridge))
}

/// The card listeners' part.
pub(crate) fn card_routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/card/{id}", get(card_shown))
        // The page with a refusal is shown here too, and its form counts as this page's own here only.
        .route("/sign-in/{id}/decline", post(decline))
}

async fn by_redirect(
    State(front): State<Arc<Front>>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let delivered = front.delivered(Delivery::redirect(&query.unwrap_or_default()))?;
    asked(&front, &visit, &headers, delivered).await
}

async fn by_post(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = front.delivered(Delivery::post(&body))?;
    asked(&front, &visit, &headers, delivered).await
}

async fn asked(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivered: Delivered,
) -> Result<Response, Trouble> {
    let delivery = front.delivered(delivered.message())?;
    let (service, request) = front
        .take(&delivery, PATH, SeenKind::AuthnRequest, |received, peer, here| {
            received.authn_request(peer, here)
        })
        .await?;
    let asked = front.asked(
        &service,
        &request,
        delivery.relay_state(),
        &[Binding::Post, Binding::Artifact],
    )?;
    let mut on_way = OnWay::new(front, visit, headers);
    on_way.asked = Some(asked.clone());
    if let Err(detail) = unsupported(&service, &request) {
        return on_way.send_status(&asked, Code::Requester, detail, "unsupported").await;
    }
    let session = front.session(headers).await.map_err(records)?;
    let event = Event::Asked {
        asked: Box::new(asked),
        session,
        possible: front.possible_contexts(),
    };
    let step = sign_in::step(SignIn::Begun, event, front.now());
    on_way.carry_out(None, step).await
}

/// What of a request is not spoken here.
pub(crate) fn unsupported(service: &Known, request: &AuthnRequest) -> Result<(), Code> {
    if request.subject.is_some() {
        // Whom a name belongs to can't be told here: no half knows a service's names.
        return Err(Code::RequestUnsupported);
    }
    let Some(policy) = &request.name_id_policy else {
        return Ok(());
    };
    let own = policy
        .sp_qualifier
        .as_deref()
        .is_none_or(|qualifier| qualifier == service.partner.entity_id);
    let spoken = matches!(
        policy.format,
        None | Some(
            NameIdFormat::Persistent | NameIdFormat::Transient | NameIdFormat::Unspecified | NameIdFormat::Encrypted
        )
    );
    if own && spoken {
        Ok(())
    } else {
        Err(Code::InvalidNameIdPolicy)
    }
}

/// The language that the visitor chose on the public host.
#[derive(Deserialize)]
struct Spoken {
    #[serde(rename = "in")]
    code: Option<String>,
}

async fn start(State(front): State<Arc<Front>>, visit: Visit) -> Response {
    pages::start(&front, &visit)
}

/// Whether a browser comes back from a bridge that is there.
#[derive(Deserialize)]
struct Back {
    bridge: Option<String>,
}

async fn again(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    let kept = on_way.kept(id).await?;
    match &kept.state {
        // Sent to a bridge, and back without its answer: there is none here, unless it says so itself.
        SignIn::WaitingForCard { asked, challenge, .. } => {
            let in_vain = challenge.is_some() && back.bridge.is_none();
            on_way.card_page(id, asked, None, in_vain).await
        }
        _ => Err(over()),
    }
}

async fn to_bridge(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let challenge = Challenge {
        nonce: hex::encode(draw::<32>(&mut front.chance())),
        until: front.now() + CHALLENGE_LIFE,
    };
    let visited = VISITED.set(&challenge.nonce[..8]);
    let on_way = OnWay::new(&front, &visit, &headers);
    let mut onward = on_way.event(id, Event::Challenged(challenge)).await?;
    onward.headers_mut().append(header::SET_COOKIE, visited);
    Ok(onward)
}

async fn decline(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(spoken): Query<Spoken>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let visit = visit.in_language(spoken.code.as_deref());
    from_own_page(&headers)?;
    OnWay::new(&front, &visit, &headers).event(id, Event::Declined).await
}

async fn card_shown(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(spoken): Query<Spoken>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let visit = visit.in_language(spoken.code.as_deref());
    let mut on_way = OnWay::new(&front, &visit, &headers);
    on_way.shown_from = Some(Whence::from(peer.address.ip()));
    // Whether the sign-in is this browser's is looked at before the card is.
    let trial = on_way.kept(id).await?.state.is_trial();
    let seen = match peer.certificate() {
        None => CardSeen::None,
        Some(certificate) => {
            on_way.card = Some(fingerprint(certificate));
            front.card_seen(certificate, Way::Tls, trial).await.map_err(records)?
        }
    };
    on_way.event(id, Event::CardShown(seen)).await
}

/// What the bridge's page posts.
#[derive(Deserialize)]
struct BridgeAnswer {
    /// The challenge, as it was given.
    challenge: String,
    /// The card's certificate, base64 of DER.
    certificate: String,
    /// The signature over [`crate::card::challenge_text`], base64.
    signature: String,
    /// The bridge's own token for saying that the card was pulled: at least 32 letters. None: it does not watch.
    #[serde(default)]
    gone: Option<String>,
}

/// Which challenge a bridge could not have answered.
#[derive(Deserialize)]
struct Unanswered {
    challenge: String,
}

/// A bridge that no longer knows what it was asked (it was started anew, or it took too long) sends the browser back to
/// the page that asks for the card.
async fn back_from_bridge(
    State(front): State<Arc<Front>>,
    Query(sent): Query<Unanswered>,
) -> Result<Response, Trouble> {
    if let Some((approval, _)) = telephone::approval_of(&sent.challenge) {
        return Ok(Redirect::to(&front.at(&format!("/telephone/{approval}"))).into_response());
    }
    let id = sent
        .challenge
        .split_once('-')
        .and_then(|(id, _)| id.parse::<Uuid>().ok());
    let id = id.ok_or_else(Trouble::request)?;
    Ok(Redirect::to(&front.at(&format!("/sign-in/{id}?bridge=here"))).into_response())
}

async fn from_bridge(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    Form(answer): Form<BridgeAnswer>,
) -> Result<Response, Trouble> {
    let decoded = |text: &str| STANDARD.decode(text.trim()).map_err(|_| Trouble::request());
    let (certificate, signature) = (decoded(&answer.certificate)?, decoded(&answer.signature)?);
    if answer.challenge.starts_with(telephone::MARK) {
        let signed = telephone::Signed {
            challenge: &answer.challenge,
            certificate: &certificate,
            signature: &signature,
        };
        return telephone::card_signed(&front, &visit, &headers, &signed).await;
    }
    let (id, nonce) = answer
        .challenge
        .split_once('-')
        .and_then(|(id, nonce)| Some((id.parse::<Uuid>().ok()?, nonce.to_owned())))
        .ok_or_else(Trouble::request)?;
    let mut on_way = OnWay::new(&front, &visit, &headers);
    on_way.gone = answer.gone.filter(|token| (32..=128).contains(&token.len()));
    on_way.card = Some(fingerprint(&certificate));
    let trial = on_way.kept(id).await?.state.is_trial();
    let seen = match check_challenge(&certificate, &front.origin(), &answer.challenge, &signature) {
        Ok(()) => front
            .card_seen(&certificate, Way::Bridge { nonce }, trial)
            .await
            .map_err(records)?,
        Err(fault) => CardSeen::Faulty(fault),
    };
    on_way.event(id, Event::CardShown(seen)).await
}

/// A SOAP answer.
pub(crate) fn soap(status: StatusCode, envelope: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], envelope).into_response()
}

pub(crate) fn over() -> Trouble {
    Trouble::new(StatusCode::CONFLICT, "sign-in-over")
}
