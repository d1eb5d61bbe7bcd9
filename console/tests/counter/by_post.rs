//! One resident's card by post: closed into its envelope, posted, followed, received; and one that comes back.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use issuance::{case::CaseState, records::CardState};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
    visit::code_on,
};

#[test]
fn a_card_by_post_comes_back_is_sent_again_and_received_and_every_card_is_accounted_for() {
    with_a_card_service(
        "by_post::a_card_by_post_comes_back_is_sent_again_and_received_and_every_card_is_accounted_for",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk
                .logs_in("0001")
                .finds("ヨシロウ", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01")
                .makes()
                .has_pin_set("2751")
                .prints();
            wants_it_by_post(&clerk);
            let letter = code_on(&newest_letter(shell.home()));
            closes(&clerk, "13112383852", &letter);
            posts(&clerk);
            sums(&clerk, [1, 0, 0, 1]);

            // Nobody came for it.
            says(&clerk, "配達局に到着");
            clerk.console.sees("状態            配達局に到着");
            says(&clerk, "返戻: 保管期間経過");
            clerk.console.sees("返戻されています");
            sums(&clerk, [1, 1, 0, 0]);
            clerk.console.key(Key::Enter).sees("返戻された封筒を開けます");
            clerk.console.text("電話で、もう一度送ってほしいと").key(Key::Enter);
            clerk.console.sees("本人限定受取の種類");

            closes(&clerk, "13112383863", &letter);
            posts(&clerk);
            says(&clerk, "本人が受け取った");
            clerk.console.key(Key::Esc).sees("交付済み");
            sums(&clerk, [1, 0, 1, 0]);
            clerk.console.text("j").sees_all(&["経過", "郵便で受け取られた"]);
            clerk.console.key(Key::Esc).sees("交付済み");

            let records = Records::of(shell.home());
            let file = records.case("2026-000001");
            assert!(matches!(file.state, CaseState::HandedOver { .. }));
            assert_eq!(file.card.unwrap().state, CardState::Active);
            assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);
        },
    );
}

/// The letter printed last: it is the one that does not ask anybody to come.
fn newest_letter(home: &Path) -> PathBuf {
    let folder = std::fs::read_dir(home.join("paper")).unwrap();
    let letters = folder.map(|entry| entry.unwrap().path()).filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("notice-") && name.ends_with(".pdf")
    });
    let letter = letters
        .max_by_key(|path| path.metadata().unwrap().modified().unwrap())
        .unwrap();
    let text = Command::new("pdftotext").arg(&letter).arg("-").output().unwrap().stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(
        text.contains("窓口に来る必要はありません") && !text.contains("受け取りに来て"),
        "{text}"
    );
    letter
}

fn wants_it_by_post(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.text("y").sees("このカードは窓口で渡します");
    console.key(Key::Enter).sees("郵送(本人限定受取)に変えます");
    console.text("本人から、仕事で来られないと").key(Key::Enter);
    // The letter printed before tells to come for the card: another goes with it.
    console.sees("先に、封筒に入れる手紙");
    console.key(Key::Esc).sees("交付通知書と受領票を印刷する");
    console.key(Key::Enter).sees("カードといっしょに封筒に入れる手紙");
    console.key(Key::Enter).sees("交付通知書を作りました");
    console.key(Key::Enter).sees("本人限定受取の種類");
}

/// At the page of the envelope: number, letter and card agree.
fn closes(clerk: &Clerk<'_>, number: &str, letter: &str) {
    let console = &clerk.console;
    console.text("2");
    clerk.chosen("引受番号");
    console.text(number).key(Key::Enter);
    clerk.chosen("通知書のコード");
    console.text(letter).sees(letter);
    console.key(Key::Enter).sees("封をしました");
    console.key(Key::Esc).sees("差出し待ち");
    console.key(Key::Esc);
    clerk.sees_the_queues();
}

/// On the board: counted and handed to the post office; then the case's envelope is open again.
fn posts(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.text("p").sees_all(&["郵送の一覧", "差出しを待つ"]);
    console.text("d").sees("数えた通数");
    console.text("2").key(Key::Enter).sees("数え直してください");
    console.text("\x7f1").key(Key::Enter);
    console.sees("1 通を差し出しました");
    console.sees("引受");
    console.key(Key::Enter).sees("郵送中");
    console.key(Key::Enter).sees("郵便局からの知らせ");
}

fn says(clerk: &Clerk<'_>, news: &str) {
    clerk.goes_to(news);
    clerk
        .console
        .key(Key::Enter)
        .sees_one(&["記録しました", "返戻を記録しました"]);
}

/// What `reconcile` counts: applied, returned, delivered, in transit; the difference is none.
fn sums(clerk: &Clerk<'_>, [applied, returned, delivered, in_transit]: [u64; 4]) {
    let told = clerk.shell.must("reconcile --json", &[]).json();
    let expected = serde_json::json!({
        "applied": applied, "returned": returned, "delivered": delivered, "in_transit": in_transit,
        "cancelled": 0, "stored": 0, "difference": 0,
    });
    assert_eq!(told, expected);
}
