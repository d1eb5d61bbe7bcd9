//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, PageDown, PageUp, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub const CONFIRM: Intent = Intent::Own("confirm_count");

/// The counts.
pub static LIST: KeyTable = KeyTable {
    name: "stock_taking",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
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

/// A count under way.
pub static COUNT: KeyTable = KeyTable {
    name: "stock_taking.count",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-count-envelope"),
        row(F(2), Intent::Submit, "key-counted"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

/// What a count came to.
pub static RESULT: KeyTable = KeyTable {
    name: "stock_taking.result",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        row(Char('y'), CONFIRM, "key-confirm-count"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
