//! What is encrypted to this side: opened inside its own wrapper, never spliced into the message.
//!
//! Every failure is one refusal, so that nobody learns from it how far the opening went. What is opened stands in a
//! message whose signature was checked before.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use zeroize::Zeroizing;

use super::{
    Refusal,
    document::{Document, Limits, Node},
    names::ns,
};

/// This side's keys for what is encrypted to it: the current one, and the old one while it is replaced.
pub struct DecryptionKeys(Vec<OaepPrivateDecryptingKey>);

impl fmt::Debug for DecryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKeys({})", self.0.len())
    }
}

impl DecryptionKeys {
    /// The RSA keys in `keys` (PKCS#8, DER), tried in that order.
    ///
    /// # Errors
    /// [`Refusal::NoKey`] when there is none, or one is not an RSA key of 2,048 bits or more.
    pub fn from_pkcs8<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Result<Self, Refusal> {
        let read = |key| OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(key).ok()?).ok();
        let keys: Option<Vec<_>> = keys.into_iter().map(read).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err(Refusal::NoKey),
        }
    }
}

/// How a message's content is encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    /// Without a tag: taken by a named exception only.
    Cbc(&'static str),
}

impl Cipher {
    fn parse(uri: &str, chaining: bool) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Self::Aes128Gcm,
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Self::Aes256Gcm,
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" if chaining => {
                Self::Cbc("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
            }
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" if chaining => {
                Self::Cbc("http://www.w3.org/2001/04/xmlenc#aes256-cbc")
            }
            _ => return None,
        })
    }

    fn open(self, key: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let algorithm = match self {
            Self::Aes128Gcm => &AES_128_GCM,
            Self::Aes256Gcm => &AES_256_GCM,
            Self::Cbc(uri) => {
                let cipher = bergshamra::crypto::cipher::from_uri(uri).ok()?;
                return cipher.decrypt(key, sealed).ok().map(Zeroizing::new);
            }
        };
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key.open_in_place(nonce, Aad::empty(), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }
}

/// Opens an `EncryptedID`, `EncryptedAssertion` or the like, and hands the one element in it to `read`.
///
/// `chaining`: AES-CBC is taken too.
pub(super) fn open<T>(
    wrapper: Node<'_>,
    keys: &DecryptionKeys,
    chaining: bool,
    read: impl FnOnce(&Document<'_>, Node<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let plain = plaintext(wrapper, keys, chaining).ok_or(Refusal::NotDecrypted)?;
    let framed = framed(wrapper, &plain).ok_or(Refusal::NotDecrypted)?;
    let document = Document::read(framed.as_bytes(), Limits::MESSAGE).map_err(|_| Refusal::NotDecrypted)?;
    // Text beside the element is what a changed AES-CBC ciphertext leaves there.
    match document.root().only_child() {
        Some(one) => read(&document, one),
        None => Err(Refusal::NotDecrypted),
    }
}

/// Whether the content is under AES-CBC, which stands there in clear.
pub(super) fn is_chained(wrapper: Node<'_>) -> bool {
    let method = wrapper
        .needs(ns::ENCRYPTION, "EncryptedData")
        .and_then(|data| data.needs(ns::ENCRYPTION, "EncryptionMethod"));
    let algorithm = method.ok().and_then(|method| method.attribute("Algorithm"));
    algorithm.is_some_and(|uri| matches!(Cipher::parse(uri, true), Some(Cipher::Cbc(_))))
}

fn plaintext(wrapper: Node<'_>, keys: &DecryptionKeys, chaining: bool) -> Option<Zeroizing<Vec<u8>>> {
    let data = wrapper.needs(ns::ENCRYPTION, "EncryptedData").ok()?;
    // Content that is no element would not be what the schema has in this place.
    if data.attribute("Type") != Some("http://www.w3.org/2001/04/xmlenc#Element") {
        return None;
    }
    let method = data.needs(ns::ENCRYPTION, "EncryptionMethod").ok()?;
    let cipher = Cipher::parse(method.attribute("Algorithm")?, chaining)?;
    let sealed = cipher_value(data)?;
    // The key stands inside KeyInfo, or beside the data (saml-core section 2.2.4 has both).
    let info = data.one(ns::SIGNATURE, "KeyInfo").ok()?;
    let inside = info
        .into_iter()
        .flat_map(|info| info.all(ns::ENCRYPTION, "EncryptedKey"));
    let beside = wrapper.all(ns::ENCRYPTION, "EncryptedKey");
    let mut sealed_keys = inside.chain(beside).take(MOST_RECIPIENTS);
    sealed_keys.find_map(|sealed_key| {
        let algorithm = transport(sealed_key.needs(ns::ENCRYPTION, "EncryptionMethod").ok()?)?;
        let wrapped = cipher_value(sealed_key)?;
        keys.0.iter().find_map(|key| {
            let mut out = Zeroizing::new(vec![0; key.min_output_size()]);
            let content_key = key.decrypt(algorithm, &wrapped, &mut out, None).ok()?;
            cipher.open(content_key, &sealed)
        })
    })
}

/// A message to several keys of one receiver, or to a few receivers; each costs an RSA operation.
const MOST_RECIPIENTS: usize = 4;

/// RSA-OAEP in its two usual forms. RSA with PKCS#1 v1.5 padding is never opened: it answers guesses.
fn transport(method: Node<'_>) -> Option<&'static OaepAlgorithm> {
    if method.one(ns::ENCRYPTION, "OAEPparams").ok()?.is_some() {
        return None;
    }
    let digest = method
        .one(ns::SIGNATURE, "DigestMethod")
        .ok()?
        .map(|digest| digest.attribute("Algorithm"));
    let mask = method
        .one(ns::ENCRYPTION_11, "MGF")
        .ok()?
        .map(|mask| mask.attribute("Algorithm"));
    match (method.attribute("Algorithm")?, digest, mask) {
        (
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            None | Some(Some("http://www.w3.org/2000/09/xmldsig#sha1")),
            None,
        ) => Some(&OAEP_SHA1_MGF1SHA1),
        (
            "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            Some(Some("http://www.w3.org/2001/04/xmlenc#sha256")),
            Some(Some("http://www.w3.org/2009/xmlenc11#mgf1sha256")),
        ) => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}

fn cipher_value(node: Node<'_>) -> Option<Vec<u8>> {
    let data = node.needs(ns::ENCRYPTION, "CipherData").ok()?;
    data.needs(ns::ENCRYPTION, "CipherValue")
        .ok()?
        .base64("CipherValue")
        .ok()
}

/// The plaintext inside an element that declares the namespaces of the place it stood in. Text that tries to leave
/// the frame makes it not well-formed.
fn framed(wrapper: Node<'_>, plain: &[u8]) -> Option<Zeroizing<String>> {
    let plain = std::str::from_utf8(plain).ok()?;
    let mut out = Zeroizing::new(String::with_capacity(plain.len() + 512));
    out.push_str("<opened");
    for (prefix, uri) in wrapper.namespaces() {
        if uri.contains(['"', '<', '&']) || prefix == "xml" {
            continue;
        }
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        out.push_str("=\"");
        out.push_str(uri);
        out.push('"');
    }
    out.push('>');
    out.push_str(plain);
    out.push_str("</opened>");
    Some(out)
}
