//! python3-saml (OneLogin) as a service.

use relay_saml::message::{Identified, LogoutRequest};
use serde_json::json;

use crate::{
    parties::{CANARY, CONSUMER, Party, RELAY, SERVICE, answer, chance, fresh_id, head, name},
    peer::Peer,
};

const SLO: &str = "https://clinic.example/saml/slo";

#[test]
fn python3_saml_takes_a_sealed_name_demanding_both_signatures_and_reads_it_at_the_logout_too() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut peer = Peer::start("python3_saml_peer.py");
    peer.ask(
        "begin",
        json!({ "id": SERVICE, "consumer": CONSUMER, "logout": SLO, "key": service.private_pem,
                "certificate": service.certificate_pem, "other": relay.as_relay() }),
    );
    let request = fresh_id();
    let sealed = || Identified::Sealed(service.seal().seal_name(&name(), &mut chance()));
    let response = answer(&relay, &request, sealed(), CONSUMER);
    let form = |signer: &Party| {
        response
            .sign(&signer.key)
            .unwrap()
            .post(CONSUMER, None)
            .fields
            .remove(0)
            .1
    };
    let order = |body: String| json!({ "body": body, "request": request.as_str() });
    let taken = peer.ask("response", order(form(&relay)));
    assert_eq!(taken["name"], CANARY, "{taken}");
    assert_eq!(taken["session_index"], "_s-1");
    let refused = peer.try_ask("response", order(form(&service)));
    assert!(refused.get("error").is_some(), "{refused}");

    let leave = LogoutRequest {
        head: head(&relay, SLO),
        name: sealed(),
        session_indexes: vec!["_s-1".into()],
        reason: None,
        not_on_or_after: None,
    };
    let url = leave.compose().unwrap().redirect(SLO, None, &relay.key);
    let message = url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    assert_eq!(peer.ask("told_to_leave", json!({ "message": message }))["name"], CANARY);
}
