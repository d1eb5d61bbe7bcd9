//! How a message comes in: out of a URL's query, a posted form or a SOAP body, as bytes that are not believed yet.
//!
//! (saml-bindings-2.0-os sections 3.2 to 3.6)

mod handed_on;
mod query;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
pub use handed_on::HandedOn;
use query::{Raw, inflate, unescape};
use url::form_urlencoded;

use super::{
    Refusal,
    message::{Artifact, RelayState},
    names::Binding,
    trust::Algorithm,
};

/// A message as it was delivered. What stands in it is about a person: `Debug` shows its size.
pub struct Delivery {
    pub(super) binding: Binding,
    pub(super) xml: Vec<u8>,
    pub(super) detached: Option<Detached>,
    pub(super) is_response: Option<bool>,
    relay_state: Option<RelayState>,
    /// A redirect's own parameters, as they stood in the query; empty for the others.
    query: String,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({:?}, {} bytes)", self.binding, self.xml.len())
    }
}

/// The signature a redirect carries beside its message.
pub(super) struct Detached {
    pub algorithm: Algorithm,
    pub signature: Vec<u8>,
    /// What was signed: the parameters as they stood in the query, escapes and all.
    pub signed: String,
}

/// What came in by a browser: the message, or a reference to it.
#[derive(Debug)]
pub enum Delivered {
    Message(Delivery),
    /// A reference, to be redeemed at the one who made it.
    Artifact {
        artifact: Artifact,
        /// What the sender of the request wanted back.
        relay_state: Option<RelayState>,
    },
}

impl Delivered {
    /// The message itself.
    ///
    /// # Errors
    /// [`Refusal::Binding`] when it is a reference, which is not taken everywhere.
    pub fn message(self) -> Result<Delivery, Refusal> {
        match self {
            Self::Message(delivery) => Ok(delivery),
            Self::Artifact { .. } => Err(Refusal::Binding("an artifact")),
        }
    }
}

/// What no message is larger than, inflated or not.
const LARGEST: usize = 256 * 1024;

impl Delivery {
    /// What came in the query of a URL: everything after the question mark, just as it stood there.
    ///
    /// # Errors
    /// Parameters missing or doubled, base64 or deflate broken, a bomb, an algorithm that is not taken, RelayState
    /// too long.
    pub fn redirect(query: &str) -> Result<Delivered, Refusal> {
        let raw = Raw::read(query)?;
        let relay_state = relay_state(raw.relay_state.map(unescape).transpose()?)?;
        if let Some(artifact) = raw.artifact {
            return artifact_of(&unescape(artifact)?, relay_state);
        }
        let (name, message, is_response) = match (raw.request, raw.response) {
            (Some(request), None) => ("SAMLRequest", request, false),
            (None, Some(response)) => ("SAMLResponse", response, true),
            _ => return Err(Refusal::Parameter("SAMLRequest or SAMLResponse")),
        };
        if let Some(encoding) = raw.encoding
            && unescape(encoding)? != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
        {
            return Err(Refusal::Parameter("SAMLEncoding"));
        }
        let detached = match (raw.algorithm, raw.signature) {
            (None, None) => None,
            (Some(algorithm), Some(signature)) => Some(Detached {
                algorithm: Algorithm::parse(&unescape(algorithm)?).ok_or(Refusal::Algorithm("signature"))?,
                signature: decode(&unescape(signature)?, "Signature")?,
                signed: match raw.relay_state {
                    Some(state) => format!("{name}={message}&RelayState={state}&SigAlg={algorithm}"),
                    None => format!("{name}={message}&SigAlg={algorithm}"),
                },
            }),
            _ => return Err(Refusal::Parameter("SigAlg or Signature")),
        };
        Ok(Delivered::Message(Self {
            binding: Binding::Redirect,
            xml: inflate(&decode(&unescape(message)?, name)?)?,
            detached,
            is_response: Some(is_response),
            relay_state,
            query: raw.own_parameters(),
        }))
    }

    /// What came in a form the browser posted (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// Parameters missing or doubled, base64 broken, RelayState too long.
    pub fn post(form: &[u8]) -> Result<Delivered, Refusal> {
        let most = LARGEST * 2;
        if form.len() > most {
            return Err(Refusal::TooLarge(most));
        }
        let (mut request, mut response, mut artifact, mut state) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(form) {
            let (place, name) = match &*name {
                "SAMLRequest" => (&mut request, "SAMLRequest"),
                "SAMLResponse" => (&mut response, "SAMLResponse"),
                "SAMLart" => (&mut artifact, "SAMLart"),
                "RelayState" => (&mut state, "RelayState"),
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(Refusal::Parameter(name));
            }
        }
        let relay_state = relay_state(state)?;
        let (name, message, is_response) = match (request, response, artifact) {
            (Some(request), None, None) => ("SAMLRequest", request, false),
            (None, Some(response), None) => ("SAMLResponse", response, true),
            (None, None, Some(artifact)) => return artifact_of(&artifact, relay_state),
            _ => return Err(Refusal::Parameter("SAMLRequest or SAMLResponse")),
        };
        // Senders break the lines of base64 in forms; nothing else may stand in it.
        let message: String = message.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        Ok(Delivered::Message(Self {
            binding: Binding::Post,
            xml: decode(&message, name)?,
            detached: None,
            is_response: Some(is_response),
            relay_state,
            query: String::new(),
        }))
    }

    /// A SOAP body, from server to server.
    pub fn soap(body: Vec<u8>) -> Self {
        Self::envelope(Binding::Soap, body)
    }

    /// A SOAP body that a client without cookies brings (PAOS at the service, SOAP at the identity provider).
    pub fn paos(body: Vec<u8>) -> Self {
        Self::envelope(Binding::Paos, body)
    }

    fn envelope(binding: Binding, xml: Vec<u8>) -> Self {
        Self {
            binding,
            xml,
            detached: None,
            is_response: None,
            relay_state: None,
            query: String::new(),
        }
    }

    /// What the sender of the request wanted back. Not for reading: it is signed by nobody but in a redirect.
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.relay_state.as_ref()
    }

    /// How it came.
    pub const fn binding(&self) -> Binding {
        self.binding
    }
}

fn artifact_of(text: &str, relay_state: Option<RelayState>) -> Result<Delivered, Refusal> {
    let artifact = Artifact::parse(text).ok_or(Refusal::Malformed("SAMLart"))?;
    Ok(Delivered::Artifact { artifact, relay_state })
}

fn relay_state(text: Option<String>) -> Result<Option<RelayState>, Refusal> {
    // An empty one is sent by some for none.
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| RelayState::parse(&text).ok_or(Refusal::RelayState))
        .transpose()
}

fn decode(text: &str, what: &'static str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text).map_err(|_| Refusal::Base64(what))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use flate2::{Compression, write::DeflateEncoder};

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut out = DeflateEncoder::new(Vec::new(), Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn query(bytes: &[u8]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &STANDARD.encode(bytes))
            .finish()
    }

    fn refusal(query: &str) -> Refusal {
        Delivery::redirect(query).unwrap_err()
    }

    #[test]
    fn a_redirects_message_is_inflated_and_what_was_signed_is_kept_as_it_stood() {
        let message = query(&deflated(b"<r/>"));
        let query = format!(
            "{message}&RelayState=a%2fb&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=AAAA&x=y"
        );
        let delivery = Delivery::redirect(&query).unwrap().message().unwrap();
        assert_eq!(delivery.xml, b"<r/>");
        assert_eq!(delivery.relay_state().unwrap().as_str(), "a/b");
        let signed = query.split_once("&Signature").unwrap().0;
        assert_eq!(delivery.detached.unwrap().signed, signed);
    }

    #[test]
    fn a_small_stream_that_becomes_large_is_not_inflated_to_its_end() {
        let bomb = query(&deflated(&vec![b' '; 64 * 1024 * 1024]));
        assert!(bomb.len() < 256 * 1024);
        assert_eq!(refusal(&bomb), Refusal::DeflateBomb(256 * 1024));
    }

    #[test]
    fn a_query_that_can_be_read_in_two_ways_is_read_in_none() {
        let good = query(&deflated(b"<r/>"));
        assert_eq!(refusal(""), Refusal::Parameter("SAMLRequest or SAMLResponse"));
        assert_eq!(refusal(&format!("{good}&{good}")), Refusal::Parameter("SAMLRequest"));
        assert_eq!(
            refusal(&format!("{good}&SAMLResponse=x")),
            Refusal::Parameter("SAMLRequest or SAMLResponse")
        );
        assert_eq!(
            refusal(&format!("{good}&SigAlg=x")),
            Refusal::Parameter("SigAlg or Signature")
        );
        assert_eq!(
            refusal(&format!(
                "{good}&SigAlg=http://www.w3.org/2000/09/xmldsig%23rsa-sha1&Signature=AAAA"
            )),
            Refusal::Algorithm("signature")
        );
        assert_eq!(
            refusal(&format!("{good}&RelayState={}", "x".repeat(2_049))),
            Refusal::RelayState
        );
        assert_eq!(
            refusal(&format!("{good}&RelayState=a%0d%0aSet-Cookie:b")),
            Refusal::RelayState
        );
        assert_eq!(
            refusal(&format!("{good}&RelayState=%zz")),
            Refusal::Parameter("an escape")
        );
        assert_eq!(refusal("SAMLRequest=AB%0A"), Refusal::Base64("SAMLRequest"));
        assert_eq!(refusal(&query(b"no deflate stream")), Refusal::Deflate);
        let mut trailing = deflated(b"<r/>");
        trailing.extend(b"<s/>");
        assert_eq!(refusal(&query(&trailing)), Refusal::Deflate);
        assert_eq!(refusal("SAMLart=AAQ"), Refusal::Malformed("SAMLart"));
    }

    #[test]
    fn a_posted_message_may_have_its_base64_in_lines_and_nothing_else() {
        let posted = Delivery::post(b"SAMLResponse=PHIv%0D%0APg%3D%3D&RelayState=").unwrap();
        let delivery = posted.message().unwrap();
        assert_eq!(delivery.xml, b"<r/>");
        assert_eq!(delivery.relay_state(), None);
        for form in [
            "SAMLResponse=PHIv*",
            "SAMLResponse=PHIv+Pg==",
            "SAMLResponse=PHIvPg",
            "SAMLResponse=PHIvPh==",
        ] {
            let refused = Delivery::post(form.as_bytes()).unwrap_err();
            assert_eq!(refused, Refusal::Base64("SAMLResponse"), "{form}");
        }
        let twice = Delivery::post(b"SAMLResponse=PHIvPg==&SAMLResponse=PHIvPg==").unwrap_err();
        assert_eq!(twice, Refusal::Parameter("SAMLResponse"));
    }
}
