//! The check before the signature: everything about a certificate is decided here, and the result can only be used up.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::chance::{Chance, draw};
use time::{Duration, OffsetDateTime, Time};

use super::{Authority, CheckedKey, KeyError, Profile};
use crate::records::{CertificateSerial, Reservation};

/// How long before the moment its serial was reserved a certificate begins: clocks at clinics and schools run behind.
const BACKDATED: Duration = Duration::minutes(10);

/// Whom a certificate is about, without saying who that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Holder(String),
    Staff(String),
}

impl Subject {
    /// 整理番号: sixteen digits that follow from the certificate's own serial by SHA-256, and so are as random as that and
    /// the same when the certificate is signed again. Two certificates of one card have two serials drawn apart and hence
    /// two numbers: who reads the one that asks for no PIN cannot recognise the other.
    pub fn holder(serial: CertificateSerial) -> Self {
        let hash = digest(
            &SHA256,
            &[b"madoguchi holder number 1\n".as_slice(), &serial.0].concat(),
        );
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_ref()[..8]);
        let number = u64::from_be_bytes(first) % 10_000_000_000_000_000;
        Self(Kind::Holder(format!("{number:016}")))
    }

    /// 職員番号: 1 to 32 letters, digits and hyphens of ASCII; `None` for anything else.
    pub fn staff(number: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let good = (1..=32).contains(&number.len()) && number.chars().all(fits);
        good.then(|| Self(Kind::Staff(number.to_owned())))
    }

    /// The number, as in the certificate's common name.
    pub fn number(&self) -> &str {
        match &self.0 {
            Kind::Holder(number) | Kind::Staff(number) => number,
        }
    }

    fn suits(&self, profile: Profile) -> bool {
        match self.0 {
            Kind::Holder(_) => matches!(profile, Profile::ResidentAuthentication | Profile::ResidentEligibility),
            Kind::Staff(_) => profile == Profile::StaffAuthentication,
        }
    }
}

/// A serial that is in the records. Only [`ReservedSerial::record`] makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct ReservedSerial(Reservation);

impl ReservedSerial {
    /// Reserves a serial through `record`, which stores `fresh` durably, or gives the reservation stored before.
    ///
    /// # Errors
    /// What `record` says.
    pub fn record<E>(
        fresh: Reservation,
        record: impl FnOnce(Reservation) -> Result<Reservation, E>,
    ) -> Result<Self, E> {
        record(fresh).map(Self)
    }

    /// As [`record`](Self::record), several at once: `record` stores all of them or none.
    ///
    /// # Errors
    /// What `record` says.
    pub fn record_each<K: Ord, E>(
        fresh: BTreeMap<K, Reservation>,
        record: impl FnOnce(BTreeMap<K, Reservation>) -> Result<BTreeMap<K, Reservation>, E>,
    ) -> Result<BTreeMap<K, Self>, E> {
        let kept = record(fresh)?;
        Ok(kept
            .into_iter()
            .map(|(key, reservation)| (key, Self(reservation)))
            .collect())
    }

    /// The serial.
    pub const fn serial(&self) -> CertificateSerial {
        self.0.serial()
    }

    /// When it was reserved: what the certificate is dated from.
    pub const fn at(&self) -> OffsetDateTime {
        self.0.at()
    }
}

/// What a card is asked to sign, to show that it has the private key. Good for one profile, one key and one answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    message: Vec<u8>,
    profile: Profile,
    spki: Vec<u8>,
}

impl Challenge {
    /// A challenge to the key `spki` (SubjectPublicKeyInfo, DER) for a certificate of `profile`.
    pub fn new(profile: Profile, spki: &[u8], chance: &mut dyn Chance) -> Self {
        let mut message = b"madoguchi proof of possession 1\n".to_vec();
        message.extend(profile.as_str().as_bytes());
        message.push(b'\n');
        message.extend(draw::<32>(chance));
        message.extend(digest(&SHA256, spki).as_ref());
        Self {
            message,
            profile,
            spki: spki.to_vec(),
        }
    }

    /// SHA-256 of the challenge: what goes to the card.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, &self.message).as_ref());
        out
    }
}

/// A challenge with the card's answer (RSASSA-PKCS1-v1_5, SHA-256).
#[derive(Debug)]
pub struct Proof {
    /// What was asked; used up here.
    pub challenge: Challenge,
    /// What the card signed.
    pub signature: Vec<u8>,
}

/// A wish for a certificate.
#[derive(Debug)]
pub struct Request<'a> {
    pub profile: Profile,
    /// Whom it is about.
    pub subject: Subject,
    /// The card's public key, SubjectPublicKeyInfo in DER.
    pub public_key: &'a [u8],
    /// That the card has the private key.
    pub proof: Proof,
    /// The serial in the records.
    pub serial: ReservedSerial,
}

/// Why a certificate is not issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// This authority does not issue the profile.
    #[error("the {authority} authority does not issue {profile} certificates")]
    NotThisAuthority {
        authority: &'static str,
        profile: &'static str,
    },
    /// A resident's certificate for staff, or the other way round.
    #[error("the subject does not suit a {0} certificate")]
    WrongSubject(&'static str),
    /// The key is not good enough.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The card's answer does not show that it has the key.
    #[error("the card did not prove that it holds the private key")]
    NotProved,
    /// The serial is not 16 bytes that DER keeps at that length.
    #[error("the serial {0} has the wrong form")]
    WrongSerial(CertificateSerial),
    /// The certificate would outlive the authority, or the clock is before the authority's first day.
    #[error(
        "the authority is valid from {from} to {to}, which does not cover a certificate until {until}: check the clock, or renew the authority"
    )]
    OutsideAuthority {
        /// The authority's first second.
        from: OffsetDateTime,
        to: OffsetDateTime,
        until: OffsetDateTime,
    },
}

/// A certificate that may be signed: checked, complete, and used up by [`Authority::issue`].
#[derive(Debug)]
pub struct Prepared {
    pub(super) authority: [u8; 32],
    pub(super) profile: Profile,
    pub(super) subject: Subject,
    pub(super) key: CheckedKey,
    pub(super) serial: CertificateSerial,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
}

impl Authority {
    /// Checks `request`: profile and subject, the key's form and strength, the card's proof that it has the key, the
    /// serial, and that a certificate dated from its reservation ends before the authority does. Prepared again from the
    /// same reservation, subject and key, the certificate is the same: RSASSA-PKCS1-v1_5 draws nothing (RFC 8017 §8.2).
    ///
    /// # Errors
    /// [`PrepareError`] with the first rule that is broken.
    pub fn prepare(&self, request: Request<'_>) -> Result<Prepared, PrepareError> {
        let Request {
            profile,
            subject,
            public_key,
            proof,
            serial,
        } = request;
        if !profile.is_of_a_card() || profile.issuer() != self.name() {
            return Err(PrepareError::NotThisAuthority {
                authority: self.name().as_str(),
                profile: profile.as_str(),
            });
        }
        if !subject.suits(profile) {
            return Err(PrepareError::WrongSubject(profile.as_str()));
        }
        let key = CheckedKey::parse(public_key)?;
        let Proof { challenge, signature } = proof;
        let asked_this = challenge.profile == profile && challenge.spki == key.spki();
        if !asked_this || !key.verifies(&challenge.message, &signature) {
            return Err(PrepareError::NotProved);
        }
        let (serial, at) = (serial.serial(), serial.at());
        if !(0x01..=0x7f).contains(&serial.0[0]) {
            return Err(PrepareError::WrongSerial(serial));
        }
        let (not_before, not_after) = self.dates(profile, at)?;
        Ok(Prepared {
            authority: self.fingerprint(),
            profile,
            subject,
            key,
            serial,
            not_before,
            not_after,
        })
    }

    /// Whether a certificate of `profile` whose serial is reserved at `at` lies within the authority's own days. To be
    /// asked before the reservation, which keeps its moment for good.
    ///
    /// # Errors
    /// [`PrepareError::OutsideAuthority`]
    pub fn covers(&self, profile: Profile, at: OffsetDateTime) -> Result<(), PrepareError> {
        self.dates(profile, at).map(|_| ())
    }

    pub(super) fn dates(
        &self,
        profile: Profile,
        at: OffsetDateTime,
    ) -> Result<(OffsetDateTime, OffsetDateTime), PrepareError> {
        let (from, to) = self.validity();
        // No earlier than the authority itself: staff cards are made minutes after its ceremony.
        let (not_before, not_after) = validity(profile, (at - BACKDATED).max(from));
        if at < from || not_after > to {
            return Err(PrepareError::OutsideAuthority {
                from,
                to,
                until: not_after,
            });
        }
        Ok((not_before, not_after))
    }
}

/// First and last second of a certificate of `profile` that begins at `from`. Both belong to it (RFC 5280 §4.1.2.5),
/// so the last is one second short of the whole days.
pub(super) fn validity(profile: Profile, from: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
    let whole = Time::from_hms(from.hour(), from.minute(), from.second()).unwrap_or(Time::MIDNIGHT);
    let not_before = from.replace_time(whole);
    (
        not_before,
        not_before + Duration::days(profile.lifetime_days()) - Duration::SECOND,
    )
}

/// What a test's card signs by its message rather than its digest.
#[cfg(test)]
pub(super) fn message_of(challenge: &Challenge) -> Vec<u8> {
    challenge.message.clone()
}
