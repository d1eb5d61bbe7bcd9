//! The machine under the desk: a disk with no room left, a clock that is wrong. Both are told plainly, at the screen and
//! by the doctor, and cost nobody their work.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Console, Key, Terminal},
    shell::{Shell, with_a_card_service_and_a_small_disk},
};

/// Room for a database of 300 people and its write-ahead log, and not much more.
const DISK: u32 = 256;

#[test]
fn a_full_disk_and_a_wrong_clock_are_told_plainly_and_cost_nobody_their_work() {
    with_a_card_service_and_a_small_disk(
        "machine::a_full_disk_and_a_wrong_clock_are_told_plainly_and_cost_nobody_their_work",
        DISK,
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001").finds("0000000001", "ヤマグチ");
            no_room_for_an_application(&clerk);
            no_room_for_a_paper(&clerk);
            clerk.console.key(Key::Esc).sees("本人確認をする");
            clerk.verifies();
            clerk.console.signal(rustix::process::Signal::TERM);
            clerk.console.ends();
            shell.tray("remove 0");
            shell.tray("insert 1 blank-01");
            by_a_clock_that_is_ahead_nothing_is_signed(shell);
            by_a_clock_of_another_year_nobody_comes_in(shell);

            // The clock is right again, and the work is where it was.
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            clerk.console.text("2").sees("2026-000001");
            clerk.console.key(Key::Enter).sees("案件  2026-000001");
            clerk.console.key(Key::Enter).sees("この案件に使えます");
            clerk.makes();
            assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
            let records = Records::of(shell.home());
            assert_eq!(records.count("SELECT count(*) FROM office.certificate"), 2);
        },
    );
}

/// The form stands as it was filled in; with room again, the same Enter takes it.
fn no_room_for_an_application(clerk: &Clerk<'_>) {
    let (console, shell) = (&clerk.console, clerk.shell);
    console.key(Key::Enter).sees("申請する人");
    clerk.answers_everything();
    console.key(Key::F(2));
    clerk.chosen("この内容で申請を受け付ける");
    let ballast = fills_the_disk(shell.home());
    console.key(Key::Enter).sees("ディスクがいっぱいで書き込めません");
    let doctor = shell.run("doctor", &[]);
    assert_ne!(doctor.code, 0);
    assert!(
        doctor.stdout.contains("空き 0 MB") && doctor.stdout.contains("空きを作ってください"),
        "{}",
        doctor.stdout
    );
    std::fs::remove_file(ballast).unwrap();
    console
        .key(Key::Enter)
        .sees_all(&["案件  2026-000001", "本人確認をする"]);
}

/// A disk that fills while a card is made is a full disk, not a database that went away and is there again.
#[test]
fn a_disk_that_fills_while_a_card_is_made_is_told_as_such() {
    with_a_card_service_and_a_small_disk(
        "machine::a_disk_that_fills_while_a_card_is_made_is_told_as_such",
        DISK,
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01");
            let ballast = fills_the_disk(shell.home());
            clerk.console.key(Key::Enter).sees("ディスクがいっぱいで書き込めません");
            // Longer than the watch over the database takes to look twice: it says nothing that is better than it is.
            let until = Instant::now() + Duration::from_secs(6);
            while Instant::now() < until {
                let screen = clerk.console.screen();
                assert!(
                    !screen.contains("つながりました") && screen.contains("ディスクがいっぱい"),
                    "{screen}"
                );
            }
            std::fs::remove_file(ballast).unwrap();
            clerk.console.key(Key::Enter).sees_one(&[
                "カードができました",
                "この案件に使えます",
                "作りかけのカードです",
            ]);
        },
    );
}

fn no_room_for_a_paper(clerk: &Clerk<'_>) {
    let (console, shell) = (&clerk.console, clerk.shell);
    console.text("t").sees("申請書");
    let ballast = fills_the_disk(shell.home());
    console.key(Key::Enter).sees("ディスクがいっぱいで書き込めません");
    // Half a paper is none.
    assert_eq!(pdfs(&shell.home().join("paper")), 0);
    std::fs::remove_file(ballast).unwrap();
    console.key(Key::Enter).sees("申請書を作りました");
    assert_eq!(pdfs(&shell.home().join("paper")), 1);
}

/// Three hours ahead: the card would be good before it was made.
fn by_a_clock_that_is_ahead_nothing_is_signed(shell: &Shell) {
    let clerk = Clerk {
        shell,
        console: Console::open_at_another_time(shell.home(), Terminal::SMALL, "+3h"),
    };
    clerk.console.sees("ログインしていません");
    clerk.logs_in("0001");
    clerk.console.text("2").sees("2026-000001");
    clerk.console.key(Key::Enter).sees("案件  2026-000001");
    clerk.console.key(Key::Enter).sees("この案件に使えます");
    clerk.console.key(Key::Enter).sees("時計が正しくないようです");
    let records = Records::of(shell.home());
    assert_eq!(records.count("SELECT count(*) FROM office.card"), 0);
    clerk.console.signal(rustix::process::Signal::TERM);
    clerk.console.ends();
    shell.tray("remove 0");
    let doctor = shell.run_at_another_time("+3h", "doctor");
    assert_ne!(doctor.code, 0);
    assert!(
        doctor.stdout.contains("時刻同期を確かめてください"),
        "{}",
        doctor.stdout
    );
}

/// The battery of the machine's clock is empty: staff cards are not good yet, and the doctor says why.
fn by_a_clock_of_another_year_nobody_comes_in(shell: &Shell) {
    let console = Console::open_at_another_time(shell.home(), Terminal::SMALL, "-3000d");
    console.sees("ログインしていません");
    shell.tray("insert 0 staff-0001");
    console.sees("時計が正しくないようです");
    console.signal(rustix::process::Signal::TERM);
    console.ends();
    shell.tray("remove 0");
    let doctor = shell.run_at_another_time("-3000d", "doctor");
    assert_ne!(doctor.code, 0);
    assert!(
        doctor.stdout.contains("このままでは証明書を発行できません"),
        "{}",
        doctor.stdout
    );
}

/// Takes what room there is on the set-up's disk, to the last byte.
fn fills_the_disk(home: &Path) -> PathBuf {
    let path = home.join("ballast");
    let mut file = File::create(&path).unwrap();
    let mut piece = vec![0; 1024 * 1024];
    while !piece.is_empty() {
        match file.write_all(&piece) {
            Ok(()) => {}
            Err(full) if full.kind() == std::io::ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
            Err(error) => panic!("{error}"),
        }
    }
    path
}

fn pdfs(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| match path.is_dir() {
            true => pdfs(&path),
            false => usize::from(path.extension().is_some_and(|kind| kind == "pdf")),
        })
        .sum()
}
