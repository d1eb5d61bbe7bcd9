//! My Page: what a resident sees after signing in with the card.
//!
//! A service provider like any other: it signs residents in at the relay front by SAML 2.0, is given a pseudonym that
//! is its own and nobody else's, and knows nothing more of a person. From the top: [`serving`] starts it; [`pages`] are
//! what a resident sees; [`saml`] is what is spoken with the relay; [`me`] is how a session is found and shown.

pub mod config;
pub mod me;
mod my_page;
mod pages;
mod relay;
pub mod saml;
pub mod serving;

pub use my_page::{MyPage, StartError};
