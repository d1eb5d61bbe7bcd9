//! Cards in software: an issuing authority with the office's profiles, and keys that sign.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::tls::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RevokedCertParams,
    RsaKeySize, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// An origin for tests that sign challenges without a front.
pub const ORIGIN: &str = "https://relay.example";
/// The object identifiers' arc of the office's example settings.
const ARC: &str = "1.3.6.1.4.1.32473";
/// clientAuth (RFC 5280 §4.2.1.12).
const CLIENT_AUTH: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];

/// The purpose of its own that an eligibility key has.
const ELIGIBILITY: &[u64] = &[1, 3, 6, 1, 4, 1, 32473, 2, 1];

/// An issuing authority of cards.
pub struct CardAuthority(CertifiedIssuer<'static, KeyPair>);

/// A card: a certificate and the key beside it.
#[derive(Clone)]
pub struct TestCard {
    pub certificate: CertificateDer<'static>,
    key: Arc<CardKey>,
}

struct CardKey {
    pkcs8: Vec<u8>,
    signs: RsaKeyPair,
}

impl CardAuthority {
    /// One named `name`.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key is made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a test's authority signs itself"))
    }

    /// Its certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Under which its policies stand.
    pub fn arc(&self) -> &'static str {
        ARC
    }

    /// A resident's card, for signing in.
    pub fn authentication(&self) -> TestCard {
        self.card(1, CLIENT_AUTH)
    }

    /// A resident's card, for eligibility.
    pub fn eligibility(&self) -> TestCard {
        self.card(2, ELIGIBILITY)
    }

    /// A worker's card.
    pub fn worker(&self) -> TestCard {
        self.card(3, CLIENT_AUTH)
    }

    /// A certificate for signing in over a real card's public key (DER, SubjectPublicKeyInfo).
    pub fn authentication_with_key(&self, spki: &[u8]) -> CertificateDer<'static> {
        self.with_key((1, CLIENT_AUTH), spki)
    }

    /// The same for eligibility.
    pub fn eligibility_with_key(&self, spki: &[u8]) -> CertificateDer<'static> {
        self.with_key((2, ELIGIBILITY), spki)
    }

    fn with_key(&self, (policy, purpose): (u8, &[u64]), spki: &[u8]) -> CertificateDer<'static> {
        let key = rcgen::SubjectPublicKeyInfo::from_der(spki).expect("the card's key is one");
        let signed = params(policy, purpose)
            .signed_by(&key, &self.0)
            .expect("the authority signs");
        signed.der().clone()
    }

    /// Its revocation list number `number` with `cards` on it, good for `lasts` from now, PEM.
    pub fn revocation_list(&self, cards: &[&TestCard], number: u64, lasts: Duration) -> String {
        let now = OffsetDateTime::now_utc();
        let revoked = cards.iter().map(|card| {
            let (_, parsed) = X509Certificate::from_der(&card.certificate).expect("a card has a certificate");
            RevokedCertParams {
                serial_number: SerialNumber::from_slice(parsed.raw_serial()),
                revocation_time: now,
                reason_code: None,
                invalidity_date: None,
            }
        });
        let list = CertificateRevocationListParams {
            this_update: now - Duration::HOUR,
            next_update: now + lasts,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = list.signed_by(&self.0).expect("the authority signs");
        signed.pem().expect("a list can be written")
    }

    fn card(&self, policy: u8, purpose: &[u64]) -> TestCard {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key is made");
        let certificate = params(policy, purpose)
            .signed_by(&key, &self.0)
            .expect("the authority signs");
        let pkcs8 = key.serialize_der();
        TestCard {
            certificate: certificate.der().clone(),
            key: Arc::new(CardKey {
                signs: RsaKeyPair::from_pkcs8(&pkcs8).expect("a fresh key is PKCS#8"),
                pkcs8,
            }),
        }
    }

    /// Another resident's card for signing in whose key is `card`'s: thousands of cards take no time to make.
    pub fn another_with_the_key_of(&self, card: &TestCard) -> TestCard {
        let key = KeyPair::try_from(card.key.pkcs8.as_slice()).expect("a card's key is PKCS#8");
        let certificate = params(1, CLIENT_AUTH)
            .signed_by(&key, &self.0)
            .expect("the authority signs");
        TestCard {
            certificate: certificate.der().clone(),
            key: Arc::clone(&card.key),
        }
    }
}

fn params(policy: u8, purpose: &[u64]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "4711-0000-1234");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(purpose.to_vec())];
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(1000);
    // certificatePolicies with the one policy 1.3.6.1.4.1.32473.1.n, in DER by hand: 32473 is 81 FD 59.
    let oid = [0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xFD, 0x59, 0x01, policy];
    let content = [&[0x30, 0x0E, 0x30, 0x0C][..], &oid].concat();
    params
        .custom_extensions
        .push(CustomExtension::from_oid_content(&[2, 5, 29, 32], content));
    params
}

impl TestCard {
    /// The card as a TLS client's identity.
    pub fn identity(&self) -> Identity {
        Identity::new(
            vec![self.certificate.clone()],
            PrivateKeyDer::Pkcs8(self.key.pkcs8.clone().into()),
        )
    }

    /// Certificate and key in PEM, for clients of other makes.
    pub fn pem(&self) -> String {
        let block = |label: &str, der: &[u8]| {
            let text = STANDARD.encode(der);
            let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        };
        block("CERTIFICATE", &self.certificate) + &block("PRIVATE KEY", &self.key.pkcs8)
    }

    /// What the card's key signs (PKCS#1 v1.5, SHA-256).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = &self.key.signs;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a key of 2,048 bits signs");
        signature
    }
}
