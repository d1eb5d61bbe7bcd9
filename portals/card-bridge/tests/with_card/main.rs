//! The bridge with a virtual card behind a real pcscd, asked the way a browser asks.
//!
//! Started plainly (`cargo test`), this program starts itself again under `scripts/with-pcscd`, where an isolated
//! pcscd with two of vpcd's readers waits. Words after `--` choose scenes by a part of their name.

mod counter;
mod eligibility;
mod scenes;
mod watching;

use std::{
    panic::catch_unwind,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    (
        "a right PIN sends the browser back with the card's signature",
        scenes::a_right_pin,
    ),
    (
        "tries are told before the entry, and a blocked card says so",
        scenes::wrong_pins_until_blocked,
    ),
    (
        "no card, a blank, a staff card and a card without its PIN are told apart",
        scenes::other_cards,
    ),
    (
        "a card that is pulled is told to the front within two seconds",
        scenes::a_pulled_card,
    ),
    (
        "a card pulled before the front knows the sign-in is told all the same",
        scenes::a_hasty_pull,
    ),
    ("a helper that ends counts every watched card as pulled", scenes::an_end),
    (
        "a card that signed nothing here is told by all its certificates when it is pulled, and again",
        watching::a_card_that_signed_nothing,
    ),
    (
        "a card pulled from another reader is told, and the one that stays is not",
        watching::another_reader,
    ),
    (
        "a card that another program keeps open is watched all the same",
        watching::a_card_in_use,
    ),
    (
        "a service that goes away, and a card nobody sees any more, count as pulled",
        watching::a_service_that_goes,
    ),
    (
        "a front that was away hears of each pulled card, with the pull's age, also from the next helper",
        watching::a_front_that_was_away,
    ),
    (
        "a helper that was killed has its cards told as pulled by the next one",
        watching::a_helper_that_was_killed,
    ),
    (
        "another page's scripts, frames and names reach nothing",
        scenes::another_page,
    ),
    (
        "only a front of the configuration gets a signature",
        scenes::another_front,
    ),
    (
        "a patient's card signs as soon as it lies there, once, without its PIN",
        eligibility::laid_down,
    ),
    (
        "only the clinic's page has a patient's card sign, by this address and for a front of the configuration",
        eligibility::another_page,
    ),
    (
        "staff cards, unfinished ones, two cards and a reader without any are told apart at a clinic's desk",
        eligibility::other_cards,
    ),
    ("no PIN, certificate or challenge is in the log", scenes::the_log),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        SCENES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if std::env::var_os("WITH_PCSCD").is_none() {
        return start_again_with_pcscd(&arguments);
    }
    scenes::keep_the_log();
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let mut failed = 0;
    for (name, scene) in SCENES {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let begun = Instant::now();
        let ended = catch_unwind(scene);
        let verdict = if ended.is_ok() { "ok" } else { "FAILED" };
        println!("test {name} ... {verdict} ({:.1?})", begun.elapsed());
        failed += u32::from(ended.is_err());
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        eprintln!("{failed} scenes failed");
        ExitCode::FAILURE
    }
}

fn start_again_with_pcscd(arguments: &[String]) -> ExitCode {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/with-pcscd");
    let this = std::env::current_exe().expect("a running program has a path");
    let ended = Command::new(&script)
        .arg(this)
        .args(arguments)
        .status()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    if ended.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
