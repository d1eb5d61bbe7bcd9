//! What a service's metadata offer to be sealed to, for its operators to compare and choose.
//!
//! Metadata come from anywhere: nothing in them is believed because it stands there. What is believed is the fingerprint
//! that the operator was told by another way; where a federation signs its metadata, its signature is checked too.

use relay_saml::{
    Addresses, Ground, Refusal, TrustedKeys, fingerprint,
    message::{Entity, EntityId, KeyDescriptor},
    read_entity, read_metadata,
    sealing::{SealingKey, SealingKeyError},
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{CIPHERS, PinFile, TRANSPORTS, sha256, word};

/// Why nothing of the metadata is pinned.
#[derive(Debug, thiserror::Error)]
pub enum NotOffered {
    /// They are not taken.
    #[error("the metadata: {0}")]
    Metadata(#[from] Refusal),
    /// The name is no entity id.
    #[error("{0} is no entity id")]
    Name(String),
    /// Several entities, and none is named.
    #[error("the file has {0} entities: say which with --entity")]
    Which(usize),
    /// The entity is no service.
    #[error("{0} is no service (SPSSODescriptor)")]
    NoService(String),
    /// It has no certificate that names could be encrypted to.
    #[error("{0} has no certificate for encryption in its metadata: without one nothing can be sealed to it")]
    NoKey(String),
    /// The told fingerprint is of a certificate that nothing is encrypted to.
    #[error(
        "{told} is the fingerprint of the service's certificate for signing; the one for encryption has {}: nothing is \
         pinned. Ask for the fingerprint of the certificate for encryption",
        listed(found)
    )]
    ForSigning {
        told: String,
        /// What stands in the metadata.
        found: Vec<[u8; 32]>,
    },
    /// The told fingerprint is of no certificate in the metadata.
    #[error(
        "the certificate for encryption in the metadata has the fingerprint {}; {told} was told: nothing is pinned. One of \
         the two is not the service's",
        listed(found)
    )]
    OtherFingerprint {
        told: String,
        /// What stands in the metadata.
        found: Vec<[u8; 32]>,
    },
    /// The told fingerprint is of no certificate for signing in the metadata.
    #[error(
        "the certificates for signing in the metadata have the fingerprints {}; {told} was told: nothing is pinned",
        listed(found)
    )]
    OtherSigning {
        told: String,
        /// What stands in the metadata.
        found: Vec<[u8; 32]>,
    },
    /// Nothing can be sealed to the certificate with what the metadata name.
    #[error("the certificate {}: {reason}", hex::encode(sha256))]
    Key { sha256: [u8; 32], reason: SealingKeyError },
}

/// A service as its metadata tell it.
#[derive(Debug)]
pub struct Offer {
    pub entity: String,
    /// A signature over the file was checked.
    pub signed: bool,
    /// Until when the metadata hold.
    pub valid_until: Option<OffsetDateTime>,
    /// Certificates that names may be encrypted to.
    pub encryption: Vec<Offered>,
    /// Certificates of keys that it signs with; one may be for both.
    pub signing: Vec<Signing>,
}

/// A certificate of a key that a service signs with.
#[derive(Debug)]
pub struct Signing {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    certificate: Vec<u8>,
}

/// What operators were told by another way than the metadata.
#[derive(Debug, Clone, Copy)]
pub struct Told<'t> {
    /// Fingerprint of the certificate for encryption.
    pub encryption: &'t str,
    /// Fingerprints of certificates for signing; that of the one for encryption need not be said again.
    pub signing: &'t [String],
    /// What is taken beyond the profile, of [`super::EXCEPTIONS`].
    pub exceptions: &'t [String],
}

/// A certificate that names may be encrypted to.
#[derive(Debug)]
pub struct Offered {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How it is sealed to; or why it can't be.
    pub algorithms: Result<(&'static str, &'static str), SealingKeyError>,
    certificate: Vec<u8>,
}

impl Offer {
    /// Reads `file`; the service called `entity` in it, or the only one. With `signer`, the file must bear a signature by
    /// one of its keys and say until when it holds.
    ///
    /// # Errors
    /// [`NotOffered`]
    pub fn read(
        file: &[u8],
        entity: Option<&str>,
        signer: Option<&TrustedKeys>,
        now: OffsetDateTime,
    ) -> Result<Self, NotOffered> {
        let ground = match signer {
            Some(keys) => Ground::Signed(keys),
            // The certificate is what is compared; the file is believed in nothing else.
            None => Ground::Approved(fingerprint(file)),
        };
        // Nothing is sent to any address here.
        let addresses = Addresses::HttpsOrLoopback;
        let found = match entity {
            Some(name) => {
                let id = EntityId::parse(name).ok_or_else(|| NotOffered::Name(name.to_owned()))?;
                read_entity(file, &id, ground, addresses, now)?
            }
            None => {
                let mut all = read_metadata(file, ground, addresses, now)?;
                match (all.pop(), all.len()) {
                    (Some(one), 0) => one,
                    (None, _) => return Err(NotOffered::Which(0)),
                    (Some(_), others) => return Err(NotOffered::Which(others + 1)),
                }
            }
        };
        Self::of(&found, signer.is_some())
    }

    fn of(entity: &Entity, signed: bool) -> Result<Self, NotOffered> {
        let name = || entity.id.as_str().to_owned();
        let keys = &entity
            .sp
            .as_ref()
            .ok_or_else(|| NotOffered::NoService(name()))?
            .role
            .keys;
        let encryption: Vec<_> = keys.iter().filter(|key| key.usage.encrypts()).collect();
        let signing = keys.iter().filter(|key| key.usage.signs());
        if encryption.is_empty() {
            return Err(NotOffered::NoKey(name()));
        }
        Ok(Self {
            entity: name(),
            signed,
            valid_until: entity.valid_until,
            encryption: encryption.into_iter().map(Offered::of).collect(),
            signing: signing.map(Signing::of).collect(),
        })
    }

    /// The pin that nobody has signed for yet, to the certificate whose fingerprint the operator was `told`, with the
    /// keys for signing that were told too.
    ///
    /// # Errors
    /// [`NotOffered`] saying which fingerprint is which.
    pub fn pin(&self, told: Told<'_>, edition: u32) -> Result<PinFile, NotOffered> {
        let signing = self.signing_told(&told)?;
        let typed = typed(told.encryption);
        let is = |sha256: &[u8; 32]| hex::encode(sha256) == typed;
        let found = || self.encryption.iter().map(|key| key.sha256).collect();
        let key = match self.encryption.iter().find(|key| is(&key.sha256)) {
            Some(key) => key,
            None if self.signing.iter().any(|key| is(&key.sha256)) => {
                return Err(NotOffered::ForSigning {
                    told: typed,
                    found: found(),
                });
            }
            None => {
                return Err(NotOffered::OtherFingerprint {
                    told: typed,
                    found: found(),
                });
            }
        };
        let (cipher, transport) = key.algorithms.map_err(|reason| NotOffered::Key {
            sha256: key.sha256,
            reason,
        })?;
        Ok(PinFile {
            entity: self.entity.clone(),
            edition,
            withdrawn: false,
            cipher: cipher.to_owned(),
            transport: transport.to_owned(),
            certificate: pem(&key.certificate),
            signing,
            exceptions: told.exceptions.to_vec(),
            approvals: Default::default(),
        })
    }
}

impl Offer {
    /// The certificates for signing that were told, PEM, in the order of the metadata.
    fn signing_told(&self, told: &Told<'_>) -> Result<Vec<String>, NotOffered> {
        let named: Vec<_> = told.signing.iter().map(|text| typed(text)).collect();
        let found = |text: &&String| self.signing.iter().any(|key| hex::encode(key.sha256) == **text);
        if let Some(other) = named.iter().find(|text| !found(text)) {
            return Err(NotOffered::OtherSigning {
                told: other.clone(),
                found: self.signing.iter().map(|key| key.sha256).collect(),
            });
        }
        let for_both = typed(told.encryption);
        let told = self.signing.iter().filter(|key| {
            let hash = hex::encode(key.sha256);
            hash == for_both || named.contains(&hash)
        });
        let told: Vec<_> = told.map(|key| key.certificate.as_slice()).collect();
        for certificate in &told {
            // One that no signature can be checked with would make a file that pins nothing.
            TrustedKeys::from_certificates([*certificate])?;
        }
        Ok(told.into_iter().map(pem).collect())
    }
}

impl Signing {
    fn of(key: &KeyDescriptor) -> Self {
        Self {
            sha256: sha256(&key.certificate),
            certificate: key.certificate.clone(),
        }
    }
}

impl Offered {
    fn of(key: &KeyDescriptor) -> Self {
        let algorithms = SealingKey::described(key).map(|key| {
            let (cipher, transport) = key.algorithms();
            (word(&CIPHERS, cipher), word(&TRANSPORTS, transport))
        });
        Self {
            sha256: sha256(&key.certificate),
            algorithms,
            certificate: key.certificate.clone(),
        }
    }
}

/// A fingerprint as people write it down, with colons, blanks and capitals, as hexadecimal.
pub fn typed(fingerprint: &str) -> String {
    fingerprint.to_lowercase().split([':', ' ']).collect()
}

fn listed(found: &[[u8; 32]]) -> String {
    found.iter().map(hex::encode).collect::<Vec<_>>().join(", ")
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(CertificateDer::from(der));
    let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|letter| char::from(*letter)));
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}
