//! What the front and the blind half say to each other: the bodies of their envelopes.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::pseudonym::{Domain, HalfWay, KeyEdition, MiddlePseudonym, NameError, PolymorphicPseudonym, Service};

/// A service, as named in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceName {
    /// The city whose people it is asked for.
    pub domain: String,
    /// The service's entity id.
    pub entity: String,
}

impl ServiceName {
    /// The service.
    ///
    /// # Errors
    /// [`NameError`]
    pub fn service(&self) -> Result<Service, NameError> {
        Service::new(&Domain::new(&self.domain)?, &self.entity)
    }
}

impl From<&Service> for ServiceName {
    fn from(service: &Service) -> Self {
        Self {
            domain: service.domain().as_str().to_owned(),
            entity: service.entity().to_owned(),
        }
    }
}

/// `POST /finish`: the rest of the way for one sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    pub service: ServiceName,
    pub edition: KeyEdition,
    pub half: HalfWay,
    /// SHA-256 of the service's request id under a salt of the front's, hexadecimal: what an auditor matches the two
    /// logs by without learning the request.
    pub request: String,
}

/// The answer to [`Finish`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// The number of the envelope this answers.
    pub answers: Uuid,
    /// `<saml:EncryptedID>…</saml:EncryptedID>` in exclusive canonical form, to be put into the assertion as it is.
    pub encrypted_id: String,
    /// SHA-256 of its bytes, hexadecimal: what both halves write into their logs.
    pub blob_sha256: String,
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finished({})", self.blob_sha256)
    }
}

/// `POST /registry/links` at the front: a provider's records that an office matched with persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The provider's entity id.
    pub service: String,
    pub persons: Vec<LinkedPerson>,
}

impl Link {
    /// Persons in one order.
    pub const LARGEST: usize = 500;
}

/// One of them: which row of the provider's list, and who, encrypted afresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedPerson {
    /// A random number that the provider gave the row for this list.
    pub row: Uuid,
    pub pseudonym: PolymorphicPseudonym,
}

/// The answer to [`Link`]: each row with the person's name at the provider, sealed to the provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    pub names: Vec<(Uuid, String)>,
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Linked({})", self.names.len())
    }
}

/// `POST /compare`: whether the name in a service's LogoutRequest, encrypted to the blind half, is this person's there.
///
/// The whole message goes, as it was delivered: the blind half checks the service's signature itself, and opens no name
/// that stands anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare<R> {
    pub service: ServiceName,
    pub edition: KeyEdition,
    /// The front's half for the person whose session it is.
    pub half: HalfWay,
    /// The service's LogoutRequest, `relay_saml::HandedOn`: these bodies are told apart from XML, which the office does not link.
    pub request: R,
}

/// Where the front takes LogoutRequests that come by a browser, under its own address.
pub const LOGOUT_BY_BROWSER: &str = "/saml/slo";
/// Where it takes those that come from server to server.
pub const LOGOUT_BY_SOAP: &str = "/saml/slo/soap";

/// The answer to [`Compare`]. Nothing of either name is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// The number of the envelope this answers.
    pub answers: Uuid,
    /// Whether it is the same person; no for a name that can't be opened.
    pub same: bool,
}

/// `POST /shares`: the front's key share for a service, once for each edition of the keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub service: ServiceName,
    pub edition: KeyEdition,
    /// [`crate::pseudonym::ServiceShare::to_text`].
    pub share: String,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} of edition {})", self.service.entity, self.edition)
    }
}

/// The answer to [`Share`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// The number of the envelope this answers.
    pub answers: Uuid,
    pub service: ServiceName,
}

/// `POST /rotation`: what the front re-keyed, for the blind half's step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The rotation's beginning ([`crate::pseudonym::MiddleKey::to_text`]), the same in every batch of it.
    pub middle: String,
    /// At most [`Rotate::LARGEST`]; none asks only for the next key.
    pub batch: Vec<MiddlePseudonym>,
}

impl Rotate {
    /// So many ciphertexts in one call.
    pub const LARGEST: usize = 2_000;
}

/// The answer to [`Rotate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The number of the envelope this answers.
    pub answers: Uuid,
    /// The public key of the next edition ([`crate::pseudonym::GlobalKey::to_text`]).
    pub next_key: String,
    /// In the order of the batch.
    pub batch: Vec<PolymorphicPseudonym>,
}
