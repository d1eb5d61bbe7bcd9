//! The virtual card behind a real pcscd, judged by strangers: OpenSC and OpenSSL.
//!
//! Started plainly (`cargo test`), this program starts itself again under `scripts/with-pcscd`, where an isolated
//! pcscd with two of vpcd's readers waits. There is no way for it to pass without one. Words after `--` choose scenes
//! by a part of their name.

#[path = "../contract/mod.rs"]
mod contract;
mod counter;
mod monitor;
mod opensc;

use std::{
    panic::catch_unwind,
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use counter::Counter;

type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    ("the card behind pcscd keeps the contract", the_contract),
    ("opensc lists and uses a resident's card", opensc::a_residents_card),
    (
        "opensc uses a staff card beside it, each by its own serial",
        opensc::two_cards_at_once,
    ),
    (
        "a card pulled, exchanged or put back is noticed",
        monitor::pulls_and_exchanges,
    ),
    (
        "the monitor outlives a restart of pcscd",
        monitor::a_restart_of_the_service,
    ),
    (
        "a card pulled or cut in the middle of a command is gone, not broken",
        monitor::faults_in_mid_command,
    ),
    ("an exclusive card is nobody else's", monitor::exclusive_access),
    ("a command takes well under five milliseconds", monitor::quick_answers),
];

fn the_contract() {
    contract::run(&mut Counter::open().desk(0));
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        SCENES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if std::env::var_os("WITH_PCSCD").is_none() {
        return start_again_with_pcscd(&arguments);
    }
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
