//! A run of notices on paper, from the keyboard: counted, released by two, made, printed, posted, and one letter that came back.

use std::{fs, process::Command};

use crate::{
    clerk::{Clerk, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
};

/// Letters in a bundle: a small city has several.
const BUNDLE: u64 = 20;

#[test]
fn a_run_killed_in_the_middle_goes_on_and_waits_for_a_printer_that_is_gone() {
    with_a_card_service(
        "notices::a_run_killed_in_the_middle_goes_on_and_waits_for_a_printer_that_is_gone",
        |shell| {
            set_up(shell);
            let paper = format!("[paper]\nprinter = \"ipp://127.0.0.1:9/ipp/print\"\nbundle = {BUNDLE}");
            shell.configure("[paper]", &paper);
            let counted = shell.must("notices run medical-expenses --dry-run --json", &[]).json();
            let letters = counted["recipients"].as_u64().unwrap();
            assert!(letters > BUNDLE, "{counted}");

            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            clerk.console.text("t").sees("発送はまだありません");
            clerk.console.text("n").sees("どの通知を");
            let names = shell.must("notices list", &[]).stdout;
            // Those that need something said for the run are not offered on the screen.
            let offered = names
                .lines()
                .filter(|name| !["city-notice", "interruption"].contains(name));
            for _ in offered.take_while(|name| *name != "medical-expenses") {
                clerk.console.key(Key::Down);
            }
            clerk.console.key(Key::Enter).sees("数えました");
            clerk.console.sees(&format!("{letters} 通"));
            clerk.console.key(Key::Enter).sees("一人目の承認を記録しました");
            clerk.console.key(Key::Enter).sees("あなたはもう承認しています");
            drop(clerk);
            shell.tray("remove 0");

            // A console that was killed in the middle of a run left a part of a bundle, and a whole one that nobody recorded.
            let folder = shell.home().join("paper/notices/run-000001");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("bundle-0001.part"), b"half a bundle").unwrap();
            fs::write(folder.join("bundle-0002.pdf"), b"not what is recorded").unwrap();

            let second = Clerk::sits_down(shell, Terminal::SMALL);
            second.logs_in("0002");
            second.console.text("t").sees("二人目の承認を待つ");
            second.console.key(Key::Enter).sees("二人の承認がそろいました");
            second.console.key(Key::Enter).sees("終わりました");
            second.console.key(Key::Enter).sees("印刷機が答えません");
            second.console.sees("印刷する");

            let bundles: Vec<_> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            assert_eq!(bundles.len() as u64, letters.div_ceil(BUNDLE));
            let mut read = 0;
            for bundle in &bundles {
                let text = Command::new("pdftotext")
                    .arg("-raw")
                    .arg(bundle)
                    .arg("-")
                    .output()
                    .unwrap()
                    .stdout;
                let text = String::from_utf8(text).unwrap();
                assert!(text.contains("束の表紙"), "{text}");
                read += text.lines().filter(|line| *line == "医療費のお知らせ").count() - 1;
            }
            assert_eq!(read as u64, letters, "every letter once");
            assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);
        },
    );
}
