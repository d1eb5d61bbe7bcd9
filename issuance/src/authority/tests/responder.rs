//! Who answers for an authority: what it is certified for, and what openssl takes from it.

use certificate_status::{List, Probe, ProbeError, Register, Responder, ResponderKey, Serial, Served, Status};

use super::*;

/// A responder of the resident authority, over a list with `revoked` and a register of `issued`.
struct Desk {
    responder: Responder,
    certificate: Vec<u8>,
}

fn certified(key: &ResponderKey, authority: &Authority) -> Vec<u8> {
    let request = ResponderRequest::read(&key.request().unwrap()).unwrap();
    let serial = reserved(CertificateSerial::new(&mut OsChance), OFFICE.now);
    let issued = authority.certify_responder(&request, &serial).unwrap();
    assert!(request.is_answered_by(&issued.der));
    issued.der
}

impl Desk {
    fn new(issued: &[CertificateSerial], revoked: &[CertificateSerial]) -> Self {
        let authority = &OFFICE.authorities.resident;
        let key = ResponderKey::generate().unwrap();
        let certificate = certified(&key, authority);
        let revoked = revoked.iter().map(|serial| Revoked {
            serial: *serial,
            at: OFFICE.now - Duration::HOUR,
            reason: RevocationReason::KeyCompromise,
        });
        let list = authority
            .revocation_list(revoked, 3, OFFICE.now, Duration::days(7))
            .unwrap();
        let register = authority.register(issued.to_vec(), OFFICE.now).unwrap();
        let issuer = authority.certificate();
        let served = Served::new(
            &key,
            issuer,
            &certificate,
            Register::read(&register, "resident", issuer).unwrap(),
            List::read(&list.der, issuer).unwrap(),
        );
        Self {
            responder: Responder::new(key, vec![served.unwrap()]),
            certificate,
        }
    }
}

fn serial() -> CertificateSerial {
    CertificateSerial::new(&mut OsChance)
}

fn asked(desk: &Desk, serial: &Serial, at: OffsetDateTime) -> Result<Status, ProbeError> {
    let probe = Probe::new(OFFICE.authorities.resident.certificate(), serial)?;
    let answer = desk.responder.answer(&probe.request()?, at);
    probe.read(&answer.der, at)
}

#[test]
fn good_is_only_what_was_issued_and_is_not_revoked() {
    let (good, revoked, stranger) = (serial(), serial(), serial());
    let desk = Desk::new(&[good, revoked], &[revoked]);
    let now = OFFICE.now + Duration::MINUTE;
    assert_eq!(asked(&desk, &good.0, now), Ok(Status::Good));
    assert_eq!(asked(&desk, &revoked.0, now), Ok(Status::Revoked));
    assert_eq!(asked(&desk, &stranger.0, now), Ok(Status::Unknown));
    // When the list behind it is over nothing is said, and a minute before it is.
    let over = OFFICE.now + Duration::days(7);
    assert_eq!(asked(&desk, &good.0, over - Duration::MINUTE), Ok(Status::Good));
    let said = asked(&desk, &good.0, over + Duration::SECOND);
    assert!(matches!(said, Err(ProbeError::Refused(_))), "{said:?}");
}

#[test]
fn another_authoritys_certificate_and_a_broken_question_are_refused_by_name() {
    let desk = Desk::new(&[], &[]);
    let of_the_staff = Probe::new(OFFICE.authorities.staff.certificate(), &serial().0).unwrap();
    let question = of_the_staff.request().unwrap();
    let answer = desk.responder.answer(&question, OFFICE.now);
    assert_eq!(*answer.der, [0x30, 3, 0x0a, 1, 6], "unauthorized");
    assert_eq!(answer.fresh_for, None);
    for broken in [
        &b""[..],
        b"0",
        &question[..question.len() - 1],
        &[0x30, 0x82, 0xff, 0xff, 0x30],
    ] {
        let answer = desk.responder.answer(broken, OFFICE.now);
        assert_eq!(*answer.der, [0x30, 3, 0x0a, 1, 1], "malformedRequest");
    }
    // A nonce longer than anybody may send (RFC 9654): the responder is no mirror for what strangers want signed.
    let resident = Probe::new(OFFICE.authorities.resident.certificate(), &serial().0).unwrap();
    let mut long = resident.request().unwrap();
    assert_eq!(desk.responder.answer(&long, OFFICE.now).der[6], 0, "successful");
    long.truncate(0);
    long.extend([0x30, 0x03, 0x30, 0x01, 0x30]);
    assert_eq!(*desk.responder.answer(&long, OFFICE.now).der, [0x30, 3, 0x0a, 1, 1]);
}

#[test]
fn an_answer_is_given_again_until_half_its_time_and_one_with_a_nonce_never() {
    let good = serial();
    let desk = Desk::new(&[good], &[]);
    let folder = tempfile::tempdir().unwrap();
    let question = request_of_openssl(folder.path(), good, &["-no_nonce"]);
    let now = OFFICE.now;
    let first = desk.responder.answer(&question, now);
    let again = desk.responder.answer(&question, now + Duration::minutes(29));
    assert_eq!(first.der, again.der);
    assert_eq!(first.fresh_for, Some(Duration::HOUR));
    let later = desk.responder.answer(&question, now + Duration::minutes(31));
    assert_ne!(first.der, later.der);
    let with_nonce = request_of_openssl(folder.path(), good, &[]);
    let [one, two] = [0, 0].map(|_| desk.responder.answer(&with_nonce, now).der);
    assert_ne!(one, two, "each is signed for whoever asked");
}

#[test]
fn openssl_takes_the_responder_and_each_of_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (good, revoked, stranger) = (serial(), serial(), serial());
    let desk = Desk::new(&[good, revoked], &[revoked]);
    for (serial, says) in [(good, ": good"), (revoked, ": revoked"), (stranger, ": unknown")] {
        for nonce in [&["-no_nonce"][..], &[]] {
            let question = request_of_openssl(folder.path(), serial, nonce);
            let answer = desk.responder.answer(&question, SystemClock.now());
            let said = openssl_reads(folder.path(), serial, &answer.der);
            assert!(said.contains("Response verify OK") && said.contains(says), "{said}");
            assert_eq!(said.contains("keyCompromise"), serial == revoked, "{said}");
            assert!(!said.to_lowercase().contains("error"), "{said}");
        }
    }
    // Signed by somebody whom the authority certified for cards only.
    let mut forged = desk
        .responder
        .answer(&request_of_openssl(folder.path(), good, &[]), SystemClock.now());
    let mut bytes = forged.der.to_vec();
    let at = bytes.len() - 1;
    bytes[at] ^= 1;
    forged.der = bytes.into();
    let said = openssl_reads(folder.path(), good, &forged.der);
    assert!(!said.contains("Response verify OK"), "{said}");
    assert_eq!(desk.certificate.first(), Some(&0x30));
}

/// What openssl asks about `serial`.
fn request_of_openssl(folder: &Path, serial: CertificateSerial, more: &[&str]) -> Vec<u8> {
    let file = folder.join("question.der");
    let made = Command::new("openssl")
        .args(["ocsp", "-issuer"])
        .arg(OFFICE.pem(AuthorityName::Resident))
        .args(["-serial", &format!("0x{serial}"), "-reqout"])
        .arg(&file)
        .args(more)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::read(file).unwrap()
}

/// What openssl says of `answer` to the question of before.
fn openssl_reads(folder: &Path, serial: CertificateSerial, answer: &[u8]) -> String {
    let file = folder.join("answer.der");
    fs::write(&file, answer).unwrap();
    let chain = folder.join("chain.pem");
    let pem = |name| fs::read(OFFICE.pem(name)).unwrap();
    fs::write(
        &chain,
        [pem(AuthorityName::Root), pem(AuthorityName::Resident)].concat(),
    )
    .unwrap();
    let read = Command::new("openssl")
        .args(["ocsp", "-issuer"])
        .arg(OFFICE.pem(AuthorityName::Resident))
        .args(["-serial", &format!("0x{serial}"), "-no_nonce", "-respin"])
        .arg(&file)
        .arg("-CAfile")
        .arg(&chain)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&read.stdout).into_owned() + &String::from_utf8_lossy(&read.stderr);
    said.replace("WARNING: no nonce in response", "")
}
