//! The hash over what a document says, so that paper and record can be compared later.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use super::{PaperError, words};

/// SHA-256 (FIPS 180-4) over a document's kind, the edition of its fixed words, and its data.
///
/// The reference printed at the foot of each page is this hash in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// A digest of SHA-256.
    pub(super) fn of_digest(digest: &aws_lc_rs::digest::Digest) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        Self(hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is hashed: JSON of this, whose keys stand in the order of the fields and which holds no maps.
#[derive(Serialize)]
struct Canonical<'a, T> {
    kind: &'a str,
    edition: u32,
    data: &'a T,
}

/// The hash of `data` as a document of `kind`.
pub(super) fn hash<T: Serialize>(kind: &str, data: &T) -> Result<ContentHash, PaperError> {
    let canonical = Canonical {
        kind,
        edition: words::EDITION,
        data,
    };
    let bytes = serde_json::to_vec(&canonical).map_err(|error| PaperError::NotBound(error.to_string()))?;
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    Ok(ContentHash(hash))
}
