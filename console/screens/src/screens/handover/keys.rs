//! The keys of this screen.

use crate::{
    key::Key::{BackTab, Char, Down, Enter, Esc, Tab, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub const RETURN_TO_SHELF: Intent = Intent::Own("return_to_shelf");

pub static GATHER: KeyTable = KeyTable {
    name: "handover.gather",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-field"),
        also(Up, Intent::Up, "key-field"),
        also(Tab, Intent::Down, "key-field"),
        also(BackTab, Intent::Up, "key-field"),
        row(Enter, Intent::Confirm, "key-next"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static LOOK: KeyTable = KeyTable {
    name: "handover.look",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Char(' '), Intent::Toggle, "key-toggle"),
        answer::YES,
        row(Enter, Intent::Confirm, "key-next"),
        row(Char('r'), RETURN_TO_SHELF, "key-return"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
