//! The demonstration's relay: laid out and started by a program of its own (`madoguchi-demo-relay`), for the relay is not the
//! office's. The office gets what an office of the world would: where the front is, its own keys, the public global key.

use std::fs;

use anyhow::Context;
use issuance::demo_city;
use relay_core::clock::Clock as _;
use serde_json::Value;

use super::{Options, Outcome, Setting, Steps, clock, services};
use crate::config::secrets;

/// Lays it out where it is not, starts it, and joins the office to it. Gives where everything of it can be reached.
pub(super) fn make(setting: &Setting, options: &Options, steps: &Steps) -> anyhow::Result<Value> {
    let lang = setting.lang;
    steps.step(
        lang.pick(
            "役所ごとの記録の見本を書く",
            "write what the offices know of the made-up people",
        ),
        |_| owners(setting, options),
    )?;
    let mut addresses = Value::Null;
    steps.step(services::relay_words(lang), |_| {
        addresses = services::start_relay(setting)?;
        anyhow::Ok(Outcome::Done)
    })?;
    steps.step(
        lang.pick("役所を中継につなぐ", "join the office to the relay"),
        |_| join(setting),
    )?;
    steps.step(services::dispatch_words(lang), |_| services::start_dispatch(setting))?;
    steps.step(
        lang.pick("役所ごとの記録を人に紐付ける", "link the offices' records to people"),
        |_| services::link_relay(setting),
    )?;
    Ok(addresses)
}

/// Files as the owners of the records would hand them over, once.
fn owners(setting: &Setting, options: &Options) -> anyhow::Result<Outcome> {
    let folder = setting.home.folder().join("owners");
    if folder.join("as-of").exists() {
        return Ok(Outcome::Already);
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let today = clock().now_in_japan().date();
    demo_city::owners::write(&folder, demo_city::residents(options.seed, options.rows, today), today)?;
    Ok(Outcome::Done)
}

/// Adds `[relay]` to the configuration, once.
fn join(setting: &Setting) -> anyhow::Result<Outcome> {
    if setting.config()?.relay.is_some() {
        return Ok(Outcome::Already);
    }
    let section = setting.home.folder().join("relay/office/relay.toml");
    let section = fs::read_to_string(&section).with_context(|| section.display().to_string())?;
    let mut text = fs::read_to_string(&setting.config_file)?;
    text.push_str(&section);
    secrets::replace(&setting.config_file, text.as_bytes())?;
    setting.config()?;
    Ok(Outcome::Done)
}
