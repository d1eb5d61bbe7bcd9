//! Recorded messages of Lasso and pysaml2, and recorded attacks on them.

use relay_saml::{
    DecryptionKeys, Delivery, Exception, Here, Kind, Peer, Received, Refusal, SignIn, TrustedKeys, Verified,
    message::{AnswerTo, Identified, MessageId},
    names::{AuthnContext, Binding, NameIdFormat},
    paos_request,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::scene::{SERVICE_PARTY, entity, keys_of, posted};

const IDP: &str = "https://idp.example/metadata";
const SP: &str = "https://sp.example/metadata";

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/saml/", $name))
    };
}

fn peer(who: &str, exceptions: &[Exception]) -> Peer {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = if who == SP {
        fixture!("sp.cert.b64")
    } else {
        fixture!("idp.cert.b64")
    };
    let dense: String = text.split_whitespace().collect();
    let keys = TrustedKeys::from_certificates([STANDARD.decode(dense).unwrap().as_slice()]).unwrap();
    Peer::new(entity(who), keys, exceptions.to_vec())
}

/// Takes `xml` at `address` at `now` by `take`.
fn at<T>(
    delivery: &Delivery,
    who: &str,
    address: &str,
    now: OffsetDateTime,
    take: impl FnOnce(&Received<'_>, &Here<'_>) -> T,
) -> T {
    let entity = entity(who);
    let here = Here {
        entity: &entity,
        address,
        now,
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    };
    take(&Received::open(delivery).unwrap(), &here)
}

fn response(
    xml: &str,
    (from, to, address): (&str, &str, &str),
    request: &str,
    now: OffsetDateTime,
) -> Result<Verified<SignIn>, Refusal> {
    let delivery = posted("SAMLResponse", xml);
    let received = Received::open(&delivery)?;
    let entity = entity(to);
    let here = Here {
        entity: &entity,
        address,
        now,
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    };
    let keys: DecryptionKeys = keys_of(&SERVICE_PARTY);
    let keys_of_idp = match peer(IDP, &[]) {
        idp if from == IDP => idp,
        _ => renamed(from),
    };
    received.response(&keys_of_idp, &here, MessageId::parse(request).as_ref(), &keys)
}

/// pysaml2's identity provider signed with the same key under another name.
fn renamed(name: &str) -> Peer {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let dense: String = fixture!("idp.cert.b64").split_whitespace().collect();
    let keys = TrustedKeys::from_certificates([STANDARD.decode(dense).unwrap().as_slice()]).unwrap();
    Peer::new(entity(name), keys, Vec::new())
}

fn name_in(verified: Verified<SignIn>) -> String {
    let SignIn::Done(assertion) = verified.first_time(true).unwrap() else {
        panic!("nobody signed in");
    };
    let Identified::Clear(name) = &assertion.subject.name else {
        panic!("sealed");
    };
    name.value.clone()
}

#[test]
fn what_lasso_and_pysaml2_answered_is_taken() {
    let lasso = response(
        fixture!("saml_response_lasso.xml"),
        (IDP, SP, "https://sp.example/acs"),
        "_5A81DED0336551D76BD41C6EA5B14F7C",
        datetime!(2026-11-22 8:06:30 UTC),
    );
    assert_eq!(name_in(lasso.unwrap()), "_6C0CD3BC514FBCC8DA0DC22CD0DEB3B6");
    let pysaml2 = response(
        fixture!("saml_response_pysaml2.xml"),
        (
            "https://pyidp.example/md",
            "https://pysp.example/md",
            "https://pysp.example/acs",
        ),
        "id-1",
        datetime!(2026-11-22 8:26 UTC),
    );
    assert_eq!(name_in(pysaml2.unwrap()), "abc123");
}

#[test]
fn lassos_authn_request_by_redirect_is_taken() {
    let url = fixture!("saml_authnrequest_redirect_url.txt").trim();
    let query = url.split_once('?').unwrap().1;
    let delivery = Delivery::redirect(query).unwrap().message().unwrap();
    let request = at(
        &delivery,
        IDP,
        "https://idp.example/sso",
        datetime!(2026-11-22 8:06 UTC),
        |received, here| {
            assert_eq!(received.kind(), Kind::AuthnRequest);
            assert_eq!(received.claimed_issuer().unwrap(), entity(SP));
            received.authn_request(&peer(SP, &[]), here).unwrap()
        },
    );
    let request = request.first_time(true).unwrap();
    assert_eq!(request.head.id.as_str(), "_5A81DED0336551D76BD41C6EA5B14F7C");
    assert_eq!(request.name_id_policy.unwrap().format, Some(NameIdFormat::Persistent));
    assert_eq!(
        request.answer_to,
        AnswerTo::Address {
            location: None,
            binding: Some(Binding::Post)
        }
    );

    // One escape more or less, or RelayState put in, and it is no longer what was signed.
    for changed in [
        query.replace("%2F", "%2f"),
        query.replace("&SigAlg", "&RelayState=x&SigAlg"),
    ] {
        let delivery = Delivery::redirect(&changed).unwrap().message().unwrap();
        at(
            &delivery,
            IDP,
            "https://idp.example/sso",
            datetime!(2026-11-22 8:06 UTC),
            |received, here| {
                let refusal = received.authn_request(&peer(SP, &[]), here).unwrap_err();
                assert_eq!(refusal, Refusal::SignatureInvalid);
            },
        );
    }
}

#[test]
fn lassos_enhanced_client_is_taken_by_its_exception() {
    let asked = paos_request(fixture!("ecp_1_paos_request.xml").as_bytes()).unwrap();
    assert_eq!(asked.consumer, "https://sp.example/paos");
    assert_eq!(asked.issuer, entity(SP));
    assert!(!asked.passive);
    assert_eq!(asked.relay_state.unwrap().as_str(), "rs1");

    let now = datetime!(2026-11-22 8:06 UTC);
    let delivery = Delivery::soap(fixture!("ecp_2_to_idp.xml").into());
    at(&delivery, IDP, "https://idp.example/ecp", now, |received, here| {
        let request = received.authn_request(&peer(SP, &[]), here).unwrap();
        let location = Some("https://sp.example/paos".to_owned());
        let wanted = AnswerTo::Address {
            location,
            binding: None,
        };
        assert_eq!(request.first_time(true).unwrap().answer_to, wanted);
    });

    let delivery = Delivery::paos(fixture!("ecp_4_to_sp.xml").into());
    let request = MessageId::parse("_767ADB50DA2F5C15BE5ECAC2A5A1A876");
    at(&delivery, SP, "https://sp.example/paos", now, |received, here| {
        assert_eq!(received.paos_answer(&peer(IDP, &[])), Err(Refusal::SoapHeader));
        let headers = received.paos_answer(&peer(IDP, &[Exception::EcpHeaders])).unwrap();
        assert_eq!(headers.answers.as_deref(), Some("_0EC1C95A9B18EA62C3093B26A8C96E89"));
        let taken = received.response(&peer(IDP, &[]), here, request.as_ref(), &keys_of(&SERVICE_PARTY));
        assert_eq!(name_in(taken.unwrap()), "_E38958DBDA852CE17647C10B28CF9CD5");
    });
}

#[test]
fn lassos_logout_names_people_in_clear_and_is_taken_by_its_exception() {
    let now = datetime!(2026-11-22 8:06 UTC);
    let delivery = Delivery::soap(fixture!("saml_logoutrequest_soap.xml").into());
    at(&delivery, IDP, "https://idp.example/slo-soap", now, |received, here| {
        let strict = received.logout_request(&peer(SP, &[]), here, None);
        assert_eq!(strict.map(drop), Err(Refusal::NameInClear));
        let by_name = received
            .logout_request(&peer(SP, &[Exception::NameInClear]), here, None)
            .unwrap();
        let request = by_name.first_time(true).unwrap();
        assert_eq!(request.session_indexes, ["_44DF993CCB93EEFC6584DD2CE37AD3CF"]);
        let another = received.logout_request(&peer(IDP, &[]), here, None);
        assert_eq!(another.map(drop), Err(Refusal::SignatureInvalid));
    });
    let delivery = Delivery::soap(fixture!("saml_logoutresponse_soap.xml").into());
    let request = MessageId::parse("_FA768CB71B6B7752250B5A3912B5FC7E").unwrap();
    at(&delivery, SP, "https://sp.example/slo-soap", now, |received, here| {
        let response = received.logout_response(&peer(IDP, &[]), here, &request).unwrap();
        assert!(response.first_time(true).unwrap().status.is_success());
        let other = MessageId::parse("_another").unwrap();
        let refusal = received.logout_response(&peer(IDP, &[]), here, &other).map(drop);
        assert_eq!(refusal, Err(Refusal::InResponseTo("LogoutResponse")));
    });
    // In a form the same messages would have to be signed inside.
    let delivery = posted("SAMLRequest", fixture!("saml_logoutrequest.xml"));
    at(&delivery, IDP, "https://idp.example/slo", now, |received, here| {
        let refusal = received.logout_request(&peer(SP, &[]), here, None).map(drop);
        assert_eq!(refusal, Err(Refusal::Unsigned("LogoutRequest")));
    });
}

/// Each recorded attack and the refusal it meets.
#[test]
fn every_recorded_attack_meets_its_refusal() {
    let attacks = [
        ("xsw1", fixture!("attacks/xsw1.xml"), Refusal::DuplicateId),
        ("xsw2", fixture!("attacks/xsw2.xml"), Refusal::DuplicateId),
        ("xsw3", fixture!("attacks/xsw3.xml"), Refusal::AssertionCount),
        ("xsw4", fixture!("attacks/xsw4.xml"), Refusal::AssertionCount),
        ("xsw5", fixture!("attacks/xsw5.xml"), Refusal::AssertionCount),
        ("xsw6", fixture!("attacks/xsw6.xml"), Refusal::AssertionCount),
        ("xsw7", fixture!("attacks/xsw7.xml"), Refusal::AssertionCount),
        ("xsw8", fixture!("attacks/xsw8.xml"), Refusal::AssertionCount),
        ("dup_id", fixture!("attacks/dup_id.xml"), Refusal::DuplicateId),
        (
            "unsigned",
            fixture!("attacks/unsigned.xml"),
            Refusal::Unsigned("Assertion"),
        ),
        (
            "keyinfo_attacker",
            fixture!("attacks/keyinfo_attacker.xml"),
            Refusal::SignatureInvalid,
        ),
        ("sha1", fixture!("attacks/sha1.xml"), Refusal::Algorithm("signature")),
        (
            "comment_nameid",
            fixture!("attacks/comment_nameid.xml"),
            Refusal::Comment,
        ),
        ("dtd_internal", fixture!("attacks/dtd_internal.xml"), Refusal::Doctype),
        ("xxe", fixture!("attacks/xxe.xml"), Refusal::Doctype),
        ("billion", fixture!("attacks/billion.xml"), Refusal::Doctype),
    ];
    let parties = (IDP, SP, "https://sp.example/acs");
    for (name, xml, refusal) in attacks {
        let taken = response(xml, parties, "_r0", datetime!(2026-11-22 0:00:30 UTC));
        assert_eq!(taken.map(drop), Err(refusal), "{name}");
    }
}

#[test]
fn the_context_of_a_recorded_sign_in_is_read() {
    let lasso = response(
        fixture!("saml_response_lasso.xml"),
        (IDP, SP, "https://sp.example/acs"),
        "_5A81DED0336551D76BD41C6EA5B14F7C",
        datetime!(2026-11-22 8:06:30 UTC),
    );
    let SignIn::Done(said) = lasso.unwrap().first_time(true).unwrap() else {
        panic!("nobody signed in");
    };
    assert_eq!(said.authentication.unwrap().context, AuthnContext::CardPin);
}
