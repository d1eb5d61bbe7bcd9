//! What is sent is taken by our own readers as it was meant, over every binding it may go by; and what was meant for
//! somebody else, at another time, is not.

#[path = "strangers/parties.rs"]
#[allow(dead_code, reason = "shared with the strangers' tests, which use more of it")]
mod parties;

use parties::{CANARY, CONSUMER, PAOS_CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name, now};
use relay_saml::{
    Addresses, DecryptionKeys, Delivered, Delivery, Ground, Here, Peer, Received, Refusal, SignIn, TrustedKeys,
    fingerprint,
    message::{
        AnswerTo, Artifact, ArtifactResolve, ArtifactResponse, AuthnRequest, Comparison, EcpAnswer, Identified,
        LogoutRequest, LogoutResponse, ManageNameIdRequest, ManageNameIdResponse, MessageId, NameChange, NameIdPolicy,
        PaosAnswer, PaosRequest, RelayState, RequestedAuthnContext, Response, Scoping, Status,
    },
    names::{AuthnContext, Binding, NameIdFormat, StatusCode},
    open_name, paos_request, read_entity,
    sealing::{ContentCipher, KeyTransport},
    send::PostForm,
};
use time::Duration;

const SSO: &str = "https://relay.example/saml/sso";
const SLO: &str = "https://relay.example/saml/slo";

fn here<'h>(party: &'h Party, address: &'h str) -> Here<'h> {
    Here {
        entity: &party.id,
        address,
        now: now(),
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    }
}

fn known(party: &Party) -> Peer {
    let keys = TrustedKeys::from_certificates([party.key.certificate()]).unwrap();
    Peer::new(party.id.clone(), keys, Vec::new())
}

fn keys(party: &Party) -> DecryptionKeys {
    let (_, pem) = x509_parser::pem::parse_x509_pem(party.private_pem.as_bytes()).unwrap();
    DecryptionKeys::from_pkcs8([pem.contents.as_slice()]).unwrap()
}

fn by_redirect(url: &str) -> Delivery {
    Delivery::redirect(url.split_once('?').unwrap().1)
        .unwrap()
        .message()
        .unwrap()
}

fn by_post(form: &PostForm) -> Delivery {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form.fields.iter().map(|(name, value)| (*name, value.as_str())))
        .finish();
    Delivery::post(body.as_bytes()).unwrap().message().unwrap()
}

fn request(service: &Party) -> AuthnRequest {
    AuthnRequest {
        head: head(service, SSO),
        force: true,
        passive: true,
        answer_to: AnswerTo::Address {
            location: Some(CONSUMER.into()),
            binding: Some(Binding::Post),
        },
        name_id_policy: Some(NameIdPolicy {
            format: Some(NameIdFormat::Persistent),
            sp_qualifier: Some(SERVICE.into()),
            allow_create: true,
        }),
        context: Some(RequestedAuthnContext {
            classes: vec![AuthnContext::CardPin, AuthnContext::Other("urn:example:own".into())],
            comparison: Comparison::Minimum,
        }),
        scoping: Some(Scoping {
            proxy_count: Some(2),
            idps: Vec::new(),
            complete_list: None,
            requesters: vec![service.id.clone()],
        }),
        subject: None,
        provider_name: Some("汐見 <診療所> & \"co\"".into()),
    }
}

#[test]
fn a_request_is_taken_as_it_was_meant_by_redirect_by_post_and_from_an_enhanced_client() {
    for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256] {
        let (relay, service) = (Party::new(RELAY), Party::with(SERVICE, algorithm));
        let state = RelayState::parse("a&b=c d+é").unwrap();
        let request = request(&service);
        let composed = request.compose().unwrap();
        let signed = composed.clone().sign(&service.key);
        for delivery in [
            by_redirect(&composed.redirect(SSO, Some(&state), &service.key)),
            by_post(&signed.post(SSO, Some(&state))),
            Delivery::soap(signed.soap().into_bytes()),
        ] {
            let received = Received::open(&delivery).unwrap();
            assert_eq!(received.claimed_issuer().unwrap(), service.id);
            let verified = received.authn_request(&known(&service), &here(&relay, SSO)).unwrap();
            assert_eq!(verified.first_time(true).unwrap(), request);
        }
    }
}

#[test]
fn a_redirect_whose_query_was_touched_anywhere_is_not_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let state = RelayState::parse("state").unwrap();
    let url = request(&service)
        .compose()
        .unwrap()
        .redirect(SSO, Some(&state), &service.key);
    let taken = |url: &str| {
        let delivery = Delivery::redirect(url.split_once('?').unwrap().1)?.message()?;
        let received = Received::open(&delivery)?;
        received.authn_request(&known(&service), &here(&relay, SSO)).map(|_| ())
    };
    assert_eq!(taken(&url), Ok(()));
    assert_eq!(
        taken(&url.replace("RelayState=state", "RelayState=other")),
        Err(Refusal::SignatureInvalid)
    );
    assert_eq!(
        taken(&url.replace("&RelayState=state", "")),
        Err(Refusal::SignatureInvalid)
    );
    let (unsigned, _) = url.split_once("&SigAlg").unwrap();
    assert_eq!(taken(unsigned), Err(Refusal::Unsigned("AuthnRequest")));
}

#[test]
fn an_answer_with_a_sealed_name_is_opened_under_every_cipher_that_notices_changes() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
        for transport in [KeyTransport::OaepSha1, KeyTransport::OaepSha256] {
            let asked = fresh_id();
            let seal = service.seal_with(cipher, transport);
            let sealed = Identified::Sealed(seal.seal_name(&name(), &mut chance()));
            let meant = answer(&relay, &asked, Identified::Clear(name()), CONSUMER);
            let with_name = answer(&relay, &asked, sealed, CONSUMER);
            for signed in [
                with_name.sign(&relay.key).unwrap(),
                meant.sign(&relay.key).unwrap(),
                meant.sign_sealed(&relay.key, &seal, &mut chance()).unwrap(),
            ] {
                let delivery = by_post(&signed.post(CONSUMER, None));
                let received = Received::open(&delivery).unwrap();
                assert_eq!(received.claimed_in_response_to(), Some(asked.clone()));
                let here = here(&service, CONSUMER);
                let verified = received.response(&known(&relay), &here, Some(&asked), &keys(&service));
                let SignIn::Done(said) = verified.unwrap().first_time(true).unwrap() else {
                    panic!("somebody signed in");
                };
                let expected = meant.assertion.as_ref().unwrap();
                assert_eq!(said.subject.name, Identified::Clear(name()));
                assert_eq!(said.authentication, expected.authentication);
                assert_eq!(said.conditions.audiences, expected.conditions.audiences);
            }
        }
    }
}

#[test]
fn a_service_is_told_why_nobody_signed_in() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let asked = fresh_id();
    let failure = Status {
        message: Some("card <revoked>".into()),
        ..Status::failure(StatusCode::Responder, StatusCode::NoPassive)
    };
    let response = Response {
        status: failure.clone(),
        assertion: None,
        ..answer(&relay, &asked, Identified::Clear(name()), CONSUMER)
    };
    let delivery = by_post(&response.sign(&relay.key).unwrap().post(CONSUMER, None));
    let received = Received::open(&delivery).unwrap();
    let verified = received.response(&known(&relay), &here(&service, CONSUMER), Some(&asked), &keys(&service));
    assert_eq!(verified.unwrap().first_time(true), Ok(SignIn::Failed(failure)));
}

#[test]
fn a_message_behind_an_artifact_is_asked_for_and_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let asked = fresh_id();
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let stored = answer(&relay, &asked, sealed, CONSUMER).sign(&relay.key).unwrap().xml();
    let artifact = Artifact::fresh(&relay.id, 3, &mut chance());
    let state = RelayState::parse("s").unwrap();
    let url = artifact.redirect(CONSUMER, Some(&state));
    let Ok(Delivered::Artifact { artifact: came, .. }) = Delivery::redirect(url.split_once('?').unwrap().1) else {
        panic!("an artifact");
    };
    assert_eq!(came, artifact);

    let at = "https://relay.example/saml/artifact";
    let resolve = ArtifactResolve {
        head: head(&service, at),
        artifact,
    };
    let delivery = Delivery::soap(resolve.compose().sign(&service.key).soap().into_bytes());
    let received = Received::open(&delivery).unwrap();
    let taken = received.artifact_resolve(&known(&service), &here(&relay, at)).unwrap();
    assert_eq!(taken.first_time(true).unwrap(), resolve);

    let resolved = |message| ArtifactResponse {
        head: head(&relay, CONSUMER),
        in_response_to: Some(resolve.head.id.clone()),
        status: Status::success(),
        message,
    };
    let full = resolved(Some(stored)).compose().unwrap().sign(&relay.key).soap();
    let delivery = Delivery::soap(full.into_bytes());
    let received = Received::open(&delivery).unwrap();
    let here = here(&service, CONSUMER);
    let inside = received
        .behind_artifact(&known(&relay), &here, &resolve.head.id)
        .unwrap()
        .unwrap();
    let verified = inside
        .response(&known(&relay), &here, Some(&asked), &keys(&service))
        .unwrap();
    let SignIn::Done(said) = verified.first_time(true).unwrap() else {
        panic!("somebody signed in");
    };
    assert_eq!(said.subject.name, Identified::Clear(name()));

    let empty = Delivery::soap(resolved(None).compose().unwrap().sign(&relay.key).soap().into_bytes());
    let received = Received::open(&empty).unwrap();
    let inside = received
        .behind_artifact(&known(&relay), &here, &resolve.head.id)
        .unwrap();
    assert!(inside.is_none(), "the handle was used up");
}

#[test]
fn leaving_is_asked_and_answered_and_the_front_never_sees_the_name() {
    let (relay, service, blind) = (Party::new(RELAY), Party::new(SERVICE), Party::new(RELAY));
    let leave = LogoutRequest {
        head: head(&service, SLO),
        // Sealed to the blind half, whose certificate the relay's metadata has for encryption.
        name: Identified::Sealed(blind.seal().seal_name(&name(), &mut chance())),
        session_indexes: vec!["_s-1".into()],
        reason: Some("urn:oasis:names:tc:SAML:2.0:logout:user".into()),
        not_on_or_after: Some(now() + Duration::minutes(5)),
    };
    let composed = leave.compose().unwrap();
    for delivery in [
        by_redirect(&composed.redirect(SLO, None, &service.key)),
        Delivery::soap(composed.clone().sign(&service.key).soap().into_bytes()),
    ] {
        let received = Received::open(&delivery).unwrap();
        let taken = received
            .logout_request(&known(&service), &here(&relay, SLO), None)
            .unwrap();
        let taken = taken.first_time(true).unwrap();
        assert_eq!(taken, leave);
        let Identified::Sealed(blob) = taken.name else {
            panic!("sealed");
        };
        assert!(!blob.contains(CANARY));
        assert_eq!(open_name(&blob, &keys(&blind), false), Ok(name()));
    }
    let left = LogoutResponse {
        head: head(&relay, "https://clinic.example/saml/slo"),
        in_response_to: Some(leave.head.id.clone()),
        status: Status::failure(StatusCode::Responder, StatusCode::PartialLogout),
    };
    let url = left
        .compose()
        .redirect("https://clinic.example/saml/slo", None, &relay.key);
    let delivery = by_redirect(&url);
    let here = here(&service, "https://clinic.example/saml/slo");
    let received = Received::open(&delivery).unwrap();
    let taken = received.logout_response(&known(&relay), &here, &leave.head.id).unwrap();
    assert_eq!(taken.first_time(true).unwrap(), left);
}

#[test]
fn a_name_is_given_up_or_changed_and_that_is_answered() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let at = "https://clinic.example/saml/manage-name-id/soap";
    for change in [NameChange::Terminate, NameChange::New("their-own".into())] {
        let request = ManageNameIdRequest {
            head: head(&relay, at),
            name: Identified::Sealed(service.seal().seal_name(&name(), &mut chance())),
            change: change.clone(),
        };
        let delivery = Delivery::soap(request.compose().unwrap().sign(&relay.key).soap().into_bytes());
        let received = Received::open(&delivery).unwrap();
        let opened = keys(&service);
        let taken = received.manage_name_id_request(&known(&relay), &here(&service, at), Some(&opened));
        let taken = taken.unwrap().first_time(true).unwrap();
        assert_eq!((taken.name, taken.change), (Identified::Clear(name()), change));
        let response = ManageNameIdResponse {
            head: head(&service, "https://relay.example/saml/manage-name-id/soap"),
            in_response_to: Some(request.head.id.clone()),
            status: Status::success(),
        };
        let delivery = Delivery::soap(response.compose().sign(&service.key).soap().into_bytes());
        let received = Received::open(&delivery).unwrap();
        let here = here(&relay, "https://relay.example/saml/manage-name-id/soap");
        let taken = received
            .manage_name_id_response(&known(&service), &here, &request.head.id)
            .unwrap();
        assert_eq!(taken.first_time(true).unwrap(), response);
    }
}

#[test]
fn an_enhanced_client_is_told_and_brings_back_what_the_standard_says() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let headers = PaosRequest {
        consumer: PAOS_CONSUMER.into(),
        message_id: Some("_m-1".into()),
        issuer: service.id.clone(),
        passive: true,
        provider_name: Some("汐見診療所".into()),
        idps: Vec::new(),
        relay_state: RelayState::parse("kiosk-3"),
    };
    let envelope = request(&service)
        .compose()
        .unwrap()
        .sign(&service.key)
        .paos_request(&headers);
    assert_eq!(paos_request(envelope.as_bytes()), Ok(headers));

    let asked = fresh_id();
    let response = answer(&relay, &asked, Identified::Clear(name()), PAOS_CONSUMER)
        .sign(&relay.key)
        .unwrap();
    let to_client = response.ecp_response(&EcpAnswer {
        consumer: PAOS_CONSUMER.into(),
    });
    assert!(to_client.contains(&format!("AssertionConsumerServiceURL=\"{PAOS_CONSUMER}\"")));
    let brought = PaosAnswer {
        answers: Some("_m-1".into()),
        relay_state: RelayState::parse("kiosk-3"),
    };
    let delivery = Delivery::paos(response.paos_response(&brought).into_bytes());
    let received = Received::open(&delivery).unwrap();
    assert_eq!(received.paos_answer(&known(&relay)), Ok(brought));
    let here = here(&service, PAOS_CONSUMER);
    let verified = received
        .response(&known(&relay), &here, Some(&asked), &keys(&service))
        .unwrap();
    assert!(matches!(verified.first_time(true), Ok(SignIn::Done(_))));
}

#[test]
fn metadata_is_believed_by_its_signature_or_its_fingerprint_and_says_what_was_meant() {
    for (party, metadata, idp) in [
        {
            let relay = Party::new(RELAY);
            let metadata = relay.as_relay();
            (relay, metadata, true)
        },
        {
            let service = Party::new(SERVICE);
            let metadata = service.as_service();
            (service, metadata, false)
        },
    ] {
        let trusted = TrustedKeys::from_certificates([party.key.certificate()]).unwrap();
        let approved = Ground::Approved(fingerprint(metadata.as_bytes()));
        for ground in [Ground::Signed(&trusted), approved] {
            let entity = read_entity(metadata.as_bytes(), &party.id, ground, Addresses::Https, now()).unwrap();
            assert_eq!((entity.idp.is_some(), entity.sp.is_some()), (idp, !idp));
            assert_eq!(entity.organisation[0], ("ja".into(), "汐見市".into()));
            // Written again, it is the same but for its ID and signature.
            let again = entity.sign_metadata(&fresh_id(), &party.key).unwrap();
            let read = read_entity(
                again.as_bytes(),
                &party.id,
                Ground::Signed(&trusted),
                Addresses::Https,
                now(),
            );
            assert_eq!(read, Ok(entity));
        }
        let later = now() + Duration::days(8);
        let late = read_entity(metadata.as_bytes(), &party.id, approved, Addresses::Https, later);
        assert_eq!(late, Err(Refusal::MetadataExpired));
    }
}

#[test]
fn with_a_new_key_beside_the_old_in_the_metadata_messages_of_both_are_taken() {
    let (old, new) = (Party::new(RELAY), Party::new(RELAY));
    let service = Party::new(SERVICE);
    let keys_there = TrustedKeys::from_descriptors(&[old.key.descriptor(), new.key.descriptor()]).unwrap();
    let relay = Peer::new(old.id.clone(), keys_there, Vec::new());
    for signer in [&old, &new] {
        let asked = MessageId::parse("_asked").unwrap();
        let response = answer(signer, &asked, Identified::Clear(name()), CONSUMER);
        let delivery = by_post(&response.sign(&signer.key).unwrap().post(CONSUMER, None));
        let received = Received::open(&delivery).unwrap();
        let verified = received.response(&relay, &here(&service, CONSUMER), Some(&asked), &keys(&service));
        assert!(verified.is_ok());
    }
    let third = Party::new(RELAY);
    let response = answer(&third, &fresh_id(), Identified::Clear(name()), CONSUMER);
    let delivery = by_post(&response.sign(&third.key).unwrap().post(CONSUMER, None));
    let received = Received::open(&delivery).unwrap();
    let asked = received.claimed_in_response_to();
    let refused = received.response(&relay, &here(&service, CONSUMER), asked.as_ref(), &keys(&service));
    assert_eq!(refused.err(), Some(Refusal::SignatureInvalid));
}
