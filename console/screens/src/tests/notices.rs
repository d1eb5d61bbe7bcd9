//! 通知の発送: a run from the count to the post, from the keyboard.

use issuance::notice::recipients::{Excluded, RunId};
use time::macros::date;

use super::counter::*;
use crate::{
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
fn a_letter_that_came_back_is_read_from_its_foot_one_after_another() {
    let mut counter = at_notices(vec![run(12)]);
    counter.press(Char('r'));
    counter.types("12");
    counter.press(Enter);
    assert!(!counter.is_asked::<ReturnLetter>());
    counter.types("-345");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ReturnLetter| (order.run, order.letter) == (12, 345)));
    counter.answer(board(vec![NoticeRun { returned: 1, ..run(12) }]));
    assert!(counter.screen(80, 24).contains("発送番号-通番"));
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
        facts: Vec::new(),
        passing: true,
    });
    assert!(counter.screen(80, 24).contains("印刷機が答えません"));
    assert!(!counter.is_asked::<PrintBundle>());
}
