//! The relying party's side of SAML: what it asks, what it makes of an answer, how it asks to end a session, and its
//! metadata. No records, no pages, no clock: whoever has those hands in the moment and the chance.

use relay_core::chance::Chance;
use relay_saml::{
    DecryptionKeys, Here,
    message::{
        AnswerTo, AuthnRequest, Endpoint, Entity, EntityId, Head, Identified, IndexedEndpoint, KeyDescriptor, KeyUse,
        LogoutRequest, LogoutResponse, MessageId, NameId, NameIdPolicy, RequestedAuthnContext, Role, SpRole, Status,
    },
    names::{Binding, NameIdFormat},
    send::Unwritable,
    signing::SigningKey,
};
use time::{Duration, OffsetDateTime};

use crate::IdentityProvider;

/// How old a message may be.
const WINDOW: Duration = Duration::minutes(5);
/// How long its own LogoutRequest is good.
const LOGOUT_LIFE: Duration = Duration::minutes(5);
/// `Reason` of a logout that the person asked for (saml-core section 3.7.3).
const BY_USER: &str = "urn:oasis:names:tc:SAML:2.0:logout:user";

/// Where messages come to, as paths of its own address.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Where answers to sign-ins come; the first is the default.
    pub consumers: Vec<(Binding, &'static str)>,
    pub single_logout: Vec<(Binding, &'static str)>,
    /// Where the answer of a discovery service comes, if it asks one.
    pub discovery: Option<&'static str>,
}

/// A relying party: its name, its addresses, its keys.
pub struct RelyingParty {
    pub entity: EntityId,
    /// `https://host:port`.
    pub origin: String,
    /// Where messages come to.
    pub endpoints: Endpoints,
    /// What people call it: languages (BCP 47) with names.
    pub names: Vec<(String, String)>,
    /// What its messages are signed with.
    pub signing: SigningKey,
    /// What names are encrypted to it with, DER.
    pub encryption_certificate: Vec<u8>,
    /// What it opens them with.
    pub decryption: DecryptionKeys,
    /// How far the two clocks may be apart.
    pub skew: Duration,
}

impl RelyingParty {
    /// An address of its own.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The receiver of a message that came to `address`.
    pub fn here<'h>(&'h self, address: &'h str, now: OffsetDateTime) -> Here<'h> {
        Here {
            entity: &self.entity,
            address,
            now,
            skew: self.skew,
            window: WINDOW,
        }
    }

    /// The head of a message that goes now; to `None` in a SOAP answer, which goes back on its own connection.
    pub fn head(&self, id: MessageId, destination: Option<&str>, now: OffsetDateTime) -> Head {
        Head {
            id,
            issued: now,
            issuer: self.entity.clone(),
            destination: destination.map(str::to_owned),
        }
    }

    /// The request that sends a browser off to sign in: a lasting name, answered at the first consumer.
    pub fn authn_request(
        &self,
        id: MessageId,
        provider: &IdentityProvider,
        context: RequestedAuthnContext,
        now: OffsetDateTime,
    ) -> AuthnRequest {
        let consumer = self.endpoints.consumers.first();
        AuthnRequest {
            head: self.head(id, Some(&provider.sign_on), now),
            force: false,
            passive: false,
            answer_to: AnswerTo::Address {
                location: consumer.map(|(_, path)| self.at(path)),
                binding: consumer.map(|(binding, _)| *binding),
            },
            name_id_policy: Some(NameIdPolicy {
                format: Some(NameIdFormat::Persistent),
                sp_qualifier: None,
                allow_create: true,
            }),
            context: Some(context),
            scoping: None,
            subject: None,
            provider_name: self.names.first().map(|(_, name)| name.clone()),
        }
    }

    /// The request that ends a session everywhere, its name encrypted to the blind half, and the address it goes to by
    /// redirect; none where the relay offers no such logout.
    pub fn logout_request(
        &self,
        provider: &IdentityProvider,
        (name, session_index): (&NameId, Option<&str>),
        now: OffsetDateTime,
        chance: &mut dyn Chance,
    ) -> Option<(LogoutRequest, String)> {
        let (logout, sealing) = (provider.logout.as_ref()?, provider.sealing.as_ref()?);
        let request = LogoutRequest {
            head: self.head(MessageId::fresh(chance), Some(&logout.location), now),
            name: Identified::Sealed(sealing.seal_name(name, chance)),
            session_indexes: session_index.iter().map(|index| (*index).to_owned()).collect(),
            reason: Some(BY_USER.to_owned()),
            not_on_or_after: Some(now + LOGOUT_LIFE),
        };
        Some((request, logout.location.clone()))
    }

    /// The answer that the sessions which `request` named are over.
    pub fn logout_response(
        &self,
        id: MessageId,
        request: &LogoutRequest,
        destination: Option<&str>,
        now: OffsetDateTime,
    ) -> LogoutResponse {
        LogoutResponse {
            head: self.head(id, destination, now),
            in_response_to: Some(request.head.id.clone()),
            status: Status::success(),
        }
    }

    /// Its metadata, to be signed; good until `valid_until`.
    pub fn metadata(&self, valid_until: Option<OffsetDateTime>) -> Entity {
        let endpoint = |(binding, path): &(Binding, &'static str)| Endpoint {
            binding: *binding,
            location: self.at(path),
            response_location: None,
        };
        let indexed = |index: usize, binding: Option<Binding>, path: &str| IndexedEndpoint {
            index: u16::try_from(index).unwrap_or_default(),
            is_default: binding.is_some().then_some(index == 0),
            binding,
            location: self.at(path),
        };
        let encryption = KeyDescriptor {
            usage: KeyUse::Encryption,
            certificate: self.encryption_certificate.clone(),
            // The defaults of the implementation profile: none need be named.
            methods: Vec::new(),
        };
        let consumers = self.endpoints.consumers.iter().enumerate();
        Entity {
            id: self.entity.clone(),
            valid_until,
            cache_for: None,
            idp: None,
            sp: Some(SpRole {
                role: Role {
                    keys: vec![self.signing.descriptor(), encryption],
                    single_logout: self.endpoints.single_logout.iter().map(endpoint).collect(),
                    name_id_formats: vec![NameIdFormat::Persistent],
                    ..Role::default()
                },
                signs_requests: true,
                wants_signed_assertions: true,
                consumers: consumers
                    .map(|(index, (binding, path))| indexed(index, Some(*binding), path))
                    .collect(),
                discovery_responses: self
                    .endpoints
                    .discovery
                    .iter()
                    .map(|path| indexed(0, None, path))
                    .collect(),
            }),
            organisation: self.names.clone(),
            contacts: Vec::new(),
        }
    }

    /// The same, signed.
    ///
    /// # Errors
    /// [`Unwritable`]
    pub fn sign_metadata(&self, entity: &Entity, chance: &mut dyn Chance) -> Result<String, Unwritable> {
        entity.sign_metadata(&MessageId::fresh(chance), &self.signing)
    }
}
