//! What a relying party of the relay needs: sign-in, session, logout, metadata, configuration. A portal says what it is
//! ([`Portal`]) and what stands on its pages; everything else is here. `tests/new_portal/clinic.rs` is a whole one.
//!
//! From the top: [`program`] is a portal's `main`; [`serving`] starts it; [`Service`] is what its pages work with;
//! `saml` are the routes that the relay and browsers come to; [`party`] is the relying party's side of SAML with neither
//! records nor pages, for whoever has those already.

pub mod config;
pub mod eligibility;
mod known_relay;
mod pages;
pub mod party;
mod program;
pub mod provide;
pub mod records;
mod saml;
mod service;
pub mod serving;
mod session;

pub use known_relay::IdentityProvider;
pub use pages::{WORDS, how};
pub use portal_kit::page::Link;
pub use program::program;
pub use records::{NotAnswered, Wanted};
pub use service::{Portal, Service, StartError};
pub use session::{SignedIn, short_name};
