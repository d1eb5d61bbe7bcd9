//! Signatures: enveloped in a message (W3C XML Signature), or detached in a redirect's query.
//!
//! What is signed is written in canonical form already ([`super::writer`]), so a digest is taken over the string as it
//! stands. Algorithms sent: RSA-SHA256 and ECDSA-P256-SHA256, digests SHA-256, exclusive canonicalisation; no other.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use x509_parser::{pem::parse_x509_pem, prelude::FromDer};

use super::{
    message::{KeyDescriptor, KeyUse},
    writer::{Element, Space},
};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A key to sign with, and the certificate that carries its public half into metadata and messages.
///
/// That the two belong together was tried when it was loaded.
pub struct SigningKey {
    pair: Pair,
    certificate: Vec<u8>,
    certificate_text: String,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// Why a key can't be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The file is no PEM of the kind expected.
    #[error("not PEM")]
    NotPem,
    /// Neither an RSA key of 2,048 bits or more nor one on P-256, in PKCS#8.
    #[error("the private key is neither RSA of 2048 bits or more nor P-256, in PKCS#8")]
    Key,
    /// Not an X.509 certificate.
    #[error("the certificate can't be read")]
    Certificate,
    /// The certificate is another key's.
    #[error("the certificate does not belong to the private key")]
    NotAPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.algorithm())
    }
}

impl SigningKey {
    /// The key in `private` (PKCS#8, DER) with its `certificate` (X.509, DER).
    ///
    /// # Errors
    /// [`SigningKeyError`] when either can't be used or they are no pair.
    pub fn from_pkcs8(private: &[u8], certificate: &[u8]) -> Result<Self, SigningKeyError> {
        let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate)
            .map_err(|_| SigningKeyError::Certificate)?;
        let pair = if let Ok(pair) = RsaKeyPair::from_pkcs8(private) {
            Pair::Rsa(pair)
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private);
            Pair::P256(pair.map_err(|_| SigningKeyError::Key)?)
        };
        if pair.public() != &*parsed.public_key().subject_public_key.data {
            return Err(SigningKeyError::NotAPair);
        }
        // A key that is broken inside is found here, not at the first resident's sign-in.
        pair.try_out()?;
        Ok(Self {
            pair,
            certificate: certificate.to_vec(),
            certificate_text: STANDARD.encode(certificate),
        })
    }

    /// The same from PEM texts.
    ///
    /// # Errors
    /// [`SigningKeyError`] when either can't be used or they are no pair.
    pub fn from_pem(private: &str, certificate: &str) -> Result<Self, SigningKeyError> {
        let (_, private) = parse_x509_pem(private.as_bytes()).map_err(|_| SigningKeyError::NotPem)?;
        let (_, certificate) = parse_x509_pem(certificate.as_bytes()).map_err(|_| SigningKeyError::NotPem)?;
        let private_bytes = zeroize::Zeroizing::new(private.contents);
        Self::from_pkcs8(&private_bytes, &certificate.contents)
    }

    /// The certificate, DER: for metadata.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate as a key of this entity's metadata. Where a new key is being brought in, its certificate stands
    /// beside this one's some days before anything is signed with it, and this one's some days after.
    pub fn descriptor(&self) -> KeyDescriptor {
        KeyDescriptor {
            usage: KeyUse::Signing,
            certificate: self.certificate.clone(),
            methods: Vec::new(),
        }
    }

    /// The signature algorithm's URI, as in `SignatureMethod` and `SigAlg`.
    pub const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Pair::P256(_) => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        }
    }

    /// The raw signature over `bytes`: PKCS#1 v1.5, or r and s of 32 bytes each (XML Signature section 6.4.3).
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        // Only a fault of the machine can stop a key that signed when it was loaded, and nothing may be sent then.
        self.pair.sign(bytes).expect("a key that was tried signs")
    }

    /// `element` with an enveloped signature over it at the `place`-th of its content, where its schema wants one.
    ///
    /// The reference is the element's `ID`; without one it would be the whole document (`URI=""`).
    pub(crate) fn envelop(&self, element: Element, place: usize) -> Element {
        let reference = element.value("ID").map(|id| format!("#{id}")).unwrap_or_default();
        let digest = STANDARD.encode(digest(&SHA256, element.canonical().as_bytes()));
        let info = self.signed_info(reference, digest);
        let value = STANDARD.encode(self.sign(info.canonical().as_bytes()));
        let signature = ds("Signature")
            .child(info)
            .child(ds("SignatureValue").text(value))
            .child(ds("KeyInfo").child(certificate_data(self.certificate_text.clone())));
        element.child_at(place, signature)
    }

    /// `SignedInfo`: its canonical form is what the key signs (XML Signature section 4.4).
    fn signed_info(&self, reference: String, digest: String) -> Element {
        let named = |local: &'static str, algorithm: &'static str| ds(local).attribute("Algorithm", algorithm);
        let transforms = ds("Transforms")
            .child(named("Transform", ENVELOPED))
            .child(named("Transform", EXCLUSIVE));
        let reference = ds("Reference")
            .attribute("URI", reference)
            .child(transforms)
            .child(named("DigestMethod", DIGEST))
            .child(ds("DigestValue").text(digest));
        ds("SignedInfo")
            .child(named("CanonicalizationMethod", EXCLUSIVE))
            .child(named("SignatureMethod", self.algorithm()))
            .child(reference)
    }
}

/// `ds:X509Data` with one certificate, given as base64.
pub(crate) fn certificate_data(text: String) -> Element {
    ds("X509Data").child(ds("X509Certificate").text(text))
}

impl Pair {
    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::P256(pair) => pair.public_key().as_ref(),
        }
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        // The library draws its own randomness for ECDSA; PKCS#1 v1.5 has none.
        let chance = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &chance, bytes, &mut signature)
                    .map(|()| signature)
            }
            Self::P256(pair) => pair.sign(&chance, bytes).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| SigningKeyError::Key)
    }

    fn try_out(&self) -> Result<(), SigningKeyError> {
        let message = b"madoguchi tries a signing key";
        let signature = self.sign(message)?;
        match self {
            Self::Rsa(_) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.public()),
            Self::P256(_) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.public()),
        }
        .verify(message, &signature)
        .map_err(|_| SigningKeyError::Key)
    }
}

fn ds(local: &'static str) -> Element {
    Element::new(Space::Signature, local)
}
