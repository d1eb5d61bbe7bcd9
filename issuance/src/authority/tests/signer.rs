//! The port `Signer`, its body in software and its body in a token, before the same suite.

use std::{path::Path, thread};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "0123456789abcdef";

/// What every body of the port does.
fn keeps_the_contract(signer: &dyn Signer) {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.public_key());
    for message in [&b""[..], b"a", &[0xa5; 100_000]] {
        let signature = signer.sign(message).unwrap();
        key.verify(message, &signature).unwrap();
        assert_eq!(signature, signer.sign(message).unwrap(), "RFC 8017 §8.2 draws nothing");
        assert!(key.verify(b"another", &signature).is_err());
    }
    // Two desks at once.
    thread::scope(|scope| {
        for at in 0..4_u8 {
            scope.spawn(move || {
                for round in 0..10 {
                    let message = [at, round];
                    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, signer.public_key());
                    key.verify(&message, &signer.sign(&message).unwrap()).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_key_in_a_file_keeps_the_contract() {
    keeps_the_contract(&SoftSigner::generate().unwrap());
    keeps_the_contract(OFFICE.authorities.resident.signer());
}

/// Runs the test called `name` again as a process whose SoftHSM keeps its tokens in a folder of its own.
fn with_a_token(name: &str, day: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os("MADOGUCHI_TEST_TOKENS") {
        return day(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    let settings = folder.path().join("softhsm2.conf");
    fs::write(
        &settings,
        format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        ),
    )
    .unwrap();
    let made = Command::new("softhsm2-util")
        .args([
            "--init-token",
            "--free",
            "--label",
            "madoguchi",
            "--so-pin",
            "9876543210",
            "--pin",
            PIN,
        ])
        .env("SOFTHSM2_CONF", &settings)
        .output()
        .expect("softhsm2 is installed (scripts/packages test)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let ended = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("SOFTHSM2_CONF", &settings)
        .env("MADOGUCHI_TEST_TOKENS", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

fn token() -> Token {
    Token {
        module: MODULE.into(),
        label: "madoguchi".into(),
    }
}

fn pin_file(folder: &Path, pin: &str) -> Passphrase {
    let path = folder.join("pin");
    fs::write(&path, pin).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    Passphrase::read(&path).unwrap()
}

#[test]
fn an_office_whose_keys_are_in_a_token_issues_as_any_other() {
    let name = "authority::tests::signer::an_office_whose_keys_are_in_a_token_issues_as_any_other";
    with_a_token(name, |folder| {
        let token = token();
        let root_passphrase = Passphrase::make(&folder.join("root.pass"), &mut OsChance).unwrap();
        let plan = |place: &Path, pin: &Passphrase, token: &Token| {
            let plan = CeremonyPlan {
                folder: place,
                settings: settings(),
                present: vec!["S-0001".into(), "S-0002".into()],
                root_passphrase: &root_passphrase,
                issuing_passphrase: pin,
                token: Some(token),
            };
            hold_ceremony(&plan, &SystemClock, &mut OsChance)
        };
        let (wrong, place) = (pin_file(folder, "fedcba9876543210"), folder.join("authority"));
        // What cannot be: another PIN, another token, no library. Nothing is left behind.
        let refused = plan(&place, &wrong, &token).unwrap_err().to_string();
        assert!(refused.contains("PIN is wrong"), "{refused}");
        let pin = pin_file(folder, PIN);
        let other = Token {
            label: "hsm-2".into(),
            ..token.clone()
        };
        let refused = plan(&place, &pin, &other).unwrap_err().to_string();
        assert!(refused.contains("no token labelled hsm-2"), "{refused}");
        let missing = Token {
            module: "/nowhere.so".into(),
            ..token.clone()
        };
        assert!(plan(&place, &pin, &missing).is_err());
        assert!(!place.exists());
        // Keys that were made for a ceremony that failed afterwards go with it.
        let taken = folder.join("missing/authority");
        assert!(plan(&taken, &pin, &token).is_err());
        assert_eq!(keys_in_the_token(), 0);

        let record = plan(&place, &pin, &token).unwrap();
        assert_eq!(keys_in_the_token(), 2, "the two that issue; the root's is in its file");
        assert!(place.join("root/key.sealed").exists() && !place.join("staff/key.sealed").exists());
        let kept = record
            .authorities
            .iter()
            .map(|one| one.token.is_some())
            .collect::<Vec<_>>();
        assert_eq!(kept, [false, true, true]);
        let minutes = fs::read_to_string(place.join("ceremony.txt")).unwrap();
        assert!(minutes.contains("トークン token「madoguchi」"), "{minutes}");
        let authorities = Authorities::open(&place, &pin).unwrap();
        keeps_the_contract(authorities.resident.signer());
        keeps_the_contract(authorities.staff.signer());

        // A card's certificate and a list, judged by a stranger.
        let challenge = Challenge::new(Profile::ResidentAuthentication, &KEY.spki, &mut OsChance);
        let signature = KEY.sign(&challenge);
        let serial = CertificateSerial::new(&mut OsChance);
        let prepared = authorities.resident.prepare(Request {
            profile: Profile::ResidentAuthentication,
            subject: Subject::holder(serial),
            public_key: &KEY.spki,
            proof: Proof { challenge, signature },
            serial: reserved(serial, SystemClock.now()),
        });
        let issued = authorities.resident.issue(prepared.unwrap()).unwrap();
        let list = authorities
            .resident
            .revocation_list([], 1, SystemClock.now(), Duration::days(7))
            .unwrap();
        let (card, lists) = (folder.join("card.der"), folder.join("list.pem"));
        fs::write(&card, &issued.der).unwrap();
        fs::write(&lists, &list.pem).unwrap();
        let verified = Command::new("openssl")
            .args(["verify", "-crl_check", "-CRLfile"])
            .arg(&lists)
            .arg("-CAfile")
            .arg(place.join("root/certificate.pem"))
            .arg("-untrusted")
            .arg(place.join("resident/certificate.pem"))
            .arg(&card)
            .output()
            .unwrap();
        assert!(
            verified.status.success(),
            "{}",
            String::from_utf8_lossy(&verified.stderr)
        );

        // The file that names another key does not open the authority.
        drop(authorities);
        let [resident, staff] = ["resident", "staff"].map(|name| place.join(name).join("key.token"));
        let text = fs::read_to_string(&staff).unwrap();
        fs::write(&resident, text.replace("\"staff\"", "\"resident\"")).unwrap();
        let refused = Authorities::open(&place, &pin).unwrap_err().to_string();
        assert!(refused.contains("not that of the key"), "{refused}");
    });
}

fn keys_in_the_token() -> usize {
    let listed = Command::new("pkcs11-tool")
        .args([
            "--module",
            MODULE,
            "--token-label",
            "madoguchi",
            "--login",
            "--pin",
            PIN,
        ])
        .args(["--list-objects", "--type", "privkey"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&listed.stdout).into_owned();
    let private = said.matches("Private Key Object").count();
    assert_eq!(said.matches("never extractable").count(), private, "{said}");
    private
}
