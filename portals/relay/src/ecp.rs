//! Clients without cookies (saml-profiles section 4.2): the service's request comes in a SOAP body to the card
//! listener, the card is shown in the same connection, and the answer goes back in the body. No page is shown and no
//! session is begun: such a client shows its card each time.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::StatusCode, response::Response, routing::post};
use portal_kit::{Visit, listener::Peer};
use relay_core::audit::Outcome;
use relay_records::front::{
    Answered, AuditAct, NewParticipant, NewSession, Note, SeenKind, SessionId, SessionOf, SessionUsed, Whence,
};
use relay_saml::{
    Delivery,
    message::EcpAnswer,
    names::{Binding, StatusCode as Code},
    send::{FaultCode, fault},
};
use serde_json::json;
use time::Duration;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::{
    front::Front,
    sign_in::{self, Asked, Effect, Event, Shown, State as SignIn, Way, Who},
    sso::{Given, soap, unsupported},
    taking::NotTaken,
};

const PATH: &str = "/saml/ecp";

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route(PATH, post(by_soap))
}

async fn by_soap(State(front): State<Arc<Front>>, visit: Visit, peer: Peer, body: Bytes) -> Response {
    match answered(&front, &visit, &peer, body).await {
        Ok(envelope) => soap(StatusCode::OK, envelope),
        Err(not_taken) => {
            info!(code = not_taken.code(), reason = %not_taken, "request of a client without cookies not taken");
            let code = match &not_taken {
                NotTaken::Records(_) => FaultCode::Server,
                _ => FaultCode::Client,
            };
            soap(StatusCode::INTERNAL_SERVER_ERROR, fault(code, not_taken.code()))
        }
    }
}

async fn answered(front: &Arc<Front>, visit: &Visit, peer: &Peer, body: Bytes) -> Result<String, NotTaken> {
    let delivery = Delivery::paos(body.to_vec());
    let address = front.card_at(PATH);
    let (service, request) = front
        .take_at(&delivery, &address, SeenKind::AuthnRequest, |received, peer, here| {
            received.soap_headers(peer)?;
            received.authn_request(peer, here)
        })
        .await?;
    let asked = front.asked(&service, &request, None, &[Binding::Paos])?;
    let consumer = asked.reply.location.clone();
    let message = match unsupported(&service, &request) {
        Err(detail) => Err((Code::Requester, detail)),
        Ok(()) => match known_by_card(front, &asked, peer).await? {
            Ok(shown) => named(front, visit, &asked, &shown, &service, peer).await?,
            Err((code, detail)) => Err((code, detail)),
        },
    };
    let message = match message {
        Ok(message) => message,
        Err((code, detail)) => {
            let note = Note::of(
                AuditAct::SignInAnswered,
                json!({ "service": asked.service }),
                json!({ "binding": "paos", "trace": visit.trace.to_string(), "rule": detail.uri() }),
            )
            .ended(Outcome::Refused);
            front.records.note(&note, front.now()).await?;
            front.refuse(&asked, code, detail, front.now()).map_err(unwritten)?
        }
    };
    Ok(message.ecp_response(&EcpAnswer { consumer }))
}

type Refusal = (Code, Code);

/// Who is there, by the card of this connection; the procedure is the same, asked twice in one request.
async fn known_by_card(front: &Front, asked: &Asked, peer: &Peer) -> Result<Result<Shown, Refusal>, NotTaken> {
    let now = front.now();
    let event = Event::Asked {
        asked: Box::new(Asked {
            // The card is here already: nobody has to be asked anything.
            passive: false,
            ..asked.clone()
        }),
        session: None,
        possible: front.possible_contexts(),
    };
    let step = sign_in::step(SignIn::Begun, event, now);
    if let Effect::SendStatus { code, detail } = step.effect {
        return Ok(Err((code, detail)));
    }
    let seen = match peer.certificate() {
        None => sign_in::CardSeen::None,
        Some(certificate) => front.card_seen(certificate, Way::Tls, asked.trial).await?,
    };
    let step = sign_in::step(step.state, Event::CardShown(seen), now);
    if let Some(told) = &step.note {
        let registration = told
            .registration
            .map(|registration| front.records.registration_at(registration, &told.service));
        front.records.note(&told.note(registration), now).await?;
    }
    Ok(match step.state {
        SignIn::Naming { shown, .. } => Ok(shown),
        _ => Err((Code::Responder, Code::AuthnFailed)),
    })
}

async fn named(
    front: &Arc<Front>,
    visit: &Visit,
    asked: &Asked,
    shown: &Shown,
    service: &crate::partners::Known,
    peer: &Peer,
) -> Result<Result<relay_saml::send::SignedMessage, Refusal>, NotTaken> {
    let Who::Holder(registration) = shown.who else {
        return Ok(Err((Code::Responder, Code::AuthnFailed)));
    };
    let Ok(Given { named, blob, link }) = front.name_of(registration, asked).await? else {
        return Ok(Err((Code::Responder, Code::NoAvailableIdp)));
    };
    let now = front.now();
    let session = SessionId::new(&mut front.chance());
    let index = front.records.session_index(session, &asked.service);
    let message = front
        .assert(asked, shown, &named, (&index, None), service, now)
        .map_err(unwritten)?;
    let answered = Answered {
        procedure: None,
        seen: Vec::new(),
        // A session for the logout's sake alone: nobody holds its cookie.
        session: SessionUsed::New(Box::new(NewSession {
            id: session,
            cookie: Zeroizing::new(front.secret().into_bytes()),
            of: SessionOf::Holder(registration),
            link,
            context: shown.context.clone(),
            authenticated_at: shown.at,
            expires_at: now + Duration::seconds(asked.session_seconds),
            gone: None,
            shown_from: Some(Whence::from(peer.address.ip())),
            replaces: None,
            carries_on: false,
        })),
        participant: Some(NewParticipant {
            service: asked.service.clone(),
            name_id: named.kept(),
        }),
        artifact: None,
        note: Note::of(
            AuditAct::SignInAnswered,
            json!({
                "service": asked.service,
                "registration": front.records.registration_at(registration, &asked.service),
                "blob": blob,
            }),
            json!({ "binding": "paos", "context": shown.context, "trace": visit.trace.to_string() }),
        ),
    };
    for ended in front.records.answered(&answered, now).await? {
        front.tell_later(ended);
    }
    Ok(Ok(message))
}

fn unwritten(error: crate::answer::AnswerError) -> NotTaken {
    warn!(%error, "an answer can't be written");
    NotTaken::Records(relay_records::front::FrontError::Unreadable("answer"))
}
