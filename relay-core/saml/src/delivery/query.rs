//! A redirect's query: its parameters as they stand, since that is what was signed, and the message inflated.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

use super::LARGEST;
use crate::Refusal;

/// The parameters of a query as they stand, escaped: what was signed.
#[derive(Default)]
pub(super) struct Raw<'q> {
    pub request: Option<&'q str>,
    pub response: Option<&'q str>,
    pub artifact: Option<&'q str>,
    pub relay_state: Option<&'q str>,
    pub algorithm: Option<&'q str>,
    pub signature: Option<&'q str>,
    pub encoding: Option<&'q str>,
}

impl<'q> Raw<'q> {
    pub fn read(query: &'q str) -> Result<Self, Refusal> {
        if query.len() > LARGEST {
            return Err(Refusal::TooLarge(LARGEST));
        }
        let mut raw = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (place, name) = match name {
                "SAMLRequest" => (&mut raw.request, "SAMLRequest"),
                "SAMLResponse" => (&mut raw.response, "SAMLResponse"),
                "SAMLart" => (&mut raw.artifact, "SAMLart"),
                "RelayState" => (&mut raw.relay_state, "RelayState"),
                "SigAlg" => (&mut raw.algorithm, "SigAlg"),
                "Signature" => (&mut raw.signature, "Signature"),
                "SAMLEncoding" => (&mut raw.encoding, "SAMLEncoding"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(Refusal::Parameter(name));
            }
        }
        Ok(raw)
    }

    /// The parameters again as one query, without those that are not the binding's.
    pub fn own_parameters(&self) -> String {
        let all = [
            ("SAMLRequest", self.request),
            ("SAMLResponse", self.response),
            ("SAMLart", self.artifact),
            ("RelayState", self.relay_state),
            ("SAMLEncoding", self.encoding),
            ("SigAlg", self.algorithm),
            ("Signature", self.signature),
        ];
        let given = all
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)));
        given.collect::<Vec<_>>().join("&")
    }
}

/// The text behind a parameter's escapes.
pub(super) fn unescape(value: &str) -> Result<String, Refusal> {
    // One value at a time, so that no escape can make a second parameter of it.
    let text = value.replace('+', " ");
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            out.push(*first);
            rest = tail;
            continue;
        }
        let [high, low, tail @ ..] = tail else {
            return Err(Refusal::Parameter("an escape"));
        };
        let digit = |byte: u8| (byte as char).to_digit(16).ok_or(Refusal::Parameter("an escape"));
        out.push((digit(*high)? * 16 + digit(*low)?) as u8);
        rest = tail;
    }
    String::from_utf8(out).map_err(|_| Refusal::NotUtf8)
}

/// One deflate stream and nothing after it, of no more than a message's size.
pub(super) fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut inflater = DeflateDecoder::new(deflated);
    let mut out = Vec::new();
    let most = LARGEST as u64 + 1;
    inflater
        .by_ref()
        .take(most)
        .read_to_end(&mut out)
        .map_err(|_| Refusal::Deflate)?;
    if out.len() > LARGEST {
        return Err(Refusal::DeflateBomb(LARGEST));
    }
    match inflater.total_in() == deflated.len() as u64 {
        true => Ok(out),
        false => Err(Refusal::Deflate),
    }
}
