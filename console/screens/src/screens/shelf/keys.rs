//! The keys of this screen.

use crate::{
    key::Key::{Enter, Esc},
    keymap::{Intent, KeyTable, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "shelf",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-put"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
