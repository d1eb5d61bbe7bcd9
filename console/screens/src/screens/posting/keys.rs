//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, PageDown, PageUp, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub const HAND_TO_POST: Intent = Intent::Own("hand_to_post");
pub const CARRIER_FILE: Intent = Intent::Own("carrier_file");

pub static KEYS: KeyTable = KeyTable {
    name: "posting",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        row(Char('d'), HAND_TO_POST, "key-hand-to-post"),
        row(Char('f'), CARRIER_FILE, "key-carrier-file"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static FORM: KeyTable = KeyTable {
    name: "posting.form",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
    ],
};
