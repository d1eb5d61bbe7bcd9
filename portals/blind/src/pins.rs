//! Whom the blind half seals to: one file for each service, in its own folder, with two operators' signatures.
//!
//! The front never says which certificate a service has: it could name its own and read every pseudonym. Two operators
//! compare the service's metadata ([`metadata`]) with what the service told them by another way, and sign for the file. A
//! file with one signature, or one changed afterwards, pins nothing; nor does one of an older edition than was honoured
//! before, so that nobody who can write the folder can put an old file back.

mod folder;
pub mod metadata;
mod requests;

use std::{
    collections::HashMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::pseudonym::NameError;
use relay_records::blind::{self, NotHonoured};
use relay_saml::{
    names::NameIdFormat,
    sealing::{ContentCipher, KeyTransport, SealingKey, SealingKeyError},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};

use crate::operators::{Operator, OperatorKey};

pub use folder::{Folder, Pins, next_edition, remove_older};
pub use requests::{EXCEPTIONS, Requests};

/// Why a file pins nothing.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The folder or a file in it cannot be read or written.
    #[error("{}: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: io::Error },
    /// Not a pin's TOML.
    #[error("{}: not a pin: {reason}", file.display())]
    NotAPin {
        file: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The name is no entity id.
    #[error("{}: {reason}", file.display())]
    Name { file: PathBuf, reason: NameError },
    /// Nothing can be sealed to its certificate.
    #[error("{}: {reason}", file.display())]
    Certificate { file: PathBuf, reason: SealingKeyError },
    /// A signature is missing, wrong, or of somebody who is no operator.
    #[error("{}: signed for by {found} of the operators, two are needed", file.display())]
    NotApproved {
        file: PathBuf,
        /// How many signatures are right.
        found: usize,
    },
    /// Two operators signed for it, and it is not the edition that counts.
    #[error("{}: edition {edition} of {entity}: {reason}", file.display())]
    Edition {
        file: PathBuf,
        entity: String,
        edition: u32,
        reason: NotHonoured,
    },
}

impl PinError {
    /// For logs: stays as it is.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "pin.unreadable",
            Self::NotAPin { .. } => "pin.not_a_pin",
            Self::Name { .. } => "pin.name",
            Self::Certificate { .. } => "pin.certificate",
            Self::NotApproved { .. } => "pin.not_approved",
            Self::Edition { reason, .. } => reason.code(),
        }
    }
}

/// The file's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinFile {
    /// The service's entity id.
    pub entity: String,
    /// Which file for this service it is, from 1. A file without is the first: it was written before there were editions.
    #[serde(default = "first")]
    pub edition: u32,
    /// The service is pinned no more. Then it has no certificate.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withdrawn: bool,
    /// What the content is encrypted with: `aes128-gcm` unless its metadata ask for another.
    #[serde(default = "default_cipher")]
    pub cipher: String,
    /// What the content's key is encrypted with: `oaep-sha1` unless its metadata ask for another.
    #[serde(default = "default_transport")]
    pub transport: String,
    /// The service's certificate, PEM.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub certificate: String,
    /// Certificates (PEM) of the keys that the service signs with: in its LogoutRequests, names are compared. Without any,
    /// none is; files were written so before names were compared by the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signing: Vec<String>,
    /// What is taken from the service beyond the profile, as at the front ([`EXCEPTIONS`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
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

const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

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

    /// The edition that says that `entity` is pinned no more.
    pub fn withdrawal(entity: String, edition: u32) -> Self {
        Self {
            entity,
            edition,
            withdrawn: true,
            cipher: default_cipher(),
            transport: default_transport(),
            certificate: String::new(),
            signing: Vec::new(),
            exceptions: Vec::new(),
            approvals: HashMap::new(),
        }
    }

    /// Writes `file`, which must not be there yet.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn create(&self, file: &Path) -> Result<(), PinError> {
        let text = toml::to_string(self).map_err(|error| not_a_pin(file, error.to_string()))?;
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|mut open| open.write_all(text.as_bytes()).and_then(|()| open.sync_all()))
            .map_err(|reason| unreadable(file, reason))
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

    /// The SHA-256 of each certificate of a key that the service signs with.
    ///
    /// # Errors
    /// [`PinError`]
    pub fn signing_fingerprints(&self, file: &Path) -> Result<Vec<[u8; 32]>, PinError> {
        self.signing.iter().map(|pem| Ok(sha256(&der(pem, file)?))).collect()
    }

    /// Which operators have rightly signed for it.
    ///
    /// # Errors
    /// [`PinError`] when there is nothing that could be signed for.
    pub fn approved_by<'o>(&self, file: &Path, operators: &'o [Operator]) -> Result<Vec<&'o str>, PinError> {
        let words = self.words(file)?;
        let signed = operators.iter().filter(|operator| {
            let signature = self.approvals.get(operator.name());
            signature.is_some_and(|signature| operator.signed(&words, signature))
        });
        Ok(signed.map(Operator::name).collect())
    }

    /// What operators sign: all that decides who can read, and since which edition. A first edition is signed for in the
    /// words that were used before there were others, so that what was signed then goes on counting.
    fn words(&self, file: &Path) -> Result<Vec<u8>, PinError> {
        if self.edition == 0 || i32::try_from(self.edition).is_err() {
            return Err(not_a_pin(file, "no edition has that number".to_owned()));
        }
        let about_requests = !(self.signing.is_empty() && self.exceptions.is_empty());
        if self.withdrawn && (about_requests || !self.certificate.is_empty()) {
            return Err(not_a_pin(file, "withdrawn, and yet with a certificate".to_owned()));
        }
        let mut words = Vec::new();
        if about_requests {
            words.extend(b"madoguchi pin 3\0");
            words.extend(self.edition.to_be_bytes());
        } else if self.edition == first() && !self.withdrawn {
            words.extend(b"madoguchi pin 1\0");
        } else {
            words.extend(b"madoguchi pin 2\0");
            words.extend(self.edition.to_be_bytes());
        }
        words.extend(self.entity.as_bytes());
        words.push(0);
        if self.withdrawn {
            words.extend(b"withdrawn");
            return Ok(words);
        }
        for part in [&self.cipher, &self.transport] {
            words.extend(part.as_bytes());
            words.push(0);
        }
        words.extend(self.fingerprint(file)?);
        if about_requests {
            words.push(u8::try_from(self.signing.len()).map_err(|_| not_a_pin(file, "too many keys".to_owned()))?);
            words.extend(self.signing_fingerprints(file)?.concat());
            for exception in &self.exceptions {
                words.extend(exception.as_bytes());
                words.push(0);
            }
        }
        Ok(words)
    }

    fn der(&self, file: &Path) -> Result<CertificateDer<'static>, PinError> {
        der(&self.certificate, file)
    }

    fn check(self, file: &Path, operators: &[Operator]) -> Result<Signed, PinError> {
        relay_core::pseudonym::Domain::new("any")
            .and_then(|domain| relay_core::pseudonym::Service::new(&domain, &self.entity))
            .map_err(|reason| PinError::Name {
                file: file.to_owned(),
                reason,
            })?;
        let approved = self.approved_by(file, operators)?;
        let [one, other, ..] = approved[..] else {
            return Err(PinError::NotApproved {
                file: file.to_owned(),
                found: approved.len(),
            });
        };
        let (sealed_to, service) = match self.withdrawn {
            true => (None, None),
            false => {
                let (to, key) = self.sealing(file)?;
                (Some(to), Some((key, Requests::of(&self, file)?)))
            }
        };
        Ok(Signed {
            noted: blind::Pin {
                edition: self.edition,
                digest: sha256(&self.words(file)?),
                sealed_to,
                approved_by: [one.to_owned(), other.to_owned()],
                entity: self.entity,
            },
            service,
            file: file.to_owned(),
        })
    }

    /// What is sealed with, and to whom.
    fn sealing(&self, file: &Path) -> Result<(blind::SealedTo, SealingKey), PinError> {
        let cipher = find(&CIPHERS, &self.cipher).ok_or_else(|| not_a_pin(file, "no such cipher".to_owned()))?;
        let transport =
            find(&TRANSPORTS, &self.transport).ok_or_else(|| not_a_pin(file, "no such transport".to_owned()))?;
        let der = self.der(file)?;
        let key = SealingKey::new(&der, cipher, transport).map_err(|reason| PinError::Certificate {
            file: file.to_owned(),
            reason,
        })?;
        let to = blind::SealedTo {
            certificate_sha256: sha256(&der),
            cipher: self.cipher.clone(),
            transport: self.transport.clone(),
        };
        Ok((to, key))
    }
}

/// What two operators signed for, not yet held against what was honoured before.
#[derive(Debug)]
struct Signed {
    noted: blind::Pin,
    service: Option<(SealingKey, Option<Requests>)>,
    file: PathBuf,
}

/// A service that is sealed to.
#[derive(Debug)]
pub struct Pin {
    /// As noted in the database.
    pub noted: blind::Pin,
    /// What is sealed with.
    pub key: SealingKey,
    /// How its LogoutRequests are known; `None` where the file says nothing of it.
    pub requests: Option<Requests>,
}

/// The format of what a pin's service is given.
pub const FORMAT: NameIdFormat = NameIdFormat::Persistent;

fn find<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant)
}

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], meant: T) -> &'static str {
    words
        .iter()
        .find(|(_, known)| *known == meant)
        .map_or("", |(word, _)| word)
}

fn der(pem: &str, file: &Path) -> Result<CertificateDer<'static>, PinError> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| not_a_pin(file, "no certificate in PEM".to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_before_there_were_editions_goes_on_counting_as_the_first() {
        let file = Path::new("clinic.toml");
        let key = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
        let pem = key.cert.pem();
        let text = format!("entity = \"https://clinic.example/sp\"\ncertificate = \"\"\"\n{pem}\"\"\"\n");
        let mut pin: PinFile = toml::from_str(&text).unwrap();
        let hama = OperatorKey::generate("hama").unwrap();
        let words = [
            b"madoguchi pin 1\0https://clinic.example/sp\0aes128-gcm\0oaep-sha1\0".as_slice(),
            &sha256(key.cert.der()),
        ]
        .concat();
        pin.approvals.insert("hama".into(), hama.sign(&words));
        let known = [hama.operator()];
        assert_eq!(pin.approved_by(file, &known).unwrap(), ["hama"]);
        pin.edition = 2;
        assert!(pin.approved_by(file, &known).unwrap().is_empty());
    }
}
