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

/// The longest `reqID`.
const LONGEST_ID: usize = 64;

/// One service that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedService {
    pub service_type: String,
    /// `reqID`, by which the answer says of which of several it speaks. Lasso 2.7 sends none.
    pub id: Option<String>,
}

/// What is asked of a discovery service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryQuery {
    pub sender: EntityId,
    pub id: String,
    /// The services wanted.
    pub services: Vec<RequestedService>,
    pub token: Token,
}

impl DiscoveryQuery {
    /// A query at `service` for `types`, to be sent now.
    pub fn new(sender: &EntityId, service: &Reference, types: &[&str], chance: &mut dyn Chance) -> Self {
        Self {
            sender: sender.clone(),
            id: message_id(chance),
            services: (1..)
                .zip(types)
                .map(|(number, one)| RequestedService {
                    service_type: (*one).to_owned(),
                    id: Some(format!("s{number}")),
                })
                .collect(),
            token: service.token.clone(),
        }
    }

    /// As it is sent to `address`.
    ///
    /// # Errors
    /// [`Unwritable`] when the token is not one that was written here.
    pub fn write(&self, address: &str, now: OffsetDateTime) -> Result<String, Unwritable> {
        let wanted = self.services.iter().map(|one| {
            Element::new(Space::Disco, "RequestedService")
                .attribute_if("reqID", one.id.as_deref())
                .child(Element::new(Space::Disco, "ServiceType").text(one.service_type.as_str()))
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
        let services: Vec<_> = body
            .all(ns::DISCO, "RequestedService")
            .map(requested)
            .collect::<Result<_, _>>()?;
        if services.is_empty() || services.len() > MOST {
            return Err(Refusal::TooMany("requested services"));
        }
        let once = once(&header, here);
        let query = Self {
            sender: header.sender,
            id: header.id,
            services,
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

fn requested(node: Node<'_>) -> Result<RequestedService, Refusal> {
    let plain = |text: &str, longest: usize| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let service_type = node
        .text_of(ns::DISCO, "ServiceType")?
        .ok_or(Refusal::Missing("ServiceType"))?;
    if !plain(&service_type, 256) {
        return Err(Refusal::Malformed("ServiceType"));
    }
    let id = node.attribute("reqID").map(str::to_owned);
    match id.as_deref().is_none_or(|id| plain(id, LONGEST_ID)) {
        true => Ok(RequestedService { service_type, id }),
        false => Err(Refusal::Malformed("reqID")),
    }
}

/// What a discovery service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryAnswer {
    /// One for each service that may be asked.
    pub references: Vec<Reference>,
    /// The types of the others, each with the reason why there is none for it.
    pub lacking: Vec<(String, FaultStatus)>,
}

impl DiscoveryAnswer {
    /// Why there is no reference to a service of this type; none where there is one.
    pub fn lacks(&self, service_type: &str) -> Option<FaultStatus> {
        let lacking = self.lacking.iter().find(|(lacking, _)| lacking == service_type);
        lacking.map(|(_, status)| *status)
    }

    /// As it answers `query`.
    ///
    /// # Errors
    /// [`Unwritable`]
    pub fn write(
        &self,
        sender: &EntityId,
        query: &DiscoveryQuery,
        now: OffsetDateTime,
        chance: &mut dyn Chance,
    ) -> Result<String, Unwritable> {
        let code = match (self.lacking.is_empty(), self.references.is_empty()) {
            (true, _) => "OK",
            (false, false) => "Partial",
            (false, true) => "Failed",
        };
        let status = |code: &'static str| Element::new(Space::LibertyUtility, "Status").attribute("code", code);
        // `util:Status` names what it is about by `ref`; its `comment` says it where the asker gave no `reqID`.
        let inner = query.services.iter().filter_map(|one| {
            let status = status(self.lacks(&one.service_type)?.code());
            Some(match &one.id {
                Some(id) => status.attribute("ref", id.as_str()),
                None => status.attribute("comment", one.service_type.as_str()),
            })
        });
        let body = Element::new(Space::Disco, "QueryResponse")
            .child(status(code).children(inner))
            .children(self.references.iter().map(Reference::element));
        let header = Header {
            sender: sender.clone(),
            id: message_id(chance),
            relates_to: Some(query.id.clone()),
            to: None,
            action: Some(ANSWER),
            created: now,
        };
        header.write(None, body)
    }

    /// The answer of `from` to `query`. A reason that names no service (as another discovery service may give it) is that of
    /// every service without one of its own.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::Fault`] for a fault.
    pub fn read(bytes: &[u8], query: &DiscoveryQuery, from: &EntityId) -> Result<Self, Refusal> {
        let envelope = Envelope::open(bytes)?;
        let body = envelope.body()?;
        envelope.answers(&query.id, from)?;
        if !body.is(ns::DISCO, "QueryResponse") {
            return Err(Refusal::WrongMessage("QueryResponse"));
        }
        let status = body.needs(ns::LIBERTY_UTILITY, "Status")?;
        // The reason that is given about one service, or about none: there where it is the only one.
        let reason = |about: Option<&str>| {
            let inner = status.all(ns::LIBERTY_UTILITY, "Status");
            let about = inner.filter(|inner| inner.attribute("ref") == about);
            let mut codes: Vec<_> = about.filter_map(|inner| inner.attribute("code")).collect();
            codes.dedup();
            match codes[..] {
                [code] => FaultStatus::parse(code),
                _ => None,
            }
        };
        let references: Vec<_> = body
            .all(ns::ADDRESSING, "EndpointReference")
            .map(Reference::read)
            .collect::<Result<_, _>>()?;
        let is_given = |one: &RequestedService| references.iter().any(|found| found.service_type == one.service_type);
        let lacking = query.services.iter().filter(|one| !is_given(one)).map(|one| {
            let own = one.id.as_deref().and_then(|id| reason(Some(id)));
            let status = own.or_else(|| reason(None)).unwrap_or(FaultStatus::NoResults);
            (one.service_type.clone(), status)
        });
        Ok(Self {
            lacking: lacking.collect(),
            references,
        })
    }
}
