//! What happens at the desk.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use card_bridge::signing;

use crate::counter::{Counter, Seen};

const CHALLENGE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const PIN: &str = "0417";

/// The bridge has said that the card has `tries` tries left.
fn says_tries(seen: &Seen, tries: u8) {
    let words = match tries {
        1 => "残りは1回です".to_owned(),
        tries => format!("あと{tries}回"),
    };
    assert!(seen.text.contains(&words), "{}", seen.text);
}

pub fn a_right_pin() {
    let counter = Counter::open();
    let made = counter.insert_resident(Some(PIN));
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    let page = browser.get(&ask);
    says_tries(&page, 3);
    assert!(page.text.contains(&counter.front.origin), "the page says who asks");
    let answer = browser.type_pin(&ask, PIN);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("challenge"), CHALLENGE);
    assert_eq!(STANDARD.decode(answer.field("certificate")).unwrap(), made.certificate);
    let signature = STANDARD.decode(answer.field("signature")).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, made.key.pkcs1_der())
        .verify(&signing::text(&counter.front.origin, CHALLENGE), &signature)
        .expect("the card signed this sign-in at this front");
    assert!(
        answer
            .policy
            .contains(&format!("form-action 'self' {}", counter.front.origin))
    );
    // Back on the page of the PIN, the answer is what there is: nothing is signed twice.
    assert_eq!(browser.get(&ask).status, 303);
    // The card has forgotten the PIN: another program cannot use it.
    let next = browser.follow_the_link(CHALLENGE);
    assert!(browser.get(&next).text.contains("name=\"pin\""));
}

pub fn wrong_pins_until_blocked() {
    let counter = Counter::open();
    counter.insert_resident(Some(PIN));
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    says_tries(&browser.get(&ask), 3);
    // What is no PIN is not sent to the card.
    for slip in ["", "041", "04171", "abcd"] {
        let seen = browser.type_pin(&ask, slip);
        assert!(seen.text.contains("カードには送っていません"));
        says_tries(&seen, 3);
    }
    let seen = browser.type_pin(&ask, "9999");
    assert!(seen.text.contains("暗証番号がちがいます"));
    says_tries(&seen, 2);
    says_tries(&browser.type_pin(&ask, "9998"), 1);
    let blocked = browser.type_pin(&ask, "9997");
    assert!(blocked.text.contains("使えなくなっています") && blocked.text.contains("市役所の窓口で"));
    assert!(!blocked.text.contains("name=\"pin\""));
    // The right PIN comes too late, and the card is not even asked.
    let late = browser.type_pin(&ask, PIN);
    assert!(late.text.contains("使えなくなっています"));
}

pub fn other_cards() {
    let counter = Counter::open();
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    let says = |words: &str| {
        let seen = browser.get(&ask);
        assert!(seen.text.contains(words), "{words}: {}", seen.text);
        assert!(!seen.text.contains("name=\"pin\""), "{words}: no PIN is asked for");
    };
    says("カードが入っていません");
    counter.insert_blank();
    says("まだ使える状態になっていません");
    counter.pull_and_wait();
    counter.insert_staff("Harbour7Tide");
    says("職員のカードです");
    counter.pull_and_wait();
    counter.insert_resident(None);
    says("まだ使える状態になっていません");
}

/// Signs in and gives the token by which the front will be told.
fn signed_in(counter: &Counter) -> String {
    counter.insert_resident(Some(PIN));
    signed_in_with(counter, PIN)
}

/// Signs in with the card in the reader.
pub fn signed_in_with(counter: &Counter, pin: &str) -> String {
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    let token = browser.type_pin(&ask, pin).field("gone");
    assert!(token.len() >= 43);
    token
}

pub fn a_pulled_card() {
    let counter = Counter::open();
    let token = signed_in(&counter);
    counter.front.knows(&token);
    let pulled = Instant::now();
    counter.pull();
    let told = counter.front.wait_to_be_told(&token) - pulled;
    println!("     told {told:.1?} after the pull");
    assert!(told < Duration::from_secs(2), "told only after {told:?}");
}

pub fn a_hasty_pull() {
    let counter = Counter::open();
    let token = signed_in(&counter);
    counter.pull_and_wait();
    assert!(counter.front.told_of(&token).is_none());
    // Only now does the browser bring the answer.
    counter.front.knows(&token);
    counter.front.wait_to_be_told(&token);
}

pub fn an_end() {
    let mut counter = Counter::open();
    let token = signed_in(&counter);
    counter.front.knows(&token);
    counter.end_the_bridge();
    assert!(counter.front.told_of(&token).is_some());
}

pub fn another_page() {
    let counter = Counter::open();
    counter.insert_resident(Some(PIN));
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    // A name that somebody made to lead here (DNS rebinding), and even this machine's own names.
    for host in [
        "evil.example",
        "localhost",
        "127.0.0.1",
        &format!("localhost:{}", counter.bridge.port()),
    ] {
        assert_eq!(browser.get_with(&ask, &[("host", host)]).status, 421, "{host}");
    }
    // A fetch, an image, a frame.
    for headers in [
        [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
    ] {
        assert_eq!(browser.get_with(&ask, &headers).status, 403, "{headers:?}");
    }
    // A form on another page, with the right PIN.
    for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://evil.example")]] {
        let seen = browser.post(&ask, &format!("pin={PIN}"), &headers);
        assert_eq!(seen.status, 403, "{headers:?}");
    }
    // Without the id that stands in the helper's own page there is nothing to post to.
    assert_eq!(browser.post("/ask/00", &format!("pin={PIN}"), &[]).status, 410);
    says_tries(&browser.get(&ask), 3);
    // No page of another origin may read an answer: nothing is said of sharing.
    assert!(browser.get(&ask).policy.contains("frame-ancestors 'none'"));
}

pub fn another_front() {
    let counter = Counter::open();
    let browser = counter.browser();
    let origin = counter.front.origin.clone();
    for other in [
        "https://evil.example".to_owned(),
        origin.replace("https", "http"),
        origin.replace("https://", "https://relay@"),
        format!("{origin}.evil.example"),
        "javascript:alert(1)//".to_owned(),
        "https://127.0.0.1".to_owned(),
    ] {
        let seen = browser.get(&browser.link(CHALLENGE, &other));
        assert!(matches!(seen.status, 400 | 403), "{other}: {}", seen.status);
    }
    for challenge in ["short", &"x".repeat(200), &format!("{}%00", "x".repeat(40))] {
        assert_eq!(
            browser.get(&browser.link(challenge, &origin)).status,
            400,
            "{challenge}"
        );
    }
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every line of every crate, at the chattiest.
pub fn keep_the_log() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(|| Kept)
        .init();
}

pub fn the_log() {
    const RARE_PIN: &str = "7305";
    let counter = Counter::open();
    let made = counter.insert_resident(Some(RARE_PIN));
    let browser = counter.browser();
    let ask = browser.follow_the_link(CHALLENGE);
    browser.type_pin(&ask, "7306");
    let token = browser.type_pin(&ask, RARE_PIN).field("gone");
    counter.front.knows(&token);
    counter.pull();
    counter.front.wait_to_be_told(&token);
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8_lossy(&log);
    assert!(log.contains("a watched card is gone"), "the log was kept");
    // Only our own rooms' lines reach a log at that level; a library's are warnings at most (portal_kit::log).
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| {
            ["card_bridge", "portal_kit", "card:"]
                .iter()
                .any(|room| line.contains(room))
        })
        .collect();
    assert!(ours.len() > 10);
    for secret in [CHALLENGE, token.as_str(), &STANDARD.encode(&made.certificate), &ask] {
        assert!(!ours.iter().any(|line| line.contains(secret)), "{secret}");
    }
    for pin in [RARE_PIN, "7306"] {
        let whole_word = |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == pin);
        assert!(!ours.iter().any(whole_word), "{pin}");
    }
}
