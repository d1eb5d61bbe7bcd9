//! The operator's staff card as a TLS client key: the certificate is read from it, and every handshake is signed in it.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use aws_lc_rs::digest::{SHA256, digest};
use card::{CardError, Chip, KeySlot, PcscTransport, PinSlot};
use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    client::ResolvesClientCert,
    pki_types::CertificateDer,
    sign::{CertifiedKey, Signer, SigningKey},
};
use secrecy::SecretString;

use super::work::lock;

/// A staff card that took its password. It is held for this program alone: another that shared it could sign with the
/// password given here. Taken out of the reader it signs nothing more, and the password is kept nowhere.
pub struct SigningCard {
    key: Arc<Key>,
    chain: Vec<CertificateDer<'static>>,
}

struct Key {
    chip: Mutex<Chip<PcscTransport>>,
    failure: Mutex<Option<CardError>>,
}

impl SigningCard {
    /// The card behind `chip`, opened for this program alone, having taken `password`.
    ///
    /// # Errors
    /// [`CardError`]
    pub fn of(mut chip: Chip<PcscTransport>, password: &SecretString) -> Result<Self, CardError> {
        let certificate = chip.read_certificate(KeySlot::Authentication)?;
        chip.verify_pin(PinSlot::Holder, password)?;
        Ok(Self {
            key: Arc::new(Key {
                chip: Mutex::new(chip),
                failure: Mutex::new(None),
            }),
            chain: vec![CertificateDer::from(certificate)],
        })
    }

    /// Its certificate.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Why it did not sign the last time, told once.
    pub fn failure(&self) -> Option<CardError> {
        lock(&self.key.failure).take()
    }
}

impl fmt::Debug for SigningCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningCard")
    }
}

impl ResolvesClientCert for SigningCard {
    fn resolve(&self, _: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let key = Arc::new(CardKey(Arc::clone(&self.key)));
        key.choose_scheme(offered)?;
        Some(Arc::new(CertifiedKey::new(self.chain.clone(), key)))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

struct CardKey(Arc<Key>);

impl fmt::Debug for CardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardKey")
    }
}

impl SigningKey for CardKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::RSA_PKCS1_SHA256)
            .then(|| Box::new(Self(Arc::clone(&self.0))) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for CardKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        lock(&self.0.chip)
            .sign(KeySlot::Authentication, &sha256(message))
            .map_err(|error| {
                let words = error.to_string();
                *lock(&self.0.failure) = Some(error);
                Error::General(words)
            })
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PKCS1_SHA256
    }
}

/// SHA-256 of `message`.
pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, message).as_ref());
    out
}
