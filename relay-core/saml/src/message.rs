//! SAML messages as plain structs, the same for what is read and for what is written.
//!
//! Times are UTC to the second or finer; every text is what stands in the message after XML's escapes are undone.

mod artifact;
mod ecp;
mod logout;
mod metadata;
mod sign_in;

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroize;

pub use artifact::{Artifact, ArtifactResolve, ArtifactResponse};
pub use ecp::{EcpAnswer, PaosAnswer, PaosRequest};
pub use logout::{LogoutRequest, LogoutResponse, ManageNameIdRequest, ManageNameIdResponse, NameChange};
pub use metadata::{
    Contact, EncryptionMethod, Endpoint, Entity, IdpRole, IndexedEndpoint, KeyDescriptor, KeyUse, Role, SpRole,
};
pub use sign_in::{
    AnswerTo, Assertion, Attribute, AuthnRequest, AuthnStatement, Comparison, Conditions, Confirmation, IdpEntry,
    NameIdPolicy, ProxyRestriction, RequestedAuthnContext, Response, Scoping, Subject,
};

use super::names::{NameIdFormat, StatusCode};
use relay_core::chance::{Chance, draw};

/// An entity's name: a URI of at most 1,024 characters (saml-core section 8.3.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(String);

impl EntityId {
    /// The entity named `text`; `None` when it is empty, too long, or holds a blank or a control character.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.chars().count() <= 1024;
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message's or an assertion's ID: an `xs:ID`, here ASCII and at most 256 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

impl MessageId {
    /// A new one of 160 random bits, which nobody can foresee (saml-core section 1.3.4).
    pub fn fresh(chance: &mut dyn Chance) -> Self {
        Self(format!("_{}", hex::encode(draw::<20>(chance))))
    }

    /// The ID written `text`; `None` when it is no ASCII `xs:ID` or too long.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let first = bytes.next()?;
        let begins = first.is_ascii_alphabetic() || first == b'_';
        let goes_on = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        (begins && goes_on && text.len() <= 256).then(|| Self(text.to_owned()))
    }

    /// The id of a message whose standard lets it be a URI, for remembering it; checked by its reader.
    pub(crate) fn named(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What every message carries (saml-core sections 3.2.1 and 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub id: MessageId,
    /// When it was made.
    pub issued: OffsetDateTime,
    pub issuer: EntityId,
    /// The address it was sent to. Demanded wherever it is signed and goes through a browser.
    pub destination: Option<String>,
}

/// A person's name at one service. The value is a pseudonym: it is wiped, and never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NameId {
    pub value: String,
    /// What kind of name it is.
    pub format: NameIdFormat,
    /// Whose name space: the identity provider's entity ID.
    pub qualifier: Option<String>,
    /// For whom: the service's (or affiliation's) entity ID.
    pub sp_qualifier: Option<String>,
    /// The name the service gave itself, by ManageNameID.
    pub sp_provided: Option<String>,
}

impl Drop for NameId {
    fn drop(&mut self) {
        self.value.zeroize();
        self.sp_provided.zeroize();
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameId({}, for {:?})", self.format.uri(), self.sp_qualifier)
    }
}

/// Whom a message is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Identified {
    /// A name anybody who holds the message can read.
    Clear(NameId),
    /// A whole `<saml:EncryptedID>…</saml:EncryptedID>` as XML that stands by itself (its namespaces declared),
    /// for whoever holds the key.
    Sealed(String),
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear(name) => name.fmt(f),
            Self::Sealed(xml) => write!(f, "Sealed({} bytes)", xml.len()),
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Success, or whose fault.
    pub code: StatusCode,
    pub detail: Option<StatusCode>,
    /// In words, for the other side's operators.
    pub message: Option<String>,
}

impl Status {
    /// All went well.
    pub const fn success() -> Self {
        Self {
            code: StatusCode::Success,
            detail: None,
            message: None,
        }
    }

    /// It did not: whose fault, and what exactly.
    pub const fn failure(code: StatusCode, detail: StatusCode) -> Self {
        Self {
            code,
            detail: Some(detail),
            message: None,
        }
    }

    /// Whether all went well.
    pub fn is_success(&self) -> bool {
        self.code == StatusCode::Success
    }
}

/// What the sender wants back with the answer, and never read for meaning on the way. The standard's limit is 80 octets
/// (saml-bindings section 3.4.3): what is sent of our own keeps to it; what is taken is echoed as it is, up to a bound,
/// because services in the field (mod_auth_mellon, SimpleSAMLphp) put a whole return address there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayState(String);

impl RelayState {
    /// No longer one is taken, in octets.
    pub const LARGEST: usize = 2_048;
    /// The standard's limit, in octets.
    const STANDARD: usize = 80;

    /// A state `text` that was taken, to be echoed; `None` when it is longer than [`Self::LARGEST`] or holds a control
    /// character, which a form does not carry unchanged.
    pub fn parse(text: &str) -> Option<Self> {
        Self::within(Self::LARGEST, text)
    }

    /// A state `text` of our own; `None` when it is longer than the standard's 80 octets or holds a control character.
    pub fn own(text: &str) -> Option<Self> {
        Self::within(Self::STANDARD, text)
    }

    fn within(most: usize, text: &str) -> Option<Self> {
        (text.len() <= most && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// As handed in.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;

    #[test]
    fn a_fresh_id_is_an_id_and_no_two_are_alike() {
        let mut chance = SeededChance::new(1);
        let first = MessageId::fresh(&mut chance);
        assert_eq!(MessageId::parse(first.as_str()), Some(first.clone()));
        assert_ne!(first, MessageId::fresh(&mut chance));
    }

    #[test]
    fn what_is_no_id_no_entity_and_no_relay_state_is_not_taken() {
        for text in ["", "1abc", "a b", "a\"", "あ", "-a"] {
            assert_eq!(MessageId::parse(text), None, "{text:?}");
        }
        for text in ["", "https://sp.example/ x", "a\nb"] {
            assert_eq!(EntityId::parse(text), None, "{text:?}");
        }
        assert!(RelayState::parse(&"x".repeat(2_048)).is_some());
        assert!(RelayState::parse(&"x".repeat(2_049)).is_none());
        assert!(RelayState::parse("a\nb").is_none());
        assert!(RelayState::own(&"x".repeat(80)).is_some());
        assert!(RelayState::own(&"x".repeat(81)).is_none());
    }

    #[test]
    fn a_name_is_never_shown() {
        let name = NameId {
            value: "canary".into(),
            format: NameIdFormat::Persistent,
            qualifier: None,
            sp_qualifier: None,
            sp_provided: Some("canary".into()),
        };
        assert!(!format!("{name:?} {:?}", Identified::Clear(name.clone())).contains("canary"));
        assert!(!format!("{:?}", Identified::Sealed("canary".into())).contains("canary"));
    }
}
