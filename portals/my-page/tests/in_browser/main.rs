//! My Page in a real headless Chromium, by keyboard and by click, with a client certificate and through the bridge with
//! a virtual card behind a real pcscd; judged by axe-core; pictures of every page.
//!
//! Started plainly (`cargo test`), this program starts itself again in a mount namespace where Chromium finds a managed
//! policy of ours (it selects the client certificate), and under `scripts/with-pcscd`. Words after `--` choose scenes by
//! a part of their name. `MADOGUCHI_PICTURES=FOLDER` keeps the pictures; `MADOGUCHI_LOG=info` shows what all sides log.

mod again;
mod chromium;
mod desk;
mod failing;
mod relay_scenes;
#[path = "../rig/mod.rs"]
mod rig;
mod scenes;
mod telephone;
mod views;

use std::{env, panic::catch_unwind, process::ExitCode, time::Instant};

type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[
    (
        "a resident signs in with a client certificate and logs out",
        scenes::by_certificate,
    ),
    (
        "a resident signs in at a desk through the bridge, and pulling the card ends it",
        scenes::by_bridge,
    ),
    (
        "at the real relay: the same name at each visit, and a pulled card ends the session",
        relay_scenes::by_bridge,
    ),
    (
        "at the real relay: signed in by the browser's own mutual TLS, the card's pull ends it and another's does not",
        relay_scenes::by_a_browsers_own_certificate,
    ),
    (
        "at the real relay: signed in by mutual TLS with the card's own key, and pulled while the front was away",
        relay_scenes::by_the_card_itself,
    ),
    (
        "at the real relay: a telephone is signed in by a card at a desk",
        telephone::by_a_desk,
    ),
    ("everything can be done from the keyboard", scenes::by_keyboard),
    ("no page needs a script", scenes::without_scripts),
    (
        "axe-core finds nothing serious on any page in any language",
        scenes::accessibility,
    ),
    (
        "every page fits 320 and 380 pixels, and text at twice its size",
        scenes::sizes,
    ),
    (
        "what goes wrong at the relay is told on pages that everybody can read",
        failing::at_the_relay,
    ),
    (
        "what goes wrong with the card at a desk is told on pages that everybody can read",
        failing::at_the_desk,
    ),
    (
        "what goes wrong at My Page is told on pages that everybody can read",
        failing::at_my_page,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        SCENES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if env::var_os("WITH_PCSCD").is_none() {
        return again::start_again(&arguments);
    }
    if env::var_os("MADOGUCHI_LOG").is_some() {
        let log = portal_kit::config::Log {
            json: false,
            level: "info",
        };
        portal_kit::log::begin(&log).expect("nothing else begins a log");
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
