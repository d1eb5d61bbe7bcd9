//! What a screen is: a small book with its state, its update and its view.

use std::{any::Any, fmt};

use issuance::staff::Role;

use super::{
    common::{Common, Kept},
    event::MakingProgress,
    facts::{Reader, ReaderState, StaffShown},
    input::Input,
    keymap::{Intent, KeyTable},
    orders::staff::SecondPurpose,
    page::{Page, Pen},
};

/// Which screen of those there are and were: what a screen asks for comes back to it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScreenId(pub u64);

/// A screen where it stands.
#[derive(Debug)]
pub struct Placed {
    pub id: ScreenId,
    pub screen: Box<dyn Screen>,
}

/// A screen or a panel. Every method that changes anything is pure: it changes the screen and [`Common`], where
/// orders and moves are collected.
pub trait Screen: Any + fmt::Debug + Send {
    /// The keys that work on it now.
    fn keys(&self) -> &'static KeyTable;

    /// What it draws.
    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page;

    /// A key's intention.
    fn act(&mut self, intent: Intent, common: &mut Common);

    /// Whether an intention does anything now: the help line names only those that do.
    fn can(&self, _intent: Intent, _common: &Common) -> bool {
        true
    }

    /// Other words than the key table's for what an intention does just now: on a form's button, Enter is not "next".
    fn says(&self, _intent: Intent, _common: &Common) -> Option<&'static str> {
        None
    }

    /// The role that an intention needs and that the person logged in does not have: the help line leaves the key out, and
    /// whoever presses it is told.
    fn lacks(&self, _intent: Intent, _common: &Common) -> Option<Role> {
        None
    }

    /// The field that has the cursor, where text goes.
    fn field(&mut self) -> Option<&mut Input> {
        None
    }

    /// Whether a field has the cursor.
    fn takes_text(&self) -> bool {
        false
    }

    /// The field's text changed.
    fn typed(&mut self, _common: &mut Common) {}

    /// A scanned payload; false when the screen has no use for it and its case should be opened.
    fn scanned(&mut self, _payload: &str, _common: &mut Common) -> bool {
        false
    }

    /// The screen came to the top: opened, or returned to.
    fn shown(&mut self, _common: &mut Common) {}

    /// The making that this screen asked for goes on.
    fn making(&mut self, _progress: &MakingProgress, _common: &mut Common) {}

    /// The open case was asked for anew: what was lost on the way may stand in it.
    fn case_reloaded(&mut self, _common: &mut Common) {}

    /// A reader changed.
    fn reader(&mut self, _reader: Reader, _state: ReaderState, _common: &mut Common) {}

    /// The second clerk agreed.
    fn approved(&mut self, _purpose: SecondPurpose, _who: &StaffShown, _common: &mut Common) {}

    /// A reason was given.
    fn reasoned(&mut self, _reason: &str, _common: &mut Common) {}

    /// The time moved on.
    fn tick(&mut self, _common: &mut Common) {}

    /// The queues changed somewhere.
    fn queues_changed(&mut self, _common: &mut Common) {}

    /// Whether the screen can be left by a scan, by closing the case or the program: false while a card is being written.
    fn can_leave(&self) -> bool {
        true
    }

    /// Whether the staff card may be away from the reader: the second clerk's card needs the place.
    fn staff_card_may_be_away(&self) -> bool {
        false
    }

    /// Under what the screen is kept when it is left.
    fn kept_as(&self, _common: &Common) -> Option<Kept> {
        None
    }
}
