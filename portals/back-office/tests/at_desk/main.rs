//! A reception in a real browser: a worker signs in with a client certificate, patients lay their cards on a virtual reader
//! behind a real pcscd, the bridge signs, the real relay refers, the insurer answers.
//!
//! Started plainly (`cargo test`), this program starts itself again where all that is (`again.rs`). Words after `--` choose
//! scenes; `MADOGUCHI_PICTURES=FOLDER` keeps pictures.

#![allow(dead_code, reason = "what other tests need of the shared parts")]

#[path = "../../../my-page/tests/in_browser/again.rs"]
mod again;
#[path = "../../../my-page/tests/in_browser/chromium.rs"]
mod chromium;
#[path = "../at_work/clinic_desk.rs"]
mod clinic_desk;
#[path = "../../../my-page/tests/in_browser/desk.rs"]
mod desk;
mod morning;
#[path = "../at_work/rig.rs"]
mod rig;

use std::{env, panic::catch_unwind, process::ExitCode, time::Instant};

type Scene = (&'static str, fn());

const SCENES: &[Scene] = &[(
    "a morning at a reception: cards are laid down one after the other, and troubles have their words",
    morning::at_a_reception,
)];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        SCENES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    if env::var_os("WITH_PCSCD").is_none() {
        return again::start_again(&arguments);
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
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
