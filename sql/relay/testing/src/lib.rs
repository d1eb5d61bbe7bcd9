//! Help for tests: the front's and the blind half's records, each on a fresh database. A crate of its own, so that no
//! program links it.

pub mod blind;
pub mod front;
