//! Signature wrapping in its eight known forms, sharper than usual: no ID stands twice, so that only the place of
//! what was signed gives it away. (Somorovsky et al., "On Breaking SAML", 2012)

use relay_saml::{Received, Refusal};

use crate::{
    parties::RELAY,
    scene::{
        RELAY_PARTY, SERVICE_PARTY, SLO, after_issuer, assertion, entity, here, learned, logout_request, peer, posted,
        refused, response, signature, signed, with_signed_assertion,
    },
};

/// The attacker's assertion: another name, another ID.
fn evil() -> String {
    assertion().replace("name-1", "evil").replace("_a1", "_evil")
}

fn own() -> String {
    signed(&assertion(), "_a1", &RELAY_PARTY.key)
}

/// The signature of the true assertion.
fn signature_of_own() -> String {
    signature(&assertion(), "_a1", &RELAY_PARTY.key)
}

/// A whole response as it was truly sent, signed, and the same without its signature.
fn true_response() -> (String, String) {
    let plain = response(&assertion());
    (signed(&plain, "_r1", &RELAY_PARTY.key), plain)
}

fn evil_response() -> String {
    response(&evil()).replace("\"_r1\"", "\"_evilr\"")
}

#[test]
fn what_is_wrapped_below_is_taken_when_it_is_not_wrapped() {
    for xml in [with_signed_assertion(&assertion()), true_response().0] {
        assert_eq!(learned(&xml).unwrap().id.as_str(), "_a1");
    }
}

#[test]
fn xsw1_the_signed_response_inside_the_signature() {
    let (_, plain) = true_response();
    let signature = signature(&plain, "_r1", &RELAY_PARTY.key);
    let signature = signature.replace("</ds:Signature>", &format!("{plain}</ds:Signature>"));
    assert_eq!(
        refused(&after_issuer(&evil_response(), &signature)),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw2_the_signed_response_beside_its_signature() {
    let (_, plain) = true_response();
    let signature = signature(&plain, "_r1", &RELAY_PARTY.key);
    assert_eq!(
        refused(&after_issuer(&evil_response(), &format!("{plain}{signature}"))),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw3_another_assertion_before_the_signed_one() {
    assert_eq!(
        refused(&response(&format!("{}{}", evil(), own()))),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw4_the_signed_assertion_inside_another() {
    let wrapped = evil().replace("</saml:Assertion>", &format!("{}</saml:Assertion>", own()));
    assert_eq!(refused(&response(&wrapped)), Refusal::AssertionCount);
}

#[test]
fn xsw5_the_signature_in_another_assertion_and_the_signed_one_beside() {
    let evil = after_issuer(&evil(), &signature_of_own());
    assert_eq!(
        refused(&response(&format!("{evil}{}", assertion()))),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw6_the_signed_assertion_inside_its_signature_in_another() {
    let signature = signature_of_own().replace("</ds:Signature>", &format!("{}</ds:Signature>", assertion()));
    assert_eq!(
        refused(&response(&after_issuer(&evil(), &signature))),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw7_another_assertion_in_the_extensions() {
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", evil());
    assert_eq!(
        refused(&response(&format!("{extensions}{}", own()))),
        Refusal::AssertionCount
    );
}

#[test]
fn xsw8_the_signed_assertion_as_an_object_of_its_signature() {
    let object = format!("<ds:Object>{}</ds:Object></ds:Signature>", assertion());
    let signature = signature_of_own().replace("</ds:Signature>", &object);
    assert_eq!(
        refused(&response(&after_issuer(&evil(), &signature))),
        Refusal::AssertionCount
    );
}

/// The same where nothing counts assertions, so that the signature check alone must hold.
#[test]
fn a_logout_request_cannot_be_wrapped_either() {
    let take = |xml: &str| {
        let delivery = posted("SAMLRequest", xml);
        let (relay, service) = (entity(RELAY), peer(&SERVICE_PARTY, &[]));
        let received = Received::open(&delivery)?;
        received.logout_request(&service, &here(&relay, SLO), None).map(drop)
    };
    let plain = logout_request();
    let whole = signed(&plain, "_l1", &SERVICE_PARTY.key);
    let signature = signature(&plain, "_l1", &SERVICE_PARTY.key);
    let evil = plain.replace("name-1", "evil").replace("_l1", "_evil");
    let extensions = |inside: &str| format!("<samlp:Extensions>{inside}</samlp:Extensions>");
    assert_eq!(take(&whole), Ok(()));
    for (wrapped, refusal) in [
        // The whole signed one inside another.
        (after_issuer(&evil, &extensions(&whole)), Refusal::SignatureMisplaced),
        // The signature in the outer one, what it covers inside.
        (
            after_issuer(&evil, &format!("{signature}{}", extensions(&plain))),
            Refusal::NotCovered("the element it stands in"),
        ),
        // Both, in an object of the signature.
        (
            after_issuer(
                &evil,
                &signature.replace(
                    "</ds:Signature>",
                    &format!("<ds:Object>{plain}</ds:Object></ds:Signature>"),
                ),
            ),
            Refusal::SignatureShape("content"),
        ),
        // Two signatures in one place.
        (after_issuer(&whole, &signature), Refusal::SignatureMisplaced),
        // The signature of the assertion or another element that is not the message.
        (
            after_issuer(
                &evil,
                &extensions(&format!("<samlp:Thing ID=\"_l2\">{signature}</samlp:Thing>")),
            ),
            Refusal::SignatureMisplaced,
        ),
        // Nothing signed at all.
        (plain.clone(), Refusal::Unsigned("LogoutRequest")),
    ] {
        assert_eq!(take(&wrapped), Err(refusal), "{wrapped}");
    }
}
