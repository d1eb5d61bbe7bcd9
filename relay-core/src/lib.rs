//! The shared core: what every process of Madoguchi stands on and nothing that knows a person.
//!
//! No I/O happens here. Time and chance come in as arguments ([`clock::Clock`], [`chance::Chance`]);
//! secrets are wrapped ([`seal`]); the audit envelope ([`audit`]) is one shape for every process.
//! No type in this crate may hold a name, an address or a civic number: the crate wall is the
//! privacy wall, and `console/tests/house.rs` states it as an arrow.

pub mod audit;
pub mod chance;
pub mod clock;
pub mod eligibility;
pub mod envelope;
pub mod escrow;
pub mod id;
pub mod letters;
pub mod list;
pub mod pseudonym;
pub mod registration;
pub mod seal;
pub mod whole_file;
