//! The other ways: the bridge, the artifact, clients without cookies, cards that know PKCS#1 only.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay::card::challenge_text;
use relay_saml::{
    SignIn,
    message::{AnswerTo, Identified, NameId, NameIdPolicy},
    names::{Binding, NameIdFormat, StatusCode},
};
use relay_testing::{Browser, TestService};

use crate::{index, is_persistent, name, relay_with_clinic, relay_with_two};

/// The challenge in the link to the bridge.
fn challenge(location: &str) -> String {
    let url = url::Url::parse(location).unwrap();
    assert_eq!(url.path(), "/sign");
    url.query_pairs()
        .find(|(name, _)| name == "challenge")
        .unwrap()
        .1
        .into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_at_a_desk_signs_a_challenge_and_its_being_pulled_ends_the_session_everywhere() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::new(&relay);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let bridge = asked.address("/bridge").unwrap();
    let sent = browser.get(&bridge).await;
    let challenge = challenge(sent.location.as_deref().unwrap());
    let origin = relay.at("");
    let signature = STANDARD.encode(card.sign(&challenge_text(&origin, &challenge)));
    let certificate = STANDARD.encode(&card.certificate);
    let token = "t".repeat(43);
    let fields = [
        ("challenge", challenge.as_str()),
        ("certificate", &certificate),
        ("signature", &signature),
        ("gone", &token),
    ];
    // Another browser has nothing of it.
    let stranger = Browser::new(&relay);
    assert_eq!(stranger.post(&relay.at("/card/answer"), &fields).await.status, 409);
    let answer = browser.post(&relay.at("/card/answer"), &fields).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    assert!(is_persistent(name(&assertion)));
    // The challenge is used up.
    assert_eq!(browser.post(&relay.at("/card/answer"), &fields).await.status, 409);
    let at_school = browser.sign_in(&relay, &school).await;
    // The card is pulled.
    let pulled = time::OffsetDateTime::now_utc();
    let gone = [("gone", token.as_str())];
    assert_eq!(
        stranger
            .post(&relay.at("/card/gone"), &[("gone", "guess")])
            .await
            .status,
        404
    );
    assert_eq!(stranger.post(&relay.at("/card/gone"), &gone).await.status, 204);
    for (service, index) in [(&clinic, index(&assertion)), (&school, index(&at_school))] {
        let told = service.told();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1, index);
        assert!(told[0].0 - pulled < time::Duration::seconds(2));
    }
    assert_eq!(stranger.post(&relay.at("/card/gone"), &gone).await.status, 404);
    // And the next service asks for the card again.
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert!(asked.address("/bridge").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_signed_with_another_key_is_refused_and_used_up() {
    let (relay, clinic) = relay_with_clinic().await;
    let (card, other) = (relay.card().await, relay.card().await);
    let browser = Browser::new(&relay);
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let sent = browser.get(&asked.address("/bridge").unwrap()).await;
    let challenge = challenge(sent.location.as_deref().unwrap());
    let text = challenge_text(&relay.at(""), &challenge);
    let certificate = STANDARD.encode(&card.certificate);
    let post = async |signature: Vec<u8>| {
        let signature = STANDARD.encode(signature);
        let fields = [
            ("challenge", challenge.as_str()),
            ("certificate", &certificate),
            ("signature", &signature),
        ];
        browser.post(&relay.at("/card/answer"), &fields).await
    };
    let refused = post(other.sign(&text)).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("署名を確かめられませんでした"));
    let refused = post(card.sign(&text)).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("時間が過ぎた"));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_artifact_the_message_is_fetched_from_server_to_server_once() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let mut request = clinic.request(&relay);
    request.answer_to = AnswerTo::Address {
        location: Some(clinic.consumer()),
        binding: Some(Binding::Artifact),
    };
    let answer = browser.sign_in_with(&relay, &clinic, &request).await;
    assert_eq!(answer.status, 303);
    let url = url::Url::parse(answer.location.as_deref().unwrap()).unwrap();
    assert!(url.as_str().starts_with(&clinic.consumer()));
    let artifact = url.query_pairs().find(|(name, _)| name == "SAMLart").unwrap().1;
    let resolve = async |service: &TestService| service.resolve(&relay, &artifact, &request.head.id).await;
    assert_eq!(resolve(&school).await, None);
    match resolve(&clinic).await {
        Some(SignIn::Done(assertion)) => assert!(is_persistent(name(&assertion))),
        other => panic!("{other:?}"),
    }
    assert_eq!(resolve(&clinic).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_cookies_shows_its_card_and_gets_the_answer_in_the_body() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let mut request = clinic.request(&relay);
    request.head.destination = Some(relay.card_at("/saml/ecp"));
    request.answer_to = AnswerTo::Address {
        location: Some(clinic.consumer()),
        binding: Some(Binding::Paos),
    };
    let client = Browser::with_card(&relay, &card);
    let answer = client
        .soap(&relay.card_at("/saml/ecp"), clinic.envelope(&request))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("AssertionConsumerServiceURL"));
    let Ok(SignIn::Done(given)) = clinic.read_envelope(&answer.body, &request.head.id) else {
        panic!("{}", answer.body);
    };
    assert!(is_persistent(name(&given)));
    // Nobody holds a cookie of it, and it ends all the same: by the service, under the index that it was given.
    let (status, body) = clinic.log_out_as(&relay, &index(&given), name(&given)).await;
    assert!(status == 200 && !body.contains("UnknownPrincipal"), "{body}");
    let (_, body) = clinic.log_out_as(&relay, &index(&given), name(&given)).await;
    assert!(body.contains("UnknownPrincipal"), "it is over: {body}");
    // Without a card the service hears that nobody signed in.
    let mut request = clinic.request(&relay);
    request.head.destination = Some(relay.card_at("/saml/ecp"));
    let bare = Browser::new(&relay);
    let answer = bare.soap(&relay.card_at("/saml/ecp"), clinic.envelope(&request)).await;
    match clinic.read_envelope(&answer.body, &request.head.id) {
        Ok(SignIn::Failed(status)) => assert_eq!(status.detail, Some(StatusCode::AuthnFailed)),
        other => panic!("{other:?}"),
    }
    // What is not spoken is refused here as by a browser: whom it is about, another's name, a form of name.
    let policy = |format, sp_qualifier: Option<&str>| NameIdPolicy {
        format: Some(format),
        sp_qualifier: sp_qualifier.map(str::to_owned),
        allow_create: true,
    };
    let email = NameIdFormat::from("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
    let somebody = NameId {
        value: "somebody".to_owned(),
        format: NameIdFormat::Persistent,
        qualifier: None,
        sp_qualifier: None,
        sp_provided: None,
    };
    for (policy, subject, detail) in [
        (None, Some(somebody), StatusCode::RequestUnsupported),
        (Some(policy(email, None)), None, StatusCode::InvalidNameIdPolicy),
        (
            Some(policy(NameIdFormat::Persistent, Some(crate::SCHOOL))),
            None,
            StatusCode::InvalidNameIdPolicy,
        ),
    ] {
        let mut request = clinic.request(&relay);
        request.head.destination = Some(relay.card_at("/saml/ecp"));
        request.name_id_policy = policy;
        request.subject = subject.map(Identified::Clear);
        let answer = client
            .soap(&relay.card_at("/saml/ecp"), clinic.envelope(&request))
            .await;
        match clinic.read_envelope(&answer.body, &request.head.id) {
            Ok(SignIn::Failed(status)) => assert_eq!(status.detail, Some(detail)),
            other => panic!("{other:?}"),
        }
    }
    // What is no SAML is answered with a fault.
    let answer = bare.soap(&relay.card_at("/saml/ecp"), "<x/>".to_owned()).await;
    assert!(answer.status == 500 && answer.body.contains("Fault"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_card_listener_speaks_tls_1_2_for_cards_that_know_pkcs1_only() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let link = asked
        .body
        .split('"')
        .find(|piece| piece.starts_with(&relay.card_pkcs1_at("/card/")))
        .unwrap()
        .to_owned();
    let answer = browser.get(&link).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
}

/// Which way a page for the card begins with.
fn first_way(page: &relay_testing::Answer) -> &str {
    let (_, best) = page
        .body
        .split_once("<section class=\"way best\">")
        .expect("one way stands first");
    let (best, others) = best.split_once("</section>").expect("a way ends");
    assert!(
        !others.contains("class=\"button\""),
        "the other ways stand below in words: {others}"
    );
    match best {
        best if best.contains("/bridge\"") => "reader",
        best if best.contains("/card/") => "browser",
        best if best.contains("/telephone\"") => "telephone",
        best => panic!("{best}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_the_card_begins_with_the_way_that_fits() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let begin = async |browser: &Browser| browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let browser = Browser::with_card(&relay, &card);
    let page = begin(&browser).await;
    assert_eq!(first_way(&page), "reader");
    // The browser was sent to the bridge and comes back with nothing: there is none on this machine.
    let bridge = page.address("/bridge").unwrap();
    let here = bridge.trim_end_matches("/bridge").to_owned();
    let sent = browser.get(&bridge).await;
    let in_vain = browser.get(&here).await;
    assert_eq!(first_way(&in_vain), "browser");
    assert!(in_vain.body.contains("つながりませんでした"), "{}", in_vain.body);
    // A bridge that answers, and only has forgotten what it was asked, is there.
    let challenge = challenge(sent.location.as_deref().unwrap());
    let back = browser
        .get(&relay.at(&format!("/card/answer?challenge={challenge}")))
        .await;
    assert_eq!(first_way(&browser.get(&back.location.unwrap()).await), "reader");
    // What was used here once stands first the next time.
    browser.get(&in_vain.link("/card/", &relay).unwrap()).await;
    browser.sign_out(&relay).await;
    assert_eq!(browser.cookie("__Host-way").as_deref(), Some("browser"));
    assert_eq!(first_way(&begin(&browser).await), "browser");
}
