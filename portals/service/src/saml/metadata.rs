//! A portal's own metadata, for the relay's operators to register.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};
use portal_kit::Trouble;
use time::Duration;

use crate::Service;

/// How long a copy is good.
const VALID: Duration = Duration::days(30);

pub(super) async fn serve(State(service): State<Arc<Service>>) -> Result<impl IntoResponse, Trouble> {
    let headers = [
        (CONTENT_TYPE, "application/samlmetadata+xml"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, service.metadata()?))
}

impl Service {
    /// The metadata, signed.
    ///
    /// # Errors
    /// [`Trouble`] when they cannot be written: a fault of this program.
    pub fn metadata(&self) -> Result<String, Trouble> {
        let entity = self.party.metadata(Some(self.now() + VALID));
        let signed = self.party.sign_metadata(&entity, &mut self.chance());
        signed.map_err(|error| {
            tracing::error!(%error, "own metadata");
            Trouble::ours()
        })
    }
}
