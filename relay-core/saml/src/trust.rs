//! Whose signatures are believed: keys from metadata that somebody approved, never from the message itself.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, VerificationAlgorithm,
};
use bergshamra::{DsigContext, KeysManager, keys::loader::load_spki_der};
use x509_parser::{oid_registry, prelude::FromDer, public_key::PublicKey, x509::SubjectPublicKeyInfo};

use super::{
    Refusal,
    message::{EntityId, KeyDescriptor},
};

/// A signature algorithm that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
}

impl Algorithm {
    /// The algorithm of that URI (RFC 9231); SHA-1 and HMAC are not among them.
    pub fn parse(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::RsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::RsaSha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::RsaSha512,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::EcdsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::EcdsaSha384,
            _ => return None,
        })
    }

    fn fits(self, kind: Kind) -> bool {
        match self {
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => kind == Kind::Rsa,
            Self::EcdsaSha256 => kind == Kind::P256,
            Self::EcdsaSha384 => kind == Kind::P384,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
}

/// The keys one sender's signatures are checked with. Several while a new key is brought in.
pub struct TrustedKeys {
    keys: Vec<(Kind, Vec<u8>)>,
    context: DsigContext,
}

impl fmt::Debug for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedKeys({})", self.keys.len())
    }
}

impl TrustedKeys {
    /// The keys for signatures among an entity's keys. Others (weak, of another kind) are passed over.
    ///
    /// # Errors
    /// [`Refusal::NoKey`] when none is left.
    pub fn from_descriptors(keys: &[KeyDescriptor]) -> Result<Self, Refusal> {
        let signing = keys.iter().filter(|key| key.usage.signs());
        Self::from_certificates(signing.map(|key| key.certificate.as_slice()))
    }

    /// The keys in `certificates` (DER). Only the keys count: a certificate in metadata is a wrapping, its dates and
    /// its issuer say nothing (sstc-saml-metadata-iop section 2.6).
    ///
    /// # Errors
    /// [`Refusal::NoKey`] when none can be used.
    pub fn from_certificates<'c>(certificates: impl IntoIterator<Item = &'c [u8]>) -> Result<Self, Refusal> {
        let (mut keys, mut manager) = (Vec::new(), KeysManager::new());
        for certificate in certificates {
            let Ok((_, certificate)) = x509_parser::certificate::X509Certificate::from_der(certificate) else {
                continue;
            };
            let info = certificate.public_key();
            let (Ok(kind), Ok(key)) = (judged(info), load_spki_der(info.raw)) else {
                continue;
            };
            keys.push((kind, info.subject_public_key.data.to_vec()));
            manager.add_key(key);
        }
        match keys.is_empty() {
            true => Err(Refusal::NoKey),
            false => Ok(Self {
                keys,
                context: DsigContext::new(manager),
            }),
        }
    }

    /// For the signature check in documents.
    pub(super) fn context(&self) -> &DsigContext {
        &self.context
    }

    /// Checks a detached signature over `bytes`.
    pub(super) fn check(&self, algorithm: Algorithm, bytes: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verification: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::RsaSha256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RsaSha384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::RsaSha512 => &RSA_PKCS1_2048_8192_SHA512,
            Algorithm::EcdsaSha256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::EcdsaSha384 => &ECDSA_P384_SHA384_FIXED,
        };
        let fitting = self.keys.iter().filter(|(kind, _)| algorithm.fits(*kind));
        let mut parsed = fitting.filter_map(|(_, key)| ParsedPublicKey::new(verification, key).ok());
        match parsed.any(|key| key.verify_sig(bytes, signature).is_ok()) {
            true => Ok(()),
            false => Err(Refusal::SignatureInvalid),
        }
    }
}

/// Why a certificate's key is not one that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// Not an X.509 certificate.
    #[error("a certificate that can't be read")]
    Certificate,
    /// RSA of another size.
    #[error("RSA of {0} bits (2048 to 8192 are taken)")]
    RsaBits(usize),
    /// A curve that is not spoken, by its OID.
    #[error("a key on the curve {0} (P-256 and P-384 are taken)")]
    Curve(String),
    /// Neither RSA nor an elliptic curve.
    #[error("a key that is neither RSA nor on an elliptic curve")]
    Kind,
}

/// Whether signatures can be checked with the key in `certificate` (DER).
///
/// # Errors
/// [`UnusableKey`]
pub fn usable_for_signing(certificate: &[u8]) -> Result<(), UnusableKey> {
    let (_, certificate) =
        x509_parser::certificate::X509Certificate::from_der(certificate).map_err(|_| UnusableKey::Certificate)?;
    judged(certificate.public_key()).map(|_| ())
}

/// What kind of key it is, when it is one that is believed: RSA of 2,048 to 8,192 bits, P-256 or P-384.
fn judged(info: &SubjectPublicKeyInfo<'_>) -> Result<Kind, UnusableKey> {
    match info.parsed().map_err(|_| UnusableKey::Kind)? {
        PublicKey::RSA(rsa) => match rsa.key_size() {
            2048..=8192 => Ok(Kind::Rsa),
            bits => Err(UnusableKey::RsaBits(bits)),
        },
        PublicKey::EC(_) => {
            let parameters = info.algorithm.parameters.as_ref();
            let curve = parameters.and_then(|parameters| parameters.as_oid().ok());
            match curve {
                Some(curve) if curve == oid_registry::OID_EC_P256 => Ok(Kind::P256),
                Some(curve) if curve == oid_registry::OID_NIST_EC_P384 => Ok(Kind::P384),
                Some(curve) => Err(UnusableKey::Curve(curve.to_id_string())),
                None => Err(UnusableKey::Kind),
            }
        }
        _ => Err(UnusableKey::Kind),
    }
}

/// Something a peer does that the standard or our profile does not have, taken from that peer by name because
/// somebody decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exception {
    /// Its LogoutRequest carries a lasting name in clear (Lasso and python3-saml after an EncryptedID, unless told
    /// otherwise).
    NameInClear,
    /// It encrypts with AES-CBC, which does not notice a changed bit (Lasso's default).
    CipherBlockChaining,
    /// Its ECP headers say `mustUnderstand="true"` and carry an `actor` without the SOAP prefix (Lasso).
    EcpHeaders,
    /// It leaves out Destination where the message goes through a browser.
    DestinationMissing,
}

impl Exception {
    /// Every exception there is.
    pub const ALL: [Self; 4] = [
        Self::NameInClear,
        Self::CipherBlockChaining,
        Self::EcpHeaders,
        Self::DestinationMissing,
    ];

    /// As written in configuration and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NameInClear => "name-in-clear",
            Self::CipherBlockChaining => "cipher-block-chaining",
            Self::EcpHeaders => "ecp-headers",
            Self::DestinationMissing => "destination-missing",
        }
    }

    /// The exception written `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|exception| exception.as_str() == text)
    }
}

/// A sender: who it is, the keys it is known by, and what is taken from it beyond the profile.
#[derive(Debug)]
pub struct Peer {
    entity: EntityId,
    keys: TrustedKeys,
    exceptions: Vec<Exception>,
}

impl Peer {
    /// The sender `entity`.
    pub const fn new(entity: EntityId, keys: TrustedKeys, exceptions: Vec<Exception>) -> Self {
        Self {
            entity,
            keys,
            exceptions,
        }
    }

    /// Who it is.
    pub const fn entity(&self) -> &EntityId {
        &self.entity
    }

    /// Whether `signature` over `bytes` is of one of its keys, made as [`crate::signing::SigningKey::sign`] makes one.
    ///
    /// # Errors
    /// [`Refusal::SignatureInvalid`]
    pub fn signed(&self, bytes: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let check = |algorithm| self.keys.check(algorithm, bytes, signature);
        check(Algorithm::RsaSha256).or_else(|_| check(Algorithm::EcdsaSha256))
    }

    /// Its keys.
    pub(super) const fn keys(&self) -> &TrustedKeys {
        &self.keys
    }

    /// Whether that is taken from it.
    pub(super) fn may(&self, exception: Exception) -> bool {
        self.exceptions.contains(&exception)
    }
}
