//! The program as one uses it by hand: a tray in one process, hands in others.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_virtual-card");

/// A running tray, ended when the test is.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already when the test asked it to.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn hand(folder: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(words)
        .env("VIRTUAL_CARD_SOCKET", folder.join("tray.sock"))
        .output()
        .unwrap()
}

fn good(folder: &Path, words: &[&str]) -> String {
    let output = hand(folder, words);
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn start(folder: &Path) -> Running {
    let mut tray = Command::new(PROGRAM)
        .args([
            "tray",
            "--cards",
            "cards",
            "--master",
            "card.master",
            "--socket",
            "tray.sock",
        ])
        .args(["--slot", "127.0.0.1:9", "--slot", "127.0.0.1:9"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(tray.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("the tray takes requests"), "{line}");
    Running(tray)
}

#[test]
fn a_tray_is_started_used_and_ended_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refusal = hand(folder, &["list"]);
    assert!(!refusal.status.success());
    assert!(String::from_utf8_lossy(&refusal.stderr).contains("no tray answers"));

    let master = folder.join("card.master");
    let master = master.to_str().unwrap();
    good(folder, &["master", master]);
    assert!(
        !hand(folder, &["master", master]).status.success(),
        "a master is never overwritten"
    );

    let mut tray = start(folder);
    good(folder, &["new", "staff-1"]);
    assert!(good(folder, &["new"]).starts_with("blank-1  "));
    assert_eq!(good(folder, &["insert", "1", "staff-1"]), "staff-1 is in slot 1\n");
    let list = good(folder, &["list"]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[1].starts_with("staff-1  ") && lines[1].ends_with("  blank  1"),
        "{list}"
    );
    good(folder, &["cut", "1", "after", "20", "bytes"]);
    good(folder, &["hold", "1", "d6"]);
    assert!(
        good(folder, &["status"]).contains("waiting"),
        "nothing listens at that port"
    );
    let refusal = hand(folder, &["insert", "1", "blank-1"]);
    assert_eq!(refusal.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&refusal.stderr),
        "virtual-card: slot 1 holds staff-1; remove it first\n"
    );

    // A second tray at the same socket is refused; a killed one's socket is taken over.
    let second = Command::new(PROGRAM)
        .args([
            "tray",
            "--cards",
            "cards",
            "--master",
            "card.master",
            "--socket",
            "tray.sock",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&second.stderr).contains("another tray answers"));
    tray.0.kill().unwrap();
    tray.0.wait().unwrap();
    let mut tray = start(folder);
    assert_eq!(good(folder, &["list"]).lines().count(), 2);
    good(folder, &["stop"]);
    assert!(tray.0.wait().unwrap().success());
    assert!(!folder.join("tray.sock").exists());
}

#[test]
fn without_a_master_there_are_no_blanks() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args([
            "tray",
            "--cards",
            "cards",
            "--master",
            "nowhere",
            "--socket",
            "tray.sock",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere"));
}
