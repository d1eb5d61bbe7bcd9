//! What stands in a certificate is there to be fetched: whoever checks a card of the demonstration needs nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::shell::{PATIENCE, Shell, with_a_card_service};

fn openssl(arguments: &[&str]) -> (bool, String) {
    let ended = Command::new("openssl").args(arguments).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The certificate on the card in the staff reader, as PEM.
fn certificate_of_the_card(shell: &Shell, name: &str) -> PathBuf {
    let card = shell.must("card show --json --reader", &["Virtual PCD 00 00"]).json();
    let certificate = card["files"].as_array().unwrap().iter().find_map(|file| {
        let bytes = hex::decode(file["bytes"].as_str()?).ok()?;
        // A SEQUENCE of two length bytes that begins with another: a certificate, in whatever the chip wraps it in.
        let at = bytes
            .windows(6)
            .position(|six| matches!(six, [0x30, 0x82, _, _, 0x30, 0x82]))?;
        let length = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])) + 4;
        Some(bytes[at..at + length].to_vec())
    });
    let (der, pem) = ["cer", "pem"]
        .map(|ending| shell.home().join(format!("{name}.{ending}")))
        .into();
    fs::write(&der, certificate.expect("the card has a certificate")).unwrap();
    as_text("x509", &der, &pem);
    pem
}

fn as_text(kind: &str, der: &Path, pem: &Path) {
    let (done, said) = openssl(&[
        kind,
        "-inform",
        "DER",
        "-in",
        der.to_str().unwrap(),
        "-out",
        pem.to_str().unwrap(),
    ]);
    assert!(done, "{said}");
}

/// Fetches what `certificate` names: its issuer's list and certificate, as PEM.
fn fetch(shell: &Shell, certificate: &Path) -> [PathBuf; 2] {
    let (_, text) = openssl(&["x509", "-noout", "-text", "-in", certificate.to_str().unwrap()]);
    let urls: Vec<&str> = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("URI:"))
        .filter(|url| !url.ends_with("/ocsp"))
        .collect();
    assert_eq!(urls.len(), 2, "{text}");
    [("crl", ".crl"), ("x509", ".cer")].map(|(kind, ending)| {
        let url = urls.iter().find(|url| url.ends_with(ending)).expect(ending);
        let der = shell
            .home()
            .join(format!("fetched-{}", url.rsplit('/').next().unwrap()));
        let fetched = Command::new("curl")
            .args(["--fail", "--silent", "--show-error", "--output"])
            .arg(&der)
            .arg(url)
            .output()
            .unwrap();
        assert!(
            fetched.status.success(),
            "{url}: {}",
            String::from_utf8_lossy(&fetched.stderr)
        );
        let pem = der.with_extension(format!("{kind}.pem"));
        as_text(kind, &der, &pem);
        pem
    })
}

/// Whether openssl takes `certificate` with nothing but what is fetched from the addresses in it, and what it says.
fn taken(shell: &Shell, certificate: &Path) -> (bool, String) {
    let [list, issuer] = fetch(shell, certificate);
    let [root_list, root] = fetch(shell, &issuer);
    let lists = shell.home().join("lists.pem");
    fs::write(&lists, [fs::read(list).unwrap(), fs::read(root_list).unwrap()].concat()).unwrap();
    let [lists, issuer, root, certificate] =
        [&lists, &issuer, &root, &certificate.to_owned()].map(|file| file.to_str().unwrap().to_owned());
    openssl(&[
        "verify",
        "-crl_check_all",
        "-CAfile",
        &root,
        "-untrusted",
        &issuer,
        "-CRLfile",
        &lists,
        &certificate,
    ])
}

/// The address in `certificate` where somebody answers whether it is good.
fn responder(certificate: &Path) -> String {
    let (_, text) = openssl(&["x509", "-noout", "-ocsp_uri", "-in", certificate.to_str().unwrap()]);
    let url = text.trim().to_owned();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/ocsp"), "{text}");
    url
}

/// What openssl hears and believes about `certificate` at the address in it: `good`, `revoked`, `unknown`, with a nonce.
fn answered(shell: &Shell, certificate: &Path) -> String {
    let [issuer, root] = ["staff", "root"].map(|name| shell.home().join(format!("authority/{name}/certificate.pem")));
    let (_, said) = openssl(&[
        "ocsp",
        "-issuer",
        issuer.to_str().unwrap(),
        "-CAfile",
        root.to_str().unwrap(),
        "-cert",
        certificate.to_str().unwrap(),
        "-url",
        &responder(certificate),
        "-timeout",
        "5",
    ]);
    assert!(said.contains("Response verify OK"), "{said}");
    let line = said.lines().find(|line| line.contains(".pem: ")).expect(&said);
    line.rsplit(' ').next().unwrap().to_owned()
}

/// Asks by GET, as caches want it (RFC 5019 §5): the status, and the head.
fn asked_by_get(shell: &Shell, certificate: &Path) -> (String, String) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let [question, answer, issuer] =
        ["question.der", "answer.der", "authority/staff/certificate.pem"].map(|name| shell.home().join(name));
    let (issuer, certificate_file) = (issuer.to_str().unwrap(), certificate.to_str().unwrap());
    let (made, said) = openssl(&[
        "ocsp",
        "-issuer",
        issuer,
        "-cert",
        certificate_file,
        "-no_nonce",
        "-reqout",
        question.to_str().unwrap(),
    ]);
    assert!(made, "{said}");
    let question = STANDARD.encode(fs::read(question).unwrap());
    let question = question.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let fetched = Command::new("curl")
        .args(["--fail", "--silent", "--show-error", "--dump-header", "-", "--output"])
        .arg(&answer)
        .arg(format!("{}/{question}", responder(certificate)))
        .output()
        .unwrap();
    let head = String::from_utf8_lossy(&fetched.stdout).to_ascii_lowercase();
    let (_, said) = openssl(&[
        "ocsp",
        "-issuer",
        issuer,
        "-cert",
        certificate_file,
        "-no_nonce",
        "-respin",
        answer.to_str().unwrap(),
        "-CAfile",
        shell.home().join("authority/root/certificate.pem").to_str().unwrap(),
    ]);
    assert!(said.contains("Response verify OK"), "{said}");
    let line = said.lines().find(|line| line.contains(".pem: ")).expect(&said);
    (line.rsplit(' ').next().unwrap().to_owned(), head)
}

#[test]
fn a_card_is_checked_with_nothing_but_what_its_certificate_names() {
    let name = "set_up::published::a_card_is_checked_with_nothing_but_what_its_certificate_names";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["60"]);
        let card = |number: &str| {
            shell.tray(&format!("insert 0 staff-{number}"));
            shell.wait_for_card();
            certificate_of_the_card(shell, number)
        };
        let leave = ["0001", "0002", "0003"].map(|number| {
            let certificate = card(number);
            shell.tray("remove 0");
            (number, certificate)
        });
        let stays = card("0004");
        for good in leave.iter().map(|(_, certificate)| certificate).chain([&stays]) {
            let (taken, said) = taken(shell, good);
            assert!(taken, "{said}");
            assert_eq!(answered(shell, good), "good");
        }
        let (status, head) = asked_by_get(shell, &stays);
        assert_eq!(status, "good");
        assert!(head.contains("content-type: application/ocsp-response"), "{head}");
        assert!(head.contains("cache-control: max-age=60"), "{head}");

        // The administrator's card lies in the reader. Nobody signs a list by hand: the next one comes by itself, and who
        // answers knows it. A machine that is busy elsewhere may keep one of them waiting, not all.
        let mut soonest = PATIENCE;
        for (number, leaves) in &leave {
            let mut asked = shell.talk(&format!("staff disable {number}"), &[]);
            asked.after("管理者の職員カード", "");
            asked.after("試行残り", &shell.password("0004"));
            assert_eq!(asked.ends(), 0);
            let began = Instant::now();
            while answered(shell, leaves) != "revoked" {
                assert!(began.elapsed() < PATIENCE, "nobody answers that it is revoked");
            }
            // Who answers reads the same list.
            let (still, said) = taken(shell, leaves);
            assert!(!still && said.contains("certificate revoked"), "{said}");
            soonest = soonest.min(began.elapsed());
            assert_eq!(asked_by_get(shell, leaves).0, "revoked");
        }
        assert!(soonest < Duration::from_secs(1), "list and answer took {soonest:?}");
        let (good, said) = taken(shell, &stays);
        assert!(good, "{said}");
        assert_eq!(answered(shell, &stays), "good");

        // How old they are is told, and what a reader would find.
        let parts = |part: &str, answer: &serde_json::Value| -> Vec<(String, String)> {
            let all = answer["findings"].as_array().unwrap().iter();
            let of_part = all.filter(|finding| finding["part"] == part);
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            of_part
                .map(|finding| (text(&finding["condition"]), text(&finding["advice"])))
                .collect()
        };
        let lists = |answer: &serde_json::Value| parts("lists", answer);
        let doctor = shell.must("doctor --json", &[]).json();
        let now = lists(&doctor);
        assert_eq!(now.len(), 4, "three lists and their address");
        let answers = parts("ocsp", &doctor);
        assert_eq!(
            answers.len(),
            4,
            "two registers with their responders, and their address twice"
        );
        let signatures = parts("signatures", &doctor);
        for (condition, _) in now.iter().chain(&answers).chain(&signatures) {
            assert_eq!(condition, "good", "{doctor:#}");
        }
        let status = shell.must("status --json", &[]).json();
        let numbers: Vec<_> = status["revocation_lists"]
            .as_array()
            .unwrap()
            .iter()
            .map(|list| &list["number"])
            .collect();
        assert_eq!(numbers, [1, 1, 4], "{status:#}");
        assert_eq!(status["ocsp"][1]["issued"], 4, "{status:#}");
        assert!(status["ocsp"][0]["age_seconds"].as_i64().unwrap() < 600, "{status:#}");
        let endpoints = shell.endpoints();
        let base = endpoints["authority"]["ocsp"]
            .as_str()
            .unwrap()
            .strip_suffix("/ocsp")
            .unwrap()
            .to_owned();
        assert_eq!(endpoints["authority"]["crl"]["staff"], format!("{base}/staff.crl"));
        assert_eq!(responder(&stays), format!("{base}/ocsp"));
        // Eight days later, had nobody signed another; and by a clock that fell back.
        let late = lists(&shell.run_at_another_time("+8d", "doctor --json").json());
        let over = late.iter().filter(|(condition, _)| condition == "bad");
        assert!(
            over.clone().count() == 2 && over.clone().all(|(_, advice)| advice.contains("authority crl")),
            "{late:?}"
        );
        let early = shell.run_at_another_time("-2d", "doctor --json").json();
        let authorities: Vec<_> = early["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| ["authority", "lists"].contains(&finding["part"].as_str().unwrap()))
            .filter(|finding| finding["condition"] == "bad")
            .collect();
        assert!(authorities.len() >= 3, "{early:#}");
        for finding in authorities {
            let advice = finding["advice"].as_str().unwrap();
            assert!(advice.contains("時計"), "{finding}");
            assert!(!advice.contains("計画"), "a new authority mends no clock: {finding}");
        }

        // An auditor holds a card's certificate against its profile, rule by rule; and one that is of another city.
        let judged = shell.must("authority lint --json", &[stays.to_str().unwrap()]).json();
        assert_eq!(
            (&judged["profile"], &judged["broken"]),
            (&"staff_authentication".into(), &0.into())
        );
        assert!(judged["rules"].as_array().unwrap().len() > 15, "{judged:#}");
        let strange = shell.home().join("strange.pem");
        let (made, said) = openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=stranger",
            "-keyout",
            "/dev/null",
            "-out",
            strange.to_str().unwrap(),
        ]);
        assert!(made, "{said}");
        let judged = shell.run("authority lint", &[strange.to_str().unwrap()]);
        assert!(
            judged.code == 1 && judged.stdout.contains("✗ signature  (RFC 5280"),
            "{}",
            judged.stdout
        );

        // The root's own list is signed with the passphrase out of the safe.
        let passphrase = shell.home().join("secrets/authority-root");
        shell.must("authority root-list --passphrase-file", &[passphrase.to_str().unwrap()]);
        let (good, said) = taken(shell, &stays);
        assert!(good, "{said}");
        let status = shell.must("status --json", &[]).json();
        assert_eq!(status["revocation_lists"][0]["number"], 2);
    });
}
