//! What the relay's pages say is so, and whole answers as they are.

use std::sync::Arc;

use relay_core::{
    chance::{SeededChance, SharedChance},
    clock::HandClock,
};
use relay_testing::{Answer, Browser, Relay, TestService};
use time::OffsetDateTime;

use crate::{CLINIC, index, relay_with_clinic};

/// A relay with a clinic that a browser alone can tell of a logout, or nothing can.
async fn relay_with(metadata: fn(&TestService) -> String) -> (Relay, TestService) {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay
        .join_metadata(CLINIC, &metadata(&clinic), &clinic.encryption_pem())
        .await;
    (relay, clinic)
}

async fn is_signed_in(browser: &Browser, relay: &Relay) -> bool {
    let page = browser.get(&relay.at("/sign-out")).await;
    page.fields().contains_key("token")
}

/// The whole answer: its status, its headers and its body, with the places of this run called by one name.
fn whole(answer: &Answer, relay: &Relay) -> String {
    let mut text = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        if name != "date" && name != "set-cookie" {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    for cookie in &answer.cookies {
        text.push_str(&format!("set-cookie: {cookie}\n"));
    }
    text.push_str(&format!("\n{}", answer.body));
    for (place, name) in [
        (relay.card_at(""), "https://card.relay.example"),
        (relay.card_pkcs1_at(""), "https://old-card.relay.example"),
        (relay.at(""), "https://relay.example"),
    ] {
        text = text.replace(&place, name);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_to_a_request_are_the_same_to_the_last_letter_by_the_same_clock_and_chance() {
    let mut relay = Relay::start_with_clock(Arc::new(HandClock::at(OffsetDateTime::now_utc()))).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    relay.chance = SharedChance::new(SeededChance::new(20_261_122));
    relay.stop_front().await;
    relay.start_front().await;
    let browser = Browser::new(&relay);
    let sent = browser.get(&clinic.redirect(&clinic.request(&relay), None)).await;
    // The clinic's own address stands in what its form may go to.
    let clinic_at = clinic.consumer().trim_end_matches("/acs").to_owned();
    let shown = |answer: &Answer| whole(answer, &relay).replace(&clinic_at, "https://clinic.example");
    insta::assert_snapshot!("a_request_is_taken", shown(&sent));
    let page = browser.get(&sent.location.clone().unwrap()).await;
    insta::assert_snapshot!("the_page_that_asks_for_the_card", shown(&page));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_carries_an_answer_says_what_the_answer_is() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let (_, decline) = asked.body.split_once("action=\"/sign-in/").unwrap();
    let (decline, _) = decline.split_once('"').unwrap();
    let declined = browser.post(&relay.at(&format!("/sign-in/{decline}")), &[]).await;
    assert!(declined.fields().contains_key("SAMLResponse"));
    assert!(declined.body.contains("ログインせずに戻ります"), "{}", declined.body);
    assert!(!declined.body.contains("本人確認が終わりました"));
    let done = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert!(done.body.contains("本人確認が終わりました"), "{}", done.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passive_request_is_answered_without_anything_to_see_or_press() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let mut passive = clinic.request(&relay);
    passive.passive = true;
    let answer = browser.begin(&clinic.redirect(&passive, None)).await;
    let body = answer.body.split_once("<body>").unwrap().1;
    let (body, without_script) = (
        body.replace(
            body.split_once("<noscript>")
                .unwrap()
                .1
                .split_once("</noscript>")
                .unwrap()
                .0,
            "",
        ),
        body.contains("<noscript><p><button"),
    );
    assert!(without_script, "where no script runs there is a button still");
    for visible in ["<button", "<h1", "<p", "<a "] {
        assert!(!body.contains(visible), "{visible}: {body}");
    }
    // The script is the relay's own file, the only one that this page may run.
    assert!(answer.headers["content-security-policy"].ends_with("script-src 'self'"));
    let script = browser.get(&relay.at("/send.js")).await;
    assert_eq!(
        (script.status, script.body.trim()),
        (200, "document.forms[0].submit();")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_out_by_a_form_that_no_page_of_theirs_sent() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    // A browser without Fetch Metadata, whose page sends no referrer: only the token tells.
    for forged in [&[][..], &[("token", "")], &[("token", "AAAA")]] {
        let refused = browser.post(&relay.at("/sign-out"), forged).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
    }
    assert!(is_signed_in(&browser, &relay).await);
    browser.sign_out(&relay).await;
    assert!(!is_signed_in(&browser, &relay).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_that_is_not_taken_says_that_the_sign_in_stays_and_where_it_ends() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let assertion = browser.sign_in(&relay, &clinic).await;
    let asked = clinic.log_out_by_redirect(&relay, &index(&assertion));
    browser.get(&asked).await;
    browser.sign_in(&relay, &clinic).await;
    // The same request a second time: replayed, so not taken.
    let refused = browser.get(&asked).await;
    assert_eq!(
        (refused.status, refused.headers["refused-by"].as_str()),
        (400, "replayed")
    );
    assert!(refused.body.contains("まだ終わっていません"), "{}", refused.body);
    assert!(refused.body.contains("href=\"/sign-out\""), "{}", refused.body);
    assert!(is_signed_in(&browser, &relay).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_logout_of_its_own_signs_its_people_out_here_all_the_same() {
    let (relay, clinic) = relay_with(TestService::metadata_without_logout).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let assertion = browser.sign_in(&relay, &clinic).await;
    let ended = browser
        .get(&clinic.log_out_by_redirect(&relay, &index(&assertion)))
        .await;
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert!(ended.body.contains("すべてのサービスで終わりました"), "{}", ended.body);
    assert!(!is_signed_in(&browser, &relay).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_pulled_card_leaves_a_session_open_the_resident_is_told_and_nothing_is_retried() {
    for metadata in [TestService::metadata_visited_only, TestService::metadata_without_logout] {
        let (relay, clinic) = relay_with(metadata).await;
        let card = relay.cards.authentication();
        let registration = relay
            .register(&card.certificate, relay_core::registration::CardUse::Authentication)
            .await;
        let browser = Browser::with_card(&relay, &card);
        let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
        assert!(asked.body.contains("カードを抜いても"), "{}", asked.body);
        browser.sign_in(&relay, &clinic).await;
        let said = relay_core::registration::Message::Suspend { registration };
        assert_eq!(relay.office_says(&said).await, 200);
        let untold = async {
            loop {
                match relay.records.untold().await.unwrap().pop() {
                    Some(untold) if untold.waiting == 0 => return untold,
                    _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
            }
        };
        let untold = tokio::time::timeout(std::time::Duration::from_secs(20), untold).await;
        let untold = untold.expect("what has no address is given up at once");
        assert_eq!((untold.waiting, untold.given_up, untold.next), (0, 1, None));
    }
    let (relay, clinic) = relay_with_clinic().await;
    let asked = Browser::new(&relay)
        .begin(&clinic.redirect(&clinic.request(&relay), None))
        .await;
    assert!(!asked.body.contains("カードを抜いても"), "{}", asked.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_chosen_here_goes_along_to_the_hosts_that_read_the_card() {
    let (relay, clinic) = relay_with_clinic().await;
    let stranger = relay.cards.authentication();
    let browser = Browser::with_card(&relay, &stranger);
    browser.get(&relay.at("/?lang=en")).await;
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let card = asked.link("/card/", &relay).unwrap();
    assert!(card.ends_with("?in=en"), "{card}");
    // As another host finds it: without the cookie of this one.
    let refused = browser.without_cookie("__Host-lang").get(&card).await;
    assert!(refused.body.contains("This card is not registered"), "{}", refused.body);
}
