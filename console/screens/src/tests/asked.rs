//! What a newcomer, a resident or an auditor may ask, and the screens must answer.

use issuance::{
    case::CaseState,
    handover::{NoticeCode, by_hand},
    staff::Role,
};
use relay_core::audit::Outcome;

use super::{counter::*, visit};
use crate::{
    event::Event,
    facts::*,
    key::Key::{Char, Down, Enter, Esc, F},
    orders::{
        cases::{Journal, OpenByNotice, SaveVerification},
        handover::{Agreements, CheckHandover, ReturnToShelf},
        queues::RevealAddress,
        tray::{NoticeScanned, TrayScanNotice},
    },
};

fn code() -> NoticeCode {
    NOTICE.parse().expect("the tests' notice")
}

#[test]
fn a_key_without_the_role_says_which_role_it_needs_and_is_not_named() {
    let mut counter = Counter::with_clerk_who_may(&[Role::Verification]);
    assert!(!counter.screen(120, 40).contains("新しい申請"));
    counter.press(Char('n'));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("受付の役割が必要です") && screen.contains("本日の業務"),
        "{screen}"
    );

    counter.press(Char('/'));
    counter.types("山");
    counter.answer(found("山"));
    counter.press(Enter);
    let mut masked = protected_resident();
    masked.may_reveal = false;
    counter.answer(masked);
    let screen = counter.screen(80, 24);
    assert!(
        !screen.contains("F6") && screen.contains("(受付の役割が要ります)"),
        "{screen}"
    );
    counter.press(F(6));
    assert!(counter.screen(80, 24).contains("支援措置閲覧の役割が必要です"));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("受付の役割が必要です"));
    assert!(!counter.is_asked::<RevealAddress>());
}

#[test]
fn a_notice_that_no_scanner_reads_is_typed_by_its_groups() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.press(Enter);
    let groups = by_hand::groups(&code().token);
    // Two characters of the third group exchanged, as hands do; full-width, as input methods do.
    let mut typed = groups.clone();
    let third: Vec<char> = typed[2].chars().collect();
    let at = (0..4).find(|at| third[*at] != third[*at + 1]).expect("two that differ");
    let mut exchanged = third.clone();
    exchanged.swap(at, at + 1);
    typed[2] = exchanged.into_iter().collect();
    counter.types(&typed[..2].join(" "));
    assert!(counter.screen(80, 24).contains("2 組まで合っています"));
    counter.types(&format!(" {}", typed[2..].join(" ")));
    let screen = counter.screen(80, 24);
    assert!(screen.contains("3 番目の組が紙と違います"), "{screen}");
    insta::assert_snapshot!("handover_typed_wrong", screen);
    counter.press(Enter);
    counter.types("A-12");
    counter.press(Enter);
    assert!(!counter.is_asked::<CheckHandover>(), "nothing is sent");

    counter.press(crate::key::Key::Ctrl('u'));
    let wide = |letter: char| char::from_u32(letter as u32 + 0xFEE0).expect("a full-width letter");
    counter.types(
        &groups
            .concat()
            .to_ascii_lowercase()
            .chars()
            .map(wide)
            .collect::<String>(),
    );
    assert!(counter.screen(80, 24).contains("符号は正しい形です"));
    counter.press(Enter);
    counter.types("Ａ－１２");
    counter.press(Enter);
    let Some(CheckHandover { notice, .. }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<CheckHandover>())
    else {
        panic!("{:?}", counter.asked)
    };
    assert_eq!(notice, &code().to_string());
}

#[test]
fn a_notice_of_another_case_is_named_with_its_case_and_the_card_goes_back() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.resident_card(1);
    counter.press(Enter);
    // Scanned, it says so before anything is taken from a shelf.
    let other = NOTICE.replace("000352", "000377");
    counter.scan(&other);
    let screen = counter.screen(80, 24);
    assert!(screen.contains("これは 2026-000377 の通知書です"), "{screen}");
    counter.types("A-12");
    counter.press(Enter);
    let mut found = visit::agreements("8B42 19F0 0C77 A1D3 5E20");
    found[0] = Agreement {
        what: Compared::CaseOfNotice,
        expected: "2026-000352".into(),
        found: "2026-000377".into(),
        agrees: false,
    };
    counter.answer(Agreements(found));
    insta::assert_snapshot!("handover_notice_of_another", counter.screen(80, 24));
    counter.press(Char('r'));
    counter.types("夫の通知書を持ってきた");
    counter.press(Enter);
    let Some(ReturnToShelf { incident, .. }) = counter
        .asked
        .last()
        .and_then(|effect| effect.as_order::<ReturnToShelf>())
    else {
        panic!("it goes back")
    };
    assert_eq!(incident.mismatched, [Compared::CaseOfNotice]);
    counter.answer(Box::new(case(shelved())));
    // The card is back: the notice opens its own case, as on any screen.
    counter.scan(&other);
    assert!(
        counter.is_asked_with(|order: &OpenByNotice| matches!(order, OpenByNotice { payload } if *payload == other))
    );
}

#[test]
fn a_notice_that_a_newer_one_replaced_is_told_from_one_that_nobody_issued() {
    for (what, said) in [
        (Compared::EarlierNotice, "この案件の、前の通知書です"),
        (Compared::Notice, "この符号の通知書は出していません"),
    ] {
        let mut counter = Counter::with_case(case(shelved()));
        visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
        counter.resident_card(2);
        counter.press(Enter);
        let mut found = visit::agreements("8B42 19F0 0C77 A1D3 5E20");
        (found[0].what, found[0].agrees) = (what, false);
        counter.answer(Agreements(found));
        let screen = counter.screen(80, 24);
        assert!(screen.contains(said) && screen.contains("渡さずに"), "{screen}");
    }
}

#[test]
fn the_demo_s_tray_holds_the_notice_of_the_open_case_under_the_scanner() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Enter);
    counter.press(F(12));
    counter.answer(tray());
    assert!(
        counter.screen(80, 24).contains("▸ blank-01"),
        "the case's own card is chosen"
    );
    counter.press(Char('q'));
    counter.answer(NoticeScanned(NOTICE.into()));
    let screen = counter.screen(80, 24);
    assert!(screen.contains(NOTICE) && screen.contains("▸ 取り出した棚"), "{screen}");

    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(F(12));
    counter.answer(tray());
    counter.press(Char('q'));
    assert!(!counter.is_asked::<TrayScanNotice>(), "there is no notice yet");
}

#[test]
fn where_a_card_is_to_be_made_the_tray_begins_at_a_blank() {
    let mut counter = Counter::with_case(case(CaseState::Verified));
    counter.press(Enter);
    counter.press(F(12));
    let mut cards = tray();
    cards.cards[1].chip = "ffff".into();
    counter.answer(cards);
    assert!(counter.screen(80, 24).contains("▸ blank-01"));
}

fn tray() -> Tray {
    let card = |name: &str, password: Option<&str>, chip: &str| TrayCard {
        name: name.into(),
        about: match password {
            Some(_) => TrayCardIs::Staff(name.into()),
            None => TrayCardIs::Blank,
        },
        password: password.map(str::to_owned),
        chip: chip.into(),
    };
    Tray {
        slots: vec![],
        cards: vec![
            card("sato", Some("tsubaki2026"), "04b1"),
            card("blank-01", None, "8b4219f00c77a1d35e20"),
        ],
    }
}

#[test]
fn a_tick_says_what_was_confirmed_and_stays_where_it_is() {
    let mut counter = Counter::with_case(case(shelved()));
    visit::to_sights(&mut counter, "8B42 19F0 0C77 A1D3 5E20");
    counter.press(Char(' '));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("▸ [✓] 目の前の人は") && screen.contains("確かめました: 目の前の人は"),
        "{screen}"
    );
    insta::assert_snapshot!("handover_ticked", screen);
    counter.press(Char(' '));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("▸ [ ] 目の前の人は") && screen.contains("取り消しました"),
        "{screen}"
    );
}

#[test]
fn a_long_review_is_read_to_its_end_before_it_is_recorded() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.happens(Event::Resize { width: 80, height: 24 });
    counter.press(Enter);
    visit::lay_licence(&mut counter);
    let reason = "住所は先週の転居で変わったばかりで、免許証の裏書きはまだ。本人の説明と転居届の控えの両方で確かめた。"
        .repeat(2);
    counter.press(Char(' ')); // the address: different
    counter.press(F(3));
    counter.types(&reason);
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
    counter.press(Enter); // the document's end: with the exception nothing is lacking, the review follows
    counter.happens(Event::Resize { width: 60, height: 18 });
    let screen = counter.screen(60, 18);
    assert!(screen.contains("最後まで見てください"), "{screen}");
    for _ in 0..2 {
        counter.press(Enter);
        assert!(!counter.is_asked::<SaveVerification>());
        counter.press(Down);
    }
    let screen: String = counter
        .screen(60, 18)
        .chars()
        .filter(|letter| !"│ \n".contains(*letter))
        .collect();
    let end: String = reason
        .chars()
        .rev()
        .take(30)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert!(screen.contains(&end), "{screen}");
    counter.press(Enter);
    assert!(counter.is_asked::<SaveVerification>());
}

#[test]
fn the_document_is_found_by_typing_and_those_that_ended_stand_last() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("↓"), "more are below");
    for wanted in ["うんてんめん", "運転免", "driving l", "ｄｒｉｖｉｎｇ　ｌ"] {
        counter.types(wanted);
        let screen = counter.screen(80, 24);
        assert!(
            screen.contains("運転免許証") && !screen.contains("在留カード"),
            "{wanted}: {screen}"
        );
        counter.press(crate::key::Key::Ctrl('u'));
    }
    counter.types("けんこうほけん");
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("健康保険証") && screen.contains("✗ 令和7年12月1日まで"),
        "{screen}"
    );
    counter.press(crate::key::Key::Ctrl('u'));
    for _ in 0..8 {
        counter.press(crate::key::Key::PageDown);
    }
    insta::assert_snapshot!("verify_choose_end", counter.screen(80, 24));
    counter.types("zzz");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("一覧にありません"));
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("書類を加える"));
}

#[test]
fn a_childs_residence_card_without_a_photograph_and_its_application_are_answered() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    counter.press(Enter);
    counter.types("在留");
    counter.press(Enter);
    counter.types("AB12345678CD");
    counter.press(Down);
    counter.types("R12.1.1");
    assert!(counter.screen(80, 24).contains("先の日"), "{}", counter.screen(80, 24));
    counter.press(crate::key::Key::Ctrl('u'));
    counter.types("R4.10.1");
    counter.press(Down);
    counter.types("R8.10.1");
    counter.press(Down);
    counter.press(Down);
    for _ in 0..3 {
        counter.press(Char(' '));
    }
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("(●) 写真がない") && screen.contains("2点(ア 公的)"),
        "{screen}"
    );
    // Good only while its renewal is applied for, and then the form says so.
    let until = "特例期間";
    assert!(!counter.screen(80, 24).contains(until), "{}", counter.screen(80, 24));
    counter.press(Down);
    counter.press(Char(' '));
    assert!(counter.screen(80, 24).contains(until), "{}", counter.screen(80, 24));
}

#[test]
fn english_has_western_dates_and_translated_relations() {
    let mut view = resident();
    view.household_members = ["妻", "妻の子", "夫(未届)", "夫（未届）", "はとこ"]
        .into_iter()
        .map(|relation| member("山口 さくら", relation, "昭和48年5月5日"))
        .collect();
    let mut counter = Counter::with_clerk();
    counter.state.common.language = Language::English;
    counter.press(Char('/'));
    counter.types("ya");
    counter.answer(found("ya"));
    let screen = counter.screen(80, 24);
    assert!(
        screen.contains("1970-03-01 (S45)") && screen.contains("about 1945 (S20)"),
        "{screen}"
    );
    counter.press(Enter);
    counter.answer(view);
    let screen = counter.screen(120, 40);
    for words in [
        "head of household",
        "wife's child",
        "husband (not registered)",
        "はとこ",
        "1970-03-01 (S45)",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(!screen.contains("世帯主") && !screen.contains("昭和"), "{screen}");
}

#[test]
fn the_journal_says_in_sentences_what_was_done_and_what_was_refused() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Char('j'));
    let line = |act: &str, outcome, facts: &[(&str, &str)], words: Option<&str>| JournalLine {
        at: NOW,
        who: "佐藤 恵".into(),
        desk: Some("窓口3".into()),
        act: act.into(),
        outcome,
        facts: facts
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        words: words.map(str::to_owned),
    };
    let sha = ("sha256", "00ff");
    let lines = vec![
        line(
            "case.applied",
            Outcome::Done,
            &[("number", "2026-000352"), ("similar", "2"), ("despite", "true")],
            None,
        ),
        line(
            "case.lease_broken",
            Outcome::Done,
            &[("held_at", "窓口4"), ("staff", "中村 健")],
            Some("昼休みのため"),
        ),
        line(
            "case.approved",
            Outcome::Done,
            &[("purpose", "making"), ("staff", "中村 健")],
            None,
        ),
        line(
            "case.verified",
            Outcome::Done,
            &[("exceptions", "2"), ("approved_by", "中村 健,田中 一")],
            None,
        ),
        line(
            "card.bound",
            Outcome::Done,
            &[("chip", "8B4219F00C77A1D35E20"), ("approved_by", "中村 健")],
            None,
        ),
        line(
            "card.step_done",
            Outcome::Done,
            &[("step", "write"), ("took_us", "41000")],
            None,
        ),
        line(
            "paper.printed",
            Outcome::Done,
            &[("paper", "notice"), ("pages", "1"), sha],
            None,
        ),
        line(
            "case.shelved",
            Outcome::Refused,
            &[("refused", "shelf_taken"), ("act", "0192")],
            None,
        ),
        line(
            "case.handover_looked",
            Outcome::Done,
            &[("time", "1"), ("staff", "佐藤 恵")],
            None,
        ),
        line(
            "incident.opened",
            Outcome::Done,
            &[("kind", "handover_mismatch"), ("mismatched", "other_shelf,other_chip")],
            Some("隣の棚"),
        ),
        line(
            "case.handed_over",
            Outcome::Done,
            &[("rule", "two_clerks"), ("first", "佐藤 恵"), ("second", "中村 健")],
            None,
        ),
    ];
    let count = lines.len();
    counter.answer(Journal(lines));
    let mut told = Vec::new();
    for language in [Language::Japanese, Language::English] {
        counter.state.common.language = language;
        for _ in 0..count {
            told.push(counter.screen(80, 24));
            counter.press(crate::key::Key::Up);
        }
        for _ in 0..count {
            counter.press(Down);
        }
    }
    let told = told.join("");
    for words in [
        "断られた: 棚入れ",
        "棚の場所がふさがっていました",
        "合わなかったもの: 棚の場所、チップ番号",
        "「隣の棚」",
        "窓口4の中村 健さんから引き継ぎました",
        "承認した二人目: 中村 健、田中 一",
        "Second clerk who agreed: 中村 健",
        "交付通知書(1ページ)",
        "1 回目 佐藤 恵、2 回目 中村 健",
        "refused: shelving",
        "The place in the shelf was taken.",
        "Did not agree: the place in the shelf, the chip serial",
    ] {
        assert!(told.contains(words), "{words}");
    }
    for raw in [
        "sha256",
        "00ff",
        "0192",
        "shelf_taken",
        "case.shelved",
        "拒否: 棚に入れた",
        "mismatched",
    ] {
        assert!(!told.contains(raw), "{raw}");
    }
}

#[test]
fn a_person_who_left_the_roster_is_said_to_have_left_on_the_case_and_in_its_journal() {
    let mut gone = case(shelved());
    gone.resident.gone_at = Some(NOW - time::Duration::days(3));
    let mut counter = Counter::with_case(gone);
    assert!(
        counter
            .screen(80, 24)
            .contains("11月19日 9:14 の取込みから台帳にありません")
    );
    counter.press(Char('j'));
    counter.answer(Journal(vec![JournalLine {
        at: NOW,
        who: "佐藤 恵".into(),
        desk: None,
        act: "case.applied".into(),
        outcome: Outcome::Done,
        facts: vec![],
        words: None,
    }]));
    assert!(counter.screen(80, 24).contains("台帳にありません"));
}

#[test]
fn an_incident_s_key_is_named_on_a_narrow_screen() {
    let mut case = case(made());
    case.incidents = vec![OpenIncident {
        at: NOW,
        who: "佐藤 恵".into(),
        note: "角が欠けている".into(),
    }];
    let screen = Counter::with_case(case).screen(80, 24);
    assert!(screen.contains("i 事故を解決"), "{screen}");
}

#[test]
fn a_making_that_stopped_shows_the_case_as_it_now_stands() {
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
        why: crate::fault::Fault::CardRemoved,
    });
    counter.answer(Box::new(case(CaseState::Making { card: card_id() })));
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("続きから作る"));
}
