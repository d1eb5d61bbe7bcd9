//! SAML 2.0: what is spoken between the relay, the services and other consortiums' identity providers.
//!
//! [`message`] holds the messages as plain structs: no XML type is in them, so who acts on a message never
//! meets XML. What is taken comes in through the reading modules and ends as [`message`] values inside a type
//! that only a checked signature can make; what is sent is written from the same structs.

pub mod discovery;
pub mod message;
pub mod names;
pub mod sealing;
pub mod send;
pub mod signing;
mod writer;
