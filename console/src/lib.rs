//! The counter's console as a library: the binary `madoguchi` and the tests stand on it.

pub mod commands;
pub mod config;
pub mod desk;
pub mod enrolment;
pub mod keeping;
pub mod revocations;
pub use screens as tui;
pub mod trail;
pub mod witness;
