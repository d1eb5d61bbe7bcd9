//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, Up},
    keymap::{Intent, KeyTable, also, answer, row},
};

pub const PUT_AWAY: Intent = Intent::Own("put_away");
pub const MISSED: Intent = Intent::Own("missed");
pub const DESTROY: Intent = Intent::Own("destroy");
pub const GIVE_BACK: Intent = Intent::Own("give_back");

pub static KEYS: KeyTable = KeyTable {
    name: "custody",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Char('d'), PUT_AWAY, "key-put-away"),
        row(Char('b'), GIVE_BACK, "key-give-back"),
        row(Char('m'), MISSED, "key-missed"),
        row(Char('x'), DESTROY, "key-destroy"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static FORM: KeyTable = KeyTable {
    name: "custody.form",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
        answer::FIRST,
        answer::SECOND,
    ],
};
