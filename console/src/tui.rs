//! The console's screens, pure half: events come in, the state changes, effects go out as plain data.
//!
//! Nothing here reads a clock, touches a card or a database, or knows a thread. The desk (`crate::desk`)
//! carries effects out and sends events back; a frame is drawn from `&State` only.

pub mod effect;
pub mod event;
pub mod facts;
pub mod fault;
pub mod key;
pub mod verification;
