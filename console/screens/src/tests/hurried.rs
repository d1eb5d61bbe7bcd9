//! A clerk in a hurry: keys pressed too early, too often, or in the wrong place. Nothing typed is lost, and the help line
//! names the key that one needs.

use issuance::case::CaseState;

use super::{counter::*, visit};
use crate::{
    event::Event,
    facts::*,
    fault::Fault,
    key::Key::{Char, Down, Enter, Esc},
    orders::{
        cards::StartMaking,
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

#[test]
fn a_paste_that_does_not_fit_says_so_and_leaves_the_field_as_it_was() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.typed.push("山口".into());
    counter.happens(Event::Paste("山口".into()));
    assert!(counter.screen(80, 24).contains("山口"));
    counter.happens(Event::Paste("よ".repeat(59)));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("60 文字まで") && screen.contains("山口") && !screen.contains("よよ"),
        "{screen}"
    );
    counter.press(Esc);
    counter.answer_queues();
    counter.happens(Event::Paste("山口".into()));
    assert!(counter.screen(80, 24).contains("入れる欄がありません"));
    // Nor does a key behind the last place vanish without a word.
    let mut counter = Counter::with_case(case(CaseState::Made { card: card_id() }));
    counter.press(Char('s'));
    counter.types("A-12-3456-78");
    counter.press(Char('9'));
    assert!(counter.screen(80, 24).contains("いっぱいです"));
}

/// A making that was stopped, its card still in the reader and being read anew.
fn stopped_making() -> Counter {
    let mut begun = case(CaseState::Making { card: card_id() });
    begun.problem = Some(Problem::MakingStopped);
    let mut counter = Counter::with_case(begun);
    counter.resident_card(1);
    counter.press(Enter);
    counter.answer(begun_chip());
    counter.press(Enter);
    counter.making_runs(4);
    counter.press(Esc);
    counter.answer(MakingEnd::Stopped {
        at: None,
        why: Fault::Cancelled,
    });
    counter
}

fn begun_chip() -> ChipView {
    ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCaseUnfinished,
        pin: Tries::NotSet,
    }
}

#[test]
fn keys_pressed_while_a_stopped_card_is_read_anew_are_good_unless_another_lies_there() {
    let makings = |counter: &Counter| {
        let started = |effect: &&crate::order::Effect| effect.as_order::<StartMaking>().is_some();
        counter.asked.iter().filter(started).count()
    };
    // Pressed over the page that reads, heard after the card was read: the same card goes on.
    let mut counter = stopped_making();
    let (seen, before) = (counter.state.step(), makings(&counter));
    counter.answer(begun_chip());
    counter.press_over(seen, Enter);
    assert_eq!(makings(&counter), before + 1);

    // Pressed and heard while it is read.
    let mut counter = stopped_making();
    counter.press(Enter);
    counter.answer(begun_chip());
    assert_eq!(makings(&counter), before + 1);

    // Another card lies there: what was meant for the begun one is not done to it.
    let mut counter = stopped_making();
    let seen = counter.state.step();
    counter.answer(ChipView {
        known: ChipKnown::Blank,
        serial: "FFFF".into(),
        ..begun_chip()
    });
    counter.press_over(seen, Enter);
    assert_eq!(makings(&counter), before);
    // The way back leads where it led.
    counter.press_over(seen, Esc);
    assert!(
        counter.screen(80, 24).contains("続きから作る"),
        "{}",
        counter.screen(80, 24)
    );
}
