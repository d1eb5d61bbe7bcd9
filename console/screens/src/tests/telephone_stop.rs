//! A caller whose card is lost: it is stopped without a case being opened.

use issuance::{
    case::CaseState,
    staff::Role,
    standing::{CardStanding, HolderCheck},
};
use time::Duration;

use super::{counter::*, standing::HANDED_OVER};
use crate::{
    facts::*,
    key::Key::{Char, Down, Enter, Esc},
    orders::{
        cases::OpenCase,
        given_card::{StopByTelephone, StoppedUntil},
    },
};

/// At the page of a resident who was given a card.
fn at_resident(roles: &[Role]) -> Counter {
    let mut counter = Counter::with_clerk_who_may(roles);
    counter.press(Char('/'));
    counter.types("ヤマ");
    counter.answer(found("ヤマ"));
    counter.press(Enter);
    let mut given = resident();
    given.cases = vec![CaseRow {
        state: HANDED_OVER,
        standing: Some(CardStanding::Active),
        is_untold: false,
        shelf: None,
        ..queue()[0].clone()
    }];
    counter.answer(given);
    counter
}

#[test]
fn whoever_answers_the_telephone_stops_a_card_and_tells_the_caller_until_when() {
    let mut counter = at_resident(&[Role::Reception]);
    counter.press(Char('s'));
    insta::assert_snapshot!("telephone_stop", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("↑↓で選んでください"));
    counter.press(Down);
    counter.types("バスの中で失くした");
    counter.press(Enter);
    assert!(counter.is_asked_with(
        |order: &StopByTelephone| order.check == HolderCheck::Questions && order.words == "バスの中で失くした"
    ));
    assert!(!counter.is_asked::<OpenCase>(), "another desk may have it open");
    counter.answer(StoppedUntil(NOW + Duration::days(14)));
    insta::assert_snapshot!("telephone_stop_done", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("申請"), "back at the resident");
}

#[test]
fn going_back_stops_nothing_and_a_resident_without_a_card_has_none_to_stop() {
    let mut counter = at_resident(&Role::ALL);
    counter.press(Char('s'));
    counter.press(Esc);
    assert!(!counter.is_asked::<StopByTelephone>());

    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("ヤマ");
    counter.answer(found("ヤマ"));
    counter.press(Enter);
    let mut applied = resident();
    applied.cases = vec![CaseRow {
        state: CaseState::Applied,
        ..queue()[0].clone()
    }];
    counter.answer(applied);
    assert!(!counter.screen(120, 40).contains("電話で止める"));
}

#[test]
fn a_card_that_is_over_is_said_to_be_and_no_key_stops_it() {
    let screen_of = |standing| {
        let mut counter = Counter::with_clerk();
        counter.press(Char('/'));
        counter.types("ヤマ");
        counter.answer(found("ヤマ"));
        counter.press(Enter);
        let mut given = resident();
        given.cases = vec![CaseRow {
            state: HANDED_OVER,
            standing: Some(standing),
            is_untold: false,
            ..queue()[0].clone()
        }];
        counter.answer(given);
        let screen = counter.screen(120, 40);
        counter.press(Char('s'));
        (screen, counter.screen(120, 40))
    };
    let (active, asked) = screen_of(CardStanding::Active);
    assert!(
        active.contains("交付済み") && active.contains("電話で止める"),
        "{active}"
    );
    assert!(asked.contains("電話でカードを止める"), "{asked}");
    for (standing, word) in [(CardStanding::Revoked, "失効"), (CardStanding::Suspended, "一時停止")] {
        let (screen, pressed) = screen_of(standing);
        assert!(screen.contains(word) && !screen.contains("交付済み"), "{screen}");
        assert!(!screen.contains("電話で止める"), "{screen}");
        assert_eq!(screen, pressed);
    }
}
