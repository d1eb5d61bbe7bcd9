//! 通知の発送: a run from the count to the post, from the keyboard.

use issuance::notice::{
    letter_number::LetterNumber,
    recipients::{Excluded, RunId},
};
use time::macros::{date, datetime};

use super::counter::*;
use crate::{
    common::Told,
    fault::Fault,
    key::Key::{Char, Down, Enter, Esc},
    orders::notices::*,
};

fn run(number: i64) -> NoticeRun {
    NoticeRun {
        id: RunId::from_uuid(uuid::Uuid::from_u128(number as u128)),
        number,
        title: ["医療費のお知らせ".into(), "Your household's medical expenses".into()],
        large: false,
        dated: date!(2026 - 11 - 22),
        letters: 2_350,
        people: 4_100,
        excluded: vec![(Excluded::Deceased, 3), (Excluded::NoPaperWanted, 12)],
        released_by: None,
        approved_by: None,
        bundles: 3,
        made: 0,
        printed: 0,
        sent: None,
        returned: 0,
        is_posted: false,
        is_withdrawn: false,
    }
}

fn board(runs: Vec<NoticeRun>) -> NoticeRuns {
    let kind = |name: &str, title: [&str; 2]| NoticeKind {
        name: name.into(),
        title: title.map(Into::into),
    };
    NoticeRuns {
        kinds: vec![
            kind(
                "medical-expenses",
                ["医療費のお知らせ", "Your household's medical expenses"],
            ),
            kind("eligibility", ["資格情報のお知らせ", "Your health insurance"]),
        ],
        runs,
    }
}

fn at_notices(runs: Vec<NoticeRun>) -> Counter {
    let mut counter = Counter::with_clerk();
    counter.press(Char('t'));
    counter.answer(board(runs));
    counter
}

fn released(run: NoticeRun) -> NoticeRun {
    NoticeRun {
        released_by: Some(shown(SATO).name),
        approved_by: Some(shown(NAKAMURA).name),
        ..run
    }
}

#[test]
fn a_run_is_counted_released_made_printed_and_posted_with_enter() {
    let mut counter = at_notices(Vec::new());
    assert!(counter.screen(80, 24).contains("n で数えます"));
    counter.press(Char('n'));
    counter.press(Down);
    counter.press(Char('l'));
    insta::assert_snapshot!("notices_which", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &CountRun| order.kind == "eligibility" && order.large));
    counter.answer(board(vec![run(12)]));
    insta::assert_snapshot!("notices_counted", counter.screen(80, 24));
    counter.press(Char('s'));
    assert!(counter.is_asked::<SampleRun>());
    counter.answer(SamplesWritten {
        letters: 4,
        file: "/paper/notices/run-000012/samples.pdf".into(),
    });
    assert!(counter.screen(80, 24).contains("run-000012/samples.pdf"));
    counter.press(Enter);
    assert!(counter.is_asked::<ReleaseRun>());
    counter.answer(board(vec![released(run(12))]));
    counter.press(Enter);
    for made in 1..=3 {
        assert!(counter.is_asked::<MakeBundle>(), "bundle {made}");
        counter.answer(board(vec![NoticeRun {
            made,
            ..released(run(12))
        }]));
    }
    counter.press(Enter);
    for printed in 1..=3 {
        assert!(counter.is_asked::<PrintBundle>(), "bundle {printed}");
        counter.answer(board(vec![NoticeRun {
            made: 3,
            printed,
            ..released(run(12))
        }]));
    }
    insta::assert_snapshot!("notices_printed", counter.screen(80, 24));
    counter.press(Enter);
    assert!(!counter.is_asked::<PostRun>(), "it asks first");
    counter.press(Enter);
    assert!(counter.is_asked::<PostRun>());
}

#[test]
fn making_stops_at_a_key_after_its_bundle_and_goes_on_from_there() {
    let mut counter = at_notices(vec![released(run(12))]);
    counter.press(Enter);
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("束が終わったところで止まります"));
    counter.answer(board(vec![NoticeRun {
        made: 1,
        ..released(run(12))
    }]));
    assert!(!counter.is_asked::<MakeBundle>(), "stopped");
    counter.press(Enter);
    assert!(counter.is_asked::<MakeBundle>(), "and goes on");
}

#[test]
fn a_letter_that_came_back_is_shown_before_it_is_written_and_a_mistyped_number_is_refused() {
    let number = LetterNumber { run: 12, letter: 345 };
    let mut counter = at_notices(vec![run(12)]);
    counter.press(Char('r'));
    counter.types("12-345");
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("検査数字"),
        "the check digits are missing"
    );
    let other = LetterNumber { run: 12, letter: 346 };
    let check = other.to_string();
    counter.types(&check[check.len() - 3..]);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("番号が違います"));
    assert!(!counter.is_asked::<ShowLetter>() && !counter.is_asked::<ReturnLetter>());
    counter.press(Esc);
    counter.press(Char('r'));
    counter.types(&number.to_string());
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ShowLetter| order.0 == number));
    assert!(!counter.is_asked::<ReturnLetter>(), "whose it is comes first");
    let shown = LetterShown {
        number,
        title: ["医療費のお知らせ".into(), "Your household's medical expenses".into()],
        dated: date!(2026 - 11 - 22),
        name: "山口 𠮷郎".into(),
        postal_code: "859-9012".into(),
        is_returned: false,
    };
    counter.answer(shown.clone());
    insta::assert_snapshot!("notices_whose", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ReturnLetter| order.0 == number));
    counter.answer(board(vec![NoticeRun { returned: 1, ..run(12) }]));
    assert!(counter.screen(80, 24).contains("通知の番号"), "the next one");
    // One that is known already is not written again.
    counter.types(&number.to_string());
    counter.press(Enter);
    counter.answer(LetterShown {
        is_returned: true,
        ..shown
    });
    counter.press(Enter);
    assert!(!counter.is_asked::<ReturnLetter>());
}

fn sent(run: NoticeRun) -> NoticeRun {
    NoticeRun {
        made: 3,
        sent: Some(Sent {
            bundle: 1,
            desk: "窓口2".into(),
            at: datetime!(2026-11-22 1:00 UTC),
            by: shown(NAKAMURA).name,
        }),
        ..run
    }
}

#[test]
fn a_bundle_whose_end_nobody_knows_is_shown_and_a_person_is_asked() {
    let mut counter = at_notices(vec![sent(released(run(12)))]);
    insta::assert_snapshot!("notices_sent", counter.screen(80, 24));
    // Enter asks the printer, which can't tell.
    counter.press(Enter);
    assert!(counter.is_asked::<PrintBundle>());
    counter.refuse(Fault::Refused {
        key: "refused-printing-unclear",
        facts: vec![("bundle", Told::Text("1".into())), ("desk", Told::Text("窓口2".into()))],
        passing: true,
    });
    assert!(counter.screen(80, 24).contains("u で答えてください"));
    counter.answer(board(vec![sent(released(run(12)))]));
    counter.press(Char('w'));
    assert!(!counter.is_asked::<WithdrawRun>(), "not while a printer has some of it");
    for (key, printed) in [('1', true), ('2', false)] {
        counter.press(Char('u'));
        if printed {
            insta::assert_snapshot!("notices_settle", counter.screen(80, 24));
        }
        counter.press(Char(key));
        assert!(counter.is_asked_with(|order: &SettleBundle| order.bundle == 1 && order.printed == printed));
        counter.refuse(Fault::NotNow);
        counter.press(Esc);
    }
}

#[test]
fn a_bundle_is_not_sent_twice_by_a_key_that_comes_while_it_prints() {
    let ready = NoticeRun {
        made: 3,
        ..released(run(12))
    };
    let mut counter = at_notices(vec![ready.clone()]);
    counter.press(Enter);
    assert!(counter.is_asked::<PrintBundle>());
    // It stops after this bundle; Enter again, before that has ended, asks for nothing.
    counter.press(Esc);
    counter.press(Enter);
    counter.answer(board(vec![NoticeRun {
        printed: 1,
        ..ready.clone()
    }]));
    assert!(
        !counter.is_asked::<PrintBundle>(),
        "nothing else was asked for meanwhile"
    );
    counter.press(Enter);
    assert!(counter.is_asked::<PrintBundle>(), "and it goes on");
}

#[test]
fn whose_letters_can_not_be_printed_is_listed_with_the_character() {
    let excluded = vec![(Excluded::Deceased, 3), (Excluded::Unprintable, 2)];
    let mut counter = at_notices(vec![NoticeRun { excluded, ..run(12) }]);
    // The office's own names for the places of a letter, and the character, stay as they are.
    for own in ["宛先の氏名", "宛先の住所", "𛀀"] {
        counter.typed.push(own.to_owned());
    }
    counter.press(Char('x'));
    assert!(counter.is_asked::<LoadUnset>());
    let letter = |number: &str, name: &str, why| UnsetShown {
        name: name.into(),
        number: number.into(),
        why,
    };
    counter.answer(UnsetList(vec![
        letter(
            "0000000017",
            "山口 さくら",
            WhyUnset::NoGlyph {
                field: "宛先の氏名".into(),
                character: "𛀀".into(),
                code_points: "U+1B000".into(),
            },
        ),
        letter("0000000029", "田中 一", WhyUnset::TooLong("宛先の住所".into())),
    ]));
    insta::assert_snapshot!("notices_unset", counter.screen(80, 24));
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("印刷できない 2"));
}

#[test]
fn a_printer_that_is_gone_stops_the_run_and_says_so() {
    let mut counter = at_notices(vec![NoticeRun {
        made: 3,
        ..released(run(12))
    }]);
    counter.press(Enter);
    counter.refuse(Fault::Refused {
        key: "refused-printer-gone",
        facts: vec![("bundle", Told::Text("1".into()))],
        passing: true,
    });
    assert!(counter.screen(80, 24).contains("印刷機が答えません"));
    assert!(!counter.is_asked::<PrintBundle>());
}
