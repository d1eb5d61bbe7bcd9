//! Asking the blind half for a service's name of a person: half of the way here, the rest there, by mutual TLS and in
//! signed envelopes. What comes back is sealed to the service; nothing of it can be read here.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_kit::{
    client::{self, AskError},
    config::secrets,
    tls::{self, Identity},
    trace::{TRACEPARENT, TraceId},
};
use relay_core::{
    chance::SharedChance,
    clock::Clock,
    envelope::{
        self, Kind, Letter, Opened, Party, Refusal, Sealed, SigningKey, TrustedKeys,
        orders::{Compare, Compared, Finish, Finished, Rotate, Rotated, ServiceName, Share, Shared},
    },
    pseudonym::{
        Domain, FrontHalf, FrontSecret, GlobalKey, HalfWay, KeyEdition, MiddleKey, MiddlePseudonym,
        PolymorphicPseudonym, Service,
    },
};
use relay_saml::{Delivery, HandedOn};
use serde::de::DeserializeOwned;
use tracing::info;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    config::{Config, Half},
    front::StartError,
};

/// How long a person waits for the blind half at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// An EncryptedID is some 2 kB; nothing it answers to a sign-in is larger.
const LARGEST: usize = 64 * 1024;
/// How long a batch of a key rotation may take there.
const PATIENCE_FOR_BATCH: Duration = Duration::from_secs(50);

/// A name, sealed to its service.
#[derive(Clone)]
pub struct SealedName {
    /// `<saml:EncryptedID>…</saml:EncryptedID>`.
    pub encrypted_id: String,
    /// SHA-256 of it, in hex: stands in both halves' logs.
    pub blob_sha256: String,
}

/// Why there is no name.
#[derive(Debug, thiserror::Error)]
pub enum NotNamed {
    /// The blind half does not answer.
    #[error(transparent)]
    Away(#[from] AskError),
    #[error("the blind half refuses: {0}")]
    Refused(String),
    /// Its answer is no envelope of its own to us.
    #[error("the blind half's answer: {0}")]
    Envelope(#[from] Refusal),
    /// Its answer is to something else, or its hash is wrong.
    #[error("the blind half's answer does not belong to the question")]
    OtherAnswer,
    /// What is stored of the person is encrypted under keys this process does not hold.
    #[error("no secret for edition {0} of the keys")]
    OtherEdition(KeyEdition),
    /// What is stored of the person is damaged.
    #[error("the stored pseudonym is damaged")]
    Damaged,
    /// The service's name can't stand in a pseudonym.
    #[error("the service's name can't stand in a pseudonym")]
    ServiceName,
}

impl NotNamed {
    /// For the trail: a few words without anything of the person.
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(code) => code.clone(),
            Self::Away(_) => "blind.away".to_owned(),
            Self::Envelope(refusal) => refusal.code().to_owned(),
            Self::OtherAnswer => "blind.other_answer".to_owned(),
            Self::OtherEdition(_) => "half.other_edition".to_owned(),
            Self::Damaged => "half.damaged".to_owned(),
            Self::ServiceName => "half.service_name".to_owned(),
        }
    }
}

/// The way to the blind half, and our half of it.
pub struct SecondHalf {
    client: reqwest::Client,
    address: Url,
    party: Party,
    own: SigningKey,
    trusted: TrustedKeys,
    halves: RwLock<BTreeMap<KeyEdition, Arc<FrontHalf>>>,
    files: Half,
    chance: SharedChance,
}

impl fmt::Debug for SecondHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecondHalf({} at {})", self.party, self.address)
    }
}

impl SecondHalf {
    /// As the configuration says, drawing from `chance`.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn load(config: &Config, chance: SharedChance) -> Result<Self, StartError> {
        let mut halves = BTreeMap::new();
        for file in &config.half.secret_files {
            let secret = FrontSecret::from_text(&secrets::read(file)?)
                .map_err(|reason| StartError::key(file, &reason.to_string()))?;
            halves.insert(secret.edition(), Arc::new(FrontHalf::new(&secret)));
        }
        let file = &config.half.envelope_key_file;
        let bytes = Zeroizing::new(
            URL_SAFE_NO_PAD
                .decode(secrets::read(file)?.trim())
                .map_err(|_| StartError::key(file, "not base64url"))?,
        );
        let own = SigningKey::from_pkcs8(config.half.party.clone(), &bytes)
            .map_err(|reason| StartError::key(file, &reason.to_string()))?;
        let blind = &config.blind;
        let identity = Identity::load(&blind.certificate, &blind.key_file)?;
        Ok(Self {
            client: client::client(tls::authorities(&blind.authorities)?, Some(&identity), PATIENCE)?,
            address: blind.address.clone(),
            party: blind.party.clone(),
            own,
            trusted: TrustedKeys::new(blind.keys.iter().cloned()),
            halves: RwLock::new(halves),
            files: config.half.clone(),
            chance,
        })
    }

    /// The newest keys that registrations may be encrypted under.
    pub fn newest_edition(&self) -> KeyEdition {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        halves.last_key_value().map_or(KeyEdition(0), |(edition, _)| *edition)
    }

    /// Whether it can be worked with what is encrypted under `edition`.
    pub fn holds(&self, edition: KeyEdition) -> bool {
        self.half(edition).is_ok()
    }

    /// Our half of `edition`. One that a key rotation has filed since the start is taken up when it is first needed, so
    /// that people sign in during a rotation and no process is started anew for it.
    fn half(&self, edition: KeyEdition) -> Result<Arc<FrontHalf>, NotNamed> {
        if let Some(half) = self.halves.read().unwrap_or_else(PoisonError::into_inner).get(&edition) {
            return Ok(Arc::clone(half));
        }
        let other = NotNamed::OtherEdition(edition);
        // Older ones were taken out of the configuration to be left behind, whatever still lies in the folder.
        if edition < self.newest_edition() {
            return Err(other);
        }
        let file = self.files.secret_file(edition);
        let text = secrets::read(&file).map_err(|_| NotNamed::OtherEdition(edition))?;
        match FrontSecret::from_text(&text) {
            Ok(secret) if secret.edition() == edition => {
                info!(%edition, "the half of the next keys is taken up");
                let half = Arc::new(FrontHalf::new(&secret));
                let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
                halves.insert(edition, Arc::clone(&half));
                Ok(half)
            }
            _ => Err(other),
        }
    }

    /// The blind half's step of a key rotation for each of `batch`, and the next public key.
    ///
    /// # Errors
    /// [`NotNamed`]
    pub async fn rotate(
        &self,
        middle: &MiddleKey,
        batch: Vec<MiddlePseudonym>,
        clock: &dyn Clock,
    ) -> Result<(GlobalKey, Vec<PolymorphicPseudonym>), NotNamed> {
        let order = Rotate {
            middle: middle.to_text(),
            batch,
        };
        let letter = Letter::new(&self.party, Kind::Rotate, &order);
        let sealed = self.own.seal(&letter, clock, &mut self.chance.clone());
        let trace = self.fresh_trace();
        let answer: Opened<Rotated> = self.ask("rotation", &sealed, Kind::Rotated, clock, trace).await?;
        let next = GlobalKey::from_text(&answer.body.next_key).map_err(|_| NotNamed::OtherAnswer)?;
        if answer.body.answers != sealed.number {
            return Err(NotNamed::OtherAnswer);
        }
        Ok((next, answer.body.batch))
    }

    /// The name of the person behind `pseudonym`, somebody of `domain`'s city, at `service`, sealed to it. The first time the service is seen the
    /// blind half is given our key share for it.
    ///
    /// # Errors
    /// [`NotNamed`]
    pub async fn name(
        &self,
        pseudonym: &PolymorphicPseudonym,
        domain: &Domain,
        service: &str,
        request: &[u8; 32],
        clock: &dyn Clock,
    ) -> Result<SealedName, NotNamed> {
        let edition = pseudonym.edition();
        let service = Service::new(domain, service).map_err(|_| NotNamed::ServiceName)?;
        let trace = self.fresh_trace();
        match self.finish(pseudonym, edition, &service, request, clock, trace).await {
            Err(NotNamed::Refused(code)) if code == "service.no_share" => {
                self.give_share(&service, edition, clock, trace).await?;
                self.finish(pseudonym, edition, &service, request, clock, trace).await
            }
            answered => answered,
        }
    }

    /// Whether `request`, the LogoutRequest of `service` as it was delivered, names the person behind `pseudonym` to the
    /// blind half. Only the answer comes here.
    ///
    /// # Errors
    /// [`NotNamed`]: it can't be told now.
    pub async fn is_name_of(
        &self,
        pseudonym: &PolymorphicPseudonym,
        domain: &Domain,
        service: &str,
        request: &Delivery,
        clock: &dyn Clock,
    ) -> Result<bool, NotNamed> {
        let edition = pseudonym.edition();
        let service = Service::new(domain, service).map_err(|_| NotNamed::ServiceName)?;
        let trace = self.fresh_trace();
        let order = Compare {
            service: ServiceName::from(&service),
            edition,
            half: self.half_way(pseudonym, edition, &service)?,
            request: HandedOn::from(request),
        };
        match self.compare(&order, clock, trace).await {
            // The person's row was put under the next keys since the sign-in, as the first of that service.
            Err(NotNamed::Refused(code)) if code == "service.no_share" => {
                self.give_share(&service, edition, clock, trace).await?;
                self.compare(&order, clock, trace).await
            }
            answered => answered,
        }
    }

    async fn compare(&self, order: &Compare<HandedOn>, clock: &dyn Clock, trace: TraceId) -> Result<bool, NotNamed> {
        let letter = Letter::new(&self.party, Kind::Compare, order);
        let sealed = self.own.seal(&letter, clock, &mut self.chance.clone());
        let answer: Opened<Compared> = self.ask("compare", &sealed, Kind::Compared, clock, trace).await?;
        if answer.body.answers != sealed.number {
            return Err(NotNamed::OtherAnswer);
        }
        Ok(answer.body.same)
    }

    /// Whether the blind half answers at all.
    pub async fn is_there(&self) -> bool {
        let mut url = self.address.clone();
        url.set_path("state");
        let answer = self.client.get(url).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    async fn finish(
        &self,
        pseudonym: &PolymorphicPseudonym,
        edition: KeyEdition,
        service: &Service,
        request: &[u8; 32],
        clock: &dyn Clock,
        trace: TraceId,
    ) -> Result<SealedName, NotNamed> {
        let order = Finish {
            service: ServiceName::from(service),
            edition,
            half: self.half_way(pseudonym, edition, service)?,
            request: hex::encode(request),
        };
        let letter = Letter::new(&self.party, Kind::Finish, &order);
        let sealed = self.own.seal(&letter, clock, &mut self.chance.clone());
        let answer: Opened<Finished> = self.ask("finish", &sealed, Kind::Finished, clock, trace).await?;
        let Finished {
            answers,
            encrypted_id,
            blob_sha256,
        } = answer.body;
        let hash = hex::encode(digest(&SHA256, encrypted_id.as_bytes()).as_ref());
        if answers != sealed.number || hash != blob_sha256 {
            return Err(NotNamed::OtherAnswer);
        }
        Ok(SealedName {
            encrypted_id,
            blob_sha256,
        })
    }

    fn half_way(
        &self,
        pseudonym: &PolymorphicPseudonym,
        edition: KeyEdition,
        service: &Service,
    ) -> Result<HalfWay, NotNamed> {
        let own = self.half(edition)?;
        own.half(pseudonym, service, &mut self.chance.clone())
            .map_err(|_| NotNamed::Damaged)
    }

    async fn give_share(
        &self,
        service: &Service,
        edition: KeyEdition,
        clock: &dyn Clock,
        trace: TraceId,
    ) -> Result<(), NotNamed> {
        let own = self.half(edition)?;
        let share = own.service_share(service).to_text();
        let order = Share {
            service: ServiceName::from(service),
            edition,
            share: share.to_string(),
        };
        let letter = Letter::new(&self.party, Kind::Share, &order);
        let sealed = self.own.seal(&letter, clock, &mut self.chance.clone());
        let answer: Opened<Shared> = self.ask("shares", &sealed, Kind::Shared, clock, trace).await?;
        if answer.body.answers != sealed.number {
            return Err(NotNamed::OtherAnswer);
        }
        info!(service = service.entity(), %edition, "the blind half took our share");
        Ok(())
    }

    /// The id under which the blind half logs what it is asked. Never that of the page on whose behalf it is asked: one page
    /// may have several names made, which must have nothing in common there.
    fn fresh_trace(&self) -> TraceId {
        TraceId::new(&mut self.chance.clone())
    }

    async fn ask<B: DeserializeOwned>(
        &self,
        path: &str,
        sealed: &Sealed,
        kind: Kind,
        clock: &dyn Clock,
        trace: TraceId,
    ) -> Result<Opened<B>, NotNamed> {
        let answer = self.answer(path, sealed, kind, clock, trace).await;
        if let Err(error) = &answer {
            // Whoever runs the blind half finds its lines by this.
            info!(path, %error, trace_there = %trace, "not answered by the blind half");
        }
        answer
    }

    async fn answer<B: DeserializeOwned>(
        &self,
        path: &str,
        sealed: &Sealed,
        kind: Kind,
        clock: &dyn Clock,
        trace: TraceId,
    ) -> Result<Opened<B>, NotNamed> {
        let mut url = self.address.clone();
        url.set_path(path);
        // A batch comes back as large as it was sent.
        let (patience, largest) = match kind {
            Kind::Rotated => (PATIENCE_FOR_BATCH, envelope::LARGEST),
            _ => (PATIENCE, LARGEST),
        };
        let answer = self
            .client
            .post(url)
            .timeout(patience)
            .header(TRACEPARENT, trace.traceparent())
            .body(sealed.text.clone())
            .send()
            .await
            .map_err(AskError::from)?;
        let status = answer.status();
        let body = client::body(answer, largest).await?;
        let text = String::from_utf8(body).map_err(|_| NotNamed::OtherAnswer)?;
        if !status.is_success() {
            return Err(NotNamed::Refused(code_of(&text, status.as_u16())));
        }
        // An answer names the number of its question, which was drawn just now: there is no older one to replay.
        Ok(self.trusted.open(&text, kind, self.own.party(), clock)?)
    }
}

/// The code of a problem; only what can be one goes on into the log.
fn code_of(problem: &str, status: u16) -> String {
    serde_json::from_str::<serde_json::Value>(problem)
        .ok()
        .and_then(|problem| problem.get("code")?.as_str().map(str::to_owned))
        .filter(|code| {
            code.len() <= 64
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        })
        .unwrap_or_else(|| format!("blind.status_{status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_code_goes_into_the_log() {
        assert_eq!(code_of(r#"{"code":"service.no_share"}"#, 409), "service.no_share");
        assert_eq!(code_of(r#"{"code":"line\nbreak"}"#, 409), "blind.status_409");
        assert_eq!(code_of("<html>", 502), "blind.status_502");
    }
}
