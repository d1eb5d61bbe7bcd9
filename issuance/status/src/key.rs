//! A responder's own key: P-256, made where it answers. It goes nowhere; its request for a certificate (PKCS#10,
//! RFC 2986) shows the authority that whoever asks has it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use zeroize::Zeroizing;

/// A responder's key in this process's memory.
pub struct ResponderKey(KeyPair);

/// The key could not be made, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the responder's key: {0}")]
pub struct ResponderKeyError(String);

impl ResponderKey {
    /// A new key; the cipher library draws it from the operating system's chance.
    ///
    /// # Errors
    /// The system gives none.
    pub fn generate() -> Result<Self, ResponderKeyError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map(Self)
            .map_err(|why| ResponderKeyError(why.to_string()))
    }

    /// The key in a PKCS#8 PrivateKeyInfo, DER.
    ///
    /// # Errors
    /// It holds no P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, ResponderKeyError> {
        KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &PKCS_ECDSA_P256_SHA256)
            .map(Self)
            .map_err(|why| ResponderKeyError(why.to_string()))
    }

    /// The key as PKCS#8, to be stored where nobody else reads it.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize_der())
    }

    /// The request for its certificates, DER; every authority takes the same one.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn request(&self) -> Result<Vec<u8>, ResponderKeyError> {
        let failed = |why: rcgen::Error| ResponderKeyError(why.to_string());
        let mut params = CertificateParams::default();
        // The authority names it; a request must have some subject.
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "OCSP responder");
        let request = params.serialize_request(&self.0).map_err(failed)?;
        Ok(request.der().to_vec())
    }

    /// The public key's bits, as a certificate holds them.
    pub(crate) fn public_bits(&self) -> &[u8] {
        self.0.der_bytes()
    }

    /// KeyHash of ResponderID (RFC 6960 §4.2.1): SHA-1, as the standard fixes it; it names a key and proves nothing.
    pub(crate) fn hash(&self) -> [u8; 20] {
        let mut hash = [0; 20];
        hash.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, self.public_bits()).as_ref());
        hash
    }

    /// An ECDSA signature with SHA-256, in DER.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ResponderKeyError> {
        SigningKey::sign(&self.0, message).map_err(|why| ResponderKeyError(why.to_string()))
    }
}

impl std::fmt::Debug for ResponderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResponderKey({})", hex::encode(self.hash()))
    }
}
