//! A card that two people end: how soon everybody who may ask hears of it. The list and the answers are fetched where every
//! certificate says, and openssl judges them; the relay's front knows it by its own look-up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use relay_core::clock::{Clock as _, SystemClock};
use time::OffsetDateTime;

use crate::{
    my_page::{Front, a_card_is_handed_over},
    screen::Key,
    shell::with_a_card_service_and_a_relay,
    two::{agrees, swaps_in_the_second},
};

/// The promise is one second; a test's machine is busy with other tests.
const SOON: Duration = Duration::from_secs(2);
/// Only a failing test waits for it.
const LONG: Duration = Duration::from_secs(60);

/// Where things are published, as anybody outside the office sees it.
struct Stranger {
    home: PathBuf,
    responder: String,
    list: String,
    serial: String,
}

impl Stranger {
    fn certificate(&self, name: &str) -> PathBuf {
        self.home.join("authority").join(name).join("certificate.pem")
    }

    /// What openssl hears of the serial, and believes.
    fn hears(&self) -> String {
        let asked = Command::new("openssl")
            .args(["ocsp", "-issuer"])
            .arg(self.certificate("resident"))
            .arg("-CAfile")
            .arg(self.certificate("root"))
            .args(["-serial", &format!("0x{}", self.serial), "-url", &self.responder])
            .output()
            .unwrap();
        let said = [asked.stdout, asked.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains("Response verify OK"), "{said}");
        let line = said.lines().find(|line| line.starts_with("0x")).expect(&said);
        line.rsplit(' ').next().unwrap().to_owned()
    }

    /// Whether the list that is published names the serial; openssl takes it as the authority's.
    fn reads(&self) -> bool {
        let file = self.home.join("fetched.crl");
        let fetched = Command::new("curl")
            .args(["--fail", "--silent", "--output"])
            .arg(&file)
            .arg(&self.list)
            .status();
        assert!(fetched.unwrap().success(), "{}", self.list);
        let read = Command::new("openssl")
            .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
            .arg(&file)
            .arg("-CAfile")
            .arg(self.certificate("resident"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[read.stdout, read.stderr].concat()).into_owned();
        assert!(said.contains("verify OK"), "{said}");
        said.contains(&self.serial)
    }

    /// When the answers, the list and the relay said so first.
    fn waits_for_the_end(&self, front: &Front) -> [OffsetDateTime; 3] {
        let began = Instant::now();
        let mut first = [None; 3];
        while first.iter().any(Option::is_none) {
            assert!(began.elapsed() < LONG, "answers, list, relay: {first:?}");
            let now = |known: bool| known.then(|| SystemClock.now());
            first[0] = first[0].or_else(|| now(self.hears() == "revoked"));
            first[1] = first[1].or_else(|| now(self.reads()));
            let knows = || {
                front
                    .applied()
                    .iter()
                    .all(|told| told.last().is_some_and(|last| last == "revoke"))
            };
            first[2] = first[2].or_else(|| now(knows()));
        }
        first.map(|at| at.unwrap_or_else(|| SystemClock.now()))
    }
}

#[test]
fn a_card_that_two_end_is_ended_on_the_list_in_the_answers_and_at_the_relay_at_once() {
    with_a_card_service_and_a_relay(
        "revoked::a_card_that_two_end_is_ended_on_the_list_in_the_answers_and_at_the_relay_at_once",
        |shell| {
            let (clerk, records, _) = a_card_is_handed_over(shell);
            let endpoints = shell.endpoints();
            let authority = &endpoints["authority"];
            let issued = records.wait(records.office.issued(issuance::authority::AuthorityName::Resident));
            let stranger = Stranger {
                home: shell.home().to_owned(),
                responder: authority["ocsp"].as_str().unwrap().to_owned(),
                list: authority["crl"]["resident"].as_str().unwrap().to_owned(),
                serial: issued[0].to_string(),
            };
            // Issued minutes ago, and known to be: whoever answers reads it from what the authority signs.
            assert_eq!(stranger.hears(), "good");
            assert!(!stranger.reads());
            let made_up = Stranger {
                home: stranger.home.clone(),
                responder: stranger.responder.clone(),
                list: stranger.list.clone(),
                serial: format!("4F{}", &stranger.serial[2..]),
            };
            assert_eq!(made_up.hears(), "unknown", "nobody issued it: that is not good");

            let console = &clerk.console;
            console.text("k").sees("使えます");
            console.text("x").sees("永久に使えなくします");
            console.key(Key::Down).sees("(●) なくした・盗まれた");
            console.text("盗難届を出したとのこと").key(Key::Enter);
            console.sees("失効させるには、二人目の職員");
            // Wide enough that the number of the case stands beside two spaces, too.
            swaps_in_the_second(&clerk, "0001  佐藤");
            let home = shell.home().to_owned();
            let watching = thread::spawn(move || {
                let front = Front::of(&home);
                stranger.waits_for_the_end(&front)
            });
            agrees(&clerk);
            console.sees("失効しました");
            let first = watching.join().unwrap();
            let ended = "SELECT (extract(epoch FROM max(revoked_at)) * 1000)::bigint FROM office.certificate";
            let ended = OffsetDateTime::UNIX_EPOCH + Duration::from_millis(records.count(ended).unsigned_abs());
            let took = first.map(|at| at - ended);
            println!("answers, list, relay: {took:.2?}");
            assert!(took.iter().all(|one| *one < SOON), "answers, list, relay: {took:.2?}");
            leaves_no_name_with_the_publisher(shell.home());
        },
    );
}

/// What stands where strangers reach it names serials and no person.
fn leaves_no_name_with_the_publisher(home: &Path) {
    for folder in ["authority/lists", "authority/responder"] {
        for file in fs::read_dir(home.join(folder)).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            let name = "ヤマグチ".as_bytes();
            assert!(!bytes.windows(name.len()).any(|part| part == name));
        }
    }
}
