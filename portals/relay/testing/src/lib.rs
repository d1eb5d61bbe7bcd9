//! Help for the tests of the relay and of the portals that sign in at it: cards made on the spot, a relay with both halves,
//! services and browsers. A crate of its own: nothing of it is linked into a program that runs anywhere.
//!
//! ```text
//! let mut relay = Relay::start().await;
//! let service = TestService::start(&relay, "https://clinic.example/saml").await;
//! relay.join(&service).await;
//! let card = relay.card().await;
//! let name = Browser::with_card(&relay, &card).sign_in(&relay, &service).await;
//! ```

pub mod browser;
pub mod cards;
pub mod portal;
pub mod process;
pub mod rig;
pub mod service;

pub use browser::{Answer, Browser};
pub use cards::{CardAuthority, TestCard};
pub use portal::TestPortal;
pub use process::FrontProcess;
pub use rig::Relay;
pub use service::TestService;
