//! The people at the desk: passwords, locks, a colleague at the next desk, the end of the day.

use store::cluster::{Cluster, Stop};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Console, Key, Terminal},
    shell::{Shell, with_a_card_service},
};

#[test]
fn a_clerk_pulls_the_card_comes_back_and_finds_the_case_as_it_was() {
    with_a_card_service(
        "people::a_clerk_pulls_the_card_comes_back_and_finds_the_case_as_it_was",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            // A wrong password costs a try, and says so before and after.
            shell.tray("insert 0 staff-0001");
            clerk.console.sees("あと 5 回");
            clerk.console.text("Wrong2026").key(Key::Enter);
            clerk
                .console
                .sees_all(&["パスワードが違います", "試行残り              あと 4 回"]);
            clerk.console.text(&shell.password("0001")).key(Key::Enter);
            clerk.sees_the_queues();

            clerk.finds("0000000001", "山口").takes_application();
            shell.tray("remove 0");
            clerk.console.sees("職員カードが抜かれたので");
            clerk.console.no_more("山口");
            // Another's card does not open it.
            clerk.console.no_more("試行残り");
            shell.tray("insert 0 staff-0002");
            clerk.console.sees_all(&["0002  鈴木", "試行残り"]);
            clerk
                .console
                .text(&shell.password("0002"))
                .key(Key::Enter)
                .sees("別の職員のカードです");
            shell.tray("remove 0");
            clerk.console.no_more("試行残り");
            shell.tray("insert 0 staff-0001");
            clerk.console.sees_all(&["0001  佐藤", "試行残り"]);
            clerk.console.text(&shell.password("0001")).key(Key::Enter);
            clerk.console.sees_all(&["2026-000001", "山口", "本人確認をする"]);

            // The terminal closes: the session ends, its hold with it, and the shell gets its terminal back.
            clerk.console.signal(rustix::process::Signal::HUP);
            let (code, sent) = clerk.console.ends();
            assert_eq!(code, 1);
            let leaves = sent.windows(LEAVE.len()).any(|piece| piece == LEAVE);
            assert!(leaves, "the terminal was not given back");
            a_card_registered_to_somebody_else_logs_nobody_in(shell);
        },
    );
}

/// Two registrations are mixed up: the certificate on the card says of itself whose it is, and nobody gets the other's
/// session. No password is tried for it.
fn a_card_registered_to_somebody_else_logs_nobody_in(shell: &Shell) {
    // The database refuses what no administrator did, its owner too, until a hand takes the rule away.
    let no_rule = "ALTER TABLE office.staff_certificate DISABLE TRIGGER staff_certificate_by_administrator";
    Records::tamper(shell.home(), no_rule);
    let gone = "UPDATE office.staff_certificate c SET until = now(), revocation = 'superseded' \
                FROM office.staff s WHERE c.staff = s.id AND s.number = '0002'";
    assert_eq!(Records::tamper(shell.home(), gone), 1);
    let mixed_up = "UPDATE office.staff_certificate c SET staff = other.id \
                    FROM office.staff s, office.staff other \
                    WHERE c.staff = s.id AND s.number = '0001' AND other.number = '0002'";
    assert!(Records::tamper(shell.home(), mixed_up) >= 1);
    shell.tray("remove 0");
    let clerk = Clerk::sits_down(shell, Terminal::SMALL);
    let console = &clerk.console;
    shell.tray("insert 0 staff-0001");
    console.sees_all(&["0002  鈴木", "あと 5 回"]);
    console.text(&shell.password("0001")).key(Key::Enter);
    console.sees_all(&["登録されていない職員カードです", "あと 5 回", "ログインしていません"]);
    let refused = "SELECT count(*) FROM office.audit_event \
                   WHERE act = 'session.began' AND outcome = 'refused' AND details->>'refused' = 'staff_number'";
    assert_eq!(Records::of(shell.home()).count(refused), 1);
}

#[test]
fn a_screen_left_alone_locks_and_opens_for_its_own_clerk_where_it_stood() {
    with_a_card_service(
        "people::a_screen_left_alone_locks_and_opens_for_its_own_clerk_where_it_stood",
        |shell| {
            set_up(shell);
            // The smallest configured in minutes is too long for a story; a desk in a corridor has seconds.
            shell.configure("idle_lock_minutes = 15", "idle_lock_seconds = 8");
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk.logs_in("0001").finds("0000000001", "山口").takes_application();
            console.key(Key::Enter).sees("書類を加える");
            console.key(Key::Enter).sees("見せてもらった書類");
            console.key(Key::Enter).sees("この書類を終わる");
            console.text("R12.3.1").sees("令和12年3月1日");
            // The resident looks for the next document; nobody touches a key.
            console.sees_all(&["しばらく操作がなかったので", "試行残り"]);
            console.no_more("山口").no_more("R12.3.1");

            // A colleague may sit down, but not on this session; neither does a wrong password open it.
            shell.tray("remove 0");
            console.no_more("試行残り");
            shell.tray("insert 0 staff-0002");
            console.sees_all(&["0002  鈴木", "試行残り"]);
            console.text(&shell.password("0002")).key(Key::Enter);
            console.sees("別の職員のカードです");
            shell.tray("remove 0");
            console.no_more("試行残り");
            shell.tray("insert 0 staff-0001");
            console.sees_all(&["0001  佐藤", "あと 5 回"]);
            console.text("Wrong2026").key(Key::Enter).sees("パスワードが違います");
            console.sees("試行残り              あと 4 回");
            console.text(&shell.password("0001")).key(Key::Enter);
            // The form stands as it was left, to the letter.
            console.sees_all(&["山口", "R12.3.1", "令和12年3月1日", "この書類を終わる"]);
            console.key(Key::Esc).sees("[ 確認内容を見る ]");
            console.key(Key::Esc).sees_all(&["案件  2026-000001", "本人確認をする"]);
        },
    );
}

/// Leaving the alternate screen (xterm, DECRST 1049).
const LEAVE: &[u8] = b"\x1b[?1049l";

#[test]
fn the_second_desk_sees_who_holds_the_case_and_takes_it_over_with_a_reason() {
    with_a_card_service(
        "people::the_second_desk_sees_who_holds_the_case_and_takes_it_over_with_a_reason",
        |shell| {
            set_up(shell);
            let first = Clerk::sits_down(shell, Terminal::SMALL);
            first.logs_in("0001");
            first.finds("0000000001", "山口").takes_application();

            // The second desk: another name, and the readers the other way round, so that each has a staff reader.
            let config = std::fs::read_to_string(shell.home().join("madoguchi.toml")).unwrap();
            let other = config
                .replace("窓口3", "窓口4")
                .replace("00 00", "00 0X")
                .replace("00 01", "00 00")
                .replace("00 0X", "00 01");
            assert!(other.contains("staff_reader = \"Virtual PCD 00 01\""), "{other}");
            let file = shell.home().join("desk-4.toml");
            std::fs::write(&file, other).unwrap();
            let second = Console::open(shell.home(), Terminal::LARGE, &["--config", file.to_str().unwrap()]);
            second.sees_all(&["窓口4", "ログインしていません"]);
            shell.tray("insert 1 staff-0002");
            second.sees_all(&["0002  鈴木", "試行残り"]);
            second.text(&shell.password("0002")).key(Key::Enter).sees("2026-000001");
            second.key(Key::Enter).sees("窓口3の佐藤 恵さんが開いています");

            // Taken over, with a reason that stays in the journal; the first desk is told by whom.
            second.key(Key::F(4)).sees("理由");
            second.text("担当者が窓口を離れたため").key(Key::Enter);
            second.sees_all(&["案件  2026-000001", "本人確認をする"]);
            first.console.sees("窓口4の鈴木 健さんが引き継いだ");

            // A login under the first desk's name ends its session: nobody is shown there any more, nor found, without a key
            // pressed; whoever sits there can log in again.
            first.console.text("/").sees("フリガナ、氏名");
            first.console.text("ヤマグチ").sees("ヤマグチ ヨシロウ");
            let same = std::fs::read_to_string(&file).unwrap().replace("窓口4", "窓口3");
            let same_file = shell.home().join("desk-3-again.toml");
            std::fs::write(&same_file, same).unwrap();
            second.signal(rustix::process::Signal::TERM);
            second.ends();
            let again = Console::open(
                shell.home(),
                Terminal::SMALL,
                &["--config", same_file.to_str().unwrap()],
            );
            again.sees_all(&["窓口3", "0002  鈴木", "試行残り"]);
            again.text(&shell.password("0002")).key(Key::Enter).sees("2026-000001");
            first
                .console
                .sees_all(&["このログインは終わっています", "0001  佐藤", "試行残り"]);
            first.console.no_more("ヤマグチ");
            first.console.text(&shell.password("0001")).key(Key::Enter);
            first.sees_the_queues();
        },
    );
}

#[test]
fn a_terminal_of_another_size_or_with_wide_symbols_or_none_at_all_shows_the_same_work() {
    with_a_card_service(
        "people::a_terminal_of_another_size_or_with_wide_symbols_or_none_at_all_shows_the_same_work",
        |shell| {
            set_up(shell);
            // Many Japanese terminals draw borders and symbols two cells wide: they come from ASCII then.
            let wide = Terminal {
                wide: true,
                ..Terminal::SMALL
            };
            let clerk = Clerk::sits_down_at(shell, wide);
            let drawn = clerk.console.screen();
            assert!(!drawn.contains(['─', '│', '●', '▸']), "{drawn}");
            clerk.console.key(Key::F(10)).sees("Password");
            clerk.console.signal(rustix::process::Signal::TERM);
            let (code, _) = clerk.console.ends();
            assert_eq!(code, 1);

            // In English from the start; the mouse presses the keys of the help line, and the keyboard does all the same.
            let english = Console::open(shell.home(), Terminal::SMALL, &["--lang", "en", "console", "--mouse"]);
            english
                .sees("nobody logged in")
                .click("F10 ")
                .sees("ログインしていません");
            english.click("F1 ").sees("この画面で");
            english.key(Key::Esc).no_more("この画面で");
            english.key(Key::F(10)).sees("nobody logged in");
            english.signal(rustix::process::Signal::TERM);
            english.ends();

            // One that never answers where its cursor is opens all the same.
            let silent = Terminal {
                answers: false,
                ..Terminal::SMALL
            };
            let clerk = Clerk::sits_down(shell, silent);
            clerk.console.resize(120, 40);
            clerk.console.until("the larger frame", |screen| {
                screen.lines().next().is_some_and(|line| line.chars().count() > 80)
            });
            // What is pasted goes to the field that has the cursor, as dots in a password's.
            shell.tray("insert 0 staff-0001");
            clerk.console.sees_all(&["0001  ", "試行残り"]);
            clerk.console.paste(&shell.password("0001"));
            clerk
                .console
                .until("ten dots", |screen| screen.matches('●').count() > 10);
            let (_, _, visible) = clerk.console.cursor();
            assert!(visible, "an input method has nowhere to compose");
            clerk.console.key(Key::Enter);
            clerk.sees_the_queues();
        },
    );
}

#[test]
fn the_first_administrator_makes_their_card_from_a_blank_and_comes_in() {
    with_a_card_service(
        "people::the_first_administrator_makes_their_card_from_a_blank_and_comes_in",
        |shell| {
            // An office whose set-up has everything but people.
            shell.cut_off_after("setup --demo --rows", &["20"], "記録に取り込む");
            shell.tray("new first");
            let console = Console::open(shell.home(), Terminal::SMALL, &[]);
            console.sees("職員がまだ登録されていません");
            shell.tray("insert 0 first");
            console.sees("ここに管理者の鍵を作ります");
            // The card is finished, and the database is away when its holder is to be registered; then the power goes.
            let cluster = Cluster::at(shell.home().join("postgres"));
            fills_in_the_administrator(&console, "0100");
            shell.tray("hold 0 44");
            console.key(Key::Enter);
            shell.waits_for_stall();
            cluster.stop(Stop::Immediate).unwrap();
            shell.tray("go 0");
            console.sees("データベースにつながりません");
            console.power_cut();
            cluster.start().unwrap();

            // Nobody is registered yet. The finished card is taken up again, by its own number and password only.
            let console = Console::open(shell.home(), Terminal::SMALL, &[]);
            console.sees_all(&["職員がまだ登録されていません", "試行残り"]);
            fills_in_the_administrator(&console, "0101");
            console.key(Key::Enter).sees("白カードではありません");
            console.signal(rustix::process::Signal::TERM);
            console.ends();
            let console = Console::open(shell.home(), Terminal::SMALL, &[]);
            console.sees_all(&["職員がまだ登録されていません", "試行残り"]);
            fills_in_the_administrator(&console, "0100");
            console.key(Key::Enter).sees_all(&["本日の業務", "中村 明"]);
            let records = Records::of(shell.home());
            let reserved = "SELECT count(*) FROM office.audit_event WHERE act = 'staff.serial_reserved'";
            assert_eq!(records.count(reserved), 1, "something was signed twice");
            assert_eq!(records.wait(records.office.staff()).len(), 1);
            // The card is a staff card like any other from now on.
            console.signal(rustix::process::Signal::TERM);
            let (code, _) = console.ends();
            assert_eq!(code, 1);
            let again = Console::open(shell.home(), Terminal::SMALL, &[]);
            again.sees_all(&["0100  中村 明", "試行残り"]);
            again.text("tide8rock2").key(Key::Enter).sees("本人確認を待つ");
        },
    );
}

/// Everything but the last Enter.
fn fills_in_the_administrator(console: &Console, number: &str) {
    for typed in [number, "中村 明", "tide8rock2"] {
        console.text(typed).key(Key::Enter);
    }
    console.text("tide8rock2");
    console.until("the password twice", |screen| {
        screen.lines().filter(|line| line.contains("●●●●●●●●●●")).count() == 2
    });
}

#[test]
fn a_screen_reader_hears_plain_lines_in_reading_order() {
    with_a_card_service("people::a_screen_reader_hears_plain_lines_in_reading_order", |shell| {
        set_up(shell);
        let console = Console::open(shell.home(), Terminal::LARGE, &["--plain"]);
        console.sees_all(&["==", "データベース接続中"]);
        shell.tray("insert 0 staff-0001");
        console.sees("0001 佐藤 恵");
        console.text(&shell.password("0001")).key(Key::Enter);
        console.sees_all(&["== 本日の業務 ==", "1 本人確認を待つ 0"]);
        console.signal(rustix::process::Signal::TERM);
        let (code, sent) = console.ends();
        assert_eq!(code, 1);
        let sent = String::from_utf8_lossy(&sent);
        assert!(!sent.contains("\x1b[?1049h") && !sent.contains('│'), "{sent}");
    });
}
