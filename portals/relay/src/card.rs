//! Cards as the front sees them: a certificate shown in a TLS handshake, or a challenge signed through the bridge.
//!
//! The handshake lets any certificate in whose key signed it; whether it is a good card's is judged afterwards
//! ([`CardRules::judge`]), so that the person gets a page saying what is wrong instead of a broken connection. Who the
//! card belongs to is never looked at: its certificate names a random holder number, and is known here by its hash.

use std::{fmt, path::Path, sync::Arc};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use portal_kit::tls::{self, TlsError};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use time::OffsetDateTime;
use x509_parser::{
    prelude::{FromDer as _, X509Certificate},
    public_key::PublicKey,
    time::ASN1Time,
};

/// What is wrong with a certificate or with the signature that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFault {
    /// Not a certificate at all.
    NotACertificate,
    /// Not of one of our authorities, or its signature is not theirs.
    UnknownIssuer,
    /// Not good yet: the card, or a clock, is from the future.
    NotYetGood,
    /// Past its last day.
    Expired,
    /// Of our authorities, and not a card's for signing in.
    OtherProfile,
    /// The challenge was not signed with its key.
    BadSignature,
}

impl CardFault {
    /// In the trail and as the key of its words.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotACertificate => "card-no-certificate",
            Self::UnknownIssuer => "card-unknown-issuer",
            Self::NotYetGood => "card-not-yet-good",
            Self::Expired => "card-expired",
            Self::OtherProfile => "card-other-profile",
            Self::BadSignature => "card-bad-signature",
        }
    }
}

/// What a certificate is, by its authority and its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// A resident's, for signing in: its key takes the PIN.
    Authentication,
    /// A resident's, for eligibility: its key takes none.
    Eligibility,
    Worker,
}

/// Which certificates are cards'.
#[derive(Clone)]
pub struct CardRules {
    residents: Vec<CertificateDer<'static>>,
    workers: Vec<CertificateDer<'static>>,
    arc: String,
}

impl fmt::Debug for CardRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CardRules({} resident authorities, {} worker authorities)",
            self.residents.len(),
            self.workers.len()
        )
    }
}

impl CardRules {
    /// Cards issued by these authorities, whose policies stand under the object identifier `arc`.
    pub fn new(residents: Vec<CertificateDer<'static>>, workers: Vec<CertificateDer<'static>>, arc: &str) -> Self {
        Self {
            residents,
            workers,
            arc: arc.to_owned(),
        }
    }

    /// The authorities in two PEM files, the workers' one where there is one.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn load(residents: &Path, workers: Option<&Path>, arc: &str) -> Result<Self, TlsError> {
        let workers = workers.map(tls::certificates).transpose()?.unwrap_or_default();
        Ok(Self::new(tls::certificates(residents)?, workers, arc))
    }

    /// Whether workers' cards are taken.
    pub fn takes_workers(&self) -> bool {
        !self.workers.is_empty()
    }

    /// What the certificate `der` is at `now`: chain, dates, profile. Whether it is revoked only the office's word
    /// tells ([`relay_records::front::Holder`]).
    ///
    /// # Errors
    /// [`CardFault`]
    pub fn judge(&self, der: &[u8], now: OffsetDateTime) -> Result<CardKind, CardFault> {
        let (rest, card) = X509Certificate::from_der(der).map_err(|_| CardFault::NotACertificate)?;
        if !rest.is_empty() {
            return Err(CardFault::NotACertificate);
        }
        let now = ASN1Time::from_timestamp(now.unix_timestamp()).map_err(|_| CardFault::NotYetGood)?;
        let worker = if signed_by(&card, &self.residents, now) {
            false
        } else if signed_by(&card, &self.workers, now) {
            true
        } else {
            return Err(CardFault::UnknownIssuer);
        };
        if now < card.validity().not_before {
            return Err(CardFault::NotYetGood);
        }
        if now > card.validity().not_after {
            return Err(CardFault::Expired);
        }
        self.profile(&card, worker).ok_or(CardFault::OtherProfile)
    }

    /// The profiles of the issuing authority (issuance, `authority/profile.rs`): policy `1.1` is a resident's
    /// authentication, `1.2` eligibility (with a purpose of its own, `2.1`), `1.3` a worker's authentication.
    fn profile(&self, card: &X509Certificate<'_>, worker: bool) -> Option<CardKind> {
        let PublicKey::RSA(key) = card.public_key().parsed().ok()? else {
            return None;
        };
        let usage = card.key_usage().ok()??;
        let purposes = card.extended_key_usage().ok()??.value;
        if card.is_ca() || key.key_size() < 2048 || !usage.value.digital_signature() {
            return None;
        }
        let policies = card
            .extensions()
            .iter()
            .find_map(|extension| match extension.parsed_extension() {
                x509_parser::extensions::ParsedExtension::CertificatePolicies(policies) => Some(policies),
                _ => None,
            })?;
        let has = |under: &str| {
            let wanted = format!("{}.{under}", self.arc);
            policies.iter().any(|policy| policy.policy_id.to_id_string() == wanted)
        };
        let own_purpose = format!("{}.2.1", self.arc);
        match worker {
            false if has("1.1") && purposes.client_auth => Some(CardKind::Authentication),
            false if has("1.2") && purposes.other.iter().any(|oid| oid.to_id_string() == own_purpose) => {
                Some(CardKind::Eligibility)
            }
            true if has("1.3") && purposes.client_auth => Some(CardKind::Worker),
            _ => None,
        }
    }

    /// For the listener that cards come to: TLS 1.3 and 1.2 with every signature our cipher library knows, or, for
    /// cards that sign PKCS#1 v1.5 only, that alone (offered more, OpenSSL picks PSS and the card refuses).
    pub fn verifier(&self, pkcs1_only: bool) -> Arc<dyn ClientCertVerifier> {
        let provider = tls::provider();
        let schemes = match pkcs1_only {
            true => vec![SignatureScheme::RSA_PKCS1_SHA256],
            false => provider.signature_verification_algorithms.supported_schemes(),
        };
        let hints = self
            .residents
            .iter()
            .chain(&self.workers)
            .filter_map(|authority| {
                let (_, authority) = X509Certificate::from_der(authority).ok()?;
                Some(DistinguishedName::from(authority.subject().as_raw().to_vec()))
            })
            .collect();
        Arc::new(AnyCard {
            provider,
            hints,
            schemes,
        })
    }
}

/// What the bridge signs for a sign-in at `origin` (`https://host:port`): bound to us, so that what another page had
/// signed is of no use here.
pub fn challenge_text(origin: &str, nonce: &str) -> Vec<u8> {
    [b"madoguchi-sign-in-v1\0", origin.as_bytes(), b"\0", nonce.as_bytes()].concat()
}

/// Whether `signature` (PKCS#1 v1.5 with SHA-256) over the challenge was made with the key of the certificate `der`.
///
/// # Errors
/// [`CardFault`]
pub fn check_challenge(der: &[u8], origin: &str, nonce: &str, signature: &[u8]) -> Result<(), CardFault> {
    check_signature(der, &challenge_text(origin, nonce), signature)
}

/// Whether `signature` (PKCS#1 v1.5 with SHA-256) over `text` was made with the key of the certificate `der`.
///
/// # Errors
/// [`CardFault`]
pub fn check_signature(der: &[u8], text: &[u8], signature: &[u8]) -> Result<(), CardFault> {
    let (_, card) = X509Certificate::from_der(der).map_err(|_| CardFault::NotACertificate)?;
    let key = &card.public_key().subject_public_key.data;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(text, signature)
        .map_err(|_| CardFault::BadSignature)
}

fn signed_by(card: &X509Certificate<'_>, authorities: &[CertificateDer<'_>], now: ASN1Time) -> bool {
    authorities.iter().any(|der| {
        X509Certificate::from_der(der).is_ok_and(|(_, authority)| {
            authority.is_ca()
                && authority.validity().is_valid_at(now)
                && authority.subject().as_raw() == card.issuer().as_raw()
                && card.verify_signature(Some(authority.public_key())).is_ok()
        })
    })
}

/// Lets any certificate into the handshake, once its key has signed it. No certificate is let in too: the page says
/// that no card was found.
#[derive(Debug)]
struct AnyCard {
    provider: Arc<CryptoProvider>,
    hints: Vec<DistinguishedName>,
    schemes: Vec<SignatureScheme>,
}

impl ClientCertVerifier for AnyCard {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // Judged by `CardRules::judge`, where a page can say what is wrong.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_testing::cards::{CardAuthority, ORIGIN};
    use time::Duration;

    #[test]
    fn each_profile_is_known_by_authority_and_policy() {
        let residents = CardAuthority::new("residents");
        let workers = CardAuthority::new("workers");
        let rules = CardRules::new(
            vec![residents.certificate()],
            vec![workers.certificate()],
            residents.arc(),
        );
        let now = OffsetDateTime::now_utc();
        for (card, kind) in [
            (residents.authentication(), CardKind::Authentication),
            (residents.eligibility(), CardKind::Eligibility),
            (workers.worker(), CardKind::Worker),
        ] {
            assert_eq!(rules.judge(&card.certificate, now), Ok(kind));
        }
        // A worker's policy under the residents' authority is nobody's card.
        assert_eq!(
            rules.judge(&residents.worker().certificate, now),
            Err(CardFault::OtherProfile)
        );
    }

    #[test]
    fn a_strangers_an_old_and_a_bent_certificate_are_refused_each_by_its_name() {
        let residents = CardAuthority::new("residents");
        let rules = CardRules::new(vec![residents.certificate()], Vec::new(), residents.arc());
        let now = OffsetDateTime::now_utc();
        let card = residents.authentication();
        let judge = |der: &[u8], at| rules.judge(der, at).unwrap_err();
        assert_eq!(judge(b"\x30\x00", now), CardFault::NotACertificate);
        // Same name, other key.
        let stranger = CardAuthority::new("residents").authentication();
        assert_eq!(judge(&stranger.certificate, now), CardFault::UnknownIssuer);
        assert_eq!(judge(&card.certificate, now - Duration::days(3)), CardFault::NotYetGood);
        assert_eq!(judge(&card.certificate, now + Duration::days(1800)), CardFault::Expired);
        let mut bent = card.certificate.to_vec();
        let last = bent.len() - 1;
        bent[last] ^= 1;
        assert_eq!(judge(&bent, now), CardFault::UnknownIssuer);
        assert_eq!(judge(&residents.certificate(), now), CardFault::OtherProfile);
    }

    #[test]
    fn a_challenge_is_good_for_its_origin_nonce_and_key_only() {
        let card = CardAuthority::new("residents").authentication();
        let signature = card.sign(&challenge_text(ORIGIN, "00ff"));
        let check = |origin, nonce, signature: &[u8]| check_challenge(&card.certificate, origin, nonce, signature);
        assert_eq!(check(ORIGIN, "00ff", &signature), Ok(()));
        assert_eq!(
            check("https://evil.example", "00ff", &signature),
            Err(CardFault::BadSignature)
        );
        assert_eq!(check(ORIGIN, "00fe", &signature), Err(CardFault::BadSignature));
        assert_eq!(check(ORIGIN, "00ff", &signature[1..]), Err(CardFault::BadSignature));
    }
}
