//! Who speaks in these tests: a relay and a service, with fresh keys, and their metadata.

use relay_core::chance::{OsChance, SeededChance};
use relay_saml::{
    message::{
        Assertion, AuthnStatement, Conditions, Confirmation, Endpoint, Entity, EntityId, Head, Identified, IdpRole,
        IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, NameId, Response, Role, SpRole, Status, Subject,
    },
    names::{AuthnContext, Binding, NameIdFormat},
    sealing::{ContentCipher, KeyTransport, SealingKey, encryption_descriptor},
    signing::SigningKey,
};
use time::{Duration, OffsetDateTime};

pub const RELAY: &str = "https://relay.example/saml/metadata";
pub const SERVICE: &str = "https://clinic.example/saml/metadata";
pub const CONSUMER: &str = "https://clinic.example/saml/acs";
pub const PAOS_CONSUMER: &str = "https://clinic.example/saml/paos";
/// A name that must be seen nowhere but by its service.
pub const CANARY: &str = "kQ9vT2xZ7bN4mL1pR8sW3yC6dF0gH5jK-aE_uI2oXtQ";

pub struct Party {
    pub id: EntityId,
    pub key: SigningKey,
    pub private_pem: String,
    pub certificate_pem: String,
}

impl Party {
    pub fn new(id: &str) -> Self {
        Self::with(id, &rcgen::PKCS_RSA_SHA256)
    }

    pub fn with(id: &str, algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let pair = if algorithm == &rcgen::PKCS_RSA_SHA256 {
            rcgen::KeyPair::generate_rsa_for(algorithm, rcgen::RsaKeySize::_2048)
        } else {
            rcgen::KeyPair::generate_for(algorithm)
        }
        .unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["party.example".to_owned()])
            .unwrap()
            .self_signed(&pair)
            .unwrap();
        Self {
            id: EntityId::parse(id).unwrap(),
            key: SigningKey::from_pem(&pair.serialize_pem(), &certificate.pem()).unwrap(),
            private_pem: pair.serialize_pem(),
            certificate_pem: certificate.pem(),
        }
    }

    /// Encrypts to this party, in the default form.
    pub fn seal(&self) -> SealingKey {
        self.seal_with(ContentCipher::default(), KeyTransport::default())
    }

    pub fn seal_with(&self, cipher: ContentCipher, transport: KeyTransport) -> SealingKey {
        SealingKey::new(self.key.certificate(), cipher, transport).unwrap()
    }

    /// The relay's metadata as it is served.
    pub fn as_relay(&self) -> String {
        let at = |binding, path: &str| Endpoint {
            binding,
            location: format!("https://relay.example/saml/{path}"),
            response_location: None,
        };
        let idp = IdpRole {
            role: Role {
                keys: vec![self.key.descriptor(), encryption_descriptor(self.key.certificate())],
                single_logout: vec![at(Binding::Soap, "slo/soap"), at(Binding::Redirect, "slo")],
                manage_name_id: vec![at(Binding::Soap, "manage-name-id/soap")],
                artifact_resolution: vec![IndexedEndpoint {
                    index: 0,
                    is_default: Some(true),
                    binding: Some(Binding::Soap),
                    location: "https://relay.example/saml/artifact".into(),
                }],
                name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient],
            },
            wants_signed_requests: true,
            single_sign_on: vec![
                at(Binding::Redirect, "sso"),
                at(Binding::Post, "sso"),
                at(Binding::Soap, "ecp"),
            ],
        };
        self.metadata(Some(idp), None)
    }

    /// The service's metadata as it is served.
    pub fn as_service(&self) -> String {
        let at = |binding, path: &str| Endpoint {
            binding,
            location: format!("https://clinic.example/saml/{path}"),
            response_location: None,
        };
        let consumer = |index, binding, location: &str| IndexedEndpoint {
            index,
            is_default: Some(index == 0),
            binding: Some(binding),
            location: location.into(),
        };
        let sp = SpRole {
            role: Role {
                keys: vec![KeyDescriptor {
                    usage: KeyUse::Both,
                    ..self.key.descriptor()
                }],
                single_logout: vec![at(Binding::Soap, "slo/soap"), at(Binding::Redirect, "slo")],
                manage_name_id: vec![at(Binding::Soap, "manage-name-id/soap")],
                artifact_resolution: Vec::new(),
                name_id_formats: vec![NameIdFormat::Persistent],
            },
            signs_requests: true,
            wants_signed_assertions: true,
            consumers: vec![
                consumer(0, Binding::Post, CONSUMER),
                consumer(1, Binding::Artifact, CONSUMER),
                consumer(2, Binding::Paos, PAOS_CONSUMER),
            ],
            discovery_responses: vec![IndexedEndpoint {
                index: 1,
                is_default: None,
                binding: None,
                location: "https://clinic.example/saml/login".into(),
            }],
        };
        self.metadata(None, Some(sp))
    }

    fn metadata(&self, idp: Option<IdpRole>, sp: Option<SpRole>) -> String {
        let entity = Entity {
            id: self.id.clone(),
            valid_until: Some(now() + Duration::days(7)),
            cache_for: Some(Duration::hours(6)),
            idp,
            sp,
            organisation: vec![("ja".into(), "汐見市".into()), ("en".into(), "Shiomi City".into())],
            contacts: Vec::new(),
        };
        entity.sign_metadata(&fresh_id(), &self.key).unwrap()
    }
}

/// Lasso reads the machine's clock, so these tests live in its time.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

pub fn fresh_id() -> MessageId {
    MessageId::fresh(&mut OsChance)
}

pub fn chance() -> SeededChance {
    SeededChance::new(20_261_122)
}

pub fn head(issuer: &Party, destination: &str) -> Head {
    Head {
        id: fresh_id(),
        issued: now(),
        issuer: issuer.id.clone(),
        destination: Some(destination.into()),
    }
}

/// The canary's name at the service.
pub fn name() -> NameId {
    NameId {
        value: CANARY.into(),
        format: NameIdFormat::Persistent,
        qualifier: Some(RELAY.into()),
        sp_qualifier: Some(SERVICE.into()),
        sp_provided: None,
    }
}

/// A whole answer to `request`, about `name`.
pub fn answer(relay: &Party, request: &MessageId, name: Identified, recipient: &str) -> Response {
    let assertion = Assertion {
        id: fresh_id(),
        issued: now(),
        issuer: relay.id.clone(),
        subject: Subject {
            name,
            confirmation: Confirmation {
                recipient: recipient.into(),
                not_on_or_after: now() + Duration::minutes(5),
                in_response_to: Some(request.clone()),
            },
        },
        conditions: Conditions {
            not_before: Some(now() - Duration::minutes(1)),
            not_on_or_after: now() + Duration::minutes(5),
            audiences: vec![EntityId::parse(SERVICE).unwrap()],
            one_time_use: false,
            proxy: None,
        },
        authentication: Some(AuthnStatement {
            at: now(),
            session_index: Some("_s-1".into()),
            session_until: Some(now() + Duration::hours(8)),
            context: AuthnContext::CardPin,
            authorities: Vec::new(),
        }),
        attributes: Vec::new(),
        discovery: None,
    };
    Response {
        head: head(relay, recipient),
        in_response_to: Some(request.clone()),
        status: Status::success(),
        assertion: Some(assertion),
    }
}
