//! The keys of this screen.

use crate::{
    key::Key::{Down, Enter, Esc, F, Left, PageDown, PageUp, Right, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub static KEYS: KeyTable = KeyTable {
    name: "reconciliation",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Right, Intent::Right, "key-sum"),
        also(Left, Intent::Left, "key-sum"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        answer::FIRST,
        answer::SECOND,
        answer::THIRD,
        answer::FOURTH,
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
