//! What of a service's metadata could never work here: told when it is proposed, before two people have approved it and
//! the first resident has met it.

use std::fmt;

use relay_saml::{
    UnusableKey,
    message::{Entity, KeyDescriptor, SpRole},
    names::Binding,
    sealing::{SealingKey, SealingKeyError},
    usable_for_signing,
};
use time::{Duration, OffsetDateTime};
use url::Url;

/// Metadata are registered by people, not fetched: a shorter life ends in the middle of somebody's sign-in. (python3-saml
/// writes two days unless told otherwise.)
const SHORTEST_LIFE: Duration = Duration::days(14);
/// The parameters of the bindings (saml-bindings sections 3.4, 3.5 and 3.6).
const PARAMETERS: [&str; 7] = [
    "SAMLRequest",
    "SAMLResponse",
    "SAMLart",
    "RelayState",
    "SigAlg",
    "Signature",
    "SAMLEncoding",
];

/// Why a service could never be spoken with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// No certificate that its requests could be checked with.
    NoSigningKey(Vec<UnusableKey>),
    /// No key that names could be encrypted to.
    NoEncryptionKey(Vec<SealingKeyError>),
    /// Nowhere to answer, by a binding that is spoken.
    NoConsumer,
    /// An address that carries a parameter of the protocol already.
    ProtocolParameter { address: String, parameter: &'static str },
    /// They expire before long.
    ShortLived(OffsetDateTime),
}

impl Unfit {
    /// For programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSigningKey(_) => "partner.no_signing_key",
            Self::NoEncryptionKey(_) => "partner.no_encryption_key",
            Self::NoConsumer => "partner.no_consumer",
            Self::ProtocolParameter { .. } => "partner.protocol_parameter",
            Self::ShortLived(_) => "partner.short_lived",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSigningKey(found) => {
                f.write_str("no key for signing that is taken here: ")?;
                listed(f, found)?;
                f.write_str(". Give the service RSA of 2048 bits or more, P-256 or P-384, and its metadata anew")
            }
            Self::NoEncryptionKey(found) => {
                f.write_str("no key that names can be encrypted to: ")?;
                listed(f, found)?;
                f.write_str(". Give the service a certificate of RSA, 2048 bits or more, with use=\"encryption\"")
            }
            Self::NoConsumer => f.write_str(
                "no AssertionConsumerService by HTTP-POST, HTTP-Artifact or PAOS: there is nowhere to answer",
            ),
            Self::ProtocolParameter { address, parameter } => write!(
                f,
                "the address {address} carries {parameter} in its query already: a message sent there has it twice"
            ),
            Self::ShortLived(until) => write!(
                f,
                "they expire at {until}: residents would be turned away from then on. Have them made with a longer \
                 validUntil, {} days or more, or none",
                SHORTEST_LIFE.whole_days()
            ),
        }
    }
}

fn listed(f: &mut fmt::Formatter<'_>, found: &[impl fmt::Display]) -> fmt::Result {
    if found.is_empty() {
        return f.write_str("there is none");
    }
    for (at, one) in found.iter().enumerate() {
        write!(f, "{}{one}", if at == 0 { "" } else { "; " })?;
    }
    Ok(())
}

/// The first reason why `entity` could never work as a service at `now`.
///
/// # Errors
/// [`Unfit`]
pub fn fit_as_service(entity: &Entity, service: &SpRole, now: OffsetDateTime) -> Result<(), Unfit> {
    let keys = &service.role.keys;
    let signing = keys.iter().filter(|key| key.usage.signs());
    none_of(signing, |key| usable_for_signing(&key.certificate)).map_err(Unfit::NoSigningKey)?;
    let encrypting = keys.iter().filter(|key| key.usage.encrypts());
    none_of(encrypting, |key| SealingKey::described(key).map(|_| ())).map_err(Unfit::NoEncryptionKey)?;
    let spoken = |binding| matches!(binding, Some(Binding::Post | Binding::Artifact | Binding::Paos));
    if !service.consumers.iter().any(|consumer| spoken(consumer.binding)) {
        return Err(Unfit::NoConsumer);
    }
    for address in addresses(service) {
        if let Some(parameter) = parameter_in(address) {
            return Err(Unfit::ProtocolParameter {
                address: address.to_owned(),
                parameter,
            });
        }
    }
    match entity.valid_until {
        Some(until) if until - now < SHORTEST_LIFE => Err(Unfit::ShortLived(until)),
        _ => Ok(()),
    }
}

/// Succeeds when one of `keys` is good; else what is wrong with each.
fn none_of<'k, E>(
    keys: impl Iterator<Item = &'k KeyDescriptor>,
    judge: impl Fn(&KeyDescriptor) -> Result<(), E>,
) -> Result<(), Vec<E>> {
    let mut faults = Vec::new();
    for key in keys {
        match judge(key) {
            Ok(()) => return Ok(()),
            Err(fault) => faults.push(fault),
        }
    }
    Err(faults)
}

fn addresses(service: &SpRole) -> impl Iterator<Item = &str> {
    let role = &service.role;
    let endpoints = role.single_logout.iter().chain(&role.manage_name_id);
    let answered = |endpoint: &'_ relay_saml::message::Endpoint| endpoint.response_location.is_some();
    let responses = endpoints
        .clone()
        .filter(move |endpoint| answered(endpoint))
        .filter_map(|endpoint| endpoint.response_location.as_deref());
    let consumers = service.consumers.iter().map(|consumer| consumer.location.as_str());
    consumers
        .chain(endpoints.map(|endpoint| endpoint.location.as_str()))
        .chain(responses)
}

fn parameter_in(address: &str) -> Option<&'static str> {
    let url = Url::parse(address).ok()?;
    let mut named = url
        .query_pairs()
        .filter_map(|(name, _)| PARAMETERS.into_iter().find(|parameter| *parameter == name));
    named.next()
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SignatureAlgorithm};
    use relay_saml::message::{Endpoint, EntityId, IndexedEndpoint, KeyUse, Role};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 9:00 UTC);

    fn key(usage: KeyUse, pair: &KeyPair) -> KeyDescriptor {
        let certificate = CertificateParams::default().self_signed(pair).unwrap();
        KeyDescriptor {
            usage,
            certificate: certificate.der().to_vec(),
            methods: Vec::new(),
        }
    }

    fn ec(algorithm: &'static SignatureAlgorithm) -> KeyPair {
        KeyPair::generate_for(algorithm).unwrap()
    }

    fn rsa() -> KeyPair {
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
    }

    fn service(keys: Vec<KeyDescriptor>) -> Entity {
        Entity {
            id: EntityId::parse("https://clinic.example/saml").unwrap(),
            valid_until: None,
            cache_for: None,
            idp: None,
            sp: Some(SpRole {
                role: Role {
                    keys,
                    ..Role::default()
                },
                consumers: vec![IndexedEndpoint {
                    index: 0,
                    is_default: None,
                    binding: Some(Binding::Post),
                    location: "https://clinic.example/acs?tenant=3".to_owned(),
                }],
                ..SpRole::default()
            }),
            organisation: Vec::new(),
            contacts: Vec::new(),
        }
    }

    fn judged(entity: &Entity) -> Result<(), Unfit> {
        fit_as_service(entity, entity.sp.as_ref().unwrap(), NOW)
    }

    /// Certificates made by openssl, base64 of DER: nothing here makes such keys.
    const RSA_1024: &str = "MIIB/jCCAWegAwIBAgIUQEYNr0BFfK2sG0XIPv8QxqxN1EEwDQYJKoZIhvcNAQELBQAwEDEOMAwGA1UEAwwFc21hbGwwIBcNMjYx\
    MTMwMTY0NjQ2WhgPMjEyNjExMDYxNjQ2NDZaMBAxDjAMBgNVBAMMBXNtYWxsMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDB\
    1Xs0gYXYIOM7UyzcyORy2xUn+jMJcFvrtgVjZnhY5VpjsJpkqVet7PH7SDQZal6V6lel2MICgfpc4+E4tI12yNIXVes4kfRWVdiQ\
    hs27yqP5edqRiMu07Ofrk5e/VkQPJQR+ha85bkLfg+8Et80vzgSphajK11YdRpHTxIVgEwIDAQABo1MwUTAdBgNVHQ4EFgQUC8iA\
    4r4SoA5E/kTAsl1CC6aiBiEwHwYDVR0jBBgwFoAUC8iA4r4SoA5E/kTAsl1CC6aiBiEwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG\
    9w0BAQsFAAOBgQAIEtu3ZFVx5ysNdfZenBBuXYtxd99cq4nD8aGHbmpAUNB+yLzt0ysfBDbd5/xDygepUsms5eQUDLVA6mRto8hH\
    ZSwHeyzQcN1RPzJvV+tcboGzWZUNmUCuFR9cLU0/693Z6dseJhctmqhn+33T6XdJeF5/ofoYGkQ/cChadpwJ0g==";
    const P521: &str = "MIIB/jCCAWCgAwIBAgIUAWAm20cyRbRrp1n5UrF8nxhvFo0wCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFY3VydmUwIBcNMjYxMTMw\
    MTY0NjQ2WhgPMjEyNjExMDYxNjQ2NDZaMBAxDjAMBgNVBAMMBWN1cnZlMIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBdEa/XD9a\
    cnAMaBcLUyGaO8WdIs8eenJoJcz9X5zj0Y6U7EOoRDroZpI2eeTRkqZeaq+U7pq5VXOYnQpPjl7Tk1UAfZp8A/Dlzhpu7FvzVVKo\
    Q3pY1j53n8L4qa292gt0yKly9StPw6XYZAqOvfzqcigwuJeed7IPjPuykLQw+l1TvXCjUzBRMB0GA1UdDgQWBBSG+ou7VwtM68db\
    6udC3uQsigBjWDAfBgNVHSMEGDAWgBSG+ou7VwtM68db6udC3uQsigBjWDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA4GL\
    ADCBhwJCASBhXpEQXJcxS+qkT/OyaSrPtB2OQFj3acdnvMYvx9MSZWmcNqXss8gD0V9jftCUwvJbaSeq9fFtUJLOsWtrlEYdAkEZ\
    tv44uRpOqHDbRQYNkRb3fNL4lDkvBZVJb0X96NoQi4/tFcG9nCuJLRbl2OHM88KH4k03qbO1TyBcrU7xdx3WDg==";

    fn made_elsewhere(usage: KeyUse, certificate: &str) -> KeyDescriptor {
        KeyDescriptor {
            usage,
            certificate: STANDARD.decode(certificate).unwrap(),
            methods: Vec::new(),
        }
    }

    #[test]
    fn a_service_with_keys_that_are_spoken_is_fit_p384_too() {
        let encryption = key(KeyUse::Encryption, &rsa());
        for signing in [
            rsa(),
            ec(&rcgen::PKCS_ECDSA_P256_SHA256),
            ec(&rcgen::PKCS_ECDSA_P384_SHA384),
        ] {
            let entity = service(vec![key(KeyUse::Signing, &signing), encryption.clone()]);
            assert_eq!(judged(&entity), Ok(()));
        }
        assert_eq!(judged(&service(vec![key(KeyUse::Both, &rsa())])), Ok(()));
    }

    #[test]
    fn keys_that_could_never_work_are_told_each_by_its_reason() {
        let (signing, encryption) = (key(KeyUse::Signing, &rsa()), key(KeyUse::Encryption, &rsa()));
        let none = Unfit::NoSigningKey(Vec::new());
        assert_eq!(judged(&service(Vec::new())), Err(none));
        assert_eq!(
            judged(&service(vec![signing.clone()])),
            Err(Unfit::NoEncryptionKey(Vec::new()))
        );
        let curve = key(KeyUse::Encryption, &ec(&rcgen::PKCS_ECDSA_P256_SHA256));
        assert_eq!(
            judged(&service(vec![signing.clone(), curve])),
            Err(Unfit::NoEncryptionKey(vec![SealingKeyError::Key])),
            "names can't be encrypted to a key on a curve"
        );
        let small = made_elsewhere(KeyUse::Both, RSA_1024);
        assert_eq!(
            judged(&service(vec![small.clone(), encryption.clone()])),
            Err(Unfit::NoSigningKey(vec![UnusableKey::RsaBits(1024)]))
        );
        assert_eq!(
            judged(&service(vec![signing.clone(), small])),
            Err(Unfit::NoEncryptionKey(vec![SealingKeyError::Key]))
        );
        let p521 = made_elsewhere(KeyUse::Signing, P521);
        let refused = judged(&service(vec![p521.clone(), encryption.clone()])).unwrap_err();
        assert!(refused.to_string().contains("1.3.132.0.35"), "{refused}");
        // Beside one that works it does no harm.
        assert_eq!(judged(&service(vec![p521, signing, encryption])), Ok(()));
        let nonsense = KeyDescriptor {
            usage: KeyUse::Signing,
            certificate: b"nonsense".to_vec(),
            methods: Vec::new(),
        };
        assert_eq!(
            judged(&service(vec![nonsense])),
            Err(Unfit::NoSigningKey(vec![UnusableKey::Certificate]))
        );
    }

    #[test]
    fn a_place_that_carries_the_protocols_parameters_and_none_at_all_are_told() {
        let fit = || service(vec![key(KeyUse::Both, &rsa())]);
        for parameter in PARAMETERS {
            let mut entity = fit();
            let address = format!("https://clinic.example/slo?{parameter}=x&a=b");
            entity.sp.as_mut().unwrap().role.single_logout.push(Endpoint {
                binding: Binding::Redirect,
                location: "https://clinic.example/slo".to_owned(),
                response_location: Some(address.clone()),
            });
            assert_eq!(judged(&entity), Err(Unfit::ProtocolParameter { address, parameter }));
        }
        let mut nowhere = fit();
        nowhere.sp.as_mut().unwrap().consumers.clear();
        assert_eq!(judged(&nowhere), Err(Unfit::NoConsumer));
    }

    #[test]
    fn metadata_of_two_days_life_are_told_before_they_turn_a_resident_away() {
        let mut entity = service(vec![key(KeyUse::Both, &rsa())]);
        let until = NOW + Duration::days(2);
        entity.valid_until = Some(until);
        assert_eq!(judged(&entity), Err(Unfit::ShortLived(until)));
        entity.valid_until = Some(NOW + SHORTEST_LIFE);
        assert_eq!(judged(&entity), Ok(()));
    }
}
