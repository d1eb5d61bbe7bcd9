//! A resident's card after its handover: stopped, let be used again, ended, its link mended.

use issuance::{
    acts::SecondPurpose,
    case::CaseState,
    staff::Role,
    standing::{CardStanding, HolderCheck},
};
use relay_core::registration::RevocationReason;
use time::Duration;

use super::counter::*;
use crate::{
    event::Event,
    facts::*,
    fault::Fault,
    key::Key::{Char, Down, Enter, Esc, F},
    orders::{
        cards::{AllowPinReset, ChangePin, PinAllowed, SetPinByPermission},
        given_card::{CloseRefused, LoadStanding, RelinkCard, ResumeCard, RevokeCard, SendRefusedAnew, SuspendCard},
        staff::SecondClerk,
    },
};

pub const HANDED_OVER: CaseState = CaseState::HandedOver {
    card: issuance::case::CardId::from_uuid(uuid::Uuid::from_u128(700)),
};

fn card(standing: CardStanding, waiting: u64) -> GivenCard {
    GivenCard {
        chip: "8B42 19F0 0C77 A1D3 5E20".into(),
        standing,
        since: NOW - Duration::days(40),
        by: "佐藤 恵".into(),
        stop_until: None,
        told: RelayTold {
            waiting,
            oldest: (waiting > 0).then_some(NOW - Duration::seconds(3)),
            applied_at: Some(NOW - Duration::days(40)),
            refused: Vec::new(),
        },
    }
}

/// The same of which the relay refused that it was suspended, for one of its keys.
fn refused(standing: CardStanding) -> GivenCard {
    let mut card = card(standing, 0);
    card.told.refused.push(RefusedMessage {
        told: "suspend".into(),
        slot: 1,
        rule: "registration.revoked".into(),
        at: NOW - Duration::minutes(20),
    });
    card
}

fn joined(counter: &mut Counter) {
    counter.happens(Event::Outbox(Outbox {
        waiting: 0,
        oldest: None,
        trouble: false,
        refused: 0,
        carried: true,
    }));
}

/// At the card of the open case, which stands so.
pub fn at_card(standing: CardStanding) -> Counter {
    let mut counter = Counter::with_case(case(HANDED_OVER));
    joined(&mut counter);
    counter.press(Char('k'));
    counter.answer(card(standing, 0));
    counter
}

#[test]
fn a_call_about_a_lost_card_stops_it_and_the_screen_says_whether_the_relay_knows() {
    let mut counter = at_card(CardStanding::Active);
    insta::assert_snapshot!("standing_active", counter.screen(80, 24));
    counter.press(Enter);
    // Nothing is chosen for the clerk, and a note is asked for.
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("↑↓で選んでください"));
    counter.press(Down);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("もう少し詳しく"));
    counter.types("バスの中で落とした");
    insta::assert_snapshot!("standing_suspend", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &SuspendCard| matches!(order, SuspendCard { check: HolderCheck::Questions, words, .. } if words == "バスの中で落とした"
    )));
    counter.answer(card(CardStanding::Suspended, 2));
    insta::assert_snapshot!("standing_suspended", counter.screen(80, 24));

    // The outbox moves: what the relay was told is asked for anew, and shown.
    counter.happens(Event::QueuesChanged);
    counter.answer(card(CardStanding::Suspended, 0));
    let screen = counter.screen(80, 24);
    assert!(screen.contains("中継が受け取りました"), "{screen}");
    assert!(screen.contains("Enter 再開する"), "{screen}");
}

#[test]
fn a_stop_that_cannot_reach_the_relay_is_not_said_to_be_in_force() {
    let mut counter = at_card(CardStanding::Active);
    counter.happens(Event::Outbox(Outbox {
        waiting: 0,
        oldest: None,
        trouble: false,
        refused: 0,
        carried: false,
    }));
    counter.press(Enter);
    counter.press(Down);
    counter.types("バスの中で落とした");
    counter.press(Enter);
    counter.answer(card(CardStanding::Suspended, 2));
    let screen = counter.screen(120, 24);
    assert!(screen.contains("届くまでは前の扱いのままです"), "{screen}");
    assert!(screen.contains("中継にはまだ届いていません"), "{screen}");
    // Once the relay has it, it is in force.
    counter.happens(Event::QueuesChanged);
    counter.answer(card(CardStanding::Suspended, 0));
    assert!(
        counter
            .screen(120, 24)
            .contains("このカードではどこにもログインできません")
    );
}

#[test]
fn a_suspended_card_comes_back_only_for_its_holder_at_the_counter() {
    let mut counter = at_card(CardStanding::Suspended);
    counter.press(Char('s'));
    assert!(
        counter.screen(80, 24).contains("一時停止中"),
        "it cannot be stopped twice"
    );
    counter.press(Char('r'));
    let form = counter.screen(80, 24);
    assert!(!form.contains("電話") && form.contains("顔写真のある書類"), "{form}");
    counter.press(Down);
    counter.types("免許証を見た");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ResumeCard| matches!(
        order,
        ResumeCard {
            check: HolderCheck::Document,
            ..
        }
    )));
    counter.answer(card(CardStanding::Active, 2));
    assert!(counter.screen(80, 24).contains("再開しました"));
}

#[test]
fn a_card_ends_only_with_a_second_clerk_and_then_nothing_more_can_be_done() {
    let mut counter = at_card(CardStanding::Suspended);
    counter.press(Char('x'));
    counter.press(Down);
    counter.types("見つからない、盗難届あり");
    insta::assert_snapshot!("standing_revoke", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("失効させるには、二人目"));
    assert!(!counter.is_asked::<RevokeCard>());
    second_clerk_agrees(&mut counter, SecondPurpose::Revocation);
    assert!(counter.is_asked_with(|order: &RevokeCard| matches!(
        order,
        RevokeCard {
            reason: RevocationReason::KeyCompromise,
            ..
        }
    )));
    counter.answer(card(CardStanding::Revoked, 2));
    insta::assert_snapshot!("standing_revoked", counter.screen(120, 40));
    for key in [Char('s'), Char('r'), Char('x'), Char('l'), Enter] {
        counter.press(key);
        assert!(counter.screen(80, 24).contains("できることはもうありません"), "{key:?}");
    }
}

#[test]
fn a_wrong_link_is_mended_with_a_second_clerk() {
    let mut counter = at_card(CardStanding::Active);
    counter.press(Char('l'));
    counter.types("同姓同名の人と取り違えた");
    counter.press(Enter);
    second_clerk_agrees(&mut counter, SecondPurpose::Relink);
    assert!(counter.is_asked_with(
        |order: &RelinkCard| matches!(order, RelinkCard { words, .. } if words == "同姓同名の人と取り違えた")
    ));
}

#[test]
fn going_back_from_the_form_does_nothing_and_another_desk_that_was_quicker_is_told() {
    let mut counter = at_card(CardStanding::Active);
    counter.press(Enter);
    counter.types("落とした");
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("いまの状態"));
    counter.press(Enter);
    counter.press(Down);
    counter.types("落としたとのこと");
    counter.press(Enter);
    counter.refuse(Fault::ChangedMeanwhile);
    counter.answer(card(CardStanding::Suspended, 0));
    counter.press(Esc);
    let screen = counter.screen(80, 24);
    assert!(screen.contains("一時停止中"), "{screen}");
    assert!(!counter.is_asked::<SuspendCard>());
}

#[test]
fn the_card_is_one_key_from_the_resident_and_out_of_reach_before_its_handover() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("yamaguchi");
    counter.answer(found("yamaguchi"));
    counter.press(Enter);
    let mut view = resident();
    view.cases = vec![CaseRow {
        state: HANDED_OVER,
        ..queue().remove(0)
    }];
    counter.answer(view);
    assert!(counter.screen(80, 24).contains("k カードの利用"));
    counter.press(Char('k'));
    counter.answer(Box::new(case(HANDED_OVER)));
    counter.answer(card(CardStanding::Active, 0));
    assert!(counter.screen(80, 24).contains("カードの利用"));
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("案件  2026-000352"));

    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Char('k'));
    assert!(!counter.is_asked::<LoadStanding>());
}

#[test]
fn whoever_answers_the_telephone_may_stop_a_card_and_not_end_it() {
    let mut counter = Counter::with_clerk_who_may(&[Role::Reception]);
    joined(&mut counter);
    counter.press(Enter);
    counter.answer(Box::new(case(HANDED_OVER)));
    counter.press(Char('k'));
    counter.answer(card(CardStanding::Active, 0));
    let screen = counter.screen(80, 24);
    assert!(screen.contains("s 一時停止") && !screen.contains("x 失効"), "{screen}");
    counter.press(Char('x'));
    assert!(counter.screen(80, 24).contains("発行の役割が必要です"));
}

#[test]
fn what_the_relay_refused_is_shown_with_its_rule_and_what_was_mended_is_asked_for() {
    let mut counter = Counter::with_case(case(HANDED_OVER));
    joined(&mut counter);
    counter.press(Char('k'));
    counter.answer(refused(CardStanding::Suspended));
    insta::assert_snapshot!("standing_refused", counter.screen(80, 24));
    counter.press(Enter);
    insta::assert_snapshot!("standing_send_anew", counter.screen(80, 24));
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("4文字以上"),
        "{}",
        counter.screen(80, 24)
    );
    counter.types("中継の登録を直してもらった");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &SendRefusedAnew| matches!(order, SendRefusedAnew { words, .. } if words == "中継の登録を直してもらった")
    ));
    counter.answer(card(CardStanding::Suspended, 1));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("送り直しました") && screen.contains("1 件がまだ届いていません"),
        "{screen}"
    );

    // A rule that only a newer relay knows is shown as it calls it.
    let mut newer = refused(CardStanding::Active);
    newer.told.refused[0].rule = "registration.something_new".into();
    counter.happens(Event::QueuesChanged);
    counter.answer(newer);
    assert!(counter.screen(80, 24).contains("registration.something_new"));
}

#[test]
fn what_the_relay_need_not_know_is_closed_by_who_may() {
    let mut counter = Counter::with_case(case(HANDED_OVER));
    joined(&mut counter);
    counter.press(Char('k'));
    counter.answer(card(CardStanding::Revoked, 0));
    counter.press(Char('c'));
    assert!(!counter.screen(80, 24).contains("送らずに終える"), "nothing is refused");
    counter.happens(Event::QueuesChanged);
    counter.answer(refused(CardStanding::Revoked));
    counter.press(Char('c'));
    insta::assert_snapshot!("standing_close_refused", counter.screen(80, 24));
    counter.types("失効済みと中継に確かめた");
    counter.press(Enter);
    assert!(counter.is_asked::<CloseRefused>());
    counter.answer(card(CardStanding::Revoked, 0));
    assert!(counter.screen(80, 24).contains("送らずに終えました"));

    let mut counter = Counter::with_clerk_who_may(&[Role::Reception]);
    joined(&mut counter);
    counter.press(Enter);
    counter.answer(Box::new(case(HANDED_OVER)));
    counter.press(Char('k'));
    counter.answer(refused(CardStanding::Active));
    counter.press(Char('a'));
    assert!(counter.screen(80, 24).contains("発行の役割が必要です"));
}

#[test]
fn a_case_of_which_the_relay_refused_something_leads_to_it() {
    let mut view = case(HANDED_OVER);
    view.problem = Some(Problem::RelayRefused);
    let mut counter = Counter::with_case(view);
    joined(&mut counter);
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("中継の不受理") && screen.contains("Enter カードの利用を開く"),
        "{screen}"
    );
    counter.press(Enter);
    assert!(counter.is_asked::<LoadStanding>());
}

#[test]
fn every_view_of_it_is_english_in_english() {
    let mut counter = at_card(CardStanding::Suspended);
    counter.press(F(10));
    insta::assert_snapshot!("standing_english", counter.screen(80, 24));
    counter.press(Char('r'));
    insta::assert_snapshot!("standing_resume_english", counter.screen(80, 24));
    counter.press(Esc);
    counter.happens(Event::QueuesChanged);
    counter.answer(refused(CardStanding::Suspended));
    insta::assert_snapshot!("standing_refused_english", counter.screen(80, 24));
    counter.press(Char('a'));
    insta::assert_snapshot!("standing_send_anew_english", counter.screen(80, 24));
    counter.press(Esc);
    counter.press(Char('c'));
    insta::assert_snapshot!("standing_close_refused_english", counter.screen(80, 24));
}

pub fn second_clerk_agrees(counter: &mut Counter, wanted: SecondPurpose) {
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.types("kaede2026");
    counter.press(Enter);
    assert!(
        counter.is_asked_with(|order: &SecondClerk| matches!(order, SecondClerk { purpose, .. } if *purpose == wanted))
    );
    counter.answer(shown(NAKAMURA));
    counter.staff_card_pulled();
    counter.staff_card(3);
    counter.answer(staff_card(SATO));
}

#[test]
fn whoever_knows_the_pin_changes_it_and_the_card_asks_for_the_present_one() {
    let mut counter = at_card(CardStanding::Active);
    counter.resident_card(1);
    counter.press(Char('h'));
    let chip = |pin| ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCase,
        pin,
    };
    counter.answer(chip(Tries::Left(3)));
    insta::assert_snapshot!("pin_change_ready", counter.screen(80, 24));
    counter.press(Enter);
    insta::assert_snapshot!("pin_change_old", counter.screen(80, 24));
    let enters = |counter: &mut Counter, old: &str, new: &str| {
        for typed in [old, new, new] {
            counter.types(typed);
            counter.press(Enter);
        }
    };
    // The same again is no change.
    counter.types("2751");
    counter.press(Enter);
    counter.types("2751");
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("いまと おなじ"),
        "{}",
        counter.screen(80, 24)
    );
    for _ in 0..2 {
        counter.types("4962");
        counter.press(Enter);
    }
    assert!(counter.is_asked_with(|order: &ChangePin| {
        use secrecy::ExposeSecret as _;
        (order.old.expose_secret(), order.new.expose_secret()) == ("2751", "4962")
    }));
    // It was not the present one: a try less, said before the next.
    counter.refuse(Fault::WrongPin { tries_left: 2 });
    let again = counter.screen(80, 24);
    assert!(
        again.contains("ばんごうが ちがいます") && again.contains("あと 2かい"),
        "{again}"
    );
    enters(&mut counter, "2750", "4962");
    counter.answer(Box::new(case(HANDED_OVER)));
    assert!(
        counter.screen(80, 24).contains("ありがとう"),
        "{}",
        counter.screen(80, 24)
    );

    // The last try was wrong: the clerk goes on, and knows where to.
    let mut locked = at_card(CardStanding::Active);
    locked.resident_card(1);
    locked.press(Char('h'));
    locked.answer(chip(Tries::Left(1)));
    locked.press(Enter);
    enters(&mut locked, "2750", "4962");
    locked.refuse(Fault::WrongPin { tries_left: 0 });
    assert!(locked.screen(80, 24).contains("ロック"), "{}", locked.screen(80, 24));
    locked.press(Enter);
    assert!(
        !locked.is_asked::<ChangePin>(),
        "a blocked PIN is set anew by a permission"
    );
}

#[test]
fn a_forgotten_or_blocked_pin_is_set_anew_for_the_holder_at_the_counter() {
    let mut counter = at_card(CardStanding::Active);
    counter.resident_card(1);
    counter.press(Char('p'));
    let form = counter.screen(80, 24);
    assert!(!form.contains("電話") && !form.contains("メモ"), "{form}");
    insta::assert_snapshot!("standing_reset_pin", form);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("↑↓で選んでください"));
    counter.press(Down);
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &AllowPinReset| order.check == HolderCheck::Document));
    let permission = uuid::Uuid::from_u128(9);
    counter.answer(PinAllowed(permission));
    // Blocked, as the card itself says; that is what the permission is for.
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::Blocked,
    });
    counter.press(Enter);
    counter.types("4962");
    counter.press(Enter);
    counter.types("4962");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &SetPinByPermission| order.permission == permission));
    counter.answer(Box::new(case(HANDED_OVER)));
    assert!(
        counter.screen(80, 24).contains("ありがとう"),
        "{}",
        counter.screen(80, 24)
    );

    let mut stopped = at_card(CardStanding::Suspended);
    stopped.press(Char('p'));
    assert!(
        !stopped.screen(80, 24).contains("暗証番号を決め直す"),
        "it is resumed first"
    );
}
