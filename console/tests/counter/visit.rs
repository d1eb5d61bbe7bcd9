//! One resident's card from application to handover, at one desk, in one sitting.

use std::{path::PathBuf, process::Command};

use issuance::{case::CaseState, records::CardState};

use crate::{
    clerk::{Clerk, Records, set_up},
    english::is_english_but_for,
    logs,
    screen::{Console, Key, Terminal},
    shell::with_a_card_service,
};

#[test]
fn one_residents_card_from_application_to_handover() {
    with_a_card_service("visit::one_residents_card_from_application_to_handover", |shell| {
        set_up(shell);
        let clerk = Clerk::sits_down(shell, Terminal::SMALL);
        clerk.console.reads_english_too();
        clerk
            .logs_in("0001")
            .finds("ヨシロウ", "ヤマグチ")
            .takes_application()
            .verifies();
        clerk
            .lays_blank("blank-01")
            .makes()
            .has_pin_set("2751")
            .prints()
            .shelves("Ａ－12");
        let notice = code_on(&paper(shell.home(), "notice"));
        clerk.hands_over(&notice, "A-12");

        // The journal tells it all, from the first line to the last.
        clerk.console.text("j").sees_all(&["経過", "交付した"]);
        clerk.console.key(Key::Esc).sees("交付済み");

        every_screen_reads_in_english(&clerk.console, 25);

        let records = Records::of(shell.home());
        let file = records.case("2026-000001");
        assert!(matches!(file.state, CaseState::HandedOver { .. }));
        let card = file.card.unwrap();
        assert_eq!(card.state, CardState::Active);
        assert!(card.pin_set_at.is_some() && card.steps.len() == 10);
        let trail = records.wait(records.office.verify_audit());
        assert!(trail.broken.is_empty() && trail.checked > 20);
        assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);

        let log = std::fs::read_to_string(shell.home().join("log/madoguchi.log")).unwrap();
        logs::hold_nothing_personal(&log, &[&shell.password("0001"), &notice]);
        logs::tell_one_case_and_one_act_a_line(&log, &file.at.id.to_string());

        strangers_take_the_card(shell.home());
        let memory = clerk.console.memory();
        eprintln!("the console took {} MB", memory / 1_000_000);
    });
}

/// What a visit may take of the clerk's hands and the resident's, from the day's queues to the card that was handed over.
const KEYS: usize = 70;

#[test]
fn a_visit_takes_no_more_keys_than_it_needs() {
    with_a_card_service("visit::a_visit_takes_no_more_keys_than_it_needs", |shell| {
        set_up(shell);
        let clerk = Clerk::sits_down(shell, Terminal::SMALL);
        clerk.logs_in("0001");
        let console = &clerk.console;
        let (before, key) = (console.keys_pressed(), |key| console.key(key));
        console.text("/").sees("フリガナ、氏名");
        console.text("ヨシロウ").sees_all(&["1 人中 1 人", "ヤマグチ"]);
        key(Key::Enter).sees("カードの申請はまだありません");
        key(Key::Enter).sees("申請する人");
        // In person, five times yes, at the counter, with paper.
        console.text("1yyyyy1y");
        clerk.chosen("この内容で申請を受け付ける");
        key(Key::Enter).sees("本人確認をする");

        key(Key::Enter).sees("書類を加える");
        console.text("マイ");
        console.until("the one document", |screen| {
            screen
                .lines()
                .any(|line| line.contains('▸') && line.contains("マイナンバーカード"))
        });
        key(Key::Enter).sees("この書類を終わる");
        console.text("R12.3.1");
        key(Key::Enter);
        clerk.chosen("顔写真");
        console.text("yyyyy");
        clerk.chosen("この書類を終わる");
        key(Key::Enter).sees("例外はありません");
        key(Key::Enter).sees_all(&["本人確認を記録しました", "カードを作る"]);

        shell.tray("insert 1 blank-01");
        console.sees("住民●");
        key(Key::Enter).sees("この案件に使えます");
        key(Key::Enter).sees("カードができました");
        key(Key::Enter).sees("この案件のカードが入っています");

        // The resident's part.
        key(Key::Enter).sees("4けたの すうじ");
        clerk.types_pin("2751");
        key(Key::Enter).sees("もういちど いれてください");
        clerk.types_pin("2751");
        key(Key::Enter).sees("きまりました");

        key(Key::Enter).sees("転送不要郵便");
        key(Key::Enter).sees("を作りました");
        key(Key::Enter).sees("鍵のかかる棚");
        console.text("A-12");
        key(Key::Enter).sees_all(&["に保管しました", "交付する"]);

        console.scans(&code_on(&paper(shell.home(), "notice")));
        clerk.chosen("取り出した棚");
        console.text("A-12");
        for time in ["1 回目", "2 回目"] {
            key(Key::Enter).sees(time);
            console.text("yyy");
            console.until("three ticks", |screen| screen.matches("[✓]").count() == 3);
        }
        key(Key::Enter).sees("交付を記録しました");

        let pressed = console.keys_pressed() - before;
        eprintln!("a visit took {pressed} keys");
        assert!(pressed <= KEYS, "{pressed} keys");
        let file = Records::of(shell.home()).case("2026-000001");
        assert!(matches!(file.state, CaseState::HandedOver { .. }));
    });
}

/// What is Japanese whatever the language: names, readings, addresses, the city and its desk.
const DATA: [&str; 11] = [
    // The name of the other language, on its key.
    "日本語",
    "山口 𠮷郎",
    "ヤマグチ ヨシロウ",
    "汐見市港町1丁目2番3号",
    "コーポ汐見 201号",
    "佐藤 恵",
    "鈴木 一",
    "鈴木 健",
    "窓口3",
    // What the clerks of the stories type and write down.
    "マイナンバーカード",
    "隣の棚を開けていた。短い棚を確かめ、正しい場所に戻した。床に落として割れた",
];

/// The screens seen since they were read in English too, at least so many, say nothing in Japanese but data.
pub fn every_screen_reads_in_english(console: &Console, at_least: usize) {
    let screens = console.seen_in_english();
    assert!(screens.len() >= at_least, "{} screens", screens.len());
    screens.iter().for_each(|screen| is_english_but_for(&DATA, screen));
}

/// Where the resident's card is.
const READER: &str = "Virtual PCD 00 01";

/// OpenSC, which knows nothing of us, lists the card, signs with the right PIN and with none, and is refused otherwise.
fn strangers_take_the_card(home: &std::path::Path) {
    let listed = run(
        "pkcs15-tool",
        &["--reader", READER, "--list-keys", "--list-certificates", "--list-pins"],
    );
    assert!(listed.0, "{}", listed.1);
    assert_eq!(listed.1.matches("Private RSA Key").count(), 2, "{}", listed.1);
    assert_eq!(listed.1.matches("X.509 Certificate [").count(), 2, "{}", listed.1);

    let ids = ids_of_keys(&listed.1);
    let file = |name: &str| home.join(name).to_str().unwrap().to_owned();
    std::fs::write(file("message"), b"a message of somebody else's").unwrap();
    let sign = |pin: &str| {
        let (message, signature) = (file("message"), file("pin.sig"));
        let mut words = vec![
            "--slot-index",
            "1",
            "--sign",
            "--mechanism",
            "SHA256-RSA-PKCS",
            "--id",
            &ids[0],
        ];
        words.extend([
            "--input-file",
            &message,
            "--output-file",
            &signature,
            "--login",
            "--pin",
            pin,
        ]);
        run("pkcs11-tool", &words)
    };
    assert!(!sign("9999").0, "a wrong PIN signed");
    let right = sign("2751");
    assert!(right.0, "{}", right.1);
    good_for(home, &ids[0], &file("pin.sig"));

    // pkcs11-tool asks for the PIN as soon as a token has one; pkcs15-crypt asks when the key does.
    let (digest, signature) = (file("digest"), file("free.sig"));
    let digested = run(
        "openssl",
        &["dgst", "-sha256", "-binary", "-out", &digest, &file("message")],
    );
    assert!(digested.0, "{}", digested.1);
    let mut words = vec!["--reader", READER, "--key", &ids[1], "--sign", "--sha-256", "--pkcs1"];
    words.extend(["--input", &digest, "--output", &signature]);
    let free = run("pkcs15-crypt", &words);
    assert!(free.0, "{}", free.1);
    good_for(home, &ids[1], &signature);
}

/// OpenSSL finds the signature good for the certificate on the card.
fn good_for(home: &std::path::Path, id: &str, signature: &str) {
    let file = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let read = run(
        "pkcs15-tool",
        &["--reader", READER, "--read-certificate", id, "--output", &certificate],
    );
    assert!(read.0, "{}", read.1);
    let public = run(
        "openssl",
        &["x509", "-in", &certificate, "-noout", "-pubkey", "-out", &key],
    );
    assert!(public.0, "{}", public.1);
    let verified = run(
        "openssl",
        &[
            "dgst",
            "-sha256",
            "-verify",
            &key,
            "-signature",
            signature,
            &file("message"),
        ],
    );
    assert!(verified.0, "{}", verified.1);
}

/// `ID : 01` lines of the private keys, in the card's order.
fn ids_of_keys(listed: &str) -> Vec<String> {
    let keys = listed.split("Private RSA Key").skip(1);
    keys.map(|key| {
        let line = key.lines().find(|line| line.trim().starts_with("ID")).unwrap();
        line.rsplit(':').next().unwrap().trim().to_owned()
    })
    .collect()
}

/// The one printed paper of a kind.
pub fn paper(home: &std::path::Path, kind: &str) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                if name != "postgres" {
                    folders.push(path);
                }
            } else if name.starts_with(&format!("{kind}-")) && name.ends_with(".pdf") {
                found.push(path);
            }
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// What a scanner reads from the paper.
pub fn code_on(paper: &std::path::Path) -> String {
    let picture = paper.with_extension("");
    let drawn = run(
        "pdftoppm",
        &[
            "-r",
            "200",
            "-png",
            "-singlefile",
            paper.to_str().unwrap(),
            picture.to_str().unwrap(),
        ],
    );
    assert!(drawn.0, "{}", drawn.1);
    let picture = picture.with_extension("png");
    let read = Command::new("zbarimg")
        .args(["-q", "--raw"])
        .arg(&picture)
        .output()
        .unwrap();
    std::fs::remove_file(picture).unwrap();
    String::from_utf8(read.stdout).unwrap().trim().to_owned()
}

/// Whether the program succeeded, and what it said.
fn run(program: &str, words: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
