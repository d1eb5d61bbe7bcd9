//! What goes wrong while a card is made, at every step: the card is pulled, the console dies, the database goes away.

use store::cluster::{Cluster, Stop};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::{Shell, with_a_card_service},
};

/// Each step that talks to the card, with the instruction before which the card is made to stand still (ISO/IEC 7816-4
/// and -8, GlobalPlatform SCP03): the step's own, after the ones before it are recorded.
const STEPS: [(&str, &str); 7] = [
    ("発行者として認証", "50"),
    ("本人認証用の鍵を作る", "46"),
    ("資格確認用の鍵を作る", "46 2"),
    ("鍵を持つことの証明", "2A"),
    ("書き込む", "D6"),
    ("読み返す", "B0"),
    ("発行を閉じる", "44"),
];

/// What the screen says of the card that was left: bound and unfinished, or a blank still when it was not yet bound.
const UNFINISHED: [&str; 2] = ["作りかけのカードです", "白カードです。この案件に使えます"];

#[test]
fn a_card_pulled_at_any_step_goes_on_where_it_stood() {
    with_a_card_service("faults::a_card_pulled_at_any_step_goes_on_where_it_stood", |shell| {
        set_up(shell);
        let clerk = Clerk::sits_down(shell, Terminal::SMALL);
        clerk.logs_in("0001");
        for (number, (step, instruction)) in STEPS.iter().enumerate() {
            let blank = begin(&clerk, number);
            shell.tray(&format!("hold 1 {instruction}"));
            clerk.console.key(Key::Enter);
            clerk.chosen(step);
            shell.tray("remove 1");
            clerk.console.sees("カードが抜けました");
            shell.tray(&format!("insert 1 {blank}"));
            clerk.console.sees_one(&UNFINISHED);
            clerk.console.key(Key::Enter).sees("カードができました");
            finish(&clerk);
        }
        all_is_well(shell, STEPS.len());
    });
}

#[test]
fn a_console_killed_at_any_step_finds_the_case_where_it_stood() {
    with_a_card_service(
        "faults::a_console_killed_at_any_step_finds_the_case_where_it_stood",
        |shell| {
            set_up(shell);
            for (number, (step, instruction)) in STEPS.iter().enumerate() {
                let clerk = Clerk::sits_down(shell, Terminal::SMALL);
                clerk.logs_in("0001");
                let _blank = begin(&clerk, number);
                shell.tray(&format!("hold 1 {instruction}"));
                clerk.console.key(Key::Enter);
                clerk.chosen(step);
                clerk.console.power_cut();
                shell.tray("go 1");
                shell.tray("remove 0");

                // The next morning: whoever logs in at the desk finds it among the problems, or still to be made.
                let clerk = Clerk::sits_down(shell, Terminal::LARGE);
                clerk.logs_in("0001");
                let queue = if number == 0 { "2" } else { "5" };
                clerk.console.text(queue).sees("2026-");
                clerk.console.key(Key::Enter).sees("案件  2026-");
                clerk.console.key(Key::Enter);
                clerk.console.sees_one(&UNFINISHED);
                clerk.console.key(Key::Enter).sees("カードができました");
                finish(&clerk);
                clerk.console.signal(rustix::process::Signal::TERM);
                shell.tray("remove 0");
                let (code, _) = clerk.console.ends();
                assert_eq!(code, 1);
            }
            all_is_well(shell, STEPS.len());
        },
    );
}

#[test]
fn a_database_that_goes_away_while_a_card_is_made_loses_nothing() {
    with_a_card_service(
        "faults::a_database_that_goes_away_while_a_card_is_made_loses_nothing",
        |shell| {
            set_up(shell);
            let cluster = Cluster::at(shell.home().join("postgres"));
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            for (number, (step, instruction)) in STEPS.iter().enumerate() {
                let _blank = begin(&clerk, number);
                shell.tray(&format!("hold 1 {instruction}"));
                clerk.console.key(Key::Enter);
                clerk.chosen(step);
                cluster.stop(Stop::Immediate).unwrap();
                shell.tray("go 1");
                clerk.console.sees("データベースにつながりません");
                cluster.start().unwrap();
                clerk.console.sees("データベースにつながりました");
                clerk.console.sees_one(&UNFINISHED);
                clerk.console.key(Key::Enter).sees("カードができました");
                finish(&clerk);
            }
            all_is_well(shell, STEPS.len());
        },
    );
}

/// Takes a case of the next resident to the point where Enter makes the card.
fn begin(clerk: &Clerk<'_>, number: usize) -> String {
    let (typed, name) = RESIDENTS[number];
    let blank = format!("blank-{:02}", number + 1);
    clerk
        .finds(typed, name)
        .takes_application()
        .verifies()
        .lays_blank(&blank);
    blank
}

/// Adults among the people of the manuals, found by one search each.
const RESIDENTS: [(&str, &str); 7] = [
    ("0000000001", "ヤマグチ ヨシロウ"),
    ("0000000002", "ヤマグチ メグミ"),
    ("0000000006", "イノウエ サクラ"),
    ("0000000007", "グエン アン"),
    ("0000000009", "タカサキ ベヒロ"),
    ("0000000013", "サエモンサブロウ"),
    ("0000000015", "ササキ ヴィクトル"),
];

/// Leaves the finished card and the case, back to the queues.
fn finish(clerk: &Clerk<'_>) {
    clerk.console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");
    clerk.console.key(Key::Esc);
    clerk.sees_the_queues();
    clerk.shell.tray("remove 1");
    clerk.console.sees("住民○");
}

/// No serial twice, no card without its record: what must hold after any fault.
fn all_is_well(shell: &Shell, cards: usize) {
    let records = Records::of(shell.home());
    let today = records.wait(records.office.today());
    assert_eq!(today.made as usize, cards);
    assert!(records.wait(records.office.verify_audit()).broken.is_empty());
}
