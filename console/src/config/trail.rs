//! `[trail]`: the key that signs the audit trail's heads, and where the heads are kept outside the database.

use std::path::PathBuf;

use settings::Section;

/// `[trail]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// File holding the key that signs heads (C2SP signed-note, Ed25519); made by `setup`.
    pub key_file: PathBuf,
    /// Its public half, which auditors are given.
    pub public_key_file: PathBuf,
    /// Files to which every head is appended: one of the administrator's, one at a second address.
    pub heads: Vec<PathBuf>,
    /// File of the newest head that the second party vouched for (`[relay] witness_key_file`), with its word.
    pub witnessed_file: PathBuf,
}

impl Trail {
    pub(super) fn read(trail: &mut Section<'_>) -> Self {
        Self {
            key_file: trail.path_or("key_file", "secrets/trail"),
            public_key_file: trail.path_or("public_key_file", "trail/public-key"),
            heads: trail.paths_or("heads", &["trail/heads"]),
            witnessed_file: trail.path_or("witnessed_file", "trail/witnessed"),
        }
    }
}
