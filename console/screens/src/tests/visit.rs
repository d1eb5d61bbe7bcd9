//! One visit from end to end, as the clerk and the resident see it. The snapshots are looked at by people: layout,
//! alignment, wording.

use issuance::{case::CaseState, identity::Document};

use super::counter::*;
use crate::{
    facts::*,
    key::Key::{self, Char, Down, Enter, Esc, F},
    orders::{
        cards::{CancelMaking, CardFiles, SetPin},
        cases::{Journal, SaveVerification},
        handover::{Agreements, ConfirmSight, HandOver, ReturnToShelf},
        papers::{Print, PrintEnd},
        queues::{LoadQueue, SubmitApplication, Submitted},
        staff::Login,
        tray::TrayHands,
    },
};

macro_rules! seen {
    ($counter:expr, $name:literal) => {
        insta::assert_snapshot!(concat!($name, "_80x24"), $counter.screen(80, 24));
        insta::assert_snapshot!(concat!($name, "_120x40"), $counter.screen(120, 40));
    };
}

/// Lays a driving licence down and answers everything on its form; the clerk is back at the counter then.
pub fn lay_licence(counter: &mut Counter) {
    counter.press(Enter); // add a document
    let at = issuance::identity::DOCUMENTS
        .iter()
        .position(|rule| rule.document == Document::DrivingLicence);
    counter.down(at.expect("licences are in the table"));
    counter.press(Enter);
    counter.types("309012345620");
    counter.press(Down);
    counter.types("R9.3.1");
    counter.press(Down); // original
    counter.press(Down); // photograph
    counter.press(Char(' '));
    for _ in 0..3 {
        counter.press(Down); // name, birthday, address: a licence shows no sex
        counter.press(Char(' '));
    }
}

#[test]
fn a_clerk_logs_in_with_the_card_and_sees_the_tries_left_before_typing() {
    let mut counter = Counter::opened();
    insta::assert_snapshot!("login_no_card", counter.screen(80, 24));
    counter.staff_card(1);
    let mut card = staff_card(SATO);
    card.tries = Tries::Left(2);
    counter.answer(card);
    counter.types("tsubaki");
    let screen = counter.screen(80, 24);
    assert!(screen.contains("あと 2 回") && screen.contains("●●●●●●●") && !screen.contains("tsubaki"));
    insta::assert_snapshot!("login_card", screen);
    counter.press(Enter);
    assert!(!counter.is_asked::<Login>(), "7 letters never reach the card");
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(counter.is_asked::<Login>());
}

#[test]
fn the_day_begins_with_the_queues() {
    let mut counter = Counter::with_clerk();
    seen!(counter, "today");
    counter.press(Char('5'));
    assert!(counter.is_asked_with(|order: &LoadQueue| matches!(order, LoadQueue(Queue::Problems))));
    counter.press(F(10));
    insta::assert_snapshot!("today_english", counter.screen(80, 24));
}

#[test]
fn the_roster_narrows_as_one_types_and_people_of_one_name_stand_side_by_side() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    insta::assert_snapshot!("search_empty", counter.screen(80, 24));
    counter.types("山口");
    counter.answer(found("山口"));
    seen!(counter, "search");
    // The reading is read in full in every row, however wide the terminal is.
    for width in [80, 120, 140, 200] {
        let screen = counter.screen(width, 30);
        assert!(screen.matches("ヤマグチ ヨシロウ").count() >= 4, "{width}: {screen}");
    }
    let (_, cursor) = counter.painted(80, 24);
    let cursor = cursor.expect("the cursor is where the input method composes");
    // Border, space, pointer, label of 8, two spaces, two characters of two cells.
    assert_eq!((cursor.x, cursor.y), (2 + 2 + 8 + 2 + 4, 3));
    counter.press(Down);
    counter.press(Enter);
    counter.answer(resident());
    seen!(counter, "resident");
}

#[test]
fn an_application_is_taken_and_its_case_stands_open() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('n'));
    counter.types("ヤマ");
    counter.answer(found("ヤマ"));
    counter.press(Enter);
    counter.answer(resident());
    counter.press(Enter);
    seen!(counter, "application");
    counter.press(F(2));
    counter.press(Enter);
    insta::assert_snapshot!("application_wrong", counter.screen(80, 24));
    // The first unanswered question is the first consent; an answer moves on to the next.
    for _ in 0..5 {
        counter.press(Char('y'));
    }
    counter.press(Char('1')); // at the counter
    insta::assert_snapshot!("application_answered", counter.screen(80, 24));
    counter.press(Char('n')); // no paper notices: the button follows
    counter.press(Enter);
    let submitted = counter.job::<SubmitApplication>();
    assert!(submitted.0 > 0);
    counter.answer(Submitted::Case(Box::new(case(CaseState::Applied))));
    seen!(counter, "case_applied");
}

#[test]
fn a_person_is_verified_fact_by_fact() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    seen!(counter, "verify_nothing_yet");
    counter.press(Enter);
    insta::assert_snapshot!("verify_choose", counter.screen(80, 24));
    counter.press(Down);
    counter.press(Enter);
    counter.types("309012345610");
    counter.press(Down);
    counter.types("R8.3.1");
    insta::assert_snapshot!("verify_document_wrong", counter.screen(80, 24));
    counter.press(Esc);

    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    lay_licence(&mut counter);
    seen!(counter, "verify_document");
    counter.press(Down);
    counter.press(Enter);
    // Nothing is lacking: the review follows, the counter is one step back.
    counter.press(Esc);
    insta::assert_snapshot!("verify_counter", counter.screen(80, 24));
    counter.press(Enter);
    seen!(counter, "verify_review");
    counter.press(Enter);
    let saved = counter.asked.last().expect("the verification is sent");
    let Some(SaveVerification { verification, .. }) = saved.as_order() else {
        panic!("{saved:?}")
    };
    assert_eq!(verification.record().parties.len(), 1);
    counter.answer(Box::new(case(CaseState::Verified)));
    insta::assert_snapshot!("case_verified", counter.screen(80, 24));
}

#[test]
fn a_card_is_made_with_a_line_a_step() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    insta::assert_snapshot!("making_no_card", counter.screen(80, 24));
    counter.resident_card(1);
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    counter.making_runs(3);
    counter.waits(time::Duration::seconds(2));
    seen!(counter, "making");
    counter.making_runs(6);
    assert!(
        counter.screen(80, 24).contains("抜かないでください"),
        "writing is the risky step"
    );
    counter.press(Esc);
    assert!(counter.is_asked::<CancelMaking>());
    insta::assert_snapshot!("making_stopping", counter.screen(80, 24));
    counter.making_runs(10);
    counter.answer(MakingEnd::Made(Box::new(case(made()))));
    insta::assert_snapshot!("making_made", counter.screen(80, 24));
}

#[test]
fn the_resident_chooses_a_pin_and_the_clerk_sees_dots() {
    let mut counter = Counter::with_case(case(made()));
    counter.resident_card(1);
    counter.press(Enter);
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::NotSet,
    });
    insta::assert_snapshot!("pin_ready", counter.screen(80, 24));
    counter.press(Enter);
    counter.types("03");
    let screen = counter.screen(80, 24);
    assert!(
        !screen.contains("山口") && !screen.contains("000352"),
        "nothing but what is the resident's to read"
    );
    insta::assert_snapshot!("pin_first", screen);
    counter.types("01");
    counter.press(Enter);
    insta::assert_snapshot!("pin_birthday_refused", counter.screen(80, 24));
    counter.types("４９６２");
    counter.press(Enter);
    counter.types("4963");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("はじめから"));
    for _ in 0..2 {
        counter.types("4962");
        counter.press(Enter);
    }
    assert!(counter.is_asked::<SetPin>());
    let mut now = case(made());
    now.card.as_mut().expect("a card").pin_set = true;
    counter.answer(Box::new(now));
    insta::assert_snapshot!("pin_thanks", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("転送不要郵便"), "the papers are next");
    counter.press(Esc);
    insta::assert_snapshot!("case_made", counter.screen(80, 24));
}

#[test]
fn papers_are_printed_and_the_card_goes_into_the_shelf() {
    let mut made = case(made());
    made.card.as_mut().expect("a card").pin_set = true;
    let mut counter = Counter::with_case(made.clone());
    counter.press(Enter);
    insta::assert_snapshot!("papers", counter.screen(80, 24));
    counter.press(Enter);
    let printed = |paper, file: &str| Printed {
        paper,
        file: file.into(),
        pages: 1,
        again: false,
    };
    // Pressed while it prints: once more from impatience, and once to go on.
    counter.press(Enter);
    made.notice_printed = Some(NOW);
    let notice = printed(Paper::Notice, "2026-000352-notice.pdf");
    counter.answer(PrintEnd::Printed(notice, Box::new(made.clone())));
    insta::assert_snapshot!("papers_printing", counter.screen(80, 24));
    made.receipt_printed = Some(NOW);
    let receipt = printed(Paper::Receipt, "2026-000352-receipt.pdf");
    counter.answer(PrintEnd::Printed(receipt, Box::new(made)));
    assert!(!counter.is_asked::<Print>(), "nothing is printed twice");
    // The key that waited led on.
    insta::assert_snapshot!("papers_printed", counter.screen(80, 24));
    counter.types("ａ－12");
    insta::assert_snapshot!("shelf", counter.screen(80, 24));
    counter.press(Enter);
    let place = counter.asked.last().map(|effect| format!("{:?}", effect.order));
    assert!(
        place.is_some_and(|order| order.contains("A-12")),
        "width does not matter"
    );
    counter.answer(Box::new(case(shelved())));
    insta::assert_snapshot!("case_shelved", counter.screen(80, 24));
}

#[test]
fn a_paper_with_an_address_of_before_is_asked_about_before_it_is_printed_again() {
    let mut made = case(made());
    made.card.as_mut().expect("a card").pin_set = true;
    let asked = |counter: &Counter| {
        let order = counter.asked.last().map(|effect| format!("{:?}", effect.order));
        order.unwrap_or_default()
    };
    for (answer, reprint) in [(None, "Anew"), (Some(Down), "AsItWas")] {
        let mut counter = Counter::with_case(made.clone());
        counter.press(Enter);
        counter.press(Enter);
        assert!(asked(&counter).contains("reprint: Ask"), "{}", asked(&counter));
        counter.answer(PrintEnd::Outdated(Paper::Notice));
        assert!(counter.screen(80, 24).contains("変わっています"));
        if let Some(key) = answer {
            counter.press(key);
        }
        counter.press(Enter);
        assert!(
            asked(&counter).contains(&format!("reprint: {reprint}")),
            "{}",
            asked(&counter)
        );
    }
}

pub fn agreements(chip: &str) -> Vec<Agreement> {
    let one = |what, expected: &str, found: &str| Agreement {
        what,
        expected: expected.into(),
        found: found.into(),
        agrees: expected == found,
    };
    vec![
        one(Compared::Notice, "2026-000352", "2026-000352"),
        one(Compared::Shelf, "A-12", "A-12"),
        one(Compared::Chip, "8B42 19F0 0C77 A1D3 5E20", chip),
        one(Compared::Pin, "○", "○"),
    ]
}

/// To the table of what was compared.
pub fn to_sights(counter: &mut Counter, chip: &str) {
    counter.resident_card(1);
    counter.press(Enter);
    counter.scan(NOTICE);
    counter.types("A-12");
    counter.press(Enter);
    counter.answer(Agreements(agreements(chip)));
}

/// Ticks every sight, each where the pointer stands.
pub fn tick_all(counter: &mut Counter) {
    for at in 0..Sight::ALL.len() {
        if at > 0 {
            counter.press(Down);
        }
        counter.press(Char(' '));
    }
}

#[test]
fn a_card_is_handed_over_after_two_clerks_looked() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Enter);
    insta::assert_snapshot!("handover_gather", counter.screen(80, 24));
    counter.press(Esc);
    to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    seen!(counter, "handover_first_sight");
    counter.press(Enter);
    assert!(!counter.is_asked::<ConfirmSight>(), "nothing is ticked yet");
    tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    insta::assert_snapshot!("second_clerk", counter.screen(80, 24));
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.types("kaede2026");
    counter.press(Enter);
    counter.answer(shown(NAKAMURA));
    insta::assert_snapshot!("second_clerk_agreed", counter.screen(80, 24));
    counter.staff_card_pulled();
    counter.staff_card(3);
    counter.answer(staff_card(SATO));
    insta::assert_snapshot!("handover_second_sight", counter.screen(80, 24));
    tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    assert!(counter.is_asked::<HandOver>());
    counter.answer(Box::new(case(CaseState::HandedOver { card: card_id() })));
    insta::assert_snapshot!("handover_over", counter.screen(80, 24));
    counter.press(Enter);
    insta::assert_snapshot!("case_handed_over", counter.screen(80, 24));
}

#[test]
fn what_does_not_agree_can_only_go_back_to_its_shelf() {
    let mut counter = Counter::with_case(case(shelved()));
    to_sights(&mut counter, "FFFF 19F0 0C77 A1D3 5E20");
    seen!(counter, "handover_mismatch");
    for key in [Enter, Char(' '), Enter, Char('y'), Enter, F(2), Enter, Esc, Esc] {
        counter.press(key);
    }
    assert!(!counter.is_asked::<HandOver>() && !counter.is_asked::<ConfirmSight>());
    assert!(
        counter.screen(80, 24).contains("渡さずに"),
        "nobody leaves without writing it down"
    );
    counter.press(Char('r'));
    counter.types("隣の棚のカードだった");
    insta::assert_snapshot!("handover_reason", counter.screen(80, 24));
    counter.press(Enter);
    let Some(ReturnToShelf { incident, .. }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<ReturnToShelf>())
    else {
        panic!("it goes back")
    };
    assert_eq!(incident.mismatched, [Compared::Chip]);
    counter.answer(Box::new(case(shelved())));
    insta::assert_snapshot!("handover_returned", counter.screen(80, 24));
}

#[test]
fn the_journal_says_who_did_what_when() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Char('j'));
    let line = |minutes: i64, act: &str, outcome, detail: &str| JournalLine {
        at: NOW - time::Duration::minutes(minutes),
        who: "佐藤 恵".into(),
        desk: Some("窓口3".into()),
        act: act.into(),
        outcome,
        facts: detail
            .split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect(),
        words: None,
    };
    use relay_core::audit::Outcome;
    counter.answer(Journal(vec![
        line(90, "case.applied", Outcome::Done, ""),
        line(60, "case.verified", Outcome::Done, "way=one_a"),
        line(50, "card.bound", Outcome::Done, ""),
        line(49, "card.step_done", Outcome::Failed, "step=write"),
        line(40, "card.made", Outcome::Done, ""),
        line(30, "something.new", Outcome::Refused, "reason=role"),
    ]));
    seen!(counter, "journal");
}

#[test]
fn the_card_shows_every_byte_and_its_meaning() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.press(Char('c'));
    counter.answer(CardFiles(vec![
        CardFileView {
            path: "3F00/2F00".into(),
            name: "EF.DIR".into(),
            bytes: b"\x61\x1aO\x0c\xa0\x00\x00\x00cPKCS-15".to_vec(),
            needs_pin: false,
        },
        CardFileView {
            path: "3F00/5015/5032".into(),
            name: "TokenInfo".into(),
            bytes: (0..40).collect(),
            needs_pin: false,
        },
    ]));
    seen!(counter, "card_show");
}

#[test]
fn the_demo_has_a_tray_of_cards() {
    let mut counter = Counter::with_clerk();
    counter.press(F(12));
    counter.answer(Tray {
        slots: vec![
            TraySlot {
                number: 0,
                reader: Reader::Staff,
                card: Some("sato".into()),
            },
            TraySlot {
                number: 1,
                reader: Reader::Resident,
                card: None,
            },
        ],
        cards: vec![
            TrayCard {
                name: "sato".into(),
                about: TrayCardIs::Staff("佐藤 恵".into()),
                password: Some("tsubaki2026".into()),
                chip: "04b1".into(),
            },
            TrayCard {
                name: "blank-01".into(),
                about: TrayCardIs::Blank,
                password: None,
                chip: "8b42".into(),
            },
        ],
    });
    insta::assert_snapshot!("tray", counter.screen(80, 24));
    counter.press(Down);
    counter.press(Char('r'));
    let Some(TrayHands::Insert { slot: 1, card }) = counter.asked.last().and_then(|effect| effect.as_order()) else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!(card, "blank-01");
}

#[test]
fn the_keys_the_lock_and_the_way_out() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(F(1));
    insta::assert_snapshot!("help", counter.screen(80, 24));
    counter.press(Esc);
    counter.press(Key::Ctrl('q'));
    insta::assert_snapshot!("quit", counter.screen(80, 24));
    counter.press(Esc);
    counter.staff_card_pulled();
    insta::assert_snapshot!("locked", counter.screen(80, 24));
    insta::assert_snapshot!("locked_plain", counter.plain());
}
