//! Signatures that prove nothing, and messages that could be read in two ways.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use relay_saml::{Delivery, Peer, Refusal, TrustedKeys, message::Identified};

use crate::{
    parties::{Party, RELAY},
    scene::{
        RELAY_PARTY, STRANGER, after_issuer, assertion, entity, learned, refused, response, signature, signature_of,
        signed, signed_info, taken_from, with_signed_assertion,
    },
};

fn with_signature(signature: &str) -> String {
    response(&after_issuer(&assertion(), signature))
}

#[test]
fn an_unsigned_assertion_is_refused_whoever_signed_what_else() {
    assert_eq!(refused(&response(&assertion())), Refusal::Unsigned("Assertion"));
}

#[test]
fn a_strangers_key_is_no_key_even_when_the_message_brings_its_certificate() {
    let certificate = STANDARD.encode(STRANGER.key.certificate());
    let info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
    );
    let plain = signature(&assertion(), "_a1", &STRANGER.key);
    assert_eq!(refused(&with_signature(&plain)), Refusal::SignatureInvalid);
    let with_info = plain.replace("</ds:Signature>", &info);
    assert_eq!(refused(&with_signature(&with_info)), Refusal::SignatureInvalid);
}

#[test]
fn a_changed_letter_anywhere_breaks_the_signature() {
    let whole = with_signed_assertion(&assertion());
    for (from, to) in [
        ("name-1", "name-2"),
        ("SmartcardPKI", "Smartcard"),
        ("_s1", "_s2"),
        ("08:11", "09:11"),
    ] {
        assert_eq!(refused(&whole.replace(from, to)), Refusal::SignatureInvalid, "{to}");
    }
}

#[test]
fn sha1_hmac_and_other_transforms_are_refused_before_anything_is_computed() {
    let value = || {
        STANDARD.encode(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            assertion().as_bytes(),
        ))
    };
    let info = || signed_info("_a1", &value());
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    for (from, to, refusal) in [
        (
            rsa,
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Refusal::Algorithm("signature"),
        ),
        (
            rsa,
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            Refusal::Algorithm("signature"),
        ),
        (
            rsa,
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            Refusal::Algorithm("signature"),
        ),
        (
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2000/09/xmldsig#sha1",
            Refusal::Algorithm("digest"),
        ),
        (
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            Refusal::Algorithm("transform"),
        ),
        (
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            Refusal::Algorithm("transform"),
        ),
        (
            exclusive,
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            Refusal::Algorithm("canonicalization"),
        ),
        (
            "URI=\"#_a1\"",
            "URI=\"\"",
            Refusal::NotCovered("the element it stands in"),
        ),
        (
            "URI=\"#_a1\"",
            "URI=\"#xpointer(id('_a1'))\"",
            Refusal::NotCovered("the element it stands in"),
        ),
        (
            "URI=\"#_a1\"",
            "URI=\"file:///etc/hostname\"",
            Refusal::NotCovered("the element it stands in"),
        ),
        (
            "URI=\"#_a1\"",
            "URI=\"cid:attachment\"",
            Refusal::NotCovered("the element it stands in"),
        ),
    ] {
        let forged = signature_of(&info().replace(from, to), &RELAY_PARTY.key);
        assert_eq!(refused(&with_signature(&forged)), refusal, "{to}");
    }
    // HMAC with the public key's bytes as the secret: everybody knows those.
    let info = info().replace(rsa, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, RELAY_PARTY.key.certificate());
    let tag = STANDARD.encode(hmac::sign(&secret, info.as_bytes()));
    let forged = format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>{tag}</ds:SignatureValue></ds:Signature>"
    );
    assert_eq!(refused(&with_signature(&forged)), Refusal::Algorithm("signature"));
}

/// A transform behind the back of the check: what looks an attribute up by its local name finds the attacker's first.
#[test]
fn a_second_algorithm_in_a_namespace_of_its_own_is_refused() {
    let plain = signature(&assertion(), "_a1", &RELAY_PARTY.key);
    for (element, hidden) in [
        ("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        ("SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        ("DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1"),
        (
            "CanonicalizationMethod",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        ),
    ] {
        let polluted = plain.replacen(
            &format!("<ds:{element} "),
            &format!("<ds:{element} xmlns:e=\"urn:e\" e:Algorithm=\"{hidden}\" "),
            1,
        );
        assert_ne!(polluted, plain);
        assert_eq!(
            refused(&with_signature(&polluted)),
            Refusal::SignatureShape("attributes"),
            "{element}"
        );
    }
    let elsewhere = plain.replace(
        "URI=\"#_a1\"",
        "xmlns:e=\"urn:e\" e:URI=\"file:///etc/hostname\" URI=\"#_a1\"",
    );
    assert_eq!(
        refused(&with_signature(&elsewhere)),
        Refusal::SignatureShape("attributes")
    );
}

#[test]
fn a_second_reference_or_none_is_refused() {
    let value = STANDARD.encode([1; 32]);
    let info = signed_info("_a1", &value);
    let at = info.find("<ds:Reference").unwrap();
    let end = info.find("</ds:SignedInfo>").unwrap();
    let reference = info[at..end].to_owned();
    let none = info.replace(&reference, "");
    let two = info.replace("</ds:SignedInfo>", &format!("{reference}</ds:SignedInfo>"));
    for info in [none, two] {
        let forged = signature_of(&info, &RELAY_PARTY.key);
        assert_eq!(refused(&with_signature(&forged)), Refusal::SignatureShape("content"));
    }
}

/// A canonicalizer that gives nothing on an error makes the digest of nothing match any content; what makes it err
/// is a relative namespace. (CVE-2025-66567 and its kin)
#[test]
fn void_canonicalization_proves_nothing() {
    let nothing = STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b""));
    let void = signature_of(&signed_info("_a1", &nothing), &RELAY_PARTY.key);
    assert_eq!(refused(&with_signature(&void)), Refusal::NotCovered("anything"));
    let relative = with_signature(&void).replace("<saml:Subject>", "<saml:Subject xmlns:n=\"1\">");
    assert_eq!(refused(&relative), Refusal::RelativeNamespace);
}

#[test]
fn a_name_split_by_a_comment_or_anything_else_is_refused() {
    let whole = with_signed_assertion(&assertion());
    assert_eq!(refused(&whole.replace("name-1", "name<!-- -->-1")), Refusal::Comment);
    assert_eq!(
        refused(&whole.replace("name-1", "name<![CDATA[-1]]>")),
        Refusal::CharacterData
    );
    assert_eq!(
        refused(&whole.replace("name-1", "name<?x?>-1")),
        Refusal::ProcessingInstruction
    );
    let element = assertion().replace("name-1", "name<b xmlns=\"urn:b\"></b>-1");
    assert_eq!(refused(&with_signed_assertion(&element)), Refusal::Malformed("NameID"));
}

/// The right local names in a namespace of the attacker's, or bound to another prefix.
#[test]
fn namespace_confusion_confuses_nobody() {
    let other = "urn:oasis:names:tc:SAML:1.0:assertion";
    let foreign = assertion().replace("urn:oasis:names:tc:SAML:2.0:assertion", other);
    assert_eq!(refused(&with_signed_assertion(&foreign)), Refusal::SignatureMisplaced);
    // A foreign Subject beside SAML's own counts for nothing.
    let beside = assertion().replace(
        "<saml:Subject>",
        "<evil:Subject xmlns:evil=\"urn:evil\"><evil:NameID>evil</evil:NameID></evil:Subject><saml:Subject>",
    );
    let said = learned(&with_signed_assertion(&beside)).unwrap();
    let Identified::Clear(name) = &said.subject.name else {
        panic!("sealed")
    };
    assert_eq!(name.value, "name-1");
    let root = response("").replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:evil");
    assert_eq!(refused(&root), Refusal::WrongMessage("message"));
}

/// The same attribute in another namespace, the same element twice: the first one found is never taken for it.
#[test]
fn attribute_pollution_is_refused_or_ignored() {
    let polluted = assertion()
        .replace(
            "<saml:SubjectConfirmationData InResponseTo=\"_r0\"",
            "<saml:SubjectConfirmationData xmlns:e=\"urn:e\" InResponseTo=\"_evil\"",
        )
        .replace(
            "></saml:SubjectConfirmationData>",
            " e:InResponseTo=\"_r0\"></saml:SubjectConfirmationData>",
        );
    assert_eq!(
        refused(&with_signed_assertion(&polluted)),
        Refusal::InResponseTo("SubjectConfirmationData")
    );
    let ids = assertion().replace(" ID=\"_a1\"", " xmlns:e=\"urn:e\" e:ID=\"_a2\" ID=\"_a1\"");
    assert_eq!(refused(&with_signed_assertion(&ids)), Refusal::AmbiguousId);
    for (element, name) in [
        ("<saml:Issuer>", "Issuer"),
        ("<saml:Subject>", "Subject"),
        ("<saml:Conditions ", "Conditions"),
        ("<saml:AuthnStatement ", "AuthnStatement"),
    ] {
        let plain = assertion();
        let at = plain.find(element).unwrap();
        let end = format!("</saml:{name}>");
        let to = plain[at..].find(&end).unwrap() + at + end.len();
        let doubled = format!("{}{}{}", &plain[..to], &plain[at..to], &plain[to..]);
        assert_eq!(
            refused(&with_signed_assertion(&doubled)),
            Refusal::Repeated(name),
            "{name}"
        );
    }
}

#[test]
fn a_new_key_is_brought_in_beside_the_old_one() {
    let new = Party::new(RELAY);
    let certificates = [RELAY_PARTY.key.certificate(), new.key.certificate()];
    let both = Peer::new(
        entity(RELAY),
        TrustedKeys::from_certificates(certificates).unwrap(),
        Vec::new(),
    );
    for key in [&RELAY_PARTY.key, &new.key] {
        let xml = response(&signed(&assertion(), "_a1", key));
        assert!(taken_from(&both, &xml).is_ok());
    }
    let xml = response(&signed(&assertion(), "_a1", &STRANGER.key));
    assert_eq!(taken_from(&both, &xml).map(drop), Err(Refusal::SignatureInvalid));
}

#[test]
fn p256_signs_and_keys_of_other_kinds_are_none() {
    let small = Party::with(RELAY, &rcgen::PKCS_ECDSA_P256_SHA256);
    let keys = TrustedKeys::from_certificates([small.key.certificate()]).unwrap();
    let peer = Peer::new(entity(RELAY), keys, Vec::new());
    let signed = |algorithm: &str| {
        let value = STANDARD.encode(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            assertion().as_bytes(),
        ));
        let info = signed_info("_a1", &value).replace("rsa-sha256", algorithm);
        with_signature(&signature_of(&info, &small.key))
    };
    assert!(taken_from(&peer, &signed("ecdsa-sha256")).is_ok());
    // An RSA signature can't be checked with this key, nor the other way round.
    assert_eq!(
        taken_from(&peer, &signed("rsa-sha256")).map(drop),
        Err(Refusal::SignatureInvalid)
    );
    assert_eq!(refused(&signed("ecdsa-sha256")), Refusal::SignatureInvalid);

    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let params = rcgen::CertificateParams::new(vec!["party.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&other).unwrap();
    assert_eq!(
        TrustedKeys::from_certificates([certificate.der().as_ref()]).map(drop),
        Err(Refusal::NoKey)
    );
    assert_eq!(
        TrustedKeys::from_certificates([b"no certificate".as_slice()]).map(drop),
        Err(Refusal::NoKey)
    );
}

#[test]
fn a_response_does_not_come_by_redirect() {
    use relay_saml::Received;
    use std::io::Write;
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    deflated.write_all(response(&assertion()).as_bytes()).unwrap();
    let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let message = escaped(&STANDARD.encode(deflated.finish().unwrap()));
    let signed = format!("SAMLResponse={message}&SigAlg={}", escaped(RELAY_PARTY.key.algorithm()));
    let signature = escaped(&STANDARD.encode(RELAY_PARTY.key.sign(signed.as_bytes())));
    let query = format!("{signed}&Signature={signature}");
    let delivery = Delivery::redirect(&query).unwrap().message().unwrap();
    let service = entity(crate::parties::SERVICE);
    let here = crate::scene::here(&service, crate::parties::CONSUMER);
    let keys = crate::scene::keys_of(&crate::scene::SERVICE_PARTY);
    let request = crate::scene::request_id();
    let received = Received::open(&delivery).unwrap();
    let taken = received.response(&crate::scene::peer(&RELAY_PARTY, &[]), &here, Some(&request), &keys);
    assert_eq!(taken.map(drop), Err(Refusal::Binding("a Response")));
}

#[test]
fn a_response_may_not_come_where_a_request_is_announced() {
    use relay_saml::Received;
    let delivery = crate::scene::posted("SAMLRequest", &with_signed_assertion(&assertion()));
    assert_eq!(
        Received::open(&delivery).map(drop),
        Err(Refusal::Parameter("SAMLRequest or SAMLResponse"))
    );
    let envelope =
        |body: &str| format!("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">{body}</s:Envelope>");
    for body in [
        "",
        "<s:Body></s:Body>",
        "<s:Body><a xmlns=\"urn:a\"/><a xmlns=\"urn:a\"/></s:Body>",
    ] {
        let delivery = Delivery::soap(envelope(body).into());
        assert_eq!(Received::open(&delivery).map(drop), Err(Refusal::Soap), "{body}");
    }
}
