//! Insurance checked with a card and no PIN (decision 26): a clinic's portal brings a challenge that the card's
//! eligibility key signed, and is given a reference to the one provider that its agreement names. Nothing else comes of
//! such a key, and nothing of the person reaches the portal by here: the name in the token is sealed to the provider.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::Visit;
use relay_core::{
    audit::Outcome,
    chance::draw,
    eligibility::{CHALLENGE_SECONDS, Challenge, Referred, Shown, Wanted, card_text, service_text},
    registration::CardUse,
    seal::Place,
};
use relay_records::front::{Agreement, AuditAct, FrontError, Holder, Note};
use relay_saml::{
    message::EntityId,
    names::AuthnContext,
    wsf::{FaultStatus, Reference},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::{
    card::{CardFault, CardKind, check_signature},
    front::Front,
    intake::problem,
    partners::Known,
    records_discovery::Authenticated,
    sign_in::Refused as CardRefused,
    taking::NotTaken,
};

/// In the trail: a card without its PIN.
const BY: &str = "eligibility";
const PLACE: Place<'static> = Place {
    table: "front.eligibility",
    row: &[0; 16],
    column: "challenge",
};

pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new()
        .route("/eligibility/challenges", post(challenge))
        .route("/eligibility/references", post(refer))
}

/// A challenge as the front knows it again, sealed: nothing of it is kept until it comes back.
#[derive(Serialize, Deserialize)]
struct Given {
    challenge: String,
    service: String,
    #[serde(with = "time::serde::timestamp")]
    until: OffsetDateTime,
}

/// Why nobody is referred.
enum NotReferred {
    /// The message is none.
    Malformed,
    /// The service is unknown or off, or did not sign it.
    Service(NotTaken),
    Countersignature,
    ChallengeOld,
    ChallengeUsed,
    TooMany,
    /// By agreement, or because a part of the relay is away.
    Status(FaultStatus),
    Card(CardRefused),
    Records(FrontError),
}

impl From<FrontError> for NotReferred {
    fn from(error: FrontError) -> Self {
        match error {
            FrontError::Replayed => Self::ChallengeUsed,
            FrontError::TooManyChecks { .. } => Self::TooMany,
            error => Self::Records(error),
        }
    }
}

impl NotReferred {
    /// One of [`relay_core::eligibility::CODES`].
    const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "request",
            Self::Service(NotTaken::Records(_)) | Self::Records(_) => "away",
            Self::Service(_) => "service-unknown",
            Self::Countersignature => "service-signature",
            Self::ChallengeOld => "challenge-old",
            Self::ChallengeUsed => "challenge-used",
            Self::TooMany => "too-many",
            Self::Status(FaultStatus::Suspended) => "suspended",
            Self::Status(FaultStatus::Unavailable | FaultStatus::Sender) => "away",
            Self::Status(_) => "not-agreed",
            Self::Card(refused) => refused.code(),
        }
    }

    fn status(&self) -> StatusCode {
        match self.code() {
            "request" => StatusCode::BAD_REQUEST,
            "too-many" => StatusCode::TOO_MANY_REQUESTS,
            "away" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

async fn challenge(State(front): State<Arc<Front>>, visit: Visit, body: Bytes) -> Response {
    let given = match serde_json::from_slice::<Wanted>(&body) {
        Ok(wanted) => front.challenge_for(&wanted.service).await,
        Err(_) => Err(NotReferred::Malformed),
    };
    match given {
        Ok(given) => Json(given).into_response(),
        Err(why) => refused(&visit, &why),
    }
}

async fn refer(State(front): State<Arc<Front>>, visit: Visit, body: Bytes) -> Response {
    let referred = match serde_json::from_slice::<Shown>(&body) {
        Ok(shown) => front.refer_card(&shown).await,
        Err(_) => Err(NotReferred::Malformed),
    };
    match referred {
        Ok(reference) => Json(Referred {
            reference: reference.xml(),
        })
        .into_response(),
        Err(why) => refused(&visit, &why),
    }
}

fn refused(visit: &Visit, why: &NotReferred) -> Response {
    let code = why.code();
    match why {
        NotReferred::Records(error) | NotReferred::Service(NotTaken::Records(error)) => {
            warn!(%error, "records");
        }
        _ => info!(code, "a card without its PIN leads nowhere"),
    }
    problem(visit, why.status(), code, "no reference")
}

impl Front {
    async fn challenge_for(&self, service: &str) -> Result<Challenge, NotReferred> {
        self.bringer(service).await?;
        let challenge = hex::encode(draw::<32>(&mut self.chance()));
        let given = Given {
            challenge: challenge.clone(),
            service: service.to_owned(),
            until: self.now() + Duration::seconds(CHALLENGE_SECONDS),
        };
        let plain = serde_json::to_vec(&given).map_err(|_| NotReferred::Malformed)?;
        Ok(Challenge {
            challenge,
            origin: self.origin(),
            proof: STANDARD.encode(self.tokens.seal(PLACE, &plain, &mut self.chance())),
        })
    }

    async fn bringer(&self, service: &str) -> Result<Arc<Known>, NotReferred> {
        let entity = EntityId::parse(service).ok_or(NotReferred::Malformed)?;
        self.partner(&entity).await.map_err(NotReferred::Service)
    }

    async fn refer_card(&self, shown: &Shown) -> Result<Reference, NotReferred> {
        let now = self.now();
        let asker = self.bringer(&shown.service).await?;
        let card = self.brought(shown, &asker, now).await.inspect_err(|why| {
            // Nobody is asked for it and no row is written of it: a stranger may send as many as they like.
            if !matches!(why, NotReferred::Records(_)) {
                self.refusals.count(&shown.service, why.code(), now);
            }
        })?;
        let mut registration = None;
        let referred = self.referred_by_card(&asker, shown, &card, &mut registration).await;
        let note = match &referred {
            Ok((_, note)) => {
                let mut note = note.clone();
                note.details.insert("by".to_owned(), json!(BY));
                note
            }
            Err(why) => Note::of(
                AuditAct::RecordsRefused,
                json!({ "service": shown.service, "registration": registration }),
                json!({ "type": shown.service_type, "rule": why.code(), "by": BY }),
            )
            .ended(Outcome::Refused),
        };
        // Nothing is handed out that is not recorded.
        self.records.note(&note, now).await?;
        referred.map(|(reference, _)| reference)
    }

    /// Certificate and signature of the card that `asker` brings: by its own word, with a challenge that was given to it,
    /// for the first time.
    async fn brought(
        &self,
        shown: &Shown,
        asker: &Known,
        now: OffsetDateTime,
    ) -> Result<(Vec<u8>, Vec<u8>), NotReferred> {
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| NotReferred::Malformed);
        let (certificate, signature) = (bytes(&shown.certificate)?, bytes(&shown.signature)?);
        let plain = self.tokens.open(PLACE, &bytes(&shown.proof)?);
        let given: Option<Given> = plain.ok().and_then(|plain| serde_json::from_slice(&plain).ok());
        let given = given
            .filter(|given| given.challenge == shown.challenge && given.service == shown.service)
            .ok_or(NotReferred::ChallengeOld)?;
        if given.until <= now {
            return Err(NotReferred::ChallengeOld);
        }
        let text = service_text(&shown.challenge, &shown.service_type, &signature);
        asker
            .peer
            .signed(&text, &bytes(&shown.countersignature)?)
            .map_err(|_| NotReferred::Countersignature)?;
        let most = self.config.cards.checks_per_hour;
        let once = (shown.challenge.as_str(), given.until);
        self.records.take_card_check(&shown.service, once, most, now).await?;
        Ok((certificate, signature))
    }

    async fn referred_by_card(
        &self,
        asker: &Known,
        shown: &Shown,
        (certificate, signature): &(Vec<u8>, Vec<u8>),
        registration: &mut Option<String>,
    ) -> Result<(Reference, Note), NotReferred> {
        let now = self.now();
        let agreements = self.records.agreements_of(&shown.service).await?;
        let agreement: Option<&Agreement> = agreements
            .iter()
            .find(|agreement| agreement.terms.service_type == shown.service_type);
        let agreement = self.agreed(agreement).map_err(NotReferred::Status)?;
        let text = card_text(&self.origin(), &shown.challenge);
        let holder = self.eligible(certificate, &text, signature).await?;
        *registration = Some(self.records.registration_at(holder.registration, &shown.service));
        if let Some(refused) = CardRefused::of_state(holder.state) {
            return Err(NotReferred::Card(refused));
        }
        let how = Authenticated {
            context: AuthnContext::CardNoPin.uri(),
            at: now,
        };
        self.referred((asker, agreement), (&holder, &how), &shown.challenge)
            .await
            .map_err(NotReferred::Status)
    }

    /// Whose card signed `text`, if it is one for this: of ours, good today, for eligibility and nothing else, registered.
    async fn eligible(&self, certificate: &[u8], text: &[u8], signature: &[u8]) -> Result<Holder, NotReferred> {
        let faulty = |fault| NotReferred::Card(CardRefused::Faulty(fault));
        if self.cards.judge(certificate, self.now()).map_err(faulty)? != CardKind::Eligibility {
            return Err(faulty(CardFault::OtherProfile));
        }
        check_signature(certificate, text, signature).map_err(faulty)?;
        let holder = self.records.holder(&relay_saml::fingerprint(certificate)).await?;
        let holder = holder.ok_or(NotReferred::Card(CardRefused::Unknown))?;
        match holder.used_for {
            CardUse::Eligibility => Ok(holder),
            CardUse::Authentication => Err(faulty(CardFault::OtherProfile)),
        }
    }
}
