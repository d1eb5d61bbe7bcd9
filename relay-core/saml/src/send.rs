//! What is sent: every message of SAML 2.0 that is spoken here, written, signed and put into its binding.
//!
//! A message struct is composed ([`AuthnRequest::compose`] and its kin), then signed one of two ways: the message itself
//! ([`Composed::sign`]: POST, SOAP, artifact, PAOS) or the query that carries it ([`Composed::redirect`]). A Response is
//! signed where it is composed, because its assertion is signed inside it, and never goes by redirect (saml-profiles
//! section 4.1.2). Nothing leaves unsigned: there is no way to write a [`Composed`] out.
//!
//! [`AuthnRequest::compose`]: super::message::AuthnRequest::compose

mod artifact;
mod logout;
mod metadata;
mod parts;
mod redirect;
pub(crate) mod sign_in;
mod soap;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

pub(super) use parts::{identified, instant, issuer, name_id, saml};
pub(super) use redirect::{encoded, with_query};
pub use soap::{FaultCode, PAOS_MEDIA_TYPE, fault, is_enhanced_client};

use super::{
    message::{Artifact, RelayState},
    signing::SigningKey,
    writer::Element,
};

/// A message that can't be written as its struct stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A `Sealed` name is no `EncryptedID` in the form [`SealingKey`] writes.
    ///
    /// [`SealingKey`]: super::sealing::SealingKey
    #[error("the encrypted name is not in the form that is written here")]
    SealedName,
    /// The message behind an artifact is not one that was written here.
    #[error("the stored message is not in the form that is written here")]
    StoredMessage,
    /// A Response that says success without an assertion, or failure with one (saml-profiles section 4.1.4.2).
    #[error("a Response of success has an assertion, one of failure has none")]
    StatusAndAssertion,
    /// Metadata without any role.
    #[error("metadata of an entity without a role")]
    NoRole,
}

/// Whether a message asks or answers: the name of its field in redirect and POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Response,
}

impl Kind {
    const fn field(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message that is written and not yet signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    element: Element,
    kind: Kind,
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composed({})", self.kind.field())
    }
}

impl Composed {
    /// The message with an enveloped signature.
    pub fn sign(self, key: &SigningKey) -> SignedMessage {
        SignedMessage {
            // After Issuer, in requests and responses alike (saml-core sections 3.2.1 and 3.2.2).
            element: key.envelop(self.element, 1),
            kind: self.kind,
        }
    }

    /// The URL at `location` that carries the message by redirect, with a detached signature over its query
    /// (saml-bindings section 3.4.4.1). The message itself stays unsigned, as the binding demands.
    pub fn redirect(&self, location: &str, relay_state: Option<&RelayState>, key: &SigningKey) -> String {
        redirect::url(location, self.kind.field(), &self.element.canonical(), relay_state, key)
    }
}

/// A message with its signature in it, ready for a binding. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedMessage {
    element: Element,
    kind: Kind,
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedMessage({})", self.kind.field())
    }
}

impl SignedMessage {
    /// The message as XML: what is kept behind an artifact.
    pub fn xml(&self) -> String {
        self.element.canonical()
    }

    /// The fields of the form that carries the message by POST (saml-bindings section 3.5.4). Values are not escaped for
    /// HTML: the page is the portal's, and its templates escape.
    pub fn post(&self, location: &str, relay_state: Option<&RelayState>) -> PostForm {
        let message = (self.kind.field(), STANDARD.encode(self.xml()));
        let state = relay_state.map(|state| ("RelayState", state.as_str().to_owned()));
        PostForm {
            action: location.to_owned(),
            fields: [message].into_iter().chain(state).collect(),
        }
    }

    /// The message in a SOAP envelope, for the SOAP binding (saml-bindings section 3.2).
    pub fn soap(&self) -> String {
        soap::envelope(Vec::new(), self.element.clone())
    }
}

/// A form that a browser posts.
#[derive(Clone, PartialEq, Eq)]
pub struct PostForm {
    pub action: String,
    /// Names and values, unescaped.
    pub fields: Vec<(&'static str, String)>,
}

impl fmt::Debug for PostForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostForm(to {}, {} fields)", self.action, self.fields.len())
    }
}

impl Artifact {
    /// The URL at `location` that carries the artifact (saml-bindings section 3.6.3).
    pub fn redirect(&self, location: &str, relay_state: Option<&RelayState>) -> String {
        let mut query = format!("SAMLart={}", redirect::encoded(&self.encode()));
        if let Some(state) = relay_state {
            query.push_str("&RelayState=");
            query.push_str(&redirect::encoded(state.as_str()));
        }
        redirect::with_query(location, &query)
    }

    /// The form that carries the artifact.
    pub fn post(&self, location: &str, relay_state: Option<&RelayState>) -> PostForm {
        let state = relay_state.map(|state| ("RelayState", state.as_str().to_owned()));
        PostForm {
            action: location.to_owned(),
            fields: [("SAMLart", self.encode())].into_iter().chain(state).collect(),
        }
    }
}
