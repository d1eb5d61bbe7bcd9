//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, Up},
    keymap::{Intent, KeyTable, also, answer, besides, row},
};

pub const SUSPEND: Intent = Intent::Own("suspend");
pub const RESUME: Intent = Intent::Own("resume");
pub const CONFIRM_STOP: Intent = Intent::Own("confirm_stop");
pub const RESET_PIN: Intent = Intent::Own("reset_pin");
pub const CHANGE_PIN: Intent = Intent::Own("change_pin");
pub const REVOKE: Intent = Intent::Own("revoke");
pub const RELINK: Intent = Intent::Own("relink");
pub const SEND_ANEW: Intent = Intent::Own("send_anew");
pub const CLOSE_REFUSED: Intent = Intent::Own("close_refused");

pub static KEYS: KeyTable = KeyTable {
    name: "standing",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-likely"),
        row(Char('s'), SUSPEND, "key-suspend"),
        row(Char('r'), RESUME, "key-resume"),
        row(Char('b'), CONFIRM_STOP, "key-confirm-stop"),
        row(Char('p'), RESET_PIN, "key-reset-pin"),
        besides(Char('h'), CHANGE_PIN, "key-change-pin"),
        row(Char('x'), REVOKE, "key-revoke"),
        besides(Char('l'), RELINK, "key-relink"),
        also(Char('a'), SEND_ANEW, "key-send-anew"),
        row(Char('c'), CLOSE_REFUSED, "key-close-refused"),
        row(Char('j'), Intent::Journal, "key-journal"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static FORM: KeyTable = KeyTable {
    name: "standing.form",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
        answer::FIRST,
        answer::SECOND,
        answer::THIRD,
        answer::FOURTH,
        answer::FIFTH,
    ],
};
