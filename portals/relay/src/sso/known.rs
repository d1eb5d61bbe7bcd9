//! What is known when a browser comes: what the service asked for, the browser's session, what a card is.

use axum::http::HeaderMap;
use relay_core::{chance::Chance, pseudonym::Domain, registration::CardUse};
use relay_records::front::{FrontError, Holder, HolderState, PartnerKind, PartnerState};
use relay_saml::{
    answer_to,
    message::{AuthnRequest, RelayState},
    names::{AuthnContext, Binding, NameIdFormat},
};

use tracing::warn;
use uuid::Uuid;

use super::SESSION;
use crate::{
    answer::Named,
    card::{CardFault, CardKind},
    front::Front,
    partners::{Hears, Known, PartnerFault},
    sign_in::{Asked, CardSeen, NameWanted, Reply, ReplyBinding, Session, Way, Who},
    taking::NotTaken,
};

/// A name for one service, as the procedure goes on with it.
pub(crate) struct Given {
    pub(crate) named: Named,
    /// SHA-256 of a sealed one, as both halves' logs have it.
    pub(crate) blob: Option<String>,
    /// Which link of the registration it was made from; none for a passing one.
    pub(crate) link: Option<i32>,
}

impl Given {
    /// A name for one session.
    pub(crate) fn passing(chance: &mut dyn Chance) -> Self {
        Self {
            named: Named::transient(chance),
            blob: None,
            link: None,
        }
    }
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
        let refused = |why: NotTaken| self.turned_away(Some(&service.partner.entity_id), why);
        let role = match service.partner.kind {
            PartnerKind::Service => service.service(),
            PartnerKind::Provider => None,
        };
        let role = role.ok_or_else(|| refused(PartnerFault::OtherKind.into()))?;
        let endpoint = answer_to(request, role, spoken).map_err(|refusal| refused(refusal.into()))?;
        let lifetimes = service.partner.lifetimes;
        let wanted = request
            .name_id_policy
            .as_ref()
            .and_then(|policy| policy.format.as_ref());
        let scoping = request.scoping.clone().unwrap_or_default();
        Ok(Asked {
            service: service.partner.entity_id.clone(),
            called: service.entity.organisation.clone(),
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
                Some(NameIdFormat::Persistent) => NameWanted::Persistent,
                _ => NameWanted::Either,
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
            stays_open: service.hears_of_logouts() != Hears::FromTheRelay,
            session_seconds: i64::from(lifetimes.session),
            assertion_seconds: i64::from(lifetimes.assertion),
            skew_seconds: i64::from(lifetimes.skew),
            requesters: scoping.requesters.iter().map(|one| one.as_str().to_owned()).collect(),
            proxy_count: scoping.proxy_count,
        })
    }

    /// The contexts that some card taken here gives.
    pub(crate) fn possible_contexts(&self) -> Vec<AuthnContext> {
        let mut possible = vec![AuthnContext::CardPin];
        if self.config.relay.bridge.is_some() {
            possible.push(AuthnContext::Telephone);
        }
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
                expires_at: found.expires_at,
            })
        }))
    }

    /// The name for a service of the holder of `registration`, and the blob's hash where the blind half made it; the
    /// inner error: why there is none now.
    pub(crate) async fn name_of(&self, registration: Uuid, asked: &Asked) -> Result<Result<Given, String>, FrontError> {
        if asked.name == NameWanted::Transient {
            return Ok(Ok(Given::passing(&mut self.chance())));
        }
        let holder = self.records.holder_by_registration(registration).await?;
        let holder = holder.ok_or(FrontError::NotFound("registration"))?;
        let request = asked.request.as_deref().unwrap_or_default();
        let request = self.records.request_between_halves(&asked.service, request);
        let (pseudonym, domain, service) = (&holder.pseudonym, self.domain_of(&holder), &asked.service);
        let sealed = self
            .second
            .name(pseudonym, domain, service, &request, &*self.clock)
            .await;
        Ok(match sealed {
            Ok(sealed) => Ok(Given {
                named: Named::Sealed(sealed.encrypted_id),
                blob: Some(sealed.blob_sha256),
                link: Some(holder.link),
            }),
            Err(error) => {
                warn!(%error, service, "no name");
                Err(error.reason())
            }
        })
    }

    /// Whose city's the person is: that of the office which registered the card.
    pub(crate) fn domain_of(&self, holder: &Holder) -> &Domain {
        let offices = &self.config.offices.domains;
        offices.get(&holder.sender).unwrap_or(&self.config.relay.domain)
    }

    /// What is to be seen of a card whose key has just signed; whether it is one for trials where it is for a `trial`.
    pub(crate) async fn card_seen(&self, certificate: &[u8], way: Way, trial: bool) -> Result<CardSeen, FrontError> {
        let now = self.now();
        let kind = match self.cards.judge(certificate, now) {
            Ok(kind) => kind,
            Err(fault) => return Ok(CardSeen::Faulty(fault)),
        };
        let hash = relay_saml::fingerprint(certificate);
        let Some(holder) = self.records.holder(&hash).await? else {
            return Ok(CardSeen::Unknown);
        };
        let context = match (kind, holder.used_for) {
            (CardKind::Authentication, CardUse::Authentication) => AuthnContext::CardPin,
            (CardKind::Worker, CardUse::Authentication) => AuthnContext::WorkerCard,
            // Registered for another use than its profile says; or the key without a PIN, which opens nothing but a check
            // of the person's insurance (decision 26).
            _ => return Ok(CardSeen::Faulty(CardFault::OtherProfile)),
        };
        Ok(match holder.state {
            HolderState::Active => CardSeen::Good {
                registration: holder.registration,
                context,
                way,
                for_trials: trial
                    && (self.config.cards.for_trials.contains(&hex::encode(hash))
                        || self.records.is_trial_card(&hash, now).await?),
                at: now,
            },
            state => CardSeen::NotActive {
                registration: holder.registration,
                state,
            },
        })
    }
}
