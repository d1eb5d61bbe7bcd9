//! My Page as a service provider, against an identity provider made from the shared core: sign-in, logout from both
//! sides, and what is refused. The browser here is a client with cookies and nothing more, so it runs no script.

mod browser;
mod fresh;
mod log;
#[path = "../rig/mod.rs"]
mod rig;

use browser::{Browser, Seen};
use relay_core::{
    chance::{SeededChance, SharedChance},
    clock::Clock,
};
use relay_saml::{
    message::{Response, Status},
    names::{AuthnContext, Binding, StatusCode},
};
use rig::{Rig, relay::Waiting};
use time::{Duration, macros::datetime};

const NAME: &str = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k";

/// Begins a sign-in; the relay's side of it.
async fn sent_off(rig: &Rig, browser: &mut Browser, to: &str) -> Waiting {
    let seen = browser.get(&format!("{}/sign-in?to={to}", rig.my_page)).await;
    assert_eq!(seen.status, 303, "{}", seen.text);
    let (_, query) = seen.location.split_once("/saml/sso?").expect("sent to the relay");
    rig.relay.take_request(query)
}

/// Brings the relay's answer.
async fn bring(rig: &Rig, browser: &mut Browser, waiting: &Waiting, response: &Response) -> Seen {
    let form = rig.relay.form(waiting, response);
    browser.post_from_elsewhere(&form.action, &form.fields).await
}

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::new(rig);
    let waiting = sent_off(rig, &mut browser, "/").await;
    let response = rig.relay.response(&waiting, NAME);
    let seen = bring(rig, &mut browser, &waiting, &response).await;
    assert_eq!((seen.status, seen.location.as_str()), (303, "/"), "{}", seen.text);
    browser
}

async fn is_signed_in(rig: &Rig, browser: &mut Browser) -> bool {
    let seen = browser.get(&format!("{}/", rig.my_page)).await;
    assert_eq!(seen.status, 200);
    seen.text.contains("ログインしています")
}

#[tokio::test]
async fn a_resident_signs_in_sees_themselves_and_comes_back_to_the_page_asked_for() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let welcome = browser.get(&format!("{}/history", rig.my_page)).await;
    assert!(welcome.text.contains("href=\"/sign-in?to=/history\""));
    let waiting = sent_off(&rig, &mut browser, "/history").await;
    let response = rig.relay.response(&waiting, NAME);
    let seen = bring(&rig, &mut browser, &waiting, &response).await;
    assert_eq!(seen.location, "/history", "{}", seen.text);
    let history = browser.get(&format!("{}/history", rig.my_page)).await;
    assert!(history.text.contains("カードと暗証番号"), "{}", history.text);
    let me = browser.get(&format!("{}/", rig.my_page)).await;
    assert!(me.text.contains(&portal_service::short_name("my-page", NAME)));
    assert!(
        browser
            .get(&format!("{}/card", rig.my_page))
            .await
            .text
            .contains("カードは使えます")
    );
    // The pseudonym itself is on no page, in no cookie and in no row.
    for text in [&me.text, &history.text, &browser.cookies()] {
        assert!(!text.contains(NAME));
    }
    let dump = rig.database.database.dump().unwrap();
    assert!(!String::from_utf8_lossy(&dump).contains(NAME));
}

#[tokio::test]
async fn an_answer_counts_once_and_in_its_own_browser_only() {
    let rig = Rig::start().await;
    let (mut browser, mut other) = (Browser::new(&rig), Browser::new(&rig));
    let waiting = sent_off(&rig, &mut browser, "/").await;
    let response = rig.relay.response(&waiting, NAME);
    // Somebody is made to bring an attacker's answer (login CSRF): their browser never asked.
    let refused = bring(&rig, &mut other, &waiting, &response).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("このブラウザーで始めたもの"), "{}", refused.text);
    // Nor is it of use where another sign-in was begun.
    sent_off(&rig, &mut other, "/").await;
    let mixed = bring(&rig, &mut other, &waiting, &rig.relay.response(&waiting, NAME)).await;
    assert_eq!(mixed.status, 400);
    assert!(!is_signed_in(&rig, &mut other).await);
    assert_eq!(bring(&rig, &mut browser, &waiting, &response).await.status, 303);
    let again = bring(&rig, &mut browser, &waiting, &response).await;
    assert_eq!(again.status, 400);
    let fresh = bring(&rig, &mut browser, &waiting, &rig.relay.response(&waiting, NAME)).await;
    assert_eq!(fresh.status, 400, "the request is answered");
}

#[tokio::test]
async fn what_is_not_for_us_not_of_now_or_not_strong_enough_is_refused() {
    type Twist = fn(&mut Response, &Rig);
    let twists: [(&str, u16, Twist); 7] = [
        ("another audience", 400, |response, rig| {
            let conditions = &mut response.assertion.as_mut().unwrap().conditions;
            conditions.audiences = vec![rig.relay.entity.clone()];
        }),
        ("another recipient", 400, |response, _| {
            let confirmation = &mut response.assertion.as_mut().unwrap().subject.confirmation;
            confirmation.recipient = "https://clinic.example/saml/acs".to_owned();
        }),
        ("another destination", 400, |response, _| {
            response.head.destination = Some("https://clinic.example/saml/acs".to_owned());
        }),
        ("over", 400, |response, rig| {
            let assertion = response.assertion.as_mut().unwrap();
            assertion.conditions.not_on_or_after = rig.clock.now() - Duration::minutes(3);
        }),
        ("another service's name", 400, |response, rig| {
            let mut name = rig.relay.name_id(NAME);
            name.sp_qualifier = Some("https://clinic.example/saml".to_owned());
            response.assertion.as_mut().unwrap().subject.name = rig.relay.sealed(&name);
        }),
        ("a name for one visit", 400, |response, rig| {
            let mut name = rig.relay.name_id(NAME);
            name.format = relay_saml::names::NameIdFormat::Transient;
            response.assertion.as_mut().unwrap().subject.name = rig.relay.sealed(&name);
        }),
        ("no PIN", 403, |response, _| {
            let statement = response.assertion.as_mut().unwrap().authentication.as_mut().unwrap();
            statement.context = AuthnContext::CardNoPin;
        }),
    ];
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    for (what, status, twist) in twists {
        let waiting = sent_off(&rig, &mut browser, "/").await;
        let mut response = rig.relay.response(&waiting, NAME);
        twist(&mut response, &rig);
        let seen = bring(&rig, &mut browser, &waiting, &response).await;
        assert_eq!(seen.status, status, "{what}: {}", seen.text);
        assert!(!is_signed_in(&rig, &mut browser).await, "{what}");
        assert!(
            !seen.text.contains("clinic.example"),
            "{what}: nothing of a message is shown"
        );
    }
}

#[tokio::test]
async fn an_unsigned_or_changed_answer_is_refused_and_a_failed_sign_in_says_so() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let waiting = sent_off(&rig, &mut browser, "/").await;
    let mut form = rig.relay.form(&waiting, &rig.relay.response(&waiting, NAME));
    form.fields[0].1 = browser::bent(&form.fields[0].1);
    let seen = browser.post_from_elsewhere(&form.action, &form.fields).await;
    assert_eq!(seen.status, 400);
    assert!(seen.text.contains("確かめられませんでした"));
    let failed = Response {
        status: Status::failure(StatusCode::Responder, StatusCode::AuthnFailed),
        assertion: None,
        ..rig.relay.response(&waiting, NAME)
    };
    let seen = bring(&rig, &mut browser, &waiting, &failed).await;
    assert_eq!(seen.status, 403);
    assert!(seen.text.contains("カードで本人確認ができなかった"), "{}", seen.text);
}

#[tokio::test]
async fn logging_out_ends_the_session_here_and_asks_the_relay_with_the_name_sealed() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let me = browser.get(&format!("{}/", rig.my_page)).await;
    let token = me.field("token");
    let log_out = format!("{}/log-out", rig.my_page);
    for wrong in ["", "AAAA"] {
        let seen = browser.post(&log_out, &[("token", wrong.to_owned())]).await;
        assert_eq!(seen.status, 403, "a form that is not ours");
    }
    assert!(is_signed_in(&rig, &mut browser).await);
    let sent = browser.post(&log_out, &[("token", token)]).await;
    assert_eq!(sent.status, 303);
    assert!(me.policy.contains(&format!("form-action 'self' {}", rig.relay.base)));
    assert!(
        !is_signed_in(&rig, &mut browser).await,
        "over here before the relay has answered"
    );
    let (_, query) = sent.location.split_once("/saml/slo?").unwrap();
    let back = rig.relay.take_logout(query, Status::success());
    assert_eq!(*rig.relay.logouts.lock().unwrap(), [NAME]);
    let left = browser.get(&back).await;
    assert_eq!((left.status, left.location.as_str()), (303, "/left/everywhere"));
    let left = browser.get(&format!("{}/left/everywhere", rig.my_page)).await;
    assert!(
        left.text.contains("すべてのサービスからログアウトしました"),
        "{}",
        left.text
    );
    // The same answer again is of no use to anybody.
    assert_eq!(browser.get(&back).await.status, 400);
}

#[tokio::test]
async fn a_service_that_could_not_be_told_is_not_kept_quiet() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let token = browser.get(&format!("{}/", rig.my_page)).await.field("token");
    let sent = browser
        .post(&format!("{}/log-out", rig.my_page), &[("token", token)])
        .await;
    let (_, query) = sent.location.split_once("/saml/slo?").unwrap();
    let partly = Status {
        detail: Some(StatusCode::PartialLogout),
        ..Status::success()
    };
    let left = browser.get(&rig.relay.take_logout(query, partly)).await;
    assert_eq!(left.location, "/left/partly");
    let left = browser.get(&format!("{}/left/partly", rig.my_page)).await;
    assert!(left.text.contains("連絡の取れないサービス"), "{}", left.text);
}

#[tokio::test]
async fn the_relays_word_ends_the_session_by_soap_once_and_for_the_person_it_names() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let soap = rig.relay.logout_at(Binding::Soap);
    let other = browser
        .post_text(&soap, &rig.relay.logout_by_soap("somebody else entirely"))
        .await;
    assert!(other.text.contains("status:Success"));
    assert!(is_signed_in(&rig, &mut browser).await);
    let word = rig.relay.logout_by_soap(NAME);
    let done = browser.post_text(&soap, &word).await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("LogoutResponse") && done.text.contains("status:Success"));
    assert!(!is_signed_in(&rig, &mut browser).await);
    let replayed = browser.post_text(&soap, &word).await;
    assert_eq!(replayed.status, 500);
    assert!(replayed.text.contains("Fault"));
    assert_eq!(browser.post_text(&soap, "<a/>").await.status, 500);
}

#[tokio::test]
async fn the_relays_word_through_the_browser_ends_the_session_and_goes_back_with_its_state() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let seen = browser.get(&rig.relay.logout_by_redirect(NAME)).await;
    assert_eq!(seen.status, 303, "{}", seen.text);
    assert!(
        seen.location
            .starts_with(&format!("{}/saml/slo?SAMLResponse=", rig.relay.base))
    );
    assert!(seen.location.contains("&RelayState=back&"));
    assert!(!is_signed_in(&rig, &mut browser).await);
}

#[tokio::test]
async fn the_pages_are_the_same_to_the_last_letter_by_the_same_clock_and_chance() {
    let moment = datetime!(2026-11-22 9:00 +9);
    let rig = Rig::start_still(moment, SharedChance::new(SeededChance::new(20_261_122))).await;
    let mut browser = Browser::new(&rig);
    let whole = |seen: &Seen| {
        let text = format!("{}\n{}\n\n{}", seen.status, seen.headers.join("\n"), seen.text);
        text.replace(&rig.my_page, "https://my-page.example")
            .replace(&rig.relay.base, "https://relay.example")
    };
    let welcome = browser.get(&format!("{}/", rig.my_page)).await;
    insta::assert_snapshot!("welcome", whole(&welcome));
    let waiting = sent_off(&rig, &mut browser, "/").await;
    let taken = bring(&rig, &mut browser, &waiting, &rig.relay.response(&waiting, NAME)).await;
    insta::assert_snapshot!("an_answer_is_taken", whole(&taken));
    let me = browser.get(&format!("{}/", rig.my_page)).await;
    insta::assert_snapshot!("about_me", whole(&me));
}

#[tokio::test]
async fn nobody_is_told_to_be_signed_out_who_is_not() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let log_out = format!("{}/log-out", rig.my_page);
    // A form of another site brings no session along (SameSite), and this page can't know of it.
    let mut as_another_site = Browser::new(&rig);
    let seen = as_another_site.post_from_elsewhere(&log_out, &[]).await;
    assert_eq!((seen.status, seen.location.as_str()), (403, ""), "{}", seen.text);
    assert!(!seen.text.contains("ログアウトしました"), "{}", seen.text);
    // A link to the page that says so, while one is signed in, leads to where one is.
    for left in ["here", "everywhere", "partly", "nobody"] {
        let seen = browser.get(&format!("{}/left/{left}", rig.my_page)).await;
        assert_eq!((seen.status, seen.location.as_str()), (303, "/"), "{left}");
    }
    assert!(is_signed_in(&rig, &mut browser).await);
    // On a page of ours, whoever is not signed in any more is told just that.
    let seen = as_another_site.post(&log_out, &[]).await;
    assert_eq!(seen.location, "/left/nobody");
}

#[tokio::test]
async fn a_language_chosen_here_goes_along_to_the_relay() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let sign_in = format!("{}/sign-in", rig.my_page);
    assert!(!browser.get(&sign_in).await.location.contains("lang="));
    browser.get(&format!("{}/?lang=easy", rig.my_page)).await;
    let sent = browser.get(&sign_in).await;
    assert!(sent.location.ends_with("&lang=easy"), "{}", sent.location);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    rig.clock.advance(Duration::minutes(14));
    assert!(is_signed_in(&rig, &mut browser).await);
    rig.clock.advance(Duration::minutes(16));
    assert!(!is_signed_in(&rig, &mut browser).await);
}

#[tokio::test]
async fn pages_speak_three_languages_and_a_link_changes_them() {
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    for (code, words) in [
        ("en", "You are signed in"),
        ("easy", "<ruby>"),
        ("ja", "ログインしています"),
    ] {
        let seen = browser.get(&format!("{}/?lang={code}", rig.my_page)).await;
        assert_eq!((seen.status, seen.location.as_str()), (303, "/"));
        assert!(
            browser.get(&format!("{}/", rig.my_page)).await.text.contains(words),
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_leads_to_no_page_but_ours_and_is_marked_for_nobody_else() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let waiting = sent_off(&rig, &mut browser, "https://evil.example/").await;
    let seen = bring(&rig, &mut browser, &waiting, &rig.relay.response(&waiting, NAME)).await;
    assert_eq!(seen.location, "/");
    let metadata = browser.get(&format!("{}/saml/metadata", rig.my_page)).await;
    assert!(metadata.text.contains("<ds:Signature") && metadata.text.contains("/saml/slo/soap"));
}

#[tokio::test]
async fn no_log_line_holds_a_pseudonym_a_cookie_or_a_message() {
    log::keep();
    let rig = Rig::start().await;
    let mut browser = signed_in(&rig).await;
    let soap = rig.relay.logout_at(Binding::Soap);
    let word = rig.relay.logout_by_soap(NAME);
    browser.post_text(&soap, &word).await;
    browser.post_text(&soap, &word).await;
    let cookies = browser.values();
    assert!(!cookies.is_empty());
    let kept = log::kept();
    assert!(kept.contains("signed in") && kept.contains("the relay ended sessions") && kept.contains("was refused"));
    for secret in cookies
        .iter()
        .map(String::as_str)
        .chain([NAME, "EncryptedID", "CipherValue"])
    {
        assert!(!kept.contains(secret), "{secret}");
    }
}
