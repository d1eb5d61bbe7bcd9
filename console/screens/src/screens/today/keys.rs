//! The keys of this screen.

use crate::{
    key::Key::{Char, Ctrl, Down, Enter, Esc, F, PageDown, PageUp, Up},
    keymap::{Intent, KeyTable, also, besides, row},
};

pub const RECONCILIATION: Intent = Intent::Own("reconciliation");
pub const STOCK_TAKING: Intent = Intent::Own("stock_taking");
pub const POSTING: Intent = Intent::Own("posting");
pub const NOTICES: Intent = Intent::Own("notices");

pub static KEYS: KeyTable = KeyTable {
    name: "today",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        also(Char('1'), Intent::Digit(1), "key-queue"),
        also(Char('2'), Intent::Digit(2), "key-queue"),
        also(Char('3'), Intent::Digit(3), "key-queue"),
        also(Char('4'), Intent::Digit(4), "key-queue"),
        also(Char('5'), Intent::Digit(5), "key-queue"),
        also(Char('6'), Intent::Digit(6), "key-queue"),
        besides(Char('p'), POSTING, "key-posting"),
        besides(Char('z'), STOCK_TAKING, "key-stock-taking"),
        besides(Char('r'), RECONCILIATION, "key-reconciliation"),
        besides(Char('t'), NOTICES, "key-notices"),
        row(Char('/'), Intent::Search, "key-search"),
        row(Char('n'), Intent::New, "key-new"),
        row(F(4), Intent::TakeOver, "key-take-over"),
        also(F(5), Intent::Refresh, "key-refresh"),
        also(Ctrl('l'), Intent::Lock, "key-lock"),
        also(Esc, Intent::Back, "key-first-screen"),
    ],
};
