//! How many questions a core answers, and how long it takes to find a revoked serial among a million. A plain program that
//! prints a table; exit code 1 when a promise is broken.

use std::{
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use certificate_status::{Probe, Register, Responder, ResponderKey, Serial, Served};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams,
    SerialNumber, SigningKey, SubjectPublicKeyInfo,
};
use time::OffsetDateTime;

/// An authority as the office's are (RSA, SHA-256), made for this measure.
struct City {
    key: KeyPair,
    certificate: Vec<u8>,
    responder: Vec<u8>,
}

impl City {
    fn new(responder: &ResponderKey) -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("the cipher library makes RSA keys");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
        let issuer = Issuer::from_ca_cert_der(&certificate.as_slice().into(), &key).expect("an issuer");
        let request = responder.request().expect("a request");
        let request = rcgen::CertificateSigningRequestParams::from_der(&request.as_slice().into()).expect("it reads");
        let spki = SubjectPublicKeyInfo::from_der(&request.public_key.subject_public_key_info()).expect("a key");
        let mut params = CertificateParams::default();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        let responder = params.signed_by(&spki, &issuer).expect("a certificate").der().to_vec();
        Self {
            key,
            certificate,
            responder,
        }
    }

    /// A list of every `apart`th of `serials`, and how long signing it took.
    fn list(&self, serials: &[Serial], apart: usize, now: OffsetDateTime) -> (Vec<u8>, Duration) {
        let issuer = Issuer::from_ca_cert_der(&self.certificate.as_slice().into(), &self.key).expect("an issuer");
        let began = Instant::now();
        let revoked = serials.iter().step_by(apart).map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: now,
            reason_code: Some(rcgen::RevocationReason::Superseded),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now + time::Duration::days(7),
            crl_number: SerialNumber::from(7),
            issuing_distribution_point: Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint {
                    uris: vec!["http://pki.shiomi.example/resident.crl".into()],
                },
                scope: Some(CrlScope::UserCertsOnly),
            }),
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let der = list.signed_by(&issuer).expect("a list").der().to_vec();
        (der, began.elapsed())
    }

    fn register(&self, serials: &[Serial], now: OffsetDateTime) -> Vec<u8> {
        let mut register = Register::unsigned("resident", now, serials.to_vec());
        let signature = SigningKey::sign(&self.key, &register).expect("a signature");
        register.extend(signature);
        register
    }

    fn responder(&self, key: &ResponderKey, serials: &[Serial], apart: usize, now: OffsetDateTime) -> Responder {
        let (list, _) = self.list(serials, apart, now);
        let list = certificate_status::List::read(&list, &self.certificate).expect("a list");
        let register = Register::read(&self.register(serials, now), "resident", &self.certificate).expect("a register");
        let served = Served::new(key, &self.certificate, &self.responder, register, list).expect("it serves");
        let key = ResponderKey::from_pkcs8(&key.to_pkcs8()).expect("the same key");
        Responder::new(key, vec![served])
    }
}

/// Serials spread as drawn ones are, and the same each time.
fn serials(count: u128) -> Vec<Serial> {
    let spread = |n: u128| n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let mut all: Vec<Serial> = (1..=count).map(|n| spread(n).to_be_bytes()).collect();
    for serial in &mut all {
        serial[0] = serial[0] & 0x3f | 0x40;
    }
    all.sort_unstable();
    all
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn main() -> ExitCode {
    // `cargo test` runs benches too, with this argument or none; it only looks whether they start.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let now = OffsetDateTime::now_utc();
    let key = ResponderKey::generate().expect("the cipher library makes P-256 keys");
    let city = City::new(&key);
    let mut kept = true;
    let mut line = |what: &str, found: String, wanted: &str, good: bool| {
        println!(
            "{} {what:<58} {found:>16}  (promise: {wanted})",
            if good { "✓" } else { "✗" }
        );
        kept &= good;
    };

    let hundred_thousand = serials(100_000);
    let (list, took) = city.list(&hundred_thousand, 1, now);
    let began = Instant::now();
    let read = certificate_status::List::read(&list, &city.certificate).expect("it reads back");
    let reading = began.elapsed();
    assert_eq!(read.revoked.len(), 100_000);
    let found = format!(
        "{:.0} + {:.0} ms",
        took.as_secs_f64() * 1e3,
        reading.as_secs_f64() * 1e3
    );
    line(
        "a list of 100,000 entries: signed + read back",
        found,
        "≤ 1 s",
        took + reading <= Duration::from_secs(1),
    );

    // The cards of a city of 90,000, a tenth of them revoked.
    let all = serials(180_000);
    let responder = city.responder(&key, &all, 10, now);
    let questions = |serials: &[Serial]| -> Vec<Vec<u8>> {
        let question = |serial| Probe::new(&city.certificate, serial).and_then(|probe| probe.request());
        serials
            .iter()
            .map(|serial| question(serial).expect("a question"))
            .collect()
    };
    let with_nonce = questions(&all[..20_000]);
    let began = Instant::now();
    for question in &with_nonce {
        black_box(responder.answer(question, now));
    }
    let rate = per_second(with_nonce.len(), began.elapsed());
    line(
        "answers with a nonce, each signed (P-256), a core",
        format!("{rate:.0}/s"),
        "≥ 10,000/s",
        rate >= 10_000.0,
    );
    let plain: Vec<Vec<u8>> = with_nonce.iter().map(|question| without_nonce(question)).collect();
    for question in &plain {
        assert!(responder.answer(question, now).fresh_for.is_some());
    }
    let began = Instant::now();
    for question in &plain {
        black_box(responder.answer(question, now));
    }
    let rate = per_second(plain.len(), began.elapsed());
    line(
        "answers given before, from memory, a core",
        format!("{rate:.0}/s"),
        "≥ 10,000/s",
        rate >= 10_000.0,
    );

    // The same few steps among a million as among a thousand.
    let find = |count: u128| {
        let all = serials(count);
        let revoked: std::collections::BTreeMap<Serial, ()> = all.iter().map(|serial| (*serial, ())).collect();
        let asked: Vec<Serial> = all.iter().step_by((count / 1_000) as usize).copied().collect();
        let began = Instant::now();
        for _ in 0..200 {
            for serial in &asked {
                black_box(revoked.get(serial));
            }
        }
        began.elapsed().as_nanos() as f64 / (200 * asked.len()) as f64
    };
    let (small, large) = (find(1_000), find(1_000_000));
    let found = format!("{small:.0} → {large:.0} ns");
    line(
        "a revoked serial among 1,000 → 1,000,000",
        found,
        "≤ 2 µs",
        large <= 2_000.0,
    );
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The same question as clients ask that send no nonce: its extensions `[2]` taken off the end.
fn without_nonce(question: &[u8]) -> Vec<u8> {
    // OCSPRequest and TBSRequest, both short: a byte of tag and one of length each, or two of length.
    let at = |bytes: &[u8], from: usize| match bytes[from + 1] {
        0x81 => (from + 3, usize::from(bytes[from + 2])),
        short => (from + 2, usize::from(short)),
    };
    let (tbs, _) = at(question, 0);
    let (list, _) = at(question, tbs);
    let (content, length) = at(question, list);
    let list = &question[list..content + length];
    let wrap = |content: &[u8]| [&[0x30, content.len() as u8][..], content].concat();
    wrap(&wrap(list))
}
