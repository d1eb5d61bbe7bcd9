//! A counter with two readers: a tray in this process, pcscd behind it, a monitor that says what was noticed.

use std::{
    sync::mpsc::{Receiver, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use card::{
    Monitor, PcscTransport, ReaderChange, ReaderEvent, Readers, Sharing, StopMonitor, Transport, TransportError,
};
use relay_core::chance::OsChance;
use virtual_card::tray::{Reply, Tray};

use crate::contract::{self, Desk};

/// Longer than any of it takes on a slow machine; only a failing test waits for it.
pub const LONG: Duration = Duration::from_secs(20);

pub struct Counter {
    tray: Tray,
    events: Receiver<ReaderEvent>,
    stop: StopMonitor,
    monitor: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Counter {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let addresses = ["127.0.0.1:35963".to_owned(), "127.0.0.1:35964".to_owned()];
        let tray = Tray::open(folder.path(), contract::master(), OsChance, &addresses).unwrap();
        let (monitor, stop) = Monitor::new();
        let (tell, events) = channel();
        let monitor = std::thread::spawn(move || {
            monitor.run(&mut |event| {
                // The counter may have closed already.
                let _closed = tell.send(event);
            });
        });
        let mut counter = Self {
            tray,
            events,
            stop,
            monitor: Some(monitor),
            _folder: folder,
        };
        counter.wait_for(&reader(1), |change| *change == ReaderChange::ReaderAdded);
        counter
    }

    pub fn ask(&self, request: &str) -> Reply {
        self.tray
            .request(request)
            .unwrap_or_else(|error| panic!("{request}: {error}"))
    }

    /// Waits until the monitor tells such a change at `reader`; the events passed over meanwhile.
    pub fn wait_for(&mut self, reader: &str, wanted: impl Fn(&ReaderChange) -> bool) -> Vec<ReaderEvent> {
        let until = Instant::now() + LONG;
        let mut passed = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self
                .events
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("nothing such was noticed at {reader:?}, only {passed:?}"));
            if event.reader == reader && wanted(&event.change) {
                return passed;
            }
            passed.push(event);
        }
    }

    pub fn insert(&mut self, slot: usize, card: &str) {
        self.ask(&format!("insert {slot} {card}"));
        self.wait_for(&reader(slot), |change| matches!(change, ReaderChange::Inserted { .. }));
    }

    pub fn remove(&mut self, slot: usize) {
        self.ask(&format!("remove {slot}"));
        self.wait_for(&reader(slot), |change| *change == ReaderChange::Removed);
    }

    /// A fresh blank in the slot; its name.
    pub fn insert_blank(&mut self, slot: usize) -> String {
        let name = self.ask("new").rows[0][0].clone();
        self.insert(slot, &name);
        name
    }

    pub fn connect(&self, slot: usize) -> PcscTransport {
        connect(slot, Sharing::Exclusive).unwrap()
    }

    pub fn desk(self, slot: usize) -> Reading {
        Reading {
            counter: self,
            slot,
            card: None,
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        // The readers must be seen empty before the next counter opens: its monitor would tell of our cards.
        for slot in 0..2 {
            if self.tray.request(&format!("remove {slot}")).is_ok() {
                while let Ok(event) = self.events.recv_timeout(LONG) {
                    if event.reader == reader(slot) && event.change == ReaderChange::Removed {
                        break;
                    }
                }
            }
        }
        self.stop.stop();
        if let Some(monitor) = self.monitor.take() {
            monitor.join().unwrap();
        }
    }
}

pub fn reader(slot: usize) -> String {
    format!("Virtual PCD 00 0{slot}")
}

pub fn connect(slot: usize, sharing: Sharing) -> Result<PcscTransport, TransportError> {
    Readers::connect().unwrap().card(&reader(slot), sharing)
}

/// One reader of the counter as the contract's desk.
pub struct Reading {
    counter: Counter,
    slot: usize,
    card: Option<String>,
}

impl Desk for Reading {
    fn insert_blank(&mut self) {
        if self.card.take().is_some() {
            self.counter.remove(self.slot);
        }
        self.card = Some(self.counter.insert_blank(self.slot));
    }

    fn reinsert(&mut self) {
        self.counter.remove(self.slot);
        let card = self.card.as_ref().expect("a card was put in");
        self.counter.insert(self.slot, card);
    }

    fn remove(&mut self) {
        self.counter.remove(self.slot);
        self.card = None;
    }

    fn connect(&mut self) -> Box<dyn Transport> {
        Box::new(self.counter.connect(self.slot))
    }
}
