//! A resident signs in, and what each service learns.

use relay::sign_in::GRAIN;
use relay_core::registration::{CardUse, Message as Said};
use relay_saml::{
    SignIn,
    message::{Comparison, NameIdPolicy, RequestedAuthnContext},
    names::{AuthnContext, NameIdFormat, StatusCode},
};
use relay_testing::Browser;

use crate::{CLINIC, index, is_persistent, name, relay_with_clinic, relay_with_two};

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_signs_in_by_mutual_tls_and_each_service_gets_a_name_of_its_own() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let first = browser.sign_in(&relay, &clinic).await;
    assert!(is_persistent(name(&first)), "{:?}", name(&first));
    assert_eq!(name(&first).sp_qualifier.as_deref(), Some(CLINIC));
    let context = &first.authentication.as_ref().unwrap().context;
    assert_eq!(*context, AuthnContext::CardPin);
    // The session spares the card at the next service, which knows the person by another name.
    let at_school = Browser::sign_in(&browser, &relay, &school).await;
    assert_ne!(name(&at_school).value, name(&first).value);
    assert_ne!(index(&at_school), index(&first));
    // Nor can the two match people by the second at which the card was shown.
    let (shown, told) = [&first, &at_school]
        .map(|one| one.authentication.as_ref().unwrap().at)
        .into();
    assert!(
        told <= shown && told.unix_timestamp() % GRAIN.whole_seconds() == 0,
        "{told}"
    );
    // Another day, another browser: the same name at the clinic.
    let again = Browser::with_card(&relay, &card).sign_in(&relay, &clinic).await;
    assert_eq!(name(&again).value, name(&first).value);
    // Somebody else has another.
    let other = relay.card().await;
    let other = Browser::with_card(&relay, &other).sign_in(&relay, &clinic).await;
    assert_ne!(name(&other).value, name(&first).value);
    // What the front asserted is what the blind half made: each blob once.
    let now = time::OffsetDateTime::now_utc();
    let used = relay
        .records
        .blobs_used(now - time::Duration::hours(1), now + time::Duration::hours(1))
        .await
        .unwrap();
    assert_eq!(used.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_card_of_the_same_person_brings_the_same_name() {
    let (relay, clinic) = relay_with_clinic().await;
    let person = uuid::Uuid::from_u128(0x5111);
    let (old, new) = (relay.cards.authentication(), relay.cards.authentication());
    let registration = relay
        .register_person(person, &old.certificate, CardUse::Authentication)
        .await;
    let before = Browser::with_card(&relay, &old).sign_in(&relay, &clinic).await;
    let revoke = Said::Revoke {
        registration,
        reason: relay_core::registration::RevocationReason::Superseded,
    };
    assert_eq!(relay.office_says(&revoke).await, 200);
    relay
        .register_person(person, &new.certificate, CardUse::Authentication)
        .await;
    let after = Browser::with_card(&relay, &new).sign_in(&relay, &clinic).await;
    assert_eq!(name(&before).value, name(&after).value);
    // The old one is told so on a page, and the service hears nothing.
    let refused = Browser::with_card(&relay, &old)
        .sign_in_with(&relay, &clinic, &clinic.request(&relay))
        .await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("もう使えません"), "{}", refused.body);
    assert!(refused.fields().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_posted_by_a_form_is_taken_too_and_relay_state_comes_back() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let fields = clinic.post(&request);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain([("RelayState", "shelf-7")])
        .collect();
    let asked = browser.post(&relay.at("/saml/sso"), &fields).await;
    let asked = browser.to_page(asked).await;
    let answer = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    assert_eq!(answer.action(), Some(clinic.consumer()));
    assert_eq!(answer.fields()["RelayState"], "shelf-7");
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    assert!(is_persistent(name(&assertion)));
    // A page of another site may frame it or send its form elsewhere as little as any.
    let policy = &answer.headers["content-security-policy"];
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(policy.contains(&format!(
        "form-action 'self' {}",
        clinic.consumer().trim_end_matches("/acs")
    )));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_return_address_as_relay_state_comes_back_octet_for_octet() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    // As mod_auth_mellon sends it, well past the standard's 80 octets.
    let state = format!(
        "https://clinic.example/%E6%A4%9C/診察?a=b&c=\"d\"+<e>#{}",
        "x".repeat(1_900)
    );
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, Some(&state))).await;
    let answer = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    assert_eq!(answer.fields()["RelayState"], state);
    clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    // What is longer than anybody needs is refused by its name, before anything is asked.
    let form = [
        ("SAMLRequest", clinic.post(&clinic.request(&relay))[0].1.clone()),
        ("RelayState", "x".repeat(2_049)),
    ];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = browser.post(&relay.at("/saml/sso"), &form).await;
    assert_eq!(
        (refused.status, refused.headers["refused-by"].as_str()),
        (400, "relay_state")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forced_passive_and_unmet_requests_are_answered_as_the_standard_has_it() {
    let (relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let status = |answer: &relay_testing::Answer, id| match clinic.read(&answer.fields()["SAMLResponse"], id) {
        Ok(SignIn::Failed(status)) => status.detail.unwrap(),
        other => panic!("{other:?}"),
    };
    // Nobody may be asked, and nobody is signed in.
    let mut passive = clinic.request(&relay);
    passive.passive = true;
    let answer = browser.begin(&clinic.redirect(&passive, None)).await;
    assert_eq!(status(&answer, &passive.head.id), StatusCode::NoPassive);
    // Signed in, the same is answered with an assertion and no page in between.
    browser.sign_in(&relay, &clinic).await;
    let mut passive = clinic.request(&relay);
    passive.passive = true;
    let answer = browser.begin(&clinic.redirect(&passive, None)).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &passive.head.id);
    // Forced, the card is asked for again.
    let mut forced = clinic.request(&relay);
    forced.force = true;
    let answer = browser.begin(&clinic.redirect(&forced, None)).await;
    let card_page = answer.link("/card/", &relay).unwrap();
    // The connection on which the card was shown is not one to be believed a second time: it may be gone by then.
    let answered = browser.get(&card_page).await;
    assert_eq!(answered.headers["connection"], "close");
    let assertion = clinic.assertion(&answered.fields()["SAMLResponse"], &forced.head.id);
    assert!(is_persistent(name(&assertion)));
    // No card here is a worker's.
    let mut worker = clinic.request(&relay);
    worker.context = Some(RequestedAuthnContext {
        classes: vec![AuthnContext::WorkerCard],
        comparison: Comparison::Exact,
    });
    let answer = browser.begin(&clinic.redirect(&worker, None)).await;
    assert_eq!(status(&answer, &worker.head.id), StatusCode::NoAuthnContext);
    // A kind of name that is not given here.
    let mut email = clinic.request(&relay);
    email.name_id_policy = Some(NameIdPolicy {
        format: Some(NameIdFormat::from(
            "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        )),
        sp_qualifier: None,
        allow_create: true,
    });
    let answer = browser.begin(&clinic.redirect(&email, None)).await;
    assert_eq!(status(&answer, &email.head.id), StatusCode::InvalidNameIdPolicy);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_card_shown_again_leaves_the_other_services_signed_in_and_another_card_does_not() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_school = browser.sign_in(&relay, &school).await;
    let cookie = browser.cookie("__Host-session");
    let mut forced = clinic.request(&relay);
    forced.force = true;
    let answer = browser.sign_in_with(&relay, &clinic, &forced).await;
    clinic.assertion(&answer.fields()["SAMLResponse"], &forced.head.id);
    assert_ne!(browser.cookie("__Host-session"), cookie);
    let now = time::OffsetDateTime::now_utc();
    let of_school = async || {
        relay
            .records
            .session_by_index(school.entity(), &index(&at_school), now)
            .await
            .unwrap()
    };
    assert!(of_school().await.is_some());
    // Somebody else's card in the same browser ends it.
    let other = relay.card().await;
    let browser = browser.change_card(&relay, &other);
    let mut forced = clinic.request(&relay);
    forced.force = true;
    browser.sign_in_with(&relay, &clinic, &forced).await;
    assert!(of_school().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_name_differs_at_each_visit_and_the_blind_half_is_not_asked() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    relay.stop_blind();
    let browser = Browser::with_card(&relay, &card);
    let visit = async || {
        let mut request = clinic.request(&relay);
        request.name_id_policy = Some(NameIdPolicy {
            format: Some(NameIdFormat::Transient),
            sp_qualifier: None,
            allow_create: true,
        });
        let answer = browser.sign_in_with(&relay, &clinic, &request).await;
        let response = answer.fields()["SAMLResponse"].clone();
        // The name travels in an encrypted assertion.
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let xml = String::from_utf8(STANDARD.decode(&response).unwrap()).unwrap();
        assert!(xml.contains("EncryptedAssertion") && !xml.contains("<saml:Assertion"));
        clinic.assertion(&response, &request.head.id)
    };
    let (one, two) = (visit().await, visit().await);
    assert_eq!(name(&one).format, NameIdFormat::Transient);
    assert_ne!(name(&one).value, name(&two).value);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_may_decline_and_the_service_hears_so() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let decline = relay.at(&asked.action().unwrap());
    let answer = browser.post(&decline, &[]).await;
    match clinic.read(&answer.fields()["SAMLResponse"], &request.head.id) {
        Ok(SignIn::Failed(status)) => assert_eq!(status.detail, Some(StatusCode::AuthnFailed)),
        other => panic!("{other:?}"),
    }
    // Pressed twice, it is over.
    assert_eq!(browser.post(&decline, &[]).await.status, 409);
    // The card listener's pages have the same form, and take it themselves.
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let refused = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    let answer = browser.post(&relay.card_at(&refused.action().unwrap()), &[]).await;
    assert!(clinic.read(&answer.fields()["SAMLResponse"], &request.head.id).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_speak_three_languages_and_none_needs_a_script() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let page = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert!(page.body.contains("カードでログイン") && page.body.contains("みなと診療所"));
    assert!(!page.body.contains("<script"));
    let id = page.address("/bridge").unwrap();
    let id = id.trim_end_matches("/bridge").to_owned();
    for (language, words) in [("en", "A certificate in your browser"), ("easy", "<ruby>暗証番号")] {
        let moved = browser.get(&format!("{id}?lang={language}")).await;
        assert_eq!(moved.status, 303);
        let page = browser.get(&id).await;
        assert!(page.body.contains(words), "{}", page.body);
    }
}
