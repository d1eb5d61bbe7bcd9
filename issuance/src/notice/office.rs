//! Who sends and who receives: the parts every document shares.

use std::fmt;

use serde::Serialize;

/// The office as it signs its letters; from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Office {
    /// City: `汐見市`.
    pub city: String,
    /// Section: `市民課 カード窓口`.
    pub section: String,
    /// Postal code: `123-4567`.
    pub postal_code: String,
    /// Address of the section.
    pub address: String,
    pub phone: String,
    /// Opening hours, a line each: `月曜日から金曜日 午前9時から午後5時まで`.
    pub hours: Vec<String>,
    /// What the card is called: `市民カード`.
    pub card_name: String,
}

/// Whom a letter is sent to. The caller decides what may be printed: for a person under support measures these
/// lines are what that person asked for, and nothing is added here.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Addressee {
    /// Postal code: `123-4567`.
    pub postal_code: String,
    /// Address, building and room, a line each; a long line is wrapped.
    pub address_lines: Vec<String>,
    /// Name in its own characters, selectors included.
    pub name: String,
}

impl fmt::Debug for Addressee {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addressee(…)")
    }
}
