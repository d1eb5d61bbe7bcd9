//! Which identity provider a person uses: the common domain cookie (saml-profiles section 4.3) and the discovery
//! service protocol (sstc-saml-idp-discovery). Both say where somebody signs in, never who.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    message::{EntityId, SpRole},
    send::{encoded, with_query},
};

/// The common domain cookie's name. It is set for the whole common domain, path `/`, `Secure`
/// (saml-profiles section 4.3.1).
pub const COOKIE: &str = "_saml_idp";

/// So many identity providers are remembered: the cookie stays far below what browsers take.
const REMEMBERED: usize = 8;

/// The identity providers in a common domain cookie's value, the most recent last. What can't be read is passed over:
/// the cookie is anybody's in the domain, and only ever a suggestion.
pub fn remembered(cookie: &str) -> Vec<EntityId> {
    let pairs = url::form_urlencoded::parse(cookie.as_bytes());
    let Some((list, _)) = pairs.into_iter().next() else {
        return Vec::new();
    };
    let known: Vec<_> = list
        .split(' ')
        .filter_map(|name| String::from_utf8(STANDARD.decode(name).ok()?).ok())
        .filter_map(|name| EntityId::parse(&name))
        .collect();
    known[known.len().saturating_sub(REMEMBERED)..].to_vec()
}

/// The cookie's new value after `chosen` was used: it stands last, once.
pub fn remembering(cookie: Option<&str>, chosen: &EntityId) -> String {
    let mut known = cookie.map(remembered).unwrap_or_default();
    known.retain(|entity| entity != chosen);
    known.push(chosen.clone());
    let from = known.len().saturating_sub(REMEMBERED);
    let list: Vec<_> = known[from..]
        .iter()
        .map(|entity| STANDARD.encode(entity.as_str()))
        .collect();
    encoded(&list.join(" "))
}

/// A service asks which identity provider its visitor uses (sstc-saml-idp-discovery section 2.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryRequest {
    pub service: EntityId,
    /// Where the browser goes back to; none named: the default of the service's metadata.
    pub return_to: Option<String>,
    /// In which parameter the answer goes.
    pub parameter: String,
    /// The person must not be asked anything.
    pub passive: bool,
}

/// Why a discovery request is not answered. The browser stays here: sent on, it could go anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryRefusal {
    /// No service is named, or what is named is no entity.
    #[error("the request names no service")]
    NoService,
    /// Another policy than `single` is asked for.
    #[error("only the policy `single` is known")]
    Policy,
    /// A parameter comes twice.
    #[error("a parameter comes twice")]
    Twice,
    /// The address to go back to is not in the service's metadata.
    #[error("the address to return to is not in the service's metadata")]
    Return,
}

const POLICY: &str = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol:single";

impl DiscoveryRequest {
    /// The request in a URL's `query`.
    ///
    /// # Errors
    /// [`DiscoveryRefusal`] when it names no service, a parameter twice, or a policy that isn't known.
    pub fn read(query: &str) -> Result<Self, DiscoveryRefusal> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let one = |name: &str| {
            let mut values = pairs
                .iter()
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value.as_ref());
            let first = values.next();
            match values.next() {
                Some(_) => Err(DiscoveryRefusal::Twice),
                None => Ok(first),
            }
        };
        if one("policy")?.is_some_and(|policy| policy != POLICY) {
            return Err(DiscoveryRefusal::Policy);
        }
        Ok(Self {
            service: one("entityID")?
                .and_then(EntityId::parse)
                .ok_or(DiscoveryRefusal::NoService)?,
            return_to: one("return")?.map(str::to_owned),
            parameter: one("returnIDParam")?.unwrap_or("entityID").to_owned(),
            passive: one("isPassive")? == Some("true"),
        })
    }

    /// The URL at the discovery service `location` that asks this.
    pub fn url(&self, location: &str) -> String {
        let mut query = format!("entityID={}", encoded(self.service.as_str()));
        if let Some(return_to) = &self.return_to {
            query.push_str(&format!("&return={}", encoded(return_to)));
        }
        if self.parameter != "entityID" {
            query.push_str(&format!("&returnIDParam={}", encoded(&self.parameter)));
        }
        if self.passive {
            query.push_str("&isPassive=true");
        }
        with_query(location, &query)
    }

    /// The URL the browser goes back to with the answer `chosen`, or without one (section 2.4.3).
    ///
    /// # Errors
    /// [`DiscoveryRefusal::Return`] unless the address is one of `service`'s metadata: the same, or the same with a
    /// query behind it (section 2.5).
    pub fn answer(&self, service: &SpRole, chosen: Option<&EntityId>) -> Result<String, DiscoveryRefusal> {
        let places = &service.discovery_responses;
        let back = match &self.return_to {
            Some(wanted) => places
                .iter()
                .any(|place| is_under(wanted, &place.location))
                .then_some(wanted),
            None => places
                .iter()
                .find(|place| place.is_default == Some(true))
                .or_else(|| places.iter().min_by_key(|place| place.index))
                .map(|place| &place.location),
        }
        .ok_or(DiscoveryRefusal::Return)?;
        Ok(match chosen {
            Some(entity) => with_query(
                back,
                &format!("{}={}", encoded(&self.parameter), encoded(entity.as_str())),
            ),
            None => back.clone(),
        })
    }
}

/// Whether `wanted` is `location`, or it with a query behind. A character that could begin another host, a fragment or a
/// header's line is in no such address.
fn is_under(wanted: &str, location: &str) -> bool {
    let plain = !wanted
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\' || c == '#');
    plain
        && match wanted.strip_prefix(location) {
            Some("") => true,
            Some(rest) => rest.starts_with('?') || location.contains('?') && rest.starts_with('&'),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::IndexedEndpoint;

    fn entity(text: &str) -> EntityId {
        EntityId::parse(text).unwrap()
    }

    fn service() -> SpRole {
        let place = |index, location: &str| IndexedEndpoint {
            index,
            is_default: None,
            binding: None,
            location: location.into(),
        };
        SpRole {
            discovery_responses: vec![place(2, "https://sp.example/two"), place(1, "https://sp.example/login")],
            ..SpRole::default()
        }
    }

    #[test]
    fn the_identity_provider_used_last_stands_last_and_once() {
        let (one, two) = (entity("https://one.example/"), entity("https://two.example/?a+b"));
        let cookie = remembering(None, &one);
        let cookie = remembering(Some(&cookie), &two);
        assert_eq!(remembered(&cookie), [one.clone(), two.clone()]);
        let cookie = remembering(Some(&cookie), &one);
        assert_eq!(remembered(&cookie), [two, one]);
        assert!(!cookie.contains([' ', '+', ';', ',']), "a cookie holds it as it is");
    }

    #[test]
    fn a_cookie_full_of_nonsense_is_no_suggestion_and_no_error() {
        let known = (0..40).fold(String::new(), |cookie, at| {
            remembering(Some(&cookie), &entity(&format!("https://{at}.example/")))
        });
        assert_eq!(remembered(&known).len(), REMEMBERED);
        assert_eq!(remembered("%00%ff !!! AAAA"), []);
        assert_eq!(remembered(""), []);
    }

    #[test]
    fn an_answer_goes_only_where_the_services_metadata_says() {
        let asked = |query: &str| DiscoveryRequest::read(query).unwrap();
        let idp = entity("https://relay.example/saml/metadata");
        let back = |query: &str| asked(query).answer(&service(), Some(&idp));
        let given = "entityID=https%3A%2F%2Frelay.example%2Fsaml%2Fmetadata";
        assert_eq!(
            back("entityID=https://sp.example/metadata").unwrap(),
            format!("https://sp.example/login?{given}")
        );
        let with_target = "entityID=https://sp.example/&return=https%3A%2F%2Fsp.example%2Flogin%3Ftarget%3Dx";
        assert_eq!(
            back(with_target).unwrap(),
            format!("https://sp.example/login?target=x&{given}")
        );
        for elsewhere in [
            "https://evil.example/",
            "https://sp.example/login.evil.example/",
            "https://sp.example/login%23x",
            "https://sp.example/login?x=%0d%0aSet-Cookie:",
            "https://sp.example/other",
        ] {
            let query = format!("entityID=https://sp.example/&return={}", encoded(elsewhere));
            // Those that carry escapes are escaped once more in the query: what is compared is the address itself.
            let once = format!("entityID=https://sp.example/&return={elsewhere}");
            for query in [query, once] {
                let answer = asked(&query).answer(&service(), Some(&idp));
                let harmless = answer
                    .as_ref()
                    .is_ok_and(|url| url.starts_with("https://sp.example/login?"));
                assert!(
                    answer == Err(DiscoveryRefusal::Return) || harmless,
                    "{query}: {answer:?}"
                );
            }
        }
        let quiet = asked("entityID=https://sp.example/&isPassive=true");
        assert!(quiet.passive);
        assert_eq!(quiet.answer(&service(), None).unwrap(), "https://sp.example/login");
    }

    #[test]
    fn a_request_is_read_as_it_was_asked_and_a_doubtful_one_is_refused() {
        let request = DiscoveryRequest {
            service: entity("https://sp.example/metadata?a=1&b=2"),
            return_to: Some("https://sp.example/login?target=%2Fa b".into()),
            parameter: "idp".into(),
            passive: true,
        };
        let url = request.url("https://relay.example/discovery?lang=ja");
        let (_, query) = url.split_once('?').unwrap();
        assert_eq!(DiscoveryRequest::read(query), Ok(request));
        for (query, refusal) in [
            ("", DiscoveryRefusal::NoService),
            ("entityID=", DiscoveryRefusal::NoService),
            ("entityID=https://a/&entityID=https://b/", DiscoveryRefusal::Twice),
            ("entityID=https://a/&policy=urn:other", DiscoveryRefusal::Policy),
        ] {
            assert_eq!(DiscoveryRequest::read(query), Err(refusal));
        }
    }
}
