//! The relay front: SAML 2.0 identity provider. Knows a card and an encrypted pseudonym; no name, no pseudonym of any service.
//!
//! From the outside in: [`config`] is its one file, [`serving`] its listeners; `sso` takes a service's request and
//! carries out what [`sign_in`], the pure procedure, orders; [`card`] judges certificates; [`telephone`] lets a card
//! approve what a telephone asks; [`second_half`] asks the
//! blind half for the name; `answer` writes what the service is given; `telling` ends sessions everywhere.

mod admin;
mod answer;
mod artifact;
pub mod card;
pub mod config;
mod discovery;
mod ecp;
mod eligibility;
mod front;
mod intake;
mod linking;
mod logout;
mod manage_name;
mod metadata;
mod pages;
pub mod partners;
mod provider;
mod pulled;
mod records_discovery;
mod revoked;
pub mod rotating;
pub mod second_half;
pub mod serving;
pub mod sign_in;
mod slo;
mod sso;
mod taking;
pub mod telephone;
mod telling;
pub mod witness;

pub use config::Config;
pub use front::{Front, StartError};
pub use serving::{Addresses, Bound};
