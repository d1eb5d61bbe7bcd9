//! What Lasso sends, taken by our own readers: strictly where it keeps to the standard, by a named exception where it
//! does not.

use relay_saml::{
    DecryptionKeys, Delivery, Exception, Here, Peer as Sender, Received, Refusal, SignIn, TrustedKeys,
    message::{Identified, MessageId},
};
use serde_json::json;
use time::Duration;

use crate::{
    parties::{CANARY, CONSUMER, Party, RELAY, SERVICE, now},
    with_lasso::{lasso_as_identity_provider, lasso_as_service, our_request, signed_in, text},
};

fn here<'h>(party: &'h Party, address: &'h str) -> Here<'h> {
    Here {
        entity: &party.id,
        address,
        now: now(),
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    }
}

fn known(party: &Party, exceptions: &[Exception]) -> Sender {
    let keys = TrustedKeys::from_certificates([party.key.certificate()]).unwrap();
    Sender::new(party.id.clone(), keys, exceptions.to_vec())
}

fn form(field: &str, xml_in_base64: &str) -> Delivery {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(field, xml_in_base64)
        .finish();
    Delivery::post(body.as_bytes()).unwrap().message().unwrap()
}

#[test]
fn lassos_requests_by_redirect_and_by_post_are_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = lasso_as_service(&relay, &service);
    for method in ["redirect", "post"] {
        let asked = lasso.ask("request", json!({ "method": method }));
        let delivery = match method {
            "redirect" => Delivery::redirect(text(&asked, "url").split_once('?').unwrap().1)
                .unwrap()
                .message()
                .unwrap(),
            _ => form("SAMLRequest", text(&asked, "body")),
        };
        let received = Received::open(&delivery).unwrap();
        let here = here(&relay, "https://relay.example/saml/sso");
        let taken = received.authn_request(&known(&service, &[]), &here).unwrap();
        let request = taken.first_time(true).unwrap();
        assert_eq!(request.head.id.as_str(), text(&asked, "id"));
        assert!(request.name_id_policy.is_some_and(|policy| policy.allow_create));
    }
}

#[test]
fn lassos_answer_to_our_request_is_taken_and_its_chained_cipher_only_by_name() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let (_, pem) = x509_parser::pem::parse_x509_pem(service.private_pem.as_bytes()).unwrap();
    let keys = DecryptionKeys::from_pkcs8([pem.contents.as_slice()]).unwrap();
    for encrypts in [false, true] {
        let mut lasso = lasso_as_identity_provider(&relay, &service);
        if encrypts {
            lasso.ask("encrypting", json!({}));
        }
        let (request, url) = our_request(&service);
        let answered = lasso.ask("asked", json!({ "message": url.split_once('?').unwrap().1 }));
        let delivery = form("SAMLResponse", text(&answered, "body"));
        let received = Received::open(&delivery).unwrap();
        assert_eq!(received.claimed_in_response_to(), Some(request.clone()));
        let take = |exceptions: &[Exception]| {
            let sender = known(&relay, exceptions);
            let verified = received.response(&sender, &here(&service, CONSUMER), Some(&request), &keys)?;
            verified.first_time(true)
        };
        if encrypts {
            assert_eq!(take(&[]), Err(Refusal::NotDecrypted));
        }
        let Ok(SignIn::Done(said)) = take(&[Exception::CipherBlockChaining]) else {
            panic!("taken by name: {:?}", take(&[Exception::CipherBlockChaining]));
        };
        assert!(matches!(said.subject.name, Identified::Clear(_)), "opened");
    }
}

#[test]
fn lassos_logout_names_the_person_in_clear_and_is_taken_only_by_name() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = signed_in(&relay, &service);
    let leave = lasso.ask("leave", json!({ "method": "soap" }));
    let delivery = Delivery::soap(text(&leave, "body").as_bytes().to_vec());
    let received = Received::open(&delivery).unwrap();
    let take = |exceptions: &[Exception]| {
        let here = here(&relay, "https://relay.example/saml/slo/soap");
        let verified = received.logout_request(&known(&service, exceptions), &here, None)?;
        verified.first_time(true)
    };
    assert_eq!(take(&[]), Err(Refusal::NameInClear));
    let taken = take(&[Exception::NameInClear]).unwrap();
    assert_eq!(taken.session_indexes, ["_s-1"]);
    assert!(matches!(taken.name, Identified::Clear(name) if name.value == CANARY));
}

#[test]
fn what_lasso_carries_as_an_enhanced_client_is_taken_by_the_identity_provider() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = lasso_as_service(&relay, &service);
    let asked = lasso.ask("request", json!({ "method": "paos" }));
    let carried = lasso.ask("carry", json!({ "body": text(&asked, "body") }));
    let delivery = Delivery::soap(text(&carried, "body").as_bytes().to_vec());
    let received = Received::open(&delivery).unwrap();
    let sender = known(&service, &[Exception::EcpHeaders]);
    received.soap_headers(&sender).unwrap();
    let taken = received.authn_request(&sender, &here(&relay, "https://relay.example/saml/ecp"));
    let request = taken.unwrap().first_time(true).unwrap();
    assert_eq!(MessageId::parse(text(&asked, "id")), Some(request.head.id));
}
