//! Why a card did not do what was asked.

use crate::{KeySlot, TransportError, apdu::Status};

/// What happened, to which thing, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The card in the reader does not carry our application, or a version we don't speak.
    #[error("this is not one of the office's cards")]
    NotOurCard,
    #[error("wrong PIN, {tries_left} tries left")]
    WrongPin {
        /// Wrong entries until it is blocked.
        tries_left: u8,
    },
    /// No tries are left; the issuer must set a new PIN.
    #[error("the PIN is blocked; it must be set anew by the issuer")]
    PinBlocked,
    /// No PIN was set yet, or the card has none in that place.
    #[error("no PIN is set on this card yet")]
    PinNotSet,
    /// A PIN is set; setting it anew is a reset, a different act.
    #[error("a PIN is set already")]
    PinAlreadySet,
    /// The PIN has characters or a length its rule does not allow.
    #[error("the PIN does not keep the card's rule of characters and length")]
    PinRefused,
    /// The key asks for the PIN first.
    #[error("the {0:?} key asks for the PIN first")]
    PinRequired(KeySlot),
    /// There is no key in that place.
    #[error("the card has no {0:?} key")]
    KeyMissing(KeySlot),
    /// There is no such file.
    #[error("the card has no file {0}")]
    FileMissing(String),
    /// Personalisation is closed: files and keys can't be changed any more.
    #[error("the card's personalisation is closed; {0} is not possible any more")]
    Closed(&'static str),
    /// The chip answers with other keys than those derived from the issuer's master: another issuer's blank, or
    /// a wrong master file.
    #[error("the chip does not know this issuer's keys: a foreign blank, or the wrong master file")]
    WrongIssuerKeys,
    /// An answer did not carry the channel's proof: something between desk and chip changed it.
    #[error("the secure channel was broken; authenticate again")]
    ChannelBroken,
    /// A file on the card differs from what was to be written.
    #[error("file {path} on the card differs from byte {offset}")]
    Mismatch { path: String, offset: usize },
    /// The card's answer makes no sense.
    #[error("the card's answer to {0} makes no sense")]
    Malformed(&'static str),
    #[error("the card refused {command}: {status}")]
    Refused {
        /// Which command, in the standard's words.
        command: &'static str,
        status: Status,
    },
}
