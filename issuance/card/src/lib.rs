//! Talks to cards: readers, APDUs, the files and keys of our card application, the secure channel of the issuer.
//!
//! From the top: [`Readers`] and [`Monitor`] find readers and cards behind PC/SC, a [`Transport`] carries bytes to
//! one card, a [`Chip`] is a selected card application (what any desk may do with a card), a [`Personaliser`] is
//! the issuer's authenticated session (what only the making desk may do), a [`profile::Profile`] is what gets
//! written. The card's own rules (which command needs what) are listed in [`command_set`].
//!
//! This crate knows keys and files and no people: nothing that enters it may name a holder. It is the only home
//! of the `pcsc` crate.

pub mod apdu;
mod chip;
pub mod command_set;
mod error;
mod master;
mod personaliser;
pub mod pin;
pub mod profile;
mod public_key;
mod readers;
pub mod scp03;
mod serial;
mod slot;
pub mod tlv;
mod transport;

pub use chip::{Chip, ChipLife, FileDump, ReadRule, Tries};
pub use error::CardError;
pub use master::{IssuerMaster, MasterError};
pub use personaliser::Personaliser;
pub use pin::{PinCharacters, PinPolicy};
pub use public_key::RsaPublicKey;
pub use readers::{Monitor, PcscTransport, ReaderChange, ReaderError, ReaderEvent, Readers, Sharing, StopMonitor};
pub use serial::ChipSerial;
pub use slot::{KeyRule, KeySlot, PinSlot};
pub use transport::{Transport, TransportError};
