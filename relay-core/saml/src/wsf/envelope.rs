//! The envelope round each message (ID-WSF 2.0 SOAP binding; WS-Addressing 1.0; WS-Security 1.1).

use relay_core::chance::{Chance, draw};
use time::{Duration, OffsetDateTime};

use super::{FaultStatus, Strictness, Token};
use crate::{
    Refusal,
    document::{Document, Limits, Node, instant},
    message::EntityId,
    names::ns,
    send::{Unwritable, instant as written},
    take::Here,
    writer::{Element, Space},
};

/// How long a message is good from the moment it was made.
const LIFE: Duration = Duration::minutes(2);
/// The longest id of a message.
const LONGEST_ID: usize = 256;

/// A fresh message id: a random UUID as a URI, since WS-Addressing wants one.
pub fn message_id(chance: &mut dyn Chance) -> String {
    let mut bytes: [u8; 16] = draw(chance);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// What stands round a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub sender: EntityId,
    pub id: String,
    /// The message that it answers.
    pub relates_to: Option<String>,
    pub to: Option<String>,
    pub action: Option<&'static str>,
    pub created: OffsetDateTime,
}

impl Header {
    /// `body` in its envelope, with `token` where there is one.
    pub(crate) fn write(&self, token: Option<&Token>, body: Element) -> Result<String, Unwritable> {
        let must = |element: Element| element.attribute_in(Space::Soap, "mustUnderstand", "1");
        let address = |local: &'static str, text: &str| Element::new(Space::Addressing, local).text(text);
        let time =
            |local: &'static str, at: OffsetDateTime| Element::new(Space::SecurityUtility, local).text(written(at));
        let timestamp = Element::new(Space::SecurityUtility, "Timestamp")
            .child(time("Created", self.created))
            .child(time("Expires", self.created + LIFE));
        let security = must(Element::new(Space::Security, "Security"))
            .child(timestamp)
            .children(token.map(Token::element).transpose()?);
        let header = Element::new(Space::Soap, "Header")
            .child(must(Element::new(Space::LibertyFramework, "Framework")).attribute("version", "2.0"))
            .child(must(Element::new(Space::LibertySoap, "Sender")).attribute("providerID", self.sender.as_str()))
            .child(address("MessageID", &self.id))
            .children(self.relates_to.as_deref().map(|id| address("RelatesTo", id)))
            .children(self.to.as_deref().map(|to| address("To", to)))
            .children(self.action.map(|action| address("Action", action)))
            .child(security);
        Ok(Element::new(Space::Soap, "Envelope")
            .child(header)
            .child(Element::new(Space::Soap, "Body").child(body))
            .canonical())
    }
}

/// A fault, with its status in the detail (ID-WSF 2.0 SOAP binding, section 6.3).
pub fn fault(status: FaultStatus) -> String {
    let side = match status {
        FaultStatus::Unavailable => "S:Server",
        _ => "S:Client",
    };
    let detail = Element::new(Space::LibertyUtility, "Status").attribute("code", status.code());
    let fault = Element::new(Space::Soap, "Fault")
        .child(Element::unqualified("faultcode").text(side))
        .child(Element::unqualified("faultstring").text(status.code()))
        .child(Element::unqualified("detail").child(detail));
    Element::new(Space::Soap, "Envelope")
        .child(Element::new(Space::Soap, "Body").child(fault))
        .canonical()
}

/// A document that came in, whose header was not checked yet.
pub struct Envelope<'d>(Document<'d>);

/// Headers that are understood here: whatever else must be understood is refused.
const KNOWN: [(&str, &str); 8] = [
    (ns::LIBERTY_SOAP, "Sender"),
    (ns::LIBERTY_FRAMEWORK, "Framework"),
    (ns::ADDRESSING, "MessageID"),
    (ns::ADDRESSING, "RelatesTo"),
    (ns::ADDRESSING, "To"),
    (ns::ADDRESSING, "Action"),
    (ns::ADDRESSING, "ReplyTo"),
    (ns::SECURITY, "Security"),
];

impl<'d> Envelope<'d> {
    /// Reads `bytes` at the door that every XML comes in by.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn open(bytes: &'d [u8]) -> Result<Self, Refusal> {
        let document = Document::read(bytes, Limits::ENVELOPE)?;
        if !document.root().is(ns::SOAP, "Envelope") {
            return Err(Refusal::Soap);
        }
        Ok(Self(document))
    }

    pub(super) fn document(&self) -> &Document<'d> {
        &self.0
    }

    /// The one element in the body; a fault there is a refusal.
    pub(super) fn body(&self) -> Result<Node<'_>, Refusal> {
        let body = self.0.root().needs(ns::SOAP, "Body")?;
        let inside = body.only_child().ok_or(Refusal::Soap)?;
        if inside.is(ns::SOAP, "Fault") {
            let status = inside.within(ns::LIBERTY_UTILITY, "Status").next();
            let code = status.and_then(|status| status.attribute("code"));
            let status = code.and_then(FaultStatus::parse).unwrap_or(FaultStatus::Unavailable);
            return Err(Refusal::Fault(status));
        }
        Ok(inside)
    }

    fn header(&self) -> Result<Node<'_>, Refusal> {
        let header = self.0.root().needs(ns::SOAP, "Header")?;
        for block in header.children() {
            let must = matches!(block.attribute_in(ns::SOAP, "mustUnderstand"), Some("1" | "true"));
            if must && !KNOWN.iter().any(|(space, local)| block.is(space, local)) {
                return Err(Refusal::SoapHeader);
            }
        }
        Ok(header)
    }

    pub(super) fn security(&self) -> Result<Node<'_>, Refusal> {
        self.header()?.needs(ns::SECURITY, "Security")
    }

    /// What the header says of a request that came to `here` and should ask `action`, checked.
    pub(super) fn request(
        &self,
        action: &'static str,
        here: &Here<'_>,
        strictness: Strictness,
    ) -> Result<Header, Refusal> {
        let header = self.header()?;
        let may_lack = strictness == Strictness::Lenient;
        match header.text_of(ns::ADDRESSING, "To")? {
            Some(to) if to == here.address => {}
            None if may_lack => {}
            _ => return Err(Refusal::Destination),
        }
        match header.text_of(ns::ADDRESSING, "Action")? {
            Some(named) if named == action => {}
            None if may_lack => {}
            _ => return Err(Refusal::Action),
        }
        match header.one(ns::LIBERTY_FRAMEWORK, "Framework")? {
            Some(framework) if framework.attribute("version") == Some("2.0") => {}
            None if may_lack => {}
            _ => return Err(Refusal::Framework),
        }
        let created = self.created(here, may_lack)?;
        Ok(Header {
            sender: sender(header)?,
            id: id(header, "MessageID")?.ok_or(Refusal::Missing("MessageID"))?,
            relates_to: None,
            to: Some(here.address.to_owned()),
            action: Some(action),
            created,
        })
    }

    /// That this answers `request`, from `sender`.
    pub(super) fn answers(&self, request: &str, from: &EntityId) -> Result<(), Refusal> {
        let header = self.header()?;
        if sender(header)? != *from {
            return Err(Refusal::Sender);
        }
        match id(header, "RelatesTo")?.as_deref() == Some(request) {
            true => Ok(()),
            false => Err(Refusal::InResponseTo("RelatesTo")),
        }
    }

    fn created(&self, here: &Here<'_>, may_lack: bool) -> Result<OffsetDateTime, Refusal> {
        let Some(timestamp) = self.security()?.one(ns::SECURITY_UTILITY, "Timestamp")? else {
            return match may_lack {
                true => Ok(here.now),
                false => Err(Refusal::Missing("Timestamp")),
            };
        };
        let text = timestamp.text_of(ns::SECURITY_UTILITY, "Created")?;
        let created = instant(&text.ok_or(Refusal::Missing("Created"))?, "Created")?;
        if created > here.now.saturating_add(here.skew) {
            return Err(Refusal::FromTheFuture("Timestamp"));
        }
        let expires = timestamp.text_of(ns::SECURITY_UTILITY, "Expires")?;
        let expires = expires.map(|text| instant(&text, "Expires")).transpose()?;
        let end = expires.unwrap_or(created.saturating_add(here.window));
        if end.min(created.saturating_add(here.window)).saturating_add(here.skew) <= here.now {
            return Err(Refusal::Stale("Timestamp"));
        }
        Ok(created)
    }
}

fn sender(header: Node<'_>) -> Result<EntityId, Refusal> {
    let sender = header.one(ns::LIBERTY_SOAP, "Sender")?.ok_or(Refusal::Sender)?;
    EntityId::parse(sender.needs_attribute("providerID")?).ok_or(Refusal::Sender)
}

fn id(header: Node<'_>, local: &'static str) -> Result<Option<String>, Refusal> {
    let text = header.text_of(ns::ADDRESSING, local)?;
    text.map(|text| {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        match plain && (1..=LONGEST_ID).contains(&text.len()) {
            true => Ok(text),
            false => Err(Refusal::Malformed(local)),
        }
    })
    .transpose()
}
