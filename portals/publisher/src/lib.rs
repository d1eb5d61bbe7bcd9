//! What the authorities publish, at the addresses that stand in every certificate they sign: revocation lists and their
//! own certificates, over plain HTTP (RFC 2585 §4), and [answers](ocsp) about a single certificate. Each is signed itself, and
//! checking a certificate must not need a certificate (RFC 5280 §8), so there is no TLS here; the one secret is the key that
//! answers are signed with. What is served is public: it names serials, never people.
//!
//! The folder is written by `madoguchi authority crl`; a list put there is the next one served.

pub mod ocsp;

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use portal_kit::site::{Site, Trouble};
use relay_core::clock::Clock;

/// What is served, by the ending of its name (RFC 2585 §4.1, §4.2). What else lies in the folder is not.
const KINDS: [(&str, &str); 2] = [("crl", "application/pkix-crl"), ("cer", "application/pkix-cert")];

/// A list that a card's loss has just been written into is fetched within this time also through a cache.
const FRESH_FOR: &str = "max-age=60";

/// The routes over the files of `folder`, and those of who answers, where somebody does.
pub fn routes(folder: PathBuf, ocsp: Option<Arc<ocsp::Ocsp>>, clock: Arc<dyn Clock>) -> Router {
    let routes = Router::new()
        .route("/{name}", get(give))
        .with_state(Arc::new(folder))
        .merge(ocsp.map(ocsp::routes).unwrap_or_default())
        .fallback(async || Trouble::not_found());
    Arc::new(Site::of_machines(clock).own_traces()).wrap(routes)
}

async fn give(State(folder): State<Arc<PathBuf>>, Path(name): Path<String>) -> Result<Response, Trouble> {
    let (stem, ending) = name.split_once('.').ok_or_else(Trouble::not_found)?;
    let kind = KINDS.iter().find(|(known, _)| *known == ending);
    // The authorities' names and nothing that could lead out of the folder.
    let (Some((_, kind)), false, true) = (kind, stem.is_empty(), stem.bytes().all(|b| b.is_ascii_lowercase())) else {
        return Err(Trouble::not_found());
    };
    match tokio::fs::read(folder.join(&name)).await {
        Ok(bytes) => Ok(([(CONTENT_TYPE, *kind), (CACHE_CONTROL, FRESH_FOR)], bytes).into_response()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Trouble::not_found()),
        Err(error) => {
            tracing::warn!(name, %error, "a published file cannot be read");
            Err(Trouble::busy())
        }
    }
}
