//! Questions answered by the number of their answer, or y and n: each answer moves on, and nothing is typed that the
//! register knows.

use issuance::{
    application::{Applicant, GuardianBasis, GuardianEvidence},
    case::CaseState,
    era::Birthday,
    person::HouseholdMember,
    standing::CardStanding,
};

use super::{counter::*, visit::lay_licence};
use crate::{
    facts::*,
    key::Key::{self, Char, Ctrl, Down, Enter, Esc, Up},
    orders::{
        cases::{OpenByNotice, SaveVerification},
        handover::CheckHandover,
        queues::SubmitApplication,
    },
};

/// At the form of this resident.
fn at_form(of: ResidentView) -> Counter {
    let mut counter = Counter::with_clerk();
    counter.press(Char('n'));
    counter.types("ヤマ");
    counter.answer(found("ヤマ"));
    counter.press(Enter);
    counter.answer(of);
    counter.press(Enter);
    counter
}

fn pointed(counter: &Counter) -> String {
    let screen = counter.screen(80, 24);
    let line = screen.lines().find(|line| line.contains('▸'));
    line.unwrap_or_default().to_owned()
}

fn submitted(counter: &Counter) -> &SubmitApplication {
    let order = counter.asked.last().and_then(|effect| effect.as_order());
    order.unwrap_or_else(|| panic!("{:?}", counter.asked))
}

/// A child of the head of the household, ten years old.
fn child() -> ResidentView {
    let mut view = resident();
    view.person.name = "山口 さくら".into();
    view.person.birthday = Birthday::read("平成28年4月2日").expect("a date");
    view.person.relation = "長女".into();
    view.household_members = vec![
        HouseholdMember {
            phone: Some("0999-12-3456".into()),
            ..member("山口 𠮷郎", "世帯主", "昭和45年3月1日")
        },
        member("山口 さくら", "妻", "昭和48年5月5日"),
        // Nobody who is no adult acts for anybody.
        member("山口 吉朗", "長男", "平成25年1月1日"),
    ];
    view
}

#[test]
fn an_answer_moves_on_to_the_next_question_that_has_none() {
    let mut counter = at_form(resident());
    counter.press(Char('1'));
    assert!(pointed(&counter).contains("資格確認"));
    for _ in 0..5 {
        counter.press(Char('y'));
    }
    assert!(pointed(&counter).contains("受け取り方"));
    // Where there is no third answer, 3 is none; nor is a place a yes or no.
    for key in ['3', 'y', 'n'] {
        counter.press(Char(key));
        assert!(pointed(&counter).contains("受け取り方"), "{key}");
    }
    counter.press(Char('２'));
    assert!(pointed(&counter).contains("紙の通知"), "full width too");
    // Back at one, its answer changes; everything else is answered, so the button follows.
    for _ in 0..3 {
        counter.press(Up);
    }
    counter.press(Char('n'));
    assert!(pointed(&counter).contains("紙の通知"));
    counter.press(Char('n'));
    assert!(pointed(&counter).contains("この内容で申請を受け付ける"));
    counter.press(Enter);
    let application = &submitted(&counter).application;
    let agreed = issuance::application::Service::ALL
        .into_iter()
        .filter(|service| application.consents_to(*service));
    assert_eq!(agreed.count(), 4);
    assert!(!application.wants_paper_notices());
}

#[test]
fn a_guardian_of_the_household_is_chosen_by_name_and_nothing_of_them_is_typed() {
    let mut counter = at_form(child());
    // What the register says of them stands in the fields as it says it, in any language.
    counter.typed.push("ヤマグチ サクラ昭和45年3月1日昭和48年5月5日".into());
    assert!(
        pointed(&counter).contains("(●) 法定代理人"),
        "under 15 somebody else applies"
    );
    counter.press(Char('2'));
    let screen = counter.screen(80, 24);
    assert!(pointed(&counter).contains("同じ世帯の人"), "{screen}");
    assert!(
        screen.contains("山口 𠮷郎(世帯主、昭和45年3月1日)") && !screen.contains("山口 吉朗("),
        "{screen}"
    );
    insta::assert_snapshot!("application_household", screen);
    counter.press(Char('1'));
    assert!(
        pointed(&counter).contains("資格確認"),
        "the register shows the parent: {}",
        counter.screen(80, 24)
    );
    for key in "yyyyy1n".chars() {
        counter.press(Char(key));
    }
    counter.press(Enter);
    match submitted(&counter).application.applicant() {
        Applicant::Guardian {
            person,
            basis,
            evidence,
        } => {
            assert_eq!(
                (person.name.as_str(), person.phone.as_deref()),
                ("山口 𠮷郎", Some("0999-12-3456"))
            );
            assert!(person.address.contains("みなと町一丁目2番3号"));
            assert_eq!(
                (*basis, *evidence),
                (GuardianBasis::Parent, GuardianEvidence::SameHousehold)
            );
        }
        other => panic!("{other:?}"),
    }

    // The head's wife may be no parent of the head's child: that is asked.
    let mut counter = at_form(child());
    // What the register says of them stands in the fields as it says it, in any language.
    counter.typed.push("ヤマグチ サクラ昭和45年3月1日昭和48年5月5日".into());
    counter.press(Char('2'));
    counter.press(Char('2'));
    assert!(pointed(&counter).contains("代理の立場"), "{}", counter.screen(80, 24));
    // Somebody else is typed, and nothing of the one chosen before stays.
    counter.press(Key::BackTab);
    while !pointed(&counter).contains("同じ世帯の人") {
        counter.press(Up);
    }
    counter.press(Char('3'));
    assert!(pointed(&counter).contains("代理人の氏名"));
    assert!(!counter.screen(80, 24).contains("昭和48年5月5日"));
}

#[test]
fn facts_are_answered_by_number_and_a_changed_mind_by_another() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    // Which document it is may be typed at once.
    counter.types("運転免許");
    counter.press(Enter);
    counter.types("309012345620");
    counter.press(Enter);
    counter.types("R9.3.1");
    counter.press(Enter);
    assert!(pointed(&counter).contains("顔写真"), "{}", counter.screen(80, 24));
    for key in "1214".chars() {
        counter.press(Char(key));
    }
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("(●) 本人と同じ") && screen.contains("✗ ちがう") && screen.contains("⚠ 読めない"),
        "{screen}"
    );
    assert!(pointed(&counter).contains("この書類を終わる"));
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("書類を加える"),
        "something is lacking: the counter follows"
    );

    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    lay_licence(&mut counter);
    counter.press(Char('n'));
    counter.press(Up);
    counter.press(Char('y'));
    counter.press(Enter);
    counter.press(Enter);
    assert!(counter.is_asked::<SaveVerification>());
}

#[test]
fn the_notice_of_the_open_case_begins_its_handover_and_another_opens_its_own() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.scan(NOTICE);
    assert!(!counter.is_asked::<OpenByNotice>());
    assert!(pointed(&counter).contains("取り出した棚"), "{}", counter.screen(80, 24));
    counter.types("A-12");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &CheckHandover| order.notice == NOTICE));

    for other in [case(CaseState::Applied), case(made())] {
        let mut counter = Counter::with_case(other);
        counter.scan(NOTICE);
        assert!(counter.is_asked::<OpenByNotice>(), "it is not to be handed over now");
    }
    let mut counter = Counter::with_case(case(shelved()));
    counter.scan("MDG1-2026-000353-ABCDEFGHIJKLMNOPQRSTUVWX23");
    assert!(counter.is_asked::<OpenByNotice>());
}

#[test]
fn one_pointer_stands_where_the_next_key_goes() {
    let mut counter = super::standing::at_card(CardStanding::Active);
    counter.press(Char('x'));
    let pointers = |counter: &Counter| counter.screen(80, 24).matches('▸').count();
    assert!(pointers(&counter) <= 1);
    counter.press(Down);
    assert_eq!(pointers(&counter), 1);
    assert!(pointed(&counter).contains("(●)"));
    // The number of an answer takes it and goes on to the note.
    counter.press(Esc);
    counter.press(Char('x'));
    counter.press(Char('2'));
    assert_eq!(pointers(&counter), 1);
    assert!(pointed(&counter).contains("メモ") && counter.screen(80, 24).contains("2 (●)"));
    // Digits are text from here on.
    counter.types("2026年に転出");
    assert!(pointed(&counter).contains("2026年に転出"));
    counter.press(Ctrl('u'));
    counter.press(Up);
    assert!(pointed(&counter).contains("2 (●)"));
}
