//! What a service is given: the Response with its assertion, or with a status, ready for the way it travels.

use relay_core::chance::{Chance, draw};
use relay_saml::{
    message::{
        Assertion, AuthnStatement, Conditions, Confirmation, EntityId, Head, Identified, MessageId, NameId, Response,
        Status, Subject,
    },
    names::{AuthnContext, NameIdFormat, StatusCode},
    sealing::SealingKey,
    send::{SignedMessage, Unwritable},
    wsf::Reference,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::{
    front::Front,
    partners::Known,
    sign_in::{Asked, Shown, Who},
};

/// Why no answer can be made.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// A name or a kept message is not in the form that is written here.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The service has no name that can be written.
    #[error("the service's name can't be written")]
    Service,
}

/// The subject of an assertion, as it is kept for a later logout.
#[derive(Clone, Serialize, Deserialize)]
pub enum Named {
    /// The blind half's EncryptedID.
    Sealed(String),
    /// A transient name, good for one session.
    Transient(String),
}

impl Named {
    /// A fresh transient name: 160 random bits (saml-core §8.3.8).
    pub fn transient(chance: &mut dyn Chance) -> Self {
        Self::Transient(format!("_{}", hex::encode(draw::<20>(chance))))
    }

    /// As kept with the session.
    pub fn kept(&self) -> Zeroizing<String> {
        Zeroizing::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// What was kept.
    pub fn of_kept(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As it stands in a message between the front and `service`.
    pub fn identified(&self, front: &Front, service: &str) -> Identified {
        match self {
            Self::Sealed(xml) => Identified::Sealed(xml.clone()),
            Self::Transient(value) => Identified::Clear(NameId {
                value: value.clone(),
                format: NameIdFormat::Transient,
                qualifier: Some(front.entity().as_str().to_owned()),
                sp_qualifier: Some(service.to_owned()),
                sp_provided: None,
            }),
        }
    }
}

impl Front {
    /// The Response that says who is there. A name in clear (transient) travels in an encrypted assertion where the
    /// service has a key for it.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub(crate) fn assert(
        &self,
        asked: &Asked,
        shown: &Shown,
        named: &Named,
        (session_index, discovery): (&str, Option<Reference>),
        service: &Known,
        now: OffsetDateTime,
    ) -> Result<SignedMessage, AnswerError> {
        let service_id = EntityId::parse(&asked.service).ok_or(AnswerError::Service)?;
        let in_response_to = asked.request.as_deref().and_then(MessageId::parse);
        let until = now + Duration::seconds(asked.assertion_seconds);
        let authorities = match &shown.who {
            Who::Upstream { provider } => EntityId::parse(provider).into_iter().collect(),
            Who::Holder(_) => Vec::new(),
        };
        let assertion = Assertion {
            id: MessageId::fresh(&mut self.chance()),
            issued: now,
            issuer: self.entity().clone(),
            subject: Subject {
                name: named.identified(self, &asked.service),
                confirmation: Confirmation {
                    recipient: asked.reply.location.clone(),
                    not_on_or_after: until,
                    in_response_to: in_response_to.clone(),
                },
            },
            conditions: Conditions {
                not_before: Some(now - Duration::seconds(asked.skew_seconds)),
                not_on_or_after: until,
                audiences: vec![service_id],
                one_time_use: false,
                proxy: None,
            },
            authentication: Some(AuthnStatement {
                at: shown.at,
                session_index: Some(session_index.to_owned()),
                session_until: Some(shown.until_for(asked, now)),
                context: AuthnContext::from(shown.context.as_str()),
                authorities,
            }),
            attributes: Vec::new(),
            discovery,
        };
        let response = self.response(asked, in_response_to, Status::success(), Some(assertion), now);
        let sealing = match named {
            Named::Transient(_) => sealing_key(service),
            Named::Sealed(_) => None,
        };
        Ok(match sealing {
            Some(key) => response.sign_sealed(&self.key, &key, &mut self.chance())?,
            None => response.sign(&self.key)?,
        })
    }

    /// The Response that says that nobody is given, and why.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub(crate) fn refuse(
        &self,
        asked: &Asked,
        code: StatusCode,
        detail: StatusCode,
        now: OffsetDateTime,
    ) -> Result<SignedMessage, AnswerError> {
        let in_response_to = asked.request.as_deref().and_then(MessageId::parse);
        let response = self.response(asked, in_response_to, Status::failure(code, detail), None, now);
        Ok(response.sign(&self.key)?)
    }

    fn response(
        &self,
        asked: &Asked,
        in_response_to: Option<MessageId>,
        status: Status,
        assertion: Option<Assertion>,
        now: OffsetDateTime,
    ) -> Response {
        Response {
            head: Head {
                id: MessageId::fresh(&mut self.chance()),
                issued: now,
                issuer: self.entity().clone(),
                destination: Some(asked.reply.location.clone()),
            },
            in_response_to,
            status,
            assertion,
        }
    }
}

/// The service's key for encryption, where it has one that can be used.
fn sealing_key(service: &Known) -> Option<SealingKey> {
    let keys = &service.service()?.role.keys;
    keys.iter()
        .filter(|key| key.usage.encrypts())
        .find_map(|key| SealingKey::described(key).ok())
}
