//! The fuzzer's seeds are messages that are taken: from there it goes on. (relay-core/saml/fuzz)

use bergshamra::c14n::{C14nMode, canonicalize};
use relay_saml::{Addresses, Delivery, Exception, Ground, Received, Refusal, fingerprint, read_metadata};

use crate::{
    parties::{CONSUMER, SERVICE},
    scene::{NOW, RELAY_PARTY, SERVICE_PARTY, entity, here, keys_of, peer, posted, request_id, signed},
};

macro_rules! seed {
    ($name:literal) => {
        include_str!(concat!("../../fuzz/seeds/", $name))
    };
}

/// The seed in canonical form, with the relay's signature.
fn sealed(seed: &str) -> String {
    let none: [&str; 0] = [];
    let canonical = canonicalize(seed, C14nMode::Exclusive, None, &none).unwrap();
    let canonical = String::from_utf8(canonical).unwrap();
    let id = canonical.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap();
    signed(&canonical, id, &RELAY_PARTY.key)
}

fn take<T>(
    field: &str,
    seed: &str,
    read: impl FnOnce(&Received<'_>, &relay_saml::Peer, &relay_saml::Here<'_>) -> Result<T, Refusal>,
) -> Result<(), Refusal> {
    let delivery = posted(field, &sealed(seed));
    let service = entity(SERVICE);
    let received = Received::open(&delivery).unwrap();
    read(
        &received,
        &peer(&RELAY_PARTY, &Exception::ALL),
        &here(&service, CONSUMER),
    )
    .map(drop)
}

#[test]
fn every_seed_is_taken() {
    let keys = keys_of(&SERVICE_PARTY);
    let request = request_id();
    let response = |seed: &str| {
        take("SAMLResponse", seed, |received, peer, here| {
            received.response(peer, here, Some(&request), &keys)
        })
    };
    assert_eq!(response(seed!("signed/response.xml")), Ok(()));
    // Sealed to nobody: read up to there.
    assert_eq!(
        response(seed!("signed/response_sealed.xml")),
        Err(Refusal::NotDecrypted)
    );
    assert_eq!(
        response(seed!("signed/response_wholly_sealed.xml")),
        Err(Refusal::NotDecrypted)
    );
    let asked = |seed: &str| {
        take("SAMLRequest", seed, |received, peer, here| {
            received.authn_request(peer, here)
        })
    };
    assert_eq!(asked(seed!("signed/authn_request.xml")), Ok(()));
    let left = take(
        "SAMLRequest",
        seed!("signed/logout_request.xml"),
        |received, peer, here| received.logout_request(peer, here, None),
    );
    assert_eq!(left, Ok(()));
    let told = take(
        "SAMLResponse",
        seed!("signed/logout_response.xml"),
        |received, peer, here| received.logout_response(peer, here, &request),
    );
    assert_eq!(told, Ok(()));
    let renamed = take("SAMLRequest", seed!("signed/manage.xml"), |received, peer, here| {
        received.manage_name_id_request(peer, here, None)
    });
    assert_eq!(renamed, Ok(()));
    let resolved = take(
        "SAMLRequest",
        seed!("signed/artifact_resolve.xml"),
        |received, peer, here| received.artifact_resolve(peer, here),
    );
    assert_eq!(resolved, Ok(()));
    for query in [seed!("binding/redirect.txt"), seed!("binding/artifact.txt")] {
        assert!(Delivery::redirect(query).is_ok(), "{query}");
    }
    assert!(Delivery::post(seed!("binding/form.txt").as_bytes()).is_ok());
    let federation = seed!("metadata/federation.xml").as_bytes();
    let ground = Ground::Approved(fingerprint(federation));
    let entities = read_metadata(federation, ground, Addresses::Https, NOW).unwrap();
    assert!(entities[0].idp.is_some() && entities[0].sp.is_some());
}
