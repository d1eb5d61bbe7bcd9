//! Signing in by a browser: the service's request in, the pages and ways for the card, the service's answer out. The
//! procedure ([`crate::sign_in`]) decides; here its orders are carried out.

use std::sync::Arc;

use axum::{
    Form, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_kit::{
    Trouble, Visit,
    cookie::{Cookie, SameSite},
    form::from_own_page,
    listener::Peer,
};
use relay_core::{
    audit::Outcome,
    chance::{OsChance, draw},
    id::Id,
    saml::{
        Delivered, Delivery, answer_to,
        message::{Artifact, AuthnRequest, RelayState},
        names::{AuthnContext, Binding, NameIdFormat, StatusCode as Code},
        send::SignedMessage,
    },
};
use relay_records::front::{
    Answered, AuditAct, FrontError, NewArtifact, NewParticipant, NewProcedure, NewSession, Note, PartnerKind,
    PartnerState, ProcedureKind, SeenKind, SessionId, SessionOf, SessionUsed,
};
use serde::Deserialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    answer::{Named, session_index},
    card::{CardFault, CardKind, check_challenge},
    front::Front,
    pages,
    partners::{Known, PartnerFault},
    provider::may_be_handed_on,
    sign_in::{
        self, Asked, CHALLENGE_LIFE, CardSeen, Challenge, Effect, Event, NameWanted, PATIENCE, Reply, ReplyBinding,
        Session, SessionKind, Shown, State as SignIn, Step, Way, Who,
    },
    taking::{NotTaken, records},
};

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
/// How long a session lasts here; each service says how old a sign-in it takes.
const SESSION_LIFE: Duration = Duration::hours(8);
/// How long an artifact may be redeemed.
const ARTIFACT_LIFE: Duration = Duration::minutes(1);
const PATH: &str = "/saml/sso";

/// The public listener's part.
pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route(PATH, get(by_redirect).post(by_post))
        .route("/sign-in/{id}", get(again))
        .route("/sign-in/{id}/bridge", get(to_bridge))
        .route("/sign-in/{id}/decline", post(decline))
        .route("/card/answer", post(from_bridge))
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
    let delivered = Delivery::redirect(&query.unwrap_or_default()).map_err(NotTaken::from)?;
    asked(&front, &visit, &headers, delivered).await
}

async fn by_post(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = Delivery::post(&body).map_err(NotTaken::from)?;
    asked(&front, &visit, &headers, delivered).await
}

async fn asked(
    front: &Arc<Front>,
    visit: &Visit,
    headers: &HeaderMap,
    delivered: Delivered,
) -> Result<Response, Trouble> {
    let delivery = delivered.message().map_err(NotTaken::from)?;
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
fn unsupported(service: &Known, request: &AuthnRequest) -> Result<(), Code> {
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

async fn again(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    let kept = on_way.kept(id).await?;
    match &kept.state {
        SignIn::WaitingForCard { asked, .. } => on_way.card_page(id, asked, None).await,
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
        nonce: hex::encode(draw::<32>(&mut OsChance)),
        until: front.now() + CHALLENGE_LIFE,
    };
    let on_way = OnWay::new(&front, &visit, &headers);
    on_way.event(id, Event::Challenged(challenge)).await
}

async fn decline(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    from_own_page(&headers)?;
    OnWay::new(&front, &visit, &headers).event(id, Event::Declined).await
}

async fn card_shown(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let on_way = OnWay::new(&front, &visit, &headers);
    // Whether the sign-in is this browser's is looked at before the card is.
    on_way.kept(id).await?;
    let seen = match peer.certificate() {
        None => CardSeen::None,
        Some(certificate) => front.card_seen(certificate, Way::Tls).await.map_err(records)?,
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

async fn from_bridge(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    Form(answer): Form<BridgeAnswer>,
) -> Result<Response, Trouble> {
    let (id, nonce) = answer
        .challenge
        .split_once('-')
        .and_then(|(id, nonce)| Some((id.parse::<Uuid>().ok()?, nonce.to_owned())))
        .ok_or_else(Trouble::request)?;
    let decoded = |text: &str| STANDARD.decode(text.trim()).map_err(|_| Trouble::request());
    let (certificate, signature) = (decoded(&answer.certificate)?, decoded(&answer.signature)?);
    let mut on_way = OnWay::new(&front, &visit, &headers);
    on_way.gone = answer.gone.filter(|token| (32..=128).contains(&token.len()));
    on_way.kept(id).await?;
    let seen = match check_challenge(&certificate, &front.origin(), &answer.challenge, &signature) {
        Ok(()) => front
            .card_seen(&certificate, Way::Bridge { nonce })
            .await
            .map_err(records)?,
        Err(fault) => CardSeen::Faulty(fault),
    };
    on_way.event(id, Event::CardShown(seen)).await
}

impl Front {
    /// What `service` asked for, as the procedure keeps it.
    pub(crate) fn asked(
        &self,
        service: &Known,
        request: &AuthnRequest,
        relay_state: Option<&RelayState>,
        spoken: &[Binding],
    ) -> Result<Asked, NotTaken> {
        let role = match service.partner.kind {
            PartnerKind::Service => service.service().ok_or(PartnerFault::OtherKind)?,
            PartnerKind::Provider => return Err(PartnerFault::OtherKind.into()),
        };
        let endpoint = answer_to(request, role, spoken)?;
        let lifetimes = service.partner.lifetimes;
        let wanted = request
            .name_id_policy
            .as_ref()
            .and_then(|policy| policy.format.as_ref());
        let scoping = request.scoping.clone().unwrap_or_default();
        Ok(Asked {
            service: service.partner.entity_id.clone(),
            shown_as: service.shown_as().map(str::to_owned),
            request: Some(request.head.id.as_str().to_owned()),
            reply: Reply {
                binding: match endpoint.binding {
                    Some(Binding::Artifact) => ReplyBinding::Artifact,
                    Some(Binding::Paos) => ReplyBinding::Paos,
                    _ => ReplyBinding::Post,
                },
                location: endpoint.location.clone(),
            },
            relay_state: relay_state.map(|state| state.as_str().to_owned()),
            force: request.force,
            passive: request.passive,
            name: match wanted {
                Some(NameIdFormat::Transient) => NameWanted::Transient,
                _ => NameWanted::Persistent,
            },
            contexts: request
                .context
                .iter()
                .flat_map(|context| &context.classes)
                .map(|class| class.uri().to_owned())
                .collect(),
            comparison: request
                .context
                .as_ref()
                .map_or("exact", |context| context.comparison.as_str())
                .to_owned(),
            trial: service.partner.state == PartnerState::Trial,
            session_seconds: i64::from(lifetimes.session),
            assertion_seconds: i64::from(lifetimes.assertion),
            skew_seconds: i64::from(lifetimes.skew),
            requesters: scoping.requesters.iter().map(|one| one.as_str().to_owned()).collect(),
            proxy_count: scoping.proxy_count,
        })
    }

    /// The contexts that some card taken here gives.
    pub(crate) fn possible_contexts(&self) -> Vec<AuthnContext> {
        let mut possible = vec![AuthnContext::CardPin, AuthnContext::CardNoPin];
        if self.cards.takes_workers() {
            possible.push(AuthnContext::WorkerCard);
        }
        possible
    }

    /// The browser's session, while it goes on.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, FrontError> {
        let Some(cookie) = SESSION.read(headers) else {
            return Ok(None);
        };
        let found = self.records.session(cookie.as_bytes(), self.now()).await?;
        Ok(found.and_then(|found| {
            let (who, holder) = match (found.holder, found.upstream) {
                (Some((registration, state)), _) => (Who::Holder(registration), Some(state)),
                (None, Some(provider)) => (Who::Upstream { provider }, None),
                (None, None) => return None,
            };
            Some(Session {
                id: found.id,
                who,
                holder,
                context: found.context,
                authenticated_at: found.authenticated_at,
            })
        }))
    }

    /// What is to be seen of a card whose key has just signed.
    pub(crate) async fn card_seen(&self, certificate: &[u8], way: Way) -> Result<CardSeen, FrontError> {
        let now = self.now();
        let kind = match self.cards.judge(certificate, now) {
            Ok(kind) => kind,
            Err(fault) => return Ok(CardSeen::Faulty(fault)),
        };
        let hash = relay_core::saml::fingerprint(certificate);
        let Some(holder) = self.records.holder(&hash).await? else {
            return Ok(CardSeen::Unknown);
        };
        use relay_core::registration::CardUse;
        let context = match (kind, holder.used_for) {
            (CardKind::Authentication, CardUse::Authentication) => AuthnContext::CardPin,
            (CardKind::Eligibility, CardUse::Eligibility) => AuthnContext::CardNoPin,
            (CardKind::Worker, CardUse::Authentication) => AuthnContext::WorkerCard,
            // Registered for another use than its profile says.
            _ => return Ok(CardSeen::Faulty(CardFault::OtherProfile)),
        };
        Ok(match holder.state {
            relay_records::front::HolderState::Active => CardSeen::Good {
                registration: holder.registration,
                context,
                way,
                for_trials: self.config.cards.for_trials.contains(&hex::encode(hash)),
                at: now,
            },
            state => CardSeen::NotActive {
                registration: holder.registration,
                state,
            },
        })
    }
}

/// A sign-in as it was kept.
struct Kept {
    state: SignIn,
    version: i32,
}

/// A kept sign-in's id, and the version a move starts from.
type KeptAt = (Uuid, i32);

/// One request of a browser on its way through a sign-in.
pub(crate) struct OnWay<'a> {
    front: &'a Arc<Front>,
    visit: &'a Visit,
    /// The browser's cookie; drawn now where it brought none.
    browser: String,
    fresh: bool,
    /// The bridge's token for a pulled card.
    gone: Option<String>,
    /// What was asked by this very request, before anything of it is kept.
    asked: Option<Asked>,
    /// Where the browser goes when it is sent on to another provider.
    pub(crate) onward: Option<String>,
}

/// An answer that was recorded, ready to go.
struct Ready {
    going: Going,
    cookie: Option<HeaderValue>,
}

/// How an answer goes.
pub(crate) enum Going {
    /// In a form.
    Form(SignedMessage),
    /// By an artifact.
    Artifact(Artifact),
    /// In the body of a SOAP answer.
    Soap(String),
}

impl<'a> OnWay<'a> {
    pub(crate) fn new(front: &'a Arc<Front>, visit: &'a Visit, headers: &HeaderMap) -> Self {
        let brought = BROWSER.read(headers).filter(|value| value.len() == 43);
        Self {
            front,
            visit,
            fresh: brought.is_none(),
            browser: brought.map_or_else(secret, str::to_owned),
            gone: None,
            asked: None,
            onward: None,
        }
    }

    /// How the sign-in `id` stands, if it is this browser's.
    pub(crate) async fn state(&self, id: Uuid) -> Result<SignIn, Trouble> {
        Ok(self.kept(id).await?.state)
    }

    /// The sign-in `id`, if it is this browser's.
    async fn kept(&self, id: Uuid) -> Result<Kept, Trouble> {
        let kept = self
            .front
            .records
            .procedure(
                id,
                ProcedureKind::SignIn,
                Some(self.browser.as_bytes()),
                self.front.now(),
            )
            .await
            .map_err(records)?;
        let state = serde_json::from_slice(&kept.state).map_err(|error| {
            // Kept by another version of this program.
            warn!(%error, "a kept sign-in can't be read");
            over()
        })?;
        Ok(Kept {
            state,
            version: kept.version,
        })
    }

    /// Reports `event` to the sign-in `id` and carries out what follows.
    pub(crate) async fn event(&self, id: Uuid, event: Event) -> Result<Response, Trouble> {
        let kept = self.kept(id).await?;
        let step = sign_in::step(kept.state, event, self.front.now());
        self.carry_out(Some((id, kept.version)), step).await
    }

    /// Carries out a step's orders. `kept`: where the state so far stands in the records.
    pub(crate) async fn carry_out(&self, kept: Option<KeptAt>, step: Step) -> Result<Response, Trouble> {
        let Step { state, effect, note } = step;
        let note = note.map(|told| {
            let registration = told
                .registration
                .map(|registration| self.front.records.registration_in_trail(registration));
            self.traced(told.note(registration))
        });
        match (effect, state) {
            (Effect::AskForCard, SignIn::WaitingForCard { asked, .. }) if kept.is_some() => {
                let (id, _) = kept.unwrap_or_default();
                self.card_page(id, &asked, None).await
            }
            (Effect::AskForCard, state) => {
                let id = self.keep(None, &state, note.as_ref()).await?;
                // A page of its own address: shown again (another language, the way back) it takes no request twice.
                let mut onward = Redirect::to(&self.front.at(&format!("/sign-in/{id}"))).into_response();
                self.mark(&mut onward);
                Ok(onward)
            }
            (Effect::ShowRefusal(refused), state) => {
                info!(rule = refused.code(), "card refused");
                let id = self.keep(kept, &state, note.as_ref()).await?;
                let SignIn::WaitingForCard { asked, .. } = &state else {
                    return Err(over());
                };
                self.card_page(id, asked, Some(refused)).await
            }
            (Effect::ShowBridge, state) => {
                let id = self.keep(kept, &state, note.as_ref()).await?;
                self.bridge(id, &state)
            }
            (Effect::MakeName, SignIn::Naming { asked, shown }) => {
                let named = self.name_and_record(kept, &asked, &shown).await?;
                let event = match &named {
                    Ok(_) => Event::Named,
                    Err(reason) => Event::NotNamed { reason: reason.clone() },
                };
                let next = sign_in::step(
                    SignIn::Naming {
                        asked: asked.clone(),
                        shown,
                    },
                    event,
                    self.front.now(),
                );
                match named {
                    Ok(ready) => self.send(&asked, ready),
                    Err(_) => Box::pin(self.carry_out(kept, next)).await,
                }
            }
            (Effect::ShowAway, state) => {
                let id = self.keep(kept, &state, note.as_ref()).await?;
                let mut page = pages::away(self.front, self.visit, &format!("/sign-in/{id}"));
                self.mark(&mut page);
                Ok(page)
            }
            (Effect::SendStatus { code, detail }, _) => {
                let asked = self.asked_of(kept).await?;
                self.status(kept, &asked, code, detail, note).await
            }
            (Effect::SendToProvider, state) => {
                self.keep(kept, &state, note.as_ref()).await?;
                let onward = self.onward.as_deref().ok_or_else(over)?;
                Ok(Redirect::to(onward).into_response())
            }
            // Answers to events that carry nothing to send, and states that never meet their effect.
            (Effect::SendAssertion | Effect::ShowOver | Effect::MakeName, _) => Err(over()),
        }
    }

    /// Answers `asked`, for which nothing is kept, with a status.
    async fn send_status(&self, asked: &Asked, code: Code, detail: Code, rule: &str) -> Result<Response, Trouble> {
        let note = refusal(asked, rule);
        self.status(None, asked, code, detail, Some(self.traced(note))).await
    }

    async fn asked_of(&self, kept: Option<KeptAt>) -> Result<Asked, Trouble> {
        let Some((id, _)) = kept else {
            return self.asked.clone().ok_or_else(over);
        };
        match self.kept(id).await?.state {
            SignIn::WaitingForCard { asked, .. } | SignIn::WithProvider { asked, .. } => Ok(asked),
            _ => Err(over()),
        }
    }

    async fn service(&self, entity: &str) -> Result<Arc<Known>, Trouble> {
        let found = self.front.partners.known(&self.front.records, entity, self.front.now());
        Ok(found.await.map_err(NotTaken::from)?)
    }

    /// Keeps `state`, anew or as the next version; its id.
    async fn keep(&self, kept: Option<KeptAt>, state: &SignIn, note: Option<&Note>) -> Result<Uuid, Trouble> {
        let now = self.front.now();
        let bytes = serde_json::to_vec(state).map_err(|error| {
            warn!(%error, "a sign-in can't be kept");
            Trouble::ours()
        })?;
        if let Some((id, version)) = kept {
            let moved = self.front.records.move_on(id, version, &bytes, note, now).await;
            moved.map_err(records)?;
            return Ok(id);
        }
        let id = Id::<()>::new(&mut OsChance).uuid();
        let new = NewProcedure {
            id,
            kind: ProcedureKind::SignIn,
            browser: Some(self.browser.as_bytes()),
            state: &bytes,
            expires_at: now + PATIENCE,
        };
        self.front.records.begin(&new, None, now).await.map_err(records)?;
        if let Some(note) = note {
            self.front.records.note(note, now).await.map_err(records)?;
        }
        Ok(id)
    }

    async fn card_page(&self, id: Uuid, asked: &Asked, refused: Option<sign_in::Refused>) -> Result<Response, Trouble> {
        let others: Vec<_> = self
            .front
            .offered()
            .await
            .into_iter()
            .filter_map(|(entity, name)| Some((entity, name?)))
            .filter(|(entity, _)| may_be_handed_on(asked, entity.as_str()))
            .collect();
        let mut page = pages::card(self.front, self.visit, id, asked, refused, &others);
        self.mark(&mut page);
        Ok(page)
    }

    /// Gives the browser its cookie, where it has none.
    fn mark(&self, answer: &mut Response) {
        if self.fresh {
            answer
                .headers_mut()
                .append(header::SET_COOKIE, BROWSER.set(&self.browser));
        }
    }

    fn bridge(&self, id: Uuid, state: &SignIn) -> Result<Response, Trouble> {
        let (
            Some(bridge),
            SignIn::WaitingForCard {
                challenge: Some(challenge),
                ..
            },
        ) = (&self.front.config.relay.bridge, state)
        else {
            return Err(Trouble::not_found());
        };
        let mut url = bridge.clone();
        url.set_path("/sign");
        url.query_pairs_mut()
            .append_pair("challenge", &format!("{}-{}", id.simple(), challenge.nonce))
            .append_pair("return", &self.front.at("/card/answer"));
        Ok(Redirect::to(url.as_str()).into_response())
    }

    /// Makes the name, makes and records the answer; or says in a few words why there is no name.
    async fn name_and_record(
        &self,
        kept: Option<KeptAt>,
        asked: &Asked,
        shown: &Shown,
    ) -> Result<Result<Ready, String>, Trouble> {
        let front = self.front;
        let (named, blob) = match self.name(asked, shown).await? {
            Ok(named) => named,
            Err(reason) => return Ok(Err(reason)),
        };
        let now = front.now();
        let service = self.service(&asked.service).await?;
        let index = session_index();
        let message = front
            .assert(asked, shown, &named, &index, &service, now)
            .map_err(|error| {
                warn!(%error, "an assertion can't be made");
                Trouble::ours()
            })?;
        let (going, artifact) = front.going(asked, message, now)?;
        let (used, cookie) = self.session_for(shown, now);
        let registration = match &shown.who {
            Who::Holder(registration) => Some(front.records.registration_in_trail(*registration)),
            Who::Upstream { .. } => None,
        };
        let note = Note::of(
            AuditAct::SignInAnswered,
            json!({ "service": asked.service, "registration": registration, "blob": blob, "session": session_of(&used) }),
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
                session_index: index,
                name_id: named.kept(),
            }),
            artifact,
            note: self.traced(note),
        };
        let replaced = front.records.answered(&answered, now).await.map_err(records)?;
        info!(service = asked.service, blob, "answered");
        if let Some(ended) = replaced {
            front.tell_later(ended);
        }
        Ok(Ok(Ready { going, cookie }))
    }

    /// The name for the service, and the blob's hash where the blind half made it.
    async fn name(&self, asked: &Asked, shown: &Shown) -> Result<Result<(Named, Option<String>), String>, Trouble> {
        let front = self.front;
        let registration = match (&shown.who, asked.name) {
            // Nobody here holds a pseudonym of somebody whom only another provider knows.
            (_, NameWanted::Transient) | (Who::Upstream { .. }, _) => return Ok(Ok((Named::transient(), None))),
            (Who::Holder(registration), NameWanted::Persistent) => *registration,
        };
        let holder = front
            .records
            .holder_by_registration(registration)
            .await
            .map_err(records)?
            .ok_or_else(over)?;
        let request = asked.request.as_deref().unwrap_or_default();
        let request = front.records.request_between_halves(&asked.service, request);
        let sealed = front
            .second
            .name(
                &holder.pseudonym,
                holder.edition,
                &asked.service,
                &request,
                &*front.clock,
                self.visit.trace,
            )
            .await;
        Ok(match sealed {
            Ok(sealed) => Ok((Named::Sealed(sealed.encrypted_id), Some(sealed.blob_sha256))),
            Err(error) => {
                warn!(%error, service = asked.service, "no name");
                Err(error.reason())
            }
        })
    }

    fn session_for(&self, shown: &Shown, now: OffsetDateTime) -> (SessionUsed, Option<HeaderValue>) {
        let (replaces, by_bridge) = match &shown.session {
            SessionKind::Existing(session) => return (SessionUsed::Existing(*session), None),
            SessionKind::New { replaces, by_bridge } => (*replaces, *by_bridge),
        };
        let cookie = secret();
        let header = SESSION.set(&cookie);
        let new = NewSession {
            id: SessionId::new(&mut OsChance),
            cookie: Zeroizing::new(cookie.into_bytes()),
            of: match &shown.who {
                Who::Holder(registration) => SessionOf::Holder(*registration),
                Who::Upstream { provider } => SessionOf::Upstream(provider.clone()),
            },
            context: shown.context.clone(),
            authenticated_at: shown.at,
            expires_at: now + SESSION_LIFE,
            gone: self
                .gone
                .as_ref()
                .filter(|_| by_bridge)
                .map(|token| Zeroizing::new(token.as_bytes().to_vec())),
            replaces,
        };
        (SessionUsed::New(Box::new(new)), Some(header))
    }

    async fn status(
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
        self.send(asked, Ready { going, cookie: None })
    }

    fn send(&self, asked: &Asked, ready: Ready) -> Result<Response, Trouble> {
        let state = asked.relay_state.as_deref().and_then(RelayState::parse);
        let mut answer = match ready.going {
            Going::Form(message) => {
                let form = message.post(&asked.reply.location, state.as_ref());
                pages::form(self.front, self.visit, asked, &form)
            }
            Going::Artifact(artifact) => {
                Redirect::to(&artifact.redirect(&asked.reply.location, state.as_ref())).into_response()
            }
            Going::Soap(envelope) => soap(StatusCode::OK, envelope),
        };
        if let Some(cookie) = ready.cookie {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    }

    /// The note with the trace id of the request, which is on the person's page too.
    fn traced(&self, mut note: Note) -> Note {
        note.details
            .insert("trace".to_owned(), json!(self.visit.trace.to_string()));
        note
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
                let artifact = Artifact::fresh(self.entity(), 0, &mut OsChance);
                let kept = NewArtifact {
                    handle: artifact.handle,
                    service: asked.service.clone(),
                    message: message.xml(),
                    expires_at: now + ARTIFACT_LIFE,
                };
                (Going::Artifact(artifact), Some(kept))
            }
            ReplyBinding::Paos => {
                let answer = relay_core::saml::message::EcpAnswer {
                    consumer: asked.reply.location.clone(),
                };
                (Going::Soap(message.ecp_response(&answer)), None)
            }
        })
    }
}

/// The note of a status instead of an assertion.
fn refusal(asked: &Asked, rule: &str) -> Note {
    Note::of(
        AuditAct::SignInAnswered,
        json!({ "service": asked.service }),
        json!({ "rule": rule }),
    )
    .ended(Outcome::Refused)
}

fn session_of(used: &SessionUsed) -> Option<SessionId> {
    match used {
        SessionUsed::None => None,
        SessionUsed::Existing(session) => Some(*session),
        SessionUsed::New(new) => Some(new.id),
    }
}

/// A SOAP answer.
pub(crate) fn soap(status: StatusCode, envelope: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], envelope).into_response()
}

/// A secret for a cookie: 256 random bits, 43 characters.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(draw::<32>(&mut OsChance))
}

fn over() -> Trouble {
    Trouble::new(StatusCode::CONFLICT, "sign-in-over")
}
