//! A reader with a resident's card in it, made as the office makes one.

use std::{
    path::PathBuf,
    sync::mpsc,
    time::{Duration, Instant},
};

use card::{
    Chip, IssuerMaster, KeyRule, KeySlot, Monitor, PinSlot, ReaderChange, Readers, Sharing, StopMonitor, Tries,
    profile::{Profile, ResidentProfile},
};
use relay_core::chance::OsChance;
use relay_testing::Relay;
use secrecy::SecretString;
use virtual_card::tray::Tray;

const READER: &str = "Virtual PCD 00 00";
const LONG: Duration = Duration::from_secs(20);

pub struct Desk {
    tray: Tray,
    seen: mpsc::Receiver<ReaderChange>,
    monitor: StopMonitor,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
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
        let desk = Self {
            tray,
            seen,
            monitor,
            _folder: folder,
        };
        desk.wait_for(|change| *change == ReaderChange::ReaderAdded);
        desk
    }

    /// A finished resident's card in the reader; its certificate for signing in.
    pub fn insert_resident(&self, relay: &Relay, pin: &str) -> Vec<u8> {
        let name = self.ask("new")[0][0].clone();
        self.ask(&format!("insert 0 {name}"));
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
        let chip = self.chip();
        let serial = chip.serial().clone();
        let mut issuer = chip.personalise(&IssuerMaster::new([0x5a; 32]), &mut OsChance).unwrap();
        let mut certified = |slot, rule| {
            let key = issuer.generate_key(slot, rule).unwrap();
            relay.cards.authentication_with_key(&key.spki_der()).to_vec()
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

    /// How often the PIN may still be wrong.
    pub fn tries_left(&self) -> u8 {
        match self.chip().tries_left(PinSlot::Holder).unwrap() {
            Tries::Left(tries) => tries,
            other => panic!("{other:?}"),
        }
    }

    pub fn close(self) {
        self.ask("remove 0");
        self.wait_for(|change| *change == ReaderChange::Removed);
        self.monitor.stop();
    }

    fn chip(&self) -> Chip<card::PcscTransport> {
        let transport = Readers::connect().unwrap().card(READER, Sharing::Exclusive).unwrap();
        Chip::select(transport).unwrap()
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

/// OpenSC's PKCS #11 module.
pub fn module() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a system has /usr/lib");
    let mut found = folders
        .flatten()
        .map(|folder| folder.path().join("opensc-pkcs11.so"))
        .chain([PathBuf::from("/usr/lib/opensc-pkcs11.so")])
        .filter(|module| module.exists());
    found.next().expect("opensc-pkcs11 is installed")
}
