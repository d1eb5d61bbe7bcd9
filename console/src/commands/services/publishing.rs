//! What the authorities publish: a process that signs each revocation list when it is due, and, in a demonstration, one that
//! serves them at the address in the certificates. An office's own web server or `madoguchi-publisher` does so elsewhere.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};

use super::{READY, Setting, beside_us};
use crate::{
    commands::{
        authority::lists,
        database::Records,
        processes::{Process, wait_until},
        steps::Outcome,
        words::Lang,
    },
    config::Config,
};

/// Name of the step.
pub(in crate::commands) fn words(lang: Lang) -> &'static str {
    lang.pick(
        "失効一覧に署名して公開する",
        "sign the revocation lists and publish them",
    )
}

/// The record of the one that signs lists when they are due.
pub(in crate::commands) fn lists_process(setting: &Setting) -> Process {
    Process::new(&setting.home, "lists")
}

/// The record of the one that serves them.
pub(in crate::commands) fn publisher_process(setting: &Setting) -> Process {
    Process::new(&setting.home, "publisher")
}

/// Where a demonstration's lists are served; an office's address is another machine's affair.
pub(in crate::commands) fn address(config: &Config) -> Option<SocketAddr> {
    config.demo.as_ref()?;
    config.authority.base_url.strip_prefix("http://")?.parse().ok()
}

/// Whether another program has the address: a copy of this set-up that runs on the same machine, say.
pub(in crate::commands) fn is_held_elsewhere(setting: &Setting, address: SocketAddr) -> bool {
    let taken = || matches!(TcpListener::bind(address), Err(error) if error.kind() == io::ErrorKind::AddrInUse);
    publisher_process(setting).running().is_none() && taken()
}

/// Writes the lists that are due, and starts what keeps and serves them.
pub(in crate::commands) fn start(setting: &Setting, config: &Config) -> anyhow::Result<Outcome> {
    // A database that runs may still be starting up; the lists read its records.
    wait_until(READY, || Records::open(config).is_ok());
    // The first ones at once: what is made next names them.
    let mut done = !lists::renew(config, &config.authority.lists, lists::USUAL_DAYS, true)?.is_empty();
    let process = lists_process(setting);
    if process.running().is_none() {
        let words = [Path::new("authority"), Path::new("crl"), Path::new("--keep")];
        process.start(
            std::env::current_exe()?,
            [Path::new("--config"), &setting.config_file].into_iter().chain(words),
        )?;
        done = true;
    }
    if let Some(address) = address(config) {
        if is_held_elsewhere(setting, address) {
            return Ok(Outcome::Left(setting.lang.pick(
                format!("{address} は別のプログラムが使っているため、署名だけ続け、ここからは公開しません"),
                format!("{address} belongs to another program: lists are signed, and not published from here"),
            )));
        }
        done |= start_publisher(setting, config, address)?;
        // Its key asks for certificates from the first start on; the lists' process would find that soon, and this at once.
        lists::renew(config, &config.authority.lists, lists::USUAL_DAYS, true)?;
    }
    Ok(if done { Outcome::Done } else { Outcome::Already })
}

fn start_publisher(setting: &Setting, config: &Config, address: SocketAddr) -> anyhow::Result<bool> {
    let lang = setting.lang;
    let process = publisher_process(setting);
    let listens = || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok();
    if process.running().is_some() && listens() {
        return Ok(false);
    }
    process.stop()?;
    let program = beside_us("madoguchi-publisher").with_context(|| {
        lang.pick(
            "プログラム madoguchi-publisher が見つかりません。`make build` で作ってください。",
            "the program madoguchi-publisher is not there: make it with `make build`.",
        )
    })?;
    let listen = address.to_string();
    process.start(
        program,
        [
            Path::new("--folder"),
            &config.authority.lists,
            Path::new("--responder"),
            &config.authority.responder,
            Path::new("--listen"),
            Path::new(&listen),
        ],
    )?;
    if !wait_until(READY, || process.running().is_some() && listens()) {
        bail!(lang.pick(
            format!(
                "{listen} で失効一覧を公開できません。ログを見てください: {}",
                process.log().display()
            ),
            format!(
                "the revocation lists are not published at {listen}; see {}",
                process.log().display()
            ),
        ));
    }
    Ok(true)
}

/// Stops both. Gives whether one ran.
pub(in crate::commands) fn stop(setting: &Setting) -> std::io::Result<bool> {
    let served = publisher_process(setting).stop()?;
    Ok(lists_process(setting).stop()? || served)
}
