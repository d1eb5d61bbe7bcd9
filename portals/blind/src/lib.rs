//! The blind half: finishes a pseudonym for one service and seals it to that service. Knows no card and no person.
//!
//! It is run by another organisation than the front, on its own host. It lets in one client, the front, known by its
//! certificate and by the signature on every envelope; it seals only to certificates that two of its own operators
//! signed for; it writes down a hash of everything it hands out, and nothing else of it.
//!
//! From the outside in: [`config`] is its one file, [`front_only`] the listener's door, [`serving`] the routes,
//! [`half`] what they do, [`pins`] whom it seals to, [`window`] when its keys may be rotated, [`operators`] whose
//! signatures count. [`matching`] is the auditor's:
//! what was made here against what the front says it used.

pub mod config;
pub mod front_only;
pub mod half;
pub mod matching;
pub use portal_kit::operators;
pub mod pins;
pub mod serving;
pub mod window;
