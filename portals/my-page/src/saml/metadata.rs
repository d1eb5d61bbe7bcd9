//! My Page's own metadata, for the relay's operators to register.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};
use portal_kit::Trouble;
use relay_core::{
    chance::OsChance,
    saml::{
        message::{Endpoint, Entity, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
        names::{Binding, NameIdFormat},
    },
};
use time::Duration;

use super::{CONSUMER, LOGOUT, LOGOUT_SOAP};
use crate::my_page::MyPage;

/// How long a copy is good.
const VALID: Duration = Duration::days(30);

pub(super) async fn serve(State(my_page): State<Arc<MyPage>>) -> Result<impl IntoResponse, Trouble> {
    let headers = [
        (CONTENT_TYPE, "application/samlmetadata+xml"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, my_page.metadata()?))
}

impl MyPage {
    /// The metadata, signed.
    ///
    /// # Errors
    /// [`Trouble`] when they cannot be written: a fault of this program.
    pub fn metadata(&self) -> Result<String, Trouble> {
        let at = |binding, path| Endpoint {
            binding,
            location: self.at(path),
            response_location: None,
        };
        let encryption = KeyDescriptor {
            usage: KeyUse::Encryption,
            certificate: self.encryption_certificate.clone(),
            // The defaults of this house (FEDERATION): none need be named.
            methods: Vec::new(),
        };
        let entity = Entity {
            id: self.config.entity.clone(),
            valid_until: Some(self.clock.now() + VALID),
            cache_for: None,
            idp: None,
            sp: Some(SpRole {
                role: Role {
                    keys: vec![self.signing.descriptor(), encryption],
                    single_logout: vec![at(Binding::Redirect, LOGOUT), at(Binding::Soap, LOGOUT_SOAP)],
                    name_id_formats: vec![NameIdFormat::Persistent],
                    ..Role::default()
                },
                signs_requests: true,
                wants_signed_assertions: true,
                consumers: vec![IndexedEndpoint {
                    index: 0,
                    is_default: Some(true),
                    binding: Some(Binding::Post),
                    location: self.at(CONSUMER),
                }],
                discovery_responses: Vec::new(),
            }),
            organisation: vec![
                ("ja".to_owned(), "マイページ".to_owned()),
                ("en".to_owned(), "My Page".to_owned()),
            ],
            contacts: Vec::new(),
        };
        let signed = entity.sign_metadata(&MessageId::fresh(&mut OsChance), &self.signing);
        signed.map_err(|error| {
            tracing::error!(%error, "own metadata");
            Trouble::ours()
        })
    }
}
