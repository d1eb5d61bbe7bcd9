//! The screen turned to the resident: what they can press, in which language, and what explains itself to them.

use super::counter::*;
use crate::{
    facts::*,
    key::Key::{Enter, Esc, F},
    orders::tray::TrayHands,
};

#[test]
fn in_front_of_the_resident_only_the_keys_of_the_pin_work() {
    let mut counter = Counter::with_case(case(made()));
    counter.resident_card(1);
    counter.press(Enter);
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    let before = counter.screen(80, 24);
    // The resident reads it in another language, and what it is all about; the clerk's language comes back with the screen.
    counter.press(F(10));
    let english = counter.screen(80, 24);
    assert!(english.contains("Choose a PIN"), "{english}");
    counter.press(F(1));
    insta::assert_snapshot!("pin_help_english", counter.screen(80, 24));
    counter.press(F(12));
    assert!(!counter.is_asked::<TrayHands>());
    counter.press(F(10));
    insta::assert_snapshot!("pin_help", counter.screen(80, 24));
    counter.press(Esc);
    counter.press(F(10));
    counter.press(Esc);
    assert!(
        counter.screen(80, 24).contains("暗証番号を決めてもらう"),
        "{}",
        counter.screen(80, 24)
    );
    counter.press(Enter);
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    for key in [F(12), crate::key::Key::Ctrl('q'), crate::key::Key::Ctrl('d')] {
        counter.press(key);
        assert_eq!(counter.screen(80, 24), before, "{key:?}");
    }
    assert!(!counter.is_asked::<TrayHands>());
}
