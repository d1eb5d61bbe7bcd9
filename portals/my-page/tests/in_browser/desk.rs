//! A desk: a virtual reader with a resident's card, and the bridge beside it.

use std::{
    cell::RefCell,
    fs,
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use card::{
    Chip, IssuerMaster, KeyRule, KeySlot, Monitor, PinSlot, ReaderChange, Readers, Sharing, StopMonitor,
    profile::{Profile, ResidentProfile},
};
use card_bridge::{
    Started,
    config::{Config, Eligibility},
};
use portal_kit::{
    city::City,
    config::Log,
    contact::{Contact, Days},
    listener::Stopper,
};
use portal_testing::{Authority, city};
use relay_core::{
    chance::{OsChance, SharedChance},
    clock::SystemClock,
};
use secrecy::SecretString;
use serde_json::Value;
use url::Url;
use virtual_card::tray::Tray;

const READER: &str = "Virtual PCD 00 00";
const LONG: Duration = Duration::from_secs(20);

pub struct Desk {
    pub bridge: SocketAddr,
    tray: Tray,
    /// The one made last.
    card: RefCell<String>,
    seen: mpsc::Receiver<ReaderChange>,
    monitor: StopMonitor,
    stopper: Stopper,
    ended: tokio::task::JoinHandle<()>,
    folder: tempfile::TempDir,
}

/// The made-up city whose desk it is.
fn city_in(folder: &tempfile::TempDir) -> Option<City> {
    let text = city(folder.path()).unwrap();
    let file = folder.path().join("card-bridge.toml");
    portal_kit::config::parse(text, &file, |document| document.if_present("city", City::read)).unwrap()
}

impl Desk {
    /// A desk whose bridge listens at `port` (0: any) and signs for the relay at `origin`, certified by `authority`.
    pub async fn open(authority: &Authority, origin: &str, port: u16) -> Self {
        Self::begin(authority, origin, port, (false, None)).await
    }

    /// One whose bridge has patients' cards sign for the page at `clinic`.
    #[allow(dead_code, reason = "opened by a clinic's story")]
    pub async fn open_at_a_clinic(authority: &Authority, origin: &str, port: u16, clinic: &str) -> Self {
        let eligibility = Eligibility {
            origin: Url::parse(clinic).unwrap().origin(),
            reader: None,
        };
        Self::begin(authority, origin, port, (false, Some(eligibility))).await
    }

    /// One whose bridge tells the relay of every card that is pulled.
    pub async fn open_watching(authority: &Authority, origin: &str, port: u16) -> Self {
        Self::begin(authority, origin, port, (true, None)).await
    }

    async fn begin(
        authority: &Authority,
        origin: &str,
        port: u16,
        (every_card, eligibility): (bool, Option<Eligibility>),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authorities = folder.path().join("relay.pem");
        fs::write(&authorities, authority.pem()).unwrap();
        let config = Config {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            origins: vec![Url::parse(origin).unwrap().origin()],
            authorities,
            reader: Some(READER.to_owned()),
            eligibility,
            every_card,
            owed_file: Some(folder.path().join("owed.json")),
            city: city_in(&folder),
            contact: Some(Contact {
                phone: "0950-00-0000".to_owned(),
                hours: ("8:30".to_owned(), "17:15".to_owned()),
                days: Days::Weekdays,
            }),
            log: Log {
                json: true,
                level: "info",
            },
        };
        let addresses = ["127.0.0.1:35963".to_owned(), "127.0.0.1:35964".to_owned()];
        let tray = Tray::open(folder.path(), IssuerMaster::new([0x5a; 32]), OsChance, &addresses).unwrap();
        let (watching, monitor) = Monitor::new();
        let (tell, seen) = mpsc::channel();
        std::thread::spawn(move || {
            watching.run(&mut |event| {
                if event.reader == READER {
                    let _closed = tell.send(event.change);
                }
            });
        });
        let (stopper, stop) = Stopper::new();
        let started = Started::new(&config, Arc::new(SystemClock), SharedChance::of_the_system())
            .await
            .unwrap();
        let bridge = started.address();
        let desk = Self {
            bridge,
            tray,
            card: RefCell::default(),
            seen,
            monitor,
            stopper,
            ended: tokio::spawn(started.run(stop)),
            folder,
        };
        desk.wait_for(|change| *change == ReaderChange::ReaderAdded);
        desk
    }

    /// A finished resident's card in the reader, its keys certified by `certify`; the authentication certificate.
    pub fn insert_resident(&self, pin: &str, certify: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let name = self.ask("new")[0][0].clone();
        self.ask(&format!("insert 0 {name}"));
        self.card.replace(name);
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
        let transport = Readers::connect().unwrap().card(READER, Sharing::Exclusive).unwrap();
        let chip = Chip::select(transport).unwrap();
        let serial = chip.serial().clone();
        let mut issuer = chip.personalise(&IssuerMaster::new([0x5a; 32]), &mut OsChance).unwrap();
        let mut certified = |slot, rule| {
            let key = issuer.generate_key(slot, rule).unwrap();
            certify(&key.spki_der())
        };
        let authentication = certified(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder));
        let eligibility = certified(KeySlot::Eligibility, KeyRule::Free);
        let profile = Profile::resident(&ResidentProfile {
            serial: &serial,
            authentication: &authentication,
            eligibility: &eligibility,
        });
        issuer.write(&profile, &mut |_, _| {}).unwrap();
        issuer.close().unwrap();
        issuer
            .set_initial_pin(PinSlot::Holder, &SecretString::from(pin))
            .unwrap();
        authentication
    }

    /// Until the bridge watches the card with this certificate: it has written so.
    pub async fn watches(&self, certificate: &[u8]) {
        self.wait_for_owed(certificate, |owed| owed.iter().any(|word| word["pulled_at"].is_null()))
            .await;
    }

    /// Until the bridge has noticed that the card with this certificate was pulled, and tells it.
    pub async fn tells_of(&self, certificate: &[u8]) {
        self.wait_for_owed(certificate, |owed| owed.iter().all(|word| !word["pulled_at"].is_null()))
            .await;
    }

    /// Until the words that the bridge owes of a certificate are so.
    async fn wait_for_owed(&self, certificate: &[u8], so: impl Fn(&[Value]) -> bool) {
        let certificate = STANDARD.encode(certificate);
        let until = Instant::now() + LONG;
        loop {
            let written = fs::read(self.folder.path().join("owed.json")).unwrap_or(b"[]".to_vec());
            let mut owed: Vec<Value> = serde_json::from_slice(&written).unwrap();
            owed.retain(|word| word["word"]["said"]["certificate"] == certificate);
            if so(&owed) {
                return;
            }
            assert!(Instant::now() < until, "the bridge owes {} words", owed.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The card in the reader goes over into the other one.
    pub fn move_to_the_other_reader(&self) {
        let card = self.card.borrow().clone();
        self.pull();
        self.wait_for(|change| *change == ReaderChange::Removed);
        self.ask(&format!("insert 1 {card}"));
    }

    pub fn pull_from_the_other_reader(&self) {
        self.ask("remove 1");
    }

    /// Takes the card out; returns at once.
    pub fn pull(&self) {
        self.ask("remove 0");
    }

    /// Puts a card in that was never finished.
    pub fn insert_blank(&self) {
        let name = self.ask("new blank")[0][0].clone();
        self.ask(&format!("insert 0 {name}"));
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
    }

    /// Puts the first card of the tray back in.
    pub fn insert_again(&self) {
        // One whose contacts were cut is in its slot still, without power.
        let _empty = self.tray.request("remove 0");
        let name = self.ask("list")[0][0].clone();
        self.ask(&format!("insert 0 {name}"));
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
    }

    /// Takes the card out, and waits until the reader has noticed.
    pub fn pull_and_wait(&self) {
        self.pull();
        self.wait_for(|change| *change == ReaderChange::Removed);
    }

    /// The card is out from the `n`-th command on, in the middle of it.
    pub fn pull_after(&self, commands: u32) {
        self.ask(&format!("cut 0 after {commands} apdus"));
    }

    pub async fn close(self) {
        let _not_in = self.tray.request("remove 1");
        if self.tray.request("remove 0").is_ok() {
            self.wait_for(|change| *change == ReaderChange::Removed);
        }
        self.stopper.stop();
        self.ended.await.unwrap();
        self.monitor.stop();
    }

    fn ask(&self, request: &str) -> Vec<Vec<String>> {
        let reply = self.tray.request(request);
        reply.unwrap_or_else(|error| panic!("{request}: {error}")).rows
    }

    fn wait_for(&self, wanted: impl Fn(&ReaderChange) -> bool) {
        let until = Instant::now() + LONG;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if wanted(&self.seen.recv_timeout(left).expect("the reader notices it")) {
                return;
            }
        }
    }
}
