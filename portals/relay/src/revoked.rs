//! Revocation lists (RFC 5280 section 5) of the authorities that issued the relay operators' cards: a card on one is let in no
//! more from the next request on, in a connection that stands too, and without anybody changing the configuration.
//!
//! Lists are files that somebody fetches from the authorities' distribution points. A list that was configured and is no
//! good (gone, expired, older than one that was read, signed by another) lets nobody in whose card it is about: else
//! whoever keeps it away would give a revoked card its place back.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject as _};
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use crate::front::StartError;

/// Why a card is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGood {
    /// It is on its authority's list.
    #[error("the card is revoked")]
    Revoked,
    /// There is no list that could say that it is not.
    #[error("the revocation list {} {why}: no card of its authority is let in until it is replaced", file.display())]
    NoList {
        file: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl NotGood {
    /// For the log, the count and the answer.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Revoked => "operator.revoked",
            Self::NoList { .. } => "operator.no_list",
        }
    }
}

/// The lists, read again when their files change.
#[derive(Debug)]
pub struct Revocations(Vec<List>);

#[derive(Debug)]
struct List {
    file: PathBuf,
    /// Whose list it was when it was first read: a list of another authority is no list of this one.
    authority: CertificateDer<'static>,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Read {
    stamp: Option<(SystemTime, u64)>,
    /// What the file holds; or what is wrong with it.
    held: Result<Held, &'static str>,
    /// The highest number that was read: an older list put back is none.
    highest: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Held {
    serials: Vec<Vec<u8>>,
    until: i64,
}

impl Revocations {
    /// The lists in `files`, PEM or DER, each signed by one of `authorities`.
    ///
    /// # Errors
    /// [`StartError::Key`] when one cannot be read or is none of theirs.
    pub fn load(files: &[PathBuf], authorities: &[CertificateDer<'static>]) -> Result<Self, StartError> {
        let list = |file: &PathBuf| {
            let unusable = |why: &str| StartError::key(file, why);
            let bytes = fs::read(file).map_err(|error| unusable(&error.to_string()))?;
            let authority = authorities
                .iter()
                .find(|authority| parse(&bytes, authority).is_ok())
                .ok_or_else(|| unusable("no revocation list of an authority in [operators] authorities"))?;
            let mut read = Read {
                stamp: stamp(file),
                held: Err("was not read"),
                highest: Vec::new(),
            };
            read.again(file, authority);
            Ok(List {
                file: file.clone(),
                authority: authority.clone(),
                read: Mutex::new(read),
            })
        };
        files.iter().map(list).collect::<Result<_, StartError>>().map(Self)
    }

    /// Whether the certificate `der` is good at `now`, as far as one of the lists is about it.
    ///
    /// # Errors
    /// [`NotGood`]
    pub fn judge(&self, der: &[u8], now: OffsetDateTime) -> Result<(), NotGood> {
        let Ok((_, card)) = X509Certificate::from_der(der) else {
            return Ok(()); // No certificate is any operator's.
        };
        let about = self.0.iter().filter(|list| {
            X509Certificate::from_der(&list.authority).is_ok_and(|(_, authority)| {
                authority.subject().as_raw() == card.issuer().as_raw()
                    && card.verify_signature(Some(authority.public_key())).is_ok()
            })
        });
        for list in about {
            let held = list.now(now)?;
            if held.serials.iter().any(|serial| serial == card.raw_serial()) {
                return Err(NotGood::Revoked);
            }
        }
        Ok(())
    }
}

impl List {
    fn now(&self, now: OffsetDateTime) -> Result<Held, NotGood> {
        let none = |why| NotGood::NoList {
            file: self.file.clone(),
            why,
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.file);
        if stamp.is_none() || stamp != read.stamp {
            read.again(&self.file, &self.authority);
            read.stamp = stamp;
        }
        let held = read.held.clone().map_err(none)?;
        if now.unix_timestamp() >= held.until {
            return Err(none("has expired"));
        }
        Ok(held)
    }
}

impl Read {
    fn again(&mut self, file: &Path, authority: &CertificateDer<'_>) {
        let parsed = fs::read(file)
            .map_err(|_| "cannot be read")
            .and_then(|bytes| parse(&bytes, authority));
        self.held = parsed.and_then(|(held, number)| {
            // Numbers are written without leading zeros: the longer is the greater.
            if (number.len(), &number) < (self.highest.len(), &self.highest) {
                return Err("is older than the one that was read before");
            }
            self.highest = number;
            Ok(held)
        });
    }
}

/// When the file was changed last, and how long it is.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let known = fs::metadata(file).ok()?;
    Some((known.modified().ok()?, known.len()))
}

/// The list in `bytes`, PEM or DER, which `authority` must have signed; and its number.
fn parse(bytes: &[u8], authority: &[u8]) -> Result<(Held, Vec<u8>), &'static str> {
    let der = match CertificateRevocationListDer::from_pem_slice(bytes) {
        Ok(der) => der.to_vec(),
        Err(_) => bytes.to_vec(),
    };
    let (rest, list) = CertificateRevocationList::from_der(&der).map_err(|_| "is no revocation list")?;
    let (_, authority) = X509Certificate::from_der(authority).map_err(|_| "has no authority")?;
    let signed = rest.is_empty()
        && list.issuer().as_raw() == authority.subject().as_raw()
        && list.verify_signature(authority.public_key()).is_ok();
    if !signed {
        return Err("is not signed by the authority it is of");
    }
    let until = list.next_update().ok_or("does not say until when it holds")?;
    let number = list.crl_number().map(|number| number.to_bytes_be()).unwrap_or_default();
    let held = Held {
        serials: list
            .iter_revoked_certificates()
            .map(|revoked| revoked.raw_serial().to_vec())
            .collect(),
        until: until.timestamp(),
    };
    Ok((held, number))
}
