//! The public half: the certificates everyone may have, and the question whether a card's certificate is good.

use std::{fs, path::Path};

use time::OffsetDateTime;

use super::{
    AuthorityError, AuthorityName, CeremonyRecord, CheckedKey, KeyError, LintError, Profile, Settings, Verdict,
    issue::fingerprint, lint,
};
use crate::records::CertificateSerial;

/// The authorities' certificates, as the signed ceremony record names them. Opening it needs no passphrase.
#[derive(Debug, Clone)]
pub struct Trust {
    settings: Settings,
    certificates: [(AuthorityName, Vec<u8>); 3],
}

/// Why a certificate is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It was not issued by this office's authority for this use, or it was changed.
    #[error("not a {profile} certificate of this office ({source})")]
    NotOurs {
        profile: &'static str,
        /// The rule it breaks.
        source: LintError,
    },
    /// Not yet valid at the moment asked about: the clock is wrong, or the certificate is from the future.
    #[error("valid from {0} on; if that is past, the clock is wrong")]
    NotYet(OffsetDateTime),
    /// No longer valid at the moment asked about.
    #[error("expired at {0}")]
    Expired(OffsetDateTime),
    /// The authority itself has expired.
    #[error("the issuing authority expired at {0}")]
    AuthorityExpired(OffsetDateTime),
    #[error("certificate {0} was revoked")]
    Revoked(CertificateSerial),
    /// Its serial is not one of ours.
    #[error("its serial is not one of ours")]
    ForeignSerial,
    /// Its key would not be taken today.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A certificate found good, with what may be learnt from it. Only [`Trust::verify_chain`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCertificate {
    profile: Profile,
    number: String,
    serial: CertificateSerial,
    key: CheckedKey,
    until: OffsetDateTime,
}

impl Trust {
    /// Reads the ceremony record and the certificates in `folder`, and checks each against the others.
    ///
    /// # Errors
    /// When a file is missing, was changed since the ceremony, or is of another ceremony.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let mut certificates = Vec::new();
        for name in AuthorityName::ALL {
            let path = folder.join(name.as_str()).join("certificate.cer");
            let der = fs::read(&path).map_err(|source| AuthorityError::File {
                what: "reading the certificate",
                path: path.clone(),
                source,
            })?;
            certificates.push((name, der));
        }
        let root = certificates[0].1.clone();
        let record = CeremonyRecord::read(folder, &root)?;
        for (name, der) in &certificates {
            let path = folder.join(name.as_str()).join("certificate.cer");
            let damaged = |why: String| AuthorityError::Damaged {
                path: path.clone(),
                why,
            };
            if record.fingerprint(*name) != Some(hex::encode(fingerprint(der))) {
                return Err(damaged("not the certificate that the ceremony's record names".into()));
            }
            lint::parse(der)
                .and_then(|parsed| lint::follows(&parsed, name.profile(), &record.settings, &lint::parse(&root)?))
                .map_err(|why| damaged(why.to_string()))?;
        }
        let [root, resident, staff]: [_; 3] = certificates
            .try_into()
            .map_err(|_| AuthorityError::Settings("three authorities are expected".into()))?;
        Ok(Self {
            settings: record.settings,
            certificates: [root, resident, staff],
        })
    }

    /// The settings of the ceremony.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An authority's certificate, DER.
    pub fn certificate(&self, name: AuthorityName) -> &[u8] {
        &self.certificates[name as usize].1
    }

    /// An authority's first and last second, for who watches over expiry.
    ///
    /// # Errors
    /// Never for a [`Trust`] that opened; the parser's complaint otherwise.
    pub fn validity(&self, name: AuthorityName) -> Result<(OffsetDateTime, OffsetDateTime), LintError> {
        let certificate = lint::parse(self.certificate(name))?;
        let validity = certificate.validity();
        Ok((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
    }

    /// What every rule of the linter says of the certificate `der`, for an auditor: as one of the profile of which it breaks
    /// the fewest.
    ///
    /// # Errors
    /// [`LintError`] for what is no certificate.
    pub fn judge(&self, der: &[u8]) -> Result<(Profile, Vec<Verdict>), LintError> {
        let certificate = lint::parse(der)?;
        let mut nearest: Option<(Profile, Vec<Verdict>)> = None;
        let broken = |verdicts: &[Verdict]| verdicts.iter().filter(|verdict| verdict.found.is_some()).count();
        for profile in Profile::ALL {
            let issuer = lint::parse(self.certificate(profile.issuer()))?;
            let verdicts = lint::verdicts(&certificate, profile, &self.settings, &issuer);
            if nearest
                .as_ref()
                .is_none_or(|(_, best)| broken(&verdicts) < broken(best))
            {
                nearest = Some((profile, verdicts));
            }
        }
        nearest.ok_or(LintError {
            rule: "profile",
            found: "there is none".into(),
        })
    }

    /// Until when the responder's certificate `der` by `authority` is good; `None` when it is no such certificate.
    pub fn responder_until(&self, authority: AuthorityName, der: &[u8]) -> Option<OffsetDateTime> {
        let certificate = lint::parse(der).ok()?;
        let issuer = lint::parse(self.certificate(authority)).ok()?;
        lint::follows(&certificate, Profile::responder_of(authority)?, &self.settings, &issuer).ok()?;
        Some(certificate.validity().not_after.to_datetime())
    }

    /// Whether the certificate `der` is one of this office's of `profile`, good at the moment `at` and not `revoked`.
    ///
    /// # Errors
    /// [`ChainError`] with what is wrong: signature and profile first, then time, then revocation.
    pub fn verify_chain(
        &self,
        der: &[u8],
        profile: Profile,
        at: OffsetDateTime,
        revoked: &dyn Fn(&CertificateSerial) -> bool,
    ) -> Result<VerifiedCertificate, ChainError> {
        let not_ours = |source| ChainError::NotOurs {
            profile: profile.as_str(),
            source,
        };
        let certificate = lint::parse(der).map_err(not_ours)?;
        let issuer = lint::parse(self.certificate(profile.issuer())).map_err(not_ours)?;
        lint::follows(&certificate, profile, &self.settings, &issuer).map_err(not_ours)?;
        for name in [AuthorityName::Root, profile.issuer()] {
            let (_, until) = self.validity(name).map_err(not_ours)?;
            if at > until {
                return Err(ChainError::AuthorityExpired(until));
            }
        }
        let validity = certificate.validity();
        let (from, until) = (validity.not_before.to_datetime(), validity.not_after.to_datetime());
        if at < from {
            return Err(ChainError::NotYet(from));
        }
        if at > until {
            return Err(ChainError::Expired(until));
        }
        let serial = certificate
            .raw_serial()
            .try_into()
            .map_err(|_| ChainError::ForeignSerial)?;
        let serial = CertificateSerial(serial);
        if revoked(&serial) {
            return Err(ChainError::Revoked(serial));
        }
        Ok(VerifiedCertificate {
            profile,
            number: lint::common_name(&certificate).unwrap_or_default().to_owned(),
            serial,
            key: CheckedKey::parse(certificate.public_key().raw)?,
            until,
        })
    }
}

impl VerifiedCertificate {
    /// Its kind.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// 整理番号 of a resident's, 職員番号 of a staff certificate.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Its serial.
    pub const fn serial(&self) -> CertificateSerial {
        self.serial
    }

    /// Its last second.
    pub const fn until(&self) -> OffsetDateTime {
        self.until
    }

    /// Its key, SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        self.key.spki()
    }

    /// Whether `signature` is the card's RSASSA-PKCS1-v1_5 signature with SHA-256 of `message`: the answer to a login's
    /// challenge.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verifies(message, signature)
    }
}
