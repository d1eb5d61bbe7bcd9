//! What an assertion says, and that it says it to this receiver, now.

use super::{
    Here, entities, entity, id, issuer,
    name::{Names, identified},
};
use crate::{
    Refusal,
    document::{Node, instant},
    message::{
        Assertion, Attribute, AuthnStatement, Conditions, Confirmation, EntityId, MessageId, ProxyRestriction, Subject,
    },
    names::{AuthnContext, BEARER, ns},
    wsf::{DISCOVERY_ATTRIBUTE, Reference},
};

/// Attributes, and values of one attribute.
const MOST_VALUES: usize = 100;

/// Reads a covered assertion of `from` that must answer `request`.
pub(super) fn assertion(
    node: Node<'_>,
    from: &EntityId,
    request: Option<&MessageId>,
    here: &Here<'_>,
    names: Names<'_>,
) -> Result<Assertion, Refusal> {
    if node.attribute("Version") != Some("2.0") {
        return Err(Refusal::Version);
    }
    if issuer(node, "Assertion")? != *from {
        return Err(Refusal::Issuer("Assertion"));
    }
    let issued = instant(node.needs_attribute("IssueInstant")?, "IssueInstant")?;
    if issued > here.now.saturating_add(here.skew) {
        return Err(Refusal::FromTheFuture("Assertion"));
    }
    let subject = node.needs(ns::ASSERTION, "Subject")?;
    let confirmation = confirmation(subject, request, here)?;
    let conditions = conditions(node.needs(ns::ASSERTION, "Conditions")?, here)?;
    let authentication = node.one(ns::ASSERTION, "AuthnStatement")?;
    let authentication = authentication.map(|node| authenticated(node, here)).transpose()?;
    Ok(Assertion {
        id: id(node)?,
        issued,
        issuer: from.clone(),
        subject: Subject {
            name: identified(subject, names)?,
            confirmation,
        },
        conditions,
        authentication,
        attributes: attributes(node)?,
        discovery: bootstrap(node)?,
    })
}

/// The one bearer confirmation (saml-profiles section 4.1.4.3): recipient, end, request.
fn confirmation(subject: Node<'_>, request: Option<&MessageId>, here: &Here<'_>) -> Result<Confirmation, Refusal> {
    let mut bearers = subject
        .all(ns::ASSERTION, "SubjectConfirmation")
        .filter(|node| node.attribute("Method") == Some(BEARER));
    let (Some(bearer), None) = (bearers.next(), bearers.next()) else {
        return Err(Refusal::Confirmation);
    };
    let data = bearer.one(ns::ASSERTION, "SubjectConfirmationData")?;
    let data = data.ok_or(Refusal::Confirmation)?;
    let recipient = data.attribute("Recipient").ok_or(Refusal::Recipient)?;
    if recipient != here.address {
        return Err(Refusal::Recipient);
    }
    let end = data
        .attribute("NotOnOrAfter")
        .ok_or(Refusal::NoExpiry("SubjectConfirmationData"))?;
    let end = instant(end, "NotOnOrAfter")?;
    if here.now >= end.saturating_add(here.skew) {
        return Err(Refusal::Expired("SubjectConfirmationData"));
    }
    // A bearer's confirmation has no beginning (section 4.1.4.2).
    if data.attribute("NotBefore").is_some() {
        return Err(Refusal::Confirmation);
    }
    if data.attribute("InResponseTo") != request.map(MessageId::as_str) {
        return Err(Refusal::InResponseTo("SubjectConfirmationData"));
    }
    Ok(Confirmation {
        recipient: recipient.to_owned(),
        not_on_or_after: end,
        in_response_to: request.cloned(),
    })
}

pub(crate) fn conditions(node: Node<'_>, here: &Here<'_>) -> Result<Conditions, Refusal> {
    let from = node
        .attribute("NotBefore")
        .map(|text| instant(text, "NotBefore"))
        .transpose()?;
    if from.is_some_and(|from| here.now.saturating_add(here.skew) < from) {
        return Err(Refusal::NotYetValid("the assertion"));
    }
    let end = node.attribute("NotOnOrAfter").ok_or(Refusal::NoExpiry("Conditions"))?;
    let end = instant(end, "NotOnOrAfter")?;
    if here.now >= end.saturating_add(here.skew) {
        return Err(Refusal::Expired("the assertion"));
    }
    let known = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];
    if node
        .children()
        .any(|child| !known.iter().any(|name| child.is(ns::ASSERTION, name)))
    {
        return Err(Refusal::Condition);
    }
    // Each restriction must be met; one of its audiences is enough (saml-core section 2.5.1.4).
    let mut audiences = Vec::new();
    for restriction in node.all(ns::ASSERTION, "AudienceRestriction") {
        let named = entities(restriction, ns::ASSERTION, "Audience")?;
        if !named.contains(here.entity) {
            return Err(Refusal::Audience);
        }
        audiences.extend(named);
    }
    if audiences.is_empty() {
        return Err(Refusal::Audience);
    }
    let proxy = node.one(ns::ASSERTION, "ProxyRestriction")?;
    Ok(Conditions {
        not_before: from,
        not_on_or_after: end,
        audiences,
        one_time_use: node.one(ns::ASSERTION, "OneTimeUse")?.is_some(),
        proxy: proxy.map(restriction).transpose()?,
    })
}

fn restriction(node: Node<'_>) -> Result<ProxyRestriction, Refusal> {
    Ok(ProxyRestriction {
        count: node.number("Count")?,
        audiences: entities(node, ns::ASSERTION, "Audience")?,
    })
}

pub(crate) fn authenticated(node: Node<'_>, here: &Here<'_>) -> Result<AuthnStatement, Refusal> {
    let at = instant(node.needs_attribute("AuthnInstant")?, "AuthnInstant")?;
    if at > here.now.saturating_add(here.skew) {
        return Err(Refusal::FromTheFuture("AuthnStatement"));
    }
    let until = node.attribute("SessionNotOnOrAfter");
    let until = until.map(|text| instant(text, "SessionNotOnOrAfter")).transpose()?;
    if until.is_some_and(|until| here.now >= until.saturating_add(here.skew)) {
        return Err(Refusal::Expired("the session"));
    }
    let context = node.needs(ns::ASSERTION, "AuthnContext")?;
    let class = context.needs(ns::ASSERTION, "AuthnContextClassRef")?;
    let authorities = context.all(ns::ASSERTION, "AuthenticatingAuthority");
    Ok(AuthnStatement {
        at,
        session_index: node.attribute("SessionIndex").map(str::to_owned),
        session_until: until,
        context: AuthnContext::from(&*class.text("AuthnContextClassRef")?),
        authorities: authorities
            .map(|authority| entity(authority, "AuthenticatingAuthority"))
            .collect::<Result<_, _>>()?,
    })
}

/// The reference to the discovery service, where there is one (ID-WSF 2.0 discovery service, section 4.1).
fn bootstrap(node: Node<'_>) -> Result<Option<Reference>, Refusal> {
    let Some(statement) = node.one(ns::ASSERTION, "AttributeStatement")? else {
        return Ok(None);
    };
    let mut named = statement
        .all(ns::ASSERTION, "Attribute")
        .filter(|attribute| attribute.attribute("Name") == Some(DISCOVERY_ATTRIBUTE));
    let (Some(attribute), None) = (named.next(), named.next()) else {
        return Ok(None);
    };
    let value = attribute.needs(ns::ASSERTION, "AttributeValue")?;
    let reference = value.one(ns::ADDRESSING, "EndpointReference")?;
    reference.map(Reference::read).transpose()
}

/// Attributes in clear, of the one statement there may be. The same name twice could be read in two ways, and is
/// refused; a value that is no text is passed over.
fn attributes(node: Node<'_>) -> Result<Vec<Attribute>, Refusal> {
    let Some(statement) = node.one(ns::ASSERTION, "AttributeStatement")? else {
        return Ok(Vec::new());
    };
    let mut read: Vec<Attribute> = Vec::new();
    for attribute in statement.all(ns::ASSERTION, "Attribute") {
        let name = attribute.needs_attribute("Name")?;
        let name_format = attribute.attribute("NameFormat");
        let same = |known: &Attribute| known.name == name && known.name_format.as_deref() == name_format;
        if read.iter().any(same) {
            return Err(Refusal::Repeated("Attribute"));
        }
        let values = attribute.all(ns::ASSERTION, "AttributeValue");
        let texts = values.filter(|value| value.children().next().is_none());
        let values: Vec<_> = texts
            .take(MOST_VALUES + 1)
            .map(|value| Ok(value.text("AttributeValue")?.into_owned()))
            .collect::<Result<_, Refusal>>()?;
        if values.len() > MOST_VALUES || read.len() == MOST_VALUES {
            return Err(Refusal::TooMany("attribute values"));
        }
        read.push(Attribute {
            name: name.to_owned(),
            name_format: name_format.map(str::to_owned),
            friendly_name: attribute.attribute("FriendlyName").map(str::to_owned),
            values,
        });
    }
    Ok(read)
}
