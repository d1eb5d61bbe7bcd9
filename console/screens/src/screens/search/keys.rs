//! The keys of this screen.

use crate::{
    key::Key::{Down, Enter, Esc, PageDown, PageUp, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "search",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
