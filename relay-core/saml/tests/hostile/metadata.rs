//! Metadata: where trust begins.

use relay_saml::{
    Addresses, Ground, Peer, Refusal, TrustedKeys, fingerprint,
    message::{Entity, KeyUse},
    names::Binding,
    read_entity, read_metadata,
};
use time::Duration;

use crate::{
    parties::{CONSUMER, RELAY, SERVICE, now},
    scene::{RELAY_PARTY, SERVICE_PARTY, STRANGER, entity},
};

fn keys() -> TrustedKeys {
    TrustedKeys::from_certificates([SERVICE_PARTY.key.certificate()]).unwrap()
}

fn signed(metadata: &str) -> Result<Vec<Entity>, Refusal> {
    read_metadata(metadata.as_bytes(), Ground::Signed(&keys()), Addresses::Https, now())
}

fn approved(metadata: &str, addresses: Addresses) -> Result<Vec<Entity>, Refusal> {
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    read_metadata(metadata.as_bytes(), ground, addresses, now())
}

#[test]
fn what_our_parties_publish_is_read_back() {
    let service = &signed(&SERVICE_PARTY.as_service()).unwrap()[0];
    assert_eq!(service.id, entity(SERVICE));
    assert_eq!(service.organisation[0], ("ja".to_owned(), "汐見市".to_owned()));
    assert_eq!(service.cache_for, Some(Duration::hours(6)));
    let role = service.sp.as_ref().unwrap();
    assert!(role.signs_requests && role.wants_signed_assertions);
    assert_eq!(role.default_consumer().unwrap().location, CONSUMER);
    assert_eq!(role.consumers.len(), 3);
    assert_eq!(
        role.discovery_responses[0].location,
        "https://clinic.example/saml/login"
    );
    assert_eq!(role.role.keys[0].usage, KeyUse::Both);
    assert!(TrustedKeys::from_descriptors(&role.role.keys).is_ok());

    let relay = approved(&RELAY_PARTY.as_relay(), Addresses::Https).unwrap().remove(0);
    let idp = relay.idp.unwrap();
    assert!(idp.wants_signed_requests && relay.sp.is_none());
    assert_eq!(idp.single_sign_on[0].binding, Binding::Redirect);
    assert_eq!(idp.role.artifact_resolution[0].index, 0);
}

#[test]
fn a_name_shown_to_residents_holds_nothing_unseen() {
    let metadata = SERVICE_PARTY.as_service().replace("汐見市", "汐\u{202e}見\u{200b}市");
    let service = approved(&metadata, Addresses::Https).unwrap().remove(0);
    assert_eq!(service.organisation[0], ("ja".to_owned(), "汐見市".to_owned()));
}

#[test]
fn metadata_that_nobody_vouches_for_is_refused() {
    let metadata = SERVICE_PARTY.as_service();
    let stranger = TrustedKeys::from_certificates([STRANGER.key.certificate()]).unwrap();
    let ground = Ground::Signed(&stranger);
    assert_eq!(
        read_metadata(metadata.as_bytes(), ground, Addresses::Https, now()).map(drop),
        Err(Refusal::SignatureInvalid)
    );
    let moved = metadata.replace("https://clinic.example/saml/acs", "https://evil.example/acs");
    assert_eq!(signed(&moved).map(drop), Err(Refusal::SignatureInvalid));
    let at = metadata.find("<ds:Signature").unwrap();
    let end = metadata.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let bare = format!("{}{}", &metadata[..at], &metadata[end..]);
    assert_eq!(signed(&bare).map(drop), Err(Refusal::Unsigned("the metadata")));
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    assert_eq!(
        read_metadata(bare.as_bytes(), ground, Addresses::Https, now()).map(drop),
        Err(Refusal::Fingerprint)
    );
}

#[test]
fn metadata_holds_until_it_says_and_signed_metadata_must_say() {
    let metadata = SERVICE_PARTY.as_service();
    let ground = Ground::Signed(&keys());
    let later = now() + Duration::days(8);
    let expired = read_metadata(metadata.as_bytes(), ground, Addresses::Https, later);
    assert_eq!(expired.map(drop), Err(Refusal::MetadataExpired));
    let mut unending = signed(&metadata).unwrap().remove(0);
    unending.valid_until = None;
    let unending = unending
        .sign_metadata(&crate::parties::fresh_id(), &SERVICE_PARTY.key)
        .unwrap();
    assert_eq!(signed(&unending).map(drop), Err(Refusal::MetadataExpired));
    assert!(approved(&unending, Addresses::Https).is_ok());
    // A role that holds no longer takes the entity with it.
    let role = SERVICE_PARTY.as_service().replace(
        "<md:SPSSODescriptor",
        "<md:SPSSODescriptor validUntil=\"2020-01-01T00:00:00Z\"",
    );
    assert_eq!(
        approved(&role, Addresses::Https).map(drop),
        Err(Refusal::MetadataExpired)
    );
}

#[test]
fn an_address_without_tls_is_refused_but_on_the_machine_itself() {
    let at = |address: &str, addresses| {
        approved(&SERVICE_PARTY.as_service().replace(CONSUMER, address), addresses).map(drop)
    };
    for (address, refusal) in [
        ("http://clinic.example/acs", Refusal::NotHttps),
        ("http://localhost.evil.example/acs", Refusal::NotHttps),
        ("javascript:alert(1)", Refusal::NotHttps),
        ("https://user@clinic.example/acs", Refusal::Malformed("Location")),
        ("https://clinic.example/acs#part", Refusal::Malformed("Location")),
        ("/acs", Refusal::Malformed("Location")),
    ] {
        assert_eq!(at(address, Addresses::HttpsOrLoopback), Err(refusal), "{address}");
    }
    for address in [
        "http://127.0.0.1:8080/acs",
        "http://[::1]/acs",
        "http://localhost:1/acs",
    ] {
        assert_eq!(at(address, Addresses::HttpsOrLoopback), Ok(()), "{address}");
        assert_eq!(at(address, Addresses::Https), Err(Refusal::NotHttps), "{address}");
    }
}

#[test]
fn two_keys_for_signatures_are_both_believed() {
    let mut entity = signed(&SERVICE_PARTY.as_service()).unwrap().remove(0);
    let role = &mut entity.sp.as_mut().unwrap().role;
    role.keys.push(STRANGER.key.descriptor());
    let keys = TrustedKeys::from_descriptors(&role.keys).unwrap();
    let peer = Peer::new(entity.id.clone(), keys, Vec::new());
    assert_eq!(*peer.entity(), entity.id);
    let text = format!("{peer:?}");
    assert!(text.contains("TrustedKeys(2)"), "{text}");
}

#[test]
fn one_entity_is_found_in_a_federations_file() {
    let inner = |xml: &str| {
        let at = xml.find("<ds:Signature").unwrap();
        let end = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        format!("{}{}", &xml[..at], &xml[end..])
    };
    let (service, relay) = (inner(&SERVICE_PARTY.as_service()), inner(&RELAY_PARTY.as_relay()));
    let file = format!(
        "<!-- a federation --><md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_f\" validUntil=\"2099-01-01T00:00:00Z\">{service}<md:EntitiesDescriptor>{relay}</md:EntitiesDescriptor></md:EntitiesDescriptor>"
    );
    // A third whose metadata is worth nothing does not take the others with it.
    let file = file.replacen(
        "<md:EntitiesDescriptor>",
        "<md:EntityDescriptor entityID=\"https://old.example/\" validUntil=\"2020-01-01T00:00:00Z\"></md:EntityDescriptor>\
         <md:EntitiesDescriptor>",
        1,
    );
    let find = |name: &str| {
        let ground = Ground::Approved(fingerprint(file.as_bytes()));
        read_entity(file.as_bytes(), &entity(name), ground, Addresses::Https, now())
    };
    assert_eq!(find("https://old.example/").map(drop), Err(Refusal::MetadataExpired));
    assert_eq!(
        approved(&file, Addresses::Https).map(drop),
        Err(Refusal::MetadataExpired)
    );
    assert!(find(RELAY).unwrap().idp.is_some());
    assert!(find(SERVICE).unwrap().sp.is_some());
    assert_eq!(
        find("https://nobody.example/").map(drop),
        Err(Refusal::NoRole("entity of that name"))
    );
}
