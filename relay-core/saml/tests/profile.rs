//! The implementation profile in the manuals says what is spoken and refused: no refusal, algorithm or exception is
//! missing there.

use relay_saml::{
    Exception,
    names::AuthnContext,
    sealing::{ContentCipher, KeyTransport},
};

const PROFILE: &str = include_str!("../../../manuals/implementation-profile.md");

#[test]
fn every_refusal_has_its_code_in_the_profile() {
    // The list has no other home than the match that gives each refusal its code.
    let source = include_str!("../src/refusal.rs");
    let (_, codes) = source.split_once("pub const fn code").expect("the codes");
    let codes: Vec<_> = codes
        .lines()
        .filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","))
        .collect();
    assert!(codes.len() > 40, "the codes are found: {codes:?}");
    for code in codes {
        assert!(PROFILE.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn every_algorithm_context_and_exception_is_in_the_profile() {
    let ciphers = [
        ContentCipher::Aes128Gcm,
        ContentCipher::Aes256Gcm,
        ContentCipher::Aes128Cbc,
        ContentCipher::Aes256Cbc,
    ];
    let transports = [KeyTransport::OaepSha1, KeyTransport::OaepSha256];
    let contexts = [AuthnContext::CardPin, AuthnContext::CardNoPin, AuthnContext::WorkerCard];
    let names = ciphers.iter().map(|cipher| cipher.uri());
    let names = names.chain(transports.iter().map(|transport| transport.uri()));
    let names = names.chain(contexts.iter().map(AuthnContext::uri));
    for name in names.chain(Exception::ALL.iter().map(|exception| exception.as_str())) {
        assert!(PROFILE.contains(&format!("`{name}`")), "{name}");
    }
}
