//! SAML 2.0: what is spoken between the relay, the services and other consortiums' identity providers.
//!
//! [`message`] holds the messages as plain structs: no XML type is in them, so who acts on a message never
//! meets XML. What is taken comes in through the reading modules and ends as [`message`] values inside a type
//! that only a checked signature can make; what is sent is written from the same structs.

mod decrypt;
mod delivery;
pub mod discovery;
mod document;
pub mod message;
mod metadata;
pub mod names;
mod refusal;
pub mod sealing;
pub mod send;
pub mod signing;
mod take;
mod trust;
mod verified;
mod writer;
pub mod wsf;

pub use decrypt::DecryptionKeys;
pub use delivery::{Delivered, Delivery, HandedOn};
pub use metadata::{Addresses, Ground, fingerprint, read_entity, read_metadata};
pub use refusal::Refusal;
pub use take::{Here, Kind, Received, SignIn, answer_to, open_name, paos_request};
pub use trust::{Exception, Peer, TrustedKeys, UnusableKey, usable_for_signing};
pub use verified::{Once, Verified};
