//! The front's own metadata: signed, with the keys in use and the one being brought in or taken away.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::get,
};
use portal_kit::Trouble;
use relay_saml::{
    message::{Endpoint, Entity, IdpRole, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
    names::{Binding, NameIdFormat},
};
use time::{Duration, OffsetDateTime};
use tracing::warn;

use crate::{front::Front, provider};

/// How long a copy may be used: a key that is taken away is out of everybody's copies by then.
const VALID: Duration = Duration::days(7);
/// How often a partner should look.
const CACHE: Duration = Duration::hours(6);

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route("/saml/metadata", get(serve))
}

async fn serve(State(front): State<Arc<Front>>) -> Result<Response, Trouble> {
    let text = front.metadata(front.now())?;
    let headers = [
        (CONTENT_TYPE, "application/samlmetadata+xml"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, text).into_response())
}

impl Front {
    /// The metadata as served at `now`.
    ///
    /// # Errors
    /// [`Trouble`] when they can't be written: a fault of this program.
    pub fn metadata(&self, now: OffsetDateTime) -> Result<String, Trouble> {
        self.own_entity(now)
            .sign_metadata(&MessageId::fresh(&mut self.chance()), &self.key)
            .map_err(|error| {
                warn!(%error, "own metadata");
                Trouble::ours()
            })
    }

    fn own_entity(&self, now: OffsetDateTime) -> Entity {
        let at = |binding, path: &str| Endpoint {
            binding,
            location: self.at(path),
            response_location: None,
        };
        let card_at = |binding, path: &str| Endpoint {
            binding,
            location: self.card_at(path),
            response_location: None,
        };
        let mut keys = vec![self.key.descriptor()];
        keys.extend(self.beside.iter().map(|certificate| KeyDescriptor {
            usage: KeyUse::Signing,
            certificate: certificate.clone(),
            methods: Vec::new(),
        }));
        // No key to encrypt to stands in the service's role: Lasso does not tell an entity's roles apart, and would
        // encrypt residents' names to the front, which must not see them.
        let signing = keys.clone();
        // Services encrypt names to the blind half: the front could not read one if it came.
        keys.push(KeyDescriptor {
            usage: KeyUse::Encryption,
            certificate: self.names_certificate.clone(),
            methods: Vec::new(),
        });
        Entity {
            id: self.entity().clone(),
            valid_until: Some(now + VALID),
            cache_for: Some(CACHE),
            idp: Some(IdpRole {
                role: Role {
                    keys,
                    single_logout: vec![
                        at(Binding::Redirect, "/saml/slo"),
                        at(Binding::Post, "/saml/slo"),
                        at(Binding::Soap, "/saml/slo/soap"),
                    ],
                    manage_name_id: vec![
                        at(Binding::Redirect, "/saml/manage-name-id"),
                        at(Binding::Soap, "/saml/manage-name-id/soap"),
                    ],
                    artifact_resolution: vec![IndexedEndpoint {
                        index: 0,
                        is_default: Some(true),
                        binding: Some(Binding::Soap),
                        location: self.at("/saml/artifact"),
                    }],
                    name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient],
                },
                wants_signed_requests: true,
                single_sign_on: vec![
                    at(Binding::Redirect, "/saml/sso"),
                    at(Binding::Post, "/saml/sso"),
                    // Clients without cookies show the card where they ask.
                    card_at(Binding::Soap, "/saml/ecp"),
                ],
            }),
            // Towards other consortiums' identity providers the front is a service.
            sp: Some(SpRole {
                role: Role {
                    keys: signing,
                    ..Role::default()
                },
                signs_requests: true,
                wants_signed_assertions: true,
                consumers: vec![IndexedEndpoint {
                    index: 0,
                    is_default: Some(true),
                    binding: Some(Binding::Post),
                    location: self.at(provider::PATH),
                }],
                discovery_responses: Vec::new(),
            }),
            organisation: vec![
                ("ja".to_owned(), "中継".to_owned()),
                ("en".to_owned(), "Relay".to_owned()),
            ],
            contacts: Vec::new(),
        }
    }
}
