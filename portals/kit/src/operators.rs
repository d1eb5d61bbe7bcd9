//! Operators who sign: two people stand for what one alone may not do, each with a key of their own.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// What a line holds that is no operator's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an operator's {0}")]
pub struct NotAnOperator(&'static str);

/// An operator as a configuration names them: a name and a public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    name: String,
    key: String,
    point: Vec<u8>,
}

impl Operator {
    /// The operator of a line `name key`, the key as 87 characters of base64url.
    pub fn from_text(text: &str) -> Option<Self> {
        let (name, key) = text.split_once(' ')?;
        let point = URL_SAFE_NO_PAD.decode(key).ok()?;
        (is_name(name) && point.len() == 65 && point[0] == 4).then(|| Self {
            name: name.to_owned(),
            key: key.to_owned(),
            point,
        })
    }

    /// The line.
    pub fn to_text(&self) -> String {
        format!("{} {}", self.name, self.key)
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Public key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether `signature` is this operator's under `words`.
    pub fn signed(&self, words: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point);
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| key.verify(words, &signature).is_ok())
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// An operator's own key, which stays with the operator and not with the process.
pub struct OperatorKey {
    name: String,
    pair: EcdsaKeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl OperatorKey {
    /// A new one for the operator called `name`.
    ///
    /// # Errors
    /// [`NotAnOperator`] when the name is none.
    pub fn generate(name: &str) -> Result<Self, NotAnOperator> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| NotAnOperator("key"))?;
        let document = pair.to_pkcs8v1().map_err(|_| NotAnOperator("key"))?;
        let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
        is_name(name).then_some(()).ok_or(NotAnOperator("name"))?;
        Ok(Self {
            name: name.to_owned(),
            pair,
            pkcs8,
        })
    }

    /// The key of a line that [`OperatorKey::to_text`] wrote.
    ///
    /// # Errors
    /// [`NotAnOperator`]
    pub fn from_text(text: &str) -> Result<Self, NotAnOperator> {
        let (name, key) = text.trim().split_once(' ').ok_or(NotAnOperator("key file"))?;
        let pkcs8 = Zeroizing::new(URL_SAFE_NO_PAD.decode(key).map_err(|_| NotAnOperator("key file"))?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)
            .map_err(|_| NotAnOperator("key file"))?;
        is_name(name).then_some(()).ok_or(NotAnOperator("name"))?;
        Ok(Self {
            name: name.to_owned(),
            pair,
            pkcs8,
        })
    }

    /// One line, for the operator's own file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.pkcs8));
        Zeroizing::new(format!("{} {}", self.name, *key))
    }

    /// What a configuration names.
    pub fn operator(&self) -> Operator {
        let point = self.pair.public_key().as_ref().to_vec();
        Operator {
            name: self.name.clone(),
            key: URL_SAFE_NO_PAD.encode(&point),
            point,
        }
    }

    /// Signs `words`.
    pub fn sign(&self, words: &[u8]) -> String {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), words)
            .expect("a P-256 key signs unless the system has no randomness");
        URL_SAFE_NO_PAD.encode(signature.as_ref())
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorKey({})", self.name)
    }
}

fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_operators_own_and_for_these_words() {
        let hama = OperatorKey::from_text(&OperatorKey::generate("hama").unwrap().to_text()).unwrap();
        let iso = OperatorKey::generate("iso").unwrap();
        let known = Operator::from_text(&hama.operator().to_text()).unwrap();
        let signature = hama.sign(b"words");
        assert!(known.signed(b"words", &signature));
        assert!(!known.signed(b"other words", &signature));
        assert!(!known.signed(b"words", &iso.sign(b"words")));
        assert!(!known.signed(b"words", "nonsense"));
    }
}
