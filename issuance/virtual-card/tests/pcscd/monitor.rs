//! What the desk notices of cards and readers, and what becomes of a command in between.

use std::{
    fs,
    time::{Duration, Instant},
};

use card::{
    CardError, Chip, IssuerMaster, ReaderChange, Readers, Sharing, TransportError,
    apdu::{Command, exchange},
};
use relay_core::chance::OsChance;
use virtual_card::ATR;

use crate::counter::{Counter, LONG, connect, reader};

pub fn pulls_and_exchanges() {
    let mut counter = Counter::open();
    assert_eq!(Readers::connect().unwrap().list().unwrap(), [reader(0), reader(1)]);
    let names: Vec<String> = (0..2).map(|_| counter.ask("new").rows[0][0].clone()).collect();

    counter.ask(&format!("insert 0 {}", names[0]));
    let passed = counter.wait_for(&reader(0), |change| {
        *change == ReaderChange::Inserted { atr: ATR.to_vec() }
    });
    assert_eq!(passed, []);
    let first = Chip::select(counter.connect(0)).unwrap().serial().clone();

    // Exchanged: one card out, another in. Both are told, in order, and the new session is with the new chip.
    counter.ask("remove 0");
    counter.ask(&format!("insert 0 {}", names[1]));
    let removed = |change: &ReaderChange| *change == ReaderChange::Removed;
    counter.wait_for(&reader(0), removed);
    counter.wait_for(&reader(0), |change| matches!(change, ReaderChange::Inserted { .. }));
    let second = Chip::select(counter.connect(0)).unwrap().serial().clone();
    assert_ne!(first, second);

    // The other reader's card does not matter to this one.
    counter.insert(1, &names[0]);
    let begun = Instant::now();
    counter.ask("remove 0");
    let passed = counter.wait_for(&reader(0), removed);
    assert_eq!(passed, []);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(connect(0, Sharing::Shared).err(), Some(TransportError::Removed));
    assert_eq!(Chip::select(counter.connect(1)).unwrap().serial(), &first);
}

pub fn a_restart_of_the_service() {
    let control = std::env::var("WITH_PCSCD_CONTROL").expect("with-pcscd tells where its control is");
    let say = |word: &str| fs::write(&control, format!("{word}\n")).unwrap();
    let mut counter = Counter::open();
    counter.insert_blank(0);
    let mut chip = Chip::select(counter.connect(0)).unwrap();

    say("stop");
    counter.wait_for("", |change| *change == ReaderChange::ServiceGone);
    let lost = chip.files().unwrap_err();
    assert_eq!(lost, CardError::Transport(TransportError::ServiceGone));
    drop(chip);
    assert_eq!(counter.ask("status").rows[0][3], "waiting");

    say("start");
    counter.wait_for("", |change| *change == ReaderChange::ServiceBack);
    // The card, which was in its reader all the time, is told anew, and works.
    counter.wait_for(&reader(0), |change| matches!(change, ReaderChange::Inserted { .. }));
    Chip::select(counter.connect(0)).unwrap().files().unwrap();
}

pub fn faults_in_mid_command() {
    let mut counter = Counter::open();
    let name = counter.insert_blank(0);

    // Pulled while the chip is thinking.
    let mut chip = Chip::select(counter.connect(0)).unwrap();
    counter.ask("hold 0 ca");
    let answer = std::thread::spawn(move || {
        let answer = chip.files();
        (chip, answer)
    });
    let until = Instant::now() + LONG;
    while counter.ask("status").rows[0][4] != "stalled CA" {
        assert!(
            !answer.is_finished() && Instant::now() < until,
            "the card did not stall"
        );
        std::thread::yield_now();
    }
    counter.ask("remove 0");
    let (chip, answer) = answer.join().unwrap();
    assert_eq!(answer, Err(CardError::Transport(TransportError::Removed)));
    drop(chip);
    counter.wait_for(&reader(0), |change| *change == ReaderChange::Removed);
    counter.insert(0, &name);

    // Held and let go: the answer comes late, and comes.
    let mut chip = Chip::select(counter.connect(0)).unwrap();
    counter.ask("hold 0 ca");
    let answer = std::thread::spawn(move || chip.files());
    counter.ask("go 0");
    assert_eq!(answer.join().unwrap(), Ok(Vec::new()));

    // Power fails: to the reader the card is gone until it is put in again.
    counter.ask("cut 0 after 2 apdus");
    let refusal = Chip::select(counter.connect(0)).err();
    assert_eq!(refusal, Some(CardError::Transport(TransportError::Removed)));
    assert_eq!(counter.ask("status").rows[0][3], "dead");
    counter.remove(0);
    counter.insert(0, &name);
    Chip::select(counter.connect(0)).unwrap();
}

pub fn exclusive_access() {
    let mut counter = Counter::open();
    counter.insert_blank(0);
    let chip = Chip::select(counter.connect(0)).unwrap();
    let refusal = connect(0, Sharing::Shared).err();
    assert_eq!(refusal, Some(TransportError::InUse(reader(0))));
    // The issuer's session fails on a foreign chip and leaves the reader free.
    assert!(chip.personalise(&IssuerMaster::new([9; 32]), &mut OsChance).is_err());
    let one = connect(0, Sharing::Shared).unwrap();
    let other = connect(0, Sharing::Shared).unwrap();
    drop((one, other));
    assert_eq!(
        Readers::connect()
            .unwrap()
            .card("No such reader", Sharing::Shared)
            .err(),
        Some(TransportError::ReaderGone("No such reader".to_owned()))
    );
}

pub fn quick_answers() {
    const COMMANDS: u32 = 100;
    let mut counter = Counter::open();
    counter.insert_blank(0);
    let mut transport = counter.connect(0);
    Chip::select(&mut transport).unwrap();
    let ask = Command::new(0xca, 0x00, 0x45).expecting_answer();
    let begun = Instant::now();
    for _ in 0..COMMANDS {
        exchange(&mut transport, &ask).unwrap();
    }
    let each = begun.elapsed() / COMMANDS;
    // Delayed acknowledgements cost 40 ms a command, all else about half a millisecond.
    assert!(each < Duration::from_millis(5), "{each:?} a command");
}
