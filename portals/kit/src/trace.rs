//! One id for each request, in every log line about it and on the error page: what a resident reads out on the
//! telephone finds the lines. One goes along to a known party as a `traceparent` (W3C Trace Context, §3.2); it is drawn
//! afresh for each thing asked wherever two answers must not be known as one person's.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue};
use relay_core::chance::{Chance, draw};

/// The header that carries it between organisations.
pub const TRACEPARENT: &str = "traceparent";

/// A request's id: eight random bytes, shown as four groups of four hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 8]);

impl TraceId {
    /// A fresh one.
    pub fn new(chance: &mut dyn Chance) -> Self {
        Self(draw(chance))
    }

    /// The one a caller sent. Only a listener whose callers are known should take it.
    pub fn received(headers: &HeaderMap) -> Option<Self> {
        let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
        let (version, trace) = (parts.next()?, parts.next()?);
        // An id shorter than 16 bytes is filled with zeros on the left (Trace Context Level 2, §3.2.2.3).
        let short = trace.strip_prefix("0000000000000000")?;
        let mut bytes = [0; 8];
        hex::decode_to_slice(short, &mut bytes).ok()?;
        (version == "00" && bytes != [0; 8]).then_some(Self(bytes))
    }

    /// The header's value for a call made on this request's behalf.
    pub fn traceparent(&self) -> HeaderValue {
        let id = hex::encode(self.0);
        HeaderValue::try_from(format!("00-0000000000000000{id}-{id}-00")).expect("hex digits and hyphens are a header")
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = hex::encode(self.0);
        write!(f, "{}-{}-{}-{}", &hex[..4], &hex[4..8], &hex[8..12], &hex[12..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;

    #[test]
    fn an_id_goes_along_to_a_partner_and_is_the_same_there() {
        let id = TraceId::new(&mut SeededChance::new(1));
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, id.traceparent());
        assert_eq!(TraceId::received(&headers), Some(id));
        assert_eq!(id.to_string().len(), 19);
    }

    #[test]
    fn what_is_no_id_of_ours_is_not_taken() {
        for value in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-0000000000000000-00",
            "00-0000000000000000<script>-00f067aa0ba902b7-00",
        ] {
            let headers = HeaderMap::from_iter([(
                axum::http::HeaderName::from_static(TRACEPARENT),
                HeaderValue::from_str(value).unwrap(),
            )]);
            assert_eq!(TraceId::received(&headers), None, "{value}");
        }
    }
}
