//! Patients' cards at a clinic's desk: the page's script asks, the card signs without its PIN.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay_core::eligibility::card_text;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::counter::{CLINIC, Counter, Made};

const PIN: &str = "0417";

fn challenge(digit: &str) -> String {
    digit.repeat(64)
}

fn form(front: &str, challenge: &str, more: &str) -> String {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("front", front)
        .append_pair("challenge", challenge)
        .finish();
    format!("{form}{more}")
}

/// What the page is told that shows the state `seen`; it may have to wait.
fn asks(counter: &Counter, challenge: &str, seen: &str, more: &str) -> JoinHandle<Value> {
    let body = form(&counter.front.origin, challenge, &format!("&seen={seen}{more}"));
    let request = counter.client().post(format!("http://{}/eligibility", counter.bridge));
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", CLINIC)
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-dest", "empty")
        .body(body);
    counter.runtime.spawn(async move {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert_eq!(answer.headers()["access-control-allow-origin"], CLINIC);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    })
}

fn told(counter: &Counter, challenge: &str, seen: &str, more: &str) -> Value {
    let asked = asks(counter, challenge, seen, more);
    counter.runtime.block_on(asked).unwrap()
}

/// The signature is of the card's second key, over this challenge for this front.
fn is_signed(counter: &Counter, made: &Made, challenge: &str, told: &Value) {
    let bytes = |name: &str| STANDARD.decode(told["signed"][name].as_str().expect("signed")).unwrap();
    assert_eq!(bytes("certificate"), made.certificates[1]);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, made.keys[1].pkcs1_der())
        .verify(&card_text(&counter.front.origin, challenge), &bytes("signature"))
        .unwrap();
}

pub fn laid_down() {
    let counter = Counter::open();
    let made = counter.insert_resident(Some(PIN));
    counter.pull_and_wait();
    let first = challenge("1");
    assert_eq!(told(&counter, &first, "", "")["state"], "no-card");
    // The page waits, and the card is laid down.
    let waiting = asks(&counter, &first, "no-card", "");
    let begun = std::time::Instant::now();
    counter.insert(&made.card);
    let signed = counter.runtime.block_on(waiting).unwrap();
    println!("     signed {:.0?} after it was laid down", begun.elapsed());
    is_signed(&counter, &made, &first, &signed);
    // Another window, or the same page again: it was read. What is asked for by name is signed once more.
    assert_eq!(told(&counter, &challenge("2"), "", "")["state"], "read");
    let again = told(&counter, &challenge("3"), "read", "&again=true");
    is_signed(&counter, &made, &challenge("3"), &again);
    // Lifted and laid down anew, it signs anew.
    let waiting = asks(&counter, &challenge("4"), "read", "");
    counter.pull_and_wait();
    assert_eq!(counter.runtime.block_on(waiting).unwrap()["state"], "no-card");
    counter.insert(&made.card);
    is_signed(
        &counter,
        &made,
        &challenge("5"),
        &told(&counter, &challenge("5"), "no-card", ""),
    );
}

pub fn another_page() {
    let counter = Counter::open();
    counter.insert_resident(Some(PIN));
    let browser = counter.browser();
    let good = form(&counter.front.origin, &challenge("1"), "");
    let status = |body: &str, headers: &[(&str, &str)]| browser.post("/eligibility", body, headers).status;
    for origin in [
        "https://evil.example",
        "https://clinic.example",
        "http://clinic.example:8443",
        "https://clinic.example:8443.evil.example",
        "null",
        "",
    ] {
        assert_eq!(status(&good, &[("origin", origin)]), 403, "{origin}");
    }
    // No page at all.
    assert_eq!(status(&good, &[]), 403);
    for host in ["evil.example", "localhost", "127.0.0.1"] {
        assert_eq!(status(&good, &[("origin", CLINIC), ("host", host)]), 421, "{host}");
    }
    for front in ["https://evil.example", "javascript:1", ""] {
        let bad = form(front, &challenge("1"), "");
        assert_eq!(status(&bad, &[("origin", CLINIC)]), 403, "{front}");
    }
    for nonce in ["", "0f", "あ"] {
        let bad = form(&counter.front.origin, nonce, "");
        assert_eq!(status(&bad, &[("origin", CLINIC)]), 400, "{nonce}");
    }
    assert_eq!(browser.get("/eligibility").status, 405);
    // Nothing of that had the card sign: the page's own question does.
    let signed = told(&counter, &challenge("1"), "", "");
    assert!(signed["signed"].is_object(), "{signed}");
}

/// Until the page is told `wanted`: the bridge's eyes are a moment behind this test's.
fn until_told(counter: &Counter, wanted: &str) {
    let begun = std::time::Instant::now();
    while told(counter, &challenge("1"), "", "")["state"] != wanted {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "never {wanted}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

pub fn other_cards() {
    let mut counter = Counter::open();
    counter.insert_blank();
    until_told(&counter, "not-ready");
    counter.pull_and_wait();
    let staff = counter.insert_staff("Harbour7Tide");
    until_told(&counter, "not-a-residents");
    // Where any reader will do, the receptionist's own card in the other one is none of the patients'.
    counter.any_reader();
    counter.move_to_the_other_reader(&staff.card);
    until_told(&counter, "no-card");
    counter.pull_from_the_other_reader();
    let first = counter.insert_resident(None);
    counter.move_to_the_other_reader(&first.card);
    counter.insert_resident(Some(PIN));
    until_told(&counter, "two-cards");
    counter.pull_and_wait();
    let signed = loop {
        let told = told(&counter, &challenge("4"), "two-cards", "&again=true");
        if told["signed"].is_object() {
            break told;
        }
    };
    is_signed(&counter, &first, &challenge("4"), &signed);
}
