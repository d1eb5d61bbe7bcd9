//! A relay, a service and somebody with a key of their own; messages written by hand in canonical form, so that a
//! test can change any letter before or after they are signed.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use relay_saml::{
    DecryptionKeys, Delivery, Exception, Here, Peer, Received, Refusal, SignIn, TrustedKeys, Verified,
    message::{Assertion, EntityId, MessageId},
    signing::SigningKey,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::parties::{CONSUMER, Party, RELAY, SERVICE};

pub static RELAY_PARTY: LazyLock<Party> = LazyLock::new(|| Party::new(RELAY));
pub static SERVICE_PARTY: LazyLock<Party> = LazyLock::new(|| Party::new(SERVICE));
pub static STRANGER: LazyLock<Party> = LazyLock::new(|| Party::new(RELAY));
static KEYS: LazyLock<DecryptionKeys> = LazyLock::new(|| keys_of(&SERVICE_PARTY));

/// When everything here happens.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 8:06 UTC);
pub const SSO: &str = "https://relay.example/saml/sso";
pub const SLO: &str = "https://relay.example/saml/slo";

pub fn keys_of(party: &Party) -> DecryptionKeys {
    DecryptionKeys::from_pkcs8([private(party).as_slice()]).unwrap()
}

fn private(party: &Party) -> Vec<u8> {
    let body: String = party
        .private_pem
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    STANDARD.decode(body).unwrap()
}

pub fn entity(text: &str) -> EntityId {
    EntityId::parse(text).unwrap()
}

pub fn request_id() -> MessageId {
    MessageId::parse("_r0").unwrap()
}

pub fn peer(party: &Party, exceptions: &[Exception]) -> Peer {
    let keys = TrustedKeys::from_certificates([party.key.certificate()]).unwrap();
    Peer::new(party.id.clone(), keys, exceptions.to_vec())
}

pub fn here<'h>(entity: &'h EntityId, address: &'h str) -> Here<'h> {
    Here {
        entity,
        address,
        now: NOW,
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    }
}

/// The assertion as it should be; tests change what they need.
pub fn assertion() -> String {
    format!(
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a1\" IssueInstant=\"2026-11-22T08:05:59Z\" Version=\"2.0\">\
         <saml:Issuer>{RELAY}</saml:Issuer>\
         <saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">name-1</saml:NameID>\
         <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData InResponseTo=\"_r0\" NotOnOrAfter=\"2026-11-22T08:11:00Z\" Recipient=\"{CONSUMER}\"></saml:SubjectConfirmationData>\
         </saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotBefore=\"2026-11-22T08:05:00Z\" NotOnOrAfter=\"2026-11-22T08:11:00Z\">\
         <saml:AudienceRestriction><saml:Audience>{SERVICE}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant=\"2026-11-22T08:05:59Z\" SessionIndex=\"_s1\"><saml:AuthnContext>\
         <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI</saml:AuthnContextClassRef>\
         </saml:AuthnContext></saml:AuthnStatement></saml:Assertion>"
    )
}

/// A response round `inside`.
pub fn response(inside: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{CONSUMER}\" ID=\"_r1\" InResponseTo=\"_r0\" IssueInstant=\"2026-11-22T08:05:59Z\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{RELAY}</saml:Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
         {inside}</samlp:Response>"
    )
}

/// A service's LogoutRequest in clear.
pub fn logout_request() -> String {
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{SLO}\" ID=\"_l1\" IssueInstant=\"2026-11-22T08:05:59Z\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{SERVICE}</saml:Issuer>\
         <saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">name-1</saml:NameID>\
         <samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>"
    )
}

/// The `ds:Signature` by `key` over `canonical`, which is the element `id` as it is without it.
pub fn signature(canonical: &str, id: &str, key: &SigningKey) -> String {
    let value = STANDARD.encode(digest(&SHA256, canonical.as_bytes()));
    signature_of(&signed_info(id, &value), key)
}

/// A SignedInfo in canonical form.
pub fn signed_info(id: &str, digest_value: &str) -> String {
    format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
}

/// The `ds:Signature` round a SignedInfo, whatever it says.
pub fn signature_of(info: &str, key: &SigningKey) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
        STANDARD.encode(key.sign(info.as_bytes()))
    )
}

/// `canonical` with `insert` after its Issuer.
pub fn after_issuer(canonical: &str, insert: &str) -> String {
    let at = canonical.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    format!("{}{insert}{}", &canonical[..at], &canonical[at..])
}

/// `canonical`, the element `id`, signed by `key`.
pub fn signed(canonical: &str, id: &str, key: &SigningKey) -> String {
    after_issuer(canonical, &signature(canonical, id, key))
}

/// A response with a signed assertion, the response unsigned.
pub fn with_signed_assertion(assertion: &str) -> String {
    response(&signed(assertion, "_a1", &RELAY_PARTY.key))
}

/// Delivered by a posted form, as any browser would.
pub fn posted(field: &str, xml: &str) -> Delivery {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(field, &STANDARD.encode(xml))
        .finish();
    Delivery::post(form.as_bytes()).unwrap().message().unwrap()
}

/// The service takes `xml` as the answer to its request `_r0`.
pub fn taken(xml: &str) -> Result<Verified<SignIn>, Refusal> {
    taken_from(&peer(&RELAY_PARTY, &[]), xml)
}

pub fn taken_from(peer: &Peer, xml: &str) -> Result<Verified<SignIn>, Refusal> {
    let delivery = posted("SAMLResponse", xml);
    let received = Received::open(&delivery)?;
    let service = entity(SERVICE);
    received.response(peer, &here(&service, CONSUMER), Some(&request_id()), &KEYS)
}

/// What the service learned.
pub fn learned(xml: &str) -> Result<Assertion, Refusal> {
    match taken(xml)?.first_time(true)? {
        SignIn::Done(assertion) => Ok(*assertion),
        SignIn::Failed(status) => panic!("{status:?}"),
    }
}

/// Why it was not taken.
pub fn refused(xml: &str) -> Refusal {
    taken(xml).map(drop).expect_err("refused")
}
