//! A visit on which everything goes wrong: at every step the database stops, or the power of the console goes, or the
//! card is pulled. The case is found where it stood and comes to its end all the same. (The steps inside the making are
//! played one by one in `faults`.)

use std::path::{Path, PathBuf};

use issuance::{case::CaseState, records::CardState};
use store::cluster::{Cluster, Stop};

use crate::{
    clerk::{Clerk, NUMBER_CARD, Records, set_up},
    screen::{Key, Terminal},
    shell::{Shell, with_a_card_service},
    visit::code_on,
};

/// One step of the visit.
struct Step {
    name: &'static str,
    /// From the case's own page (from the queues, for the first) to the moment before Enter records the step.
    prepare: fn(&Clerk<'_>),
    /// What stands on the screen once the step is recorded.
    recorded: &'static [&'static str],
    /// From there to the case's own page.
    leave: fn(&Clerk<'_>),
    /// What the case's page says is next, before the step and after it.
    next: (&'static str, &'static str),
}

/// The visit, step by step.
const VISIT: [Step; 8] = [
    Step {
        name: "the application",
        prepare: |clerk| {
            clerk.finds("0000000001", "ヤマグチ ヨシロウ");
            applies(clerk);
        },
        recorded: &["案件  2026-", "本人確認をする"],
        leave: |_| (),
        next: ("カードの申請はまだありません", "本人確認をする"),
    },
    Step {
        name: "the verification",
        prepare: |clerk| {
            clerk.console.key(Key::Enter).sees("[ 確認内容を見る ]");
            // What was filled in before the fault is still there; after a restart it is not.
            if !clerk.console.screen().contains("マイナンバーカード") {
                clerk.goes_to("書類を加える");
                clerk.lays(&NUMBER_CARD);
            }
            clerk.goes_to("確認内容を見る");
            clerk.console.key(Key::Enter).sees("例外はありません");
        },
        recorded: &["本人確認を記録しました", "カードを作る"],
        leave: |_| (),
        next: ("本人確認をする", "カードを作る"),
    },
    Step {
        name: "the making",
        prepare: |clerk| {
            clerk.console.key(Key::Enter);
            clerk.console.sees_one(&["この案件に使えます", "作りかけのカードです"]);
        },
        recorded: &["カードができました"],
        leave: |clerk| {
            clerk.console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");
        },
        next: ("カードを作る", "住民に暗証番号を決めてもらう"),
    },
    Step {
        name: "the PIN",
        prepare: |clerk| {
            clerk.console.key(Key::Enter).sees("この案件のカードが入っています");
            types_the_pin_twice(clerk);
        },
        recorded: &["きまりました"],
        leave: |clerk| {
            clerk.console.key(Key::Esc).sees("交付通知書と受領票を印刷する");
        },
        next: ("住民に暗証番号を決めてもらう", "交付通知書と受領票を印刷する"),
    },
    Step {
        name: "the notice",
        prepare: |clerk| {
            clerk.console.key(Key::Enter).sees("転送不要郵便");
        },
        recorded: &["を作りました。Enter で進みます"],
        leave: |clerk| {
            clerk.console.key(Key::Esc).sees("カードを棚に入れる");
        },
        next: ("交付通知書と受領票を印刷する", "カードを棚に入れる"),
    },
    Step {
        name: "the shelf",
        prepare: |clerk| {
            clerk.console.key(Key::Enter).sees("鍵のかかる棚");
            clerk.console.text("A-12").sees("A-12");
        },
        recorded: &["に保管しました", "交付する"],
        leave: |_| (),
        next: ("カードを棚に入れる", "交付する"),
    },
    Step {
        name: "the first look",
        prepare: |clerk| {
            gathers(clerk);
            clerk.console.key(Key::Enter).sees("1 回目");
            clerk.ticks_three();
        },
        recorded: &["2 回目"],
        leave: |clerk| {
            // The scanned notice and the shelf are kept; once more leaves them too.
            clerk.console.key(Key::Esc).sees_all(&["取り出した棚", "A-12"]);
            clerk.console.key(Key::Esc).sees("交付する");
        },
        next: ("交付する", "交付する"),
    },
    Step {
        name: "the handover",
        prepare: |clerk| {
            gathers(clerk);
            clerk.console.key(Key::Enter).sees("1 回目");
            clerk.ticks_three();
            clerk.console.key(Key::Enter).sees("2 回目");
            clerk.ticks_three();
        },
        recorded: &["交付を記録しました"],
        leave: |clerk| {
            clerk.console.key(Key::Enter).sees("交付済み");
        },
        next: ("交付する", "交付済み"),
    },
];

#[test]
fn a_database_that_stops_at_every_step_of_a_visit_only_delays_it() {
    with_a_card_service(
        "whole_visit::a_database_that_stops_at_every_step_of_a_visit_only_delays_it",
        |shell| {
            set_up(shell);
            let cluster = Cluster::at(shell.home().join("postgres"));
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk.logs_in("0001");
            shell.tray("insert 1 blank-01");
            for step in &VISIT {
                eprintln!("{}", step.name);
                (step.prepare)(&clerk);
                if step.name == "the first look" {
                    the_card_is_moved_while_it_is_looked_at(&clerk);
                }
                cluster.stop(Stop::Immediate).unwrap();
                console.key(Key::Enter).sees("データベースにつながりません");
                cluster.start().unwrap();
                console.sees("データベースにつながりました");
                match step.name {
                    // The card was not touched; what the resident typed is forgotten, as it must be.
                    "the PIN" => {
                        console.sees("この案件のカードが入っています");
                        types_the_pin_twice(&clerk);
                    }
                    "the making" => {
                        console.sees("この案件に使えます");
                    }
                    _ => {}
                }
                console.key(Key::Enter).sees_all(step.recorded);
                if step.name == "the PIN" {
                    the_card_has_a_pin_that_the_records_never_heard_of(&clerk, &cluster);
                }
                (step.leave)(&clerk);
            }
            one_card_was_made_of_one_blank(shell);
        },
    );
}

/// Pulled between the comparison and the look: it could be another card now, so everything is compared anew.
fn the_card_is_moved_while_it_is_looked_at(clerk: &Clerk<'_>) {
    let (console, shell) = (&clerk.console, clerk.shell);
    shell.tray("remove 1");
    console.sees("照合は最初からです");
    shell.tray("insert 1 blank-01");
    console.sees("読取機に入っています");
    console.key(Key::Enter).sees("1 回目");
    clerk.ticks_three();
}

/// Chosen anew, and the database goes away when the chip has taken the PIN: it is chosen once more, and that one counts.
fn the_card_has_a_pin_that_the_records_never_heard_of(clerk: &Clerk<'_>, cluster: &Cluster) {
    let (console, shell) = (&clerk.console, clerk.shell);
    console.key(Key::Esc).sees("交付通知書と受領票を印刷する");
    console.text("p").sees("暗証番号は設定済みです");
    console.text("r").sees("4けたの すうじ");
    clerk.types_pin("8306");
    console.key(Key::Enter).sees("もういちど いれてください");
    clerk.types_pin("8306");
    shell.tray("hold 1 2C");
    console.key(Key::Enter).sees("カードに かきこんでいます");
    shell.waits_for_stall();
    cluster.stop(Stop::Immediate).unwrap();
    shell.tray("go 1");
    console.sees("データベースにつながりません");
    cluster.start().unwrap();
    console.sees_all(&["データベースにつながりました", "暗証番号は設定済みです"]);
    // Pulled while it is set, and put back.
    console.text("r").sees("4けたの すうじ");
    clerk.types_pin("2751");
    console.key(Key::Enter).sees("もういちど いれてください");
    clerk.types_pin("2751");
    shell.tray("hold 1 2C");
    console.key(Key::Enter).sees("カードに かきこんでいます");
    shell.waits_for_stall();
    shell.tray("remove 1");
    console.sees("カードが抜けました");
    shell.tray("insert 1 blank-01");
    console.sees("暗証番号は設定済みです");
    console.text("r").sees("4けたの すうじ");
    types_the_pin_twice_from_here(clerk);
    console.key(Key::Enter).sees("きまりました");
    console.key(Key::Esc).sees("交付通知書と受領票を印刷する");
    console.text("p").sees("暗証番号は設定済みです");
    console.key(Key::Enter).sees("きめた ばんごう");
    clerk.types_pin("2751");
    console.key(Key::Enter).sees("ただしい ばんごうです");
}

#[test]
fn a_console_killed_at_every_step_of_a_visit_finds_it_where_it_stood() {
    with_a_card_service(
        "whole_visit::a_console_killed_at_every_step_of_a_visit_finds_it_where_it_stood",
        |shell| {
            set_up(shell);
            shell.tray("insert 1 blank-01");
            let mut clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            for step in &VISIT {
                eprintln!("{}", step.name);
                (step.prepare)(&clerk);
                // Whether the step is recorded when the power goes is a matter of luck; what is found is one or the other.
                clerk.console.key(Key::Enter);
                clerk.console.power_cut();
                shell.tray("remove 0");
                clerk = Clerk::sits_down(shell, Terminal::SMALL);
                clerk.logs_in("0001");
                let (before, after) = step.next;
                let found = finds_it_again(&clerk, &[before, "続きから作る", after]);
                if found != after || before == after {
                    back_to_the_queues(&clerk, step);
                    (step.prepare)(&clerk);
                    clerk.console.key(Key::Enter).sees_all(step.recorded);
                    (step.leave)(&clerk);
                }
            }
            one_card_was_made_of_one_blank(shell);
        },
    );
}

/// Searches for the resident of the visit and opens the case, when there is one; says which of `places` it stands at.
fn finds_it_again<'p>(clerk: &Clerk<'_>, places: &[&'p str]) -> &'p str {
    let console = &clerk.console;
    console.text("/").sees("フリガナ、氏名");
    console
        .text("0000000001")
        .sees_all(&["1 人中 1 人", "ヤマグチ ヨシロウ"]);
    console.key(Key::Enter);
    let none = "カードの申請はまだありません";
    if console.sees_one(&[none, "この人の案件"]) == 0 {
        return places.iter().find(|place| **place == none).unwrap();
    }
    console.key(Key::Enter).sees("案件  2026-000001");
    places[console.sees_one(places)]
}

/// The application begins at the queues; every other step at the case's page, where we are.
fn back_to_the_queues(clerk: &Clerk<'_>, step: &Step) {
    if step.name == VISIT[0].name {
        clerk.console.key(Key::Esc).sees("1 人中 1 人");
        clerk.console.key(Key::Esc);
        clerk.sees_the_queues();
    }
}

fn applies(clerk: &Clerk<'_>) {
    clerk.console.key(Key::Enter).sees("申請する人");
    clerk.answers_everything();
    clerk.console.key(Key::F(2));
    clerk.chosen("この内容で申請を受け付ける");
}

/// The screen is turned to the resident; the last Enter is not pressed.
fn types_the_pin_twice(clerk: &Clerk<'_>) {
    clerk.console.key(Key::Enter).sees("4けたの すうじ");
    types_the_pin_twice_from_here(clerk);
}

fn types_the_pin_twice_from_here(clerk: &Clerk<'_>) {
    clerk.types_pin("2751");
    clerk.console.key(Key::Enter).sees("もういちど いれてください");
    clerk.types_pin("2751");
}

/// Notice and shelf, before they are compared with the card.
fn gathers(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    let notice = code_on(&latest_notice(clerk.shell.home()));
    console.key(Key::Enter).sees("通知書のQR");
    console.scans(&notice).sees(&notice);
    clerk.chosen("取り出した棚");
    console.text("A-12").sees_all(&["A-12", "読取機に入っています"]);
}

/// The notice printed last; one that was printed before a fault may lie beside it.
fn latest_notice(home: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![home.join("paper")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if name.starts_with("notice-") && name.ends_with(".pdf") {
                found.push((entry.metadata().unwrap().modified().unwrap(), entry.path()));
            }
        }
    }
    found.sort();
    found.pop().unwrap().1
}

/// No serial twice, no active card without a record, no record of success without a card.
fn one_card_was_made_of_one_blank(shell: &Shell) {
    let records = Records::of(shell.home());
    let file = records.case("2026-000001");
    assert!(matches!(file.state, CaseState::HandedOver { .. }), "{:?}", file.state);
    let card = file.card.unwrap();
    assert!(card.state == CardState::Active && card.pin_set_at.is_some());
    assert_eq!(records.count("SELECT count(*) FROM office.card_case"), 1);
    assert_eq!(records.count("SELECT count(*) FROM office.card"), 1);
    assert_eq!(
        records.count("SELECT count(*) FROM office.certificate WHERE der IS NOT NULL"),
        2
    );
    assert_eq!(records.count("SELECT count(*) FROM office.certificate"), 2);
    assert!(records.wait(records.office.verify_audit()).broken.is_empty());
}
