//! Revocation lists (RFC 5280 §5): which certificates are no longer good, signed by who issued them.

use std::collections::BTreeSet;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::FromDer;

use super::{Authority, AuthorityError, issue::building, lint};
use crate::records::CertificateSerial;

/// Why a certificate was revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// No reason is told.
    Unspecified,
    /// The key may be in other hands: a stolen card.
    KeyCompromise,
    /// Another card took its place.
    Superseded,
    /// The card is no longer used: damaged while being made, given back, the holder moved away.
    CessationOfOperation,
    /// The right to hold it was taken back: a member of the staff left.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Each reason.
    pub const ALL: [Self; 5] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The code of CRLReason.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key_compromise",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation_of_operation",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
        }
    }

    /// The reason stored as `text`.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    const fn for_builder(self) -> Option<rcgen::RevocationReason> {
        match self {
            // "SHOULD be absent instead of using the unspecified (0) reasonCode value"
            Self::Unspecified => None,
            Self::KeyCompromise => Some(rcgen::RevocationReason::KeyCompromise),
            Self::Superseded => Some(rcgen::RevocationReason::Superseded),
            Self::CessationOfOperation => Some(rcgen::RevocationReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(rcgen::RevocationReason::PrivilegeWithdrawn),
        }
    }
}

/// A certificate on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    pub serial: CertificateSerial,
    pub at: OffsetDateTime,
    pub reason: RevocationReason,
}

/// A list as whoever fetches it reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    pub number: u64,
    pub signed_at: OffsetDateTime,
    /// When the next one is due at the latest; a reader takes this one no longer (RFC 5280 §5.1.2.5).
    pub until: OffsetDateTime,
    pub serials: BTreeSet<CertificateSerial>,
}

impl PublishedList {
    /// Reads `der`, signed by the holder of `issuer` (DER).
    ///
    /// # Errors
    /// A sentence: it is no list, or not that authority's.
    pub fn read(der: &[u8], issuer: &[u8]) -> Result<Self, String> {
        let (rest, list) = x509_parser::revocation_list::CertificateRevocationList::from_der(der)
            .map_err(|why| format!("it does not read as a revocation list: {why}"))?;
        let issuer = lint::parse(issuer).map_err(|why| why.to_string())?;
        if !rest.is_empty() || list.verify_signature(issuer.public_key()).is_err() {
            return Err("it is not signed by the authority it is published for".into());
        }
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let serials = list
            .iter_revoked_certificates()
            .map(|entry| entry.raw_serial().try_into().map(CertificateSerial));
        Ok(Self {
            number: number.ok_or("it has no number")?,
            signed_at: list.last_update().to_datetime(),
            until: list.next_update().ok_or("it says no end")?.to_datetime(),
            serials: serials
                .collect::<Result<_, _>>()
                .map_err(|_| "it lists a serial of another length")?,
        })
    }
}

/// A signed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// As published at the distribution point.
    pub der: Vec<u8>,
    /// The same as text, for openssl.
    pub pem: String,
    pub number: u64,
}

impl Authority {
    /// The list number `number` of this authority: `revoked` as of `now`, good for `lasts`. The number grows with each
    /// list (RFC 5280 §5.2.3); the caller keeps it in one place, so that two machines never sign two lists of one number.
    ///
    /// # Errors
    /// When `lasts` is not positive, the key does not sign, or the list does not read back as meant.
    pub fn revocation_list(
        &self,
        revoked: impl IntoIterator<Item = Revoked>,
        number: u64,
        now: OffsetDateTime,
        lasts: Duration,
    ) -> Result<RevocationList, AuthorityError> {
        let mut revoked: Vec<_> = revoked.into_iter().collect();
        // Sorted, so that one state gives one list and a reader can search it by halves.
        revoked.sort_by_key(|entry| entry.serial);
        revoked.dedup_by_key(|entry| entry.serial);
        let entries = revoked.len();
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now + lasts,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .into_iter()
                .map(|entry| RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&entry.serial.0),
                    revocation_time: entry.at,
                    reason_code: entry.reason.for_builder(),
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer()?)
        .map_err(building)?;
        let der = list.der().to_vec();
        self.read_back(&der, number, entries)
            .map_err(AuthorityError::Building)?;
        Ok(RevocationList {
            pem: list.pem().map_err(building)?,
            der,
            number,
        })
    }

    fn read_back(&self, der: &[u8], number: u64, entries: usize) -> Result<(), String> {
        let list = PublishedList::read(der, self.certificate())?;
        if list.number != number || list.serials.len() != entries {
            return Err("the signed list does not say what it was given".into());
        }
        Ok(())
    }
}
