//! What services ask of the relay, and where they would like the answer to go.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay_saml::{
    Addresses, Delivery, Exception, Ground, Received, Refusal, Verified, answer_to, fingerprint,
    message::{AnswerTo, AuthnRequest, Entity, Identified, LogoutRequest},
    names::Binding,
    read_entity,
};
use time::Duration;

use crate::{
    parties::{CONSUMER, PAOS_CONSUMER, RELAY, SERVICE, now},
    scene::{NOW, SERVICE_PARTY, SLO, SSO, entity, here, logout_request, peer, posted, request_id, signed},
};

fn request() -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{SSO}\" ID=\"_r0\" IssueInstant=\"2026-11-22T08:05:59Z\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SERVICE}</saml:Issuer></samlp:AuthnRequest>"
    )
}

/// As a query carries it.
fn deflated(xml: &str) -> String {
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(xml.as_bytes()).unwrap();
    let text = STANDARD.encode(deflated.finish().unwrap());
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn take(xml: &str) -> Result<Verified<AuthnRequest>, Refusal> {
    let delivery = posted("SAMLRequest", xml);
    let relay = entity(RELAY);
    Received::open(&delivery)?.authn_request(&peer(&SERVICE_PARTY, &[]), &here(&relay, SSO))
}

fn asked(xml: &str) -> AuthnRequest {
    take(&signed(xml, "_r0", &SERVICE_PARTY.key))
        .unwrap()
        .first_time(true)
        .unwrap()
}

fn service() -> Entity {
    let metadata = SERVICE_PARTY.as_service();
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    read_entity(metadata.as_bytes(), &entity(SERVICE), ground, Addresses::Https, now()).unwrap()
}

#[test]
fn a_request_of_another_hour_address_version_or_sender_is_refused() {
    assert_eq!(take(&request()).map(drop), Err(Refusal::Unsigned("AuthnRequest")));
    for (from, to, refusal) in [
        ("08:05:59Z", "08:00:00Z", Refusal::Stale("AuthnRequest")),
        ("08:05:59Z", "08:07:01Z", Refusal::FromTheFuture("AuthnRequest")),
        (SSO, "https://other.example/sso", Refusal::Destination),
        (
            " Destination=\"https://relay.example/saml/sso\"",
            "",
            Refusal::Destination,
        ),
        ("Version=\"2.0\"", "Version=\"3.0\"", Refusal::Version),
        (
            SERVICE,
            "https://school.example/metadata",
            Refusal::Issuer("AuthnRequest"),
        ),
        (
            " Version=",
            " ForceAuthn=\"yes\" Version=",
            Refusal::Malformed("ForceAuthn"),
        ),
        (
            " Version=",
            " AssertionConsumerServiceIndex=\"1\" ProtocolBinding=\"urn:x\" Version=",
            Refusal::Malformed("AssertionConsumerServiceIndex"),
        ),
        (
            " Version=",
            " ProtocolBinding=\"urn:x\" Version=",
            Refusal::AnswerAddress,
        ),
    ] {
        let changed = request().replace(from, to);
        assert_ne!(changed, request(), "{from}");
        let whole = signed(&in_order(&changed), "_r0", &SERVICE_PARTY.key);
        assert_eq!(take(&whole).map(drop), Err(refusal), "{to}");
    }
}

/// Attributes of the outermost element in canonical order, after a test put one in.
fn in_order(xml: &str) -> String {
    let (start, rest) = xml.split_once('>').unwrap();
    let mut parts = start.split(' ');
    let mut out = vec![parts.next().unwrap(), parts.next().unwrap()];
    let mut attributes: Vec<_> = parts.collect();
    attributes.sort_by_key(|attribute| attribute.split('=').next().unwrap().to_owned());
    out.extend(attributes);
    format!("{}>{rest}", out.join(" "))
}

#[test]
fn a_request_is_taken_once() {
    let whole = signed(&request(), "_r0", &SERVICE_PARTY.key);
    let taken = take(&whole).unwrap();
    assert_eq!(taken.once().id, request_id());
    assert!(taken.once().until >= NOW + Duration::minutes(5));
    assert_eq!(
        take(&whole).unwrap().first_time(false).map(drop),
        Err(Refusal::Replayed)
    );
}

#[test]
fn an_answer_goes_to_an_address_of_the_metadata_or_nowhere() {
    let entity = service();
    let service = entity.sp.as_ref().unwrap();
    let browser = [Binding::Post, Binding::Artifact];
    let to = |wanted: &str, spoken: &[Binding]| {
        let xml = request().replace(" Destination=", &format!(" {wanted} Destination="));
        let request = asked(&in_order(&xml));
        answer_to(&request, service, spoken).map(|at| (at.location.clone(), at.binding.unwrap()))
    };
    let post = Ok((CONSUMER.to_owned(), Binding::Post));
    let artifact = Ok((CONSUMER.to_owned(), Binding::Artifact));
    assert_eq!(
        answer_to(&asked(&request()), service, &browser).map(|at| at.index),
        Ok(0)
    );
    assert_eq!(to("AssertionConsumerServiceIndex=\"1\"", &browser), artifact);
    assert_eq!(
        to("AssertionConsumerServiceIndex=\"7\"", &browser),
        Err(Refusal::AnswerAddress)
    );
    assert_eq!(
        to(&format!("AssertionConsumerServiceURL=\"{CONSUMER}\""), &browser),
        post
    );
    let by_binding = format!("ProtocolBinding=\"{}\"", Binding::Artifact.uri());
    assert_eq!(to(&by_binding, &browser), artifact);
    for open in [
        "https://evil.example/acs",
        "https://clinic.example/saml/acs/../../evil",
        "https://clinic.example/saml/acs?next=https://evil.example",
        "https://clinic.example/saml/acs/",
        "HTTPS://clinic.example/saml/acs",
    ] {
        let wanted = format!("AssertionConsumerServiceURL=\"{open}\"");
        assert_eq!(to(&wanted, &browser), Err(Refusal::AnswerAddress), "{open}");
    }
    // Not in a browser what belongs to a client without cookies, nor the other way round.
    let paos = format!("AssertionConsumerServiceURL=\"{PAOS_CONSUMER}\"");
    assert_eq!(to(&paos, &browser), Err(Refusal::AnswerAddress));
    assert_eq!(
        to(&paos, &[Binding::Paos]),
        Ok((PAOS_CONSUMER.to_owned(), Binding::Paos))
    );
}

#[test]
fn what_is_asked_is_read() {
    let inside = "<samlp:NameIDPolicy AllowCreate=\"true\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"></samlp:NameIDPolicy>\
        <samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>\
        <samlp:Scoping ProxyCount=\"1\"><samlp:IDPList><samlp:IDPEntry Name=\"next\" ProviderID=\"https://idp.example/\"></samlp:IDPEntry></samlp:IDPList><samlp:RequesterID>https://first.example/</samlp:RequesterID></samlp:Scoping>";
    let xml = request().replace("</samlp:AuthnRequest>", &format!("{inside}</samlp:AuthnRequest>"));
    let request = asked(
        &xml.replace(" ID=", " ForceAuthn=\"1\" ID=")
            .replace(" IssueInstant=", " IsPassive=\"false\" IssueInstant="),
    );
    assert!(request.force && !request.passive);
    assert_eq!(request.answer_to, AnswerTo::Default);
    assert!(request.name_id_policy.unwrap().allow_create);
    let context = request.context.unwrap();
    assert!(context.is_met_by(&relay_saml::names::AuthnContext::CardPin));
    let scoping = request.scoping.unwrap();
    assert_eq!(scoping.proxy_count, Some(1));
    assert_eq!(scoping.idps[0].entity, entity("https://idp.example/"));
    assert_eq!(scoping.requesters, [entity("https://first.example/")]);
}

#[test]
fn a_logout_in_clear_is_refused_unless_the_name_is_of_one_visit() {
    let take = |xml: &str, exceptions: &[Exception]| -> Result<LogoutRequest, Refusal> {
        let delivery = posted("SAMLRequest", &signed(xml, "_l1", &SERVICE_PARTY.key));
        let relay = entity(RELAY);
        let received = Received::open(&delivery)?;
        received
            .logout_request(&peer(&SERVICE_PARTY, exceptions), &here(&relay, SLO), None)?
            .first_time(true)
    };
    let transient = take(&logout_request(), &[]).unwrap();
    assert!(matches!(transient.name, Identified::Clear(_)));
    let lasting = logout_request().replace("transient", "persistent");
    assert_eq!(take(&lasting, &[]).map(drop), Err(Refusal::NameInClear));
    assert!(take(&lasting, &[Exception::NameInClear]).is_ok());
    let unspecified = logout_request().replace(" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\"", "");
    assert_eq!(take(&unspecified, &[]).map(drop), Err(Refusal::NameInClear));
    let old = logout_request().replace(" Version=", " NotOnOrAfter=\"2026-11-22T08:04:00Z\" Version=");
    assert_eq!(take(&old, &[]).map(drop), Err(Refusal::Expired("LogoutRequest")));
}

#[test]
fn a_redirects_relay_state_and_algorithm_are_part_of_what_is_signed() {
    use relay_saml::message::{Head, RelayState};
    let request = AuthnRequest {
        head: Head {
            id: request_id(),
            issued: NOW,
            issuer: entity(SERVICE),
            destination: Some(SSO.into()),
        },
        force: false,
        passive: false,
        answer_to: AnswerTo::Default,
        name_id_policy: None,
        context: None,
        scoping: None,
        subject: None,
        provider_name: None,
    };
    let state = RelayState::parse("a b/c&d=é").unwrap();
    let url = request
        .compose()
        .unwrap()
        .redirect(SSO, Some(&state), &SERVICE_PARTY.key);
    let query = url.split_once('?').unwrap().1.to_owned();
    let take = |query: &str| {
        let delivery = Delivery::redirect(query)?.message()?;
        let relay = entity(RELAY);
        let received = Received::open(&delivery)?;
        let taken = received.authn_request(&peer(&SERVICE_PARTY, &[]), &here(&relay, SSO))?;
        assert_eq!(delivery.relay_state(), Some(&state));
        taken.first_time(true)
    };
    assert_eq!(take(&query).unwrap(), request);
    let unsigned = query.split_once("&SigAlg").unwrap().0;
    assert_eq!(take(unsigned).map(drop), Err(Refusal::Unsigned("AuthnRequest")));
    // Signed inside, RelayState would be anybody's: refused, with a signature over the query beside it or without.
    let inside = deflated(&signed(&self::request(), "_r0", &SERVICE_PARTY.key));
    let inside = format!("SAMLRequest={inside}&RelayState={}", state.as_str());
    let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = format!("{inside}&SigAlg={}", escaped(SERVICE_PARTY.key.algorithm()));
    let signature = escaped(&STANDARD.encode(SERVICE_PARTY.key.sign(both.as_bytes())));
    for query in [inside, format!("{both}&Signature={signature}")] {
        assert_eq!(take(&query).map(drop), Err(Refusal::SignatureMisplaced));
    }
    for (from, to) in [("RelayState=", "RelayState=x"), ("rsa-sha256", "rsa-sha512")] {
        let changed = query.replace(from, to);
        assert_ne!(changed, query);
        assert_eq!(take(&changed).map(drop), Err(Refusal::SignatureInvalid), "{to}");
    }
}
