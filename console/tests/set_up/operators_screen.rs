//! The relay's operators at their screen: the real console in a pseudo-terminal, a staff card, a real front with its own
//! database and a real blind half. The machine has no office: its configuration holds one section.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use super::{
    relay_operators::{LIBRARY, MY_PAGE, Operator, admit, library_metadata},
    shell::{Shell, with_a_card_service_and_a_relay},
};
use crate::screen::{Console, Key, Terminal};

#[test]
fn an_operator_brings_a_service_in_and_switches_it_off_and_sees_the_blind_half_go() {
    with_a_card_service_and_a_relay(
        "set_up::operators_screen::an_operator_brings_a_service_in_and_switches_it_off_and_sees_the_blind_half_go",
        |shell| {
            shell.must("setup --demo --relay --rows", &["60"]);
            // iso, by files, puts the library forward; tanaka, by card, is the second.
            // The demonstration has an operator's machine of its own.
            let demo = shell.home().join("relay/operator.toml").display().to_string();
            let state = shell.run("relay", &["state", "--config", &demo]);
            assert_eq!(state.code, 0, "{}{}", state.stdout, state.stderr);
            let untold = shell.run("relay", &["untold", "--lang", "ja", "--config", &demo]);
            assert!(
                untold.stdout.contains("どのサービスにも"),
                "{}{}",
                untold.stdout,
                untold.stderr
            );
            let iso = Operator::with_files(shell, "iso");
            let proposed = iso.does(&["propose", &library_metadata(shell)]).json();
            let sha256 = proposed["sha256"].as_str().unwrap().to_owned();
            let tanaka = Operator::with(shell, "tanaka", "reader = \"Virtual PCD 00 00\"");
            let console = Console::open(
                shell.home(),
                Terminal::SMALL,
                &["relay", "--lang", "ja", "--config", &tanaka.config],
            );
            console.sees("中継の運用者(ログインしていません)");
            shell.tray("insert 0 staff-0004");
            console.sees_all(&["SHA-256", "あと 5 回"]);
            console.text("Wrong2026").key(Key::Enter);
            console.sees_all(&["パスワードが違います", "あと 4 回"]);

            // A card that the front does not know: its keeper is told what to enter, and the front keeps a line of it.
            admit(shell, None);
            console.text(&shell.password("0004")).key(Key::Enter);
            console.sees("中継がこのカードを知りません");
            let refused = "administration refused: the certificate is no operator's";
            let log = fs::read_to_string(shell.home().join("log/relay.log")).unwrap();
            let line = log.lines().find(|line| line.contains(refused)).expect(&log);
            let hash = line
                .split(|letter: char| !letter.is_ascii_hexdigit())
                .find(|piece| piece.len() == 64)
                .unwrap();
            assert!(!line.contains("田中"), "{line}");
            admit(shell, Some(&format!("tanaka {hash}")));
            console.sees("あと 5 回");
            console.text(&shell.password("0004")).key(Key::Enter);
            console.sees_all(&["中継の運用者 tanaka", "目隠し側●", "稼働中", "提案中"]);

            approves(&console, &sha256);
            tries_it(&console);

            // Back on the list it is off by one key and a reason.
            console.key(Key::Esc).sees("┌─ 連携先 ─");
            console.until("the library chosen", |screen| {
                screen
                    .lines()
                    .any(|line| line.contains('▸') && line.contains("library"))
            });
            console.text("x").sees("いますぐ止めます");
            console.text("鍵が漏れた").key(Key::Enter);
            console.sees_all(&["止めました", "停止中"]);
            assert_eq!(iso.partner(LIBRARY)["state"], "off");
            console.text("j").sees_all(&["中継の記録", "tanaka"]);
            console.key(Key::Esc).sees("┌─ 連携先 ─");

            the_screen_locks_with_the_card(&console, shell);
            the_relay_goes_away(&console, shell);
            assert!(!tanaka_has_an_office(&tanaka.config));
        },
    );
}

/// The card is pulled: nothing stays in sight, and the same card and password go on where it was left.
fn the_screen_locks_with_the_card(console: &Console, shell: &Shell) {
    shell.tray("remove 0");
    console.sees("職員カードが抜かれたので").no_more("library");
    shell.tray("insert 0 staff-0004");
    console.sees("あと 5 回");
    console.text(&shell.password("0004")).key(Key::Enter);
    console.sees_all(&["中継の運用者 tanaka", "library"]);
}

/// The second operator compares and approves.
fn approves(console: &Console, sha256: &str) {
    let pointed = |screen: &str| screen.lines().find(|line| line.contains('▸')).map(str::to_owned);
    // The list is in the order of the addresses: others may stand before it.
    loop {
        let chosen = console.until("a partner chosen", |screen| screen.contains('▸'));
        let here = pointed(&chosen);
        if here.as_ref().is_some_and(|line| line.contains("library")) {
            break;
        }
        console
            .key(Key::Down)
            .until("the next chosen", |screen| pointed(screen) != here);
    }
    console
        .key(Key::Enter)
        .sees_all(&["連携先のくわしいこと", "→ 二人目が承認"]);
    console.key(Key::Enter).sees("●●●●●●●●");
    console
        .text("00000000")
        .key(Key::Enter)
        .sees("違います。承認していません");
    for _ in 0..8 {
        console.text("\u{7f}");
    }
    console.no_more("00000000");
    console.text(&sha256[56..]).key(Key::Enter);
    console.sees_all(&["承認しました", "試行中", "試しにログイン"]);
}

/// An empty name keeps it off; mended, it goes on without single logout by a decision.
fn tries_it(console: &Console) {
    console.key(Key::Enter).sees("仮名は、どうでし");
    console.key(Key::Down).sees("▸ (●) 2度とも");
    console.key(Key::Down).sees("▸ (●) 来るたびに");
    console.key(Key::Down).sees("▸ (●) 仮名が空");
    console.key(Key::Enter).sees("EncryptedID を読めません");
    console.key(Key::Enter).sees("仮名は、どうでし");
    console.key(Key::Down).sees("▸ (●) 2度とも");
    console.key(Key::Enter).sees("→ 試しにログアウト");
    console.text("w").sees("単一ログアウト無しで続けます");
    console.text("先方の改修は来春").key(Key::Enter).sees("→ 稼働できる");
    console.key(Key::Enter).sees_all(&["稼働させました", "稼働中"]);
    // What is agreed with it: seen, and changed.
    console.text("l").sees("Assertion (30〜600秒)");
    console.text("0").key(Key::Enter).sees("決まりの幅の中");
    console.text("\u{15}60").key(Key::Enter).sees("Assertion 60秒");
    console.text("e").sees("AES-CBC");
    console.text(" ").sees("[✓] AES-CBC");
    for _ in 0..3 {
        console.key(Key::Down);
    }
    console.sees("▸ 理由");
    console.text("先方は CBC だけ").key(Key::Enter).sees("記録しました");
    console.sees("AES-CBC の暗号文を受け取る");
}

/// The blind half dies, then the front: both stand on the screen, with what to do.
fn the_relay_goes_away(console: &Console, shell: &Shell) {
    ends(shell, "blind");
    console.sees_all(&["目隠し側が答えません", "目隠し側!"]);
    the_offices_doctor_says(shell, "△ 目隠し側: 目隠し側が答えません");
    ends(shell, "relay");
    console.sees_all(&["中継が答えません", "前段!"]);
    the_offices_doctor_says(shell, "△ 中継: 中継が答えません");
    console.key(Key::F(5)).sees("admin_url");
    // What was read before is still there to be looked at.
    console.sees("library");
}

/// The office hears of it too, and its clerks can go on.
fn the_offices_doctor_says(shell: &Shell, words: &str) {
    let doctor = shell.run("doctor", &["--lang", "ja"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    assert!(doctor.stdout.contains(words), "{words}: {}", doctor.stdout);
}

fn ends(shell: &Shell, program: &str) {
    let number = fs::read_to_string(shell.home().join(format!("run/{program}.pid"))).unwrap();
    let process = Pid::from_raw(number.trim().parse().unwrap()).unwrap();
    kill_process(process, Signal::TERM).unwrap();
}

fn tanaka_has_an_office(config: &str) -> bool {
    let config = fs::read_to_string(config).unwrap();
    ["[database]", "[seal]", "[city]", "[authority]"]
        .iter()
        .any(|section| config.contains(section))
        || !config.contains("[relay_operator]")
        || config.contains(MY_PAGE)
}
