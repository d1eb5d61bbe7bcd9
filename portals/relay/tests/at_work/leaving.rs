//! Logging out, from each side.

use relay_core::registration::{CardUse, Message as Said};
use relay_saml::{
    SignIn,
    message::RequestedAuthnContext,
    names::{AuthnContext, NameIdFormat, StatusCode},
};
use relay_testing::{Browser, Relay, TestService};

use crate::{CLINIC, SCHOOL, index, name, relay_with_clinic, relay_with_two};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_ends_the_session_by_soap_and_the_others_are_told() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_clinic = browser.sign_in(&relay, &clinic).await;
    let at_school = browser.sign_in(&relay, &school).await;
    let (status, body) = clinic.log_out(&relay, &index(&at_clinic), false).await;
    assert_eq!(status, 200);
    assert!(
        body.contains("status:Success") && !body.contains("PartialLogout"),
        "{body}"
    );
    assert!(clinic.told().is_empty());
    assert_eq!(school.told()[0].1, index(&at_school));
    // It is over: the index names nothing, and the browser is asked for the card.
    let (_, body) = clinic.log_out(&relay, &index(&at_clinic), false).await;
    assert!(body.contains("UnknownPrincipal"), "{body}");
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert!(asked.link("/card/", &relay).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_may_not_end_a_session_by_anothers_index_or_name_anybody_in_clear() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_clinic = browser.sign_in(&relay, &clinic).await;
    let (_, body) = school.log_out(&relay, &index(&at_clinic), false).await;
    assert!(body.contains("UnknownPrincipal"), "{body}");
    let (status, body) = clinic.log_out(&relay, &index(&at_clinic), true).await;
    assert_eq!(status, 500);
    assert!(body.contains("name_in_clear"), "{body}");
    // The session goes on.
    let mut request = clinic.request(&relay);
    request.passive = true;
    let answer = browser.begin(&clinic.redirect(&request, None)).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_ends_the_session_through_the_browser_and_gets_its_answer() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_clinic = browser.sign_in(&relay, &clinic).await;
    browser.sign_in(&relay, &school).await;
    let answer = browser
        .get(&clinic.log_out_by_redirect(&relay, &index(&at_clinic)))
        .await;
    assert_eq!(answer.status, 303);
    let back = answer.location.unwrap();
    assert!(back.contains("/slo/redirect?SAMLResponse="), "{back}");
    assert_eq!(school.told().len(), 1);
    assert_eq!(browser.cookie("__Host-session"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_part_in_the_session_neither_ends_it_nor_learns_of_it() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let said_to_school = async |browser: &Browser| {
        let (asked, id) = school.logout_asked(&relay, "_none");
        let answer = browser.get(&asked).await;
        school.logout_status(&answer.location.unwrap(), &id).unwrap()
    };
    let nobody_there = said_to_school(&browser).await;
    assert_eq!(nobody_there.detail, Some(StatusCode::UnknownPrincipal));
    browser.sign_in(&relay, &clinic).await;
    assert_eq!(said_to_school(&browser).await, nobody_there);
    assert!(clinic.told().is_empty());
    let mut request = clinic.request(&relay);
    request.passive = true;
    let answer = browser.begin(&clinic.redirect(&request, None)).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_switched_off_stops_no_logout_that_would_visit_it() {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    let school = TestService::start(&relay, SCHOOL).await;
    relay.join(&clinic).await;
    // The school takes a browser's visit only.
    relay
        .join_metadata(SCHOOL, &school.metadata_visited_only(), &school.encryption_pem())
        .await;
    let card = relay.card().await;
    let log_out = async |switched_off: bool| {
        let browser = Browser::with_card(&relay, &card);
        let at_clinic = browser.sign_in(&relay, &clinic).await;
        browser.sign_in(&relay, &school).await;
        if switched_off {
            relay
                .records
                .switch_off("hama", SCHOOL, "key lost", time::OffsetDateTime::now_utc())
                .await
                .unwrap();
        }
        let (asked, id) = clinic.logout_asked(&relay, &index(&at_clinic));
        (browser.get(&asked).await.location.unwrap(), id)
    };
    let (visits, _) = log_out(false).await;
    assert!(
        visits.starts_with(school.consumer().trim_end_matches("/acs")),
        "{visits}"
    );
    let (back, id) = log_out(true).await;
    let status = clinic.logout_status(&back, &id).unwrap();
    assert_eq!(status.detail, Some(StatusCode::PartialLogout));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_visited_one_after_the_other_are_told_nothing_that_is_the_same() {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    let school = TestService::start(&relay, SCHOOL).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    for service in [&clinic, &school] {
        let metadata = service.metadata_visited_only();
        relay
            .join_metadata(service.entity(), &metadata, &service.encryption_pem())
            .await;
        browser.sign_in(&relay, service).await;
    }
    let mut answer = browser.sign_out(&relay).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let visit = answer.location.expect("a service is visited");
        let which = [&clinic, &school].map(|service| service.visited(&relay, &visit));
        let ([Ok((state, back)), Err(_)] | [Err(_), Ok((state, back))]) = which else {
            panic!("a visit is one service's: {visit}");
        };
        told.push((state, visit));
        answer = browser.get(&back).await;
    }
    assert!(
        answer.body.contains("すべてのサービスで終わりました"),
        "{}",
        answer.body
    );
    let words = |visit: &str| -> Vec<String> {
        let words = visit.split(['?', '&', '=']).skip(1);
        words.filter(|word| word.len() > 16).map(str::to_owned).collect()
    };
    let (one, other) = (words(&told[0].1), words(&told[1].1));
    assert!(one.contains(&told[0].0) && other.contains(&told[1].0), "{told:?}");
    let same: Vec<_> = one.iter().filter(|word| other.contains(word)).collect();
    assert!(
        same.iter().all(|word| word.starts_with("http%3A%2F%2Fwww.w3.org")),
        "{same:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_signs_out_here_and_everybody_is_told() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    browser.sign_in(&relay, &school).await;
    let page = browser.get(&relay.at("/sign-out")).await;
    assert!(page.body.contains("まとめてログアウト"));
    // Services that take a browser's visit only may be gone to from this page's form, and nobody else.
    let policy = &page.headers["content-security-policy"];
    for service in [&clinic, &school] {
        assert!(policy.contains(service.consumer().trim_end_matches("/acs")), "{policy}");
    }
    let page = browser.sign_out(&relay).await;
    assert!(page.body.contains("すべてのサービスで終わりました"), "{}", page.body);
    assert_eq!((clinic.told().len(), school.told().len()), (1, 1));
    let page = browser.get(&relay.at("/sign-out")).await;
    assert!(page.body.contains("ログインしていません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_reported_lost_ends_its_sessions_within_a_second() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.cards.authentication();
    let registration = relay.register(&card.certificate, CardUse::Authentication).await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    let reported = time::OffsetDateTime::now_utc();
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    let told = async {
        while clinic.told().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), told)
        .await
        .unwrap();
    assert!(clinic.told()[0].0 - reported < time::Duration::seconds(1));
    let refused = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert!(refused.body.contains("一時停止中"), "{}", refused.body);
    // Found again, it is good again.
    assert_eq!(relay.office_says(&Said::Resume { registration }).await, 200);
    browser.sign_in(&relay, &clinic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_without_a_pin_signs_in_nowhere_whatever_the_service_asks_for() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.cards.eligibility();
    relay.register(&card.certificate, CardUse::Eligibility).await;
    let browser = Browser::with_card(&relay, &card);
    let refused = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert_eq!(refused.status, 403);
    for comparison in [
        relay_saml::message::Comparison::Minimum,
        relay_saml::message::Comparison::Exact,
    ] {
        let mut request = clinic.request(&relay);
        request.context = Some(RequestedAuthnContext {
            classes: vec![AuthnContext::CardNoPin],
            comparison,
        });
        let refused = browser.sign_in_with(&relay, &clinic, &request).await;
        assert!(!refused.body.contains("Assertion") && browser.cookie("__Host-session").is_none());
        match refused.fields().get("SAMLResponse") {
            // No card taken here could ever do: the service hears so.
            Some(answer) => match clinic.read(answer, &request.head.id) {
                Ok(SignIn::Failed(status)) => assert_eq!(status.detail, Some(StatusCode::NoAuthnContext)),
                other => panic!("{other:?}"),
            },
            None => assert_eq!(refused.status, 403, "{}", refused.body),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_that_names_another_person_ends_nobodys_session_though_its_index_is_right() {
    let (relay, clinic, school) = relay_with_two().await;
    let (mine, theirs) = (relay.card().await, relay.card().await);
    let my_browser = Browser::with_card(&relay, &mine);
    let at_clinic = my_browser.sign_in(&relay, &clinic).await;
    let at_school = my_browser.sign_in(&relay, &school).await;
    let other = Browser::with_card(&relay, &theirs).sign_in(&relay, &clinic).await;
    let began = time::OffsetDateTime::now_utc();
    // Another person there; the same person, as another service knows them; a passing name nobody gave.
    let mut passing = name(&at_clinic).clone();
    passing.format = NameIdFormat::Transient;
    for wrong in [name(&other), name(&at_school), &passing] {
        let (status, body) = clinic.log_out_as(&relay, &index(&at_clinic), wrong).await;
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("UnknownPrincipal"), "{body}");
    }
    let trail = format!("{:?}", relay.records.audit_since(began, 100).await.unwrap());
    assert_eq!(trail.matches("name-of-another").count(), 3, "{trail}");
    assert!(school.told().is_empty());
    // Through the browser too.
    my_browser
        .get(&clinic.log_out_by_redirect(&relay, &index(&other)))
        .await;
    assert!(my_browser.cookie("__Host-session").is_some());
    // Named rightly it is over; neither half learned more than that.
    my_browser
        .get(&clinic.log_out_by_redirect(&relay, &index(&at_clinic)))
        .await;
    assert_eq!(my_browser.cookie("__Host-session"), None);
    assert_eq!(school.told()[0].1, index(&at_school));
    for given in [&at_clinic, &at_school, &other] {
        assert!(!relay.blind_log().contains(&name(given).value));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_blind_half_away_a_logout_by_a_right_index_is_let_through_and_noted_as_not_compared() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let at_clinic = Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    let began = time::OffsetDateTime::now_utc();
    relay.stop_blind();
    let (status, body) = clinic.log_out(&relay, &index(&at_clinic), false).await;
    assert!(status == 200 && body.contains("status:Success"), "{body}");
    let trail = format!("{:?}", relay.records.audit_since(began, 100).await.unwrap());
    assert!(trail.contains("not compared"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_services_key_for_signing_at_the_blind_half_its_logouts_go_by_the_index_as_not_compared() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let compared = async |relay: &Relay| {
        let at_clinic = Browser::with_card(relay, &card).sign_in(relay, &clinic).await;
        let began = time::OffsetDateTime::now_utc();
        let (status, body) = clinic.log_out(relay, &index(&at_clinic), false).await;
        assert!(status == 200 && body.contains("status:Success"), "{body}");
        let trail = format!("{:?}", relay.records.audit_since(began, 100).await.unwrap());
        !trail.contains("not compared")
    };
    assert!(compared(&relay).await);
    relay.pin_without_signing(CLINIC, &clinic.metadata(), &clinic.encryption_pem());
    assert!(!compared(&relay).await);
    relay.pin(CLINIC, &clinic.metadata(), &clinic.encryption_pem());
    assert!(compared(&relay).await);
}
