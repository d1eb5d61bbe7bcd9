//! Lasso as the other side, through whole conversations.

use relay_saml::{
    message::{
        AnswerTo, Artifact, ArtifactResponse, AuthnRequest, EcpAnswer, Identified, LogoutRequest, LogoutResponse,
        ManageNameIdRequest, MessageId, NameChange, NameIdPolicy, PaosAnswer, PaosRequest, RelayState,
        RequestedAuthnContext, Status,
    },
    names::{AuthnContext, Binding, NameIdFormat},
    sealing::{ContentCipher, KeyTransport},
    send::PostForm,
};
use serde_json::{Value, json};

use crate::{
    parties::{CANARY, CONSUMER, PAOS_CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name},
    peer::Peer,
};

/// Lasso in the service's place, knowing the relay by its metadata.
pub fn lasso_as_service(relay: &Party, service: &Party) -> Peer {
    let mut lasso = Peer::start("lasso_peer.py");
    lasso.ask(
        "begin",
        json!({ "role": "sp", "own": service.as_service(), "key": service.private_pem,
                "certificate": service.certificate_pem, "other": relay.as_relay() }),
    );
    lasso
}

/// Lasso in the place of an identity provider, knowing us as a service.
pub fn lasso_as_identity_provider(relay: &Party, service: &Party) -> Peer {
    let mut lasso = Peer::start("lasso_peer.py");
    lasso.ask(
        "begin",
        json!({ "role": "idp", "own": relay.as_relay(), "key": relay.private_pem,
                "certificate": relay.certificate_pem, "other": service.as_service() }),
    );
    lasso
}

pub fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_else(|| panic!("{field} in {answer}"))
}

fn asked(lasso: &mut Peer, method: &str) -> MessageId {
    let request = lasso.ask("request", json!({ "method": method }));
    MessageId::parse(text(&request, "id")).unwrap()
}

fn message(form: &PostForm) -> &str {
    let (field, value) = &form.fields[0];
    assert_eq!(*field, "SAMLResponse");
    value
}

/// A whole sign-in at Lasso with a sealed name.
pub fn signed_in(relay: &Party, service: &Party) -> Peer {
    let mut lasso = lasso_as_service(relay, service);
    let request = asked(&mut lasso, "redirect");
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let response = answer(relay, &request, sealed, CONSUMER).sign(&relay.key).unwrap();
    let taken = lasso.ask("response", json!({ "body": message(&response.post(CONSUMER, None)) }));
    assert_eq!(text(&taken, "name"), CANARY);
    lasso
}

#[test]
fn lasso_reads_a_name_sealed_by_the_blind_half_under_every_cipher_it_speaks() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    for cipher in [
        ContentCipher::Aes128Gcm,
        ContentCipher::Aes256Gcm,
        ContentCipher::Aes128Cbc,
        ContentCipher::Aes256Cbc,
    ] {
        let mut lasso = lasso_as_service(&relay, &service);
        let request = asked(&mut lasso, "redirect");
        let key = service.seal_with(cipher, KeyTransport::OaepSha1);
        let sealed = Identified::Sealed(key.seal_name(&name(), &mut chance()));
        let response = answer(&relay, &request, sealed, CONSUMER).sign(&relay.key).unwrap();
        let taken = lasso.ask("response", json!({ "body": message(&response.post(CONSUMER, None)) }));
        assert_eq!(text(&taken, "name"), CANARY, "{cipher:?}");
        assert_eq!(text(&taken, "qualifier"), RELAY);
        assert_eq!(text(&taken, "sp_qualifier"), SERVICE);
        assert_eq!(text(&taken, "session_index"), "_s-1");
        assert_eq!(text(&taken, "context"), AuthnContext::CardPin.uri());
    }
}

#[test]
fn lasso_takes_a_clear_name_and_a_wholly_sealed_assertion_and_refuses_another_relays() {
    let (relay, service, impostor) = (Party::new(RELAY), Party::new(SERVICE), Party::new(RELAY));
    let mut lasso = lasso_as_service(&relay, &service);
    let request = asked(&mut lasso, "post");
    // Each with an ID of its own: Lasso refuses an assertion it has seen.
    let clear = || answer(&relay, &request, Identified::Clear(name()), CONSUMER);
    let taken = |lasso: &mut Peer, form: &PostForm| lasso.try_ask("response", json!({ "body": message(form) }));
    let plain = taken(&mut lasso, &clear().sign(&relay.key).unwrap().post(CONSUMER, None));
    assert_eq!(plain["name"], CANARY, "{plain}");
    let sealed = clear().sign_sealed(&relay.key, &service.seal(), &mut chance()).unwrap();
    let whole = taken(&mut lasso, &sealed.post(CONSUMER, None));
    assert_eq!(whole["name"], CANARY, "{whole}");
    let forged = taken(&mut lasso, &clear().sign(&impostor.key).unwrap().post(CONSUMER, None));
    assert!(
        forged["error"]
            .as_str()
            .is_some_and(|words| words.contains("Signature")),
        "{forged}"
    );
}

#[test]
fn lasso_redeems_an_artifact() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = lasso_as_service(&relay, &service);
    let request = asked(&mut lasso, "redirect");
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let stored = answer(&relay, &request, sealed, CONSUMER)
        .sign(&relay.key)
        .unwrap()
        .xml();
    let url = Artifact::fresh(&relay.id, 0, &mut chance()).redirect(CONSUMER, None);
    let resolve = lasso.ask("artifact", json!({ "query": url.split_once('?').unwrap().1 }));
    assert_eq!(text(&resolve, "url"), "https://relay.example/saml/artifact");
    let body = text(&resolve, "body");
    let id = body.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap();
    let resolved = ArtifactResponse {
        head: head(&relay, "https://clinic.example/"),
        in_response_to: MessageId::parse(id),
        status: Status::success(),
        message: Some(stored),
    };
    let body = resolved.compose().unwrap().sign(&relay.key).soap();
    let taken = lasso.ask("artifact_answer", json!({ "body": body }));
    assert_eq!(text(&taken, "name"), CANARY);
}

#[test]
fn lasso_leaves_when_told_by_soap_or_redirect_under_a_sealed_name() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = signed_in(&relay, &service);
    let leave = |destination: &str| {
        let request = LogoutRequest {
            head: head(&relay, destination),
            name: Identified::Sealed(service.seal().seal_name(&name(), &mut chance())),
            session_indexes: vec!["_s-1".into()],
            reason: None,
            not_on_or_after: Some(crate::parties::now() + time::Duration::minutes(5)),
        };
        request.compose().unwrap()
    };
    let by_soap = leave("https://clinic.example/saml/slo/soap").sign(&relay.key).soap();
    let answered = lasso.ask("told_to_leave", json!({ "body": by_soap }));
    assert_eq!(text(&answered, "name"), CANARY);
    assert!(text(&answered, "body").contains("urn:oasis:names:tc:SAML:2.0:status:Success"));

    let slo = "https://clinic.example/saml/slo";
    let state = RelayState::parse("a&b=c d+é").unwrap();
    let url = leave(slo).redirect(slo, Some(&state), &relay.key);
    let answered = lasso.ask("told_to_leave", json!({ "body": url.split_once('?').unwrap().1 }));
    assert_eq!(text(&answered, "name"), CANARY);

    let bent = url.replacen("RelayState=a", "RelayState=b", 1);
    let refused = lasso.try_ask("told_to_leave", json!({ "body": bent.split_once('?').unwrap().1 }));
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|words| words.contains("Signature")),
        "{refused}"
    );
}

#[test]
fn lassos_own_logout_is_answered() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = signed_in(&relay, &service);
    let leave = lasso.ask("leave", json!({ "method": "soap" }));
    let left = LogoutResponse {
        head: head(&relay, "https://clinic.example/"),
        in_response_to: MessageId::parse(text(&leave, "id")),
        status: Status::success(),
    };
    lasso.ask("left", json!({ "body": left.compose().sign(&relay.key).soap() }));
}

#[test]
fn lasso_gives_a_name_up_when_told() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = signed_in(&relay, &service);
    let give_up = ManageNameIdRequest {
        head: head(&relay, "https://clinic.example/saml/manage-name-id/soap"),
        name: Identified::Sealed(service.seal().seal_name(&name(), &mut chance())),
        change: NameChange::Terminate,
    };
    let body = give_up.compose().unwrap().sign(&relay.key).soap();
    let answered = lasso.ask("renamed", json!({ "body": body }));
    assert_eq!(text(&answered, "name"), CANARY);
    assert!(text(&answered, "body").contains("ManageNameIDResponse"));
}

fn request(service: &Party, destination: &str, consumer: &str, binding: Binding) -> AuthnRequest {
    AuthnRequest {
        head: head(service, destination),
        force: true,
        passive: false,
        answer_to: AnswerTo::Address {
            location: Some(consumer.into()),
            binding: Some(binding),
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
        provider_name: Some("汐見診療所".into()),
    }
}

/// A request of ours, and the URL that carries it.
pub fn our_request(service: &Party) -> (MessageId, String) {
    let sso = "https://relay.example/saml/sso";
    let request = request(service, sso, CONSUMER, Binding::Post);
    let url = request.compose().unwrap().redirect(sso, None, &service.key);
    (request.head.id, url)
}

#[test]
fn lasso_as_identity_provider_takes_our_request_by_redirect() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = lasso_as_identity_provider(&relay, &service);
    let sso = "https://relay.example/saml/sso";
    let composed = request(&service, sso, CONSUMER, Binding::Post).compose().unwrap();
    let state = RelayState::parse("where-I-was").unwrap();
    let url = composed.redirect(sso, Some(&state), &service.key);
    let answered = lasso.ask("asked", json!({ "message": url.split_once('?').unwrap().1 }));
    assert_eq!(text(&answered, "issuer"), SERVICE);
    assert_eq!(text(&answered, "url"), CONSUMER);
    assert_eq!(text(&answered, "relay_state"), "where-I-was");
    let other = composed.redirect(sso, Some(&state), &relay.key);
    let refused = lasso.try_ask("asked", json!({ "message": other.split_once('?').unwrap().1 }));
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|words| words.contains("Signature")),
        "{refused}"
    );
}

#[test]
fn an_enhanced_client_carries_a_request_of_ours_to_lasso_and_its_answer_back() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut client = lasso_as_service(&relay, &service);
    let mut lasso = lasso_as_identity_provider(&relay, &service);
    let asked = request(&service, "https://relay.example/saml/ecp", PAOS_CONSUMER, Binding::Paos);
    let headers = PaosRequest {
        consumer: PAOS_CONSUMER.into(),
        message_id: Some(fresh_id().as_str().into()),
        issuer: service.id.clone(),
        passive: false,
        provider_name: None,
        idps: Vec::new(),
        relay_state: RelayState::parse("kiosk-3"),
    };
    let envelope = asked.compose().unwrap().sign(&service.key).paos_request(&headers);
    let carried = client.ask("carry", json!({ "body": envelope }));
    let answered = lasso.ask("asked", json!({ "message": text(&carried, "body") }));
    let back = client.ask("carry_back", json!({ "body": text(&answered, "body") }));
    assert_eq!(text(&back, "url"), PAOS_CONSUMER);
}

#[test]
fn an_enhanced_client_carries_our_response_to_lasso() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso = lasso_as_service(&relay, &service);
    let first = lasso.ask("request", json!({ "method": "paos" }));
    let id = MessageId::parse(text(&first, "id")).unwrap();
    lasso.ask("carry", json!({ "body": text(&first, "body") }));
    let response = || {
        let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
        answer(&relay, &id, sealed, PAOS_CONSUMER).sign(&relay.key).unwrap()
    };
    let to_client = response().ecp_response(&EcpAnswer {
        consumer: PAOS_CONSUMER.into(),
    });
    assert!(to_client.contains(" S:mustUnderstand=\"1\"") && to_client.contains(" S:actor=\"http"));
    let back = lasso.ask("carry_back", json!({ "body": to_client }));
    assert_eq!(text(&back, "url"), PAOS_CONSUMER);
    let taken = lasso.ask("response", json!({ "body": text(&back, "body"), "binding": "paos" }));
    assert_eq!(text(&taken, "name"), CANARY);
    // And as our own client would carry it.
    let ours = response().paos_response(&PaosAnswer::default());
    let taken = lasso.ask("response", json!({ "body": ours, "binding": "paos" }));
    assert_eq!(text(&taken, "name"), CANARY);
}
