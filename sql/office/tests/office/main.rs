//! The office's records on a real PostgreSQL: a day at the counter, and what can go wrong in it.

mod acts;
mod carrier;
mod course;
mod custody;
mod day;
mod desks;
mod doors;
mod linking;
mod loss;
mod machines;
mod making;
mod migration;
mod next_card;
mod notice_moves;
mod notices;
mod outbox;
mod parcels;
mod pin;
mod privacy;
mod refused;
mod roster;
mod roster_runs;
mod schema;
mod simulation;
mod staff;
mod stock_taking;
mod telephone_stop;
mod trail;
mod whereabouts;

use issuance::{
    case::{CardId, CaseId, ShelfPlace},
    records::{CertificateSerial, KeySlot, Records, Reservation, Step},
};
use office::{
    OfficeRecords,
    testing::{Clerk, TestOffice},
};
use relay_core::{
    chance::{OsChance, draw},
    clock::{Clock, SystemClock},
};
use time::{Date, macros::date};

/// Makes the card of a verified case with the records alone: every step intended and done.
fn make_card(records: &mut dyn Records, case: CaseId, chip: &[u8]) -> CardId {
    let card = records.bind_chip(case, chip).unwrap();
    make_bound_card(records, card);
    card
}

fn make_bound_card(records: &mut dyn Records, card: CardId) {
    make_bound_card_good_until(records, card, date!(2031 - 11 - 22));
}

fn make_bound_card_good_until(records: &mut dyn Records, card: CardId, end: Date) {
    for slot in KeySlot::ALL {
        let serial = CertificateSerial::new(&mut OsChance);
        records.keep_public_key(card, slot, &draw::<64>(&mut OsChance)).unwrap();
        let reserved = Reservation::new(serial, SystemClock.now());
        records.reserve_serial(card, slot, reserved).unwrap();
        records.keep_certificate(card, slot, &certificate(serial, end)).unwrap();
    }
    for step in Step::ALL {
        records.intend(card, step).unwrap();
        records.done(card, step, std::time::Duration::from_millis(10)).unwrap();
    }
    records.made(card).unwrap();
}

/// A small certificate that carries the serial.
fn certificate(serial: CertificateSerial, end: Date) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.not_after = end.midnight().assume_utc();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial.0));
    params.self_signed(&key).unwrap().der().to_vec()
}

/// Runs the blocking verbs of the records on a thread of their own, as the desk does.
async fn on_card_thread<T: Send + 'static>(
    office: &TestOffice,
    clerk: &Clerk,
    work: impl FnOnce(&mut OfficeRecords) -> T + Send + 'static,
) -> T {
    let handle = tokio::runtime::Handle::current();
    let mut records = OfficeRecords::new(office.office.clone(), handle, clerk.session);
    tokio::task::spawn_blocking(move || work(&mut records)).await.unwrap()
}

fn place(text: &str) -> ShelfPlace {
    ShelfPlace::parse(text).unwrap()
}
