//! What an administrator takes from this repository: the units for systemd, and the scripts with their usage.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts")
}

/// Units that stand beside one another as in `/etc/systemd/system`, with a program that is there.
fn units() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for entry in fs::read_dir(scripts().join("systemd")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "rules") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let unit = folder.path().join(path.file_name().unwrap());
        let program = env!("CARGO_BIN_EXE_madoguchi");
        fs::write(&unit, text.replace("/usr/local/bin/madoguchi", program)).unwrap();
        units.push(unit);
    }
    (folder, units)
}

fn verified(units: &[PathBuf]) -> String {
    let read = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(units)
        .output();
    let read = read.expect("systemd-analyze is in Debian's package systemd");
    let mut said = String::from_utf8_lossy(&read.stderr).into_owned();
    if !read.status.success() {
        said.push_str("refused");
    }
    said
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let (_folder, units) = units();
    assert_eq!(units.len(), 8);
    assert_eq!(verified(&units), "");
    // A misspelt key is passed over in silence by the machine, and told here.
    let text = fs::read_to_string(&units[0]).unwrap();
    fs::write(&units[0], text.replacen("[Unit]\n", "[Unit]\nDescripton=x\n", 1)).unwrap();
    assert!(verified(&units).contains("Descripton"));
}

#[test]
fn the_units_keep_what_they_keep_where_the_manual_puts_it() {
    let manual = scripts().join("../manuals/administrator/README.md");
    let manual = fs::read_to_string(manual).unwrap();
    let mut homes = 0;
    for unit in units().1 {
        let text = fs::read_to_string(unit).unwrap();
        for line in text.lines().filter(|line| line.starts_with("Environment=")) {
            let home = line
                .split(['=', ' '])
                .skip_while(|word| *word != "MADOGUCHI_HOME")
                .nth(1)
                .unwrap();
            assert!(manual.contains(&format!("MADOGUCHI_HOME={home} ")), "{home}");
            homes += 1;
        }
    }
    assert_eq!(homes, 5);
}

/// What a unit does when its program dies.
#[test]
fn what_must_stay_up_is_started_again_and_what_hangs_is_ended() {
    let of = |name: &str| fs::read_to_string(scripts().join("systemd").join(name)).unwrap();
    let database = of("madoguchi.service");
    assert!(database.contains("\nRestart=on-failure\n") && database.contains("\nType=notify\n"));
    let dispatch = of("madoguchi-dispatch.service");
    assert!(dispatch.contains("\nRestart=always\n") && dispatch.contains("\nWatchdogSec="));
    // Without a limit a machine that cannot run it would be kept busy for ever, and nobody told.
    for unit in [database, dispatch] {
        assert!(unit.contains("\nStartLimitBurst="));
    }
}

fn asked_for_help(script: &Path) -> Output {
    Command::new(script).arg("--help").output().unwrap()
}

#[test]
fn every_script_says_what_it_is_for_when_asked_and_does_nothing() {
    let mut asked = 0;
    for entry in fs::read_dir(scripts()).unwrap() {
        let script = entry.unwrap().path();
        if !script.is_file() {
            continue;
        }
        let help = asked_for_help(&script);
        let name = script.file_name().unwrap().to_str().unwrap();
        let said = String::from_utf8_lossy(&help.stdout);
        assert!(
            help.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&help.stderr)
        );
        assert!(
            said.lines().count() >= 2 && said.contains(&format!("scripts/{name}")),
            "{name}: {said}"
        );
        assert_eq!(String::from_utf8_lossy(&help.stderr), "", "{name}");
        asked += 1;
    }
    assert!(asked >= 9);
}

#[test]
fn a_purpose_that_no_package_is_listed_for_is_told_and_nothing_is_installed() {
    let asked = Command::new(scripts().join("packages")).arg("biuld").output().unwrap();
    assert_eq!(asked.status.code(), Some(2));
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(said.contains("biuld") && said.contains("build demo run test"), "{said}");
}
