//! The keys of this screen.

use crate::{
    key::Key::{Down, Enter, Esc, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "telephone_stop",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
        answer::FIRST,
        answer::SECOND,
        answer::THIRD,
    ],
};
