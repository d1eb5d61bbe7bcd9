//! A demonstration's printer: CUPS's `ippeveprinter` on loopback, which keeps what it prints in a folder. It speaks IPP as a real
//! one does and has paper until somebody takes it out (`touch out-of-paper` in its folder).

use std::{
    fs::{self, Permissions},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{READY, Setting, program};
use crate::{
    commands::{
        processes::{Process, wait_until},
        steps::Outcome,
        words::Lang,
    },
    config::{Config, secrets},
};

/// The name it listens at: loopback alone.
const HOST: &str = "localhost";
/// What it does with each document. It waits while there is no paper, and then goes on, as a real one does.
const PRINTS: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
while [ -e out-of-paper ]; do
    echo 'STATE: +media-empty-error' >&2
    sleep 1
done
echo 'STATE: -media-empty-error' >&2
"#;

/// Name of the step.
pub(in crate::commands) fn words(lang: Lang) -> &'static str {
    lang.pick("通知を印刷する印刷機を出す", "put a printer for notices out")
}

/// The address of a demonstration's printer on a port of its own.
pub(in crate::commands) fn address(port: u16) -> String {
    format!("ipp://{HOST}:{port}/ipp/print")
}

/// Where it keeps what it prints.
pub(in crate::commands) fn folder(setting: &Setting) -> PathBuf {
    setting.home.folder().join("printer")
}

/// Its port, where this set-up has such a printer.
pub(in crate::commands) fn port(config: &Config) -> Option<u16> {
    config.demo.as_ref()?;
    let rest = config.paper.printer.as_ref()?.strip_prefix("ipp://")?;
    rest.strip_prefix(HOST)?
        .strip_prefix(':')?
        .split('/')
        .next()?
        .parse()
        .ok()
}

fn process(setting: &Setting) -> Process {
    Process::new(&setting.home, "printer")
}

/// It announces itself on the system's bus, which not every machine has; it gets one of its own, where nobody listens.
fn bus(setting: &Setting) -> Process {
    Process::new(&setting.home, "printer-bus")
}

/// Whether it runs.
pub(in crate::commands) fn runs(setting: &Setting) -> bool {
    process(setting).running().is_some() && bus(setting).running().is_some()
}

/// Puts it out.
pub(in crate::commands) fn start(setting: &Setting, port: u16) -> anyhow::Result<Outcome> {
    let listens = || TcpStream::connect((HOST, port)).is_ok();
    if runs(setting) && listens() {
        return Ok(Outcome::Already);
    }
    stop(setting)?;
    let lang = setting.lang;
    let found = |name: &str| {
        program(name, &[&format!("/usr/sbin/{name}"), &format!("/usr/bin/{name}")]).with_context(|| {
            lang.pick(
                format!("{name} が入っていません。`scripts/packages demo` で入れてください。"),
                format!("{name} is not installed: `scripts/packages demo`."),
            )
        })
    };
    let (printer, daemon) = (found("ippeveprinter")?, found("dbus-daemon")?);
    let folder = folder(setting);
    secrets::private_folder(&folder)?;
    let prints = folder.join("prints");
    fs::write(&prints, PRINTS)?;
    fs::set_permissions(&prints, Permissions::from_mode(0o700))?;
    let socket = setting.home.run("printer-bus.socket");
    let _ = fs::remove_file(&socket);
    let address = format!("unix:path={}", socket.display());
    bus(setting).start(daemon, ["--session", "--nofork", &format!("--address={address}")])?;
    wait_until(READY, || socket.exists());
    let process = process(setting);
    let (on_bus, port_text) = (format!("DBUS_SYSTEM_BUS_ADDRESS={address}"), port.to_string());
    let words: [&Path; 16] = [
        Path::new(&on_bus),
        &printer,
        Path::new("-n"),
        Path::new(HOST),
        Path::new("-p"),
        Path::new(&port_text),
        Path::new("-r"),
        Path::new("off"),
        Path::new("-f"),
        Path::new("application/pdf"),
        Path::new("-d"),
        &folder,
        Path::new("-k"),
        Path::new("-c"),
        &prints,
        Path::new("madoguchi"),
    ];
    process.start("env", words)?;
    if !wait_until(READY, || process.running().is_some() && listens()) {
        bail!(lang.pick(
            format!(
                "実演の印刷機が動きません。ログを見てください: {}",
                process.log().display()
            ),
            format!(
                "the demonstration's printer does not start; see {}",
                process.log().display()
            ),
        ));
    }
    Ok(Outcome::Done)
}

/// Puts it away. Gives whether it ran.
pub(in crate::commands) fn stop(setting: &Setting) -> std::io::Result<bool> {
    let printed = process(setting).stop()?;
    Ok(bus(setting).stop()? || printed)
}
