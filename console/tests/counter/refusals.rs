//! What the counter must refuse: another case's notice or shelf, a PIN that can be guessed, a protected address, an
//! exception that one clerk alone agrees to, a card that is no blank.

use std::collections::BTreeMap;

use issuance::{
    case::CaseState,
    handover::{Mismatch, NoticeCode, by_hand},
    identity::Fact,
};
use time::OffsetDateTime;

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
    visit::{code_on, paper},
};

#[test]
fn a_notice_or_shelf_of_another_case_hands_nothing_over() {
    with_a_card_service(
        "refusals::a_notice_or_shelf_of_another_case_hands_nothing_over",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            makes_and_shelves(&clerk, ("0000000001", "ヤマグチ ヨシロウ"), "blank-01", "A-12");
            let notice = code_on(&paper(shell.home(), "notice"));

            // The right notice, and the shelf beside the right one.
            clerk.console.key(Key::Enter).sees("通知書のQR");
            gathers(&clerk, &notice, "A-13");
            clerk
                .console
                .until("the shelf named", |screen| disagrees(screen, "棚", &["A-12", "A-13"]));
            for agreeing in ["通知書", "チップ番号", "暗証番号"] {
                assert!(agrees(&clerk.console.screen(), agreeing), "{}", clerk.console.screen());
            }
            goes_back(&clerk, "隣の棚を開けていた");
            clerk.shell.tray("remove 1");
            clerk.console.sees("住民○");

            // The next resident's card, with this one's notice and shelf. Scanned, the notice says at once whose it is; typed by
            // its groups it names no case, and the records know.
            makes_and_shelves(&clerk, ("0000000002", "ヤマグチ メグミ"), "blank-02", "B-07");
            clerk.console.key(Key::Enter).sees("通知書のQR");
            clerk.console.text(&notice).sees("これは 2026-000001 の通知書です");
            clerk.console.key(Key::Esc).sees("交付する");
            clerk.console.key(Key::Enter).sees("通知書のQR");
            let code: NoticeCode = notice.parse().unwrap();
            let typed = by_hand::groups(&code.token).join(" ");
            gathers(&clerk, &typed, "A-12");
            clerk
                .console
                .sees("これは 2026-000001 の通知書です。この案件のものではありません。");
            clerk.console.until("notice and shelf named", |screen| {
                disagrees(screen, "通知書", &["2026-000002", "2026-000001"])
                    && disagrees(screen, "棚", &["B-07", "A-12"])
            });
            goes_back(&clerk, "夫の通知書を持ってきた");

            // Both stand among the problems, and neither card has left its shelf.
            clerk
                .console
                .text("5")
                .sees_all(&["2026-000001", "2026-000002", "二人で確認"]);
            let records = Records::of(shell.home());
            let (shelf, other_case) = (Mismatch::OtherShelf.as_str(), Mismatch::OtherCase.as_str());
            for (number, mismatched, note) in [
                ("2026-000001", vec![shelf], "隣の棚を開けていた"),
                ("2026-000002", vec![other_case, shelf], "夫の通知書を持ってきた"),
            ] {
                let file = records.case(number);
                assert!(matches!(file.state, CaseState::Shelved { .. }), "{:?}", file.state);
                let [incident] = &file.incidents[..] else {
                    panic!("{number}: {:?}", file.incidents)
                };
                assert_eq!(
                    (
                        &incident.mismatched.iter().map(String::as_str).collect::<Vec<_>>()[..],
                        incident.note.as_str()
                    ),
                    (&mismatched[..], note)
                );
            }
            assert!(records.wait(records.office.verify_audit()).broken.is_empty());
        },
    );
}

#[test]
fn a_pin_that_can_be_guessed_is_refused_and_no_digit_is_shown() {
    with_a_card_service(
        "refusals::a_pin_that_can_be_guessed_is_refused_and_no_digit_is_shown",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            // Born on 1970-03-01.
            clerk
                .finds("0000000001", "ヤマグチ ヨシロウ")
                .takes_application()
                .verifies();
            clerk.lays_blank("blank-01").makes();
            let console = &clerk.console;
            console
                .key(Key::Enter)
                .sees_all(&["画面を住民に向けて", "この案件のカードが入っています"]);
            console.key(Key::Enter).sees("4けたの すうじ");
            for (weak, why) in [
                ("0301", "誕生日(たんじょうび)から わかる"),
                ("4444", "おなじ すうじ だけでは"),
                ("2345", "じゅんばんの"),
            ] {
                types_pin(&clerk, weak);
                console.key(Key::Enter).sees_all(&[why, "べつの ばんごうを"]);
            }
            types_pin(&clerk, "2751");
            console.key(Key::Enter).sees("もういちど いれてください");
            types_pin(&clerk, "2715");
            console
                .key(Key::Enter)
                .sees_all(&["1かいめと ちがいます", "きめて、4けたの すうじ"]);
            // From the beginning: the first entry counts for nothing any more.
            types_pin(&clerk, "8306");
            console.key(Key::Enter).sees("もういちど いれてください");
            types_pin(&clerk, "8306");
            console.key(Key::Enter).sees("きまりました");
            console.key(Key::Esc).sees("交付通知書と受領票を印刷する");

            let card = Records::of(shell.home()).case("2026-000001").card.unwrap();
            assert!(card.pin_set_at.is_some());
            let log = std::fs::read_to_string(shell.home().join("log/madoguchi.log")).unwrap();
            clerk.console.signal(rustix::process::Signal::TERM);
            let (_, sent) = clerk.console.ends();
            let sent = String::from_utf8_lossy(&sent);
            for pin in ["0301", "2345", "2751", "2715", "8306"] {
                assert!(!numbers(&sent).any(|number| number == pin), "the screen showed {pin}");
                assert!(!words(&log).any(|word| word == pin), "the log holds {pin}");
            }
        },
    );
}

#[test]
fn a_protected_address_is_masked_and_only_its_role_sees_it_on_record() {
    with_a_card_service(
        "refusals::a_protected_address_is_masked_and_only_its_role_sees_it_on_record",
        |shell| {
            set_up(shell);
            let began = OffsetDateTime::now_utc() - time::Duration::days(1);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk.logs_in("0001");
            finds_the_protected_one(&clerk);
            assert!(!console.screen().contains("住所を見る"), "{}", console.screen());
            // The key of those who may does nothing here; the key after it is answered, so this one was heard.
            console.key(Key::F(6)).key(Key::F(1)).sees("どの画面でも");
            console.key(Key::Esc).sees("支援措置により表示しません");
            assert!(!console.screen().contains("若葉台"), "{}", console.screen());
            logs_out(&clerk);

            clerk.logs_in("0003");
            finds_the_protected_one(&clerk);
            let records = Records::of(shell.home());
            let sights = || {
                let trail = records.wait(records.office.audit_since(began, 10_000));
                let seen = trail.into_iter().filter(|one| one.event.act == "resident.address_seen");
                seen.map(|one| one.event).collect::<Vec<_>>()
            };
            assert!(sights().is_empty(), "{:?}", sights());
            console
                .key(Key::F(6))
                .sees_all(&["若葉台5丁目20番11号", "閲覧は記録されています"]);
            let seen = sights();
            assert_eq!(seen.len(), 1, "{seen:?}");
            let staff = records.wait(records.office.staff());
            let who = staff.iter().find(|one| one.staff.number == "0003").unwrap();
            assert_eq!(seen[0].actor, who.staff.id.to_string());
            assert!(!format!("{seen:?}").contains("若葉台"), "{seen:?}");
            // Seen once, it is masked again for the next look.
            console.key(Key::Esc).sees("人中");
            console.key(Key::Enter).sees("支援措置により表示しません");
            console.no_more("若葉台");
            let log = std::fs::read_to_string(shell.home().join("log/madoguchi.log")).unwrap();
            assert!(!log.contains("若葉台") && !log.contains("渡邉"));
        },
    );
}

#[test]
fn an_exception_takes_the_card_and_password_of_a_second_clerk() {
    with_a_card_service(
        "refusals::an_exception_takes_the_card_and_password_of_a_second_clerk",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk.logs_in("0001");
            clerk.finds("0000000001", "ヤマグチ ヨシロウ").takes_application();
            lays_a_document_with_another_address(&clerk);
            console.key(Key::F(3)).sees("この項目が合わないまま");
            console.text("転居届を出したばかり").key(Key::Enter);
            console.sees_all(&["例外を認めるには", "自分のカードを抜き"]);

            // One's own card and password are not a second clerk's.
            console.text(&shell.password("0001")).key(Key::Enter);
            console.sees("自分では承認できません");
            shell.tray("remove 0");
            console.sees("職員○");
            shell.tray("insert 0 staff-0002");
            console.sees_all(&["0002  鈴木", "あと 5 回"]);
            // Nor is the first clerk's password with the second one's card.
            console.text(&shell.password("0001")).key(Key::Enter);
            console.sees_all(&["パスワードが違います", "試行残り              あと 4 回"]);
            console.text(&shell.password("0002")).key(Key::Enter);
            console.sees_all(&["鈴木 健さんが承認しました", "自分の職員カードを戻して"]);
            shell.tray("remove 0");
            console.sees("職員○");
            shell.tray("insert 0 staff-0001");
            console.sees_all(&["例外を加えました", "(例外)"]);

            console.key(Key::Down);
            clerk.chosen("この書類を終わる");
            // With the exception nothing is lacking: the review follows.
            console
                .key(Key::Enter)
                .sees_all(&["条件を満たしています", "例外: 住所", "転居届を出したばかり"]);
            console.key(Key::Enter).sees("本人確認を記録しました");

            let records = Records::of(shell.home());
            let verification = records.case("2026-000001").verification.unwrap();
            let [exception] = &verification.exceptions[..] else {
                panic!("{:?}", verification.exceptions)
            };
            let numbers: BTreeMap<_, _> = records
                .wait(records.office.staff())
                .into_iter()
                .map(|one| (one.staff.id, one.staff.number))
                .collect();
            assert_eq!(
                (exception.fact, numbers[&exception.second].as_str()),
                (Fact::Address, "0002")
            );
            assert_eq!(numbers[&verification.clerk], "0001");
        },
    );
}

#[test]
fn a_staff_card_or_another_residents_card_is_no_blank() {
    with_a_card_service(
        "refusals::a_staff_card_or_another_residents_card_is_no_blank",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk.logs_in("0001");
            clerk
                .finds("0000000001", "ヤマグチ ヨシロウ")
                .takes_application()
                .verifies();
            clerk.lays_blank("blank-01").makes();
            console.key(Key::Esc);
            clerk.sees_the_queues();
            shell.tray("remove 1");
            console.sees("住民○");

            clerk
                .finds("0000000002", "ヤマグチ メグミ")
                .takes_application()
                .verifies();
            console.key(Key::Enter).sees("白カードを住民用の読取機に置いて");
            for (card, why) in [
                ("blank-01", "別の案件のカードです"),
                ("staff-0002", "記録にないカードです"),
            ] {
                shell.tray(&format!("insert 1 {card}"));
                console.sees(why);
                // Enter only says it once more: nothing is made.
                console.key(Key::Enter);
                console.until("said twice", |screen| screen.matches(why).count() == 2);
                shell.tray("remove 1");
                console.sees_all(&["住民○", "白カードを住民用の読取機に置いて"]);
            }
            let records = Records::of(shell.home());
            let file = records.case("2026-000002");
            assert!(matches!(file.state, CaseState::Verified), "{:?}", file.state);
            assert!(file.card.is_none());

            // A blank is taken, and the staff card is still the one it was.
            shell.tray("insert 1 blank-02");
            console.sees("この案件に使えます");
            clerk.makes();
            logs_out(&clerk);
            clerk.logs_in("0002");
        },
    );
}

/// Ends the session (Ctrl+D), and takes the card out.
fn logs_out(clerk: &Clerk<'_>) {
    clerk.console.text("\x04").sees("ログアウトしますか");
    clerk.console.key(Key::Enter).sees("ログインしていません");
    clerk.shell.tray("remove 0");
    clerk.console.no_more("試行残り").sees("職員○");
}

/// A resident's card from the application into its shelf; the case stays open.
fn makes_and_shelves(clerk: &Clerk<'_>, (number, name): (&str, &str), blank: &str, place: &str) {
    clerk.finds(number, name).takes_application().verifies();
    clerk
        .lays_blank(blank)
        .makes()
        .has_pin_set("2751")
        .prints()
        .shelves(place);
}

/// Scans a notice, types a shelf, and is told that something does not agree.
fn gathers(clerk: &Clerk<'_>, notice: &str, place: &str) {
    clerk.console.scans(notice).sees(notice);
    clerk.chosen("取り出した棚");
    clerk.console.text(place).key(Key::Enter);
    // Another place than the recorded one is asked about before it is compared.
    clerk.console.sees("棚の札をもう一度見てください").key(Key::Enter);
    clerk.console.sees("このカードは渡せません");
}

/// Tries to hand over all the same, then puts the card back with a reason; the queues again.
fn goes_back(clerk: &Clerk<'_>, why: &str) {
    let console = &clerk.console;
    // Neither ticks nor Enter are there; what is left is the way back.
    console.text(" ").key(Key::Enter);
    console.text("r").sees("何が起きたかを書いて");
    console.text(why).key(Key::Enter);
    console.sees("棚に戻したことを記録しました");
    console.key(Key::Enter).sees("案件  2026-");
    console.key(Key::Esc);
    clerk.sees_the_queues();
}

/// Whether the line of `what` says that the two `sides` do not agree.
fn disagrees(screen: &str, what: &str, sides: &[&str]) -> bool {
    let mut lines = screen.lines().filter(|line| line.contains(&format!("✗ {what}")));
    lines.any(|line| sides.iter().all(|side| line.contains(side)))
}

fn agrees(screen: &str, what: &str) -> bool {
    screen.contains(&format!("✓ {what}"))
}

/// Types four digits; the screen shows four dots, and no digit that did not stand there before.
fn types_pin(clerk: &Clerk<'_>, pin: &str) {
    // Two lines come and go between the entries, with digits of their own: the rules, and why one was refused.
    let digits = |screen: &str| {
        let lines = screen
            .lines()
            .filter(|line| !line.contains("0000、1234") && !line.contains("1かいめ"));
        lines
            .flat_map(str::chars)
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let before = clerk
        .console
        .until("empty boxes", |screen| !screen.contains('●') && screen.contains('┌'));
    clerk.console.text(pin);
    let after = clerk
        .console
        .until("four dots", |screen| screen.matches('●').count() == 4);
    assert_eq!(digits(&after), digits(&before), "{after}");
}

/// Searches for a person under support measures, and opens them: no address on either screen.
fn finds_the_protected_one(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.text("/").sees("フリガナ、氏名");
    console.text("0000000010").sees_all(&["1 人中 1 人", "渡邉 澪", "表示"]);
    assert!(!console.screen().contains("若葉台"), "{}", console.screen());
    console.key(Key::Enter);
    console.sees_all(&[
        "カードの申請はまだありません",
        "支援措置の対象です",
        "支援措置により表示しません",
    ]);
    assert!(!console.screen().contains("若葉台"), "{}", console.screen());
}

/// Lays down a document on which everything agrees but the address, and stays on the address.
fn lays_a_document_with_another_address(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.key(Key::Enter).sees("書類を加える");
    console.key(Key::Enter).sees("見せてもらった書類");
    console.key(Key::Enter).sees("この書類を終わる");
    console.text("R12.3.1").sees("令和12年3月1日");
    console.key(Key::Down);
    for field in ["顔写真", "氏名", "生年月日", "性別", "住所"] {
        console.key(Key::Down);
        clerk.chosen(field);
        console.text(" ");
        console.until(&format!("{field} looked at"), |screen| {
            screen
                .lines()
                .any(|line| line.contains(field) && (line.contains("同じ") && !line.contains("まだ")))
        });
    }
    console.text(" ").until("another address", |screen| {
        screen
            .lines()
            .any(|line| line.contains("住所") && line.contains("ちがう"))
    });
}

/// The runs of digits in what was sent.
fn numbers(sent: &str) -> impl Iterator<Item = &str> {
    sent.split(|letter: char| !letter.is_ascii_digit())
}

fn words(log: &str) -> impl Iterator<Item = &str> {
    log.split(|letter: char| !letter.is_alphanumeric())
}
