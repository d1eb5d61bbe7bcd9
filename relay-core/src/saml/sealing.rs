//! What only one reader may read: a name, or a whole assertion, encrypted to that reader's key (W3C XML Encryption).
//!
//! The form is the one that every peer tried could read: `EncryptedKey` inside `KeyInfo` inside `EncryptedData`, the
//! plaintext an element that stands by itself, no declaration, no blank round it, `Type` saying so. It is filled in as a
//! small element tree, not made by encrypting part of a document.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::{
    message::{EncryptionMethod, KeyDescriptor, KeyUse, NameId},
    send,
    writer::{Element, Space},
};
use crate::chance::{Chance, draw};

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

/// What the content is encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContentCipher {
    /// The default: a changed bit is noticed.
    #[default]
    Aes128Gcm,
    /// The same with a longer key.
    Aes256Gcm,
    /// Only for a service that names nothing better: it decrypts after bits were flipped. The assertion's signature
    /// round it is what protects the content.
    Aes128Cbc,
    /// The same with a longer key.
    Aes256Cbc,
}

impl ContentCipher {
    const ALL: [Self; 4] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes128Cbc, Self::Aes256Cbc];

    /// The algorithm's URI, as in `xenc:EncryptionMethod`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    /// Whether a changed bit is noticed at decryption.
    pub const fn authenticates(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }
}

/// How the content's key is encrypted to the reader's RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyTransport {
    /// The default, which every peer reads: RSA-OAEP with MGF1, both with SHA-1. OAEP does not rest on SHA-1's
    /// resistance to collisions.
    #[default]
    OaepSha1,
    /// XML Encryption 1.1's RSA-OAEP, digest and MGF1 with SHA-256.
    OaepSha256,
}

impl KeyTransport {
    const ALL: [Self; 2] = [Self::OaepSha1, Self::OaepSha256];

    /// The algorithm's URI, as in `xenc:EncryptionMethod`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::OaepSha1 => "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            Self::OaepSha256 => "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        }
    }

    const fn digest(self) -> &'static str {
        match self {
            Self::OaepSha1 => SHA1,
            Self::OaepSha256 => SHA256,
        }
    }

    const fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            Self::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }

    /// Whether metadata that names `method` names this.
    fn is(self, method: &EncryptionMethod) -> bool {
        method.algorithm == self.uri() && method.digest.as_deref().is_none_or(|digest| digest == self.digest())
    }
}

/// Why nothing can be encrypted to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyError {
    /// Not an X.509 certificate.
    #[error("the certificate can't be read")]
    Certificate,
    /// RSA is the only kind of key that peers can be encrypted to.
    #[error("the certificate holds no RSA key of 2048 bits or more")]
    Key,
    /// The reader's metadata names algorithms, and none that is spoken here.
    #[error("the metadata names no content cipher or no key transport that is spoken here")]
    NoCommonMethod,
}

/// A reader's public key, with the algorithms it reads.
pub struct SealingKey {
    key: OaepPublicEncryptingKey,
    cipher: ContentCipher,
    transport: KeyTransport,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({:?}, {:?})", self.cipher, self.transport)
    }
}

impl SealingKey {
    /// The key in `certificate` (X.509, DER; only its key counts), for content under `cipher`.
    ///
    /// # Errors
    /// [`SealingKeyError`] when it is no certificate or holds no RSA key of 2,048 bits or more.
    pub fn new(certificate: &[u8], cipher: ContentCipher, transport: KeyTransport) -> Result<Self, SealingKeyError> {
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate)
            .map_err(|_| SealingKeyError::Certificate)?;
        let key = PublicEncryptingKey::from_der(parsed.public_key().raw).map_err(|_| SealingKeyError::Key)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| SealingKeyError::Key)?;
        if key.key_size_bits() < 2048 {
            return Err(SealingKeyError::Key);
        }
        Ok(Self { key, cipher, transport })
    }

    /// The key of metadata's `descriptor`, with the best it says it reads; the defaults where it says nothing.
    ///
    /// # Errors
    /// [`SealingKeyError`] when the key can't be used or nothing it names is spoken here.
    pub fn described(descriptor: &KeyDescriptor) -> Result<Self, SealingKeyError> {
        let (cipher, transport) = chosen(&descriptor.methods).ok_or(SealingKeyError::NoCommonMethod)?;
        Self::new(&descriptor.certificate, cipher, transport)
    }

    /// The content cipher and key transport used.
    pub const fn algorithms(&self) -> (ContentCipher, KeyTransport) {
        (self.cipher, self.transport)
    }

    /// `name` as a whole `<saml:EncryptedID>` that stands by itself, for [`Identified::Sealed`]. Fresh at each call:
    /// two of one name have nothing in common.
    ///
    /// [`Identified::Sealed`]: super::message::Identified::Sealed
    pub fn seal_name(&self, name: &NameId, chance: &mut dyn Chance) -> String {
        let mut element = send::name_id(name);
        let plain = Zeroizing::new(element.canonical());
        element.wipe();
        Element::new(Space::Assertion, "EncryptedID")
            .child(self.encrypted_data(plain.as_bytes(), chance))
            .canonical()
    }

    /// `name` as a whole `<samlp:NewEncryptedID>`, for [`NameChange::NewSealed`].
    ///
    /// [`NameChange::NewSealed`]: super::message::NameChange::NewSealed
    pub fn seal_new_name(&self, name: &str, chance: &mut dyn Chance) -> String {
        let mut element = Element::new(Space::Protocol, "NewID").text(name);
        let plain = Zeroizing::new(element.canonical());
        element.wipe();
        Element::new(Space::Protocol, "NewEncryptedID")
            .child(self.encrypted_data(plain.as_bytes(), chance))
            .canonical()
    }

    /// A signed assertion as a whole `saml:EncryptedAssertion`.
    pub(crate) fn seal_assertion(&self, assertion: &Element, chance: &mut dyn Chance) -> Element {
        let plain = Zeroizing::new(assertion.canonical());
        Element::new(Space::Assertion, "EncryptedAssertion").child(self.encrypted_data(plain.as_bytes(), chance))
    }

    fn encrypted_data(&self, plain: &[u8], chance: &mut dyn Chance) -> Element {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_length()]);
        chance.fill(&mut key);
        let content = encrypt(self.cipher, &key, plain, chance);
        let encrypted_key = xenc("EncryptedKey")
            .child(self.key_method())
            .child(cipher_data(&self.wrap(&key)));
        xenc("EncryptedData")
            .attribute("Type", ELEMENT)
            .child(xenc("EncryptionMethod").attribute("Algorithm", self.cipher.uri()))
            .child(Element::new(Space::Signature, "KeyInfo").child(encrypted_key))
            .child(cipher_data(&content))
    }

    fn key_method(&self) -> Element {
        let digest = Element::new(Space::Signature, "DigestMethod").attribute("Algorithm", self.transport.digest());
        let method = xenc("EncryptionMethod")
            .attribute("Algorithm", self.transport.uri())
            .child(digest);
        match self.transport {
            KeyTransport::OaepSha1 => method,
            // Left out, 1.1 means MGF1 with SHA-1 (xmlenc-core1 section 5.5.2).
            KeyTransport::OaepSha256 => {
                method.child(Element::new(Space::Encryption11, "MGF").attribute("Algorithm", MGF1_SHA256))
            }
        }
    }

    fn wrap(&self, key: &[u8]) -> Vec<u8> {
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let length = self
            .key
            .encrypt(self.transport.algorithm(), key, &mut wrapped, None)
            .expect("32 bytes fit under an RSA key of 2048 bits")
            .len();
        wrapped.truncate(length);
        wrapped
    }
}

/// `certificate` (DER) as the key of this side's metadata that others encrypt to, naming what is read here, the most
/// wanted first. At the relay it is the blind half's: the front can't read what is sealed to it.
pub fn encryption_descriptor(certificate: &[u8]) -> KeyDescriptor {
    let read = |algorithm: &str, digest: Option<&str>| EncryptionMethod {
        algorithm: algorithm.to_owned(),
        digest: digest.map(str::to_owned),
    };
    let ciphers = ContentCipher::ALL.into_iter().filter(|cipher| cipher.authenticates());
    let transports = KeyTransport::ALL.into_iter();
    KeyDescriptor {
        usage: KeyUse::Encryption,
        certificate: certificate.to_vec(),
        methods: ciphers
            .map(|cipher| read(cipher.uri(), None))
            .chain(transports.map(|transport| read(transport.uri(), Some(transport.digest()))))
            .collect(),
    }
}

/// The best of what metadata names: among content ciphers those that notice a change first, then in the reader's order.
/// Where it names none of one kind, that kind's default.
fn chosen(methods: &[EncryptionMethod]) -> Option<(ContentCipher, KeyTransport)> {
    let (transports, ciphers): (Vec<_>, Vec<_>) = methods.iter().partition(|method| method.algorithm.contains("#rsa-"));
    let known: Vec<_> = ciphers
        .iter()
        .filter_map(|method| {
            ContentCipher::ALL
                .into_iter()
                .find(|cipher| cipher.uri() == method.algorithm)
        })
        .collect();
    let best = known.iter().find(|cipher| cipher.authenticates()).or(known.first());
    let cipher = match best {
        Some(cipher) => *cipher,
        None if ciphers.is_empty() => ContentCipher::default(),
        None => return None,
    };
    let first = transports
        .iter()
        .find_map(|method| KeyTransport::ALL.into_iter().find(|transport| transport.is(method)));
    let transport = match first {
        Some(transport) => transport,
        None if transports.is_empty() => KeyTransport::default(),
        None => return None,
    };
    Some((cipher, transport))
}

/// Nonce or IV, ciphertext, tag (XML Encryption 1.1 sections 5.2.4 and 5.2.2).
fn encrypt(cipher: ContentCipher, key: &[u8], plain: &[u8], chance: &mut dyn Chance) -> Vec<u8> {
    const REASON: &str = "a key of the cipher's own length encrypts";
    // Room for tag or padding, so that the plaintext is never left behind by a move.
    let mut body = Vec::with_capacity(plain.len() + 16);
    body.extend(plain);
    let mut out;
    if cipher.authenticates() {
        let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
        let nonce: [u8; NONCE_LEN] = draw(chance);
        LessSafeKey::new(UnboundKey::new(algorithm, key).expect(REASON))
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body)
            .expect(REASON);
        out = nonce.to_vec();
    } else {
        let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
        let iv: [u8; 16] = draw(chance);
        let key = UnboundCipherKey::new(algorithm, key).expect(REASON);
        // PKCS#7's padding is one of those XML Encryption allows: its last byte is the padding's length.
        PaddedBlockEncryptingKey::cbc_pkcs7(key)
            .and_then(|key| key.less_safe_encrypt(&mut body, EncryptionContext::Iv128(FixedLength::from(&iv))))
            .expect(REASON);
        out = iv.to_vec();
    }
    out.extend(body);
    out
}

fn cipher_data(bytes: &[u8]) -> Element {
    xenc("CipherData").child(xenc("CipherValue").text(STANDARD.encode(bytes)))
}

fn xenc(local: &'static str) -> Element {
    Element::new(Space::Encryption, local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(algorithm: &str, digest: Option<&str>) -> EncryptionMethod {
        EncryptionMethod {
            algorithm: algorithm.into(),
            digest: digest.map(str::to_owned),
        }
    }

    const GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
    const CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const OAEP_11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    const RSA_1_5: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    const TRIPLE_DES: &str = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";

    #[test]
    fn a_service_gets_the_best_it_names_and_the_defaults_where_it_names_nothing() {
        let default = (ContentCipher::Aes128Gcm, KeyTransport::OaepSha1);
        for (named, expected) in [
            (vec![], default),
            (vec![method(OAEP, None)], default),
            (vec![method(OAEP, Some(SHA1))], default),
            (
                vec![method(GCM, None)],
                (ContentCipher::Aes256Gcm, KeyTransport::OaepSha1),
            ),
            // One that notices a changed bit before one that doesn't, whatever the order.
            (
                vec![
                    method(CBC, None),
                    method(GCM, None),
                    method(RSA_1_5, None),
                    method(OAEP_11, Some(SHA256)),
                ],
                (ContentCipher::Aes256Gcm, KeyTransport::OaepSha256),
            ),
            (
                vec![method(TRIPLE_DES, None), method(CBC, None), method(OAEP, None)],
                (ContentCipher::Aes128Cbc, KeyTransport::OaepSha1),
            ),
        ] {
            assert_eq!(chosen(&named), Some(expected), "{named:?}");
        }
    }

    #[test]
    fn a_service_that_names_only_what_is_not_spoken_gets_nothing() {
        for named in [
            vec![method(TRIPLE_DES, None)],
            vec![method(GCM, None), method(RSA_1_5, None)],
            // Peers read MGF1P with SHA-256 in different ways; it is not sent.
            vec![method(GCM, None), method(OAEP, Some(SHA256))],
        ] {
            assert_eq!(chosen(&named), None, "{named:?}");
        }
    }

    #[test]
    fn what_this_side_names_in_its_metadata_is_what_others_then_choose() {
        let methods = encryption_descriptor(b"certificate").methods;
        assert_eq!(
            chosen(&methods),
            Some((ContentCipher::Aes128Gcm, KeyTransport::OaepSha1))
        );
        assert!(!methods.iter().any(|method| method.algorithm.contains("cbc")));
    }

    #[test]
    fn what_is_not_an_rsa_certificate_is_no_key_to_encrypt_to() {
        let made = |algorithm| {
            let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
            SealingKey::new(certificate.der(), ContentCipher::default(), KeyTransport::default()).map(|_| ())
        };
        assert_eq!(made(&rcgen::PKCS_ECDSA_P256_SHA256), Err(SealingKeyError::Key));
        let none = SealingKey::new(b"none", ContentCipher::default(), KeyTransport::default());
        assert_eq!(none.map(|_| ()), Err(SealingKeyError::Certificate));
    }
}
