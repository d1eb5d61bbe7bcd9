//! The people at the desk: passwords, locks, a colleague at the next desk, the end of the day.

use crate::{
    clerk::{Clerk, set_up},
    screen::{Console, Key, Terminal},
    shell::with_a_card_service,
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
            for typed in ["0100", "中村 明", "tide8rock2", "tide8rock2"] {
                console.text(typed).key(Key::Enter);
            }
            console.sees_all(&["本日の業務", "中村 明"]);
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

#[test]
fn a_screen_reader_hears_plain_lines_in_reading_order() {
    with_a_card_service("people::a_screen_reader_hears_plain_lines_in_reading_order", |shell| {
        set_up(shell);
        let console = Console::open(shell.home(), Terminal::LARGE, &["console", "--plain"]);
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
