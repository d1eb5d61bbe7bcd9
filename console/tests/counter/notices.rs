//! A run of notices on paper, from the keyboard: counted, released by two, made, printed, posted, and one letter that came back.
//! The printer is CUPS's, on loopback.

use std::{fs, path::Path, process::Command};

use crate::{
    clerk::{Clerk, set_up},
    screen::{Key, Terminal},
    shell::{Shell, with_a_card_service},
};

/// Letters in a bundle: a small city has several.
const BUNDLE: u64 = 20;

/// What the printer kept, each as run-bundle-attempt, in the order of its jobs.
fn printed(shell: &Shell) -> Vec<String> {
    let folder = fs::read_dir(shell.home().join("printer")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut jobs: Vec<(u32, String)> = names
        .filter_map(|name| {
            let (job, name) = name.strip_suffix(".pdf")?.split_once('-')?;
            Some((job.parse().ok()?, name.to_owned()))
        })
        .collect();
    jobs.sort();
    jobs.into_iter().map(|(_, name)| name).collect()
}

fn text_of(pdf: &Path) -> String {
    let text = Command::new("pdftotext")
        .arg("-raw")
        .arg(pdf)
        .arg("-")
        .output()
        .unwrap();
    String::from_utf8(text.stdout).unwrap()
}

/// A program of the set-up ends in the middle of whatever it does.
fn killed(shell: &Shell, program: &str) {
    let record = fs::read_to_string(shell.home().join(format!("run/{program}.process"))).unwrap();
    let number: i32 = record.split(' ').next().unwrap().parse().unwrap();
    let process = rustix::process::Pid::from_raw(number).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_run_goes_from_counting_to_what_comes_back_and_no_bundle_is_lost_or_printed_twice() {
    with_a_card_service(
        "notices::a_run_goes_from_counting_to_what_comes_back_and_no_bundle_is_lost_or_printed_twice",
        |shell| {
            set_up(shell);
            shell.configure("[paper]", &format!("[paper]\nbundle = {BUNDLE}"));
            let counted = shell.must("notices run medical-expenses --dry-run --json", &[]).json();
            let letters = counted["recipients"].as_u64().unwrap();
            let bundles = letters.div_ceil(BUNDLE);
            assert!(bundles >= 3, "{counted}");

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
            second.console.text("s").sees("見本を書きました");
            let samples = text_of(&folder.join("samples.pdf"));
            let pages = samples.lines().filter(|line| *line == "医療費のお知らせ").count();
            assert!((2..=5).contains(&pages) && samples.contains("1-1-"), "{samples}");
            second.console.key(Key::Enter).sees("二人の承認がそろいました");
            fs::remove_file(folder.join("samples.pdf")).unwrap();
            second.console.key(Key::Enter).sees("終わりました");
            let made: Vec<_> = fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            assert_eq!(made.len() as u64, bundles);
            let mut read = 0;
            for bundle in &made {
                let text = text_of(bundle);
                assert!(text.contains("束の表紙"), "{text}");
                read += text.lines().filter(|line| *line == "医療費のお知らせ").count() - 1;
            }
            assert_eq!(read as u64, letters, "every letter once");

            // The first bundle's file is not at this desk: it is made again, the same. The printer has no paper, and the console is
            // killed while it waits.
            let first = fs::read(folder.join("bundle-0001.pdf")).unwrap();
            fs::remove_file(folder.join("bundle-0001.pdf")).unwrap();
            let no_paper = shell.home().join("printer/out-of-paper");
            fs::write(&no_paper, b"").unwrap();
            second.console.key(Key::Enter).sees("用紙がありません");
            second.console.sees("印刷の結果待ち");
            second.console.power_cut();
            assert_eq!(fs::read(folder.join("bundle-0001.pdf")).unwrap(), first);
            shell.tray("remove 0");
            let second = Clerk::sits_down(shell, Terminal::SMALL);
            second.logs_in("0002");
            second.console.text("t").sees("印刷の結果待ち");
            fs::remove_file(&no_paper).unwrap();
            second.console.key(Key::Enter).sees("終わりました");
            let expected: Vec<_> = (1..=bundles).map(|bundle| format!("1-{bundle}-1")).collect();
            assert_eq!(printed(shell), expected, "each bundle once");
            for (job, bundle) in (1..=bundles).enumerate() {
                let kept = shell.home().join(format!("printer/{}-1-{bundle}-1.pdf", job + 1));
                let made = folder.join(format!("bundle-{bundle:04}.pdf"));
                assert!(
                    fs::read(kept).unwrap() == fs::read(made).unwrap(),
                    "bundle {bundle} to the byte"
                );
            }
            second.console.key(Key::Enter).sees("差し出したことを記録します");
            second.console.key(Key::Enter).sees("差し出した");

            // One letter comes back. Its number is mistyped first.
            let text = text_of(&folder.join("bundle-0001.pdf"));
            let foot = text
                .split_whitespace()
                .find(|word| word.starts_with("1-3-"))
                .unwrap()
                .to_owned();
            second.console.text("r").sees("宛所不明などで戻った");
            second
                .console
                .text(&foot.replacen("-3-", "-4-", 1))
                .key(Key::Enter)
                .sees("番号が違います");
            second.console.key(Key::Esc).sees("3 束のうち");
            second.console.text("r").sees("宛所不明などで戻った");
            second
                .console
                .text(&foot)
                .key(Key::Enter)
                .sees("手もとの封筒のあて名と同じか");
            second.console.key(Key::Enter).sees("戻った通知を記録しました");
            assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);
        },
    );
}

#[test]
fn out_of_paper_waits_for_paper_and_a_printer_gone_in_mid_job_is_asked_before_a_person_is() {
    with_a_card_service(
        "notices::out_of_paper_waits_for_paper_and_a_printer_gone_in_mid_job_is_asked_before_a_person_is",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk.logs_in("0001");
            clerk.console.text("t").sees("発送はまだありません");
            clerk.console.text("n").sees("どの通知を");
            let names = shell.must("notices list", &[]).stdout;
            let offered = names
                .lines()
                .filter(|name| !["city-notice", "interruption"].contains(name));
            for _ in offered.take_while(|name| *name != "medical-expenses") {
                clerk.console.key(Key::Down);
            }
            clerk.console.key(Key::Enter).sees("数えました");
            clerk.console.key(Key::Enter).sees("一人目の承認を記録しました");
            drop(clerk);
            shell.tray("remove 0");
            let second = Clerk::sits_down(shell, Terminal::SMALL);
            second.logs_in("0002");
            second.console.text("t").sees("二人目の承認を待つ");
            second.console.key(Key::Enter).sees("二人の承認がそろいました");
            second.console.key(Key::Enter).sees("終わりました");

            // Gone before anything was sent: nothing is on its way, and it is simply sent later.
            killed(shell, "printer");
            second.console.key(Key::Enter).sees("印刷機が答えません");
            // And back, with nobody who would start it again by himself.
            let up = || {
                shell.must("up", &[]);
                killed(shell, "supervisor");
            };
            up();
            // Gone in mid-job: whether the rest came out nobody knows, and it is not sent again.
            let no_paper = shell.home().join("printer/out-of-paper");
            fs::write(&no_paper, b"").unwrap();
            second.console.key(Key::Enter).sees("用紙がありません");
            killed(shell, "printer");
            second.console.key(Key::Enter).sees("答えなくなりました");
            fs::remove_file(&no_paper).unwrap();
            up();
            second.console.key(Key::Enter).sees("u で答えてください");
            assert_eq!(printed(shell), ["1-1-2"], "sent once");
            second.console.text("u").sees("印刷機のところで");
            second.console.text("2").sees("記録しました");
            second.console.key(Key::Enter).sees("終わりました");
            second.console.sees("差し出す");
        },
    );
}
