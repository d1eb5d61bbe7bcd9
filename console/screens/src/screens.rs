//! The screens, each a small book: its state, its update, its view.

pub mod application;
pub mod card_show;
pub mod case;
pub mod custody;
pub mod handover;
pub mod journal;
pub mod login;
pub mod making;
pub mod notices;
pub mod papers;
pub mod parcel;
pub mod pin;
pub mod posting;
pub mod reconciliation;
pub mod relay;
pub mod resident;
pub mod search;
pub mod shelf;
pub mod shown;
pub mod standing;
pub mod stock_taking;
pub mod telephone_stop;
pub mod today;
pub mod verify;

#[cfg(test)]
use crate::{
    keymap::{self, KeyTable},
    over::tray,
};

/// Every table of keys there is.
#[cfg(test)]
pub static EVERY_TABLE: [&KeyTable; 44] = [
    &keymap::READING,
    &keymap::READING_FACING,
    &keymap::QUESTION,
    &keymap::REASON,
    &login::keys::PASSWORD,
    &login::keys::FIRST_RUN,
    &today::keys::KEYS,
    &search::keys::KEYS,
    &resident::keys::KEYS,
    &application::keys::KEYS,
    &case::keys::KEYS,
    &verify::keys::KEYS,
    &verify::keys::REVIEW,
    &making::keys::KEYS,
    &making::keys::RUNS,
    &pin::keys::KEYS,
    &pin::keys::FACING,
    &papers::keys::KEYS,
    &shelf::keys::KEYS,
    &handover::keys::GATHER,
    &handover::keys::LOOK,
    &standing::keys::KEYS,
    &standing::keys::FORM,
    &relay::keys::PARTNERS,
    &relay::keys::PARTNER,
    &relay::keys::FORM,
    &relay::keys::WAITS,
    &telephone_stop::keys::KEYS,
    &parcel::keys::KEYS,
    &posting::keys::KEYS,
    &posting::keys::FORM,
    &custody::keys::KEYS,
    &custody::keys::FORM,
    &reconciliation::keys::KEYS,
    &notices::keys::KEYS,
    &notices::keys::KINDS,
    &notices::keys::FORM,
    &notices::keys::SETTLED,
    &notices::keys::LIST,
    &stock_taking::keys::LIST,
    &stock_taking::keys::COUNT,
    &stock_taking::keys::RESULT,
    &tray::keys::KEYS,
    &keymap::EVERYWHERE,
];
