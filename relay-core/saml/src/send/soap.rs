//! SOAP 1.1 round messages: envelopes, faults, and the headers of enhanced clients (saml-profiles section 4.2,
//! liberty-paos-v1.1).

use super::{SignedMessage, parts::issuer};
use crate::{
    message::{EcpAnswer, IdpEntry, PaosAnswer, PaosRequest, RelayState},
    names::{NEXT_ACTOR, ns},
    writer::{Element, Space},
};

/// What an HTTP answer with a PAOS request in it is called.
pub const PAOS_MEDIA_TYPE: &str = "application/vnd.paos+xml";

/// Whether whoever asks a service for a page is an enhanced client, by its headers `Accept` and `PAOS`
/// (saml-profiles section 4.2.3.1): it takes PAOS's media type and speaks the profile over PAOS.
pub fn is_enhanced_client(accept: &str, paos: &str) -> bool {
    let takes = accept.split(',').any(|range| {
        range
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim() == PAOS_MEDIA_TYPE)
    });
    let mut parts = paos.split(';').map(|part| part.trim());
    let quoted = |text: &str, name: &str| text.trim_matches('"') == name;
    let version = parts.next().is_some_and(|first| {
        let named = first
            .strip_prefix("ver")
            .map(|rest| rest.trim_start().trim_start_matches('=').trim_start());
        named.is_some_and(|versions| versions.split(',').any(|one| quoted(one.trim(), ns::PAOS)))
    });
    takes && version && parts.any(|service| service.split(',').any(|one| quoted(one.trim(), ns::ECP)))
}

impl SignedMessage {
    /// A service's AuthnRequest to an enhanced client, with the headers it needs.
    pub fn paos_request(&self, headers: &PaosRequest) -> String {
        let asked = header(Space::Paos, "Request")
            .attribute("responseConsumerURL", headers.consumer.as_str())
            .attribute("service", ns::ECP)
            .attribute_if("messageID", headers.message_id.as_deref());
        let idps = headers.idps.iter().map(idp_entry);
        let list = Element::new(Space::Protocol, "IDPList").children(idps);
        let request = header(Space::Ecp, "Request")
            .attribute_if("ProviderName", headers.provider_name.as_deref())
            .attribute("IsPassive", if headers.passive { "1" } else { "0" })
            .child(issuer(&headers.issuer))
            .children((!headers.idps.is_empty()).then_some(list));
        let state = headers.relay_state.as_ref().map(relay_state);
        let headers = [asked, request].into_iter().chain(state).collect();
        envelope(headers, self.element.clone())
    }

    /// The identity provider's Response to an enhanced client.
    pub fn ecp_response(&self, answer: &EcpAnswer) -> String {
        let header = header(Space::Ecp, "Response").attribute("AssertionConsumerServiceURL", answer.consumer.as_str());
        envelope(vec![header], self.element.clone())
    }

    /// The Response as an enhanced client brings it to the service.
    pub fn paos_response(&self, answer: &PaosAnswer) -> String {
        let answered = header(Space::Paos, "Response").attribute_if("refToMessageID", answer.answers.as_deref());
        let state = answer.relay_state.as_ref().map(relay_state);
        envelope([answered].into_iter().chain(state).collect(), self.element.clone())
    }
}

/// Whose fault it is that no SAML answer can be given (SOAP 1.1 section 4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The asker's: not SOAP, not SAML, not signed.
    Client,
    /// Ours: for now nothing can be answered.
    Server,
    /// A header that must be understood isn't.
    MustUnderstand,
}

/// A SOAP fault, for what can't be answered with a SAML status. `words` go to whoever asked: say nothing there that a
/// stranger may not know.
pub fn fault(code: FaultCode, words: &str) -> String {
    let code = match code {
        FaultCode::Client => "S:Client",
        FaultCode::Server => "S:Server",
        FaultCode::MustUnderstand => "S:MustUnderstand",
    };
    let fault = soap("Fault")
        .child(Element::unqualified("faultcode").text(code))
        .child(Element::unqualified("faultstring").text(words));
    envelope(Vec::new(), fault)
}

/// `body` in an envelope, under `headers` where there are any.
pub(super) fn envelope(headers: Vec<Element>, body: Element) -> String {
    let header = (!headers.is_empty()).then(|| soap("Header").children(headers));
    soap("Envelope")
        .children(header)
        .child(soap("Body").child(body))
        .canonical()
}

/// A header block for the next SOAP node, who must understand it: both attributes in SOAP's namespace and `1` for yes,
/// as SOAP 1.1 (sections 4.2.2, 4.2.3) and the profile have it.
fn header(space: Space, local: &'static str) -> Element {
    Element::new(space, local)
        .attribute_in(Space::Soap, "actor", NEXT_ACTOR)
        .attribute_in(Space::Soap, "mustUnderstand", "1")
}

fn relay_state(state: &RelayState) -> Element {
    header(Space::Ecp, "RelayState").text(state.as_str())
}

fn idp_entry(idp: &IdpEntry) -> Element {
    Element::new(Space::Protocol, "IDPEntry")
        .attribute("ProviderID", idp.entity.as_str())
        .attribute_if("Name", idp.name.as_deref())
}

fn soap(local: &'static str) -> Element {
    Element::new(Space::Soap, local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_client_is_known_by_its_two_headers_together() {
        let paos = "ver=\"urn:liberty:paos:2003-08\";\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\"";
        let accept = "text/html, application/vnd.paos+xml;q=0.9, */*";
        assert!(is_enhanced_client(accept, paos));
        let as_others_write_it = "ver=\"urn:liberty:paos:2003-08\" ; \"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\",\"urn:example:option\"";
        assert!(is_enhanced_client("application/vnd.paos+xml", as_others_write_it));
        for (accept, paos) in [
            ("text/html, */*", paos),
            (accept, ""),
            (accept, "ver=\"urn:liberty:paos:2003-08\""),
            (
                accept,
                "ver=\"urn:liberty:paos:2006-08\";\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\"",
            ),
        ] {
            assert!(!is_enhanced_client(accept, paos), "{accept} {paos}");
        }
    }
}
