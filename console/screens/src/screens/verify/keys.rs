//! The keys of this screen.

use crate::{
    key::Key::{BackTab, Char, Delete, Down, Enter, Esc, F, Left, PageDown, PageUp, Right, Tab, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub const EXCEPTION: Intent = Intent::Own("exception");
pub const REMOVE: Intent = Intent::Own("remove");

pub static KEYS: KeyTable = KeyTable {
    name: "verify",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-field"),
        also(Up, Intent::Up, "key-field"),
        also(Tab, Intent::Down, "key-field"),
        also(BackTab, Intent::Up, "key-field"),
        also(Left, Intent::Left, "key-change"),
        also(Right, Intent::Right, "key-change"),
        row(Char(' '), Intent::Toggle, "key-toggle"),
        row(Enter, Intent::Confirm, "key-next"),
        row(F(3), EXCEPTION, "key-exception"),
        row(Delete, REMOVE, "key-remove"),
        also(F(6), Intent::Reveal, "key-reveal"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Esc, Intent::Back, "key-back-kept"),
        answer::FIRST,
        answer::SECOND,
        answer::THIRD,
        answer::FOURTH,
        answer::YES,
        answer::NO,
    ],
};

pub static REVIEW: KeyTable = KeyTable {
    name: "verify.review",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-record"),
        row(Down, Intent::Down, "key-scroll"),
        also(Up, Intent::Up, "key-scroll"),
        row(Esc, Intent::Back, "key-back-kept"),
    ],
};
