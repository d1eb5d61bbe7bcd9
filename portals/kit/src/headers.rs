//! What browsers are told about every answer: what a page may load, that it is framed by nobody, that TLS is not left.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use url::Url;

/// What one page may do beyond the rule: nothing inline, nothing from elsewhere, forms to this portal alone. A handler
/// puts it into its answer's extensions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    forms: Vec<String>,
    scripts: bool,
    asks: Vec<String>,
}

impl Policy {
    /// The page's forms may also go to `target`'s origin, or be redirected there: browsers apply the rule to
    /// redirects too.
    pub fn forms_to(mut self, target: &Url) -> Self {
        let origin = target.origin();
        // An opaque origin would be written as `null`, which stands for many.
        if origin.is_tuple() {
            self.forms.push(origin.ascii_serialization());
        }
        self
    }

    /// The page may run this portal's own script files.
    pub fn scripts(mut self) -> Self {
        self.scripts = true;
        self
    }

    /// Scripts of the page may ask this portal, and `target`'s origin.
    pub fn scripts_asking(mut self, target: &Url) -> Self {
        let origin = target.origin();
        if origin.is_tuple() {
            self.asks.push(origin.ascii_serialization());
        }
        self.scripts()
    }

    /// As Content Security Policy Level 3 writes it.
    fn text(&self) -> String {
        let mut text = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                        frame-ancestors 'none'; form-action 'self'"
            .to_owned();
        for origin in &self.forms {
            text.push(' ');
            text.push_str(origin);
        }
        if self.scripts {
            text.push_str("; script-src 'self'");
        }
        if !self.asks.is_empty() {
            text.push_str("; connect-src 'self'");
        }
        for origin in &self.asks {
            text.push(' ');
            text.push_str(origin);
        }
        text
    }
}

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Puts the headers on an answer; `tls` when it goes over TLS. What a handler has set of caching stays.
pub(crate) fn put(headers: &mut HeaderMap, policy: &Policy, tls: bool) {
    let text = policy.text();
    // An origin's serialization is ASCII without separators.
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::try_from(text).expect("a policy is visible ASCII"),
    );
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
        (
            PERMISSIONS_POLICY,
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if tls {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_nothing_inline_and_sends_its_forms_where_the_handler_said() {
        let target = Url::parse("https://relay.example:8443/saml/slo?x=1;script-src *").unwrap();
        let mut headers = HeaderMap::new();
        put(&mut headers, &Policy::default().forms_to(&target), true);
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("form-action 'self' https://relay.example:8443"));
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
        assert_eq!(headers[CACHE_CONTROL], "no-store");
    }

    #[test]
    fn scripts_ask_nobody_but_whom_the_handler_named() {
        let bridge = Url::parse("http://127.0.0.1:47100/eligibility; x").unwrap();
        let mut headers = HeaderMap::new();
        put(&mut headers, &Policy::default().scripts_asking(&bridge), true);
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("script-src 'self'; connect-src 'self' http://127.0.0.1:47100"));
    }

    #[test]
    fn a_loopback_page_promises_no_tls() {
        let mut headers = HeaderMap::new();
        put(&mut headers, &Policy::default(), false);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
