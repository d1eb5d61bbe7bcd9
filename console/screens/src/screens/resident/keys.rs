//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub const STOP: Intent = Intent::Own("stop");

pub static KEYS: KeyTable = KeyTable {
    name: "resident",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-likely"),
        row(Char('n'), Intent::New, "key-new"),
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Char('k'), Intent::Standing, "key-standing"),
        row(Char('s'), STOP, "key-telephone-stop"),
        row(F(4), Intent::TakeOver, "key-take-over"),
        row(F(6), Intent::Reveal, "key-reveal"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
