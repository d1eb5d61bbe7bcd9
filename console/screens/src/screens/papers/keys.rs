//! The keys of this screen.

use crate::{
    key::Key::{Down, Enter, Esc, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "papers",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-print"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
