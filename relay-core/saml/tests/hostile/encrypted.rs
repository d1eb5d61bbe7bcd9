//! What is encrypted to the service: opened in its own place, and a closed book to whoever tries to pry.

use relay_core::chance::SeededChance;
use relay_saml::{
    Exception, Refusal, SignIn,
    message::Identified,
    open_name,
    sealing::{ContentCipher, KeyTransport, SealingKey},
};

use crate::{
    parties::{CANARY, Party, SERVICE, name},
    scene::{
        RELAY_PARTY, SERVICE_PARTY, assertion, keys_of, learned, peer, refused, response, signed, taken_from,
        with_signed_assertion,
    },
};

fn sealed_by(key: &SealingKey) -> String {
    key.seal_name(&name(), &mut SeededChance::new(7))
}

/// The assertion with its name sealed as `sealed` has it.
fn about(sealed: &str) -> String {
    let plain = assertion();
    let at = plain.find("<saml:NameID").unwrap();
    let end = plain.find("</saml:NameID>").unwrap() + "</saml:NameID>".len();
    // Canonical where it stands: its namespace is declared above already.
    let inside = sealed.replacen(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "", 1);
    format!("{}{inside}{}", &plain[..at], &plain[end..])
}

#[test]
fn a_sealed_name_is_opened_in_every_form_that_is_sent() {
    for transport in [KeyTransport::OaepSha1, KeyTransport::OaepSha256] {
        for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Gcm] {
            let sealed = sealed_by(&SERVICE_PARTY.seal_with(cipher, transport));
            let said = learned(&with_signed_assertion(&about(&sealed))).unwrap();
            let Identified::Clear(opened) = &said.subject.name else {
                panic!("sealed")
            };
            assert_eq!(*opened, name());
            assert_eq!(
                open_name(&sealed, &keys_of(&SERVICE_PARTY), false).unwrap().value,
                CANARY
            );
        }
    }
}

#[test]
fn a_cipher_without_a_tag_is_taken_by_its_exception_only() {
    let sealed = sealed_by(&SERVICE_PARTY.seal_with(ContentCipher::Aes128Cbc, KeyTransport::OaepSha1));
    let xml = with_signed_assertion(&about(&sealed));
    assert_eq!(refused(&xml), Refusal::NotDecrypted);
    let lenient = peer(&RELAY_PARTY, &[Exception::CipherBlockChaining]);
    assert!(taken_from(&lenient, &xml).is_ok());
}

/// Whatever is wrong with it, inside or out, the refusal is the same; and all of this stands in an assertion the
/// relay signed. Somebody else's is refused by its signature before anything is decrypted.
#[test]
fn the_encryption_is_no_oracle() {
    let sealed = sealed_by(&SERVICE_PARTY.seal());
    let value = |nth: usize| {
        let mut parts = sealed
            .match_indices("<xenc:CipherValue>")
            .map(|(at, found)| at + found.len());
        parts.nth(nth).expect("two values: the key and the content")
    };
    let flipped = |at: usize| {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at + 20] = if bytes[at + 20] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let stranger = Party::new(SERVICE);
    let cases = [
        flipped(value(0)),
        flipped(value(1)),
        sealed_by(&stranger.seal()),
        sealed.replace("rsa-oaep-mgf1p", "rsa-1_5"),
        sealed.replace("aes128-gcm", "aes256-gcm"),
        sealed.replace("aes128-gcm", "tripledes-cbc"),
        sealed.replace("xmlenc#Element", "xmlenc#Content"),
        sealed.replace("<xenc:CipherValue>", "<xenc:CipherValue>!"),
        sealed.replace("xenc:CipherData", "xenc:CipherReference"),
        sealed.replace("EncryptedKey", "EncryptedKeys"),
    ];
    for changed in cases {
        assert_ne!(changed, sealed);
        let xml = with_signed_assertion(&about(&changed));
        assert_eq!(refused(&xml), Refusal::NotDecrypted, "{changed}");
        assert_eq!(
            open_name(&changed, &keys_of(&SERVICE_PARTY), false),
            Err(Refusal::NotDecrypted)
        );
    }
    let unsigned = response(&about(&flipped(value(1))));
    assert_eq!(refused(&unsigned), Refusal::Unsigned("Assertion"));
}

#[test]
fn a_sealed_assertion_is_opened_in_a_signed_response_only() {
    use relay_saml::message::MessageId;
    let request = MessageId::parse("_r0").unwrap();
    let answer = || {
        crate::parties::answer(
            &RELAY_PARTY,
            &request,
            Identified::Clear(name()),
            crate::parties::CONSUMER,
        )
    };
    let mut chance = SeededChance::new(7);
    let whole = answer()
        .sign_sealed(&RELAY_PARTY.key, &SERVICE_PARTY.seal(), &mut chance)
        .unwrap()
        .xml();
    // This one was made now, by the machine's clock.
    let take = |xml: &str| {
        use relay_saml::Received;
        let service = crate::scene::entity(SERVICE);
        let delivery = crate::scene::posted("SAMLResponse", xml);
        let mut here = crate::scene::here(&service, crate::parties::CONSUMER);
        here.now = crate::parties::now();
        Received::open(&delivery)?.response(
            &peer(&RELAY_PARTY, &[]),
            &here,
            Some(&request),
            &keys_of(&SERVICE_PARTY),
        )
    };
    let Ok(SignIn::Done(said)) = take(&whole).unwrap().first_time(true) else {
        panic!("nobody signed in");
    };
    assert_eq!(said.subject.name, Identified::Clear(name()));
    let at = whole.find("<ds:Signature").unwrap();
    let end = whole.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let bare = format!("{}{}", &whole[..at], &whole[end..]);
    assert_eq!(take(&bare).map(drop), Err(Refusal::Unsigned("Response")));
}

#[test]
fn a_plaintext_cannot_leave_its_frame() {
    // The service's public key is public: anybody can seal anything, and the relay could be made to sign round it.
    let mut escaping = name();
    escaping.value = "x</saml:NameID></opened><opened><saml:NameID>y".into();
    let sealed = SERVICE_PARTY.seal().seal_name(&escaping, &mut SeededChance::new(7));
    let opened = open_name(&sealed, &keys_of(&SERVICE_PARTY), false).unwrap();
    assert_eq!(opened.value, escaping.value);
    let signed_round = signed(&about(&sealed), "_a1", &RELAY_PARTY.key);
    assert!(learned(&response(&signed_round)).is_ok());
}
