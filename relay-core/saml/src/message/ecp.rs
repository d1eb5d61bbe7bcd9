//! Enhanced clients (devices without cookies): SOAP headers round an AuthnRequest and its Response
//! (saml-profiles section 4.2, liberty-paos-v1.1).

use super::{EntityId, IdpEntry, RelayState};

/// The headers a service puts round the AuthnRequest it answers a client with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaosRequest {
    /// Where the client brings the Response: `paos:Request/@responseConsumerURL`.
    pub consumer: String,
    /// So that the client can say what it answers.
    pub message_id: Option<String>,
    /// Who asks: `ecp:Request/saml:Issuer`.
    pub issuer: EntityId,
    /// `ecp:Request/@IsPassive`.
    pub passive: bool,
    /// The service's name for people.
    pub provider_name: Option<String>,
    /// The identity providers the service trusts.
    pub idps: Vec<IdpEntry>,
    /// What the client brings back.
    pub relay_state: Option<RelayState>,
}

/// The header an identity provider puts round its Response to a client: the client compares the address with
/// the one the service gave (saml-profiles section 4.2.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcpAnswer {
    /// `ecp:Response/@AssertionConsumerServiceURL`.
    pub consumer: String,
}

/// The headers round the Response a client brings to the service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaosAnswer {
    /// `paos:Response/@refToMessageID`.
    pub answers: Option<String>,
    /// As the service gave it.
    pub relay_state: Option<RelayState>,
}
