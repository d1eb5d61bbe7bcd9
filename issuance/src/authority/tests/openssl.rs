//! openssl as the stranger who judges what the authority made.

use super::*;

const CARD_PROFILES: [Profile; 3] = [
    Profile::ResidentAuthentication,
    Profile::ResidentEligibility,
    Profile::StaffAuthentication,
];

#[test]
fn openssl_takes_every_certificate_and_refuses_it_once_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    for profile in CARD_PROFILES {
        let issued = OFFICE.certificate(profile);
        let path = pem_file(folder.path(), "certificate.pem", &issued.der);
        let authority = OFFICE.authority(profile);
        let clean = lists(folder.path(), authority, vec![]);
        let taken = openssl_verify(&path, profile.issuer(), &policy(profile), &clean);
        assert!(taken.status.success(), "{profile:?}: {}", said(&taken));
        for reason in RevocationReason::ALL {
            let entry = Revoked {
                serial: issued.serial,
                at: SystemClock.now(),
                reason,
            };
            let other = Revoked {
                serial: CertificateSerial::new(&mut OsChance),
                ..entry
            };
            let list = lists(folder.path(), authority, vec![other, entry]);
            let refused = openssl_verify(&path, profile.issuer(), &policy(profile), &list);
            assert!(
                !refused.status.success() && said(&refused).contains("revoked"),
                "{}",
                said(&refused)
            );
        }
    }
}

#[test]
fn openssl_refuses_a_certificate_under_the_policy_of_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    let issued = OFFICE.certificate(Profile::ResidentEligibility);
    let path = pem_file(folder.path(), "certificate.pem", &issued.der);
    let clean = lists(folder.path(), &OFFICE.authorities.resident, vec![]);
    let wrong = policy(Profile::ResidentAuthentication);
    let refused = openssl_verify(&path, AuthorityName::Resident, &wrong, &clean);
    assert!(!refused.status.success(), "{}", said(&refused));
}

#[test]
fn a_changed_byte_anywhere_is_refused_by_openssl_and_by_us() {
    let folder = tempfile::tempdir().unwrap();
    let issued = OFFICE.certificate(Profile::StaffAuthentication);
    let clean = lists(folder.path(), &OFFICE.authorities.staff, vec![]);
    let at = OFFICE.now;
    let trust = &OFFICE.authorities.trust;
    trust
        .verify_chain(&issued.der, Profile::StaffAuthentication, at, &|_| false)
        .unwrap();
    for position in 0..issued.der.len() {
        let mut bent = issued.der.clone();
        for bit in 0..8 {
            bent[position] = issued.der[position] ^ (1 << bit);
            let ours = trust.verify_chain(&bent, Profile::StaffAuthentication, at, &|_| false);
            assert!(ours.is_err(), "bit {bit} of byte {position}");
        }
        // A process an attempt is slow; every 97th byte reaches each part of the certificate.
        if position % 97 == 0 {
            let path = pem_file(folder.path(), "bent.pem", &bent);
            let refused = openssl_verify(
                &path,
                AuthorityName::Staff,
                &policy(Profile::StaffAuthentication),
                &clean,
            );
            assert!(!refused.status.success(), "byte {position}");
        }
    }
}

#[test]
fn openssl_reads_each_profile_as_the_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| {
        said(&openssl(&[
            &"x509",
            &"-in",
            &path,
            &"-noout",
            &"-text",
            &"-nameopt",
            &"utf8,sep_comma_plus",
        ]))
    };
    for name in AuthorityName::ALL {
        let text = text(&OFFICE.pem(name));
        let length = if name == AuthorityName::Root { 1 } else { 0 };
        assert!(text.contains("Public-Key: (3072 bit)"), "{text}");
        assert!(text.contains("X509v3 Basic Constraints: critical"), "{text}");
        assert!(text.contains(&format!("CA:TRUE, pathlen:{length}")), "{text}");
        assert!(text.contains("Certificate Sign, CRL Sign"), "{text}");
        assert!(text.contains("sha256WithRSAEncryption"), "{text}");
        assert_eq!(
            text.contains("http://pki.shiomi.example/root.crl"),
            name != AuthorityName::Root,
            "{text}"
        );
        assert!(text.contains("C=JP"), "{text}");
    }
    for (profile, purpose) in [
        (Profile::ResidentAuthentication, "TLS Web Client Authentication"),
        (Profile::ResidentEligibility, "1.3.6.1.4.1.32473.2.1"),
        (Profile::StaffAuthentication, "TLS Web Client Authentication"),
    ] {
        let issuer = profile.issuer();
        let issued = OFFICE.certificate(profile);
        let text = text(&pem_file(folder.path(), "certificate.pem", &issued.der));
        for expected in [
            "Version: 3",
            "Public-Key: (2048 bit)",
            "X509v3 Key Usage: critical\n                Digital Signature\n",
            "X509v3 Basic Constraints: critical\n                CA:FALSE",
            &format!("X509v3 Extended Key Usage: \n                {purpose}\n"),
            &format!("Policy: {}", policy(profile)),
            &format!("URI:http://pki.shiomi.example/{issuer}.crl"),
            &format!("CA Issuers - URI:http://pki.shiomi.example/{issuer}.cer"),
        ] {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
        assert!(text.contains("OCSP - URI:http://pki.shiomi.example/ocsp\n"), "{text}");
        let subject = text
            .lines()
            .find(|line| line.trim_start().starts_with("Subject: "))
            .unwrap();
        assert!(subject.contains("C=JP") && subject.contains("汐見市"), "{subject}");
        assert_eq!(
            text.matches("X509v3").count(),
            8,
            "a header and seven extensions: {text}"
        );
    }
}

#[test]
fn openssl_takes_the_signature_on_the_ceremony_record_and_people_can_read_it() {
    let folder = OFFICE.authority_folder();
    let key = OFFICE.folder.path().join("root.pub");
    let public = openssl(&[&"x509", &"-in", &OFFICE.pem(AuthorityName::Root), &"-pubkey", &"-noout"]);
    fs::write(&key, public.stdout).unwrap();
    let verified = openssl(&[
        &"dgst",
        &"-sha256",
        &"-verify",
        &key,
        &"-signature",
        &folder.join("ceremony.json.sig"),
        &folder.join("ceremony.json"),
    ]);
    assert!(verified.status.success(), "{}", said(&verified));
    let text = fs::read_to_string(folder.join("ceremony.txt")).unwrap();
    assert!(text.contains("汐見市") && text.contains("S-0001、S-0002"), "{text}");
    let printed = openssl(&[
        &"x509",
        &"-in",
        &OFFICE.pem(AuthorityName::Staff),
        &"-noout",
        &"-fingerprint",
        &"-sha256",
    ]);
    let printed = said(&printed).split('=').next_back().unwrap().trim().replace(':', "");
    assert!(text.replace([' ', '\n'], "").contains(&printed), "{text}");
    let key = folder.join("staff/key.sealed");
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

fn openssl(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Output {
    let mut command = Command::new("openssl");
    arguments.iter().for_each(|argument| {
        command.arg(argument.as_ref());
    });
    command.output().expect("openssl is installed")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Whether openssl takes `certificate` (PEM) under the root, the issuing authority and their lists.
fn openssl_verify(certificate: &Path, issuer: AuthorityName, policy: &str, lists: &Path) -> Output {
    openssl(&[
        &"verify",
        &"-CAfile",
        &OFFICE.pem(AuthorityName::Root),
        &"-untrusted",
        &OFFICE.pem(issuer),
        &"-crl_check_all",
        &"-CRLfile",
        &lists,
        &"-x509_strict",
        &"-explicit_policy",
        &"-policy",
        &policy,
        &certificate,
    ])
}

fn pem_file(folder: &Path, name: &str, der: &[u8]) -> PathBuf {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let path = folder.join(name);
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    fs::write(&path, format!("{begin}\n{}\n{end}\n", lines.join("\n"))).unwrap();
    path
}

/// The root's and an issuing authority's revocation lists in one file, as openssl wants them.
fn lists(folder: &Path, authority: &Authority, revoked: Vec<Revoked>) -> PathBuf {
    let root = Authority::open_root(&OFFICE.authority_folder(), &OFFICE.root_passphrase).unwrap();
    let (now, lasts) = (SystemClock.now(), Duration::days(7));
    let root_list = root.revocation_list([], 2, now, lasts).unwrap();
    let list = authority.revocation_list(revoked, 1, now, lasts).unwrap();
    let path = folder.join("lists.pem");
    fs::write(&path, root_list.pem + &list.pem).unwrap();
    path
}

fn policy(profile: Profile) -> String {
    profile::dotted(&profile.policies(&settings().oid_arc)[0])
}
