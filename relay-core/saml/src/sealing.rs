//! What only one reader may read: a name, or a whole assertion, encrypted to that reader's key (W3C XML Encryption).
//!
//! The form is the one that every peer tried could read: `EncryptedKey` inside `KeyInfo` inside `EncryptedData`, the
//! plaintext an element that stands by itself, no declaration, no blank round it, `Type` saying so. It is filled in as a
//! small element tree, not made by encrypting part of a document.

mod algorithms;

use std::fmt;

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{OaepPublicEncryptingKey, PublicEncryptingKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use algorithms::chosen;
pub use algorithms::{ContentCipher, KeyTransport, encryption_descriptor};

use super::{
    message::{KeyDescriptor, NameId},
    send,
    writer::{Element, Space},
};
use relay_core::chance::{Chance, draw};

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

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

    #[test]
    fn a_name_with_anything_but_blanks_beside_it_is_not_opened() {
        use crate::{DecryptionKeys, Refusal, open_name};
        use relay_core::chance::OsChance;
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        let key = SealingKey::new(certificate.der(), ContentCipher::Aes128Cbc, KeyTransport::default()).unwrap();
        let keys = DecryptionKeys::from_pkcs8([pair.serialize_der().as_slice()]).unwrap();
        let name = "<n:NameID xmlns:n=\"urn:oasis:names:tc:SAML:2.0:assertion\">somebody</n:NameID>";
        let opened = |plain: &str| {
            let sealed = Element::new(Space::Assertion, "EncryptedID")
                .child(key.encrypted_data(plain.as_bytes(), &mut OsChance))
                .canonical();
            assert_eq!(open_name(&sealed, &keys, false), Err(Refusal::Algorithm("content")));
            open_name(&sealed, &keys, true).map(|name| name.value.clone())
        };
        for right in [name.to_owned(), format!("\n {name}\n")] {
            assert_eq!(opened(&right).as_deref(), Ok("somebody"));
        }
        for wrong in [
            format!("x{name}"),
            format!("{name}&#x41;"),
            format!("{name}{name}"),
            format!("{name}<!-- -->"),
            format!("{name}<?x?>"),
        ] {
            assert_eq!(opened(&wrong), Err(Refusal::NotDecrypted), "{wrong}");
        }
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
