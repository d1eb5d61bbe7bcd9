//! The keys of this screen.

use crate::{
    key::Key::{Char, Enter, Esc, F},
    keymap::{Intent, KeyTable, also, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "making",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-start"),
        row(F(5), Intent::Refresh, "key-look-again"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static RUNS: KeyTable = KeyTable {
    name: "making.runs",
    is_the_clerks: true,
    rows: &[
        row(Esc, Intent::Stop, "key-stop"),
        also(Char('s'), Intent::Stop, "key-stop"),
    ],
};
