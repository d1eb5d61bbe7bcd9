//! ID-WSF 2.0 as it is spoken between a portal, the relay's discovery service and providers of records.
//!
//! A portal is given a [`Reference`] to the discovery service in its assertion. It asks there ([`discovery`]) for a
//! reference to a provider; in that is a token ([`token`]) made for this provider and this asker alone, with the person's
//! name at the provider sealed to the provider. With the token it asks the provider ([`records`]). Each message stands in
//! an envelope ([`envelope`]) that says who sends it, when, to which address and what it asks.
//!
//! What is sent is written in one form; what is taken is taken by [`Strictness`].

pub mod discovery;
pub mod envelope;
pub mod records;
pub mod token;

use std::fmt;

use crate::{
    Refusal,
    document::Node,
    message::EntityId,
    names::ns,
    send::Unwritable,
    writer::{Element, Space},
};

pub use discovery::{DiscoveryAnswer, DiscoveryQuery, RequestedService};
pub use envelope::{Envelope, Header, message_id};
pub use records::{Record, RecordSet, RecordsQuery, Standing};
pub use token::{Holder, ServiceToken, TokenSeen};

/// The attribute that holds the reference to the discovery service (ID-WSF 2.0 discovery service, section 4.1).
pub const DISCOVERY_ATTRIBUTE: &str = "urn:liberty:disco:2006-08:DiscoveryEPR";
/// The type of the discovery service itself.
pub const DISCOVERY_TYPE: &str = "urn:liberty:disco:2006-08";
/// What a token in a reference is for.
const TOKEN_USAGE: &str = "urn:liberty:security:tokenusage:2006-08:SecurityToken";
/// How a token that only its maker can read is written.
const OPAQUE_TOKEN: &str = "urn:madoguchi:token:discovery:1";
const BASE64: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// How far what comes in may depart from the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// To, Action, Framework and Timestamp must be there.
    #[default]
    Strict,
    /// They may be absent, as in messages of Lasso 2.7; what is there must be right.
    Lenient,
}

/// How the asker is known (ID-WSF 2.0 security mechanisms, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// Whoever bears the token, over TLS.
    Bearer,
    /// The token is a SAML assertion, and the client's certificate in TLS is the key that it names.
    Saml,
}

impl Mechanism {
    const ALL: [Self; 2] = [Self::Bearer, Self::Saml];

    /// As written in references.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Bearer => "urn:liberty:security:2005-02:TLS:Bearer",
            Self::Saml => "urn:liberty:security:2006-08:ClientTLS:SAMLV2",
        }
    }
}

/// What is shown to the one who is asked.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// Bytes that only their maker reads, base64.
    Opaque(String),
    /// A signed assertion in canonical form.
    Assertion(String),
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opaque(text) => write!(f, "Opaque({} bytes)", text.len()),
            Self::Assertion(xml) => write!(f, "Assertion({} bytes)", xml.len()),
        }
    }
}

impl Token {
    pub(crate) fn element(&self) -> Result<Element, Unwritable> {
        match self {
            Self::Opaque(text) => Ok(Element::new(Space::Security, "BinarySecurityToken")
                .attribute("EncodingType", BASE64)
                .attribute("ValueType", OPAQUE_TOKEN)
                .text(text.as_str())),
            Self::Assertion(xml) => Element::read(xml)
                .ok()
                .filter(|element| element.is(Space::Assertion, "Assertion"))
                .ok_or(Unwritable::StoredMessage),
        }
    }

    /// The one token in `node`.
    pub(crate) fn within(node: Node<'_>) -> Result<Self, Refusal> {
        let opaque = node.one(ns::SECURITY, "BinarySecurityToken")?;
        let assertion = node.one(ns::ASSERTION, "Assertion")?;
        match (opaque, assertion) {
            (Some(opaque), None) if opaque.attribute("ValueType") == Some(OPAQUE_TOKEN) => {
                Ok(Self::Opaque(opaque.text("BinarySecurityToken")?.into_owned()))
            }
            (None, Some(assertion)) => Ok(Self::Assertion(assertion.standing_alone()?)),
            (Some(_), Some(_)) => Err(Refusal::Repeated("a security token")),
            _ => Err(Refusal::Missing("a security token")),
        }
    }
}

/// Where a service is asked, and with what (WS-Addressing's EndpointReference as ID-WSF 2.0 has it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub address: String,
    /// Who runs it.
    pub provider: EntityId,
    /// What is asked there: a URI.
    pub service_type: String,
    /// What it is, for people.
    pub about: String,
    pub mechanism: Mechanism,
    pub token: Token,
}

impl Reference {
    /// The reference as an element. A token that can't be written again was not written here.
    pub(crate) fn element(&self) -> Element {
        let disco = |local: &'static str, text: &str| Element::new(Space::Disco, local).text(text);
        let token = Element::new(Space::LibertySecurity, "Token")
            .attribute("usage", TOKEN_USAGE)
            .children(self.token.element().ok());
        let security = Element::new(Space::Disco, "SecurityContext")
            .child(disco("SecurityMechID", self.mechanism.uri()))
            .child(token);
        let metadata = Element::new(Space::Addressing, "Metadata")
            .child(disco("Abstract", &self.about))
            .child(disco("ProviderID", self.provider.as_str()))
            .child(disco("ServiceType", &self.service_type))
            .child(Element::new(Space::LibertyFramework, "Framework").attribute("version", "2.0"))
            .child(security);
        Element::new(Space::Addressing, "EndpointReference")
            .child(Element::new(Space::Addressing, "Address").text(self.address.as_str()))
            .child(metadata)
    }

    /// The reference as XML that stands by itself: for keeping.
    pub fn xml(&self) -> String {
        self.element().canonical()
    }

    /// What [`Reference::xml`] wrote.
    ///
    /// # Errors
    /// As for one that was received.
    pub fn of_xml(xml: &str) -> Result<Self, Refusal> {
        use crate::document::{Document, Limits};
        let document = Document::read(xml.as_bytes(), Limits::ENVELOPE)?;
        Self::read(document.root())
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Self, Refusal> {
        if !node.is(ns::ADDRESSING, "EndpointReference") {
            return Err(Refusal::WrongMessage("EndpointReference"));
        }
        let address = node
            .text_of(ns::ADDRESSING, "Address")?
            .ok_or(Refusal::Missing("Address"))?;
        let metadata = node.needs(ns::ADDRESSING, "Metadata")?;
        let text = |local: &'static str| metadata.text_of(ns::DISCO, local);
        let security = metadata.needs(ns::DISCO, "SecurityContext")?;
        let mechanism = security.text_of(ns::DISCO, "SecurityMechID")?;
        let mechanism = mechanism.and_then(|uri| Mechanism::ALL.into_iter().find(|one| one.uri() == uri));
        Ok(Self {
            address,
            provider: text("ProviderID")?
                .and_then(|text| EntityId::parse(&text))
                .ok_or(Refusal::Missing("ProviderID"))?,
            service_type: text("ServiceType")?.ok_or(Refusal::Missing("ServiceType"))?,
            about: text("Abstract")?.unwrap_or_default(),
            mechanism: mechanism.ok_or(Refusal::Malformed("SecurityMechID"))?,
            token: Token::within(security.needs(ns::LIBERTY_SECURITY, "Token")?)?,
        })
    }
}

/// How a message is refused to its sender, by the standards' codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultStatus {
    /// It can't be read.
    NotUnderstood,
    /// It came before.
    Duplicate,
    /// Too old, or from the future.
    Stale,
    /// Not for this address.
    Destination,
    /// Not by who may ask.
    Sender,
    /// Not ID-WSF 2.0.
    Framework,
    /// The token does not hold.
    Token,
    /// Nobody agreed that this is asked.
    NotAgreed,
    /// No service of that kind.
    NoResults,
    /// By agreement nothing is given for now.
    Suspended,
    /// The person withdrew consent.
    NoConsent,
    /// For now there is no answer.
    Unavailable,
}

impl FaultStatus {
    /// Every status.
    pub const ALL: [Self; 12] = [
        Self::NotUnderstood,
        Self::Duplicate,
        Self::Stale,
        Self::Destination,
        Self::Sender,
        Self::Framework,
        Self::Token,
        Self::NotAgreed,
        Self::NoResults,
        Self::Suspended,
        Self::NoConsent,
        Self::Unavailable,
    ];

    /// As written (ID-WSF 2.0 SOAP binding, section 6.3; the last four are of this house).
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotUnderstood => "IDStarMsgNotUnderstood",
            Self::Duplicate => "DuplicateMsg",
            Self::Stale => "StaleMsg",
            Self::Destination => "DestinationUnreachable",
            Self::Sender => "ProviderIDNotValid",
            Self::Framework => "FrameworkVersionMismatch",
            Self::Token => "InvalidSecurityToken",
            Self::NotAgreed => "ActionNotAuthorized",
            Self::NoResults => "NoResults",
            Self::Suspended => "Suspended",
            Self::NoConsent => "ConsentWithdrawn",
            Self::Unavailable => "ServerTooBusy",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        // A prefix may stand before it.
        let code = code.rsplit(':').next().unwrap_or_default();
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// How a refusal of a message is told to its sender.
    pub const fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Replayed => Self::Duplicate,
            Refusal::Stale(_) | Refusal::FromTheFuture(_) => Self::Stale,
            Refusal::Destination => Self::Destination,
            Refusal::Sender | Refusal::HolderOfKey => Self::Sender,
            Refusal::Framework => Self::Framework,
            Refusal::Fault(status) => *status,
            Refusal::Unsigned(_)
            | Refusal::SignatureMisplaced
            | Refusal::SignatureShape(_)
            | Refusal::Algorithm(_)
            | Refusal::NotCovered(_)
            | Refusal::SignatureInvalid
            | Refusal::NoKey
            | Refusal::Issuer(_)
            | Refusal::Expired(_)
            | Refusal::NotYetValid(_)
            | Refusal::NoExpiry(_)
            | Refusal::Audience
            | Refusal::Recipient
            | Refusal::Confirmation
            | Refusal::Condition
            | Refusal::NotDecrypted
            | Refusal::NameInClear => Self::Token,
            _ => Self::NotUnderstood,
        }
    }
}

impl fmt::Display for FaultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
