//! Who is at the desk: a session that ended elsewhere, a staff card exchanged, a scanner that types slowly.

use issuance::case::CaseState;

use super::counter::*;
use crate::{
    State,
    event::Event,
    fault::Fault,
    key::Key::{Char, Enter},
    keymap::KeyTable,
    orders::{
        cases::{OpenByNotice, OpenCase},
        staff::{Login, Unlock},
    },
    screens::login,
};

fn place(state: &State) -> &'static KeyTable {
    state.front().keys()
}

#[test]
fn a_staff_card_exchanged_without_a_gap_locks_and_what_was_said_of_the_old_one_goes() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.staff_card(2);
    assert_eq!(place(&counter.state), &login::keys::PASSWORD);

    let mut counter = Counter::opened();
    counter.staff_card(1);
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.refuse(Fault::CardRemoved);
    assert!(counter.screen(80, 24).contains("カードが抜けました"));
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    let screen = counter.screen(80, 24);
    assert!(
        !screen.contains("カードが抜けました") && screen.contains("佐藤 恵"),
        "{screen}"
    );
}

#[test]
fn a_session_that_ended_elsewhere_shows_nobody_and_asks_for_no_useless_password() {
    // Noticed by the desk, in the midst of a case.
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.happens(Event::SessionOver);
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("このログインは終わっています") && !screen.contains("山口"),
        "{screen}"
    );
    assert!(
        !screen.contains("ロック") && screen.contains("ログインしていません"),
        "{screen}"
    );

    // Said by the records, as an answer to a search.
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("ya");
    counter.answer(found("ya"));
    counter.types("m");
    counter.refuse(Fault::SessionOver);
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("このログインは終わっています") && !screen.contains("山口"),
        "{screen}"
    );

    // At the lock: whoever enters the password is told to log in, and can.
    let mut counter = Counter::with_clerk();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.refuse(Fault::SessionOver);
    counter.answer(staff_card(SATO));
    assert!(counter.screen(80, 24).contains("このログインは終わっています"));
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(counter.is_asked::<Login>());
}

#[test]
fn a_slow_scanner_opens_its_case_and_nothing_else_and_costs_no_password() {
    let scans_slowly = |counter: &mut Counter| {
        let reads = std::mem::replace(&mut counter.is_read_closely, false);
        for letter in NOTICE.chars() {
            counter.press(Char(letter));
        }
        counter.press(Enter);
        counter.is_read_closely = reads;
    };
    let mut counter = Counter::with_clerk();
    scans_slowly(&mut counter);
    assert!(counter.is_asked_with(|order: &OpenByNotice| order.payload == NOTICE));
    assert!(!counter.is_asked::<OpenCase>(), "no row of the queue was opened");

    // In a field nothing stays of it.
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    scans_slowly(&mut counter);
    assert!(counter.is_asked_with(|order: &OpenByNotice| order.payload == NOTICE));
    assert!(!counter.screen(80, 24).contains("MDG"));

    let mut counter = Counter::with_clerk();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    scans_slowly(&mut counter);
    assert!(!counter.is_asked::<Unlock>() && !counter.is_asked::<OpenByNotice>());
    assert!(
        !counter.screen(80, 24).contains("●●"),
        "nothing of it is left in the password"
    );
}

#[test]
fn a_code_of_somebody_else_opens_nothing_and_costs_no_password() {
    // A parcel's, a shop's: wherever no field shows it.
    for code in ["4901234567894", "A123456789012A"] {
        let mut counter = Counter::with_clerk();
        counter.scan(code);
        assert!(!counter.is_asked::<OpenCase>() && !counter.is_asked::<OpenByNotice>());
        assert!(counter.screen(80, 24).contains("窓口のものではないコード"));
    }
    let mut counter = Counter::with_clerk();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.scan("4901234567894");
    assert!(!counter.is_asked::<Unlock>());
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("窓口のものではないコード") && !screen.contains("●●"),
        "{screen}"
    );
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(counter.is_asked::<Unlock>(), "the clerk's own password still unlocks");
}
