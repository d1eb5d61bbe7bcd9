//! Forms that change something carry a token which only a page of this session could hold (CSRF).
//!
//! The token is an HMAC over the session and the form's name: nothing is stored, and a token of one form is none of
//! another's. What the browser says of where a form came from ([`Sender`]) is looked at besides.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The name of the hidden field.
pub const FIELD: &str = "token";

/// A form that no page of this session sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form was not sent from a page of this session")]
pub struct Forged;

/// Makes and checks tokens.
pub struct FormGuard(hmac::Key);

impl FormGuard {
    /// With a key of its own, the same on every instance of the portal.
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }

    /// The token of `form` in `session` (its secret id).
    pub fn token(&self, session: &[u8], form: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(session, form))
    }

    /// Checks what came with `form`.
    ///
    /// # Errors
    /// [`Forged`]
    pub fn check(&self, session: &[u8], form: &str, token: &str, headers: &HeaderMap) -> Result<(), Forged> {
        from_own_page(headers)?;
        let sent = URL_SAFE_NO_PAD.decode(token).map_err(|_| Forged)?;
        verify_slices_are_equal(self.tag(session, form).as_ref(), &sent).map_err(|_| Forged)
    }

    fn tag(&self, session: &[u8], form: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        // Length first, so that no two pairs share one text.
        context.update(&(session.len() as u64).to_be_bytes());
        context.update(session);
        context.update(form.as_bytes());
        context.sign()
    }
}

/// From whose page a form came, as far as the browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A page of this host.
    OwnPage,
    /// Another site's page, or nobody's.
    AnotherPage,
    /// The browser says nothing: one without Fetch Metadata whose page sends no referrer, or no browser.
    Unsaid,
}

impl Sender {
    /// By `Sec-Fetch-Site` (W3C Fetch Metadata, section 2.3), else by `Origin` (RFC 6454 section 7), which is `null` where
    /// a page sends no referrer.
    pub fn of(headers: &HeaderMap) -> Self {
        if let Some(site) = headers.get("sec-fetch-site") {
            return match site.as_bytes() {
                b"same-origin" => Self::OwnPage,
                _ => Self::AnotherPage,
            };
        }
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        match (text(ORIGIN), text(HOST)) {
            (None | Some("null"), _) => Self::Unsaid,
            (Some(origin), Some(host)) if origin.strip_prefix("https://") == Some(host) => Self::OwnPage,
            _ => Self::AnotherPage,
        }
    }
}

/// Refuses what a browser says another site's page sent. A client that says nothing is not refused here: a token decides.
///
/// # Errors
/// [`Forged`]
pub fn from_own_page(headers: &HeaderMap) -> Result<(), Forged> {
    match Sender::of(headers) {
        Sender::OwnPage | Sender::Unsaid => Ok(()),
        Sender::AnotherPage => Err(Forged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_token_is_good_for_its_session_and_form_alone() {
        let guard = FormGuard::new(&Zeroizing::new([3; 32]));
        let token = guard.token(b"session", "log-out");
        let none = HeaderMap::new();
        assert_eq!(guard.check(b"session", "log-out", &token, &none), Ok(()));
        assert_eq!(guard.check(b"sessionl", "og-out", &token, &none), Err(Forged));
        assert_eq!(guard.check(b"another", "log-out", &token, &none), Err(Forged));
        assert_eq!(guard.check(b"session", "erase", &token, &none), Err(Forged));
        assert_eq!(guard.check(b"session", "log-out", "", &none), Err(Forged));
    }

    #[test]
    fn where_a_browser_has_no_fetch_metadata_its_origin_says_whose_page_it_was() {
        let sender = |headers: &[(&'static str, &'static str)]| {
            let named = headers.iter().map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            });
            Sender::of(&named.collect())
        };
        let host = ("host", "relay.example:8443");
        assert_eq!(
            sender(&[host, ("origin", "https://relay.example:8443")]),
            Sender::OwnPage
        );
        for other in [
            "https://relay.example",
            "http://relay.example:8443",
            "https://evil.example",
        ] {
            assert_eq!(sender(&[host, ("origin", other)]), Sender::AnotherPage, "{other}");
        }
        assert_eq!(sender(&[host, ("origin", "null")]), Sender::Unsaid);
        assert_eq!(sender(&[host]), Sender::Unsaid);
        let fetched = [
            host,
            ("origin", "https://relay.example:8443"),
            ("sec-fetch-site", "cross-site"),
        ];
        assert_eq!(sender(&fetched), Sender::AnotherPage, "Fetch Metadata counts before");
    }

    #[test]
    fn a_form_from_another_site_is_refused_even_with_the_token() {
        let guard = FormGuard::new(&Zeroizing::new([3; 32]));
        let token = guard.token(b"session", "log-out");
        for (site, expected) in [
            ("same-origin", Ok(())),
            ("cross-site", Err(Forged)),
            ("same-site", Err(Forged)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            assert_eq!(guard.check(b"session", "log-out", &token, &headers), expected, "{site}");
        }
    }
}
