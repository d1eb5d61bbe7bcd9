//! A revocation list as whoever fetches it reads it.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use crate::Serial;

/// Since when a certificate is revoked, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    pub at: OffsetDateTime,
    /// The code of CRLReason (RFC 5280 §5.3.1); 0 where the list says none.
    pub reason: u8,
}

/// A list that its authority signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub number: u64,
    pub signed_at: OffsetDateTime,
    /// When the next one is due at the latest; a reader takes this one no longer (RFC 5280 §5.1.2.5).
    pub until: OffsetDateTime,
    /// Ordered by serial: one is found in the same few steps among a million.
    pub revoked: BTreeMap<Serial, Revocation>,
}

impl List {
    /// Reads `der`, signed by the holder of `issuer` (DER).
    ///
    /// # Errors
    /// A sentence: it is no list, or not that authority's.
    pub fn read(der: &[u8], issuer: &[u8]) -> Result<Self, String> {
        let (rest, list) = CertificateRevocationList::from_der(der)
            .map_err(|why| format!("it does not read as a revocation list: {why}"))?;
        let (_, issuer) = X509Certificate::from_der(issuer).map_err(|why| why.to_string())?;
        if !rest.is_empty() || list.verify_signature(issuer.public_key()).is_err() {
            return Err("it is not signed by the authority it is published for".into());
        }
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let revoked = list.iter_revoked_certificates().map(|entry| {
            let serial = Serial::try_from(entry.raw_serial()).ok()?;
            let reason = entry.reason_code().map_or(0, |(_, reason)| reason.0);
            let at = entry.revocation_date.to_datetime();
            Some((serial, Revocation { at, reason }))
        });
        Ok(Self {
            number: number.ok_or("it has no number")?,
            signed_at: list.last_update().to_datetime(),
            until: list.next_update().ok_or("it says no end")?.to_datetime(),
            revoked: revoked
                .collect::<Option<_>>()
                .ok_or("it lists a serial of another length")?,
        })
    }
}
