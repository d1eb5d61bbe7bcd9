//! A clerk in a hurry: keys pressed too early, too often, or in the wrong place. Nothing typed is lost, and the help line
//! names the key that one needs.

use issuance::case::CaseState;

use super::{counter::*, visit};
use crate::{
    facts::*,
    key::Key::{Char, Down, Enter, Esc},
    orders::{
        handover::{Agreements, CheckHandover},
        staff::Login,
    },
};

#[test]
fn going_back_from_the_looks_keeps_what_was_scanned_and_typed_and_compares_anew() {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    counter.press(Char(' '));
    counter.press(Esc);
    let screen = counter.screen(80, 24);
    assert!(screen.contains(NOTICE) && screen.contains("A-12"), "{screen}");
    counter.press(Enter);
    assert!(counter.is_asked::<CheckHandover>());
    counter.answer(Agreements(visit::agreements("8B42 19F0 0C77 A1D3 5E20")));
    let screen = counter.screen(80, 24);
    assert!(!screen.contains("[✓]"), "nothing is looked at yet: {screen}");
    counter.press(Esc);
    counter.press(Esc);
    assert!(
        counter.screen(80, 24).contains("Enter 交付する"),
        "and once more is out"
    );
}

#[test]
fn a_password_too_short_is_not_left_under_the_next_one() {
    let mut counter = Counter::opened();
    counter.staff_card(1);
    counter.answer(staff_card(SATO));
    counter.types("ab12");
    counter.press(Enter);
    counter.types("Kita2026");
    counter.press(Enter);
    let entered = |Login { password }: &Login| secrecy::ExposeSecret::expose_secret(password) == "Kita2026";
    assert!(counter.is_asked_with(entered));
}

#[test]
fn the_help_line_says_what_enter_does_on_a_button_and_what_ticks_a_fact() {
    let helps = |counter: &Counter| {
        counter
            .screen(80, 24)
            .lines()
            .rev()
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    };
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    counter.press(Enter);
    assert!(helps(&counter).contains("Enter 選ぶ"), "{}", helps(&counter));
    counter.press(Enter);
    for _ in 0..12 {
        let help = helps(&counter);
        if counter.screen(80, 24).contains("▸ 氏名") {
            assert!(help.contains("Space 選択"), "{help}");
        }
        if help.contains("Enter 終わる") {
            assert!(!help.contains("Space"), "{help}");
            return;
        }
        counter.press(Down);
    }
    panic!("the form has an end:\n{}", counter.screen(80, 24));
}

#[test]
fn where_nobody_was_found_no_key_opens_anybody() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("zz");
    counter.answer(Found {
        text: "zz".into(),
        ..Found::default()
    });
    let screen = counter.screen(80, 24);
    assert!(
        !screen.contains("Enter 開く") && screen.contains("Esc 戻る"),
        "{screen}"
    );
}
