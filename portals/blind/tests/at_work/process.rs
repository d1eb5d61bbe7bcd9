//! The real process: who is let in, what it says, what its commands do.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use relay_core::{
    clock::SystemClock,
    envelope::{Kind, Letter, orders::Finished},
};
use serde_json::Value;

use crate::scene::{CLINIC, Scene, read_by, scene, service};

/// The process, and where its log goes.
pub struct Process {
    child: Child,
    pub address: String,
    log: std::path::PathBuf,
}

impl Process {
    pub fn start(scene: &Scene) -> Self {
        let log = scene.path().join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
            .args(["serve", "--config"])
            .arg(scene.config_file())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening at ").unwrap_or_else(|| {
            panic!("it did not start: {}", std::fs::read_to_string(&log).unwrap());
        });
        Self {
            address: address.to_owned(),
            child,
            log,
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) -> String {
        self.signal("-TERM");
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

/// Posts an envelope as the front; the status and the body.
pub async fn post(scene: &Scene, process: &Process, path: &str, envelope: &str) -> (u16, String) {
    let client = portal_kit::client::client(
        scene.authority.roots(),
        Some(&scene.front_tls.identity),
        Duration::from_secs(20),
    )
    .unwrap();
    let url = format!("https://{}{path}", process.address);
    let answer = client.post(url).body(envelope.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The scene's clock stands still; a process has its own.
pub fn sealed_now<B: serde::Serialize>(scene: &mut Scene, kind: Kind, body: &B) -> String {
    let letter = Letter::new(&scene.blind_party, kind, body);
    scene
        .front_key
        .seal(&letter, &SystemClock, &mut relay_core::chance::OsChance)
        .text
}

#[tokio::test]
async fn only_the_fronts_own_certificate_comes_in() {
    let scene = scene().await;
    let process = Process::start(&scene);
    let url = format!("https://{}/state", process.address);
    let ask = async |identity| {
        let client = portal_kit::client::client(scene.authority.roots(), identity, Duration::from_secs(20)).unwrap();
        client.get(&url).send().await
    };
    let state = ask(Some(&scene.front_tls.identity))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!(
        (&state["services"], &state["editions"]),
        (&2.into(), &serde_json::json!([1]))
    );
    // Another client of the very same authority, and one without a certificate.
    let neighbour = scene.authority.client("relay-front");
    assert!(ask(Some(&neighbour.identity)).await.is_err());
    assert!(ask(None).await.is_err());
    process.stop();
}

#[tokio::test]
async fn a_sign_in_goes_through_the_real_process_and_problems_bear_their_code() {
    let mut scene = scene().await;
    let process = Process::start(&scene);
    let stored = scene.register(1, 0);
    let order = scene.order(&stored, &service(CLINIC));
    let envelope = sealed_now(&mut scene, Kind::Finish, &order);
    let (status, answer) = post(&scene, &process, "/finish", &envelope).await;
    assert_eq!(status, 200, "{answer}");
    let reader = scene.front_key.party();
    let finished = scene
        .trusted
        .open::<Finished>(&answer, Kind::Finished, reader, &SystemClock)
        .unwrap()
        .body;
    assert_eq!(read_by(&service(CLINIC), &finished.encrypted_id).value.len(), 43);

    let (status, problem) = post(&scene, &process, "/finish", &envelope).await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((status, &problem["code"]), (409, &"envelope.replayed".into()));
    let (status, problem) = post(&scene, &process, "/shares", &envelope).await;
    assert_eq!((status, problem.contains("envelope.other_kind")), (403, true));

    let log = process.stop();
    // Refused envelopes are not in the log of orders; they are counted, those of the last seconds too.
    let told = Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
        .args(["refusals", "--config"])
        .arg(scene.config_file())
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    for row in [",finish,envelope.replayed,1\n", ",share,envelope.other_kind,1\n"] {
        assert!(told.contains(row), "{told}");
    }
    assert!(
        log.contains(&finished.blob_sha256),
        "what was handed out is named by its hash"
    );
    assert!(log.contains("\"code\":\"envelope.replayed\""), "{log}");
}

#[test]
fn a_configuration_with_mistakes_is_told_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blind.toml");
    std::fs::write(&file, "[listen]\naddress = \"nowhere\"\n").unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
        .args(["serve", "--config"])
        .arg(&file)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success());
    assert!(said.contains("blind.toml:2: `listen.address`"), "{said}");
    assert!(said.lines().count() > 5, "every mistake at once: {said}");
}

#[test]
fn the_escrow_drill_is_passed_and_leaves_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
        .args(["escrow", "drill", "--folder"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    assert!(done.status.success() && said.contains("The drill is passed"), "{said}");
    assert_eq!(
        std::fs::read_dir(folder.path().join("sheets-blind-1")).unwrap().count(),
        5
    );
}
