//! The port to an authority's private key, and its body in software.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};

/// A private RSA key that signs and does not leave.
pub trait Signer: Send + Sync {
    /// The public key as PKCS#1 RSAPublicKey in DER (RFC 8017 §A.1.1).
    fn public_key(&self) -> &[u8];

    /// An RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017 §8.2) of `message`.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// The key could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the authority's key does not sign: {0}")]
pub struct SignerError(pub String);

/// A key in this process's memory, from a sealed file.
pub struct SoftSigner {
    key: RsaKeyPair,
}

impl SoftSigner {
    /// A new RSA-3072 key. Its randomness is the cipher library's own, seeded by the operating system: a key is the
    /// one thing for which chance is not an argument.
    pub(super) fn generate() -> Result<Self, SignerError> {
        let key = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| SignerError("no key could be made".into()))?;
        Ok(Self { key })
    }

    /// The key in a PKCS#8 PrivateKeyInfo (RFC 5208).
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, SignerError> {
        let key = RsaKeyPair::from_pkcs8(der).map_err(|why| SignerError(why.to_string()))?;
        Ok(Self { key })
    }

    /// The key as PKCS#8, wiped when dropped; for sealing only.
    pub(super) fn to_pkcs8(&self) -> Result<Pkcs8V1Der<'static>, SignerError> {
        self.key
            .as_der()
            .map_err(|_| SignerError("the key does not encode".into()))
    }
}

impl Signer for SoftSigner {
    fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SignerError("the signature failed".into()))?;
        Ok(signature)
    }
}

/// A [`Signer`] as the certificate builder wants it.
pub(super) struct ForBuilder<'a>(pub(super) &'a dyn Signer);

impl PublicKeyData for ForBuilder<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for ForBuilder<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
