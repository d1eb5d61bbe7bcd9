//! The keys of this screen.

use crate::{
    key::Key::{BackTab, Char, Down, Enter, Esc, F, Left, Right, Tab, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "application",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-field"),
        also(Up, Intent::Up, "key-field"),
        also(Tab, Intent::Down, "key-field"),
        also(BackTab, Intent::Up, "key-field"),
        row(Char(' '), Intent::Toggle, "key-toggle"),
        also(Left, Intent::Left, "key-change"),
        also(Right, Intent::Right, "key-change"),
        row(Enter, Intent::Confirm, "key-next"),
        row(F(2), Intent::Submit, "key-submit"),
        row(Esc, Intent::Back, "key-back-kept"),
        answer::FIRST,
        answer::SECOND,
        answer::THIRD,
        answer::FOURTH,
        answer::FIFTH,
        answer::SIXTH,
        answer::SEVENTH,
        answer::EIGHTH,
        answer::YES,
        answer::NO,
    ],
};
