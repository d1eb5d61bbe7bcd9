//! A provider of people's records, in front of their owner's tables.
//!
//! One program; which provider it is says its configuration ([`config`]), what its records are its schema ([`schema`]). To
//! the relay it is a service like any portal ([`portal_service`]): it has a pseudonym of its own for each person. Records are
//! taken over from their owner ([`import`]), linked to pseudonyms by lists ([`linking`]), and given to whom an agreement
//! names ([`query`]), each look on record.

pub mod config;
pub mod import;
pub mod linking;
mod office;
mod query;
pub mod schema;

pub use config::Config;
pub use office::{Office, StartError};
pub use query::PATH;
