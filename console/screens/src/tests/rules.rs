//! What must never happen, whatever is pressed, pulled or answered late.

use issuance::{
    case::{CaseId, CaseState},
    identity::Fact,
    staff::Role,
};
use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

use super::{
    counter::*,
    visit::{self, lay_licence},
};
use crate::{
    State,
    event::Event,
    facts::*,
    fault::Fault,
    key::Key::{self, Char, Down, Enter, Esc, F},
    keymap::{self, KeyTable},
    order::JobId,
    orders::{
        cards::StartMaking,
        cases::{Journal, LoadJournal, OpenByNotice, OpenCase, SaveVerification},
        handover::ConfirmSight,
        queues::{LoadQueue, OpenResident, QueueRows, RevealAddress, Search},
        staff::{LogOut, Quit, ScreenLocked, SecondClerk, Unlock},
    },
    screens::{case as case_screen, handover, login, making, resident, verify},
};

fn place(state: &State) -> &'static KeyTable {
    state.front().keys()
}

#[test]
fn a_late_answer_for_another_case_changes_nothing() {
    let mut counter = Counter::with_case(case(made()));
    counter.resident_card(1);
    counter.press(Char('j'));
    let journal = counter.job::<LoadJournal>();
    counter.press(Esc);
    counter.press(Esc);
    let mut other = case(CaseState::Applied);
    other.id = CaseId::from_uuid(Uuid::from_u128(377));
    other.number.serial = 377;
    counter.answer_queues();
    counter.press(Enter);
    counter.answer(Box::new(other));
    let before = counter.screen(80, 24);
    let late = JournalLine {
        at: NOW,
        who: "x".into(),
        desk: None,
        act: "case.applied".into(),
        outcome: relay_core::audit::Outcome::Done,
        facts: vec![],
        words: None,
    };
    counter.replies(journal, Journal(vec![late]));
    counter.replies(journal, Box::new(case(made())));
    counter.replies(JobId(99_999), Box::new(case(made())));
    assert_eq!(counter.screen(80, 24), before);
    assert!(before.contains("2026-000377"));
}

#[test]
fn pressing_enter_twice_does_a_thing_once() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    counter.resident_card(1);
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    });
    counter.press_at_once(&[Enter, Enter, Enter]);
    let started = counter
        .asked
        .iter()
        .filter(|effect| effect.as_order::<StartMaking>().is_some());
    assert_eq!(started.count(), 1);
}

#[test]
fn a_key_meant_for_the_screen_before_cannot_commit_the_next_one() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    // Two Enters in one breath: the first opens the verification, the second must not lay a document down.
    counter.press_at_once(&[Enter, Enter]);
    assert_eq!(place(&counter.state), &verify::keys::KEYS);
    assert!(counter.screen(80, 24).contains("書類を加える"));
}

#[test]
fn what_is_typed_while_a_resident_opens_is_not_lost_and_does_no_harm() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("ya");
    counter.answer(found("ya"));
    counter.press_at_once(&[Enter, Char('n'), Enter]);
    counter.answer(resident());
    assert_eq!(
        place(&counter.state),
        &resident::keys::KEYS,
        "n was pressed before the resident was seen"
    );
}

#[test]
fn enter_before_the_hits_came_opens_nobody_unless_there_is_only_one() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("ya");
    counter.press(Enter);
    counter.answer(found("ya"));
    assert!(!counter.is_asked::<OpenResident>());
    counter.types("m");
    counter.press(Enter);
    let mut one = found("yam");
    one.rows.truncate(1);
    counter.answer(one);
    assert!(counter.is_asked::<OpenResident>());
}

#[test]
fn a_scan_opens_its_case_on_any_screen_and_types_nothing() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.scan(NOTICE);
    let Some(OpenByNotice { payload }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<OpenByNotice>())
    else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!(payload, NOTICE);
    assert!(!counter.screen(80, 24).contains("MDG1"));
    counter.answer(Box::new(case(shelved())));
    assert_eq!(place(&counter.state), &case_screen::keys::KEYS);
}

#[test]
fn a_scan_at_the_lock_or_in_front_of_the_resident_opens_nothing() {
    let mut counter = Counter::with_clerk();
    counter.staff_card_pulled();
    counter.scan(NOTICE);
    assert!(!counter.is_asked::<OpenByNotice>());
}

#[test]
fn a_card_being_written_is_not_left_by_scan_close_or_quit() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    counter.resident_card(1);
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    counter.scan(NOTICE);
    counter.press(Key::Ctrl('q'));
    counter.press(Key::Ctrl('d'));
    assert_eq!(place(&counter.state), &making::keys::RUNS);
    assert!(!counter.is_asked::<OpenByNotice>() && !counter.is_asked::<LogOut>() && !counter.is_asked::<Quit>());
    // The lock may come, and the making goes on behind it.
    counter.staff_card_pulled();
    assert_eq!(place(&counter.state), &login::keys::PASSWORD);
    counter.making_runs(10);
    counter.answer(MakingEnd::Made(Box::new(case(made()))));
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.answer(session(&Role::ALL));
    assert!(counter.screen(80, 24).contains("カードができました") || counter.screen(80, 24).contains("次は暗証番号"));
}

#[test]
fn pulling_the_staff_card_locks_and_the_work_is_still_there() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    lay_licence(&mut counter);
    let before = counter.screen(80, 24);
    counter.staff_card_pulled();
    let locked = counter.screen(80, 24);
    assert!(locked.contains("ロック") && !locked.contains("山口"));
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(counter.is_asked::<Unlock>());
    counter.answer(session(&Role::ALL));
    assert_eq!(counter.screen(80, 24), before);
}

#[test]
fn after_idle_minutes_the_screen_locks() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.waits(Duration::minutes(14));
    assert_eq!(place(&counter.state), &case_screen::keys::KEYS);
    counter.waits(Duration::minutes(1));
    assert_eq!(place(&counter.state), &login::keys::PASSWORD);
    assert!(counter.is_asked_with(|order: &ScreenLocked| matches!(order, ScreenLocked { card_pulled: false })));
}

#[test]
fn the_first_clerks_card_may_be_away_for_the_second_clerk_but_not_for_long() {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    visit::tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    counter.staff_card_pulled();
    counter.waits(Duration::seconds(60));
    assert_eq!(place(&counter.state), &keymap::REASON);
    counter.waits(Duration::seconds(31));
    assert_eq!(place(&counter.state), &login::keys::PASSWORD);
}

/// At the question for the second clerk, the first clerk's card gone: they are at the counter by it.
fn waiting_for_the_second() -> Counter {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    visit::tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    counter.answer(staff_card(SATO));
    counter
}

#[test]
fn help_over_the_question_for_the_second_clerk_takes_nothing_of_its_grace() {
    for over in [F(1), F(12)] {
        let mut counter = waiting_for_the_second();
        counter.press(over);
        counter.staff_card_pulled();
        counter.waits(Duration::seconds(5));
        counter.staff_card(2);
        counter.answer(staff_card(NAKAMURA));
        counter.press(Esc);
        assert_eq!(place(&counter.state), &keymap::REASON, "{over:?}");
        counter.types("kaede2026");
        counter.press(Enter);
        counter.answer(shown(NAKAMURA));
        counter.press(over);
        counter.staff_card_pulled();
        counter.staff_card(3);
        counter.answer(staff_card(SATO));
        counter.press(Esc);
        let second_sight = counter.screen(80, 24);
        assert!(
            second_sight.contains("2 回目の目視確認  中村"),
            "{over:?}: {second_sight}"
        );
    }
}

#[test]
fn nobody_works_on_as_a_clerk_whose_card_was_exchanged_for_anothers() {
    let comes_back = |counter: &mut Counter| {
        let waiting = counter.screen(80, 24);
        assert!(waiting.contains("自分の職員カードを戻してください"), "{waiting}");
        assert_eq!(place(&counter.state), &keymap::REASON);
        for key in [Enter, Char('y'), Enter] {
            counter.press(key);
        }
        assert!(!counter.is_asked::<ConfirmSight>());
        // Whoever puts their own card back goes on without a password.
        counter.staff_card_pulled();
        counter.staff_card(7);
        counter.answer(staff_card(SATO));
        assert_eq!(place(&counter.state), &handover::keys::LOOK);
    };
    let mut counter = waiting_for_the_second();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.press(Esc);
    comes_back(&mut counter);

    // The cards changed places so fast that nobody saw the reader empty.
    let mut counter = waiting_for_the_second();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.press(Esc);
    comes_back(&mut counter);

    // The second agreed, and the first clerk's card did not come back.
    let mut counter = waiting_for_the_second();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.types("kaede2026");
    counter.press(Enter);
    counter.answer(shown(NAKAMURA));
    counter.press(Esc);
    comes_back(&mut counter);

    // Given up with the own card back in its place, the work goes on.
    let mut counter = waiting_for_the_second();
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.press(Esc);
    assert_ne!(place(&counter.state), &login::keys::PASSWORD);
}

#[test]
fn the_first_clerk_cannot_be_the_second() {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    visit::tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(!counter.is_asked::<SecondClerk>());
}

#[test]
fn escape_destroys_nothing() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    lay_licence(&mut counter);
    counter.press(Esc);
    let laid = counter.screen(80, 24);
    assert!(laid.contains("運転免許証"));
    counter.press(Esc);
    assert_eq!(place(&counter.state), &case_screen::keys::KEYS);
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("運転免許証"),
        "the documents still lie there"
    );
    counter.press(Esc);
    counter.press(Esc);
    counter.answer_queues();
    counter.press(Enter);
    counter.answer(Box::new(case(CaseState::Applied)));
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("運転免許証"),
        "even after the case was closed"
    );
}

#[test]
fn a_lost_lease_closes_the_case_and_says_who_has_it() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.happens(Event::LeaseLost {
        case: case_id(),
        holder: Some(("田中 一".into(), "窓口5".into())),
    });
    let screen = counter.screen(80, 24);
    assert!(screen.contains("窓口5の田中 一さん"), "{screen}");
    assert!(counter.state.common.open.is_none());
}

#[test]
fn a_masked_address_is_nowhere_until_it_is_asked_for() {
    let mut masked = case(CaseState::Applied);
    masked.resident = protected_resident();
    let mut counter = Counter::with_case(masked.clone());
    let screen = counter.screen(120, 40);
    assert!(screen.contains("支援措置") && !screen.contains("みなと町"));
    counter.press(Enter);
    lay_licence(&mut counter);
    assert!(counter.screen(80, 24).contains("F6"), "it can't be compared unseen");
    counter.press(F(6));
    assert!(counter.is_asked::<RevealAddress>());
    let mut revealed = resident();
    revealed.person.protected = true;
    counter.answer(revealed);
    assert!(counter.screen(80, 24).contains("みなと町"));
}

#[test]
fn a_role_that_is_missing_is_said_before_anything_is_typed() {
    let mut counter = Counter::with_clerk_who_may(&[Role::Reception]);
    counter.press(Enter);
    counter.answer(Box::new(case(CaseState::Applied)));
    counter.press(Enter);
    assert_eq!(place(&counter.state), &case_screen::keys::KEYS);
    assert!(counter.screen(80, 24).contains("審査"));
}

#[test]
fn no_secret_is_in_the_debug_form_of_the_state() {
    let mut counter = Counter::with_case(case(made()));
    counter.resident_card(1);
    counter.press(Enter);
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    counter.types("4962");
    let debug = format!("{:?}", counter.state);
    assert!(!debug.contains("4962") && !debug.contains("みなと町"), "{debug}");
}

#[test]
fn an_exception_takes_a_reason_and_a_second_clerk_and_stays_in_the_review() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    lay_licence(&mut counter);
    counter.press(Char(' ')); // the address: the same → different
    assert!(counter.screen(80, 24).contains("ちがう"));
    counter.press(F(3));
    counter.types("先週転居し、届け出は済んでいる");
    counter.press(Enter);
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.types("kaede2026");
    counter.press(Enter);
    counter.answer(shown(NAKAMURA));
    counter.staff_card_pulled();
    counter.staff_card(3);
    counter.answer(staff_card(SATO));
    counter.press(Down);
    counter.press(Enter);
    counter.down(9);
    counter.press(Enter);
    let review = counter.screen(80, 24);
    assert!(
        review.contains("例外: 住所") && review.contains("先週転居し"),
        "{review}"
    );
    counter.press(Enter);
    let Some(SaveVerification { verification, .. }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<SaveVerification>())
    else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!(verification.record().exceptions.len(), 1);
    assert_eq!(verification.record().exceptions[0].fact, Fact::Address);
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => Just(Enter),
        4 => Just(Down),
        2 => Just(Key::Up),
        4 => Just(Char(' ')),
        2 => Just(Key::Right),
        1 => Just(Key::Left),
        1 => Just(Key::Tab),
        1 => Just(Esc),
        1 => Just(F(3)),
        1 => Just(F(2)),
        1 => Just(F(6)),
        1 => Just(Key::Delete),
        1 => Just(Key::PageDown),
        2 => prop::sample::select("0123456789.RSHr年月/".chars().collect::<Vec<_>>()).prop_map(Char),
        1 => any::<char>().prop_map(Char),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Steps can't be skipped, whatever keys are pressed and how fast: what is sent to be recorded always has a
    /// document that counts, with name and birthday or address agreeing, and a reason and a second clerk for the rest.
    #[test]
    fn no_keys_record_a_verification_without_its_facts(keys in prop::collection::vec((any_key(), any::<bool>()), 1..160)) {
        let mut counter = Counter::with_case(case(CaseState::Applied));
        counter.is_read_closely = false;
        counter.press(Enter);
        for (key, at_once) in keys {
            if at_once { counter.press_at_once(&[key, key]) } else { counter.press(key) }
            for effect in &counter.asked {
                if let Some(SaveVerification { verification, .. }) = effect.as_order() {
                    let record = verification.record();
                    let resident = &record.parties[0];
                    prop_assert!(resident.attended);
                    let counts: Vec<_> = resident.documents.iter().filter(|one| one.not_counted.is_none()).collect();
                    prop_assert!(!counts.is_empty());
                    for document in counts {
                        prop_assert!(document.facts.name.agrees());
                        prop_assert!(document.facts.birthday.agrees() || document.facts.address.agrees());
                    }
                    prop_assert!(record.exceptions.is_empty(), "nobody else was there to agree");
                }
            }
        }
    }

    /// Nothing that is pressed, pulled or answered in any order panics, and every frame can be drawn at every size.
    #[test]
    fn nothing_at_all_makes_the_screens_panic(steps in prop::collection::vec((any_key(), 0u8..12), 1..80), width in 1u16..140, height in 1u16..50) {
        let mut counter = Counter::with_clerk();
        counter.is_read_closely = false;
        for (key, what) in steps {
            match what {
                0 => counter.staff_card(7),
                1 => counter.resident_card(8),
                2 => counter.happens(Event::Reader { reader: Reader::Resident, state: ReaderState::Empty }),
                3 => counter.happens(Event::Database { up: false }),
                4 => counter.waits(Duration::seconds(1)),
                5 => if let Some(effect) = counter.asked.pop() {
                    counter.happens(Event::Reply { job: effect.job, reply: Err(Fault::DatabaseDown) });
                },
                6 => if let Some(effect) = counter.asked.pop() {
                    let job = effect.job;
                    if effect.as_order::<OpenCase>().is_some() || effect.as_order::<OpenByNotice>().is_some() {
                        counter.replies(job, Box::new(case(shelved())));
                    } else if let Some(Search { text }) = effect.as_order() {
                        counter.replies(job, found(text));
                    } else if effect.as_order::<OpenResident>().is_some() {
                        counter.replies(job, resident());
                    } else if let Some(LoadQueue(of)) = effect.as_order() {
                        counter.replies(job, QueueRows(*of, queue()));
                    } else {
                        counter.replies(job, ());
                    }
                },
                _ => counter.press(key),
            }
        }
        counter.screen(width, height);
        counter.plain();
    }
}

#[test]
fn esc_on_the_first_screen_costs_nobody_a_password() {
    let mut counter = Counter::with_clerk();
    counter.press(Esc);
    counter.press(Esc);
    let screen = counter.screen(80, 24);
    assert!(screen.contains("本日の業務") && screen.contains("Ctrl+L"), "{screen}");
    counter.press(Key::Ctrl('l'));
    assert!(counter.screen(80, 24).contains("ロック"));
    assert_eq!(place(&counter.state), &login::keys::PASSWORD);
}

#[test]
fn a_mistyped_shelf_is_typed_again_before_it_is_compared_and_recorded() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.press(Enter);
    counter.scan(NOTICE);
    counter.types("A-13");
    counter.press(Enter);
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("もう一度見てください") && !screen.contains("A-12"),
        "{screen}"
    );
    assert!(!counter.is_asked::<crate::orders::handover::CheckHandover>());
    // It is really there: compared as it was typed, and recorded.
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &crate::orders::handover::CheckHandover| order.shelf.as_str() == "A-13"));
}
