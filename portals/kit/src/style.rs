//! The one style sheet, compiled in, under an address that holds its hash: browsers keep it for good, and a new version
//! has a new address.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};

const STYLE: &str = include_str!("../assets/style.css");

/// Where it is served.
pub fn path() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| format!("/style.{}.css", &hex::encode(digest(&SHA256, STYLE.as_bytes()))[..16]));
    &PATH
}

pub(crate) async fn serve() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ],
        STYLE,
    )
}
