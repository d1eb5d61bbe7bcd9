//! True assertions for somebody else, of another hour, or in answer to another request.

use relay_saml::{Refusal, SignIn, message::EntityId, names::StatusCode};
use time::Duration;

use crate::{
    parties::{CONSUMER, RELAY},
    scene::{NOW, RELAY_PARTY, assertion, learned, refused, response, signed, taken, with_signed_assertion},
};

#[test]
fn what_is_true_but_not_for_us_not_now_or_not_asked_is_refused() {
    let confirmation = "<saml:SubjectConfirmationData InResponseTo=\"_r0\" NotOnOrAfter=\"2026-11-22T08:11:00Z\"";
    let conditions = "<saml:Conditions NotBefore=\"2026-11-22T08:05:00Z\" NotOnOrAfter=\"2026-11-22T08:11:00Z\"";
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    let service = "<saml:Audience>https://clinic.example/saml/metadata</saml:Audience>";
    let restriction = format!("<saml:AudienceRestriction>{service}</saml:AudienceRestriction>");
    let later = |what: &str, minute: &str| {
        what.replace(
            "NotOnOrAfter=\"2026-11-22T08:11",
            &format!("NotOnOrAfter=\"2026-11-22T08:{minute}"),
        )
    };
    let without = |what: &str| what.replace(" NotOnOrAfter=\"2026-11-22T08:11:00Z\"", "");
    for (from, to, refusal) in [
        (
            service,
            "<saml:Audience>https://school.example/</saml:Audience>".to_owned(),
            Refusal::Audience,
        ),
        (&restriction, String::new(), Refusal::Audience),
        (
            &restriction,
            format!(
                "{restriction}<saml:AudienceRestriction><saml:Audience>https://school.example/</saml:Audience></saml:AudienceRestriction>"
            ),
            Refusal::Audience,
        ),
        (
            &restriction,
            format!("{restriction}<saml:Condition></saml:Condition>"),
            Refusal::Condition,
        ),
        (CONSUMER, "https://school.example/acs".into(), Refusal::Recipient),
        (
            confirmation,
            confirmation.replace(" InResponseTo=\"_r0\"", ""),
            Refusal::InResponseTo("SubjectConfirmationData"),
        ),
        (
            confirmation,
            confirmation.replace("_r0", "_r9"),
            Refusal::InResponseTo("SubjectConfirmationData"),
        ),
        (
            confirmation,
            later(confirmation, "05"),
            Refusal::Expired("SubjectConfirmationData"),
        ),
        (
            confirmation,
            without(confirmation),
            Refusal::NoExpiry("SubjectConfirmationData"),
        ),
        (
            confirmation,
            confirmation.replace(" NotOnOrAfter", " NotBefore=\"2026-11-22T08:05:00Z\" NotOnOrAfter"),
            Refusal::Confirmation,
        ),
        (conditions, later(conditions, "05"), Refusal::Expired("the assertion")),
        (conditions, without(conditions), Refusal::NoExpiry("Conditions")),
        (
            conditions,
            conditions.replace("08:05:00", "08:07:01"),
            Refusal::NotYetValid("the assertion"),
        ),
        (
            bearer,
            "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches".into(),
            Refusal::Confirmation,
        ),
        ("Version=\"2.0\"", "Version=\"1.1\"".into(), Refusal::Version),
        (RELAY, "https://other.example/".into(), Refusal::Issuer("Assertion")),
        (
            "IssueInstant=\"2026-11-22T08:05:59Z\"",
            "IssueInstant=\"2026-11-22T08:07:01Z\"".into(),
            Refusal::FromTheFuture("Assertion"),
        ),
        (
            "AuthnInstant=\"2026-11-22T08:05:59Z\"",
            "AuthnInstant=\"2026-11-22T08:07:01Z\"".into(),
            Refusal::FromTheFuture("AuthnStatement"),
        ),
        (
            "IssueInstant=\"2026-11-22T08:05:59Z\"",
            "IssueInstant=\"2026-11-22T17:05:59+09:00\"".into(),
            Refusal::Malformed("IssueInstant"),
        ),
        (">name-1<", "><".into(), Refusal::Malformed("NameID")),
        (
            "SessionIndex=\"_s1\"",
            "SessionIndex=\"_s1\" SessionNotOnOrAfter=\"2026-11-22T08:04:00Z\"".into(),
            Refusal::Expired("the session"),
        ),
    ] {
        let changed = assertion().replace(from, &to);
        assert_ne!(changed, assertion(), "{from}");
        assert_eq!(refused(&with_signed_assertion(&changed)), refusal, "{to}");
    }
}

#[test]
fn the_skew_allowed_is_allowed_to_the_second() {
    let ends = |at: &str| {
        assertion().replace(
            "NotOnOrAfter=\"2026-11-22T08:11:00Z\"",
            &format!("NotOnOrAfter=\"{at}\""),
        )
    };
    assert!(learned(&with_signed_assertion(&ends("2026-11-22T08:05:01Z"))).is_ok());
    assert_eq!(
        refused(&with_signed_assertion(&ends("2026-11-22T08:05:00Z"))),
        Refusal::Expired("SubjectConfirmationData")
    );
    let begins = assertion().replace(
        "NotBefore=\"2026-11-22T08:05:00Z\"",
        "NotBefore=\"2026-11-22T08:07:00Z\"",
    );
    assert!(learned(&with_signed_assertion(&begins)).is_ok());
}

#[test]
fn the_response_round_it_is_checked_as_well() {
    let own = signed(&assertion(), "_a1", &RELAY_PARTY.key);
    let whole = response(&own);
    let destination = format!("Destination=\"{CONSUMER}\"");
    for (from, to, refusal) in [
        (
            destination.as_str(),
            "Destination=\"https://school.example/acs\"",
            Refusal::Destination,
        ),
        (&format!(" {destination}"), "", Refusal::Destination),
        (
            "ID=\"_r1\" InResponseTo=\"_r0\"",
            "ID=\"_r1\" InResponseTo=\"_r9\"",
            Refusal::InResponseTo("Response"),
        ),
        (
            "ID=\"_r1\" InResponseTo=\"_r0\"",
            "ID=\"_r1\"",
            Refusal::InResponseTo("Response"),
        ),
        ("ID=\"_r1\"", "ID=\"1\"", Refusal::Malformed("ID")),
        ("status:Success", "status:Requester", Refusal::AssertionCount),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        assert_eq!(refused(&changed), refusal, "{to}");
    }
    let nobody = response("");
    assert_eq!(refused(&nobody), Refusal::AssertionCount);
}

#[test]
fn an_assertion_is_taken_once() {
    let xml = with_signed_assertion(&assertion());
    let first = taken(&xml).unwrap();
    assert_eq!(first.sender().as_str(), RELAY);
    let once = first.once().clone();
    assert_eq!(once.sender, EntityId::parse(RELAY).unwrap());
    assert_eq!(once.id.as_str(), "_a1");
    // Remembered at least until it would be refused as expired.
    assert_eq!(once.until, NOW + Duration::minutes(6));
    assert!(first.first_time(true).is_ok());
    let again = taken(&xml).unwrap();
    assert_eq!(*again.once(), once);
    assert_eq!(again.first_time(false).map(drop), Err(Refusal::Replayed));
}

#[test]
fn word_that_nobody_signed_in_is_taken_when_it_is_signed() {
    let failed = response("").replace(
        "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">",
        "Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:NoPassive\"></samlp:StatusCode>",
    );
    assert_eq!(refused(&failed), Refusal::Unsigned("Response"));
    let whole = signed(&failed, "_r1", &RELAY_PARTY.key);
    let Ok(SignIn::Failed(status)) = taken(&whole).unwrap().first_time(true) else {
        panic!("somebody signed in");
    };
    assert_eq!(status.code, StatusCode::Responder);
    assert_eq!(status.detail, Some(StatusCode::NoPassive));
}

#[test]
fn attributes_are_read_and_a_doubled_name_is_refused() {
    let with = |statement: &str| {
        let end = "</saml:Assertion>";
        let statement = format!("<saml:AttributeStatement>{statement}</saml:AttributeStatement>{end}");
        with_signed_assertion(&assertion().replace(end, &statement))
    };
    let role = |value: &str| {
        format!("<saml:Attribute Name=\"urn:role\"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>")
    };
    let said = learned(&with(&role("nurse"))).unwrap();
    assert_eq!(said.attributes[0].values, ["nurse"]);
    let doubled = with(&format!("{}{}", role("nurse"), role("doctor")));
    assert_eq!(refused(&doubled), Refusal::Repeated("Attribute"));
}
