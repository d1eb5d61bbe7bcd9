//! The keys of this screen.

use crate::{
    key::Key::{Char, Down, Enter, Esc, F, Up},
    keymap::{Intent, KeyTable, also, row},
};

pub const CHANGE_DELIVERY: Intent = Intent::Own("change_delivery");
pub const MISS_PARCEL: Intent = Intent::Own("miss_parcel");

pub static KEYS: KeyTable = KeyTable {
    name: "parcel",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(Char('1'), Intent::Digit(1), "key-parcel-kind"),
        also(Char('2'), Intent::Digit(2), "key-parcel-kind"),
        also(Char('3'), Intent::Digit(3), "key-parcel-kind"),
        row(Enter, Intent::Confirm, "key-decide"),
        row(F(8), CHANGE_DELIVERY, "key-change-delivery"),
        row(F(9), MISS_PARCEL, "key-miss-parcel"),
        row(Esc, Intent::Back, "key-back"),
    ],
};
