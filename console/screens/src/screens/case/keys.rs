//! The keys of this screen.

use crate::{
    key::Key::{Char, Enter, Esc, F},
    keymap::{Intent, KeyTable, also, besides, out, row},
};

pub const VERIFY: Intent = Intent::Own("verify");
pub const MAKE: Intent = Intent::Own("make");
pub const PIN: Intent = Intent::Own("pin");
pub const CLOSE_INCIDENT: Intent = Intent::Own("close_incident");
pub const PAPERS: Intent = Intent::Own("papers");
pub const SHELF: Intent = Intent::Own("shelf");
pub const HANDOVER: Intent = Intent::Own("handover");
pub const CARD_SHOW: Intent = Intent::Own("card_show");
pub const CANCEL_CASE: Intent = Intent::Own("cancel_case");
pub const GIVE_UP_CARD: Intent = Intent::Own("give_up_card");
pub const PARCEL: Intent = Intent::Own("parcel");
pub const CUSTODY: Intent = Intent::Own("custody");
pub const CLOSE_CASE: Intent = Intent::Own("close_case");

pub static KEYS: KeyTable = KeyTable {
    name: "case",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-likely"),
        also(Char('v'), VERIFY, "key-verify"),
        also(Char('m'), MAKE, "key-make"),
        also(Char('p'), PIN, "key-pin"),
        row(Char('i'), CLOSE_INCIDENT, "key-close-incident"),
        besides(Char('t'), PAPERS, "key-papers"),
        also(Char('s'), SHELF, "key-shelf"),
        also(Char('h'), HANDOVER, "key-handover"),
        also(Char('y'), PARCEL, "key-parcel"),
        row(Char('j'), Intent::Journal, "key-journal"),
        besides(Char('c'), CARD_SHOW, "key-card"),
        also(Char('w'), CUSTODY, "key-custody"),
        row(Char('k'), Intent::Standing, "key-standing"),
        also(F(6), Intent::Reveal, "key-reveal"),
        also(Char('x'), CANCEL_CASE, "key-cancel-case"),
        also(Char('g'), GIVE_UP_CARD, "key-give-up-card"),
        out(Esc, CLOSE_CASE, "key-close-case"),
    ],
};
