//! Where a service finds a person's records (ID-WSF 2.0 discovery service).
//!
//! A service that some agreement names as an asker is given a reference to this place in its assertion, with a token that
//! only the front opens. It comes back with the token, says which records it wants, and gets for each a reference to the
//! provider: an assertion for this provider and this service's key alone, with the person's name at the provider made by
//! both halves and sealed to the provider. Nobody but the provider reads that name: not the service that carries it, and
//! not the front.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::StatusCode, response::Response, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay_core::{audit::Outcome, seal::Place};
use relay_records::front::{Agreement, AuditAct, FrontError, Holder, HolderState, Note, Seen, SeenKind};
use relay_saml::{
    Refusal,
    message::{AuthnStatement, Conditions, EntityId, MessageId},
    names::AuthnContext,
    wsf::{
        DISCOVERY_TYPE, DiscoveryAnswer, DiscoveryQuery, FaultStatus, Holder as TokenHolder, Mechanism, Reference,
        ServiceToken, Strictness, Token, envelope::fault,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::{
    front::Front,
    partners::{Known, PartnerFault},
    sign_in::{Asked, Shown, Who},
    sso::soap,
    taking::NotTaken,
};

/// Where the discovery service is.
pub(crate) const PATH: &str = "/wsf/discovery";
/// How long a token for a provider is good: long enough to ask it once, and again when it was slow.
const TOKEN_LIFE: Duration = Duration::minutes(2);

pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new().route(PATH, post(query))
}

/// What the front wrote into the token of a reference to itself. Only the front opens it.
#[derive(Serialize, Deserialize)]
struct Bootstrap {
    /// Whom it was given to.
    service: String,
    /// In which session.
    session_index: String,
    context: String,
    #[serde(with = "time::serde::timestamp")]
    authenticated_at: OffsetDateTime,
    #[serde(with = "time::serde::timestamp")]
    until: OffsetDateTime,
}

/// How a person was authenticated, as a token for a provider says it.
pub(crate) struct Authenticated<'a> {
    pub(crate) context: &'a str,
    pub(crate) at: OffsetDateTime,
}

const PLACE: Place<'static> = Place {
    table: "front.discovery",
    row: &[0; 16],
    column: "token",
};

/// Why a query is not answered.
enum NotReferred {
    Refused(Refusal),
    NotTaken(NotTaken),
    Status(FaultStatus),
}

impl From<Refusal> for NotReferred {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotTaken> for NotReferred {
    fn from(not_taken: NotTaken) -> Self {
        Self::NotTaken(not_taken)
    }
}

impl From<FrontError> for NotReferred {
    fn from(error: FrontError) -> Self {
        Self::NotTaken(error.into())
    }
}

impl NotReferred {
    fn status(&self) -> FaultStatus {
        match self {
            Self::Refused(refusal) | Self::NotTaken(NotTaken::Refused(refusal)) => FaultStatus::of(refusal),
            Self::NotTaken(NotTaken::Partner(_)) => FaultStatus::Sender,
            Self::NotTaken(NotTaken::Records(FrontError::Replayed)) => FaultStatus::Duplicate,
            Self::NotTaken(NotTaken::Records(_)) => FaultStatus::Unavailable,
            Self::Status(status) => *status,
        }
    }
}

async fn query(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    match answered(&front, &body).await {
        Ok(envelope) => soap(StatusCode::OK, envelope),
        Err(not_referred) => {
            let status = not_referred.status();
            info!(%status, "a discovery query is refused");
            // SOAP 1.1 section 6.2: a fault goes with status 500.
            soap(StatusCode::INTERNAL_SERVER_ERROR, fault(status))
        }
    }
}

async fn answered(front: &Front, body: &[u8]) -> Result<String, NotReferred> {
    let now = front.now();
    let address = front.at(PATH);
    let here = front.here_for_all(&address);
    let taken = DiscoveryQuery::take(body, &here, Strictness::Lenient);
    let (query, once) = taken.inspect_err(|refusal| {
        front.turned_away(None, refusal.clone());
    })?;
    let who = Some(query.sender.as_str());
    let refused = |refusal: Refusal| front.turned_away(who, refusal);
    // The token is believed because the front sealed it; it says whose it is.
    let bootstrap = front.opened(&query.token).map_err(&refused)?;
    if bootstrap.service != query.sender.as_str() {
        return Err(refused(Refusal::Sender).into());
    }
    if bootstrap.until <= now {
        return Err(refused(Refusal::Expired("the token")).into());
    }
    let asker = front.partner(&query.sender).await?;
    let seen = Seen {
        kind: SeenKind::Discovery,
        issuer: once.sender.as_str().to_owned(),
        id: once.id.as_str().to_owned(),
        until: once.until,
    };
    match front.records.take_once(&seen).await {
        Err(FrontError::Replayed) => return Err(refused(Refusal::Replayed).into()),
        taken => taken?,
    }
    let holder = front
        .holder_of(&bootstrap, now)
        .await?
        // The session is over: the card was pulled or stopped, or the person logged out.
        .ok_or(NotReferred::Status(FaultStatus::Token))?;
    let agreements = front.records.agreements_of(query.sender.as_str()).await?;
    let asked = query.services.iter().map(|wanted| {
        let agreement = agreements
            .iter()
            .find(|agreement| agreement.terms.service_type == wanted.service_type);
        let (asker, holder, bootstrap, id) = (&asker, &holder, &bootstrap, query.id.as_str());
        async move {
            let agreed = front.agreed(agreement)?;
            let how = Authenticated {
                context: &bootstrap.context,
                at: bootstrap.authenticated_at,
            };
            front.referred((asker, agreed), (holder, &how), id).await
        }
    });
    let mut answer = DiscoveryAnswer {
        references: Vec::new(),
        lacking: Vec::new(),
    };
    let mut notes = Vec::new();
    for (outcome, wanted) in futures_util::future::join_all(asked)
        .await
        .into_iter()
        .zip(&query.services)
    {
        match outcome {
            Ok((reference, note)) => {
                answer.references.push(reference);
                notes.push(note);
            }
            Err(status) => {
                let note = Note::of(
                    AuditAct::RecordsRefused,
                    json!({ "service": query.sender.as_str() }),
                    json!({ "type": wanted.service_type, "rule": status.code() }),
                );
                notes.push(note.ended(Outcome::Refused));
                answer.lacking.push((wanted.service_type.clone(), status));
            }
        }
    }
    // Nothing is handed out that is not recorded.
    front.records.notes(&notes, now).await?;
    let written = answer.write(front.entity(), &query, now, &mut front.chance());
    written.map_err(|error| {
        warn!(%error, "an answer can't be written");
        NotReferred::Status(FaultStatus::Unavailable)
    })
}

impl Front {
    /// The reference to this place for the service that is signed in to, when some agreement lets it ask for anything.
    pub(crate) async fn bootstrap(
        &self,
        asked: &Asked,
        shown: &Shown,
        session_index: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Reference>, FrontError> {
        let Who::Holder(_) = &shown.who else { return Ok(None) };
        if self.records.agreements_of(&asked.service).await?.is_empty() {
            return Ok(None);
        }
        let bootstrap = Bootstrap {
            service: asked.service.clone(),
            session_index: session_index.to_owned(),
            context: shown.context.clone(),
            authenticated_at: shown.at,
            until: shown.until_for(asked, now),
        };
        let plain = serde_json::to_vec(&bootstrap).map_err(|_| FrontError::Unreadable("discovery token"))?;
        Ok(Some(Reference {
            address: self.at(PATH),
            provider: self.entity().clone(),
            service_type: DISCOVERY_TYPE.to_owned(),
            about: "Discovery".to_owned(),
            mechanism: Mechanism::Bearer,
            token: Token::Opaque(STANDARD.encode(self.tokens.seal(PLACE, &plain, &mut self.chance()))),
        }))
    }

    fn opened(&self, token: &Token) -> Result<Bootstrap, Refusal> {
        let Token::Opaque(text) = token else {
            return Err(Refusal::Malformed("the token"));
        };
        let sealed = STANDARD.decode(text).map_err(|_| Refusal::Base64("the token"))?;
        let plain = self
            .tokens
            .open(PLACE, &sealed)
            .map_err(|_| Refusal::SignatureInvalid)?;
        serde_json::from_slice(&plain).map_err(|_| Refusal::Malformed("the token"))
    }

    /// Whose session it is, while it goes on and the card is good.
    async fn holder_of(&self, bootstrap: &Bootstrap, now: OffsetDateTime) -> Result<Option<Holder>, FrontError> {
        let records = &self.records;
        let session = records
            .session_by_index(&bootstrap.service, &bootstrap.session_index, now)
            .await?;
        let Some(session) = session else { return Ok(None) };
        let holder = records.holder_of_session(session, now).await?;
        Ok(holder.filter(|holder| holder.state == HolderState::Active))
    }

    /// The day on which agreements are judged: the city's.
    pub(crate) fn today(&self) -> Date {
        self.now().to_offset(time::macros::offset!(+9)).date()
    }

    /// The agreement, if it counts today.
    pub(crate) fn agreed<'a>(&self, agreement: Option<&'a Agreement>) -> Result<&'a Agreement, FaultStatus> {
        let agreement = agreement.ok_or(FaultStatus::NotAgreed)?;
        if agreement.suspended.is_some() {
            return Err(FaultStatus::Suspended);
        }
        match self.today() <= agreement.terms.until {
            true => Ok(agreement),
            false => Err(FaultStatus::NotAgreed),
        }
    }

    /// The reference to the agreement's provider, with a token for the asker's key, and the note of it.
    pub(crate) async fn referred(
        &self,
        (asker, agreement): (&Known, &Agreement),
        (holder, how): (&Holder, &Authenticated<'_>),
        query: &str,
    ) -> Result<(Reference, Note), FaultStatus> {
        let now = self.now();
        let terms = &agreement.terms;
        let provider = EntityId::parse(&terms.provider).ok_or(FaultStatus::Unavailable)?;
        let known = self.partners.find(&self.records, &provider, now).await;
        known.map_err(|fault| {
            warn!(code = fault.code(), %fault, service = terms.provider, "a provider can't be referred to");
            not_to_be_asked(&fault)
        })?;
        // A token that nobody can hold is no token, and no name is made for it.
        let certificates = asker.signing_certificates();
        if certificates.is_empty() {
            return Err(FaultStatus::Sender);
        }
        let request = self.records.request_between_halves(&terms.provider, query);
        let domain = self.domain_of(holder);
        let named = self
            .second
            .name(&holder.pseudonym, domain, &terms.provider, &request, &*self.clock)
            .await
            .map_err(|error| {
                warn!(%error, service = terms.provider, "no name for a provider");
                FaultStatus::Unavailable
            })?;
        let token = ServiceToken {
            id: MessageId::fresh(&mut self.chance()),
            issuer: self.entity().clone(),
            issued: now,
            name: named.encrypted_id,
            holder: TokenHolder {
                entity: asker.entity.id.clone(),
                certificates,
            },
            recipient: terms.address.clone(),
            conditions: Conditions {
                not_before: Some(now - Duration::seconds(i64::from(asker.partner.lifetimes.skew))),
                not_on_or_after: now + TOKEN_LIFE,
                audiences: vec![provider.clone()],
                one_time_use: false,
                proxy: None,
            },
            authentication: AuthnStatement {
                // To five minutes, as a service is told that a person comes to later in a session.
                at: five_minutes(how.at),
                session_index: None,
                session_until: None,
                context: AuthnContext::from(how.context),
                authorities: Vec::new(),
            },
        };
        let token = token.sign(&self.key).map_err(|error| {
            warn!(%error, "a token can't be made");
            FaultStatus::Unavailable
        })?;
        let note = Note::of(
            AuditAct::RecordsReferred,
            json!({
                "service": terms.provider,
                "registration": self.records.registration_beside(holder.registration, &named.blob_sha256),
                "blob": named.blob_sha256,
            }),
            json!({ "asker": terms.asker, "type": terms.service_type }),
        );
        let reference = Reference {
            address: terms.address.clone(),
            provider,
            service_type: terms.service_type.clone(),
            about: terms.about.clone(),
            mechanism: Mechanism::Saml,
            token,
        };
        Ok((reference, note))
    }
}

/// What a person is told of a provider that stands so.
const fn not_to_be_asked(fault: &PartnerFault) -> FaultStatus {
    match fault {
        // Operators switched it off: nothing is given for now.
        PartnerFault::NotOn => FaultStatus::Suspended,
        PartnerFault::Unknown | PartnerFault::OtherKind => FaultStatus::NotAgreed,
        // Nobody decided that: something is to be mended.
        PartnerFault::Expired | PartnerFault::Metadata(_) | PartnerFault::Records(_) => FaultStatus::Unavailable,
    }
}

/// The five minutes that `at` falls into.
fn five_minutes(at: OffsetDateTime) -> OffsetDateTime {
    let seconds = at.unix_timestamp();
    OffsetDateTime::from_unix_timestamp(seconds - seconds.rem_euclid(300)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_whose_metadata_expired_or_whose_records_are_away_is_not_called_suspended() {
        for fault in [
            PartnerFault::Expired,
            PartnerFault::Metadata(Refusal::Fingerprint),
            PartnerFault::Records(FrontError::Unreadable("partner")),
        ] {
            assert_eq!(not_to_be_asked(&fault), FaultStatus::Unavailable, "{fault}");
        }
        assert_eq!(not_to_be_asked(&PartnerFault::NotOn), FaultStatus::Suspended);
    }
}
