//! SOAP envelopes, and the headers enhanced clients carry (saml-profiles section 4.2, SOAP 1.1 section 4).

use super::{
    Kind, Received,
    request::{header_issuer, idp_entries},
};
use crate::{
    Refusal,
    document::{Document, Limits, Node},
    message::{PaosAnswer, PaosRequest, RelayState},
    names::{Binding, NEXT_ACTOR, ns},
    trust::{Exception, Peer},
};

/// The one message in an envelope's body.
pub(super) fn body(envelope: Node<'_>) -> Result<Node<'_>, Refusal> {
    if !envelope.is(ns::SOAP, "Envelope") {
        return Err(Refusal::Soap);
    }
    let body = envelope.one(ns::SOAP, "Body").ok().flatten().ok_or(Refusal::Soap)?;
    let mut inside = body.children();
    match (inside.next(), inside.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Refusal::Soap),
    }
}

/// Headers that are understood here.
const KNOWN: [(&str, &str); 5] = [
    (ns::PAOS, "Request"),
    (ns::PAOS, "Response"),
    (ns::ECP, "Request"),
    (ns::ECP, "Response"),
    (ns::ECP, "RelayState"),
];

impl Received<'_> {
    /// The headers round a Response that an enhanced client brings. They are the client's word: the Response inside
    /// is checked as any other, and what was asked is looked up by it, not by them.
    ///
    /// # Errors
    /// A header that must be understood and isn't, a form that is not the standard's (see
    /// [`Exception::EcpHeaders`]), RelayState too long.
    pub fn paos_answer(&self, peer: &Peer) -> Result<PaosAnswer, Refusal> {
        self.expect(Kind::Response)?;
        if self.delivery.binding != Binding::Paos {
            return Err(Refusal::Binding("an enhanced client's answer"));
        }
        let Some(header) = self.checked_headers(peer)? else {
            return Ok(PaosAnswer::default());
        };
        let answer = header.one(ns::PAOS, "Response")?;
        let state = header.text_of(ns::ECP, "RelayState")?;
        Ok(PaosAnswer {
            answers: answer
                .and_then(|node| node.attribute("refToMessageID"))
                .map(str::to_owned),
            relay_state: relay_state(state)?,
        })
    }

    /// That no header of a SOAP message must be understood and isn't. The profile of enhanced clients has them taken
    /// off before a request reaches the identity provider; some leave them.
    ///
    /// # Errors
    /// [`Refusal::SoapHeader`].
    pub fn soap_headers(&self, peer: &Peer) -> Result<(), Refusal> {
        self.checked_headers(peer).map(drop)
    }

    fn checked_headers(&self, peer: &Peer) -> Result<Option<Node<'_>>, Refusal> {
        let Some(header) = self.document.root().one(ns::SOAP, "Header")? else {
            return Ok(None);
        };
        let lenient = peer.may(Exception::EcpHeaders);
        for block in header.children() {
            let known = KNOWN.iter().any(|(namespace, name)| block.is(namespace, name));
            let must = match block.attribute_in(ns::SOAP, "mustUnderstand") {
                None | Some("0") => false,
                Some("1") => true,
                Some("true") if lenient => true,
                Some("false") if lenient => false,
                Some(_) => return Err(Refusal::SoapHeader),
            };
            let actor = block.attribute_in(ns::SOAP, "actor");
            let actor = actor.or_else(|| block.attribute("actor").filter(|_| lenient));
            let for_us = actor.is_none_or(|actor| actor == NEXT_ACTOR);
            if (must && for_us && !known) || (known && actor.is_none()) {
                return Err(Refusal::SoapHeader);
            }
        }
        Ok(Some(header))
    }
}

/// What a service's PAOS request asks of a client: for tests and for our own enhanced clients (kiosks).
///
/// # Errors
/// Not such an envelope.
pub fn paos_request(envelope: &[u8]) -> Result<PaosRequest, Refusal> {
    let document = Document::read(envelope, Limits::MESSAGE)?;
    body(document.root())?;
    let header = document.root().needs(ns::SOAP, "Header")?;
    let (paos, ecp) = (header.needs(ns::PAOS, "Request")?, header.needs(ns::ECP, "Request")?);
    if paos.attribute("service") != Some(ns::ECP) {
        return Err(Refusal::Malformed("service"));
    }
    let list = ecp.one(ns::PROTOCOL, "IDPList")?;
    Ok(PaosRequest {
        consumer: paos.needs_attribute("responseConsumerURL")?.to_owned(),
        message_id: paos.attribute("messageID").map(str::to_owned),
        issuer: header_issuer(ecp)?,
        // The default is true (saml-profiles section 4.2.3.3).
        passive: ecp.optional_flag("IsPassive")?.unwrap_or(true),
        provider_name: ecp.attribute("ProviderName").map(str::to_owned),
        idps: list.map(idp_entries).transpose()?.unwrap_or_default(),
        relay_state: relay_state(header.text_of(ns::ECP, "RelayState")?)?,
    })
}

fn relay_state(text: Option<String>) -> Result<Option<RelayState>, Refusal> {
    text.map(|text| RelayState::parse(&text).ok_or(Refusal::RelayState))
        .transpose()
}
