//! Taking messages: from bytes that are not believed to a [`Verified`] message of a known sender.
//!
//! In two steps, since the sender's keys have to be looked up: [`Received::open`] reads the document and tells who
//! it claims to be from ([`Received::claimed_issuer`], good for the look-up and nothing else); then one method for
//! each kind of message checks the signature with the peer's keys, reads what it covers, and checks that it is for
//! this receiver, of this hour, and an answer to what was asked.

mod answer_to;
mod artifact;
pub(crate) mod assertion;
mod ecp;
mod logout;
pub(crate) mod name;
mod request;
mod response;

use time::{Duration, OffsetDateTime};
use uppsala::NodeId;

pub use answer_to::answer_to;
pub use ecp::paos_request;
pub use name::open_name;
pub use response::SignIn;

use super::{
    Refusal,
    delivery::Delivery,
    document::{Document, Limits, Node, instant},
    message::{EntityId, Head, MessageId, Status},
    names::{Binding, ENTITY_FORMAT, StatusCode, ns},
    trust::{Exception, Peer},
    verified::{Covered, Once, Verified, covered},
};

/// The receiver: who it is, at which address, at what time.
#[derive(Debug, Clone, Copy)]
pub struct Here<'h> {
    /// Its own entity ID.
    pub entity: &'h EntityId,
    /// The address the message came to, as in its own metadata.
    pub address: &'h str,
    pub now: OffsetDateTime,
    /// How far the two clocks may be apart.
    pub skew: Duration,
    /// How old a message may be.
    pub window: Duration,
}

/// Which kind of message it is, by its outermost element: for the choice of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    AuthnRequest,
    Response,
    LogoutRequest,
    LogoutResponse,
    ArtifactResolve,
    ArtifactResponse,
    ManageNameIdRequest,
    ManageNameIdResponse,
}

impl Kind {
    const ALL: [(Self, &'static str); 8] = [
        (Self::AuthnRequest, "AuthnRequest"),
        (Self::Response, "Response"),
        (Self::LogoutRequest, "LogoutRequest"),
        (Self::LogoutResponse, "LogoutResponse"),
        (Self::ArtifactResolve, "ArtifactResolve"),
        (Self::ArtifactResponse, "ArtifactResponse"),
        (Self::ManageNameIdRequest, "ManageNameIDRequest"),
        (Self::ManageNameIdResponse, "ManageNameIDResponse"),
    ];

    /// Whether it answers a request.
    pub const fn answers(self) -> bool {
        matches!(
            self,
            Self::Response | Self::LogoutResponse | Self::ArtifactResponse | Self::ManageNameIdResponse
        )
    }

    /// The element's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }
}

/// A message that was read and is not believed yet.
pub struct Received<'d> {
    document: Document<'d>,
    delivery: &'d Delivery,
    /// The message's own element: the root, or the one in a SOAP body or an ArtifactResponse.
    message: NodeId,
    /// The ArtifactResponse round it.
    outer: Option<NodeId>,
    kind: Kind,
}

impl<'d> Received<'d> {
    /// Reads what was delivered.
    ///
    /// # Errors
    /// Whatever the door for XML refuses, a SOAP envelope round other than one message, an element that is no
    /// message, a request where a response was announced.
    pub fn open(delivery: &'d Delivery) -> Result<Self, Refusal> {
        let document = Document::read(&delivery.xml, Limits::MESSAGE)?;
        let message = match delivery.binding {
            Binding::Soap | Binding::Paos => ecp::body(document.root())?,
            _ => document.root(),
        };
        let kind = kind_of(message)?;
        if delivery
            .is_response
            .is_some_and(|announced| announced != kind.answers())
        {
            return Err(Refusal::Parameter("SAMLRequest or SAMLResponse"));
        }
        let message = message.id();
        Ok(Self {
            document,
            delivery,
            message,
            outer: None,
            kind,
        })
    }

    /// Which kind of message it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Who it says it is from: for looking up the sender's keys, and nothing else.
    ///
    /// # Errors
    /// No Issuer, or one that is no entity's name.
    pub fn claimed_issuer(&self) -> Result<EntityId, Refusal> {
        issuer(self.message(), self.kind.as_str())
    }

    /// Which request it says it answers: for looking up what was asked, and nothing else. The reader compares.
    pub fn claimed_in_response_to(&self) -> Option<MessageId> {
        self.message().attribute("InResponseTo").and_then(MessageId::parse)
    }

    fn message(&self) -> Node<'_> {
        self.document.node(self.message)
    }

    fn expect(&self, kind: Kind) -> Result<Node<'_>, Refusal> {
        match self.kind == kind {
            true => Ok(self.message()),
            false => Err(Refusal::WrongMessage(kind.as_str())),
        }
    }

    /// Checks every signature there is. The message counts as covered by its own, by one over the query it came in,
    /// or by that of the ArtifactResponse round it. `within`: another element that may carry its own.
    fn proof(&self, peer: &Peer, within: Option<Node<'_>>) -> Result<Covered, Refusal> {
        let message = self.message();
        if self.delivery.binding == Binding::Redirect {
            // Its signature is over the query, RelayState with it, and none stays in the message: that one would leave
            // RelayState to anybody, and two could mean two things (saml-bindings section 3.4.4.1).
            let none = covered(&self.document, &[], peer.keys())?;
            let Some(detached) = &self.delivery.detached else {
                return Ok(none);
            };
            peer.keys()
                .check(detached.algorithm, detached.signed.as_bytes(), &detached.signature)?;
            return Ok(Covered::by_detached(message));
        }
        let outer = self.outer.map(|outer| self.document.node(outer));
        let permitted: Vec<_> = [Some(message), outer, within].into_iter().flatten().collect();
        let proof = covered(&self.document, &permitted, peer.keys())?;
        Ok(match outer {
            Some(outer) if proof.has(outer) => proof.and(message),
            _ => proof,
        })
    }

    /// The proof, where the message itself must be covered.
    fn signed(&self, peer: &Peer) -> Result<Covered, Refusal> {
        let proof = self.proof(peer, None)?;
        match proof.has(self.message()) {
            true => Ok(proof),
            false => Err(Refusal::Unsigned(self.kind.as_str())),
        }
    }

    /// What every message carries, checked: version, ID, sender, hour and address.
    fn head(&self, peer: &Peer, here: &Here<'_>) -> Result<Head, Refusal> {
        let (message, what) = (self.message(), self.kind.as_str());
        if message.attribute("Version") != Some("2.0") {
            return Err(Refusal::Version);
        }
        if issuer(message, what)? != *peer.entity() {
            return Err(Refusal::Issuer(what));
        }
        let issued = instant(message.needs_attribute("IssueInstant")?, "IssueInstant")?;
        if issued > here.now.saturating_add(here.skew) {
            return Err(Refusal::FromTheFuture(what));
        }
        if issued.saturating_add(here.window).saturating_add(here.skew) <= here.now {
            return Err(Refusal::Stale(what));
        }
        let destination = message.attribute("Destination");
        let by_browser = matches!(self.delivery.binding, Binding::Redirect | Binding::Post);
        // An answer from server to server comes back on the connection of its request: it has no address of its own.
        let comes_back = self.delivery.binding == Binding::Soap && self.kind.answers() && self.outer.is_none();
        let may_be_absent = !by_browser || self.outer.is_some() || peer.may(Exception::DestinationMissing);
        match destination {
            Some(address) if address == here.address || comes_back => {}
            None if may_be_absent => {}
            _ => return Err(Refusal::Destination),
        }
        Ok(Head {
            id: id(message)?,
            issued,
            issuer: peer.entity().clone(),
            destination: destination.map(str::to_owned),
        })
    }

    /// The message `content` with the memory it takes to know it again.
    fn verified<T>(&self, content: T, head: &Head, here: &Here<'_>, proof: &Covered) -> Verified<T> {
        let once = Once {
            sender: head.issuer.clone(),
            id: head.id.clone(),
            until: head.issued.saturating_add(here.window).saturating_add(here.skew),
        };
        Verified::new(content, once, proof)
    }

    /// That the message answers `request`.
    fn answers(&self, request: Option<&MessageId>) -> Result<Option<MessageId>, Refusal> {
        let what = self.kind.as_str();
        let named = self.message().attribute("InResponseTo");
        match named == request.map(MessageId::as_str) {
            true => Ok(request.cloned()),
            false => Err(Refusal::InResponseTo(what)),
        }
    }
}

fn kind_of(message: Node<'_>) -> Result<Kind, Refusal> {
    let named = Kind::ALL.iter().find(|(_, name)| message.is(ns::PROTOCOL, name));
    named.map(|(kind, _)| *kind).ok_or(Refusal::WrongMessage("message"))
}

pub(crate) fn id(node: Node<'_>) -> Result<MessageId, Refusal> {
    MessageId::parse(node.needs_attribute("ID")?).ok_or(Refusal::Malformed("ID"))
}

/// The entity in a node's Issuer.
pub(crate) fn issuer(node: Node<'_>, what: &'static str) -> Result<EntityId, Refusal> {
    let issuer = node.needs(ns::ASSERTION, "Issuer")?;
    if issuer.attribute("Format").is_some_and(|format| format != ENTITY_FORMAT) {
        return Err(Refusal::Issuer(what));
    }
    entity(issuer, "Issuer")
}

pub(crate) fn entity(node: Node<'_>, what: &'static str) -> Result<EntityId, Refusal> {
    EntityId::parse(&node.text(what)?).ok_or(Refusal::Malformed(what))
}

fn entities(node: Node<'_>, namespace: &'static str, local: &'static str) -> Result<Vec<EntityId>, Refusal> {
    node.all(namespace, local).map(|child| entity(child, local)).collect()
}

fn status(message: Node<'_>) -> Result<Status, Refusal> {
    let status = message.needs(ns::PROTOCOL, "Status")?;
    let code = status.needs(ns::PROTOCOL, "StatusCode")?;
    let detail = code.one(ns::PROTOCOL, "StatusCode")?;
    let value = |code: Node<'_>| Ok(StatusCode::from(code.needs_attribute("Value")?));
    Ok(Status {
        code: value(code)?,
        detail: detail.map(value).transpose()?,
        message: status.text_of(ns::PROTOCOL, "StatusMessage")?,
    })
}
