//! The end of a sign-in: the name is made, what is answered is recorded, and only then sent.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use portal_kit::Trouble;
use relay_core::audit::Outcome;
use relay_records::front::{
    Answered, AuditAct, NewArtifact, NewParticipant, NewSession, Note, SessionId, SessionOf, SessionUsed,
};
use relay_saml::{
    message::{Artifact, EntityId, RelayState},
    names::StatusCode as Code,
    send::SignedMessage,
};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::{BY_BROWSER, BY_READER, KeptAt, OnWay};
use crate::{
    answer::Named,
    front::Front,
    pages::{self, Carried},
    sign_in::{Asked, ReplyBinding, SessionKind, Shown, Who},
    sso::{Given, SESSION, WAY, soap},
    taking::records,
};

/// How long an artifact may be redeemed.
const ARTIFACT_LIFE: Duration = Duration::minutes(1);

/// An answer that was recorded, ready to go.
pub(super) struct Ready {
    going: Going,
    carried: Carried,
    cookies: Vec<HeaderValue>,
}

/// How an answer goes.
pub(crate) enum Going {
    Form(SignedMessage),
    Artifact(Artifact),
    /// In the body of a SOAP answer.
    Soap(String),
}
impl OnWay<'_> {
    /// Makes the name, makes and records the answer; or says in a few words why there is no name.
    pub(super) async fn name_and_record(
        &self,
        kept: Option<KeptAt>,
        asked: &Asked,
        shown: &Shown,
    ) -> Result<Result<Ready, String>, Trouble> {
        let front = self.front;
        let service = self.service(asked).await?;
        let named = match &shown.who {
            Who::Upstream { .. } => Ok(Given::passing(&mut self.front.chance())),
            Who::Holder(registration) => {
                let named = front.name_of(*registration, asked).await;
                named.map_err(records)?
            }
        };
        let Given { named, blob, link } = match named {
            Ok(named) => named,
            Err(reason) => return Ok(Err(reason)),
        };
        let now = front.now();
        let (session, used, cookie) = self.session_for(shown, link, now).await?;
        let index = front.records.session_index(session, &asked.service);
        let discovery = front.bootstrap(asked, shown, &index, now).await.map_err(records)?;
        let message = front
            .assert(asked, shown, &named, (&index, discovery), &service, now)
            .map_err(|error| {
                warn!(%error, "an assertion can't be made");
                Trouble::ours()
            })?;
        let (going, artifact) = front.going(asked, message, now)?;
        let remembered = self.remembered(shown);
        let registration = match &shown.who {
            Who::Holder(registration) => Some(front.records.registration_at(*registration, &asked.service)),
            Who::Upstream { .. } => None,
        };
        let note = Note::of(
            AuditAct::SignInAnswered,
            json!({ "service": asked.service, "registration": registration, "blob": blob }),
            json!({
                "binding": asked.reply.binding.as_str(),
                "context": shown.context,
                "name_id": match named { Named::Sealed(_) => "persistent", Named::Transient(_) => "transient" },
            }),
        );
        let answered = Answered {
            procedure: kept,
            seen: Vec::new(),
            session: used,
            participant: Some(NewParticipant {
                service: asked.service.clone(),
                name_id: named.kept(),
            }),
            artifact,
            note: self.traced(note),
        };
        let ended = front.records.answered(&answered, now).await.map_err(records)?;
        info!(service = asked.service, blob, "answered");
        for ended in ended {
            front.tell_later(ended);
        }
        let way = match (&shown.who, &shown.session) {
            (Who::Holder(_), SessionKind::New { by_bridge: true, .. }) => Some(WAY.set(BY_READER)),
            (Who::Holder(_), SessionKind::New { .. }) if self.shown_from.is_some() => Some(WAY.set(BY_BROWSER)),
            _ => None,
        };
        let cookies = cookie.into_iter().chain(remembered).chain(way).collect();
        Ok(Ok(Ready {
            going,
            carried: Carried::Assertion,
            cookies,
        }))
    }

    /// Who signed the person in, for the services of the common domain; without one nobody else could read it.
    fn remembered(&self, shown: &Shown) -> Option<HeaderValue> {
        self.front.config.relay.common_domain.as_ref()?;
        let provider = match &shown.who {
            Who::Holder(_) => self.front.entity().clone(),
            Who::Upstream { provider } => EntityId::parse(provider)?,
        };
        self.front.remember(self.used.as_deref(), &provider)
    }

    /// The session the answer belongs to. A card that is shown again carries the browser's session on.
    async fn session_for(
        &self,
        shown: &Shown,
        link: Option<i32>,
        now: OffsetDateTime,
    ) -> Result<(SessionId, SessionUsed, Option<HeaderValue>), Trouble> {
        let (replaces, by_bridge) = match &shown.session {
            SessionKind::Existing(session) => return Ok((*session, SessionUsed::Existing(*session), None)),
            SessionKind::New { replaces, by_bridge } => (*replaces, *by_bridge),
        };
        let carried = match (&shown.who, replaces) {
            (Who::Holder(registration), Some(former)) => {
                let of = self
                    .front
                    .records
                    .holder_of_session(former, now)
                    .await
                    .map_err(records)?;
                replaces.filter(|_| of.is_some_and(|of| of.registration == *registration))
            }
            // Who it is, is the other provider's knowledge.
            _ => None,
        };
        let cookie = self.front.secret();
        let header = SESSION.set(&cookie);
        let new = NewSession {
            id: carried.unwrap_or_else(|| SessionId::new(&mut self.front.chance())),
            carries_on: carried.is_some(),
            cookie: Zeroizing::new(cookie.into_bytes()),
            of: match &shown.who {
                Who::Holder(registration) => SessionOf::Holder(*registration),
                Who::Upstream { provider } => SessionOf::Upstream(provider.clone()),
            },
            link,
            context: shown.context.clone(),
            authenticated_at: shown.at,
            expires_at: shown.until,
            gone: self
                .gone
                .as_ref()
                .filter(|_| by_bridge)
                .map(|token| Zeroizing::new(token.as_bytes().to_vec())),
            shown_from: self.shown_from,
            replaces: replaces.filter(|_| carried.is_none()),
        };
        Ok((new.id, SessionUsed::New(Box::new(new)), Some(header)))
    }

    pub(super) async fn status(
        &self,
        kept: Option<KeptAt>,
        asked: &Asked,
        code: Code,
        detail: Code,
        note: Option<Note>,
    ) -> Result<Response, Trouble> {
        let now = self.front.now();
        let message = self.front.refuse(asked, code, detail, now).map_err(|error| {
            warn!(%error, "a status can't be sent");
            Trouble::ours()
        })?;
        let (going, artifact) = self.front.going(asked, message, now)?;
        let answered = Answered {
            procedure: kept,
            seen: Vec::new(),
            session: SessionUsed::None,
            participant: None,
            artifact,
            note: note.unwrap_or_else(|| refusal(asked, "status")),
        };
        self.front.records.answered(&answered, now).await.map_err(records)?;
        self.send(
            asked,
            Ready {
                going,
                carried: Carried::Refusal,
                cookies: Vec::new(),
            },
        )
    }

    pub(super) fn send(&self, asked: &Asked, ready: Ready) -> Result<Response, Trouble> {
        let state = asked.relay_state.as_deref().and_then(RelayState::parse);
        let mut answer = match ready.going {
            Going::Form(message) => {
                let form = message.post(&asked.reply.location, state.as_ref());
                pages::form(self.front, self.visit, asked, ready.carried, &form)
            }
            Going::Artifact(artifact) => {
                Redirect::to(&artifact.redirect(&asked.reply.location, state.as_ref())).into_response()
            }
            Going::Soap(envelope) => soap(StatusCode::OK, envelope),
        };
        for cookie in ready.cookies {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    }
}

impl Front {
    /// How a message goes where `asked` wants it; by artifact it is kept for the service to fetch.
    fn going(
        &self,
        asked: &Asked,
        message: SignedMessage,
        now: OffsetDateTime,
    ) -> Result<(Going, Option<NewArtifact>), Trouble> {
        Ok(match asked.reply.binding {
            ReplyBinding::Post => (Going::Form(message), None),
            ReplyBinding::Artifact => {
                let artifact = Artifact::fresh(self.entity(), 0, &mut self.chance());
                let kept = NewArtifact {
                    handle: artifact.handle,
                    service: asked.service.clone(),
                    message: message.xml(),
                    expires_at: now + ARTIFACT_LIFE,
                };
                (Going::Artifact(artifact), Some(kept))
            }
            ReplyBinding::Paos => {
                let answer = relay_saml::message::EcpAnswer {
                    consumer: asked.reply.location.clone(),
                };
                (Going::Soap(message.ecp_response(&answer)), None)
            }
        })
    }
}

/// The note of a status instead of an assertion.
pub(super) fn refusal(asked: &Asked, rule: &str) -> Note {
    Note::of(
        AuditAct::SignInAnswered,
        json!({ "service": asked.service }),
        json!({ "rule": rule }),
    )
    .ended(Outcome::Refused)
}
