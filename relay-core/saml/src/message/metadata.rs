//! Metadata: who an entity is, where it is reached, which keys are its own (saml-metadata-2.0-os).

use time::{Duration, OffsetDateTime};

use super::EntityId;
use crate::names::{Binding, NameIdFormat};

/// One entity: an identity provider, a service, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub id: EntityId,
    /// Not to be used from then on.
    pub valid_until: Option<OffsetDateTime>,
    /// To be fetched anew after so long.
    pub cache_for: Option<Duration>,
    /// As an identity provider.
    pub idp: Option<IdpRole>,
    pub sp: Option<SpRole>,
    /// The organisation's name for people, with its language.
    pub organisation: Vec<(String, String)>,
    /// Whom to write to.
    pub contacts: Vec<Contact>,
}

/// What both roles have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its keys. Two of one use at a time: a new one is being brought in.
    pub keys: Vec<KeyDescriptor>,
    /// Where sessions are ended.
    pub single_logout: Vec<Endpoint>,
    /// Where names are given up or changed.
    pub manage_name_id: Vec<Endpoint>,
    /// Where artifacts are redeemed.
    pub artifact_resolution: Vec<IndexedEndpoint>,
    /// The kinds of names it gives or takes, most wanted first.
    pub name_id_formats: Vec<NameIdFormat>,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdpRole {
    /// Keys, logout, names, artifacts.
    pub role: Role,
    /// It takes signed AuthnRequests only.
    pub wants_signed_requests: bool,
    pub single_sign_on: Vec<Endpoint>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpRole {
    /// Keys, logout, names, artifacts.
    pub role: Role,
    /// It signs its AuthnRequests.
    pub signs_requests: bool,
    /// It takes signed assertions only.
    pub wants_signed_assertions: bool,
    pub consumers: Vec<IndexedEndpoint>,
    /// Where discovery may send a browser back to: nowhere else.
    pub discovery_responses: Vec<IndexedEndpoint>,
}

impl SpRole {
    /// Where Responses go by default: the one marked so, else the first not marked otherwise, else the first
    /// (saml-metadata section 2.2.3).
    pub fn default_consumer(&self) -> Option<&IndexedEndpoint> {
        let marked = self.consumers.iter().find(|at| at.is_default == Some(true));
        let unmarked = || self.consumers.iter().find(|at| at.is_default.is_none());
        marked.or_else(unmarked).or_else(|| self.consumers.first())
    }
}

/// Where an entity is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub binding: Binding,
    pub location: String,
    /// Where answers go, when elsewhere.
    pub response_location: Option<String>,
}

/// One of several places, named by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedEndpoint {
    pub index: u16,
    /// Whether it is the one to use when none is named.
    pub is_default: Option<bool>,
    /// How; `None` for discovery, whose protocol is its only one.
    pub binding: Option<Binding>,
    pub location: String,
}

/// One key of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescriptor {
    /// What it is for.
    pub usage: KeyUse,
    /// The certificate that carries it, DER. Only the key counts: neither its dates nor its issuer are read
    /// (sstc-saml-metadata-iop).
    pub certificate: Vec<u8>,
    /// For encryption: the algorithms it takes, most wanted first, as URIs with a digest where one is named.
    pub methods: Vec<EncryptionMethod>,
}

/// An algorithm an entity takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionMethod {
    /// `Algorithm`.
    pub algorithm: String,
    /// `ds:DigestMethod/@Algorithm` inside it, for RSA-OAEP.
    pub digest: Option<String>,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    Signing,
    /// Encrypting to the entity.
    Encryption,
    /// Both: no use was named.
    Both,
}

impl KeyUse {
    /// Whether signatures may be checked with it.
    pub const fn signs(self) -> bool {
        matches!(self, Self::Signing | Self::Both)
    }

    /// Whether the entity may be encrypted to with it.
    pub const fn encrypts(self) -> bool {
        matches!(self, Self::Encryption | Self::Both)
    }
}

/// Whom to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// technical, support, administrative, billing, other.
    pub kind: String,
    /// The organisation's address for such mail.
    pub email: Option<String>,
}
