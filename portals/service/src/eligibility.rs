//! Asking the provider of a person's insurance by the person's card, without a PIN and without signing anybody in
//! (decision 26): the card at the desk signs the relay's challenge, the portal signs that it was brought here, and the
//! relay names the provider.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::client::{self, AskError};
use relay_core::eligibility::{Challenge, Referred, Shown, Wanted as WantsChallenge, service_text};
use relay_saml::wsf::{RecordSet, Reference};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{NotAnswered, Service, Wanted, records::PATIENCE};

/// A reference is some 6 kB.
const LARGEST: usize = 64 * 1024;

/// What a card gave for a challenge.
#[derive(Debug, Clone)]
pub struct CardSignature {
    /// The eligibility certificate, DER.
    pub certificate: Vec<u8>,
    pub signature: Vec<u8>,
}

/// Why a card led to no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotChecked {
    /// The relay takes neither this card nor this desk now, by one of [`relay_core::eligibility::CODES`].
    #[error("the relay refuses: {0}")]
    Refused(String),
    /// The relay can't be reached, or what it says can't be read.
    #[error("the relay: {0}")]
    Relay(NotAnswered),
    /// The provider that it names.
    #[error("the provider: {0}")]
    Provider(NotAnswered),
}

impl Service {
    /// A challenge for a card that may be laid down.
    ///
    /// # Errors
    /// [`NotChecked`]
    pub async fn card_challenge(&self) -> Result<Challenge, NotChecked> {
        let service = self.entity().to_owned();
        self.ask_relay("/eligibility/challenges", &WantsChallenge { service })
            .await
    }

    /// What the provider of `wanted` answers of whoever's `card` signed the challenge, which came with its `proof`.
    ///
    /// # Errors
    /// [`NotChecked`]
    pub async fn ask_by_card(
        &self,
        (challenge, proof): (&str, &str),
        card: &CardSignature,
        wanted: &Wanted,
    ) -> Result<RecordSet, NotChecked> {
        let text = service_text(challenge, wanted.service_type, &card.signature);
        let shown = Shown {
            service: self.entity().to_owned(),
            service_type: wanted.service_type.to_owned(),
            challenge: challenge.to_owned(),
            proof: proof.to_owned(),
            certificate: STANDARD.encode(&card.certificate),
            signature: STANDARD.encode(&card.signature),
            countersignature: STANDARD.encode(self.party.signing.sign(&text)),
        };
        let referred: Referred = self.ask_relay("/eligibility/references", &shown).await?;
        let reference = Reference::of_xml(&referred.reference);
        let reference = reference.map_err(|refusal| NotChecked::Relay(refusal.into()))?;
        let web = self.web.as_ref().ok_or(NotChecked::Relay(NotAnswered::NotSet))?;
        let answered = tokio::time::timeout(PATIENCE, self.ask_one(web, &reference, wanted)).await;
        answered.unwrap_or(Err(NotAnswered::Slow)).map_err(NotChecked::Provider)
    }

    async fn ask_relay<T: DeserializeOwned>(&self, path: &str, said: &impl Serialize) -> Result<T, NotChecked> {
        let web = self.web.as_ref().ok_or(NotChecked::Relay(NotAnswered::NotSet))?;
        let wrong = |words: String| NotChecked::Relay(NotAnswered::Wrong(words));
        // The relay is where browsers are sent to sign in.
        let mut address = Url::parse(&self.relay().sign_on).map_err(|error| wrong(error.to_string()))?;
        address.set_path(path);
        address.set_query(None);
        let body = serde_json::to_vec(said).map_err(|error| wrong(error.to_string()))?;
        // No trace id goes along: the page's would stand in others' logs too.
        let asked = async {
            let answer = web
                .post(address)
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await?;
            let done = answer.status().is_success();
            Ok::<_, AskError>((done, client::body(answer, LARGEST).await?))
        };
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        let (done, bytes) = asked
            .map_err(|_| NotChecked::Relay(NotAnswered::Slow))?
            .map_err(|error| NotChecked::Relay(error.into()))?;
        if done {
            return serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()));
        }
        let problem: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match problem["code"].as_str() {
            Some(code) => Err(NotChecked::Refused(code.to_owned())),
            None => Err(wrong("no code".to_owned())),
        }
    }
}
