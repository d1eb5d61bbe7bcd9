//! Workers' cards: a sign-in for the work, never to be taken for a resident's.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay::card::challenge_text;
use relay_core::registration::{CardUse, Message as Said};
use relay_saml::{
    SignIn,
    message::{AuthnRequest, Comparison, RequestedAuthnContext},
    names::{AuthnContext, StatusCode},
};
use relay_testing::{Browser, CardAuthority, Relay, TestCard, TestService};

use crate::{index, is_persistent, name, relay_with_two};

/// A relay that takes the cards of workers too, as its operators configure it.
async fn relay_with_workers() -> (Relay, TestService, TestService, CardAuthority) {
    let (mut relay, clinic, school) = relay_with_two().await;
    let workers = CardAuthority::new("workers");
    fs::write(relay.path().join("workers.pem"), workers.pem()).unwrap();
    relay
        .reconfigure("[cards]\n", "[cards]\nworkers = \"workers.pem\"\n")
        .await;
    (relay, clinic, school, workers)
}

/// A request for `context`, exactly.
fn for_context(service: &TestService, relay: &Relay, context: AuthnContext) -> AuthnRequest {
    let mut request = service.request(relay);
    request.context = Some(RequestedAuthnContext {
        classes: vec![context],
        comparison: Comparison::Exact,
    });
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_signs_in_by_mutual_tls_under_a_context_of_its_own_and_out_again() {
    let (relay, clinic, school, workers) = relay_with_workers().await;
    let card = workers.worker();
    relay.register(&card.certificate, CardUse::Authentication).await;
    let browser = Browser::with_card(&relay, &card);
    let request = for_context(&clinic, &relay, AuthnContext::WorkerCard);
    let answer = browser.sign_in_with(&relay, &clinic, &request).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    let statement = assertion.authentication.as_ref().unwrap();
    assert_eq!(statement.context, AuthnContext::WorkerCard);
    assert!(is_persistent(name(&assertion)));
    // The session serves another service for the work with another name, and no service for residents.
    let request = for_context(&school, &relay, AuthnContext::WorkerCard);
    let answer = browser.begin(&school.redirect(&request, None)).await;
    let at_school = school.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    assert_ne!(name(&at_school).value, name(&assertion).value);
    let asked = browser.begin(&school.redirect(&school.request(&relay), None)).await;
    assert!(asked.link("/card/", &relay).is_some(), "{}", asked.body);
    // And it ends everywhere.
    let (status, _) = clinic.log_out(&relay, &index(&assertion), false).await;
    assert_eq!(status, 200);
    assert_eq!(school.told()[0].1, index(&at_school));
}

/// What the bridge brings back for `card`, with the page that answers it.
async fn by_bridge(relay: &Relay, browser: &Browser, url: &str, card: &TestCard) -> relay_testing::Answer {
    let asked = browser.begin(url).await;
    let sent = browser.get(&asked.address("/bridge").unwrap()).await;
    let url = url::Url::parse(sent.location.as_deref().unwrap()).unwrap();
    let challenge = url.query_pairs().find(|(name, _)| name == "challenge").unwrap().1;
    let fields = [
        ("challenge", challenge.to_string()),
        ("certificate", STANDARD.encode(&card.certificate)),
        (
            "signature",
            STANDARD.encode(card.sign(&challenge_text(&relay.at(""), &challenge))),
        ),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(&relay.at("/card/answer"), &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workers_card_signs_the_bridges_challenge_too_until_the_office_revokes_it() {
    let (relay, clinic, _, workers) = relay_with_workers().await;
    let card = workers.worker();
    let registration = relay.register(&card.certificate, CardUse::Authentication).await;
    let request = for_context(&clinic, &relay, AuthnContext::WorkerCard);
    let url = clinic.redirect(&request, None);
    let answer = by_bridge(&relay, &Browser::new(&relay), &url, &card).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    let statement = assertion.authentication.as_ref().unwrap();
    assert_eq!(statement.context, AuthnContext::WorkerCard);
    let revoke = Said::Revoke {
        registration,
        reason: relay_core::registration::RevocationReason::PrivilegeWithdrawn,
    };
    assert_eq!(relay.office_says(&revoke).await, 200);
    let request = for_context(&clinic, &relay, AuthnContext::WorkerCard);
    let url = clinic.redirect(&request, None);
    let refused = by_bridge(&relay, &Browser::new(&relay), &url, &card).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_residents_card_does_no_workers_sign_in_and_a_workers_card_no_residents() {
    let (relay, clinic, _, workers) = relay_with_workers().await;
    let resident = relay.card().await;
    let eligibility = relay.cards.eligibility();
    relay.register(&eligibility.certificate, CardUse::Eligibility).await;
    let worker = workers.worker();
    relay.register(&worker.certificate, CardUse::Authentication).await;
    // A worker's profile under the residents' authority, and a resident's under the workers', are nobody's card.
    let crossed = [relay.cards.worker(), workers.authentication()];
    for card in &crossed {
        relay.register(&card.certificate, CardUse::Authentication).await;
    }
    let (strong, work) = (AuthnContext::CardPin, AuthnContext::WorkerCard);
    for (card, context) in [
        (&resident, Some(&work)),
        (&eligibility, Some(&work)),
        (&worker, Some(&strong)),
        // A service that names no context means residents.
        (&worker, None),
        (&crossed[0], Some(&work)),
        (&crossed[1], None),
    ] {
        let request = match context {
            Some(context) => for_context(&clinic, &relay, context.clone()),
            None => clinic.request(&relay),
        };
        let browser = Browser::with_card(&relay, card);
        let refused = browser.sign_in_with(&relay, &clinic, &request).await;
        assert_eq!(refused.status, 403, "{context:?}: {}", refused.body);
        assert!(!refused.fields().contains_key("SAMLResponse"));
        assert_eq!(browser.cookie("__Host-session"), None);
    }
    // A client without cookies hears it in its answer's status.
    let mut request = for_context(&clinic, &relay, work);
    request.head.destination = Some(relay.card_at("/saml/ecp"));
    request.answer_to = relay_saml::message::AnswerTo::Address {
        location: Some(clinic.consumer()),
        binding: Some(relay_saml::names::Binding::Paos),
    };
    let envelope = clinic.envelope(&request);
    let answer = Browser::with_card(&relay, &resident)
        .soap(&relay.card_at("/saml/ecp"), envelope)
        .await;
    match clinic.read_envelope(&answer.body, &request.head.id) {
        Ok(SignIn::Failed(status)) => assert_eq!(status.detail, Some(StatusCode::AuthnFailed)),
        other => panic!("{other:?}"),
    }
}
