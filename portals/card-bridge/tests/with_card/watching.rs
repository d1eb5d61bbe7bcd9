//! Cards that are watched though they signed nothing through the bridge: a browser reaches them by itself.

use std::{
    fs,
    time::{Duration, Instant},
};

use card::{Readers, Sharing};

use crate::counter::{Counter, Made, READER};

const PIN: &str = "0417";

/// A finished resident's card in the reader, watched by the bridge.
fn watched(counter: &Counter) -> Made {
    let made = counter.insert_resident(Some(PIN));
    counter.pull_and_wait();
    counter.insert(&made.card);
    made.certificates
        .iter()
        .for_each(|certificate| counter.wait_to_be_watched(certificate));
    made
}

pub fn a_card_that_signed_nothing() {
    let counter = Counter::open();
    let made = watched(&counter);
    assert_eq!(made.certificates.len(), 2);
    assert_eq!(counter.front.times_told_of_card(&made.certificate), 0);
    let pulled = Instant::now();
    counter.pull_and_wait();
    for certificate in &made.certificates {
        let (told, ago) = counter.front.wait_to_be_told_of_card(certificate);
        let told = told - pulled;
        println!("     told {told:.1?} after the pull");
        assert!(told < Duration::from_secs(2), "told only after {told:?}");
        assert!(ago < Duration::from_secs(2));
    }
    // A sign-in may have been under way: the front answers alike, so it is told a second time.
    counter.front.wait_to_be_told_again_of_card(&made.certificate);
}

pub fn another_reader() {
    let counter = Counter::open();
    let staff = counter.insert_staff("Harbour7Tide");
    counter.move_to_the_other_reader(&staff.card);
    counter.wait_to_be_watched(&staff.certificate);
    let resident = watched(&counter);
    counter.pull_from_the_other_reader();
    counter.front.wait_to_be_told_of_card(&staff.certificate);
    assert_eq!(counter.front.times_told_of_card(&resident.certificate), 0);
    counter.pull_and_wait();
    counter.front.wait_to_be_told_of_card(&resident.certificate);
}

pub fn a_card_in_use() {
    let mut counter = Counter::open();
    let made = counter.insert_resident(Some(PIN));
    counter.end_the_bridge();
    // As a browser's PKCS #11 module does, for as long as the card is in.
    let browser = Readers::connect().unwrap().card(READER, Sharing::Shared).unwrap();
    counter.begin_the_bridge();
    counter.wait_to_be_watched(&made.certificate);
    drop(browser);
    counter.pull_and_wait();
    counter.front.wait_to_be_told_of_card(&made.certificate);
}

pub fn a_service_that_goes() {
    let counter = Counter::open();
    let made = watched(&counter);
    let control = std::env::var("WITH_PCSCD_CONTROL").expect("with-pcscd tells where its control is");
    fs::write(control, "restart\n").unwrap();
    counter.front.wait_to_be_told_of_card(&made.certificate);
    // The card is in when the service is back, and is watched again.
    counter.wait_to_be_inserted();
    counter.wait_to_be_watched(&made.certificate);
}

pub fn a_front_that_was_away() {
    let mut counter = Counter::open();
    let made = watched(&counter);
    let token = crate::scenes::signed_in_with(&counter, PIN);
    counter.front.knows(&token);
    counter.front_goes_away();
    let pulled = Instant::now();
    counter.pull_and_wait();
    // Neither this helper nor its farewell can tell it.
    counter.end_the_bridge();
    counter.begin_the_bridge();
    assert_eq!(counter.front.times_told_of_card(&made.certificate), 0);
    let back = Instant::now();
    counter.front_comes_back();
    counter.front.wait_to_be_told(&token);
    let (told, ago) = counter.front.wait_to_be_told_of_card(&made.certificate);
    assert!(told > back);
    assert!(ago >= back - pulled - Duration::from_secs(1), "{ago:?} ago");
    assert!(ago <= told - pulled + Duration::from_secs(1), "{ago:?} ago");
}

pub fn a_helper_that_was_killed() {
    let mut counter = Counter::open();
    counter.end_the_bridge();
    let made = counter.insert_resident(Some(PIN));
    let killed = counter.begin_a_bridge_that_will_be_killed();
    counter.wait_to_be_watched(&made.certificate);
    drop(killed);
    counter.pull_and_wait();
    assert_eq!(counter.front.times_told_of_card(&made.certificate), 0);
    counter.begin_the_bridge();
    counter.front.wait_to_be_told_of_card(&made.certificate);
}
