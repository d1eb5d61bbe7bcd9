//! A new portal, made of nothing but `examples/clinic.rs`, at a real relay: sign-in, session, logout, metadata.

#[path = "../examples/clinic.rs"]
mod clinic;

use clinic::CLINIC;
use relay_testing::{Answer, Browser, Relay, TestPortal, portal::KnownRelay};

const ENTITY: &str = "https://clinic.example/saml";

async fn relay_and_clinic() -> (Relay, TestPortal) {
    let mut relay = Relay::start().await;
    let known = KnownRelay::of(&relay).await;
    let clinic = TestPortal::start((&CLINIC, ENTITY, "localhost"), &relay.authority, &known).await;
    relay.join_metadata(ENTITY, &clinic.metadata, &clinic.encryption).await;
    (relay, clinic)
}

/// From the clinic's link to its page.
async fn sign_in(browser: &Browser, relay: &Relay, clinic: &TestPortal) -> Answer {
    let sent = browser.get(&clinic.at("/sign-in?to=/")).await;
    let asked = browser.begin(&sent.location.expect("sent to the relay")).await;
    let answered = match asked.link("/card/", relay) {
        Some(card) => browser.get(&card).await,
        None => asked,
    };
    let back = browser.press(&answered).await;
    assert_eq!(
        (back.status, back.location.as_deref()),
        (303, Some("/")),
        "{}",
        back.body
    );
    browser.get(&clinic.at("/")).await
}

#[tokio::test]
async fn a_portal_of_eighty_lines_signs_a_resident_in_and_out_of_everything() {
    let (relay, clinic) = relay_and_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let welcome = browser.get(&clinic.at("/")).await;
    assert!(welcome.body.contains("来院の記録を見られます"), "{}", welcome.body);
    let visits = sign_in(&browser, &relay, &clinic).await;
    assert!(visits.body.contains("の方の記録です"), "{}", visits.body);
    // The same person has the same short name the next time.
    let named = |page: &Answer| {
        page.body
            .split("の方")
            .next()
            .map(|text| text[text.len() - 10..].to_owned())
    };
    let log_out = |page: &Answer| page.fields()["token"].clone();
    let left = browser
        .post(&clinic.at("/log-out"), &[("token", &log_out(&visits))])
        .await;
    let (end, page) = browser.follow(&clinic.at("/log-out"), left).await;
    assert!(end.ends_with("/left/everywhere"), "{end}: {}", page.body);
    let again = sign_in(&browser, &relay, &clinic).await;
    assert_eq!(named(&visits), named(&again));
}

#[tokio::test]
async fn the_manual_shows_the_portal_that_is_tested() {
    let manual = include_str!("../../../manuals/developer/new-portal.md");
    let (_, code) = manual.split_once("```rust\n").expect("the manual has the code");
    let (code, _) = code.split_once("```").expect("the code ends");
    assert_eq!(
        code,
        include_str!("../examples/clinic.rs"),
        "copy the example into the manual"
    );
}
