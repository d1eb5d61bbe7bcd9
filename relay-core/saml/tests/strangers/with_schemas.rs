//! The standards' own schemas, by libxml2: every message and both kinds of metadata are valid under them.

use std::{path::Path, process::Command};

use relay_saml::{
    message::{
        AnswerTo, Artifact, Attribute, AuthnRequest, Comparison, EcpAnswer, Identified, IdpEntry, MessageId,
        NameIdPolicy, PaosAnswer, PaosRequest, ProxyRestriction, RelayState, RequestedAuthnContext, Scoping,
    },
    names::{AuthnContext, Binding, NameIdFormat},
    sealing::{ContentCipher, KeyTransport},
    send::{FaultCode, SignedMessage, fault},
};

use crate::{
    keys_and_seals::every_message,
    parties::{CONSUMER, PAOS_CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name},
};

/// What libxml2 finds wrong with `xml`, in its words; empty when it is valid.
fn faults(xml: &str) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let message = folder.path().join("message.xml");
    std::fs::write(&message, xml).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers/everything.xsd");
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .args([&schema, &message])
        .output()
        .expect("xmllint runs (scripts/packages test)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !said.contains("failed to compile"),
        "the schemas are there (scripts/packages test): {said}"
    );
    match output.status.success() {
        true => String::new(),
        false => said
            .lines()
            .filter(|line| line.contains("message.xml"))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[track_caller]
fn assert_valid(what: &str, xml: &str) {
    assert_eq!(faults(xml), "", "{what}: {xml}");
}

/// A request with everything a request can have.
fn full_request(service: &Party) -> AuthnRequest {
    let idp = |at: &str| IdpEntry {
        entity: relay_saml::message::EntityId::parse(at).unwrap(),
        name: Some("中継".into()),
    };
    AuthnRequest {
        head: head(service, "https://relay.example/saml/sso"),
        force: true,
        passive: true,
        answer_to: AnswerTo::Address {
            location: Some(CONSUMER.into()),
            binding: Some(Binding::Artifact),
        },
        name_id_policy: Some(NameIdPolicy {
            format: Some(NameIdFormat::Transient),
            sp_qualifier: Some(SERVICE.into()),
            allow_create: false,
        }),
        context: Some(RequestedAuthnContext {
            classes: vec![AuthnContext::CardPin, AuthnContext::WorkerCard],
            comparison: Comparison::Minimum,
        }),
        scoping: Some(Scoping {
            proxy_count: Some(1),
            idps: vec![idp(RELAY), idp("https://other.example/")],
            complete_list: Some("https://relay.example/all".into()),
            requesters: vec![service.id.clone()],
        }),
        subject: Some(Identified::Clear(name())),
        provider_name: Some("汐見診療所".into()),
    }
}

fn signed(request: &AuthnRequest, service: &Party) -> SignedMessage {
    request.compose().unwrap().sign(&service.key)
}

#[test]
fn every_message_is_valid_by_itself_and_in_its_envelope() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    for (local, message) in every_message(&relay, &service) {
        assert_valid(local, &message.xml());
        assert_valid(local, &message.soap());
    }
    let full = full_request(&service);
    assert_valid("AuthnRequest", &signed(&full, &service).xml());
    for answer_to in [AnswerTo::Default, AnswerTo::Index(2)] {
        let plain = AuthnRequest {
            answer_to,
            scoping: None,
            subject: None,
            context: None,
            name_id_policy: None,
            ..full.clone()
        };
        assert_valid("a plain AuthnRequest", &signed(&plain, &service).xml());
    }
}

#[test]
fn an_assertion_with_everything_in_it_is_valid_in_clear_and_sealed_whole() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut response = answer(&relay, &fresh_id(), Identified::Clear(name()), CONSUMER);
    let assertion = response.assertion.as_mut().unwrap();
    assertion.conditions.one_time_use = true;
    assertion.conditions.proxy = Some(ProxyRestriction {
        count: Some(0),
        audiences: vec![service.id.clone()],
    });
    let authentication = assertion.authentication.as_mut().unwrap();
    authentication.authorities = vec![relay.id.clone()];
    assertion.attributes = vec![Attribute {
        name: "urn:oid:1.3.6.1.4.1.5923.1.1.1.7".into(),
        name_format: Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri".into()),
        friendly_name: Some("entitlement".into()),
        values: vec!["a".into(), "b & c".into()],
    }];
    assert_valid("in clear", &response.sign(&relay.key).unwrap().xml());
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Cbc] {
        for transport in [KeyTransport::OaepSha1, KeyTransport::OaepSha256] {
            let key = service.seal_with(cipher, transport);
            let sealed = response.sign_sealed(&relay.key, &key, &mut chance()).unwrap();
            assert_valid("sealed", &sealed.xml());
        }
    }
}

#[test]
fn what_enhanced_clients_get_and_bring_is_valid() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let headers = PaosRequest {
        consumer: PAOS_CONSUMER.into(),
        message_id: Some("_m-1".into()),
        issuer: service.id.clone(),
        passive: false,
        provider_name: Some("汐見診療所".into()),
        idps: vec![IdpEntry {
            entity: relay.id.clone(),
            name: None,
        }],
        relay_state: RelayState::parse("kiosk-3"),
    };
    let asked = signed(&full_request(&service), &service);
    assert_valid("PAOS request", &asked.paos_request(&headers));
    let response = answer(&relay, &fresh_id(), Identified::Clear(name()), PAOS_CONSUMER)
        .sign(&relay.key)
        .unwrap();
    let consumer = EcpAnswer {
        consumer: PAOS_CONSUMER.into(),
    };
    assert_valid("ECP response", &response.ecp_response(&consumer));
    let brought = PaosAnswer {
        answers: Some("_m-1".into()),
        relay_state: RelayState::parse("kiosk-3"),
    };
    assert_valid("PAOS response", &response.paos_response(&brought));
    for code in [FaultCode::Client, FaultCode::Server, FaultCode::MustUnderstand] {
        assert_valid("a fault", &fault(code, "not signed <&>"));
    }
}

#[test]
fn the_metadata_of_relay_and_service_is_valid() {
    assert_valid("the relay's", &Party::new(RELAY).as_relay());
    assert_valid("the service's", &Party::new(SERVICE).as_service());
}

#[test]
fn the_schemas_would_find_a_fault() {
    // What Lasso writes round an enhanced client's message is known not to be valid; and a name alone is no message.
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let response = answer(
        &relay,
        &MessageId::parse("_a").unwrap(),
        Identified::Clear(name()),
        PAOS_CONSUMER,
    )
    .sign(&relay.key)
    .unwrap();
    let like_lasso = response
        .ecp_response(&EcpAnswer {
            consumer: PAOS_CONSUMER.into(),
        })
        .replace("S:mustUnderstand=\"1\"", "S:mustUnderstand=\"true\"");
    assert!(faults(&like_lasso).contains("mustUnderstand"));
    let swapped = service.as_service().replace(
        "<md:KeyDescriptor",
        "<md:NameIDFormat></md:NameIDFormat><md:KeyDescriptor",
    );
    assert!(faults(&swapped).contains("KeyDescriptor"));
    let handle = Artifact::fresh(&relay.id, 0, &mut chance());
    assert!(!faults(&format!("<Artifact>{}</Artifact>", handle.encode())).is_empty());
}
