//! Cards that are pulled after mutual TLS: a bridge that watches the reader tells the card's certificate, and whoever
//! else tells one learns nothing and ends nothing that is not theirs to end.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay_core::registration::CardUse;
use relay_saml::{SignIn, message::AnswerTo, names::Binding};
use relay_testing::{Answer, Browser, CardAuthority, Relay, TestService};

use crate::{index, relay_with_clinic, relay_with_two};

/// Longer than anybody takes to be told; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(10);

/// Tells the front that the card with `certificate` was pulled `ago` milliseconds before.
async fn tell(relay: &Relay, teller: &Browser, certificate: &[u8], ago: &str) -> Answer {
    let certificate = STANDARD.encode(certificate);
    let word = [("certificate", certificate.as_str()), ("ago", ago)];
    teller.post(&relay.at("/card/pulled"), &word).await
}

async fn until_told(service: &TestService, indexes: &[&str]) {
    let told = async {
        while service.told().len() < indexes.len() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, told).await.expect("the service is told");
    let mut told: Vec<String> = service.told().into_iter().map(|(_, index)| index).collect();
    let mut indexes = indexes.to_vec();
    told.sort();
    indexes.sort();
    assert_eq!(told, indexes);
}

async fn goes_on(relay: &Relay, browser: &Browser, service: &TestService) -> bool {
    let mut request = service.request(relay);
    request.passive = true;
    let answer = browser.begin(&service.redirect(&request, None)).await;
    let response = &answer.fields()["SAMLResponse"];
    matches!(service.read(response, &request.head.id), Ok(SignIn::Done(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pulled_after_mutual_tls_ends_its_session_at_every_service_and_anothers_goes_on() {
    let (relay, clinic, school) = relay_with_two().await;
    let (card, other) = (relay.card().await, relay.card().await);
    let (mine, theirs) = (Browser::with_card(&relay, &card), Browser::with_card(&relay, &other));
    let at_clinic = mine.sign_in(&relay, &clinic).await;
    let at_school = mine.sign_in(&relay, &school).await;
    theirs.sign_in(&relay, &clinic).await;
    let teller = Browser::new(&relay);
    assert_eq!(tell(&relay, &teller, &card.certificate, "0").await.status, 204);
    until_told(&clinic, &[&index(&at_clinic)]).await;
    until_told(&school, &[&index(&at_school)]).await;
    assert!(!goes_on(&relay, &mine, &clinic).await);
    assert!(goes_on(&relay, &theirs, &clinic).await);
    let trail = format!(
        "{:?}",
        relay.records.audit_since(time::OffsetDateTime::UNIX_EPOCH, 9).await
    );
    assert!(trail.contains("card_gone"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_foreign_or_strangers_certificate_ends_nothing_and_every_answer_is_the_same() {
    let (relay, clinic) = relay_with_clinic().await;
    let (card, idle) = (relay.card().await, relay.card().await);
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    let mut bent = card.certificate.to_vec();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let unregistered = relay.cards.authentication().certificate;
    let foreign = CardAuthority::new("residents").authentication().certificate;
    let key = relay.cards.another_with_the_key_of(&card).certificate;
    let (here, elsewhere) = (Browser::new(&relay), Browser::at(&relay, [127, 0, 0, 9].into()));
    let mut answers = Vec::new();
    for (teller, certificate) in [
        (&here, bent.as_slice()),
        (&here, b"no certificate"),
        (&here, &foreign),
        (&here, &unregistered),
        (&here, &key),
        (&here, &idle.certificate),
        // The card itself, told from where it is not.
        (&elsewhere, &card.certificate),
    ] {
        answers.push(seen(&tell(&relay, teller, certificate, "0").await));
        assert!(goes_on(&relay, &browser, &clinic).await);
    }
    answers.push(seen(&tell(&relay, &here, &card.certificate, "0").await));
    assert!(!goes_on(&relay, &browser, &clinic).await);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, 204);
    // What is no word at all is refused, whoever it is about.
    for word in [
        [("certificate", "%"), ("ago", "0")],
        [("certificate", "AAAA"), ("ago", "-1")],
    ] {
        let refused = here.post(&relay.at("/card/pulled"), &word).await;
        assert!((400..500).contains(&refused.status), "{}", refused.status);
    }
}

/// All that the teller sees but the moment and the request's own number.
fn seen(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.clone().into_iter();
    let told = headers.filter(|(name, _)| !matches!(name.as_str(), "date" | "trace-id"));
    (answer.status, answer.body.clone(), told.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn word_that_comes_late_spares_what_was_signed_in_since_and_word_from_anywhere_counts_where_it_is_taken() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    let here = Browser::new(&relay);
    // Pulled an hour ago, told only now: the card has come back since.
    assert_eq!(tell(&relay, &here, &card.certificate, "3600000").await.status, 204);
    assert!(goes_on(&relay, &browser, &clinic).await);
    relay
        .reconfigure("[cards]\n", "[cards]\npulled_from_anywhere = true\n")
        .await;
    let elsewhere = Browser::at(&relay, [127, 0, 0, 9].into());
    assert_eq!(tell(&relay, &elsewhere, &card.certificate, "0").await.status, 204);
    assert!(!goes_on(&relay, &browser, &clinic).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_a_client_without_cookies_ends_with_its_card_too() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let device = Browser::with_card(&relay, &card);
    let mut request = clinic.request(&relay);
    request.head.destination = Some(relay.card_at("/saml/ecp"));
    request.answer_to = AnswerTo::Address {
        location: Some(clinic.consumer()),
        binding: Some(Binding::Paos),
    };
    let answer = device
        .soap(&relay.card_at("/saml/ecp"), clinic.envelope(&request))
        .await;
    let Ok(SignIn::Done(assertion)) = clinic.read_envelope(&answer.body, &request.head.id) else {
        panic!("{}", answer.body)
    };
    tell(&relay, &Browser::new(&relay), &card.certificate, "0").await;
    until_told(&clinic, &[&index(&assertion)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_without_its_pin_and_a_card_in_other_hands_end_by_their_own_certificate_only() {
    let (relay, clinic) = relay_with_clinic().await;
    let person = uuid::Uuid::from_u128(0x5eed);
    let (card, eligibility) = (relay.cards.authentication(), relay.cards.eligibility());
    for (certificate, used_for) in [
        (&card.certificate, CardUse::Authentication),
        (&eligibility.certificate, CardUse::Eligibility),
    ] {
        relay.register_person(person, certificate, used_for).await;
    }
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    let teller = Browser::new(&relay);
    tell(&relay, &teller, &eligibility.certificate, "0").await;
    assert!(goes_on(&relay, &browser, &clinic).await);
    tell(&relay, &teller, &card.certificate, "0").await;
    assert!(!goes_on(&relay, &browser, &clinic).await);
}
