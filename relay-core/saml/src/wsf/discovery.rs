//! Asking the discovery service for references to providers (ID-WSF 2.0 discovery service, section 3).

use relay_core::chance::Chance;
use time::OffsetDateTime;

use super::{Envelope, FaultStatus, Header, Reference, Strictness, Token, envelope::message_id};
use crate::{
    Refusal,
    document::Node,
    message::EntityId,
    names::ns,
    send::Unwritable,
    take::Here,
    verified::Once,
    writer::{Element, Space},
};

const ASK: &str = "urn:liberty:disco:2006-08:Query";
const ANSWER: &str = "urn:liberty:disco:2006-08:QueryResponse";
/// Services in one query.
const MOST: usize = 16;

/// What is asked of a discovery service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryQuery {
    pub sender: EntityId,
    pub id: String,
    /// The types of the services wanted.
    pub types: Vec<String>,
    pub token: Token,
}

impl DiscoveryQuery {
    /// A query at `service` for `types`, to be sent now.
    pub fn new(sender: &EntityId, service: &Reference, types: &[&str], chance: &mut dyn Chance) -> Self {
        Self {
            sender: sender.clone(),
            id: message_id(chance),
            types: types.iter().map(|one| (*one).to_owned()).collect(),
            token: service.token.clone(),
        }
    }

    /// As it is sent to `address`.
    ///
    /// # Errors
    /// [`Unwritable`] when the token is not one that was written here.
    pub fn write(&self, address: &str, now: OffsetDateTime) -> Result<String, Unwritable> {
        let wanted = self.types.iter().map(|service_type| {
            Element::new(Space::Disco, "RequestedService")
                .child(Element::new(Space::Disco, "ServiceType").text(service_type.as_str()))
        });
        let header = Header {
            sender: self.sender.clone(),
            id: self.id.clone(),
            relates_to: None,
            to: Some(address.to_owned()),
            action: Some(ASK),
            created: now,
        };
        header.write(Some(&self.token), Element::new(Space::Disco, "Query").children(wanted))
    }

    /// The query in `bytes`, as it came to `here`. Its token is believed by nobody yet: its maker opens it. What must be
    /// remembered of it comes beside.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn take(bytes: &[u8], here: &Here<'_>, strictness: Strictness) -> Result<(Self, Once), Refusal> {
        let envelope = Envelope::open(bytes)?;
        let header = envelope.request(ASK, here, strictness)?;
        let body = envelope.body()?;
        if !body.is(ns::DISCO, "Query") {
            return Err(Refusal::WrongMessage("Query"));
        }
        let types: Vec<_> = body
            .all(ns::DISCO, "RequestedService")
            .map(service_type)
            .collect::<Result<_, _>>()?;
        if types.is_empty() || types.len() > MOST {
            return Err(Refusal::TooMany("requested services"));
        }
        let once = once(&header, here);
        let query = Self {
            sender: header.sender,
            id: header.id,
            types,
            token: Token::within(envelope.security()?)?,
        };
        Ok((query, once))
    }
}

/// What to remember of a message with `header`.
pub(super) fn once(header: &Header, here: &Here<'_>) -> Once {
    Once {
        sender: header.sender.clone(),
        id: crate::message::MessageId::named(&header.id),
        until: header.created.saturating_add(here.window).saturating_add(here.skew),
    }
}

fn service_type(node: Node<'_>) -> Result<String, Refusal> {
    let text = node
        .text_of(ns::DISCO, "ServiceType")?
        .ok_or(Refusal::Missing("ServiceType"))?;
    match (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err(Refusal::Malformed("ServiceType")),
    }
}

/// What a discovery service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryAnswer {
    /// One for each service that may be asked.
    pub references: Vec<Reference>,
    /// Why there is none for the others.
    pub lacking: Option<FaultStatus>,
}

impl DiscoveryAnswer {
    /// As it answers `request`.
    ///
    /// # Errors
    /// [`Unwritable`]
    pub fn write(
        &self,
        sender: &EntityId,
        request: &str,
        now: OffsetDateTime,
        chance: &mut dyn Chance,
    ) -> Result<String, Unwritable> {
        let code = match (self.lacking, self.references.is_empty()) {
            (None, _) => "OK",
            (Some(_), false) => "Partial",
            (Some(_), true) => "Failed",
        };
        let status = |code: &'static str| Element::new(Space::LibertyUtility, "Status").attribute("code", code);
        let inner = self.lacking.map(|lacking| status(lacking.code()));
        let body = Element::new(Space::Disco, "QueryResponse")
            .child(status(code).children(inner))
            .children(self.references.iter().map(Reference::element));
        let header = Header {
            sender: sender.clone(),
            id: message_id(chance),
            relates_to: Some(request.to_owned()),
            to: None,
            action: Some(ANSWER),
            created: now,
        };
        header.write(None, body)
    }

    /// The answer of `from` to `request`.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::Fault`] for a fault.
    pub fn read(bytes: &[u8], request: &str, from: &EntityId) -> Result<Self, Refusal> {
        let envelope = Envelope::open(bytes)?;
        let body = envelope.body()?;
        envelope.answers(request, from)?;
        if !body.is(ns::DISCO, "QueryResponse") {
            return Err(Refusal::WrongMessage("QueryResponse"));
        }
        let status = body.needs(ns::LIBERTY_UTILITY, "Status")?;
        let inner = status.one(ns::LIBERTY_UTILITY, "Status")?;
        let lacking = inner.and_then(|inner| FaultStatus::parse(inner.attribute("code")?));
        let failed = !matches!(status.attribute("code"), Some("OK" | "Partial"));
        Ok(Self {
            references: body
                .all(ns::ADDRESSING, "EndpointReference")
                .map(Reference::read)
                .collect::<Result<_, _>>()?,
            lacking: lacking.or(failed.then_some(FaultStatus::NoResults)),
        })
    }
}
