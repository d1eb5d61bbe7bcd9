//! What the relay front and the blind half keep: cards, encrypted pseudonyms, sessions, partners, hashes of blobs.
//!
//! Two organisations run the two halves, each with a database of its own: [`front`] is the one's only SQL, [`blind`] the other's. What one
//! half keeps the other never opens; they share nothing here but the crate.

pub mod blind;
pub mod front;
pub mod refusals;
