//! The program itself: its mistakes told before it starts, its log, its end.

use std::{
    fs::{self, File},
    process::{Child, Command},
    time::Duration,
};

use portal_kit::client;
use relay::testing::{Browser, Relay, rig::front_program};

use crate::{name, relay_with_two};

/// The front as a process of its own.
pub struct Process {
    child: Child,
    log: std::path::PathBuf,
}

impl Process {
    /// Starts the program with the rig's configuration and waits until it answers.
    pub async fn start(relay: &Relay) -> Self {
        let log = relay.path().join("front.log");
        let child = Command::new(front_program())
            .arg("--config")
            .arg(relay.config_file())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let process = Self { child, log };
        let client = client::client(relay.authority.roots(), None, Duration::from_secs(5)).unwrap();
        for _ in 0..200 {
            if client.get(relay.at("/saml/metadata")).send().await.is_ok() {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not start: {}", process.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Ends it without asking, as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has; its log.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_nothing_in_common_but_the_database_serve_one_sign_in_and_neither_log_tells_who() {
    let (mut relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    relay.stop_front().await;
    let first = Process::start(&relay).await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let mut log = first.stop();
    let second = Process::start(&relay).await;
    let browser = browser.change_card(&relay, &card);
    let answer = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    let at_clinic = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    let at_school = browser.sign_in(&relay, &school).await;
    log.push_str(&second.stop());
    assert!(log.contains("answered") && log.contains("listening"), "{log}");
    let hash = hex::encode(relay_core::saml::fingerprint(&card.certificate));
    let cookie = browser.cookie("__Host-session").unwrap();
    for canary in [&name(&at_clinic).value, &name(&at_school).value, &hash, &cookie] {
        assert!(!log.contains(canary.as_str()), "{canary} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_its_file_is_told_with_its_line_before_anything_starts() {
    let relay = Relay::start().await;
    let good = fs::read_to_string(relay.config_file()).unwrap();
    let bad = good
        .replace("domain = \"429996\"", "domian = \"429996\"")
        .replace("oid_arc", "oid_arcs");
    let file = relay.path().join("bad.toml");
    fs::write(&file, &bad).unwrap();
    let check = |file: &std::path::Path| {
        Command::new(front_program())
            .args(["--check", "--config"])
            .arg(file)
            .output()
            .unwrap()
    };
    assert!(check(&relay.config_file()).status.success());
    let told = check(&file);
    assert_eq!(told.status.code(), Some(2));
    let told = String::from_utf8(told.stderr).unwrap();
    for wrong in ["domian", "oid_arcs"] {
        let line = bad.lines().position(|line| line.starts_with(wrong)).unwrap() + 1;
        assert!(told.contains(&format!("bad.toml:{line}:")), "{told}");
    }
}
