//! Whether a certificate is good, revoked or unknown, for everybody who may ask: the authorities' revocation lists
//! (RFC 5280 §5), the register of the serials that they issued, and a responder's answers over both (RFC 6960).
//!
//! It knows serial numbers and no person, so a publisher outside the office stands on it alone. The authority's own keys
//! are not here: a [`Responder`] answers with a key of its own, which the authority certified for this use.

mod key;
mod list;
mod probe;
mod register;
mod responder;

pub use key::{ResponderKey, ResponderKeyError};
pub use list::{List, Revocation};
pub use probe::{Probe, ProbeError, Status};
pub use register::Register;
pub use responder::{Answer, Responder, Served, ServedError};

/// A serial number as the office draws it: 16 bytes, which DER keeps at that length.
pub type Serial = [u8; 16];
