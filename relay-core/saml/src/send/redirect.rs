//! The redirect binding: the message deflated into a URL's query, signed as the query stands
//! (saml-bindings section 3.4.4.1).

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};

use crate::{message::RelayState, signing::SigningKey};

/// The URL at `location` that carries `xml` in `field`, with a signature over exactly the octets that are sent.
pub(super) fn url(
    location: &str,
    field: &str,
    xml: &str,
    relay_state: Option<&RelayState>,
    key: &SigningKey,
) -> String {
    let mut query = format!("{field}={}", encoded(&STANDARD.encode(deflated(xml.as_bytes()))));
    if let Some(state) = relay_state {
        query.push_str("&RelayState=");
        query.push_str(&encoded(state.as_str()));
    }
    query.push_str("&SigAlg=");
    query.push_str(&encoded(key.algorithm()));
    let signature = STANDARD.encode(key.sign(query.as_bytes()));
    query.push_str("&Signature=");
    query.push_str(&encoded(&signature));
    with_query(location, &query)
}

/// `location` with `query` after what query it may have already.
pub(crate) fn with_query(location: &str, query: &str) -> String {
    let joint = match location.find('?') {
        None => "?",
        Some(at) if at + 1 == location.len() || location.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{location}{joint}{query}")
}

/// Percent-encoded but for RFC 3986's unreserved characters: a blank is `%20`, never `+`, so that no reader can take
/// the octets otherwise than they were signed.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3 / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

/// RFC 1951, without the header and checksum of RFC 1950.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory can be written to")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_behind_whatever_the_address_has() {
        assert_eq!(with_query("https://a.example/sso", "x=1"), "https://a.example/sso?x=1");
        assert_eq!(with_query("https://a.example/sso?", "x=1"), "https://a.example/sso?x=1");
        assert_eq!(
            with_query("https://a.example/sso?t=2", "x=1"),
            "https://a.example/sso?t=2&x=1"
        );
        assert_eq!(
            with_query("https://a.example/sso?t=2&", "x=1"),
            "https://a.example/sso?t=2&x=1"
        );
    }

    #[test]
    fn what_is_escaped_is_read_back_by_every_way_of_reading() {
        let text = "a b+c/d=%é\u{1}~-._&";
        let escaped = encoded(text);
        assert_eq!(escaped, "a%20b%2Bc%2Fd%3D%25%C3%A9%01~-._%26");
        let form = format!("k={escaped}");
        let read = url::form_urlencoded::parse(form.as_bytes()).next().unwrap();
        assert_eq!(read.1, text);
    }

    #[test]
    fn a_message_is_deflated_without_a_header_and_inflates_to_itself() {
        use std::io::Read;
        let message = "<samlp:AuthnRequest></samlp:AuthnRequest>".repeat(20);
        let mut inflated = String::new();
        flate2::read::DeflateDecoder::new(&*deflated(message.as_bytes()))
            .read_to_string(&mut inflated)
            .unwrap();
        assert_eq!(inflated, message);
    }
}
