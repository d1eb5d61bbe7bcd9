//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub const NEW_CARD: Intent = Intent::Own("new_card");
pub const SCAN_NOTICE: Intent = Intent::Own("scan_notice");

pub static KEYS: KeyTable = KeyTable {
    name: "tray",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Char('s'), Intent::Digit(1), "key-tray-staff"),
        row(Char('r'), Intent::Digit(2), "key-tray-resident"),
        row(Char('n'), NEW_CARD, "key-tray-new"),
        row(Char('q'), SCAN_NOTICE, "key-tray-scan"),
        row(Esc, Intent::Back, "key-close"),
        also(Enter, Intent::Confirm, "key-tray-likely"),
    ],
};
