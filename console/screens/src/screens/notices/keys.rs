//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, PageDown, PageUp, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub const RETURNED: Intent = Intent::Own("notice_returned");
pub const GIVE_UP: Intent = Intent::Own("notice_give_up");
pub const UNSET: Intent = Intent::Own("notice_unset");
pub const SAMPLES: Intent = Intent::Own("notice_samples");
pub const SETTLE: Intent = Intent::Own("notice_settle");
pub const ALL_OUT: Intent = Intent::Own("notice_all_out");
pub const NOT_OUT: Intent = Intent::Own("notice_not_out");
pub const LARGE: Intent = Intent::Own("notice_large");

pub static KEYS: KeyTable = KeyTable {
    name: "notices",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-notice-next"),
        row(Char('n'), Intent::New, "key-notice-new"),
        also(Char('s'), SAMPLES, "key-notice-samples"),
        row(Char('r'), RETURNED, "key-notice-returned"),
        row(Char('u'), SETTLE, "key-notice-settle"),
        also(Char('x'), UNSET, "key-notice-unset"),
        row(Char('w'), GIVE_UP, "key-notice-give-up"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static KINDS: KeyTable = KeyTable {
    name: "notices.kinds",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-notice-count"),
        row(Char('l'), LARGE, "key-notice-large"),
        row(Esc, Intent::Back, "key-give-up"),
    ],
};

pub static FORM: KeyTable = KeyTable {
    name: "notices.form",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
    ],
};

pub static SETTLED: KeyTable = KeyTable {
    name: "notices.settled",
    is_the_clerks: true,
    rows: &[
        row(Char('1'), ALL_OUT, "key-notice-all-out"),
        row(Char('2'), NOT_OUT, "key-notice-not-out"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static LIST: KeyTable = KeyTable {
    name: "notices.unset",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
