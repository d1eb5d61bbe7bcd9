//! Whatever comes in: an answer or a refusal, never a panic.

use proptest::prelude::*;
use relay_saml::{Addresses, Delivery, Ground, Received, fingerprint, open_name, paos_request, read_metadata};

use crate::{
    parties::{CONSUMER, SERVICE, now},
    scene::{
        RELAY_PARTY, SERVICE_PARTY, assertion, entity, here, keys_of, peer, request_id, taken, with_signed_assertion,
    },
};

/// Every reader on the same bytes.
fn everything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Delivery::redirect(&text);
    let _ = Delivery::post(bytes);
    let _ = paos_request(bytes);
    let _ = taken(&text);
    let _ = open_name(&text, &keys_of(&SERVICE_PARTY), true);
    let ground = Ground::Approved(fingerprint(bytes));
    let _ = read_metadata(bytes, ground, Addresses::Https, now());
    let (service, relay) = (entity(SERVICE), peer(&RELAY_PARTY, &[]));
    let here = here(&service, CONSUMER);
    for delivery in [Delivery::soap(bytes.to_vec()), Delivery::paos(bytes.to_vec())] {
        let Ok(received) = Received::open(&delivery) else {
            continue;
        };
        let _ = received.claimed_issuer();
        let _ = received.claimed_in_response_to();
        let _ = received.paos_answer(&relay);
        let _ = received.soap_headers(&relay);
        let _ = received.authn_request(&relay, &here);
        let _ = received.logout_request(&relay, &here, None);
        let _ = received.logout_response(&relay, &here, &request_id());
        let _ = received.manage_name_id_request(&relay, &here, None);
        let _ = received.artifact_resolve(&relay, &here);
        let _ = received.behind_artifact(&relay, &here, &request_id());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        everything(&bytes);
    }

    #[test]
    fn a_true_message_with_pieces_moved_about_is_answered_or_refused(
        cut in 0_usize..2_000, length in 0_usize..300, to in 0_usize..2_000, byte in any::<u8>()
    ) {
        let mut xml = with_signed_assertion(&assertion()).into_bytes();
        let cut = cut % xml.len();
        let end = (cut + length).min(xml.len());
        let piece: Vec<_> = xml.drain(cut..end).collect();
        let to = to % (xml.len() + 1);
        xml.splice(to..to, piece);
        everything(&xml);
        if let Some(one) = xml.get_mut(to) {
            *one = byte;
        }
        everything(&xml);
    }
}
