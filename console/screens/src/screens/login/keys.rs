//! The keys of this screen.

use crate::{
    key::Key::{BackTab, Ctrl, Down, Enter, Esc, F, Tab, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub static PASSWORD: KeyTable = KeyTable {
    name: "login.password",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-enter-password"),
        row(F(5), Intent::Refresh, "key-look-again"),
        row(Ctrl('d'), Intent::LogOut, "key-log-out"),
        also(Esc, Intent::Back, "key-back"),
    ],
};

pub static FIRST_RUN: KeyTable = KeyTable {
    name: "login.first_run",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-field"),
        also(Up, Intent::Up, "key-field"),
        also(Tab, Intent::Down, "key-field"),
        also(BackTab, Intent::Up, "key-field"),
        row(Enter, Intent::Confirm, "key-next"),
    ],
};
