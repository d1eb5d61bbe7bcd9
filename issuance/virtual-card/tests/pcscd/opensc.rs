//! OpenSC 0.23 and OpenSSL as judges, through their own tools.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use card::{Chip, KeySlot, PinSlot, Tries};

use crate::{
    contract::{make_resident, make_staff, set_pin},
    counter::Counter,
};

pub fn a_residents_card() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut counter = Counter::open();
    counter.insert_blank(0);
    make_resident(counter.connect(0));
    set_pin(counter.connect(0), "4071").unwrap();

    // What pkcs15-tool makes of the files.
    let dump = good(&tool("pkcs15-tool", &["--reader", "0", "--dump"], folder));
    for expected in [
        "Madoguchi resident card",
        "PIN [PIN]",
        "Length         : min_len:4, max_len:4, stored_len:4",
        "Private RSA Key [Authentication]",
        "Private RSA Key [Eligibility]",
        "ModLength      : 2048",
        "Access Flags   : [0x1D], sensitive, alwaysSensitive, neverExtract, local",
        "X.509 Certificate [Authentication]",
        "X.509 Certificate [Eligibility]",
    ] {
        assert!(dump.contains(expected), "{expected:?} is missing in\n{dump}");
    }
    // The authentication key names the PIN, the eligibility key none.
    let keys: Vec<&str> = dump.split("Private RSA Key").skip(1).collect();
    assert!(keys[0].contains("Auth ID"), "{}", keys[0]);
    let eligibility = keys[1].split("\n\n").next().unwrap();
    assert!(!eligibility.contains("Auth ID"), "{eligibility}");

    let objects = good(&pkcs11(&["--slot-index", "0", "--list-objects"], folder));
    assert_eq!(objects.matches("Certificate Object").count(), 2, "{objects}");

    fs::write(folder.join("visit"), "a visit on 令和8年11月22日").unwrap();
    for (id, slot) in [("01", KeySlot::Authentication), ("02", KeySlot::Eligibility)] {
        let mut chip = Chip::select(counter.connect(0)).unwrap();
        fs::write(folder.join(format!("{id}.der")), chip.read_certificate(slot).unwrap()).unwrap();
    }

    // PKCS #11 shows the eligibility key to everybody, the authentication key only after login.
    assert_eq!(objects.matches("Private Key Object").count(), 1, "{objects}");

    // The eligibility key signs without any PIN; OpenSSL finds the signature good for the certificate. (pkcs11-tool
    // would ask for the PIN by itself as soon as a token has one; pkcs15-crypt asks when the key does.)
    good(&sign_without_pin(folder, "02"));
    assert_verified(folder, "02");
    // The authentication key does not, and a wrong PIN costs a try.
    assert!(!sign_without_pin(folder, "01").status.success());
    assert_eq!(tries(&counter), Tries::Left(3));
    let refused = sign(folder, "01", "9999");
    assert!(!refused.status.success());
    assert!(text(&refused).contains("CKR_PIN_INCORRECT"), "{}", text(&refused));
    assert_eq!(tries(&counter), Tries::Left(2));
    // The right one signs and gives the tries back.
    good(&sign(folder, "01", "4071"));
    assert_verified(folder, "01");
    assert_eq!(tries(&counter), Tries::Left(3));

    // The holder changes the PIN with a stranger's tool.
    good(&tool(
        "pkcs15-tool",
        &["--reader", "0", "--change-pin", "--pin", "4071", "--new-pin", "6174"],
        folder,
    ));
    assert!(!sign(folder, "01", "4071").status.success());
    good(&sign(folder, "01", "6174"));
}

pub fn two_cards_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut counter = Counter::open();
    counter.insert_blank(0);
    counter.insert_blank(1);
    make_staff(counter.connect(0), "Shiomi2026");
    make_resident(counter.connect(1));
    set_pin(counter.connect(1), "4071").unwrap();

    // Two connections live at the same time, each with its own session.
    let mut staff = Chip::select(counter.connect(0)).unwrap();
    let mut resident = Chip::select(counter.connect(1)).unwrap();
    staff
        .verify_pin(PinSlot::Holder, &"Shiomi2026".to_owned().into())
        .unwrap();
    assert!(resident.sign(KeySlot::Authentication, &[1; 32]).is_err());
    staff.sign(KeySlot::Authentication, &[1; 32]).unwrap();
    resident.sign(KeySlot::Eligibility, &[1; 32]).unwrap();
    let serials = [staff.serial().hex(), resident.serial().hex()];
    drop((staff, resident));

    let slots = good(&pkcs11(&["--list-token-slots"], folder));
    for expected in ["Madoguchi staff card", "Madoguchi resident card"] {
        assert!(slots.contains(expected), "{expected} is missing in\n{slots}");
    }
    // PKCS #11 has 16 characters for a serial: the last eight bytes of the chip's.
    for serial in &serials {
        assert!(slots.contains(&serial[4..]), "{serial} is missing in\n{slots}");
    }
    fs::write(folder.join("visit"), "login").unwrap();
    let login = ["--login", "--pin", "Shiomi2026"];
    let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", "01"];
    let files = ["--input-file", "visit", "--output-file", "signature"];
    let by_serial = ["--token-label", "Madoguchi staff card (Password)"];
    let output = pkcs11(&[&by_serial[..], &login, &sign, &files].concat(), folder);
    good(&output);
}

fn tries(counter: &Counter) -> Tries {
    Chip::select(counter.connect(0))
        .unwrap()
        .tries_left(PinSlot::Holder)
        .unwrap()
}

/// Signs the file `visit` with key `id` of the first card.
fn sign(folder: &Path, id: &str, pin: &str) -> Output {
    let mut arguments = vec![
        "--slot-index",
        "0",
        "--sign",
        "--mechanism",
        "SHA256-RSA-PKCS",
        "--id",
        id,
    ];
    arguments.extend(["--input-file", "visit", "--output-file", "signature"]);
    arguments.extend(["--login", "--pin", pin]);
    // A signature left over from before must not pass for this one.
    let _none_before = fs::remove_file(folder.join("signature"));
    pkcs11(&arguments, folder)
}

/// The same by pkcs15-crypt, which signs a digest, with nobody there to type a PIN.
fn sign_without_pin(folder: &Path, id: &str) -> Output {
    let _none_before = fs::remove_file(folder.join("signature"));
    let digest = ["dgst", "-sha256", "-binary", "-out", "digest", "visit"];
    good(&tool("openssl", &digest, folder));
    let how = ["--reader", "0", "--key", id, "--sign", "--sha-256", "--pkcs1"];
    let files = ["--input", "digest", "--output", "signature"];
    tool("pkcs15-crypt", &[&how[..], &files].concat(), folder)
}

/// OpenSSL checks the signature over `visit` with the public key of certificate `id`.
fn assert_verified(folder: &Path, id: &str) {
    let certificate = format!("{id}.der");
    let key = good(&tool(
        "openssl",
        &["x509", "-inform", "DER", "-in", &certificate, "-noout", "-pubkey"],
        folder,
    ));
    fs::write(folder.join("key.pem"), key).unwrap();
    let arguments = [
        "dgst",
        "-sha256",
        "-verify",
        "key.pem",
        "-signature",
        "signature",
        "visit",
    ];
    assert_eq!(good(&tool("openssl", &arguments, folder)).trim(), "Verified OK");
    fs::write(folder.join("other"), "another visit").unwrap();
    let arguments = [
        "dgst",
        "-sha256",
        "-verify",
        "key.pem",
        "-signature",
        "signature",
        "other",
    ];
    assert!(!tool("openssl", &arguments, folder).status.success());
}

fn pkcs11(arguments: &[&str], folder: &Path) -> Output {
    tool("pkcs11-tool", arguments, folder)
}

fn tool(name: &str, arguments: &[&str], folder: &Path) -> Output {
    Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}; scripts/packages names what to install"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What a tool that succeeded printed.
fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
