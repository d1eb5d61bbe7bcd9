//! What keeps a set-up running, and takes its records to a newer PostgreSQL.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use store::cluster::{Cluster, ClusterStatus, Programs};

use super::shell::{Shell, with_a_card_service, with_a_card_service_and_a_relay};

const PATIENCE: Duration = Duration::from_secs(90);

/// Asks for the status until `holds`.
fn status_until(shell: &Shell, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let status = shell.run("status --json", &[]).json();
        if holds(&status) {
            return status;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {status:#}");
    }
}

fn kill(number: i64) {
    kill_process(Pid::from_raw(number as i32).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn what_dies_in_a_demonstration_is_started_again_and_said() {
    let name = "set_up::upkeep::what_dies_in_a_demonstration_is_started_again_and_said";
    with_a_card_service_and_a_relay(name, |shell| {
        shell.must("setup --demo --relay --rows", &["60"]);
        shell.must("up", &[]);
        let all_up = |status: &Value| {
            let programs = status["programs"].as_object().unwrap();
            // Among them a provider of records for each of four offices, and a clinic.
            programs.len() == 15 && programs.values().all(|up| *up == true)
        };
        let status = status_until(shell, "all of it runs", all_up);
        assert!(status["supervisor"].is_i64(), "{status}");
        let front: i64 = fs::read_to_string(shell.home().join("run/relay.pid"))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let printer = fs::read_to_string(shell.home().join("run/printer.process")).unwrap();
        for number in [
            status["database"].as_i64().unwrap(),
            status["dispatch"].as_i64().unwrap(),
            front,
            printer.split(' ').next().unwrap().parse().unwrap(),
        ] {
            kill(number);
        }
        let status = status_until(shell, "all of it runs again", |status| {
            let again = &status["started_again"];
            let said = ["database", "dispatch", "relay", "printer"]
                .iter()
                .all(|name| again[name]["started"].as_u64() >= Some(1));
            all_up(status) && said && status["outbox"]["carried"] == true
        });
        assert_eq!(status["started_again"].get("tray"), None, "{status}");
        let told = shell.must("status", &[]).stdout;
        assert!(told.contains("回起こし直しました"), "{told}");

        // Whoever stops it means it.
        shell.must("down", &[]);
        let status = shell.run("status --json", &[]).json();
        assert!(
            status["supervisor"].is_null() && status["database"].is_null(),
            "{status}"
        );
    });
}

/// A PostgreSQL newer than the records': `MADOGUCHI_OTHER_POSTGRES` names the folder of its programs. Without one, the
/// records are taken over by their own version, which goes the same way.
fn other_programs() -> PathBuf {
    match std::env::var_os("MADOGUCHI_OTHER_POSTGRES") {
        Some(folder) => folder.into(),
        None => Programs::find(None).unwrap().folder,
    }
}

#[test]
fn records_are_taken_over_by_another_postgresql_and_back() {
    with_a_card_service(
        "set_up::upkeep::records_are_taken_over_by_another_postgresql_and_back",
        |shell| {
            let programs = other_programs();
            shell.must("setup --demo --rows", &["200"]);
            let staff = shell.must("staff list --json", &[]).json();
            let events = shell.must("audit verify --json", &[]).json()["checked"]
                .as_u64()
                .unwrap();
            let cluster = Cluster::at(shell.home().join("postgres"));
            let before = cluster.data_folder().unwrap();
            let wrote = cluster.versions().unwrap().wrote;

            let asked = shell.run("upgrade-records --programs", &[programs.to_str().unwrap()]);
            assert_eq!(asked.code, 1, "nobody agreed");
            let run = |words: &str, more: &[&str]| {
                let answer = shell.run_with_path(&programs, words, more);
                assert_eq!(answer.code, 0, "{words}: {}{}", answer.stdout, answer.stderr);
                answer
            };
            run("upgrade-records --force --programs", &[programs.to_str().unwrap()]);
            let after = cluster.data_folder().unwrap();
            assert_ne!(after, before);
            assert!(before.join("PG_VERSION").exists(), "the way back");
            let major = Programs::at(&programs).unwrap().major;
            assert_eq!(
                fs::read_to_string(after.join("PG_VERSION")).unwrap().trim(),
                major.to_string()
            );
            assert!(major >= wrote);
            run("up", &[]);
            assert_eq!(run("doctor --json", &[]).json()["ok"], true);
            assert_eq!(run("staff list --json", &[]).json(), staff);
            let verified = run("audit verify --json", &[]).json();
            assert!(
                verified["ok"] == true && verified["checked"].as_u64().unwrap() >= events,
                "{verified}"
            );

            run("upgrade-records --back --force", &[]);
            assert_eq!(cluster.data_folder().unwrap(), before);
            shell.must("up", &[]);
            assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
            shell.must("upgrade-records --forget-previous --force", &[]);
            assert!(!after.exists());
            let none = shell.run("upgrade-records --back --force", &[]);
            assert_eq!(none.code, 1);
            assert!(none.stderr.contains("残っていません"), "{}", none.stderr);
        },
    );
}

#[test]
fn a_taking_over_that_is_cut_off_leaves_the_records_where_they_were() {
    let name = "set_up::upkeep::a_taking_over_that_is_cut_off_leaves_the_records_where_they_were";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["200"]);
        let programs = Programs::find(None).unwrap().folder.display().to_string();
        let upgrade = ["--programs", programs.as_str()];
        let cluster = Cluster::at(shell.home().join("postgres"));
        let before = cluster.data_folder().unwrap();
        let mut taking = shell.talk("upgrade-records --force", &upgrade);
        taking.waits_for("監査記録を先端と比べる");
        taking.interrupt();
        assert_eq!(taking.ends(), 1);
        let mut taking = shell.talk("upgrade-records --force", &upgrade);
        taking.waits_for("監査記録を先端と比べる");
        // The old server is up, where nobody finds it.
        let began = Instant::now();
        while !listens_elsewhere(&before) {
            assert!(began.elapsed() < PATIENCE);
        }
        taking.cut_off();
        assert_eq!(cluster.status().unwrap(), ClusterStatus::Stopped);
        assert_eq!(cluster.data_folder().unwrap(), before);
        shell.must("up", &[]);
        assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
        assert_eq!(shell.must("audit verify --json", &[]).json()["ok"], true);
    });
}

/// Whether a server of `data` listens beside the place where everybody looks.
fn listens_elsewhere(data: &Path) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines().nth(3).is_some_and(|port| port.trim() != "5432")
}

#[test]
fn records_of_a_version_that_is_not_installed_say_so_with_both_ways_on() {
    let name = "set_up::upkeep::records_of_a_version_that_is_not_installed_say_so_with_both_ways_on";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["20"]);
        shell.must("down", &[]);
        let data = Cluster::at(shell.home().join("postgres")).data_folder().unwrap();
        let version = data.join("PG_VERSION");
        let written = fs::read(&version).unwrap();
        fs::write(&version, "9\n").unwrap();
        for command in ["up", "upgrade-records --force", "setup --demo"] {
            let refused = shell.run(command, &[]);
            assert_eq!(refused.code, 1, "{command}");
            for words in [
                "PostgreSQL 9 が書いた",
                "upgrade-records",
                "madoguchi restore",
                "postgresql-9",
            ] {
                assert!(refused.stderr.contains(words), "{command}: {}", refused.stderr);
            }
        }
        let doctor = shell.run("doctor", &[]);
        assert!(
            doctor.code == 1 && doctor.stdout.contains("PostgreSQL 9 が書いた"),
            "{}",
            doctor.stdout
        );
        fs::write(&version, written).unwrap();
        shell.must("up", &[]);
    });
}

#[test]
fn a_database_in_the_foreground_is_the_same_one_and_ends_when_it_is_told_to() {
    let name = "set_up::upkeep::a_database_in_the_foreground_is_the_same_one_and_ends_when_it_is_told_to";
    with_a_card_service(name, |shell| {
        shell.must("setup --demo --rows", &["20"]);
        shell.must("down", &[]);
        let mut serving = shell.talk("run-database", &[]);
        status_until(shell, "the database runs", |status| status["database"].is_i64());
        shell.must("up", &[]);
        assert_eq!(shell.must("doctor --json", &[]).json()["ok"], true);
        serving.interrupt();
        assert_eq!(serving.ends(), 0);
        assert!(shell.run("status --json", &[]).json()["database"].is_null());
    });
}

/// A service that hangs is named, and nobody waits for it longer than five seconds.
#[test]
fn a_card_service_that_hangs_is_named_by_doctor_and_status() {
    with_a_card_service(
        "set_up::upkeep::a_card_service_that_hangs_is_named_by_doctor_and_status",
        |shell| {
            shell.must("setup --demo --rows", &["20"]);
            card_service("hang");
            let began = Instant::now();
            let status = shell.run("status", &[]);
            let took = began.elapsed();
            card_service("wake");
            assert!(
                status.code == 1 && status.stdout.contains("pcscd)が答えません"),
                "{}",
                status.stdout
            );
            assert!(took < Duration::from_secs(5), "{took:?}");
            card_service("hang");
            let began = Instant::now();
            let shown = shell.run("card show --reader", &["Virtual PCD 00 01"]);
            assert!(
                shown.code == 1 && shown.stderr.contains("pcscd)が答えません"),
                "{}",
                shown.stderr
            );
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
            let doctor = shell.run("doctor", &[]);
            card_service("wake");
            assert!(
                doctor.code == 1 && doctor.stdout.contains("動いていますが、答えません"),
                "{}",
                doctor.stdout
            );
            let began = Instant::now();
            while shell.run("doctor --json", &[]).json()["ok"] != true {
                assert!(began.elapsed() < PATIENCE);
            }
        },
    );
}

/// What a hand does with the card service.
pub fn card_service(what: &str) {
    let control = std::env::var_os("WITH_PCSCD_CONTROL").unwrap();
    fs::write(Path::new(&control), format!("{what}\n")).unwrap();
    // The service's keeper looks every third of a second: wait until it did.
    let began = Instant::now();
    let answers = || card::Readers::list_within(Duration::from_millis(700)).is_ok();
    while answers() == (what == "hang") {
        assert!(began.elapsed() < PATIENCE, "{what}");
    }
}
