//! What goes wrong on an ordinary day, and what is tried by somebody who should not.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use relay_core::clock::{Clock, SystemClock};
use relay_saml::message::AnswerTo;
use relay_testing::{Browser, Relay, TestService};
use store::{cluster::Stop, testing::LoneCluster};

use crate::{CLINIC, is_persistent, name, relay_with_clinic};

#[tokio::test(flavor = "multi_thread")]
async fn with_the_blind_half_down_a_page_says_so_nothing_is_issued_and_later_it_goes_on() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let link = asked.link("/card/", &relay).unwrap();
    relay.stop_blind();
    let away = browser.get(&link).await;
    assert_eq!(away.status, 503);
    assert!(away.body.contains("サービスには何も送っていません"), "{}", away.body);
    assert!(
        away.body.contains(&away.headers["trace-id"]),
        "the page shows its number"
    );
    assert!(away.fields().is_empty());
    assert_eq!(browser.cookie("__Host-session"), None);
    relay.start_blind();
    let answer = browser.get(&link).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    assert!(is_persistent(name(&assertion)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_front_takes_up_what_was_begun_and_takes_no_request_twice() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let url = clinic.redirect(&request, None);
    let asked = browser.begin(&url).await;
    relay.stop_front().await;
    relay.start_front().await;
    let browser = browser.change_card(&relay, &card);
    let replayed = browser.get(&url).await;
    assert_eq!(replayed.status, 400);
    assert!(replayed.body.contains("二度届いた"), "{}", replayed.body);
    let answer = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restarted_in_mid_login_is_a_page_to_try_again_from() {
    let cluster = LoneCluster::start_new().unwrap();
    let mut relay = Relay::start_on(&cluster).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let link = asked.link("/card/", &relay).unwrap();
    cluster.stop(Stop::Immediate).unwrap();
    let away = browser.get(&link).await;
    assert_eq!(away.status, 503, "{}", away.body);
    cluster.start().unwrap();
    let answer = browser.get(&link).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
}

/// A clock that runs, and is so many seconds ahead.
#[derive(Default)]
struct Apart(AtomicI64);

impl Apart {
    fn by(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Apart {
    fn now(&self) -> time::OffsetDateTime {
        SystemClock.now() + time::Duration::seconds(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_whose_clock_is_apart_says_so_and_issues_nothing() {
    let clock = Arc::new(Apart::default());
    let mut relay = Relay::start_with_clock(clock.clone()).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    clock.by(3600);
    let refused = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("時刻"), "{}", refused.body);
    // A little apart from the blind half: its envelopes are refused, by name, and the page says that nothing was sent.
    clock.by(-40);
    let answer = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    let trail = relay
        .records
        .audit_since(SystemClock.now() - time::Duration::minutes(5), 10)
        .await
        .unwrap();
    assert!(
        trail.iter().any(|one| one.event.act == "sign_in.failed"
            && one.event.details["rule"].as_str().unwrap().starts_with("envelope.")),
        "{trail:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_off_expired_or_unknown_is_refused_at_once() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let now = time::OffsetDateTime::now_utc();
    relay.records.switch_off("hama", CLINIC, "key lost", now).await.unwrap();
    let refused = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("登録されていません"));
    let stranger = TestService::start(&relay, "https://stranger.example/saml").await;
    let refused = browser.begin(&stranger.redirect(&stranger.request(&relay), None)).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_switched_off_or_put_on_trial_in_mid_login_is_given_nothing_any_more() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let link = asked.link("/card/", &relay).unwrap();
    let now = time::OffsetDateTime::now_utc();
    relay.records.switch_off("hama", CLINIC, "key lost", now).await.unwrap();
    let refused = browser.get(&link).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.fields().is_empty());
    // On trial it takes cards that were named for that, and this one was not.
    relay.records.switch_to_trial("hama", CLINIC, now).await.unwrap();
    assert_eq!(browser.get(&link).await.status, 403);
    assert_eq!(browser.cookie("__Host-session"), None);
    // The blind half was not asked in vain.
    assert!(!relay.blind_log().contains("finished"), "{}", relay.blind_log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_new_key_counts_once_two_operators_have_approved_it() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    // The same service with keys of its own making anew.
    let rolled = TestService::start(&relay, CLINIC).await;
    let refused = browser.begin(&rolled.redirect(&rolled.request(&relay), None)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.headers["refused-by"], "signature_invalid");
    assert!(!refused.body.contains("signature"), "{}", refused.body);
    relay.propose_and_approve(CLINIC, &rolled.metadata()).await;
    let asked = browser.begin(&rolled.redirect(&rolled.request(&relay), None)).await;
    assert_eq!(asked.status, 200);
    let refused = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert_eq!(refused.status, 400);
    // The blind half goes on sealing to the pinned certificate until its own operators pin the new one.
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = rolled.request(&relay);
    let answer = browser.sign_in_with(&relay, &rolled, &request).await;
    assert!(rolled.read(&answer.fields()["SAMLResponse"], &request.head.id).is_err());
    relay.stop_blind();
    relay.start_blind();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_only_where_the_metadata_say() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let mut request = clinic.request(&relay);
    request.answer_to = AnswerTo::Address {
        location: Some("https://evil.example/acs".to_owned()),
        binding: None,
    };
    let refused = browser.begin(&clinic.redirect(&request, None)).await;
    assert_eq!(refused.status, 400);
    assert!(!refused.body.contains("evil.example"));
    // Another browser can't go on with a sign-in that is not its own.
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let card = relay.card().await;
    let other = Browser::with_card(&relay, &card);
    assert_eq!(other.get(&asked.link("/card/", &relay).unwrap()).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cards_and_no_card_at_all_are_told_what_is_wrong() {
    let (relay, clinic) = relay_with_clinic().await;
    let unregistered = relay.cards.authentication();
    let foreign = relay_testing::CardAuthority::new("residents").authentication();
    for (browser, words) in [
        (Browser::new(&relay), "カードが見つかりませんでした"),
        (Browser::with_card(&relay, &unregistered), "登録されていません"),
        (
            Browser::with_card(&relay, &foreign),
            "このサービスのカードではありません",
        ),
    ] {
        let refused = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_whose_metadata_have_expired_is_refused_until_new_ones_are_approved() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let metadata = clinic.metadata();
    let now = time::OffsetDateTime::now_utc();
    // An edition that says when it ends: approved while it held, and now past.
    let past = (now + time::Duration::seconds(2))
        .replace_nanosecond(0)
        .unwrap()
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    let ending = metadata.replacen("entityID=", &format!("validUntil=\"{past}\" entityID="), 1);
    relay.propose_and_approve(CLINIC, &ending).await;
    let ended = async {
        loop {
            let answer = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
            if answer.status != 200 {
                break answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let refused = tokio::time::timeout(std::time::Duration::from_secs(20), ended)
        .await
        .unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("期限が切れています"), "{}", refused.body);
    relay.propose_and_approve(CLINIC, &metadata).await;
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert_eq!(asked.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_key_is_rolled_with_both_in_the_metadata_and_no_service_notices() {
    let (mut relay, _) = relay_with_clinic().await;
    let path = |name: &str| relay.path().join(name);
    let (next, next_key) = relay_testing::rig::self_signed(&rcgen::PKCS_RSA_SHA256);
    std::fs::write(path("next.pem"), &next).unwrap();
    let config = std::fs::read_to_string(relay.config_file()).unwrap();
    let announced = config.replace("[signing]\n", "[signing]\nbeside = \"next.pem\"\n");
    std::fs::write(relay.config_file(), &announced).unwrap();
    relay.stop_front().await;
    relay.start_front().await;
    // Some days later every service has fetched the metadata with both keys.
    let mut clinic = TestService::start(&relay, "https://later.example/saml").await;
    relay.join(&clinic).await;
    let card = relay.card().await;
    Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    // The next key signs, the last one stands beside it.
    let (now_key, now_certificate) = (
        std::fs::read_to_string(relay.path().join("saml.key")).unwrap(),
        std::fs::read_to_string(relay.path().join("saml.pem")).unwrap(),
    );
    assert_ne!(now_key, next_key);
    portal_testing::secret(&relay.path().join("saml.key"), &next_key).unwrap();
    std::fs::write(relay.path().join("saml.pem"), &next).unwrap();
    std::fs::write(relay.path().join("next.pem"), &now_certificate).unwrap();
    relay.stop_front().await;
    relay.start_front().await;
    Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    // A service that comes new knows both as well.
    clinic = TestService::start(&relay, "https://new.example/saml").await;
    relay.join(&clinic).await;
    Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
}
