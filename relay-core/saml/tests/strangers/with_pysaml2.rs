//! pysaml2 as a service.

use relay_saml::message::{Identified, MessageId};
use serde_json::json;

use crate::{
    parties::{CANARY, CONSUMER, Party, RELAY, SERVICE, answer, chance, name},
    peer::Peer,
};

#[test]
fn pysaml2_reads_our_metadata_asks_and_takes_a_sealed_name() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut peer = Peer::start("pysaml2_peer.py");
    peer.ask(
        "begin",
        json!({ "id": SERVICE, "consumer": CONSUMER, "key": service.private_pem,
                "certificate": service.certificate_pem, "other": relay.as_relay() }),
    );
    let request = peer.ask("request", json!({ "to": RELAY }));
    let request = MessageId::parse(request["id"].as_str().unwrap()).unwrap();
    let sealed = Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let response = answer(&relay, &request, sealed, CONSUMER);
    let form = response.sign(&relay.key).unwrap().post(CONSUMER, None);
    let taken = peer.ask(
        "response",
        json!({ "body": form.fields[0].1, "request": request.as_str() }),
    );
    assert_eq!(taken["name"], CANARY, "{taken}");
    let forged = response.sign(&service.key).unwrap().post(CONSUMER, None);
    let refused = peer.try_ask(
        "response",
        json!({ "body": forged.fields[0].1, "request": request.as_str() }),
    );
    assert!(refused.get("error").is_some(), "{refused}");
}
