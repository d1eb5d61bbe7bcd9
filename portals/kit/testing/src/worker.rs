//! A worker's card in software: an issuing authority with the profile of workers' certificates, and one card of it.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};

use crate::Pair;

/// A worker's card named `name` by an authority made on the spot, and that authority's certificate (PEM): with the policy
/// 1.3 under the enterprise number for examples (RFC 5612), as the office's authority of staff cards has it.
pub fn worker_card(name: &str) -> (Pair, String) {
    let made = "a worker's card is made";
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Workers' cards");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect(made)).expect(made);
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    // certificatePolicies with 1.3.6.1.4.1.32473.1.3, in DER by hand: 32473 is 81 FD 59.
    let oid = [0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xFD, 0x59, 0x01, 3];
    let content = [&[0x30, 0x0E, 0x30, 0x0C][..], &oid].concat();
    params
        .custom_extensions
        .push(CustomExtension::from_oid_content(&[2, 5, 29, 32], content));
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect(made);
    let certificate = params.signed_by(&key, &authority).expect(made);
    (Pair::new(&certificate, &key), authority.pem())
}
