//! The keys of this screen.

use crate::{
    key::Key::{Char, Enter, Esc, F},
    keymap::{Intent, KeyTable, row},
};

pub const PIN_AGAIN: Intent = Intent::Own("pin_again");

pub static KEYS: KeyTable = KeyTable {
    name: "pin",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-decide"),
        row(Char('r'), PIN_AGAIN, "key-pin-again"),
        row(Esc, Intent::Back, "key-give-up"),
    ],
};

pub static FACING: KeyTable = KeyTable {
    name: "pin.facing",
    is_the_clerks: false,
    rows: &[
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
        row(F(1), Intent::Help, "key-explain"),
        row(F(10), Intent::Language, "key-language"),
    ],
};
