//! Who is signed in: found by the cookie, shown by a short name that gives nothing away.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderMap;
use portal_kit::Trouble;
use provider_records::{ProviderError, Secret, Session};
use relay_saml::{
    message::NameId,
    names::{AuthnContext, NameIdFormat},
    wsf::Reference,
};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::Service;

/// A session with the secret of its cookie.
pub struct SignedIn {
    pub(crate) secret: Secret,
    /// How and when it was begun, and until when it lasts.
    pub session: Session,
    /// How the person is shown.
    pub short_name: String,
    /// Where the person's records are found, if the relay said so at the sign-in.
    pub(crate) discovery: Option<String>,
}

impl SignedIn {
    /// By what a portal keeps something of this session in memory: a hash, from which no cookie can be made.
    pub fn key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        let text = [b"kept beside the session\0".as_slice(), self.secret.as_slice()].concat();
        key.copy_from_slice(digest(&SHA256, &text).as_ref());
        key
    }

    /// Whether a card elsewhere approved this sign-in on a telephone: enough to read, never to change anything.
    pub fn by_telephone(&self) -> bool {
        AuthnContext::from(self.session.context.as_str()) == AuthnContext::Telephone
    }
}

impl Service {
    /// Who a browser is signed in as, if anybody; asking keeps the session going.
    ///
    /// # Errors
    /// [`Trouble`] when the records are away or can't be read.
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Trouble> {
        let Some(secret) = secret_in(self.cookies.session.read(headers)) else {
            return Ok(None);
        };
        let found = self.records.session(&secret, self.clock.now()).await;
        let Some(session) = found.map_err(trouble)? else {
            return Ok(None);
        };
        let Some(name) = StoredName::read(&session.name) else {
            return Err(Trouble::ours());
        };
        Ok(Some(SignedIn {
            secret,
            short_name: short_name(self.portal.code, &name.value),
            discovery: name.discovery.clone(),
            session,
        }))
    }
}

impl Service {
    /// The token that a `form` of `person`'s page carries.
    pub fn form_token(&self, person: &SignedIn, form: &str) -> String {
        self.forms.token(person.secret.as_slice(), form)
    }

    /// Checks the token that came with `form`.
    ///
    /// # Errors
    /// [`Trouble`] for one that no page of this session sent.
    pub fn check_form(&self, person: &SignedIn, form: &str, token: &str, headers: &HeaderMap) -> Result<(), Trouble> {
        Ok(self.forms.check(person.secret.as_slice(), form, token, headers)?)
    }
}

/// The secret in a cookie's value.
pub(crate) fn secret_in(value: Option<&str>) -> Option<Secret> {
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(value?, secret.as_mut_slice()).ok()?;
    Some(secret)
}

/// What the records' refusals mean to a visitor.
pub(crate) fn trouble(error: ProviderError) -> Trouble {
    match error {
        error if error.is_away() => {
            tracing::warn!(%error, "the database is away");
            Trouble::busy()
        }
        error => {
            tracing::error!(%error, "records");
            Trouble::ours()
        }
    }
}

/// Eight letters and digits that stand for a pseudonym on a screen: enough to say at a counter which of two it is,
/// nothing that leads back to the pseudonym (SHA-256, 40 bits of it), in letters that are not mistaken for one another
/// (Crockford's base 32). Another one in each portal, which `code` names.
pub fn short_name(code: &str, pseudonym: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let hash = digest(&SHA256, format!("{code} short name\0{pseudonym}").as_bytes());
    let bits = hash.as_ref()[..5]
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let letter = |at: u64| char::from(LETTERS[(bits >> (35 - 5 * at) & 31) as usize]);
    (0..4).map(letter).chain(['-']).chain((4..8).map(letter)).collect()
}

/// A NameID as it is kept, sealed, for as long as the session goes on.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredName {
    pub(crate) value: String,
    qualifier: Option<String>,
    sp_qualifier: Option<String>,
    sp_provided: Option<String>,
    /// The reference to the discovery service: good as long as the session.
    #[serde(default)]
    discovery: Option<String>,
}

impl Drop for StoredName {
    fn drop(&mut self) {
        self.value.zeroize();
        self.sp_provided.zeroize();
        self.discovery.zeroize();
    }
}

impl StoredName {
    pub(crate) fn of(name: &NameId, discovery: Option<&Reference>) -> Self {
        Self {
            value: name.value.clone(),
            qualifier: name.qualifier.clone(),
            sp_qualifier: name.sp_qualifier.clone(),
            sp_provided: name.sp_provided.clone(),
            discovery: discovery.map(Reference::xml),
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(crate) fn write(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).unwrap_or_default())
    }

    pub(crate) fn name_id(&self) -> NameId {
        NameId {
            value: self.value.clone(),
            format: NameIdFormat::Persistent,
            qualifier: self.qualifier.clone(),
            sp_qualifier: self.sp_qualifier.clone(),
            sp_provided: self.sp_provided.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_stable_short_and_no_part_of_the_pseudonym() {
        let pseudonym = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k";
        let short = short_name("my-page", pseudonym);
        assert_eq!(short, short_name("my-page", pseudonym));
        assert_eq!(short.len(), 9);
        assert_ne!(short, short_name("clinic", pseudonym));
        assert_ne!(
            short,
            short_name("my-page", "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4l")
        );
        assert!(!pseudonym.contains(&short[..4]));
    }

    #[test]
    fn a_stored_name_comes_back_whole() {
        let name = NameId {
            value: "canary".into(),
            format: NameIdFormat::Persistent,
            qualifier: Some("https://relay.example".into()),
            sp_qualifier: Some("https://my-page.example".into()),
            sp_provided: None,
        };
        let stored = StoredName::of(&name, None).write();
        assert!(StoredName::read(&stored).unwrap().name_id() == name);
    }
}
