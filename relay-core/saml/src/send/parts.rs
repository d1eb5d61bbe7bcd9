//! What messages have in common: the head, the issuer, names, status, times.

use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use super::Unwritable;
use crate::{
    message::{EntityId, Head, Identified, MessageId, NameId, Status},
    writer::{Element, Space},
};

/// An element of the SAML protocol.
pub(super) fn samlp(local: &'static str) -> Element {
    Element::new(Space::Protocol, local)
}

/// An element of SAML assertions.
pub(crate) fn saml(local: &'static str) -> Element {
    Element::new(Space::Assertion, local)
}

/// A protocol message that begins with `head`; a signature goes after the first child.
pub(super) fn headed(local: &'static str, head: &Head) -> Element {
    samlp(local)
        .attribute("ID", head.id.as_str())
        .attribute("Version", "2.0")
        .attribute("IssueInstant", instant(head.issued))
        .attribute_if("Destination", head.destination.as_deref())
        .child(issuer(&head.issuer))
}

/// A response that begins with `head`, names its request and says how it ended.
pub(super) fn answering(local: &'static str, head: &Head, request: Option<&MessageId>, status: &Status) -> Element {
    headed(local, head)
        .attribute_if("InResponseTo", request.map(MessageId::as_str))
        .child(status_element(status))
}

pub(crate) fn issuer(entity: &EntityId) -> Element {
    saml("Issuer").text(entity.as_str())
}

/// A name as an element that may stand by itself (saml-core section 2.2.3).
pub(crate) fn name_id(name: &NameId) -> Element {
    saml("NameID")
        .attribute("Format", name.format.uri())
        .attribute_if("NameQualifier", name.qualifier.as_deref())
        .attribute_if("SPNameQualifier", name.sp_qualifier.as_deref())
        .attribute_if("SPProvidedID", name.sp_provided.as_deref())
        .text(name.value.as_str())
}

/// A name in clear, or the encrypted one byte for byte as it was made.
pub(crate) fn identified(name: &Identified) -> Result<Element, Unwritable> {
    match name {
        Identified::Clear(name) => Ok(name_id(name)),
        Identified::Sealed(xml) => sealed(xml, Space::Assertion, "EncryptedID"),
    }
}

/// What [`crate::sealing::SealingKey`] made, byte for byte. Whoever made it can put nothing into a message but
/// ciphertext: no element of SAML's, which a careless reader might take for a part of the message, and no ID, which a
/// signature might be made to refer to.
pub(super) fn sealed(xml: &str, space: Space, local: &'static str) -> Result<Element, Unwritable> {
    const INSIDE: [Space; 3] = [Space::Encryption, Space::Encryption11, Space::Signature];
    Element::read(xml)
        .ok()
        .filter(|element| element.is(space, local))
        .filter(|element| element.holds_one(Space::Encryption, "EncryptedData"))
        .filter(|element| element.holds_only(&INSIDE, &["Algorithm", "Type"]))
        .ok_or(Unwritable::SealedName)
}

fn status_element(status: &Status) -> Element {
    let code = |uri: &str| samlp("StatusCode").attribute("Value", uri);
    let detail = status.detail.as_ref().map(|detail| code(detail.uri()));
    let message = status
        .message
        .as_ref()
        .map(|words| samlp("StatusMessage").text(words.as_str()));
    samlp("Status")
        .child(code(status.code.uri()).children(detail))
        .children(message)
}

/// `xs:boolean`.
pub(super) const fn truth(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

/// `xs:dateTime` in UTC, to the second (saml-core section 1.3.3). Parts of a second are cut off, which can only shorten
/// a lifetime.
pub(crate) fn instant(at: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    at.to_offset(UtcOffset::UTC)
        .format(FORMAT)
        .expect("a date with all its parts is written")
}
