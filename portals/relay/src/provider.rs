//! Handing a sign-in on to another consortium's identity provider: towards it the front is a service. What that one
//! calls the person is read and let go: the service here gets a transient name, since no half of ours can make one
//! that lasts for somebody whose pseudonym we do not hold. A service that insists on a lasting one is not offered the
//! way, and told `InvalidNameIDPolicy` where the person takes it all the same.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use portal_kit::{Trouble, Visit};
use relay_records::front::SeenKind;
use relay_saml::{
    Delivery, Received, Refusal, SignIn as Said,
    message::{
        AnswerTo, AuthnRequest, Comparison, EntityId, Head, MessageId, NameIdPolicy, RelayState, RequestedAuthnContext,
        Scoping,
    },
    names::{AuthnContext, Binding, NameIdFormat},
};
use serde::Deserialize;
use tracing::warn;
use uuid::Uuid;

use crate::{
    front::Front,
    sign_in::{Asked, Event, ProviderSaid, State as SignIn},
    sso::OnWay,
    taking::NotTaken,
};

pub(crate) const PATH: &str = "/saml/provider";

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/sign-in/{id}/provider", get(send_on))
        .route(PATH, post(answered))
}

#[derive(Deserialize)]
struct Chosen {
    entity: String,
}

async fn send_on(
    State(front): State<Arc<Front>>,
    visit: Visit,
    Path(id): Path<Uuid>,
    Query(chosen): Query<Chosen>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let mut on_way = OnWay::new(&front, &visit, &headers);
    let SignIn::WaitingForCard { asked, .. } = on_way.state(id).await? else {
        return Err(Trouble::request());
    };
    let provider = front
        .config
        .relay
        .other_providers
        .iter()
        .find(|known| known.as_str() == chosen.entity)
        .filter(|_| may_be_handed_on(&asked, &chosen.entity))
        .ok_or_else(Trouble::not_found)?;
    let known = front.partner(provider).await?;
    let location = known
        .entity
        .idp
        .as_ref()
        .and_then(|idp| idp.single_sign_on.iter().find(|at| at.binding == Binding::Redirect))
        .map(|at| at.location.clone())
        .ok_or_else(Trouble::request)?;
    let request = front.request_for(&asked, &location);
    let request_id = request.head.id.as_str().to_owned();
    let composed = request.compose().map_err(|error| {
        warn!(%error, "a request to a provider can't be written");
        Trouble::ours()
    })?;
    let state = RelayState::own(&id.simple().to_string());
    on_way.onward = Some(composed.redirect(&location, state.as_ref(), &front.key));
    let event = Event::SentOn {
        provider: provider.as_str().to_owned(),
        request: request_id,
    };
    on_way.event(id, event).await
}

async fn answered(
    State(front): State<Arc<Front>>,
    visit: Visit,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let delivered = Delivery::post(&body).and_then(|delivered| delivered.message());
    let delivery = front.delivered(delivered)?;
    let id: Uuid = delivery
        .relay_state()
        .and_then(|state| state.as_str().parse().ok())
        .ok_or_else(Trouble::request)?;
    let on_way = OnWay::new(&front, &visit, &headers);
    let SignIn::WithProvider { provider, request, .. } = on_way.state(id).await? else {
        return Err(Trouble::request());
    };
    let said = front.provider_said(&delivery, &provider, &request).await?;
    on_way.event(id, Event::ProviderAnswered(said)).await
}

/// Whether the service lets its request be handed on to `provider` (saml-core section 3.4.1.5): not past its count,
/// and never in a circle. While the service is on trial only cards named for trials go there, so nobody is handed on.
pub(crate) fn may_be_handed_on(asked: &Asked, provider: &str) -> bool {
    let circle = asked.service == provider || asked.requesters.iter().any(|requester| requester == provider);
    asked.proxy_count != Some(0) && !circle && !asked.passive && !asked.trial
}

impl Front {
    /// Our own request, on behalf of the service's.
    fn request_for(&self, asked: &Asked, location: &str) -> AuthnRequest {
        let mut requesters: Vec<_> = asked.requesters.iter().filter_map(|one| EntityId::parse(one)).collect();
        requesters.extend(EntityId::parse(&asked.service));
        let classes: Vec<_> = asked
            .contexts
            .iter()
            .map(|uri| AuthnContext::from(uri.as_str()))
            .collect();
        AuthnRequest {
            head: Head {
                destination: Some(location.to_owned()),
                ..self.head(None)
            },
            force: asked.force,
            passive: false,
            answer_to: AnswerTo::Address {
                location: Some(self.at(PATH)),
                binding: Some(Binding::Post),
            },
            name_id_policy: Some(NameIdPolicy {
                format: Some(NameIdFormat::Transient),
                sp_qualifier: None,
                allow_create: true,
            }),
            context: (!classes.is_empty()).then(|| RequestedAuthnContext {
                classes,
                comparison: Comparison::parse(&asked.comparison).unwrap_or_default(),
            }),
            scoping: Some(Scoping {
                proxy_count: Some(asked.proxy_count.map_or(0, |count| count.saturating_sub(1))),
                requesters,
                ..Scoping::default()
            }),
            subject: None,
            provider_name: None,
        }
    }

    /// What `provider` answers to our `request`, checked as any service must.
    async fn provider_said(
        &self,
        delivery: &Delivery,
        provider: &str,
        request: &str,
    ) -> Result<ProviderSaid, NotTaken> {
        let asked = MessageId::parse(request).ok_or(Refusal::InResponseTo("Response"))?;
        let address = self.at(PATH);
        let (verified, skew) = {
            let received = self.delivered(Received::open(delivery))?;
            let sender = self.sender(&received).await?;
            let refused = |refusal: Refusal| self.turned_away(Some(&sender.partner.entity_id), refusal);
            if sender.partner.entity_id != provider {
                return Err(refused(Refusal::Issuer("Response")));
            }
            let here = self.here(&address, &sender);
            let verified = received.response(&sender.peer, &here, Some(&asked), &self.decryption);
            (verified.map_err(refused)?, here.skew)
        };
        Ok(match self.first_time(SeenKind::UpstreamResponse, verified).await? {
            Said::Failed(_) => ProviderSaid::Refused {
                request: request.to_owned(),
            },
            Said::Done(assertion) => match &assertion.authentication {
                None => ProviderSaid::Refused {
                    request: request.to_owned(),
                },
                Some(statement) => ProviderSaid::SignedIn {
                    request: request.to_owned(),
                    context: statement.context.uri().to_owned(),
                    at: statement.at,
                    until: statement.session_until,
                    skew,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::OsChance;

    use super::*;
    use crate::sign_in::{NameWanted, Reply, ReplyBinding};

    fn asked() -> Asked {
        Asked {
            service: "https://clinic.example/saml".into(),
            called: Vec::new(),
            request: Some(MessageId::fresh(&mut OsChance).as_str().to_owned()),
            reply: Reply {
                binding: ReplyBinding::Post,
                location: "https://clinic.example/acs".into(),
            },
            relay_state: None,
            force: false,
            passive: false,
            name: NameWanted::Transient,
            contexts: Vec::new(),
            comparison: "exact".into(),
            trial: false,
            stays_open: false,
            session_seconds: 3600,
            assertion_seconds: 120,
            skew_seconds: 60,
            requesters: vec!["https://hub.example".into()],
            proxy_count: None,
        }
    }

    #[test]
    fn a_request_is_not_handed_on_in_a_circle_past_its_count_on_trial_or_where_nobody_may_be_asked() {
        assert!(may_be_handed_on(&asked(), "https://idp.example"));
        assert!(!may_be_handed_on(&asked(), "https://hub.example"));
        assert!(!may_be_handed_on(&asked(), "https://clinic.example/saml"));
        for asked in [
            Asked {
                proxy_count: Some(0),
                ..asked()
            },
            Asked {
                passive: true,
                ..asked()
            },
            Asked { trial: true, ..asked() },
        ] {
            assert!(!may_be_handed_on(&asked, "https://idp.example"));
        }
    }
}
