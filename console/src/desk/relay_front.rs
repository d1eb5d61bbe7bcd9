//! The front's administration as a relay operator's console reaches it: mutual TLS, nothing else. The office's database
//! is not asked, and need not exist.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use card::{CardError, Chip, PcscTransport};
use relay_core::audit::AuditEvent;
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::relay_card::{SigningCard, sha256};
use crate::{
    config::{RelayOperator, secrets},
    tui::facts::relay::{FrontState, LogoutHeard, Partner, ShownName, Untold},
};

/// For a whole answer; the front asks the blind half within it.
const PATIENCE: Duration = Duration::from_secs(15);

/// The front's administration.
pub struct Front {
    address: String,
    client: Client,
    fingerprint: String,
    card: Option<Arc<SigningCard>>,
}

/// Messages that were refused within an hour by one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    #[serde(with = "time::serde::rfc3339")]
    pub hour: OffsetDateTime,
    /// The partner that they said they were from; `unknown` where none of that name is registered.
    pub partner: String,
    pub rule: String,
    pub count: u64,
}

/// Why the front did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum FrontTrouble {
    /// It does not answer, or is not who it must be.
    #[error("the relay's front does not answer: {0}")]
    Away(String),
    /// It does not know the operator's certificate.
    #[error("the relay's front does not know this certificate (SHA-256 {fingerprint})")]
    NotAdmitted {
        /// The certificate's hash, as its configuration names operators.
        fingerprint: String,
    },
    #[error("{title} ({code})")]
    Refused {
        /// The code of the refusal.
        code: String,
        title: String,
        /// Found again in the front's log.
        trace: String,
    },
    /// Something else answers at that address.
    #[error("what answers is not the relay's front ({0})")]
    NoAnswer(u16),
    /// The operator's card did not sign.
    #[error(transparent)]
    Card(#[from] CardError),
}

/// A refusal as the front words it (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    title: String,
    code: String,
    trace: String,
}

/// What was put forward.
#[derive(Debug, Deserialize)]
pub struct Proposed {
    pub edition: i32,
    /// Its hash, which the second operator compares.
    pub sha256: String,
    /// How the service hears that a session is over.
    #[serde(default)]
    pub logout_heard: Option<LogoutHeard>,
}

/// A card for trials.
#[derive(Debug, Deserialize)]
pub struct TrialCard {
    /// SHA-256 of its certificate, in hex.
    pub sha256: String,
    pub named_by: String,
    /// It is none from then on.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

/// An agreement: which service may be referred to which provider.
#[derive(Debug, Deserialize)]
pub struct Agreement {
    pub asker: String,
    pub service_type: String,
    pub edition: i32,
    pub provider: String,
    /// Where the provider is asked.
    pub address: String,
    pub about: String,
    /// The last day on which it holds.
    pub until: String,
    pub proposed_by: String,
    pub approved_by: Option<String>,
    /// Why nobody is referred for now.
    pub suspended: Option<String>,
}

impl Front {
    /// By a certificate and its key in files.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn by_files(operator: &RelayOperator, certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let chain = certificates(certificate)?;
        let fingerprint = fingerprint(&chain);
        let text = secrets::read(key)?;
        let secret = PrivateKeyDer::from_pem_slice(text.as_bytes()).with_context(|| key.display().to_string())?;
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_root_certificates(roots(&operator.roots_file)?)
            .with_client_auth_cert(chain, secret)
            .with_context(|| certificate.display().to_string())?;
        Self::with(operator, tls, fingerprint, None)
    }

    /// By the staff card behind `chip` (opened for this program alone), which takes `password` now and signs every
    /// handshake after.
    ///
    /// # Errors
    /// When the files cannot be used; the card's refusal is a [`CardError`].
    pub fn by_card(
        operator: &RelayOperator,
        chip: Chip<PcscTransport>,
        password: &SecretString,
    ) -> anyhow::Result<Self> {
        let card = Arc::new(SigningCard::of(chip, password)?);
        let fingerprint = fingerprint(card.chain());
        // Our cards sign PKCS#1 v1.5, which TLS 1.3 does not know (RFC 8446 §4.2.3): it is not offered, so that the front
        // does not choose it.
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS12])?
            .with_root_certificates(roots(&operator.roots_file)?)
            .with_client_cert_resolver(card.clone());
        Self::with(operator, tls, fingerprint, Some(card))
    }

    fn with(
        operator: &RelayOperator,
        tls: ClientConfig,
        fingerprint: String,
        card: Option<Arc<SigningCard>>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            address: operator.admin_url.clone(),
            fingerprint,
            card,
            client: Client::builder()
                .use_preconfigured_tls(tls)
                .https_only(true)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(PATIENCE)
                .build()?,
        })
    }

    /// SHA-256 of the operator's certificate in hex, as the front's configuration names operators.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How the front stands.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn state(&self) -> Result<FrontState, FrontTrouble> {
        self.told(self.ask(Method::GET, "/state")).await
    }

    /// Every partner.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn partners(&self) -> Result<Vec<Partner>, FrontTrouble> {
        self.told(self.ask(Method::GET, "/partners")).await
    }

    /// What happened at the front in the last `minutes`, newest first.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn audit(&self, minutes: u32) -> Result<Vec<AuditEvent>, FrontTrouble> {
        let ask = self.ask(Method::GET, "/audit").query(&[("minutes", minutes)]);
        self.told(ask).await
    }

    /// Services that do not know yet that sessions are over.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn untold(&self) -> Result<Vec<Untold>, FrontTrouble> {
        self.told(self.ask(Method::GET, "/untold")).await
    }

    /// Messages that were refused in the last `hours`, counted, the newest hour first.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn refusals(&self, hours: u32) -> Result<Vec<Refusals>, FrontTrouble> {
        let ask = self.ask(Method::GET, "/refusals").query(&[("hours", hours)]);
        self.told(ask).await
    }

    /// Every edition of every agreement.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn agreements(&self) -> Result<Vec<Agreement>, FrontTrouble> {
        self.told(self.ask(Method::GET, "/agreements")).await
    }

    /// Puts one forward (`act` empty), approves or suspends it, as `what` says.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn change_agreement(&self, act: &str, what: &Value) -> Result<(), FrontTrouble> {
        self.done(&format!("/agreements{act}"), what).await
    }

    /// The cards for trials.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn trial_cards(&self) -> Result<Vec<TrialCard>, FrontTrouble> {
        self.told(self.ask(Method::GET, "/trial-cards")).await
    }

    /// Names a card for trials by the SHA-256 of its certificate.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn name_trial_card(&self, sha256: &str) -> Result<(), FrontTrouble> {
        self.done("/trial-cards", &json!({ "sha256": sha256 })).await
    }

    /// Ends that.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn withdraw_trial_card(&self, sha256: &str) -> Result<(), FrontTrouble> {
        self.done("/trial-cards", &json!({ "sha256": sha256, "withdrawn": true }))
            .await
    }

    /// Puts metadata forward.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn propose(&self, entity: &str, provider: bool, metadata: String) -> Result<Proposed, FrontTrouble> {
        let ask = self
            .ask(Method::POST, "/partners")
            .query(&[
                ("entity_id", entity),
                ("provider", if provider { "true" } else { "false" }),
            ])
            .header("content-type", "application/samlmetadata+xml")
            .body(metadata);
        self.told(ask).await
    }

    /// Approves an edition whose hash was compared.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn approve(&self, entity: &str, edition: i32, sha256: &str) -> Result<(), FrontTrouble> {
        let what = json!({ "entity_id": entity, "edition": edition, "sha256": sha256 });
        self.done("/partners/approve", &what).await
    }

    /// Puts a partner on trial.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn trial(&self, entity: &str) -> Result<(), FrontTrouble> {
        self.done("/partners/trial", &json!({ "entity_id": entity })).await
    }

    /// Records what the service showed at the trial's two visits.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn sign_in_tried(&self, entity: &str, shown: ShownName) -> Result<(), FrontTrouble> {
        let (named, passing) = (shown == ShownName::Same, shown == ShownName::Another);
        let what = json!({ "entity_id": entity, "named": named, "passing": passing });
        self.done("/partners/sign-in-tried", &what).await
    }

    /// Records the decision to go on without single logout.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn without_logout(&self, entity: &str, reason: &str) -> Result<(), FrontTrouble> {
        let what = json!({ "entity_id": entity, "words": reason });
        self.done("/partners/without-logout", &what).await
    }

    /// Switches a partner on.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn on(&self, entity: &str) -> Result<(), FrontTrouble> {
        self.done("/partners/on", &json!({ "entity_id": entity })).await
    }

    /// Switches a partner off, at once.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn off(&self, entity: &str, reason: &str) -> Result<(), FrontTrouble> {
        let what = json!({ "entity_id": entity, "words": reason });
        self.done("/partners/off", &what).await
    }

    /// Sets how long assertions and sessions last and how far its clock may be off, in seconds.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn lifetimes(&self, entity: &str, [assertion, session, skew]: [i32; 3]) -> Result<(), FrontTrouble> {
        let what = json!({
            "entity_id": entity,
            "assertion_seconds": assertion,
            "session_seconds": session,
            "skew_seconds": skew,
        });
        self.done("/partners/lifetimes", &what).await
    }

    /// Sets what is taken from a partner beyond the profile: all of it, by its names there.
    ///
    /// # Errors
    /// [`FrontTrouble`]
    pub async fn exceptions(&self, entity: &str, names: &[String], reason: &str) -> Result<(), FrontTrouble> {
        let what = json!({ "entity_id": entity, "exceptions": names, "words": reason });
        self.done("/partners/exceptions", &what).await
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    async fn done(&self, path: &str, what: &Value) -> Result<(), FrontTrouble> {
        let ask = self
            .ask(Method::POST, path)
            .header("content-type", "application/json")
            .body(what.to_string());
        self.answer(ask).await.map(drop)
    }

    async fn told<T: DeserializeOwned>(&self, ask: RequestBuilder) -> Result<T, FrontTrouble> {
        let (status, body) = self.answer(ask).await?;
        serde_json::from_slice(&body).map_err(|_| FrontTrouble::NoAnswer(status.as_u16()))
    }

    async fn answer(&self, ask: RequestBuilder) -> Result<(StatusCode, Vec<u8>), FrontTrouble> {
        let (status, body) = match self.exchange(ask).await {
            Ok(answered) => answered,
            Err(error) => {
                // A handshake that failed because the card did is told as the card's.
                return Err(match self.card.as_ref().and_then(|card| card.failure()) {
                    Some(failure) => FrontTrouble::Card(failure),
                    None => FrontTrouble::Away(causes(&error.without_url())),
                });
            }
        };
        match status {
            status if status.is_success() => Ok((status, body)),
            status => Err(match serde_json::from_slice(&body) {
                Ok(Problem { title, code, trace }) => FrontTrouble::Refused { code, title, trace },
                // Who is nobody's operator is told nothing but that.
                Err(_) if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                    FrontTrouble::NotAdmitted {
                        fingerprint: self.fingerprint.clone(),
                    }
                }
                Err(_) => FrontTrouble::NoAnswer(status.as_u16()),
            }),
        }
    }

    async fn exchange(&self, ask: RequestBuilder) -> reqwest::Result<(StatusCode, Vec<u8>)> {
        let answer = ask.send().await?;
        let status = answer.status();
        Ok((status, answer.bytes().await?.to_vec()))
    }
}

/// The one entity that metadata name. It is a convenience at the door and decides nothing: the front reads the XML and
/// looks for the entity named.
pub fn only_entity(metadata: &str) -> Option<String> {
    let mut found = metadata.split("entityID=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    let entity = found.next()?;
    (found.all(|other| other == entity) && !entity.contains('&') && !entity.is_empty()).then(|| entity.to_owned())
}

/// SHA-256 of metadata, in hex: what two operators compare.
pub fn metadata_sha256(metadata: &str) -> String {
    hex::encode(sha256(metadata.as_bytes()))
}

/// An error with what caused it: the outermost one alone says little.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .with_context(|| file.display().to_string())
}

fn roots(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for root in certificates(file)? {
        roots.add(root).with_context(|| file.display().to_string())?;
    }
    Ok(roots)
}

fn fingerprint(chain: &[CertificateDer<'static>]) -> String {
    chain.first().map(|own| hex::encode(sha256(own))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entity_of_a_file_is_found_when_there_is_one() {
        let one = "<md:EntityDescriptor xmlns:md=\"x\" entityID='https://library.example/saml'>";
        assert_eq!(only_entity(one).as_deref(), Some("https://library.example/saml"));
        assert_eq!(only_entity(&format!("{one}<x entityID=\"urn:other\">")), None);
        assert_eq!(only_entity("<x entityID=\"urn:a&amp;b\">"), None);
        assert_eq!(only_entity("no metadata"), None);
    }
}
