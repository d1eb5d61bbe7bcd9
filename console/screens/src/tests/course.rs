//! What a clerk can be asked about a case is on its page: when, by whom, with whom, which chip, which shelf.

use issuance::{
    case::CaseState,
    course::{Passed, Stage},
    standing::{CardStanding, HolderCheck},
};
use time::Duration;

use super::counter::*;
use crate::{
    event::Event,
    facts::*,
    key::Key::{Char, Down, Enter, Esc, F},
    orders::{cases::ReloadCase, given_card::SuspendCard},
};

const HANDED_OVER: CaseState = CaseState::HandedOver {
    card: issuance::case::CardId::from_uuid(uuid::Uuid::from_u128(700)),
};

/// The line of the screen that begins with `step`.
fn line<'s>(screen: &'s str, step: &str) -> &'s str {
    let found = screen.lines().find(|line| line.contains(step));
    found.unwrap_or_else(|| panic!("no {step} in\n{screen}"))
}

fn says(screen: &str, step: &str, pieces: &[&str]) {
    let line = line(screen, step);
    for piece in pieces {
        assert!(line.contains(piece), "{piece} is not in {line}");
    }
}

#[test]
fn each_step_passed_says_when_and_who_and_the_shelf_since_when() {
    let counter = Counter::with_case(case(shelved()));
    let screen = counter.screen(80, 24);
    says(
        &screen,
        "✓ 申請",
        &["11月21日 9:14", "佐藤 恵", "申請者 本人", "窓口で受け取る"],
    );
    says(
        &screen,
        "✓ カード作成",
        &["8:44", "佐藤 恵", "8B42 19F0 0C77 A1D3 5E20"],
    );
    says(&screen, "✓ 暗証番号", &["11月22日 8:54", "佐藤 恵"]);
    says(&screen, "✓ 通知書・受領票", &["8:59", "佐藤 恵"]);
    says(&screen, "✓ 保管", &["11月22日 9:04", "A-12", "佐藤 恵"]);

    // Handed over, the place it lay in is still told, and who looked with whom.
    let mut counter = Counter::with_case(case(HANDED_OVER));
    let screen = counter.screen(80, 24);
    says(&screen, "✓ 保管", &["11月22日 9:04", "A-12", "佐藤 恵"]);
    says(&screen, "✓ 交付", &["11月22日 9:14", "佐藤 恵と中村 健"]);
    counter.press(F(10));
    says(
        &counter.screen(80, 24),
        "✓ Handover",
        &["22 Nov 9:14", "佐藤 恵 with 中村 健"],
    );
}

#[test]
fn a_making_that_is_not_done_says_since_when_by_whom_and_on_which_blank() {
    let screen = Counter::with_case(case(CaseState::Making { card: card_id() })).screen(80, 24);
    says(&screen, "▸ カード作成", &["11月22日 8:43", "佐藤 恵", "8B42 19F0"]);
}

#[test]
fn the_most_there_can_be_known_is_whole_on_a_small_screen_and_on_a_wide_one() {
    let mut full = case(HANDED_OVER);
    for stage in [Stage::Verified, Stage::Bound] {
        let passed = full.course.get_mut(&stage).expect("it was passed");
        passed.with = vec!["中村 健".into()];
    }
    full.standing = Some(CardStanding::Suspended);
    let restated = Passed {
        at: NOW - Duration::days(400),
        by: "木村 守".into(),
        with: vec![],
        shelf: None,
    };
    full.course.insert(Stage::Restated, restated);
    full.resident.person.protected = true;
    let counter = Counter::with_case(full);
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = counter.screen(width, height);
        for piece in [
            "佐藤 恵と中村 健",
            "8B42 19F0 0C77 A1D3 5E20",
            "申請者 本人",
            "窓口で受け取る",
            "A-12",
            // Of another year, the year is told.
            "一時停止中  令7.10.18 9:14  木村 守",
            "Enter 経過を見る",
        ] {
            assert!(screen.contains(piece), "{piece} is not in\n{screen}");
        }
        assert!(!screen.contains('…'), "{screen}");
    }
}

#[test]
fn an_application_ended_says_when_by_whom_and_why() {
    let reason = "短いので書き直し".to_owned();
    let screen = Counter::with_case(case(CaseState::Cancelled { reason })).screen(80, 24);
    assert!(
        screen.contains("11月22日 9:09  佐藤 恵  理由: 短いので書き直し"),
        "{screen}"
    );
}

#[test]
fn a_card_stopped_on_the_next_screen_is_a_stopped_card_when_one_comes_back() {
    let mut counter = Counter::with_case(case(HANDED_OVER));
    counter.press(Char('k'));
    let given = |standing| GivenCard {
        chip: "8B42".into(),
        standing,
        since: NOW,
        by: "佐藤 恵".into(),
        stop_until: None,
        told: RelayTold::default(),
    };
    counter.answer(given(CardStanding::Active));
    counter.press(Enter);
    counter.press(Down);
    counter.types("角が欠けている");
    counter.press(Enter);
    let is_sure = |order: &SuspendCard| order.check != HolderCheck::Unconfirmed;
    assert!(counter.is_asked_with(is_sure));
    counter.answer(given(CardStanding::Suspended));
    let mut now = case(HANDED_OVER);
    (now.standing, now.is_untold) = (Some(CardStanding::Suspended), true);
    counter.answer(Box::new(now.clone()));
    counter.press(Esc);
    // Without a relay there is nobody else to be told.
    assert!(counter.screen(80, 24).contains("一時停止中  "));
    // With one, it is in force where the relay knows of it, and not before.
    counter.happens(Event::Outbox(Outbox {
        waiting: 1,
        oldest: Some(NOW),
        trouble: false,
        refused: 0,
        carried: true,
    }));
    assert!(
        counter
            .screen(80, 24)
            .contains("一時停止中(中継にはまだ届いていません)")
    );
    counter.happens(Event::QueuesChanged);
    assert!(
        counter.is_asked::<ReloadCase>(),
        "the page follows what the relay was told"
    );
    now.is_untold = false;
    counter.answer(Box::new(now));
    assert!(counter.screen(80, 24).contains("一時停止中  "));
}
