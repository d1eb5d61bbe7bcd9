//! Revocation lists (RFC 5280 §5): which certificates are no longer good, signed by who issued them.

use certificate_status::{List, Register};
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyIdMethod,
    RevokedCertParams, SerialNumber,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    Authority, AuthorityError, AuthorityName,
    issue::{building, fingerprint},
};
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

/// A signed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// As published at the distribution point.
    pub der: Vec<u8>,
    /// The same as text, for openssl.
    pub pem: String,
    pub number: u64,
}

impl RevocationList {
    /// SHA-256 of the list.
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(&self.der)
    }
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
            // Which certificates it is about, so that no list of an authority can stand in for another (RFC 5280 §5.2.5).
            // Not the root's: its own certificate names no list, and readers that look there all the same would find none.
            issuing_distribution_point: (self.name() != AuthorityName::Root).then(|| CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec![self.settings().pointers(self.name()).revocation_list],
                },
                scope: Some(CrlScope::UserCertsOnly),
            }),
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

    /// The register of `serials`, all that this authority issued as the records knew `as_of`, for who answers whether one of
    /// them is good. It is signed afresh every few minutes and promises nothing that the certificates and the list don't,
    /// so the trail does not tell of it.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn register(&self, serials: Vec<CertificateSerial>, as_of: OffsetDateTime) -> Result<Vec<u8>, AuthorityError> {
        let serials = serials.into_iter().map(|serial| serial.0).collect();
        let mut register = Register::unsigned(self.name().as_str(), as_of, serials);
        let signature = self.signer().sign(&register)?;
        register.extend(signature);
        Ok(register)
    }

    fn read_back(&self, der: &[u8], number: u64, entries: usize) -> Result<(), String> {
        let list = List::read(der, self.certificate())?;
        if list.number != number || list.revoked.len() != entries {
            return Err("the signed list does not say what it was given".into());
        }
        Ok(())
    }
}
