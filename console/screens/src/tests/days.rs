//! Small things of the office's day.

use issuance::case::{CaseNumber, CaseState};

use super::{counter::*, visit};
use crate::{
    event::Event,
    facts::*,
    fault::Fault,
    key::Key::{Char, Ctrl, Enter, Esc, F},
    orders::{
        cards::{GiveUpCard, SetPin, SetPinAgain, StartMaking, VerifyPin},
        cases::{BreakLease, CloseIncident, ReloadCase},
        handover::{ConfirmSight, HandOver},
        queues::{SubmitApplication, Submitted},
        staff::{CreateAdministrator, LogOut, Login, Quit, SecondPurpose},
    },
};

#[test]
fn a_case_that_another_desk_holds_says_who_and_until_when() {
    let mut counter = Counter::with_clerk();
    counter.press(Enter);
    counter.refuse(Fault::HeldBy {
        staff: "田中 一".into(),
        desk: "窓口5".into(),
        until: NOW + time::Duration::minutes(10),
    });
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("窓口5の田中 一さんが開いています(11月22日 9:24まで)"),
        "{screen}"
    );
}

#[test]
fn a_case_held_elsewhere_can_be_taken_over_with_a_reason() {
    let mut counter = Counter::with_clerk();
    assert!(!counter.screen(80, 24).contains("F4"));
    counter.press(Enter);
    counter.refuse(Fault::HeldBy {
        staff: "田中 一".into(),
        desk: "窓口5".into(),
        until: NOW + time::Duration::minutes(10),
    });
    counter.press(F(4));
    counter.types("田中さんは外出、本人が来ている");
    counter.press(Enter);
    assert!(counter.is_asked::<BreakLease>());
}

#[test]
fn the_resident_may_try_the_pin_and_sees_the_tries_left_before() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.press(Char('p'));
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::Left(3),
    });
    counter.press(Enter);
    counter.types("4962");
    insta::assert_snapshot!("pin_check", counter.screen(80, 24));
    counter.press(Enter);
    counter.refuse(Fault::WrongPin { tries_left: 2 });
    insta::assert_snapshot!("pin_check_wrong", counter.screen(80, 24));
    counter.types("4963");
    counter.press(Enter);
    counter.refuse(Fault::WrongPin { tries_left: 0 });
    assert!(counter.screen(80, 24).contains("ロックされています"));
    counter.press(Enter);
    assert!(!counter.is_asked::<VerifyPin>());
    // Not a dead end: before the handover the resident chooses another one here.
    insta::assert_snapshot!("pin_blocked", counter.screen(80, 24));
    counter.press(Char('r'));
    for _ in 0..2 {
        counter.types("4962");
        counter.press(Enter);
    }
    assert!(counter.is_asked::<SetPinAgain>());
    assert!(!counter.is_asked::<SetPin>());
    counter.answer(Box::new(case(shelved())));
    assert!(counter.screen(80, 24).contains("きまりました"));
}

#[test]
fn a_pin_that_only_the_card_knows_of_is_set_as_the_first_one() {
    let mut counter = Counter::with_case(case(made()));
    counter.resident_card(1);
    counter.press(Char('p'));
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::ThisCase,
        pin: Tries::Blocked,
    });
    counter.press(Enter);
    for _ in 0..2 {
        counter.types("4962");
        counter.press(Enter);
    }
    assert!(counter.is_asked::<SetPin>());
}

#[test]
fn an_incident_is_settled_with_a_reason_before_anything_is_handed_over() {
    let mut stopped = case(shelved());
    stopped.problem = Some(Problem::HandoverMismatch);
    stopped.incidents = vec![OpenIncident {
        at: NOW,
        who: "佐藤 恵".into(),
        note: "隣の棚のカードだった".into(),
    }];
    let mut counter = Counter::with_case(stopped);
    insta::assert_snapshot!("case_incident", counter.screen(80, 24));
    counter.press(Char('h'));
    assert!(
        counter.screen(80, 24).contains("事故を解決する"),
        "no handover meanwhile"
    );
    counter.press(Char('i'));
    counter.types("棚の札を直した");
    counter.press(Enter);
    // For two: whoever wrote it down does not end it alone.
    assert!(!counter.is_asked::<CloseIncident>());
    super::standing::second_clerk_agrees(&mut counter, SecondPurpose::Incident);
    assert!(counter.is_asked_with(
        |order: &CloseIncident| matches!(order, CloseIncident { ending, .. } if ending == "棚の札を直した")
    ));
    counter.answer(Box::new(case(shelved())));
    let screen = counter.screen(80, 24);
    assert!(screen.contains("解決済み") && screen.contains("交付する"), "{screen}");
}

#[test]
fn a_card_is_given_up_after_a_question_and_with_a_reason() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Char('g'));
    assert!(!counter.screen(80, 24).contains("取り消せません"), "there is no card");
    let mut counter = Counter::with_case(case(made()));
    counter.press(Char('g'));
    insta::assert_snapshot!("give_up_question", counter.screen(80, 24));
    counter.press(Esc);
    counter.press(Char('g'));
    counter.press(Enter);
    counter.types("券面に傷がある");
    assert!(!counter.is_asked::<GiveUpCard>());
    counter.press(Enter);
    assert!(
        counter.is_asked_with(
            |order: &GiveUpCard| matches!(order, GiveUpCard { reason, .. } if reason == "券面に傷がある")
        )
    );
    counter.answer(Box::new(case(CaseState::Verified)));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("失効しました") && screen.contains("カードを作る"),
        "{screen}"
    );
}

#[test]
fn a_very_long_name_is_read_to_its_end() {
    let mut long = case(CaseState::Applied);
    let name = "マリア・エドゥアルダ・ダ・コンセイサォン・フェレイラ・デ・オリヴェイラ・サントス・シルヴァ";
    long.resident.person.name = name.into();
    long.resident.person.address = "汐見市みなと町一丁目2番3号みなとニュータウン第二期中央街区西棟".into();
    let mut counter = Counter::with_case(long);
    let seen = |counter: &Counter| -> String {
        let screen = counter.screen(80, 24);
        screen.chars().filter(|c| !" │\n".contains(*c)).collect()
    };
    assert!(seen(&counter).contains("サントス・シルヴァ"));
    counter.press(Enter);
    visit::lay_licence(&mut counter);
    assert!(counter.screen(80, 24).contains("西棟"), "{}", counter.screen(80, 24));
    insta::assert_snapshot!("verify_long_name", counter.screen(80, 24));
}

#[test]
fn an_agent_shows_documents_evidence_and_letter() {
    use issuance::application::*;
    let mut with_agent = case(CaseState::Applied);
    with_agent.application = ApplicationForm {
        applicant: ApplicantForm::Agent {
            person: AgentForm {
                name: "木村 守".into(),
                kana: "キムラ マモル".into(),
                birthday: "S50.1.1".into(),
                address: "汐見市本町1番".into(),
                phone: String::new(),
            },
            reason: Some(AgentReason::Illness),
            evidence: Some(AgentEvidence::DoctorsCertificate),
            letter_of_authority: true,
        },
        adult_ward: false,
        consents: Service::ALL.into_iter().map(|one| (one, true)).collect(),
        consent_text_version: "2026-10".into(),
        delivery: Some(Delivery::Counter),
        paper_notices: Some(false),
        notes: String::new(),
    }
    .check(&person(), NOW.date())
    .expect("a right application");
    let mut counter = Counter::with_case(with_agent);
    counter.press(Enter);
    insta::assert_snapshot!("verify_agent", counter.screen(80, 24));
}

#[test]
fn where_two_must_agree_no_card_is_made_by_one() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.state.common.setup.making_by_two = true;
    counter.press(Enter);
    counter.resident_card(1);
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    assert!(!counter.is_asked::<StartMaking>());
    counter.staff_card_pulled();
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    counter.types("kaede2026");
    counter.press(Enter);
    counter.answer(shown(NAKAMURA));
    assert!(
        !counter.is_asked::<StartMaking>(),
        "the first clerk's card comes back first"
    );
    counter.staff_card_pulled();
    counter.staff_card(3);
    counter.answer(staff_card(SATO));
    assert!(counter.is_asked::<StartMaking>());
}

#[test]
fn where_one_clerk_looks_twice_the_second_look_begins_with_nothing_ticked() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.state.common.setup.sights = Sights::OneClerkTwice;
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    visit::tick_all(&mut counter);
    counter.press(Enter);
    counter.answer(());
    assert!(counter.screen(80, 24).contains("2 回目の目視確認"));
    counter.press(Enter);
    assert!(!counter.is_asked::<ConfirmSight>(), "nothing is ticked yet");
    visit::tick_all(&mut counter);
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ConfirmSight| matches!(order, ConfirmSight { time: 2, .. })));
}

#[test]
fn a_card_moved_during_the_sights_is_compared_anew() {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    counter.resident_card(9);
    assert!(counter.screen(80, 24).contains("照合は最初から"));
    visit::tick_all(&mut counter);
    assert!(!counter.is_asked::<ConfirmSight>() && !counter.is_asked::<HandOver>());
}

#[test]
fn a_damaged_card_gives_way_to_a_new_blank() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    counter.resident_card(1);
    let blank = |serial: &str| ChipView {
        serial: serial.into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    };
    counter.answer(blank("8B42"));
    counter.press(Enter);
    counter.making_runs(6);
    counter.answer(MakingEnd::Damaged {
        at: Some(issuance::records::Step::Write),
        case: Box::new(case(CaseState::Verified)),
    });
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("破損") && !screen.contains("✓ カードを開く"),
        "{screen}"
    );
    counter.resident_card(2);
    counter.answer(blank("9C11"));
    counter.press(Enter);
    assert!(counter.is_asked::<StartMaking>());
}

#[test]
fn a_pulled_card_is_gone_on_with_where_it_stood() {
    let mut stopped = case(CaseState::Making { card: card_id() });
    let card = stopped.card.as_mut().expect("a card");
    card.done = issuance::records::Step::ALL[..4]
        .iter()
        .map(|step| (*step, std::time::Duration::from_millis(900)))
        .collect();
    stopped.problem = Some(Problem::MakingStopped);
    let mut counter = Counter::with_case(stopped);
    assert!(counter.screen(80, 24).contains("続きから作る"));
    counter.resident_card(1);
    counter.press(Enter);
    counter.answer(ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known: ChipKnown::ThisCaseUnfinished,
        pin: Tries::NotSet,
    });
    insta::assert_snapshot!("making_resume", counter.screen(80, 24));
    counter.press(Enter);
    counter.making_runs(5);
    counter.answer(MakingEnd::Stopped {
        at: None,
        why: Fault::CardRemoved,
    });
    insta::assert_snapshot!("making_pulled", counter.screen(80, 24));
}

#[test]
fn a_making_that_stopped_leaves_no_stale_case_behind() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    counter.resident_card(1);
    counter.answer(ChipView {
        serial: "8B42".into(),
        known: ChipKnown::Blank,
        pin: Tries::NotSet,
    });
    counter.press(Enter);
    counter.making_runs(3);
    counter.answer(MakingEnd::Stopped {
        at: None,
        why: Fault::DatabaseDown,
    });
    // The database is away: where the case stands cannot be asked yet.
    counter.refuse_load_case(Fault::DatabaseDown);
    counter.happens(Event::Database { up: false });
    counter.press(Esc);
    assert!(!counter.is_asked::<ReloadCase>());
    counter.happens(Event::Database { up: true });
    let mut begun = case(CaseState::Making { card: card_id() });
    begun.version += 3;
    counter.answer(Box::new(begun));
    assert!(
        counter.screen(80, 24).contains("続きから作る"),
        "{}",
        counter.screen(80, 24)
    );
    assert!(!counter.is_asked::<ReloadCase>(), "once is enough");
}

#[test]
fn the_card_that_is_wanted_is_named_and_one_being_read_is_not_asked_for() {
    let mut counter = Counter::with_case(case(CaseState::Making { card: card_id() }));
    counter.press(Enter);
    counter.press(Enter);
    assert_eq!(
        counter.state.common.message.as_ref().unwrap().key,
        "making-insert-again"
    );
    counter.resident_card(1);
    counter.press(Enter);
    assert_eq!(counter.state.common.message.as_ref().unwrap().key, "making-reading");
    assert!(!counter.is_asked::<StartMaking>());
}

#[test]
fn every_fault_has_its_words_in_both_languages() {
    let mut counter = Counter::with_clerk();
    let faults = [
        Fault::DatabaseDown,
        Fault::ChangedMeanwhile,
        Fault::WrongPassword { tries_left: 1 },
        Fault::CardRefused(0x6A80),
        Fault::MissingGlyph {
            character: "𠮷".into(),
            number: "U+20BB7".into(),
            place: "宛名".into(),
        },
        Fault::Other { code: "E-1".into() },
    ];
    for language in [Language::Japanese, Language::English] {
        counter.state.common.language = language;
        for fault in &faults {
            counter.state.common.tell_fault(fault);
            let screen = counter.screen(80, 24);
            assert!(!screen.contains("fault-") && !screen.contains("{ $"), "{screen}");
        }
    }
}

#[test]
fn enter_pressed_while_the_card_is_read_holds_for_the_card_that_lies_there() {
    let mut counter = Counter::opened();
    counter.staff_card(1);
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(!counter.is_asked::<Login>());
    counter.answer(staff_card(SATO));
    assert!(counter.is_asked::<Login>());

    // Not for another card put in its place.
    let mut counter = Counter::opened();
    counter.staff_card(1);
    counter.types("tsubaki2026");
    counter.press(Enter);
    counter.staff_card(2);
    counter.answer(staff_card(NAKAMURA));
    assert!(!counter.is_asked::<Login>());
}

#[test]
fn a_wrong_password_shows_what_the_card_says_is_left() {
    let mut counter = Counter::opened();
    counter.staff_card(1);
    counter.answer(staff_card(SATO));
    counter.types("wrong-pass");
    counter.press(Enter);
    counter.refuse(Fault::WrongPassword { tries_left: 4 });
    assert!(counter.screen(80, 24).contains("あと 4 回"));
    let mut card = staff_card(SATO);
    card.tries = Tries::Blocked;
    counter.answer(card);
    counter.types("tsubaki2026");
    counter.press(Enter);
    assert!(!counter.is_asked::<Login>(), "a blocked card is not tried");
}

#[test]
fn the_first_administrator_is_made_on_the_first_run() {
    let mut counter = Counter::opened();
    let mut setup = setup();
    setup.first_run = true;
    counter.state = crate::State::new(setup, NOW);
    counter.staff_card(1);
    counter.asked.clear();
    let effects = crate::update(
        &mut counter.state,
        Event::Reader {
            reader: Reader::Staff,
            state: ReaderState::Card(2),
        },
    );
    counter.asked.extend(effects);
    counter.answer(StaffCard {
        staff: None,
        tries: Tries::NotSet,
    });
    for (text, _) in [("0001", 0), ("青木 管理", 1), ("sazanka2026", 2), ("sazanka2026", 3)] {
        counter.types(text);
        counter.press(Enter);
    }
    insta::assert_snapshot!("first_run", counter.screen(80, 24));
    let Some(CreateAdministrator { number, name, .. }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<CreateAdministrator>())
    else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!((number.as_str(), name.as_str()), ("0001", "青木 管理"));
}

#[test]
fn leaving_lets_go_of_everything() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Ctrl('q'));
    counter.press(Enter);
    assert!(counter.is_asked::<LogOut>());
    assert!(counter.is_asked::<Quit>());
    assert!(counter.state.common.session.is_none() && counter.state.common.open.is_none());
}

#[test]
fn an_agent_for_a_busy_person_is_refused_with_the_reason() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("山");
    counter.answer(found("山"));
    counter.press(Enter);
    counter.answer(resident());
    counter.press(Enter);
    counter.press(crate::key::Key::Left); // the last choice: an agent
    counter.press(Enter);
    counter.press(Char('2')); // nobody of the household
    for text in ["木村 守", "キムラ マモル", "S50.1.1", "汐見市本町1番", ""] {
        counter.types(text);
        counter.press(Enter);
    }
    counter.press(crate::key::Key::Left); // the last reason: busy
    counter.press(F(2));
    counter.press(Enter);
    let screen = counter.screen(80, 60);
    assert!(screen.contains("この理由では代理人は認められません"), "{screen}");
}

#[test]
fn records_that_may_be_the_same_person_are_shown_and_the_application_takes_a_reason() {
    let mut counter = Counter::with_clerk();
    submits_an_application(&mut counter);
    let record = |name: &str, cases| SimilarRecord {
        name: name.into(),
        cases,
    };
    let number = |serial| CaseNumber { year: 2026, serial };
    counter.answer(Submitted::InTheWay(InTheWay::Similar {
        first: record("山口 吉郎", vec![(number(340), CaseState::Applied)]),
        others: vec![record("山口 吉朗", vec![])],
    }));
    insta::assert_snapshot!("application_duplicate", counter.screen(80, 24));
    counter.press(Enter);
    counter.types("前の申請は取り消す予定");
    counter.press(Enter);
    let Some(SubmitApplication { despite_duplicate, .. }) = counter.asked.last().and_then(|effect| effect.as_order())
    else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!(despite_duplicate.as_deref(), Some("前の申請は取り消す予定"));
}

#[test]
fn a_person_with_a_case_or_a_card_of_their_own_is_told_so_and_no_reason_helps() {
    for (own, said) in [
        (
            InTheWay::OwnCase as fn(CaseNumber) -> InTheWay,
            "進んでいる案件 2026-000340",
        ),
        (InTheWay::OwnCard, "有効なカードがもうあります(案件 2026-000340)"),
    ] {
        let mut counter = Counter::with_clerk();
        submits_an_application(&mut counter);
        counter.answer(Submitted::InTheWay(own(CaseNumber {
            year: 2026,
            serial: 340,
        })));
        assert!(counter.screen(80, 24).contains(said), "{}", counter.screen(80, 24));
        // Asked for once more, not argued with.
        counter.press(Enter);
        assert!(counter.is_asked_with(|order: &SubmitApplication| order.despite_duplicate.is_none()));
    }
}

fn submits_an_application(counter: &mut Counter) {
    counter.press(Char('/'));
    counter.types("山");
    counter.answer(found("山"));
    counter.press(Enter);
    counter.answer(resident());
    counter.press(Enter);
    counter.press(Enter);
    for _ in 0..6 {
        counter.press(Char(' '));
        counter.press(Enter);
    }
    counter.press(Char(' '));
    counter.press(F(2));
    counter.press(Enter);
}
