//! Whom the blind half seals to: one file for each service, in its own folder, with two operators' signatures.
//!
//! The front never says which certificate a service has: it could name its own and read every pseudonym. Two operators
//! compare the service's metadata with what the service told them by another way, and sign for the file. A file with one
//! signature, or one changed afterwards, pins nothing.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::{
    pseudonym::NameError,
    saml::{
        names::NameIdFormat,
        sealing::{ContentCipher, KeyTransport, SealingKey, SealingKeyError},
    },
};
use relay_records::blind;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};

use crate::operators::{Operator, OperatorKey};

/// Why a file pins nothing.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The folder or a file in it cannot be read or written.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's words.
        reason: io::Error,
    },
    /// Not a pin's TOML.
    #[error("{}: not a pin: {reason}", file.display())]
    NotAPin {
        /// Which.
        file: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The name is no entity id.
    #[error("{}: {reason}", file.display())]
    Name {
        /// Which.
        file: PathBuf,
        /// Why not.
        reason: NameError,
    },
    /// Nothing can be sealed to its certificate.
    #[error("{}: {reason}", file.display())]
    Certificate {
        /// Which.
        file: PathBuf,
        /// Why not.
        reason: SealingKeyError,
    },
    /// A signature is missing, wrong, or of somebody who is no operator.
    #[error("{}: signed for by {found} of the operators, two are needed", file.display())]
    NotApproved {
        /// Which.
        file: PathBuf,
        /// How many signatures are right.
        found: usize,
    },
    /// Two files for one service.
    #[error("{}: {entity} is pinned by another file too", file.display())]
    Twice {
        /// The later one.
        file: PathBuf,
        /// Which service.
        entity: String,
    },
}

/// The file's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinFile {
    /// The service's entity id.
    pub entity: String,
    /// What the content is encrypted with: `aes128-gcm` unless its metadata ask for another.
    #[serde(default = "default_cipher")]
    pub cipher: String,
    /// What the content's key is encrypted with: `oaep-sha1` unless its metadata ask for another.
    #[serde(default = "default_transport")]
    pub transport: String,
    /// The service's certificate, PEM.
    pub certificate: String,
    /// Operators' signatures, by name.
    #[serde(default)]
    pub approvals: HashMap<String, String>,
}

const CIPHERS: [(&str, ContentCipher); 4] = [
    ("aes128-gcm", ContentCipher::Aes128Gcm),
    ("aes256-gcm", ContentCipher::Aes256Gcm),
    ("aes128-cbc", ContentCipher::Aes128Cbc),
    ("aes256-cbc", ContentCipher::Aes256Cbc),
];
const TRANSPORTS: [(&str, KeyTransport); 2] = [
    ("oaep-sha1", KeyTransport::OaepSha1),
    ("oaep-sha256", KeyTransport::OaepSha256),
];

fn default_cipher() -> String {
    CIPHERS[0].0.to_owned()
}

fn default_transport() -> String {
    TRANSPORTS[0].0.to_owned()
}

impl PinFile {
    /// Reads `file`.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn read(file: &Path) -> Result<Self, PinError> {
        let text = fs::read_to_string(file).map_err(|reason| unreadable(file, reason))?;
        toml::from_str(&text).map_err(|error| not_a_pin(file, error.to_string()))
    }

    /// Writes `file`, whole or not at all.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn write(&self, file: &Path) -> Result<(), PinError> {
        let text = toml::to_string(self).map_err(|error| not_a_pin(file, error.to_string()))?;
        let beside = file.with_extension("new");
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, file))
            .map_err(|reason| unreadable(file, reason))
    }

    /// Adds the operator's signature.
    ///
    /// # Errors
    /// [`PinError`] when there is nothing that could be signed for.
    pub fn approve(&mut self, key: &OperatorKey, file: &Path) -> Result<(), PinError> {
        let signature = key.sign(&self.words(file)?);
        self.approvals.insert(key.operator().name().to_owned(), signature);
        Ok(())
    }

    /// The certificate's SHA-256, as operators compare it.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn fingerprint(&self, file: &Path) -> Result<[u8; 32], PinError> {
        Ok(sha256(&self.der(file)?))
    }

    /// What operators sign: all that decides who can read.
    fn words(&self, file: &Path) -> Result<Vec<u8>, PinError> {
        let mut words = b"madoguchi pin 1\0".to_vec();
        for part in [&self.entity, &self.cipher, &self.transport] {
            words.extend(part.as_bytes());
            words.push(0);
        }
        words.extend(self.fingerprint(file)?);
        Ok(words)
    }

    fn der(&self, file: &Path) -> Result<CertificateDer<'static>, PinError> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map_err(|_| not_a_pin(file, "no certificate in PEM".to_owned()))
    }

    fn check(self, file: &Path, operators: &[Operator]) -> Result<Pin, PinError> {
        relay_core::pseudonym::Domain::new("any")
            .and_then(|domain| relay_core::pseudonym::Service::new(&domain, &self.entity))
            .map_err(|reason| PinError::Name {
                file: file.to_owned(),
                reason,
            })?;
        let words = self.words(file)?;
        let approved: Vec<&str> = operators
            .iter()
            .filter(|operator| {
                let signature = self.approvals.get(operator.name());
                signature.is_some_and(|signature| operator.signed(&words, signature))
            })
            .map(Operator::name)
            .collect();
        let [one, other, ..] = approved[..] else {
            return Err(PinError::NotApproved {
                file: file.to_owned(),
                found: approved.len(),
            });
        };
        let cipher = find(&CIPHERS, &self.cipher).ok_or_else(|| not_a_pin(file, "no such cipher".to_owned()))?;
        let transport =
            find(&TRANSPORTS, &self.transport).ok_or_else(|| not_a_pin(file, "no such transport".to_owned()))?;
        let der = self.der(file)?;
        let key = SealingKey::new(&der, cipher, transport).map_err(|reason| PinError::Certificate {
            file: file.to_owned(),
            reason,
        })?;
        Ok(Pin {
            noted: blind::Pin {
                entity: self.entity.clone(),
                certificate_sha256: sha256(&der),
                cipher: self.cipher.clone(),
                transport: self.transport.clone(),
                approved_by: [one.to_owned(), other.to_owned()],
            },
            key,
        })
    }
}

/// A service that two operators signed for.
#[derive(Debug)]
pub struct Pin {
    /// As noted in the database.
    pub noted: blind::Pin,
    /// What is sealed with.
    pub key: SealingKey,
}

/// The services that can be sealed to.
#[derive(Debug, Default)]
pub struct Pins(HashMap<String, Pin>);

impl Pins {
    /// Reads every `*.toml` of `folder`. A file that pins nothing does not keep the others from being read: it is told.
    ///
    /// # Errors
    /// [`PinError`] when the folder cannot be read.
    pub fn load(folder: &Path, operators: &[Operator]) -> Result<(Self, Vec<PinError>), PinError> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(|reason| unreadable(folder, reason))?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        let (mut pins, mut refused) = (HashMap::new(), Vec::new());
        for file in files {
            match PinFile::read(&file).and_then(|pin| pin.check(&file, operators)) {
                Err(error) => refused.push(error),
                Ok(pin) if pins.contains_key(&pin.noted.entity) => refused.push(PinError::Twice {
                    entity: pin.noted.entity,
                    file,
                }),
                Ok(pin) => {
                    pins.insert(pin.noted.entity.clone(), pin);
                }
            }
        }
        Ok((Self(pins), refused))
    }

    /// The pin of `entity`.
    pub fn get(&self, entity: &str) -> Option<&Pin> {
        self.0.get(entity)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, as noted in the database.
    pub fn noted(&self) -> Vec<blind::Pin> {
        self.0.values().map(|pin| pin.noted.clone()).collect()
    }
}

/// The format of what a pin's service is given.
pub const FORMAT: NameIdFormat = NameIdFormat::Persistent;

fn find<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes)
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}

fn unreadable(file: &Path, reason: io::Error) -> PinError {
    PinError::Unreadable {
        file: file.to_owned(),
        reason,
    }
}

fn not_a_pin(file: &Path, reason: String) -> PinError {
    PinError::NotAPin {
        file: file.to_owned(),
        reason,
    }
}
