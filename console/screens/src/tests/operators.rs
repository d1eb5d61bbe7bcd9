//! The relay's operators at the console: partners, their way into service, and a relay that does not answer.

use relay_core::audit::Outcome;
use time::Duration;

use super::counter::*;
use crate::{
    State,
    event::Event,
    facts::{
        relay::{
            Edition, FrontHeard, FrontOrder, FrontState, Kind, LogoutTrial, OfficeHeard, OperatorsBy, Partner,
            Proposed, ShownName, SignInTrial, Standing, TrailLine, Untold, UntoldCount, tests::library,
        },
        *,
    },
    fault::{Fault, FrontFault},
    key::Key::{Backspace, Char, Ctrl, Down, Enter, Esc, F, Up},
    orders::{
        queues::{LoadCounts, LoadQueue},
        relay::{Front, GiveUpFront, Propose},
        staff::{Login, Unlock},
    },
};

const LIBRARY: &str = "https://library.example/saml";

fn front_state(blind_half: bool) -> FrontState {
    FrontState {
        entity_id: "https://relay.example/saml".into(),
        operator: "hama".into(),
        offices: vec![OfficeHeard {
            name: "shiomi".into(),
            applied: 412,
            refused: 0,
            heard_seconds_ago: 95,
        }],
        blind_half,
        database_clock_ahead_ms: Some(12),
        untold: None,
        key_edition: 1,
    }
}

fn heard(state: Result<FrontState, FrontFault>) -> Event {
    Event::Front(Box::new(FrontHeard { at: NOW, state }))
}

fn clinic() -> Partner {
    Partner {
        entity_id: "https://clinic.example/saml".into(),
        state: Standing::On,
        sign_in: SignInTrial::Named,
        logout: LogoutTrial::Sealed,
        exceptions: vec!["cipher-block-chaining".into()],
        current: library().current.map(|edition| Edition {
            valid_until: Some(NOW + Duration::days(6)),
            ..edition
        }),
        ..library()
    }
}

/// An operator before the login.
fn operators(by: OperatorsBy) -> Counter {
    let mut counter = Counter::opened();
    counter.state = State::new(
        Setup {
            relay: Some(by),
            demo: false,
            ..setup()
        },
        NOW,
    );
    counter.staff_card(1);
    counter.answer(StaffCard {
        staff: Some(StaffShown {
            name: String::new(),
            number: "SHA-256 0A0A0A0A…".into(),
            ..super::counter::shown(SATO)
        }),
        tries: Tries::Left(5),
    });
    counter
}

/// hama is logged in; these are the partners.
fn at_work(all: Vec<Partner>) -> Counter {
    let mut counter = operators(OperatorsBy::Card);
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.happens(heard(Ok(front_state(true))));
    let mut hama = session(&[]);
    hama.staff.name = "hama".into();
    counter.answer(hama);
    counter.answer(all);
    counter
}

/// At the library's own screen.
fn at_library(partner: Partner) -> Counter {
    let mut counter = at_work(vec![partner]);
    counter.press(Enter);
    counter
}

fn asked(counter: &Counter, wanted: &FrontOrder) -> bool {
    counter.is_asked_with(|order: &Front| matches!(order, Front(order) if order == wanted))
}

#[test]
fn an_operator_logs_in_by_card_and_sees_the_partners_and_nothing_of_an_office() {
    let counter = operators(OperatorsBy::Card);
    insta::assert_snapshot!("operators_login", counter.screen(80, 24));
    let counter = at_work(vec![library(), clinic()]);
    let screen = counter.screen(80, 24);
    insta::assert_snapshot!("operators_partners_80x24", screen);
    insta::assert_snapshot!("operators_partners_120x40", counter.screen(120, 40));
    assert!(!screen.contains("案件") && !screen.contains("住民"), "{screen}");
    assert!(!counter.is_asked::<LoadCounts>() && !counter.is_asked::<LoadQueue>());
}

#[test]
fn a_machine_without_a_reader_asks_for_no_password() {
    let mut counter = operators(OperatorsBy::Files);
    assert!(!counter.screen(80, 24).contains("パスワード"));
    counter.press(Enter);
    assert!(counter.is_asked::<Login>());
}

#[test]
fn a_card_the_front_does_not_know_is_told_how_it_becomes_known() {
    let mut counter = operators(OperatorsBy::Card);
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.refuse(Fault::Front(FrontFault::NotAdmitted {
        fingerprint: "0a".repeat(32),
    }));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("[operators]") && screen.contains("0a0a0a0a"),
        "{screen}"
    );
}

#[test]
fn a_blind_half_that_is_down_and_a_front_that_is_away_stand_on_the_first_screen() {
    let mut counter = at_work(vec![library()]);
    counter.happens(heard(Ok(front_state(false))));
    let screen = counter.screen(80, 24);
    assert!(screen.contains("目隠し側が答えません"), "{screen}");
    insta::assert_snapshot!("operators_blind_down", screen);
    counter.happens(heard(Err(FrontFault::Away)));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("中継が答えません") && screen.contains("前段!"),
        "{screen}"
    );
}

#[test]
fn metadata_are_put_forward_and_their_fingerprint_is_shown_to_be_compared() {
    let mut counter = at_work(vec![]);
    counter.press(Char('n'));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("ファイルの場所を書いて"));
    counter.types("/srv/library.xml");
    counter.press(Down);
    counter.press(Char(' '));
    counter.press(Char(' '));
    insta::assert_snapshot!("operators_register", counter.screen(80, 24));
    counter.press(Enter);
    let wanted = Propose {
        file: "/srv/library.xml".into(),
        entity: None,
        kind: Kind::Service,
    };
    assert!(counter.is_asked_with(|order: &Propose| *order == wanted));
    counter.answer(Proposed {
        entity: LIBRARY.into(),
        sha256: "0a1b2c3d".repeat(8),
        partners: vec![waiting()],
    });
    insta::assert_snapshot!("operators_registered", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("二人目が承認"));
}

/// The library as it was put forward by iso.
fn waiting() -> Partner {
    Partner {
        state: Standing::Proposed,
        current: None,
        waiting: library().current.map(|edition| Edition {
            sha256: format!("{}deadbeef", "0a".repeat(28)),
            proposed_by: "iso".into(),
            approved_by: None,
            ..edition
        }),
        ..library()
    }
}

#[test]
fn an_approval_takes_the_piece_of_the_fingerprint_that_only_the_partner_can_tell() {
    let mut counter = at_library(waiting());
    insta::assert_snapshot!("operators_waiting", counter.screen(80, 24));
    counter.press(Enter);
    let form = counter.screen(80, 24);
    assert!(!form.to_lowercase().contains("deadbeef"), "{form}");
    insta::assert_snapshot!("operators_approve", form);
    counter.press(Enter);
    counter.types("0a0a0a0a");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("違います。承認していません"));
    for _ in 0..8 {
        counter.press(Backspace);
    }
    counter.types("deadbeef");
    counter.press(Enter);
    let order = FrontOrder::Approve {
        entity: LIBRARY.into(),
        edition: 1,
        sha256: format!("{}deadbeef", "0a".repeat(28)),
    };
    assert!(asked(&counter, &order));
    counter.refuse(Fault::Front(FrontFault::Refused {
        code: "partner.same_person".into(),
        title: String::new(),
        trace: "1a2b".into(),
    }));
    assert!(counter.screen(80, 24).contains("もう一人の運用者が承認"));
}

#[test]
fn a_card_is_named_for_trials_by_the_number_that_the_refusing_page_shows() {
    let mut counter = at_library(library());
    counter.press(Char('c'));
    assert!(counter.screen(80, 24).contains("断る画面にカードの番号"));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("64文字です"));
    // As somebody reads it out: groups, capital letters.
    for letter in "0B0B:0b0b ".chars().cycle().take(16 * 10) {
        counter.press(Char(letter));
    }
    counter.press(Enter);
    let order = FrontOrder::TrialCard {
        sha256: "0b".repeat(32),
    };
    assert!(!asked(&counter, &order), "too many");
    counter.press(Ctrl('u'));
    for letter in "0B0B:0b0b ".chars().cycle().take(16 * 5) {
        counter.press(Char(letter));
    }
    counter.press(Enter);
    assert!(asked(&counter, &order));
    counter.answer(vec![library()]);
    assert!(counter.screen(80, 24).contains("試行用にしました"));
}

#[test]
fn a_trial_that_shows_an_empty_name_keeps_the_service_off() {
    let mut counter = at_library(library());
    counter.press(Enter);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("↑↓で選んでください"));
    for _ in 0..3 {
        counter.press(Down);
    }
    insta::assert_snapshot!("operators_tried", counter.screen(80, 24));
    counter.press(Enter);
    let order = FrontOrder::Tried {
        entity: LIBRARY.into(),
        shown: ShownName::Empty,
    };
    assert!(asked(&counter, &order));
    counter.answer(vec![Partner {
        sign_in: SignInTrial::Unnamed,
        ..library()
    }]);
    let screen = counter.screen(80, 24);
    assert!(screen.contains("EncryptedID を読めません"), "{screen}");
    counter.press(Char('o'));
    assert!(!counter.is_asked_with(|order: &Front| matches!(order, Front(FrontOrder::On { .. }))));
}

#[test]
fn a_name_in_clear_is_told_and_going_on_without_single_logout_is_a_decision_with_words() {
    let mut counter = at_library(Partner {
        sign_in: SignInTrial::Named,
        logout: LogoutTrial::InClear,
        ..library()
    });
    insta::assert_snapshot!("operators_in_clear", counter.screen(80, 24));
    counter.press(Enter);
    counter.press(Enter);
    assert!(!counter.is_asked_with(|order: &Front| matches!(order, Front(FrontOrder::WithoutLogout { .. }))));
    counter.types("先方の改修は来春");
    counter.press(Enter);
    let order = FrontOrder::WithoutLogout {
        entity: LIBRARY.into(),
        reason: "先方の改修は来春".into(),
    };
    assert!(asked(&counter, &order));
    let tried = Partner {
        sign_in: SignInTrial::Named,
        logout: LogoutTrial::Without,
        ..library()
    };
    counter.answer(vec![tried]);
    counter.press(Enter);
    assert!(asked(&counter, &FrontOrder::On { entity: LIBRARY.into() }));
    counter.answer(vec![clinic()]);
}

#[test]
fn a_partner_is_switched_off_from_the_list_by_one_key_and_a_reason() {
    let mut counter = at_work(vec![clinic(), library()]);
    counter.press(Char('x'));
    counter.press(Esc);
    assert!(!counter.is_asked_with(|order: &Front| matches!(order, Front(FrontOrder::Off { .. }))));
    counter.press(Char('x'));
    counter.types("鍵が漏れた");
    counter.press(Enter);
    let order = FrontOrder::Off {
        entity: clinic().entity_id,
        reason: "鍵が漏れた".into(),
    };
    assert!(asked(&counter, &order));
    counter.answer(vec![
        Partner {
            state: Standing::Off,
            reason: Some("鍵が漏れた".into()),
            ..clinic()
        },
        library(),
    ]);
    let screen = counter.screen(80, 24);
    assert!(screen.contains("止めました") && screen.contains("停止中"), "{screen}");
    // What is off is not switched off again.
    counter.press(Char('x'));
    assert!(counter.screen(80, 24).contains("連携先"));
}

#[test]
fn lifetimes_and_exceptions_are_seen_and_set_within_their_ranges() {
    let mut counter = at_library(clinic());
    let screen = counter.screen(120, 40);
    assert!(
        screen.contains("AES-CBC") && screen.contains("Assertion 120秒"),
        "{screen}"
    );
    insta::assert_snapshot!("operators_partner_120x40", screen);
    counter.press(Char('l'));
    insta::assert_snapshot!("operators_lifetimes", counter.screen(80, 24));
    counter.types("0");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("決まりの幅の中"), "1200 is too long");
    counter.press(Ctrl('u'));
    counter.types("60");
    counter.press(Enter);
    let order = FrontOrder::Lifetimes {
        entity: clinic().entity_id,
        seconds: [60, 3600, 60],
    };
    assert!(asked(&counter, &order));
    counter.answer(vec![clinic()]);

    counter.press(Char('e'));
    counter.press(Char(' '));
    counter.press(Down);
    counter.press(Char(' '));
    counter.press(Down);
    counter.press(Down);
    counter.types("先方が GCM に直した");
    insta::assert_snapshot!("operators_exceptions", counter.screen(80, 24));
    counter.press(Enter);
    let order = FrontOrder::Exceptions {
        entity: clinic().entity_id,
        names: vec!["ecp-headers".into()],
        reason: "先方が GCM に直した".into(),
    };
    assert!(asked(&counter, &order));
}

#[test]
fn a_front_that_takes_its_time_shows_it_and_can_be_given_up() {
    let mut counter = at_library(clinic());
    counter.press(F(5));
    counter.waits(Duration::seconds(4));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("待っています(4 秒)") && screen.contains("Esc 待つのをやめる"),
        "{screen}"
    );
    counter.press(Esc);
    assert!(counter.is_asked::<GiveUpFront>());
    let screen = counter.screen(80, 24);
    assert!(screen.contains("待つのをやめました"), "{screen}");
    // Still here, and one step back is the list.
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("┌─ 連携先 ─"));
}

#[test]
fn the_trail_is_read_by_the_auditors_codes() {
    let mut counter = at_work(vec![library()]);
    counter.press(Char('j'));
    counter.answer(vec![
        TrailLine {
            at: NOW,
            actor: "iso".into(),
            act: "partner.approved".into(),
            outcome: Outcome::Done,
            about: format!("partner={LIBRARY}  edition=1"),
        },
        TrailLine {
            at: NOW - Duration::minutes(3),
            actor: "hama".into(),
            act: "partner.approved".into(),
            outcome: Outcome::Refused,
            about: "refused=same_person".into(),
        },
        TrailLine {
            at: NOW - Duration::hours(1),
            actor: String::new(),
            act: "message.refused".into(),
            outcome: Outcome::Refused,
            about: format!("count=12  rule=unsigned  partner={LIBRARY}"),
        },
    ]);
    insta::assert_snapshot!("operators_trail", counter.screen(80, 24));
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("┌─ 連携先 ─"));
}

/// My Page a moment behind, the library given up.
fn behind() -> Vec<Untold> {
    vec![
        Untold {
            entity_id: "https://my-page.example/saml".into(),
            waiting: 3,
            given_up: 0,
            since: Some(NOW - Duration::minutes(134)),
            tries: 7,
            next: Some(NOW + Duration::minutes(11)),
        },
        Untold {
            entity_id: LIBRARY.into(),
            waiting: 0,
            given_up: 2,
            since: None,
            tries: 20,
            next: None,
        },
    ]
}

#[test]
fn who_does_not_know_of_a_logout_yet_stands_above_the_list_and_on_a_screen_of_its_own() {
    let mut counter = at_work(vec![library()]);
    let mut state = front_state(true);
    state.untold = Some(UntoldCount {
        services: 1,
        waiting: 3,
    });
    counter.happens(heard(Ok(state)));
    insta::assert_snapshot!("operators_partners_untold", counter.screen(80, 24));
    counter.press(Char('u'));
    counter.answer(behind());
    insta::assert_snapshot!("operators_untold", counter.screen(80, 24));
    counter.press(Down);
    let given_up = counter.screen(120, 40);
    assert!(given_up.contains("の期限まで残ります"), "{given_up}");
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("┌─ 連携先 ─"));
    counter.press(Char('u'));
    counter.answer(Vec::<Untold>::new());
    assert!(counter.screen(80, 24).contains("どのサービスにも"));
}

#[test]
fn the_card_pulled_locks_the_screen_and_only_its_own_operator_goes_on() {
    let mut counter = at_library(clinic());
    counter.staff_card_pulled();
    let locked = counter.screen(80, 24);
    assert!(!locked.contains("clinic") && locked.contains("ロック"), "{locked}");
    counter.staff_card(2);
    counter.answer(staff_card(SATO));
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(counter.is_asked::<Unlock>());
    counter.refuse(Fault::OtherStaff);
    assert!(!counter.screen(80, 24).contains("clinic"));
}

#[test]
fn every_view_of_the_operators_is_english_in_english() {
    let japanese = |screen: &str| screen.chars().any(|c| ('\u{3041}'..='\u{9FFF}').contains(&c));
    let mut counter = at_work(vec![clinic(), waiting()]);
    counter.press(F(10));
    for keys in [
        &[][..],
        &[Enter],
        &[Char('l')],
        &[Esc, Char('e')],
        &[Esc, Esc, Down, Enter],
        &[Char('a')],
        &[Esc, Esc, Up, Char('n')],
        &[Esc, Char('j')],
        &[Esc, Char('u')],
        &[Esc, F(1)],
    ] {
        for key in keys {
            counter.press(*key);
            if counter.is_asked_with(|order: &Front| matches!(order, Front(FrontOrder::Partners))) {
                counter.answer(vec![clinic(), waiting()]);
            }
        }
        let screen = counter.screen(100, 40).replace("日本語", "");
        assert!(!japanese(&screen), "{keys:?}: {screen}");
    }
}

#[test]
fn a_list_read_anew_moves_nothing_under_the_finger() {
    let mut counter = at_work(vec![library(), clinic()]);
    counter.press(Down);
    // Back from the trail the list is read anew; a key pressed meanwhile is for what is under the pointer.
    counter.press(Char('j'));
    counter.press(Esc);
    counter.press(Char('x'));
    let before = Partner {
        entity_id: "https://before.example/saml".into(),
        ..library()
    };
    counter.answer(vec![before, library(), clinic()]);
    counter.types("鍵が漏れた");
    counter.press(Enter);
    let order = FrontOrder::Off {
        entity: clinic().entity_id,
        reason: "鍵が漏れた".into(),
    };
    assert!(asked(&counter, &order));
}
