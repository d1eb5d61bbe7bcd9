//! Lasso speaks, we listen.

use relay_saml::{
    Delivery, Exception, Refusal, SignIn, answer_to,
    message::{
        AnswerTo, Artifact, AuthnRequest, EcpAnswer, Identified, LogoutRequest, ManageNameIdRequest, MessageId,
        NameChange, NameIdPolicy, RequestedAuthnContext, Response,
    },
    names::{AuthnContext, Binding, NameIdFormat},
};
use serde_json::{Value, json};

use crate::{
    parties::{CANARY, CONSUMER, PAOS_CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name},
    peer::Peer,
    receiver::{at, decryption, from_form, from_url, known, sender},
};

const SSO: &str = "https://relay.example/saml/sso";

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_else(|| panic!("{field} in {answer}"))
}

fn lasso(role: &str, own: &Party, metadata: String, other: String) -> Peer {
    let mut lasso = Peer::start("lasso_peer.py");
    lasso.ask(
        "begin",
        json!({ "role": role, "own": metadata, "key": own.private_pem, "certificate": own.certificate_pem,
                "other": other }),
    );
    lasso
}

fn as_service(relay: &Party, service: &Party) -> Peer {
    lasso("sp", service, service.as_service(), relay.as_relay())
}

fn as_identity_provider(relay: &Party, service: &Party) -> Peer {
    lasso("idp", relay, relay.as_relay(), service.as_service())
}

/// Lasso after a sign-in with a sealed name.
fn signed_in(relay: &Party, service: &Party) -> Peer {
    let mut lasso = as_service(relay, service);
    let request = lasso.ask("request", json!({ "method": "redirect" }));
    let request = MessageId::parse(text(&request, "id")).unwrap();
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let form = answer(relay, &request, sealed, CONSUMER)
        .sign(&relay.key)
        .unwrap()
        .post(CONSUMER, None);
    lasso.ask("response", json!({ "body": form.fields[0].1 }));
    lasso
}

#[test]
fn its_authn_request_is_taken_by_redirect_and_post() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = as_service(&relay, &service);
    let from = sender(&service, &service.as_service(), &[]);
    let sp = known(&service, &service.as_service()).sp.unwrap();
    for method in ["redirect", "post"] {
        let sent = lasso.ask("request", json!({ "method": method }));
        let delivery = match method {
            "redirect" => from_url(text(&sent, "url")),
            _ => from_form("SAMLRequest", text(&sent, "body")),
        };
        let request = at(&delivery, &relay.id, SSO, |received, here| {
            received.authn_request(&from, here).unwrap().first_time(true).unwrap()
        });
        assert_eq!(request.head.id.as_str(), text(&sent, "id"), "{method}");
        assert_eq!(
            request.name_id_policy.as_ref().unwrap().format,
            Some(NameIdFormat::Persistent)
        );
        let to = answer_to(&request, &sp, &[Binding::Post, Binding::Artifact]).unwrap();
        assert_eq!(to.location, CONSUMER);
    }
}

#[test]
fn its_enhanced_clients_request_is_taken_and_what_it_brings_back() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = as_service(&relay, &service);
    let sent = lasso.ask("request", json!({ "method": "paos" }));
    let carried = lasso.ask("carry", json!({ "body": text(&sent, "body") }));
    let delivery = Delivery::soap(text(&carried, "body").as_bytes().to_vec());
    let from = sender(&service, &service.as_service(), &[]);
    let sp = known(&service, &service.as_service()).sp.unwrap();
    let request = at(
        &delivery,
        &relay.id,
        "https://relay.example/saml/ecp",
        |received, here| {
            received.soap_headers(&from).unwrap();
            received.authn_request(&from, here).unwrap().first_time(true).unwrap()
        },
    );
    assert_eq!(
        answer_to(&request, &sp, &[Binding::Paos]).unwrap().location,
        PAOS_CONSUMER
    );

    // Our answer through Lasso's client back to a service of ours.
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let response: Response = answer(&relay, &request.head.id, sealed, PAOS_CONSUMER);
    let header = EcpAnswer {
        consumer: PAOS_CONSUMER.into(),
    };
    let envelope = response.sign(&relay.key).unwrap().ecp_response(&header);
    let back = lasso.ask("carry_back", json!({ "body": envelope }));
    let delivery = Delivery::paos(text(&back, "body").as_bytes().to_vec());
    at(&delivery, &service.id, PAOS_CONSUMER, |received, here| {
        let strict = sender(&relay, &relay.as_relay(), &[]);
        assert_eq!(received.paos_answer(&strict).map(drop), Err(Refusal::SoapHeader));
        let lenient = sender(&relay, &relay.as_relay(), &[Exception::EcpHeaders]);
        received.paos_answer(&lenient).unwrap();
        let keys = decryption(&service);
        let taken = received.response(&strict, here, Some(&request.head.id), &keys).unwrap();
        assert!(matches!(taken.first_time(true), Ok(SignIn::Done(_))));
    });
}

#[test]
fn its_logout_is_taken_by_name() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = signed_in(&relay, &service);
    let strict = sender(&service, &service.as_service(), &[]);
    let lenient = sender(&service, &service.as_service(), &[Exception::NameInClear]);
    for method in ["soap", "redirect"] {
        let sent = lasso.ask("leave", json!({ "method": method }));
        let (delivery, address) = match method {
            "soap" => (
                Delivery::soap(text(&sent, "body").as_bytes().to_vec()),
                "https://relay.example/saml/slo/soap",
            ),
            _ => (from_url(text(&sent, "url")), "https://relay.example/saml/slo"),
        };
        at(&delivery, &relay.id, address, |received, here| {
            let refusal = received.logout_request(&strict, here, None).map(drop);
            assert_eq!(refusal, Err(Refusal::NameInClear), "{method}");
            let request = received
                .logout_request(&lenient, here, None)
                .unwrap()
                .first_time(true)
                .unwrap();
            assert_eq!(request.session_indexes, ["_s-1"]);
            let Identified::Clear(clear) = &request.name else {
                panic!("sealed")
            };
            assert_eq!(clear.value, CANARY);
        });
    }
}

#[test]
fn its_answers_to_our_logout_and_to_a_name_given_up_are_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let from = sender(&service, &service.as_service(), &[]);
    let sealed = || Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let mut lasso = signed_in(&relay, &service);
    let slo = "https://clinic.example/saml/slo";
    let leave = LogoutRequest {
        head: head(&relay, slo),
        name: sealed(),
        session_indexes: vec!["_s-1".into()],
        reason: None,
        not_on_or_after: None,
    };
    let url = leave.compose().unwrap().redirect(slo, None, &relay.key);
    let answered = lasso.ask("told_to_leave", json!({ "body": url.split_once('?').unwrap().1 }));
    at(
        &from_url(text(&answered, "url")),
        &relay.id,
        "https://relay.example/saml/slo",
        |received, here| {
            assert_eq!(received.claimed_in_response_to().as_ref(), Some(&leave.head.id));
            let response = received.logout_response(&from, here, &leave.head.id).unwrap();
            assert!(response.first_time(true).unwrap().status.is_success());
        },
    );

    let mut lasso = signed_in(&relay, &service);
    let give_up = ManageNameIdRequest {
        head: head(&relay, "https://clinic.example/saml/manage-name-id/soap"),
        name: sealed(),
        change: NameChange::Terminate,
    };
    let body = give_up.compose().unwrap().sign(&relay.key).soap();
    let answered = lasso.ask("renamed", json!({ "body": body }));
    let delivery = Delivery::soap(text(&answered, "body").as_bytes().to_vec());
    at(
        &delivery,
        &relay.id,
        "https://relay.example/saml/manage-name-id/soap",
        |received, here| {
            let response = received.manage_name_id_response(&from, here, &give_up.head.id).unwrap();
            assert!(response.first_time(true).unwrap().status.is_success());
        },
    );
}

#[test]
fn its_request_for_a_message_behind_an_artifact_is_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = as_service(&relay, &service);
    let artifact = Artifact::fresh(&relay.id, 0, &mut chance());
    let url = artifact.redirect(CONSUMER, None);
    let resolve = lasso.ask("artifact", json!({ "query": url.split_once('?').unwrap().1 }));
    let delivery = Delivery::soap(text(&resolve, "body").as_bytes().to_vec());
    let from = sender(&service, &service.as_service(), &[]);
    at(
        &delivery,
        &relay.id,
        "https://relay.example/saml/artifact",
        |received, here| {
            let resolve = received
                .artifact_resolve(&from, here)
                .unwrap()
                .first_time(true)
                .unwrap();
            assert_eq!(resolve.artifact, artifact);
        },
    );
}

/// Another consortium's identity provider, which the front hands a request on to.
#[test]
fn its_answer_as_an_identity_provider_is_taken_in_clear_and_by_name_sealed() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = as_identity_provider(&relay, &service);
    let request = AuthnRequest {
        head: head(&service, SSO),
        force: false,
        passive: false,
        answer_to: AnswerTo::Address {
            location: Some(CONSUMER.into()),
            binding: Some(Binding::Post),
        },
        name_id_policy: Some(NameIdPolicy {
            format: Some(NameIdFormat::Persistent),
            sp_qualifier: None,
            allow_create: true,
        }),
        context: Some(RequestedAuthnContext {
            classes: vec![AuthnContext::CardPin],
            comparison: Default::default(),
        }),
        scoping: None,
        subject: None,
        provider_name: None,
    };
    let keys = decryption(&service);
    for sealing in [false, true] {
        if sealing {
            lasso.ask("encrypting", json!({}));
        }
        let request = AuthnRequest {
            head: relay_saml::message::Head {
                id: fresh_id(),
                ..request.head.clone()
            },
            ..request.clone()
        };
        let url = request.compose().unwrap().redirect(SSO, None, &service.key);
        let answered = lasso.ask("asked", json!({ "message": url.split_once('?').unwrap().1 }));
        let delivery = from_form("SAMLResponse", text(&answered, "body"));
        at(&delivery, &service.id, CONSUMER, |received, here| {
            let take = |exceptions: &[Exception]| {
                let from = sender(&relay, &relay.as_relay(), exceptions);
                received.response(&from, here, Some(&request.head.id), &keys)
            };
            let taken = match sealing {
                false => take(&[]),
                true => {
                    assert_eq!(take(&[]).map(drop), Err(Refusal::NotDecrypted));
                    take(&[Exception::CipherBlockChaining])
                }
            };
            let Ok(SignIn::Done(said)) = taken.unwrap().first_time(true) else {
                panic!("nobody signed in");
            };
            assert_eq!(said.authentication.unwrap().context, AuthnContext::CardPin);
            assert!(matches!(said.subject.name, Identified::Clear(_)));
        });
    }
}
