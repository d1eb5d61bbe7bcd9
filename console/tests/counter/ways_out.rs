//! Ways out of what went wrong: a making stopped and gone on with, a card given up for a new blank, a mismatch settled,
//! a PIN chosen anew.

use issuance::{case::CaseState, records::CardState};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::{Shell, with_a_card_service},
    two::{agrees, swaps_in_the_second},
    visit::{code_on, every_screen_reads_in_english, paper},
};

#[test]
fn a_making_stops_where_it_is_safe_and_a_broken_card_gives_way_to_a_new_blank() {
    with_a_card_service(
        "ways_out::a_making_stops_where_it_is_safe_and_a_broken_card_gives_way_to_a_new_blank",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.console.reads_english_too();
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01");
            stops_where_it_is_safe(&clerk);
            cannot_be_stopped_while_it_is_written(&clerk);
            gives_the_card_up(&clerk);

            // The broken card is refused by its own records; a new blank takes its place.
            let console = &clerk.console;
            console.key(Key::Enter).sees("破損として記録されたカードです");
            console.key(Key::Enter);
            console.until("said twice", |screen| {
                screen.matches("破損として記録されたカードです").count() == 2
            });
            shell.tray("remove 1");
            clerk.console.sees_all(&["住民○", "白カードを住民用の読取機に置いて"]);
            shell.tray("insert 1 blank-02");
            console.sees("この案件に使えます");
            clerk.makes().has_pin_set("2751").prints().shelves("A-12");
            // One notice before the card was given up would be void; there is one, and it is good.
            let notice = code_on(&paper(shell.home(), "notice"));
            clerk.hands_over(&notice, "A-12");
            every_screen_reads_in_english(&clerk.console, 30);
            every_card_is_accounted_for(shell);
        },
    );
}

/// Esc while a key is generated: the step is finished, the next one not begun, and the case stands there.
fn stops_where_it_is_safe(clerk: &Clerk<'_>) {
    let (console, shell) = (&clerk.console, clerk.shell);
    shell.tray("hold 1 46 2");
    console.key(Key::Enter);
    clerk.chosen("資格確認用の鍵を作る");
    console.sees("いまカードを抜くと「作成中断」になり、続きから再開できます");
    console.key(Key::Esc).sees("安全な所まで進めてから止めます");
    shell.tray("go 1");
    // The card that lies there is read anew after the stop; a key pressed before that is shown is not acted on.
    console.sees_all(&["安全な所で止めました", "この案件の作りかけのカードです"]);
    // The case's own page knows it, and so does the queue.
    console
        .key(Key::Esc)
        .sees_all(&["案件  2026-000001", "作成中", "続きから作る"]);
    console.key(Key::Esc);
    clerk.sees_the_queues();
    console
        .text("5")
        .sees_all(&["2026-000001", "作成が中断", "続きから再開"]);
    console.key(Key::Enter).sees("続きから作る");
    console.key(Key::Enter).sees("作りかけのカードです");
    console.until("the steps done before", |screen| {
        let done = |step: &str| screen.lines().any(|line| line.contains('✓') && line.contains(step));
        done("資格確認用の鍵を作る") && !done("書き込む")
    });
    // Pulled, the card that is wanted is named; put back, it is read and not asked for.
    shell.tray("remove 1");
    console.sees("作りかけのカード(チップ番号");
    console.key(Key::Enter);
    console.until("named twice", |screen| {
        screen.matches("作りかけのカード(チップ番号").count() == 2
    });
    shell.tray("insert 1 blank-01");
    console.sees("作りかけのカードです");
}

/// Once certificates are signed the rest takes a moment; the screen says that it is no time to pull the card, and a stop
/// asked for then comes to nothing.
fn cannot_be_stopped_while_it_is_written(clerk: &Clerk<'_>) {
    let (console, shell) = (&clerk.console, clerk.shell);
    shell.tray("hold 1 D6");
    console.key(Key::Enter);
    clerk.chosen("書き込む");
    console.sees("いまカードを抜かないでください");
    console.text("\x11").sees("書き込んでいる間は移れません");
    console.key(Key::Esc).sees("安全な所まで進めてから止めます");
    shell.tray("go 1");
    console.sees("カードができました");
    console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");
}

/// The card is made, and then it breaks: after a question and with a reason it is given up.
fn gives_the_card_up(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.text("g").sees_all(&["カードを破損とする", "取り消せません"]);
    console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");
    console.text("g").sees("取り消せません");
    console.key(Key::Enter).sees("なぜこのカードを使わないのか");
    console.text("床に落として割れた").key(Key::Enter);
    console.sees_all(&["カードを破損としました", "カードを作る"]);
}

/// Two blanks left the box: one is in the resident's hand, one is with the broken ones. Four serials were used, each
/// once, and those of the broken card are revoked.
fn every_card_is_accounted_for(shell: &Shell) {
    let records = Records::of(shell.home());
    let file = records.case("2026-000001");
    assert!(matches!(file.state, CaseState::HandedOver { .. }));
    assert_eq!(file.card.unwrap().state, CardState::Active);
    let count = |what: &str| records.count(what);
    assert_eq!(count("SELECT count(*) FROM office.card WHERE state = 'active'"), 1);
    assert_eq!(count("SELECT count(*) FROM office.card WHERE state = 'damaged'"), 1);
    assert_eq!(count("SELECT count(*) FROM office.card"), 2);
    assert_eq!(count("SELECT count(*) FROM office.certificate"), 4);
    assert_eq!(count("SELECT count(DISTINCT der) FROM office.certificate"), 4);
    let revoked = "SELECT count(*) FROM office.certificate c JOIN office.card k ON k.id = c.card \
                   WHERE (c.revoked_at IS NOT NULL) = (k.state = 'damaged')";
    assert_eq!(count(revoked), 4);
    assert_eq!(records.wait(records.office.revoked()).len(), 2);
    assert!(records.wait(records.office.verify_audit()).broken.is_empty());
}

#[test]
fn a_mismatch_is_settled_and_a_pin_chosen_anew_before_the_card_is_handed_over() {
    with_a_card_service(
        "ways_out::a_mismatch_is_settled_and_a_pin_chosen_anew_before_the_card_is_handed_over",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.console.reads_english_too();
            let console = &clerk.console;
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01")
                .makes()
                .has_pin_set("2751")
                .prints()
                .shelves("A-12");
            let notice = code_on(&paper(shell.home(), "notice"));

            // The wrong shelf: written down, and nothing is handed over before it is settled.
            console.key(Key::Enter).sees("通知書のQR");
            console.scans(&notice).sees(&notice);
            clerk.chosen("取り出した棚");
            console.text("A-13").key(Key::Enter).sees("もう一度見てください");
            console.key(Key::Enter).sees("このカードは渡せません");
            console.text("r").sees("何が起きたかを書いて");
            console.text("隣の棚を開けていた").key(Key::Enter);
            console.sees("棚に戻したことを記録しました");
            console
                .key(Key::Enter)
                .sees_all(&["交付時に不一致", "隣の棚を開けていた", "解決するまで交付できません"]);
            console.text("h").key(Key::F(1)).sees("この画面で");
            // The page under the list of keys says the same: a key pressed before the list is gone is the list's.
            console.key(Key::Esc).no_more("この画面で");
            console.sees("解決するまで交付できません");
            console.text("i").sees("どう解決したかを書いて");
            console.text("短い").key(Key::Enter).sees("もう少し詳しく");
            console.text("棚を確かめ、正しい場所に戻した").key(Key::Enter);
            // Nobody settles it alone.
            console.sees("二人目の職員の承認が必要です");
            swaps_in_the_second(&clerk, "0001");
            agrees(&clerk);
            console.sees_all(&["事故を解決済みにしました", "交付する"]);
            console.no_more("隣の棚を開けていた");

            // The resident forgot the PIN on the way here, and tries until it is blocked.
            console.text("p").sees("暗証番号は設定済みです");
            console.key(Key::Enter).sees("きめた ばんごう");
            for left in ["あと 2かい", "あと 1かい"] {
                clerk.types_pin("1111");
                console.key(Key::Enter).sees_all(&["ばんごうが ちがいます", left]);
            }
            clerk.types_pin("1111");
            console.key(Key::Enter).sees("r で決め直してもらえます");
            console.text("r").sees("4けたの すうじ");
            for time in ["もういちど いれてください", "きまりました"] {
                clerk.types_pin("8306");
                console.key(Key::Enter).sees(time);
            }
            console.key(Key::Esc).sees("交付する");
            // The old one is worth nothing, the new one opens the card.
            console.text("p").sees("暗証番号は設定済みです");
            console.key(Key::Enter).sees("きめた ばんごう");
            clerk.types_pin("2751");
            console.key(Key::Enter).sees("ばんごうが ちがいます");
            clerk.types_pin("8306");
            console.key(Key::Enter).sees("ただしい ばんごうです");
            console.key(Key::Enter).sees("交付する");

            clerk.hands_over(&notice, "A-12");
            every_screen_reads_in_english(&clerk.console, 30);
            console
                .text("j")
                .sees_all(&["事故を解決した", "暗証番号が決め直された"]);
            let records = Records::of(shell.home());
            let file = records.case("2026-000001");
            assert!(matches!(file.state, CaseState::HandedOver { .. }) && file.incidents.is_empty());
            assert!(records.wait(records.office.verify_audit()).broken.is_empty());
        },
    );
}
