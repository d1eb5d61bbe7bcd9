//! How much longer making a card takes than the card itself: the time of the whole procedure divided by the time spent
//! waiting for the card. `cargo bench -p issuance --bench issuing` prints one line of JSON.
//!
//! The card is the virtual one in this process, the records are in memory: what is left is our own work. The card's
//! time is mostly its two keys, so the ratio also says what the fastest card would leave of it; the time for each
//! record is counted apart, as a database will take longer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use card::{IssuerMaster, Transport, TransportError};
use issuance::{
    authority::{Authorities, CeremonyPlan, ObjectArc, Passphrase, Settings, hold_ceremony},
    issuing::{Cancel, MakingDesk, Plan, run},
    records::soft::SoftRecords,
};
use relay_core::{chance::OsChance, clock::SystemClock};
use virtual_card::{SoftwareReader, SoftwareTransport, VirtualCard};

/// Cards made for the measure.
const CARDS: u32 = 10;

/// A transport that counts the time spent below it.
struct Metered {
    inner: SoftwareTransport,
    waited: Meter,
}

/// Nanoseconds, shared with the one who reads them.
#[derive(Clone, Default)]
struct Meter(Arc<AtomicU64>);

impl Meter {
    fn add(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    fn read(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl Transport for Metered {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let begun = Instant::now();
        let answer = self.inner.transmit(command);
        self.waited.add(begun.elapsed());
        answer
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let passphrase = Passphrase::make(&folder.path().join("passphrase"), &mut OsChance)?;
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: Settings {
            organisation: "汐見市".into(),
            oid_arc: ObjectArc::example(),
            base_url: "http://pki.shiomi.example".into(),
        },
        present: vec![],
        root_passphrase: &passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    hold_ceremony(&plan, &SystemClock, &mut OsChance)?;
    let authorities = Authorities::open(plan.folder, &passphrase)?;
    let master = IssuerMaster::new([7; 32]);
    let (mut total, waited, mut verbs) = (Duration::ZERO, Meter::default(), 0);
    for _ in 0..CARDS {
        let mut records = SoftRecords::new();
        let case = records.verified_case(&mut OsChance);
        let reader = SoftwareReader::with(VirtualCard::blank(&master, &mut OsChance));
        let transport = Metered {
            inner: reader.connect()?,
            waited: waited.clone(),
        };
        let mut desk = MakingDesk {
            master: &master,
            authorities: &authorities,
            clock: &SystemClock,
            chance: &mut OsChance,
        };
        let plan = Plan { case, bound: None };
        let begun = Instant::now();
        run(transport, &mut records, &mut desk, plan, &mut |_| {}, &Cancel::new())?;
        total += begun.elapsed();
        verbs += records.verbs();
    }
    let (total, card) = (total / CARDS, waited.read() / CARDS);
    println!(
        "{{\"issuing_ms\":{:.1},\"card_ms\":{:.1},\"ours_ms\":{:.1},\"ratio\":{:.3},\"record_verbs\":{}}}",
        total.as_secs_f64() * 1e3,
        card.as_secs_f64() * 1e3,
        (total - card).as_secs_f64() * 1e3,
        total.as_secs_f64() / card.as_secs_f64(),
        verbs / CARDS as usize,
    );
    Ok(())
}
