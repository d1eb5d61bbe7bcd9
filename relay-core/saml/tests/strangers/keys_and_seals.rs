//! xmlsec1 as the oracle: signatures of every kind of message, and seals.

use std::{fs, process::Command};

use relay_saml::{
    message::{
        Artifact, ArtifactResolve, ArtifactResponse, Identified, LogoutRequest, LogoutResponse, ManageNameIdRequest,
        ManageNameIdResponse, NameChange, Response, Status,
    },
    names::StatusCode,
    sealing::{ContentCipher, KeyTransport},
    send::SignedMessage,
    signing::{SigningKey, SigningKeyError},
};
use tempfile::TempDir;

use crate::parties::{CANARY, CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// What xmlsec1 says of the signature over the element of that ID in `xml`.
fn verified(xml: &str, signer: &Party, node: &str, id: &str) -> bool {
    let folder = TempDir::new().unwrap();
    let (message, certificate) = (folder.path().join("message.xml"), folder.path().join("certificate.pem"));
    fs::write(&message, xml).unwrap();
    fs::write(&certificate, &signer.certificate_pem).unwrap();
    let signature = format!("//*[@ID='{id}']/*[local-name()='Signature']");
    Command::new("xmlsec1")
        .args(["--verify", "--enabled-reference-uris", "same-doc"])
        .args(["--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem"])
        .arg(&certificate)
        .args(["--id-attr:ID", node, "--node-xpath", &signature])
        .arg(&message)
        .output()
        .expect("xmlsec1 runs (scripts/packages test)")
        .status
        .success()
}

/// What xmlsec1 reads in `xml` with `reader`'s key.
fn decrypted(xml: &str, reader: &Party) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let (message, key) = (folder.path().join("message.xml"), folder.path().join("key.pem"));
    fs::write(&message, xml).unwrap();
    fs::write(&key, &reader.private_pem).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--decrypt", "--privkey-pem"])
        .args([&key, &message])
        .output()
        .expect("xmlsec1 runs (scripts/packages test)");
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).expect("UTF-8"))
}

fn id_in(xml: &str) -> &str {
    let from = xml.find(" ID=\"").expect("an ID") + 5;
    &xml[from..from + xml[from..].find('"').unwrap()]
}

/// One of each message there is, signed by `key`, with its element's name.
pub fn every_message(relay: &Party, service: &Party) -> Vec<(&'static str, SignedMessage)> {
    let sealed = || Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let key = &relay.key;
    let request = fresh_id();
    let stored = answer(relay, &request, sealed(), CONSUMER).sign(key).unwrap();
    let refused = Response {
        status: Status {
            message: Some("the card was revoked <&> \"失効\"\r\n".into()),
            ..Status::failure(StatusCode::Responder, StatusCode::AuthnFailed)
        },
        assertion: None,
        ..answer(relay, &request, sealed(), CONSUMER)
    };
    let leave = LogoutRequest {
        head: head(relay, "https://clinic.example/saml/slo/soap"),
        name: sealed(),
        session_indexes: vec!["_s-1".into(), "_s-2".into()],
        reason: Some("urn:oasis:names:tc:SAML:2.0:logout:user".into()),
        not_on_or_after: Some(crate::parties::now()),
    };
    let left = LogoutResponse {
        head: head(relay, "https://clinic.example/saml/slo"),
        in_response_to: Some(request.clone()),
        status: Status::failure(StatusCode::Responder, StatusCode::PartialLogout),
    };
    let give_up = ManageNameIdRequest {
        head: head(relay, "https://clinic.example/saml/manage-name-id/soap"),
        name: sealed(),
        change: NameChange::Terminate,
    };
    let rename = ManageNameIdRequest {
        change: NameChange::NewSealed(service.seal().seal_new_name("their-own", &mut chance())),
        ..give_up.clone()
    };
    let renamed = ManageNameIdResponse {
        head: head(relay, "https://clinic.example/saml/manage-name-id"),
        in_response_to: Some(request.clone()),
        status: Status::success(),
    };
    let resolve = ArtifactResolve {
        head: head(relay, "https://clinic.example/saml/artifact"),
        artifact: Artifact::fresh(&relay.id, 0, &mut chance()),
    };
    let resolved = ArtifactResponse {
        head: head(relay, "https://clinic.example/saml/artifact"),
        in_response_to: Some(request),
        status: Status::success(),
        message: Some(stored.xml()),
    };
    vec![
        ("Response", stored),
        ("Response", refused.sign(key).unwrap()),
        ("LogoutRequest", leave.compose().unwrap().sign(key)),
        ("LogoutResponse", left.compose().sign(key)),
        ("ManageNameIDRequest", give_up.compose().unwrap().sign(key)),
        ("ManageNameIDRequest", rename.compose().unwrap().sign(key)),
        ("ManageNameIDResponse", renamed.compose().sign(key)),
        ("ArtifactResolve", resolve.compose().sign(key)),
        ("ArtifactResponse", resolved.compose().unwrap().sign(key)),
    ]
}

#[test]
fn xmlsec1_verifies_every_message_by_itself_and_in_its_envelope_and_none_that_was_changed() {
    let service = Party::new(SERVICE);
    for algorithm in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256] {
        let relay = Party::with(RELAY, algorithm);
        for (local, message) in every_message(&relay, &service) {
            let node = format!("{PROTOCOL}:{local}");
            let xml = message.xml();
            assert!(verified(&xml, &relay, &node, id_in(&xml)), "{local}: {xml}");
            assert!(verified(&message.soap(), &relay, &node, id_in(&xml)), "{local} in SOAP");
            let changed = xml.replacen(
                "https://relay.example/saml/metadata",
                "https://relay.example/saml/metadatb",
                1,
            );
            assert!(!verified(&changed, &relay, &node, id_in(&xml)), "{local}, changed");
            assert!(!verified(&xml, &service, &node, id_in(&xml)), "{local}, another's key");
        }
    }
}

#[test]
fn an_assertions_own_signature_holds_inside_its_response_and_behind_an_artifact() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let node = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
    let messages = every_message(&relay, &service);
    for at in [0, messages.len() - 1] {
        let xml = messages[at].1.xml();
        let assertion = &xml[xml.find("<saml:Assertion").unwrap()..];
        assert!(verified(&xml, &relay, node, id_in(assertion)));
    }
}

#[test]
fn xmlsec1_verifies_the_metadata_of_relay_and_service() {
    for (party, metadata) in [
        {
            let party = Party::new(RELAY);
            let metadata = party.as_relay();
            (party, metadata)
        },
        {
            let party = Party::with(SERVICE, &rcgen::PKCS_ECDSA_P256_SHA256);
            let metadata = party.as_service();
            (party, metadata)
        },
    ] {
        let node = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor";
        assert!(verified(&metadata, &party, node, id_in(&metadata)), "{metadata}");
    }
}

#[test]
fn a_name_sealed_with_any_cipher_is_read_by_its_reader_alone_and_never_twice_alike() {
    let (service, stranger) = (Party::new(SERVICE), Party::new(RELAY));
    let mut chance = chance();
    let expected = format!(
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\" NameQualifier=\"{RELAY}\" \
         SPNameQualifier=\"{SERVICE}\">{CANARY}</saml:NameID>"
    );
    for cipher in [
        ContentCipher::Aes128Gcm,
        ContentCipher::Aes256Gcm,
        ContentCipher::Aes128Cbc,
        ContentCipher::Aes256Cbc,
    ] {
        let key = service.seal_with(cipher, KeyTransport::OaepSha1);
        let sealed = key.seal_name(&name(), &mut chance);
        assert!(!sealed.contains(CANARY));
        assert_ne!(sealed, key.seal_name(&name(), &mut chance));
        let opened = decrypted(&sealed, &service).unwrap_or_else(|| panic!("{cipher:?}"));
        assert!(opened.contains(&expected), "{cipher:?}: {opened}");
        assert_eq!(decrypted(&sealed, &stranger), None, "{cipher:?}");
    }
}

#[test]
fn an_encrypted_name_stands_in_the_assertion_byte_for_byte_as_the_blind_half_made_it() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let sealed = service.seal().seal_name(&name(), &mut chance());
    let body = sealed.split_once('>').unwrap().1;
    let response = answer(&relay, &fresh_id(), Identified::Sealed(sealed.clone()), CONSUMER);
    let xml = response.sign(&relay.key).unwrap().xml();
    assert!(xml.contains(&format!(
        "<saml:Subject><saml:EncryptedID>{body}<saml:SubjectConfirmation"
    )));
    // Anything else in its place is not written: a half that was taken over can't put XML of its own there.
    for other in [
        sealed.replace("EncryptedID", "NameID"),
        format!("{sealed}<saml:NameID/>"),
        sealed.replacen("<xenc:EncryptedData", "<!-- --><xenc:EncryptedData", 1),
        sealed.replacen(
            "<xenc:CipherData>",
            "<saml:Assertion ID=\"_a\"></saml:Assertion><xenc:CipherData>",
            1,
        ),
        sealed.replacen("<xenc:EncryptedData", "<xenc:EncryptedData ID=\"_a\"", 1),
        sealed.replacen(" Type=", " Id=\"_a\" Type=", 1),
        "kQ9vT2".to_owned(),
    ] {
        assert!(
            answer(&relay, &fresh_id(), Identified::Sealed(other), CONSUMER)
                .sign(&relay.key)
                .is_err()
        );
    }
}

#[test]
fn a_whole_assertion_can_be_sealed_and_keeps_its_signature() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let response = answer(&relay, &fresh_id(), Identified::Clear(name()), CONSUMER);
    let signed = response
        .sign_sealed(&relay.key, &service.seal(), &mut chance())
        .unwrap();
    let xml = signed.xml();
    assert!(!xml.contains(CANARY) && !xml.contains("<saml:Subject>"));
    assert!(verified(&xml, &relay, &format!("{PROTOCOL}:Response"), id_in(&xml)));
    let opened = decrypted(&xml, &service).unwrap();
    let assertion = &opened[opened.find("<saml:Assertion").unwrap()..];
    assert!(assertion.contains(CANARY));
    let node = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
    assert!(verified(&opened, &relay, node, id_in(assertion)));
}

#[test]
fn a_key_and_anothers_certificate_are_no_signing_key() {
    let (relay, service) = (Party::new(RELAY), Party::with(SERVICE, &rcgen::PKCS_ECDSA_P256_SHA256));
    for (private, certificate, error) in [
        (&relay.private_pem, &service.certificate_pem, SigningKeyError::NotAPair),
        (&service.private_pem, &relay.certificate_pem, SigningKeyError::NotAPair),
        (&relay.certificate_pem, &relay.certificate_pem, SigningKeyError::Key),
        (&relay.private_pem, &relay.private_pem, SigningKeyError::Certificate),
        (&String::new(), &relay.certificate_pem, SigningKeyError::NotPem),
    ] {
        assert_eq!(SigningKey::from_pem(private, certificate).unwrap_err(), error);
    }
}

#[test]
fn a_response_of_failure_carries_no_assertion_and_one_of_success_is_not_without() {
    let relay = Party::new(RELAY);
    let whole = answer(&relay, &fresh_id(), Identified::Clear(name()), CONSUMER);
    let failed = Response {
        status: Status::failure(StatusCode::Responder, StatusCode::NoPassive),
        ..whole.clone()
    };
    let empty = Response {
        assertion: None,
        ..whole
    };
    assert!(failed.sign(&relay.key).is_err() && empty.sign(&relay.key).is_err());
}
