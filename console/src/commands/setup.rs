//! `madoguchi setup`: makes whatever is not there yet, one step after another, each of them safe to do again.
//!
//! Nothing remembers how far a set-up came: every step looks at what is there. A set-up that was cut off, by Ctrl-C or
//! by a power cut, goes on where it stopped when it is asked for again.

use std::process::ExitCode;

use anyhow::bail;
use relay_core::{chance::OsChance, clock::SystemClock};
use store::cluster::Cluster;

use super::{
    Setting,
    processes::Hold,
    services,
    steps::{Outcome, Steps},
};
use crate::config::{Config, secrets};

mod authority;
mod city;
pub(super) mod database;
mod endpoints;
mod relay;
mod staff;
mod template;
mod tray;

pub(super) use database::open_to_pass;

/// What to make.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A demonstration: a made-up city, its staff, virtual cards.
    #[arg(long)]
    demo: bool,
    /// With a relay: front, blind half, My Page and card bridge on this machine.
    #[arg(long, requires = "demo")]
    relay: bool,
    /// People in the made-up city.
    #[arg(long, default_value_t = 90_000, requires = "demo", value_name = "N")]
    rows: usize,
    /// Seed of the made-up city: the same number gives the same city.
    #[arg(long, default_value_t = 1, requires = "demo", value_name = "N")]
    seed: u64,
}

/// Makes what is missing and starts what must run.
///
/// # Errors
/// When a step cannot be done, with what to do; asked again, it goes on from there.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let steps = Steps::new(lang, false);
    let _hold = match Hold::take(&setting.home) {
        Ok(hold) => hold,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => bail!(lang.pick(
            "別の setup がいま進んでいます。終わってから、もう一度試してください。",
            "another setup is at it; try again when it has ended.",
        )),
        Err(error) => return Err(error.into()),
    };
    steps.say(&lang.pick(
        format!("用意します: {}", setting.home.folder().display()),
        format!("Setting up in {}", setting.home.folder().display()),
    ));
    database::create(setting, &steps)?;
    if !configuration(setting, options, &steps)? {
        return Ok(ExitCode::SUCCESS);
    }
    let config = setting.config()?;
    make_secrets(setting, &config, &steps)?;
    database::make(setting, &config, &steps)?;
    authority::make(setting, &config, &steps)?;
    steps.step(services::publishing::words(lang), |_| {
        services::publishing::start(setting, &config)
    })?;
    steps.step(services::card_service_words(lang), |step| {
        services::start_card_service(setting, step)
    })?;
    if options.relay && config.relay_on_hold {
        bail!(held_words(lang));
    }
    match &config.demo {
        Some(demo) if options.demo => {
            steps.step(services::tray_words(lang), |_| {
                services::start_tray(setting, &config, demo)
            })?;
            if let Some(port) = services::printer::port(&config) {
                steps.step(services::printer::words(lang), |_| {
                    services::printer::start(setting, port)
                })?;
            }
            city::take_in(setting, &config, options, &steps)?;
            super::notices::take_in_demo(setting, &config, options.seed, options.rows, &steps)?;
            let staff = staff::make(setting, &config, demo, &steps)?;
            let blanks = tray::lay_out_blanks(demo, lang, &steps)?;
            let relay = options
                .relay
                .then(|| relay::make(setting, options, &steps))
                .transpose()?;
            endpoints::write(setting, &config, demo, &staff, &blanks, relay.as_ref(), &steps)?;
            endpoints::tell(demo, &staff, relay.as_ref(), lang);
        }
        _ => steps.say(lang.pick(
            "用意できました。最初の管理者は、画面を開いて職員用読取機に白カードを差すと作れます。",
            "Ready. Open the console with a blank in the staff reader to make the first administrator.",
        )),
    }
    Ok(ExitCode::SUCCESS)
}

/// Why nothing is said to the relay.
pub(super) fn held_words(lang: super::words::Lang) -> &'static str {
    lang.pick(
        "この一式は控えから戻したもので、中継との連絡を止めてあります。元の一式がもう動かないことを確かめて `madoguchi rejoin-relay` としてください。",
        "This set-up was restored from a copy and says nothing to the relay. Make sure that the old one works no more, then `madoguchi rejoin-relay`.",
    )
}

/// Writes the configuration when there is none. Gives whether to go on: an office fills its own in first.
fn configuration(setting: &Setting, options: &Options, steps: &Steps) -> anyhow::Result<bool> {
    let lang = setting.lang;
    let mut made = false;
    steps.step(lang.pick("設定を書く", "write the configuration"), |_| {
        let text = if options.demo {
            template::demo(setting)
        } else {
            template::office(setting)
        };
        made = secrets::make(&setting.config_file, || zeroize::Zeroizing::new(text))?;
        anyhow::Ok(if made { Outcome::Done } else { Outcome::Already })
    })?;
    if made && !options.demo {
        steps.say(&lang.pick(
            format!(
                "{} を役所に合わせて書き直し、もう一度 `madoguchi setup` としてください。",
                setting.config_file.display()
            ),
            format!(
                "Fill {} in for your office, then run `madoguchi setup` again.",
                setting.config_file.display()
            ),
        ));
        return Ok(false);
    }
    Ok(true)
}

fn make_secrets(setting: &Setting, config: &Config, steps: &Steps) -> anyhow::Result<()> {
    let lang = setting.lang;
    steps.step(lang.pick("秘密の鍵を作る", "make the secret keys"), |_| {
        let chance = &mut OsChance;
        let mut made = secrets::make(&config.seal.keys_file, || secrets::fresh_seal_file(chance))?;
        made |= secrets::make(&config.card.master_file, || secrets::fresh_key(chance))?;
        for role in office::USERS {
            made |= secrets::make(&super::database::password_file(config, role), || {
                secrets::fresh_key(chance)
            })?;
        }
        // Both are taken away together, and brought back together: see `database::make`.
        if Cluster::at(setting.home.cluster()).superuser_file().exists() {
            made |= secrets::make(&setting.home.secret("database-owner"), || secrets::fresh_key(chance))?;
        }
        made |= crate::trail::make_key(&config.trail, &config.city.code, chance)?;
        secrets::private_folder(&config.paper.folder)?;
        anyhow::Ok(if made { Outcome::Done } else { Outcome::Already })
    })
}

/// The clock that everything made here is dated by.
fn clock() -> SystemClock {
    SystemClock
}
