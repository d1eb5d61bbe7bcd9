//! Cookies that only this portal reads: always `Secure`, `HttpOnly`, for the whole host and no other (`__Host-`,
//! RFC 6265bis §4.1.3.2), so that a neighbour on the same domain can neither read nor plant one.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use relay_core::{
    chance::Chance,
    seal::{Place, Sealer},
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// When a browser sends a cookie along from another site's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    Strict,
    /// Along a link, not with a form.
    Lax,
    /// Always: SAML's POST binding brings forms from other sites.
    None,
}

/// One kind of cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    /// Its name, without the prefix.
    pub name: &'static str,
    /// When it is sent along.
    pub same_site: SameSite,
    /// How long the browser keeps it; none ends with the browser.
    pub life: Option<Duration>,
}

impl Cookie {
    /// Its value in a request. When a browser sends two of the name, none counts.
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| {
                pair.trim()
                    .strip_prefix("__Host-")?
                    .strip_prefix(self.name)?
                    .strip_prefix('=')
            });
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// `Set-Cookie` with `value`: letters, digits, `-` and `_`; anything else in it is left out.
    pub fn set(&self, value: &str) -> HeaderValue {
        let value: String = value
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
            .collect();
        self.header(&value, self.life)
    }

    /// `Set-Cookie` that takes it away.
    pub fn clear(&self) -> HeaderValue {
        self.header("", Some(Duration::ZERO))
    }

    fn header(&self, value: &str, life: Option<Duration>) -> HeaderValue {
        let same_site = match self.same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        };
        let life = life.map_or(String::new(), |life| format!("; Max-Age={}", life.whole_seconds()));
        HeaderValue::try_from(format!(
            "__Host-{}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{life}",
            self.name
        ))
        .expect("names and filtered values are visible ASCII")
    }
}

/// A cookie whose content the browser can neither read nor change nor keep longer than meant.
#[derive(Debug, Clone)]
pub struct SealedCookie {
    cookie: Cookie,
    life: Duration,
    sealer: Arc<Sealer>,
}

impl SealedCookie {
    /// A cookie sealed with `sealer`, good for `life`.
    pub fn new(name: &'static str, same_site: SameSite, life: Duration, sealer: Arc<Sealer>) -> Self {
        Self {
            cookie: Cookie {
                name,
                same_site,
                life: Some(life),
            },
            life,
            sealer,
        }
    }

    /// `Set-Cookie` holding `content`.
    pub fn set(&self, content: &[u8], now: OffsetDateTime, chance: &mut dyn Chance) -> HeaderValue {
        let mut plain = Zeroizing::new((now + self.life).unix_timestamp().to_be_bytes().to_vec());
        plain.extend_from_slice(content);
        let sealed = self.sealer.seal(self.place(), &plain, chance);
        self.cookie.set(&URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Its content in a request, if it is whole, ours and not over.
    pub fn read(&self, headers: &HeaderMap, now: OffsetDateTime) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = URL_SAFE_NO_PAD.decode(self.cookie.read(headers)?).ok()?;
        let plain = self.sealer.open(self.place(), &sealed).ok()?;
        let (until, content) = plain.split_first_chunk::<8>()?;
        (now.unix_timestamp() < i64::from_be_bytes(*until)).then(|| Zeroizing::new(content.to_vec()))
    }

    /// `Set-Cookie` that takes it away.
    pub fn clear(&self) -> HeaderValue {
        self.cookie.clear()
    }

    /// One cookie's content must not pass for another's.
    fn place(&self) -> Place<'static> {
        Place {
            table: "cookie",
            row: &[0; 16],
            column: self.cookie.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 0:00 UTC);

    fn sealed(name: &'static str) -> SealedCookie {
        let keys = [(1, Zeroizing::new([7; 32]))].into();
        let sealer = Arc::new(Sealer::new(1, keys, &Zeroizing::new([9; 32])));
        SealedCookie::new(name, SameSite::Lax, Duration::minutes(5), sealer)
    }

    fn brought_back(set: &HeaderValue) -> HeaderMap {
        let set = set.to_str().unwrap();
        let pair = set.split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("other=1; {pair}")).unwrap())])
    }

    #[test]
    fn a_cookie_is_for_this_host_over_tls_and_no_script() {
        let cookie = Cookie {
            name: "session",
            same_site: SameSite::Lax,
            life: None,
        };
        let set = cookie.set("ab-_9; Domain=evil");
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-session=ab-_9Domainevil; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(cookie.read(&brought_back(&set)), Some("ab-_9Domainevil"));
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("__Host-s=1; __Host-s=2"))]);
        let cookie = Cookie {
            name: "s",
            same_site: SameSite::Lax,
            life: None,
        };
        assert_eq!(cookie.read(&headers), None);
    }

    #[test]
    fn a_sealed_cookie_opens_while_it_lasts_and_under_its_own_name_only() {
        let set = sealed("request").set(b"id", NOW, &mut SeededChance::new(1));
        let headers = brought_back(&set);
        assert_eq!(sealed("request").read(&headers, NOW).unwrap().as_slice(), b"id");
        assert!(sealed("request").read(&headers, NOW + Duration::minutes(5)).is_none());
        let renamed = set.to_str().unwrap().replace("request", "session");
        assert!(
            sealed("session")
                .read(&brought_back(&HeaderValue::from_str(&renamed).unwrap()), NOW)
                .is_none()
        );
    }
}
