//! xmlsec1 signs and encrypts, we verify and open: neither has seen the other's writing.

use std::{fs, path::Path, process::Command};

use relay_saml::{
    SignIn,
    message::{Identified, MessageId},
};

use crate::{
    parties::{CONSUMER, Party, RELAY, SERVICE, answer, fresh_id, name},
    receiver::{at, decryption, from_form, sender},
};

fn xmlsec1(folder: &Path, arguments: &[&str]) {
    let run = Command::new("xmlsec1").current_dir(folder).args(arguments).output();
    let run = run.expect("xmlsec1 runs (scripts/packages test)");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

/// The relay's answer as it is written, its signatures taken out and a template in the assertion's place of one.
fn template(relay: &Party, request: &MessageId, digest: &str, signature: &str, prefixes: &str) -> String {
    let written = answer(relay, request, Identified::Clear(name()), CONSUMER)
        .sign(&relay.key)
        .unwrap()
        .xml();
    let mut plain = written;
    while let Some(at) = plain.find("<ds:Signature") {
        let end = plain.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        plain.replace_range(at..end, "");
    }
    let assertion = plain.find("<saml:Assertion").unwrap();
    let id = plain[assertion..]
        .split(" ID=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let template = format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">
  <SignedInfo>
    <CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>
    <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#{signature}\"/>
    <Reference URI=\"#{id}\"><Transforms>
      <Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>
      <Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">{prefixes}</Transform></Transforms>
      <DigestMethod Algorithm=\"http://www.w3.org/2001/04/{digest}\"/><DigestValue/>
    </Reference>
  </SignedInfo><SignatureValue/>
</Signature>"
    );
    let place = assertion + plain[assertion..].find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    plain.insert_str(place, &template);
    plain
}

#[test]
fn what_it_signs_by_every_algorithm_of_the_list_is_taken() {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.pem"), &relay.private_pem).unwrap();
    let (from, keys) = (sender(&relay, &relay.as_relay(), &[]), decryption(&service));
    // OpenSAML names the prefixes of schema types, so that they are declared where they stand.
    let named = "<InclusiveNamespaces xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs samlp\"/>";
    for (digest, signature, prefixes) in [
        ("xmlenc#sha256", "rsa-sha256", ""),
        ("xmldsig-more#sha384", "rsa-sha384", ""),
        ("xmlenc#sha512", "rsa-sha512", ""),
        ("xmlenc#sha256", "rsa-sha256", named),
    ] {
        let request = fresh_id();
        fs::write(
            folder.path().join("in.xml"),
            template(&relay, &request, digest, signature, prefixes),
        )
        .unwrap();
        xmlsec1(
            folder.path(),
            &[
                "--sign",
                "--privkey-pem",
                "key.pem",
                "--id-attr:ID",
                "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
                "--output",
                "out.xml",
                "in.xml",
            ],
        );
        use base64::{Engine, engine::general_purpose::STANDARD};
        let xml = fs::read(folder.path().join("out.xml")).unwrap();
        at(
            &from_form("SAMLResponse", &STANDARD.encode(xml)),
            &service.id,
            CONSUMER,
            |received, here| {
                let taken = received.response(&from, here, Some(&request), &keys).unwrap();
                let Ok(SignIn::Done(said)) = taken.first_time(true) else {
                    panic!("nobody signed in")
                };
                assert_eq!(said.subject.name, Identified::Clear(name()), "{signature}");
            },
        );
    }
}

#[test]
fn what_it_signs_with_a_key_on_p384_is_taken_and_with_another_one_is_not() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use relay_saml::{Peer, Refusal, TrustedKeys};
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let keys = decryption(&service);
    let [own, other] = [(); 2].map(|()| rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.pem"), own.serialize_pem()).unwrap();
    let request = fresh_id();
    let unsigned = template(&relay, &request, "xmldsig-more#sha384", "ecdsa-sha384", "");
    fs::write(folder.path().join("in.xml"), unsigned).unwrap();
    let assertion = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
    let arguments = ["--sign", "--privkey-pem", "key.pem", "--id-attr:ID", assertion];
    xmlsec1(
        folder.path(),
        &[&arguments[..], &["--output", "out.xml", "in.xml"]].concat(),
    );
    let xml = fs::read(folder.path().join("out.xml")).unwrap();
    let form = from_form("SAMLResponse", &STANDARD.encode(xml));
    for (pair, taken) in [(&own, true), (&other, false)] {
        let certificate = rcgen::CertificateParams::default().self_signed(pair).unwrap();
        let known = TrustedKeys::from_certificates([&certificate.der()[..]]).unwrap();
        let from = Peer::new(relay.id.clone(), known, Vec::new());
        at(&form, &service.id, CONSUMER, |received, here| {
            let read = received.response(&from, here, Some(&request), &keys);
            match taken {
                true => assert!(matches!(read.unwrap().first_time(true), Ok(SignIn::Done(_)))),
                false => assert_eq!(read.map(|_| ()).unwrap_err(), Refusal::SignatureInvalid),
            }
        });
    }
}

#[test]
fn what_it_encrypts_is_opened() {
    use relay_saml::open_name;
    let service = Party::new(SERVICE);
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("certificate.pem", &service.certificate_pem);
    write(
        "name.xml",
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">from xmlsec1</saml:NameID>",
    );
    for (cipher, bytes, chaining) in [
        ("http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes-128", false),
        ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256", false),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "aes-128", true),
        ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "aes-256", true),
    ] {
        write(
            "template.xml",
            &format!(
                "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{cipher}\"/>\
             <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>\
             <xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
            ),
        );
        xmlsec1(
            folder.path(),
            &[
                "--encrypt",
                "--pubkey-cert-pem",
                "certificate.pem",
                "--session-key",
                bytes,
                "--xml-data",
                "name.xml",
                "--output",
                "out.xml",
                "template.xml",
            ],
        );
        let written = fs::read_to_string(folder.path().join("out.xml")).unwrap();
        let data = written.split_once("?>").map_or(written.as_str(), |(_, data)| data);
        let sealed =
            format!("<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{data}</saml:EncryptedID>");
        let keys = decryption(&service);
        assert_eq!(
            open_name(&sealed, &keys, true).unwrap().value,
            "from xmlsec1",
            "{cipher}"
        );
        assert_eq!(open_name(&sealed, &keys, false).is_err(), chaining, "{cipher}");
    }
}
