//! Asking providers for the records of whoever is signed in, by the relay's discovery service (ID-WSF 2.0).
//!
//! The portal never learns what the person is called at a provider: it carries a token that only the provider opens.

use std::time::Duration;

use futures_util::future::join_all;
use portal_kit::client::{self, AskError, Client};
use relay_saml::{
    Refusal,
    wsf::{DiscoveryAnswer, DiscoveryQuery, FaultStatus, RecordSet, RecordsQuery, Reference},
};
use tokio::time::{Instant, timeout_at};

use crate::{Service, SignedIn};

/// How long a page waits for its records, whatever happens.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// No answer is larger: a person's records of some years.
const LARGEST: usize = 1024 * 1024;

/// What is wanted of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which service: a URI that an agreement names.
    pub service_type: &'static str,
    /// Which kind of its records.
    pub kind: &'static str,
    /// What for.
    pub purpose: &'static str,
}

/// Why there is no answer. Each is something else to the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// The portal may ask nobody.
    #[error("this portal asks no providers")]
    NotSet,
    /// The relay's session is over, though the portal's goes on.
    #[error("the relay's session is over")]
    SignedOut,
    /// No agreement says that it may be asked.
    #[error("no agreement lets this portal ask")]
    NotAgreed,
    /// By agreement nothing is given for now.
    #[error("suspended by agreement")]
    Suspended,
    /// The person withdrew consent.
    #[error("the person withdrew consent")]
    NoConsent,
    /// It took longer than a page waits.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// It can't be reached.
    #[error("cannot be reached: {0}")]
    Away(String),
    /// What it answers can't be believed or read.
    #[error("its answer is not taken: {0}")]
    Wrong(String),
}

impl From<AskError> for NotAnswered {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Slow => Self::Slow,
            AskError::Away(words) => Self::Away(words),
            AskError::TooLarge(_) => Self::Wrong(error.to_string()),
        }
    }
}

impl From<FaultStatus> for NotAnswered {
    fn from(status: FaultStatus) -> Self {
        match status {
            FaultStatus::NotAgreed | FaultStatus::NoResults => Self::NotAgreed,
            FaultStatus::Suspended => Self::Suspended,
            FaultStatus::NoConsent => Self::NoConsent,
            FaultStatus::Unavailable => Self::Away(status.to_string()),
            status => Self::Wrong(status.to_string()),
        }
    }
}

impl From<Refusal> for NotAnswered {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(status) => status.into(),
            refusal => Self::Wrong(refusal.to_string()),
        }
    }
}

impl Service {
    /// What each of `wanted` answers of `person`, in their order. All are asked at once, and none waits for another;
    /// after [`PATIENCE`] what has not come is given up. None of them is told the page's trace id: it would be the same at
    /// all of them.
    pub async fn ask(&self, person: &SignedIn, wanted: &[Wanted]) -> Vec<Result<RecordSet, NotAnswered>> {
        let end = Instant::now() + PATIENCE;
        let references = match timeout_at(end, self.references(person, wanted)).await {
            Ok(found) => found,
            Err(_) => Err(NotAnswered::Slow),
        };
        let (web, found) = match references {
            Ok(found) => found,
            Err(reason) => {
                tracing::warn!(%reason, "no provider can be found");
                return vec![Err(reason); wanted.len()];
            }
        };
        let asked = wanted.iter().map(|wanted| {
            let found = &found;
            async move {
                let named = |reference: &&Reference| reference.service_type == wanted.service_type;
                let reference = found.references.iter().find(named);
                let lacks = || found.lacks(wanted.service_type).unwrap_or(FaultStatus::NoResults);
                let reference = reference.ok_or_else(|| NotAnswered::from(lacks()))?;
                let answer = timeout_at(end, self.ask_one(web, reference, wanted)).await;
                answer.unwrap_or(Err(NotAnswered::Slow))
            }
        });
        let answers = join_all(asked).await;
        for (answer, wanted) in answers.iter().zip(wanted) {
            if let Err(reason) = answer {
                tracing::warn!(%reason, service = wanted.service_type, kind = wanted.kind, "no records");
            }
        }
        answers
    }

    async fn references(
        &self,
        person: &SignedIn,
        wanted: &[Wanted],
    ) -> Result<(&Client, DiscoveryAnswer), NotAnswered> {
        let web = self.web.as_ref().ok_or(NotAnswered::NotSet)?;
        let discovery = person.discovery.as_deref().ok_or(NotAnswered::NotAgreed)?;
        let discovery = Reference::of_xml(discovery)?;
        let mut types: Vec<_> = wanted.iter().map(|wanted| wanted.service_type).collect();
        types.sort_unstable();
        types.dedup();
        let query = DiscoveryQuery::new(&self.party.entity, &discovery, &types, &mut self.chance());
        let written = query.write(&discovery.address, self.now());
        let written = written.map_err(|error| NotAnswered::Wrong(error.to_string()))?;
        let bytes = send(web, &discovery.address, written).await?;
        let answer = DiscoveryAnswer::read(&bytes, &query, &discovery.provider);
        let answer = answer.map_err(|refusal| match refusal {
            // The token says whose session it was.
            Refusal::Fault(FaultStatus::Token) => NotAnswered::SignedOut,
            refusal => refusal.into(),
        })?;
        Ok((web, answer))
    }

    pub(crate) async fn ask_one(
        &self,
        web: &Client,
        reference: &Reference,
        wanted: &Wanted,
    ) -> Result<RecordSet, NotAnswered> {
        let query = RecordsQuery::new(&self.party.entity, wanted.kind, wanted.purpose, &mut self.chance());
        let written = query.write(reference, self.now());
        let written = written.map_err(|error| NotAnswered::Wrong(error.to_string()))?;
        let bytes = send(web, &reference.address, written).await?;
        Ok(RecordSet::read(&bytes, &query, &reference.provider)?)
    }
}

async fn send(web: &Client, address: &str, envelope: String) -> Result<Vec<u8>, AskError> {
    let answer = web
        .post(address)
        .header("content-type", "text/xml; charset=utf-8")
        .body(envelope)
        .send()
        .await?;
    client::body(answer, LARGEST).await
}
