//! The keys of the operators' screens.

use crate::{
    key::Key::{BackTab, Char, Ctrl, Down, Enter, Esc, F, PageDown, PageUp, Tab, Up},
    keymap::{Intent, KeyTable, also, besides, row},
};

pub const REGISTER: Intent = Intent::Own("register");
pub const SWITCH_OFF: Intent = Intent::Own("switch_off");
pub const UNTOLD: Intent = Intent::Own("untold");
pub const APPROVE: Intent = Intent::Own("approve");
pub const TRIED: Intent = Intent::Own("tried");
pub const WITHOUT_LOGOUT: Intent = Intent::Own("without_logout");
pub const SWITCH_ON: Intent = Intent::Own("switch_on");
pub const TRIAL: Intent = Intent::Own("trial");
pub const TRIAL_CARD: Intent = Intent::Own("trial_card");
pub const LIFETIMES: Intent = Intent::Own("lifetimes");
pub const EXCEPTIONS: Intent = Intent::Own("exceptions");

pub static PARTNERS: KeyTable = KeyTable {
    name: "relay.partners",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-choose"),
        also(Up, Intent::Up, "key-choose"),
        also(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        row(Enter, Intent::Confirm, "key-open"),
        row(Char('n'), REGISTER, "key-register"),
        row(Char('x'), SWITCH_OFF, "key-switch-off"),
        row(Char('j'), Intent::Journal, "key-trail"),
        besides(Char('u'), UNTOLD, "key-untold"),
        also(F(5), Intent::Refresh, "key-refresh"),
        also(Ctrl('l'), Intent::Lock, "key-lock"),
        also(Esc, Intent::Back, "key-first-screen"),
    ],
};

pub static PARTNER: KeyTable = KeyTable {
    name: "relay.partner",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-likely"),
        also(Char('a'), APPROVE, "key-approve"),
        also(Char('c'), TRIAL_CARD, "key-trial-card"),
        also(Char('s'), TRIED, "key-tried"),
        also(Char('w'), WITHOUT_LOGOUT, "key-without-logout"),
        also(Char('o'), SWITCH_ON, "key-switch-on"),
        row(Char('x'), SWITCH_OFF, "key-switch-off"),
        row(Char('t'), TRIAL, "key-trial"),
        row(Char('l'), LIFETIMES, "key-lifetimes"),
        row(Char('e'), EXCEPTIONS, "key-exceptions"),
        also(F(5), Intent::Refresh, "key-refresh"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

pub static FORM: KeyTable = KeyTable {
    name: "relay.form",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-field"),
        also(Up, Intent::Up, "key-field"),
        also(Tab, Intent::Down, "key-field"),
        also(BackTab, Intent::Up, "key-field"),
        row(Char(' '), Intent::Toggle, "key-toggle"),
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-give-up"),
    ],
};

pub static WAITS: KeyTable = KeyTable {
    name: "relay.waits",
    is_the_clerks: true,
    rows: &[row(Esc, Intent::Stop, "key-stop-waiting")],
};
