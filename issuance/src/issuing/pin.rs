//! The resident's PIN, set at the counter on the finished card.
//!
//! Whether a PIN is weak is decided before ([`crate::pin`] knows the birthday); here it only reaches the chip.

use card::{CardError, Chip, ChipLife, ChipSerial, IssuerMaster, PinSlot, Transport};
use relay_core::chance::Chance;
use secrecy::SecretString;

/// Why a PIN was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetPinError {
    /// The card in the reader is not the case's: another resident's card would get this resident's PIN.
    #[error("the card in the reader is {found}; the case's card is {expected}")]
    WrongChip {
        /// The chip of the case's card.
        expected: ChipSerial,
        /// The chip in the reader.
        found: ChipSerial,
    },
    /// The card was not finished.
    #[error("the card is not finished yet")]
    NotFinished,
    /// The card did not take it. After [`CardError::Transport`] it may have: [`set_pin_again`] then sets it for good.
    #[error(transparent)]
    Card(#[from] CardError),
}

/// Sets the first PIN of the card whose chip is `expected`, and gives the chip back.
///
/// # Errors
/// [`SetPinError`]; [`CardError::PinAlreadySet`] inside when the card has one.
pub fn set_pin<T: Transport>(
    chip: Chip<T>,
    expected: &[u8],
    master: &IssuerMaster,
    pin: &SecretString,
    chance: &mut dyn Chance,
) -> Result<Chip<T>, SetPinError> {
    check(&chip, expected)?;
    let mut session = chip.personalise(master, chance)?;
    session.set_initial_pin(PinSlot::Holder, pin)?;
    Ok(session.release())
}

/// Sets a PIN over the one that is there, for a resident who was identified again: forgotten, blocked, or set in a
/// session that was cut off.
///
/// # Errors
/// [`SetPinError`]; [`CardError::PinNotSet`] inside when the card has none.
pub fn set_pin_again<T: Transport>(
    chip: Chip<T>,
    expected: &[u8],
    master: &IssuerMaster,
    pin: &SecretString,
    chance: &mut dyn Chance,
) -> Result<Chip<T>, SetPinError> {
    check(&chip, expected)?;
    let mut session = chip.personalise(master, chance)?;
    session.reset_pin(PinSlot::Holder, pin)?;
    Ok(session.release())
}

fn check<T: Transport>(chip: &Chip<T>, expected: &[u8]) -> Result<(), SetPinError> {
    if chip.serial().as_bytes() != expected {
        return Err(SetPinError::WrongChip {
            expected: ChipSerial::new(expected),
            found: chip.serial().clone(),
        });
    }
    match chip.life() {
        ChipLife::Closed => Ok(()),
        ChipLife::Blank | ChipLife::Personalising => Err(SetPinError::NotFinished),
    }
}
