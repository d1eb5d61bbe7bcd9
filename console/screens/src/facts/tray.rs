//! The demonstration's tray of virtual cards.

use super::Reader;

/// The demo's card tray.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tray {
    /// The readers, with the card in each.
    pub slots: Vec<TraySlot>,
    /// Every virtual card, by name.
    pub cards: Vec<TrayCard>,
}

/// A virtual reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraySlot {
    /// Number as the tray's protocol takes it.
    pub number: u8,
    /// Whether it is the staff or the resident reader.
    pub reader: Reader,
    /// The card in it.
    pub card: Option<String>,
}

/// A virtual card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayCard {
    /// Name as the tray's protocol takes it.
    pub name: String,
    pub about: TrayCardIs,
    /// A demo staff card's password. Demo passwords are made anew with every set-up and open nothing real.
    pub password: Option<String>,
    /// Chip serial in hex.
    pub chip: String,
}

/// What a card in the tray is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrayCardIs {
    /// The staff card of the clerk of that name.
    Staff(String),
    /// Nothing was made on it yet.
    Blank,
    /// Begun and not finished.
    BeingMade,
    Resident,
    /// Its file is broken.
    Unreadable,
}
