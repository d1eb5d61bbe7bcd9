//! What must run beside the console: the database, the card service, and in a demonstration the tray of cards.
//! `up` starts what is not running, `down` stops what was started here and nothing else.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use card::{ReaderError, Readers};
use store::cluster::{Cluster, ClusterStatus, Stop};

use super::{
    Setting,
    processes::{Hold, Process, has_systemd, is_root, wait_until},
    steps::{Outcome, Step, Steps},
    supervise,
    words::Lang,
};
use crate::config::{Config, Demo, secrets};

pub(super) mod printer;
pub(super) mod publishing;

/// How long another command that is setting up or starting is waited for.
const SET_UP: Duration = Duration::from_secs(60);
/// How long a service is given until it answers.
const READY: Duration = Duration::from_secs(10);
/// How long the card service is waited for: one that hangs would keep every command.
pub(super) const CARD_SERVICE: Duration = Duration::from_secs(3);

/// Starts what is not running.
///
/// # Errors
/// When something does not start, with what to do.
pub fn up(setting: &Setting) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let steps = Steps::new(setting.lang, false);
    start_all(setting, &config, &steps)?;
    if config.demo.is_some() {
        steps.step(supervise::words(setting.lang), |_| supervise::begin(setting))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts what is not running, a line each. Two consoles opened at once wait for one another here.
fn start_all(setting: &Setting, config: &Config, steps: &Steps) -> anyhow::Result<()> {
    let lang = setting.lang;
    let _hold = Hold::wait(&setting.home, SET_UP).with_context(|| {
        lang.pick(
            "別の命令がまだ用意を続けています。終わってから試してください。",
            "another command is still setting up; try again when it has ended.",
        )
    })?;
    steps.step(database_words(lang), |_| start_database(setting, lang))?;
    steps.step(publishing::words(lang), |_| publishing::start(setting, config))?;
    steps.step(card_service_words(lang), |step| start_card_service(setting, step))?;
    if let Some(demo) = &config.demo {
        steps.step(tray_words(lang), |_| start_tray(setting, config, demo))?;
    }
    if let Some(port) = printer::port(config) {
        steps.step(printer::words(lang), |_| printer::start(setting, port))?;
    }
    if config.demo.is_some() && has_relay(setting) && !config.relay_on_hold {
        steps.step(relay_words(lang), |_| start_relay(setting).map(|_| Outcome::Done))?;
    }
    if config.relay.is_some() {
        steps.step(dispatch_words(lang), |_| start_dispatch(setting))?;
    }
    Ok(())
}

/// Starts what is not running without a word, unless it does not start.
pub(super) fn start_missing(setting: &Setting, config: &Config) -> anyhow::Result<()> {
    start_all(setting, config, &Steps::new(setting.lang, true))
}

/// The programs of the demonstration's relay.
const RELAY_PROGRAMS: [&str; 4] = ["blind", "relay", "my-page", "card-bridge"];

/// Every program that this set-up keeps running on this machine, by its name, and whether it does.
pub(super) fn running(setting: &Setting, config: &Config) -> Vec<(String, bool)> {
    let cluster = Cluster::at(setting.home.cluster()).status();
    let mut all = Vec::new();
    if !matches!(cluster, Ok(ClusterStatus::Absent)) {
        all.push((
            "database".to_owned(),
            matches!(cluster, Ok(ClusterStatus::Running { .. })),
        ));
    }
    if config.demo.is_some() {
        all.push(("tray".to_owned(), tray_process(setting).running().is_some()));
    }
    if printer::port(config).is_some() {
        all.push(("printer".to_owned(), printer::runs(setting)));
    }
    if config.demo.is_some() && has_relay(setting) && !config.relay_on_hold {
        let up = relay_running(setting);
        let programs = RELAY_PROGRAMS
            .map(str::to_owned)
            .into_iter()
            .chain(back_offices(setting))
            .chain(has_clinic(setting).then(|| "eligibility".to_owned()));
        all.extend(programs.map(|name| {
            let runs = up.contains(&name);
            (name, runs)
        }));
    }
    if let Some(address) = publishing::address(config) {
        all.push((
            "lists".to_owned(),
            publishing::lists_process(setting).running().is_some(),
        ));
        if !publishing::is_held_elsewhere(setting, address) {
            let up = publishing::publisher_process(setting).running().is_some();
            all.push(("publisher".to_owned(), up));
        }
    }
    if config.relay.is_some() {
        all.push(("dispatch".to_owned(), dispatch_process(setting).running().is_some()));
    }
    all
}

/// The names of the demonstration's providers of records, as far as they are laid out.
fn back_offices(setting: &Setting) -> Vec<String> {
    let folder = setting.home.folder().join("relay/back-offices");
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = found
        .filter(|entry| entry.path().join("port").exists())
        .map(|entry| format!("back-office-{}", entry.file_name().to_string_lossy()))
        .collect();
    names.sort();
    names
}

/// Whether the demonstration has a clinic: one that was set up by an earlier version has none.
fn has_clinic(setting: &Setting) -> bool {
    setting.home.folder().join("relay/eligibility/port").exists()
}

/// Which of the relay's programs run; none when that cannot be told.
fn relay_running(setting: &Setting) -> Vec<String> {
    let told = demo_relay(setting, "status").ok();
    let told: Option<serde_json::Value> = told.and_then(|told| serde_json::from_str(told.trim()).ok());
    let names = told.as_ref().and_then(|told| told["running"].as_array());
    names
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

/// Starts one of [`running`]'s programs.
pub(super) fn start_again(setting: &Setting, config: &Config, name: &str) -> anyhow::Result<()> {
    match (name, &config.demo) {
        ("database", _) => start_database(setting, setting.lang).map(drop),
        ("tray", Some(demo)) => start_tray(setting, config, demo).map(drop),
        ("dispatch", _) => start_dispatch(setting).map(drop),
        ("printer", _) => match printer::port(config) {
            Some(port) => printer::start(setting, port).map(drop),
            None => Ok(()),
        },
        ("lists" | "publisher", _) => publishing::start(setting, config).map(drop),
        _ => start_relay(setting).map(drop),
    }
}

/// Stops what was started here, the console's own needs last.
///
/// # Errors
/// When something does not stop.
pub fn down(setting: &Setting) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let steps = Steps::new(lang, false);
    let done = |stopped| if stopped { Outcome::Done } else { Outcome::Already };
    // First, or it would start the others again.
    steps.step(
        lang.pick("起こし直す係を止める", "stop keeping things running"),
        |_| supervise::process(&setting.home).stop().map(done),
    )?;
    steps.step(
        lang.pick("送信箱の係を止める", "stop carrying the outbox"),
        |_| dispatch_process(setting).stop().map(done),
    )?;
    if has_relay(setting) {
        steps.step(lang.pick("中継を止める", "stop the relay"), |_| {
            demo_relay(setting, "down").map(|_| Outcome::Done)
        })?;
    }
    steps.step(
        lang.pick("失効一覧の公開をやめる", "stop publishing the revocation lists"),
        |_| publishing::stop(setting).map(done),
    )?;
    steps.step(lang.pick("印刷機を片付ける", "put the printer away"), |_| {
        printer::stop(setting).map(done)
    })?;
    steps.step(lang.pick("盆を片付ける", "put the tray away"), |_| {
        tray_process(setting).stop().map(done)
    })?;
    steps.step(lang.pick("pcscd を止める", "stop pcscd"), |step| {
        stop_card_service(setting, step).map(done)
    })?;
    steps.step(lang.pick("データベースを止める", "stop the database"), |_| {
        let cluster = Cluster::at(setting.home.cluster());
        if !matches!(cluster.status()?, ClusterStatus::Running { .. }) {
            return Ok(Outcome::Already);
        }
        cluster.stop(Stop::Fast)?;
        anyhow::Ok(Outcome::Done)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Name of the database's step.
pub(super) fn database_words(lang: Lang) -> &'static str {
    lang.pick("データベースを動かす", "start the database")
}

/// Name of the card service's step.
pub(super) fn card_service_words(lang: Lang) -> &'static str {
    lang.pick("カードの仲介(pcscd)を動かす", "start the card service (pcscd)")
}

/// Name of the tray's step.
pub(super) fn tray_words(lang: Lang) -> &'static str {
    lang.pick("仮想カードの盆を出す", "put the tray of virtual cards out")
}

/// Name of the step that starts the demonstration's relay.
pub(super) fn relay_words(lang: Lang) -> &'static str {
    lang.pick("中継とマイページを動かす", "start the relay and My Page")
}

/// Whether this set-up has a relay of its own: a demonstration's.
fn has_relay(setting: &Setting) -> bool {
    setting.home.folder().join("relay").is_dir()
}

/// Lays the demonstration's relay out where it is not, and starts it. Gives where it can be reached.
pub(super) fn start_relay(setting: &Setting) -> anyhow::Result<serde_json::Value> {
    let told = demo_relay(setting, "up")?;
    serde_json::from_str(told.trim()).context("madoguchi-demo-relay")
}

/// Links the records of the demonstration's offices to people, where that was not done.
pub(super) fn link_relay(setting: &Setting) -> anyhow::Result<Outcome> {
    let told = demo_relay(setting, "link")?;
    let told: serde_json::Value = serde_json::from_str(told.trim()).context("madoguchi-demo-relay")?;
    Ok(match told["linked"].as_u64() {
        Some(0) | None => Outcome::Already,
        Some(_) => Outcome::Done,
    })
}

/// Asks the demonstration's relay for `command`; what it prints.
fn demo_relay(setting: &Setting, command: &str) -> anyhow::Result<String> {
    let program = beside_us("madoguchi-demo-relay").with_context(|| {
        setting.lang.pick(
            "プログラム madoguchi-demo-relay が見つかりません。`make build` で作ってください。",
            "the program madoguchi-demo-relay is not there: make it with `make build`.",
        )
    })?;
    let output = Command::new(program)
        .arg("--home")
        .arg(setting.home.folder())
        .arg(command)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Name of the step that carries the outbox.
pub(super) fn dispatch_words(lang: Lang) -> &'static str {
    lang.pick("送信箱を中継に届け始める", "begin carrying the outbox to the relay")
}

/// Starts the one that carries the outbox to the relay's front.
pub(super) fn start_dispatch(setting: &Setting) -> anyhow::Result<Outcome> {
    let process = dispatch_process(setting);
    if process.running().is_some() {
        return Ok(Outcome::Already);
    }
    let program = std::env::current_exe()?;
    process.start(
        program,
        [Path::new("--config"), &setting.config_file, Path::new("dispatch")],
    )?;
    Ok(Outcome::Done)
}

/// Starts the private cluster. A database that is not ours (another machine's) is not ours to start.
pub(super) fn start_database(setting: &Setting, lang: Lang) -> anyhow::Result<Outcome> {
    let cluster = Cluster::at(setting.home.cluster());
    match cluster.status()? {
        ClusterStatus::Running { .. } => Ok(Outcome::Already),
        ClusterStatus::Stopped => {
            cluster.start()?;
            Ok(Outcome::Done)
        }
        ClusterStatus::Absent => bail!(lang.pick(
            "データベースがまだ作られていません。`madoguchi setup`(実演は `make demo`)で作ってください。",
            "there is no database yet; make it with `madoguchi setup` (`make demo` for the demonstration)."
        )),
    }
}

/// Makes sure that pcscd answers: systemd's socket where there is one, else by hand as root.
pub(super) fn start_card_service(setting: &Setting, step: &Step) -> anyhow::Result<Outcome> {
    let lang = setting.lang;
    let Some(trouble) = Readers::list_within(CARD_SERVICE).err() else {
        return Ok(Outcome::Already);
    };
    if trouble != ReaderError::ServiceGone {
        bail!(super::card::reader_words(&trouble, lang));
    }
    let process = card_service_process(setting);
    if has_systemd() {
        step.pause(|| as_root(&["systemctl", "start", "pcscd.socket"]))?;
    } else {
        let program = program("pcscd", &["/usr/sbin/pcscd"]).with_context(|| {
            lang.pick(
                "pcscd が入っていません。`scripts/packages run` か `apt-get install pcscd` で入れてください。",
                "pcscd is not installed: `scripts/packages run`, or `apt-get install pcscd`.",
            )
        })?;
        // Its socket's folder lives in a file system that is empty after each start of the machine.
        step.pause(|| as_root(&["mkdir", "-p", "/run/pcscd"]))?;
        if is_root() {
            process.start(&program, ["--foreground"])?;
        } else {
            let mut words = vec![program.display().to_string()];
            // Without a polkit daemon every user but root would be refused; later versions can be told so.
            words.extend(knows_option(&program, "--disable-polkit").then(|| "--disable-polkit".to_owned()));
            step.pause(|| as_root(&words.iter().map(String::as_str).collect::<Vec<_>>()))?;
        }
    }
    let ready = wait_until(READY, || Readers::list_within(CARD_SERVICE).is_ok());
    if !ready {
        bail!(lang.pick(
            format!(
                "pcscd が答えません。ログを見てください: {}(systemd なら journalctl -u pcscd)",
                process.log().display()
            ),
            format!(
                "pcscd does not answer; see {} (with systemd: journalctl -u pcscd)",
                process.log().display()
            ),
        ));
    }
    if !has_systemd() && !is_root() {
        // pcscd went into the background by itself and says here who it is (pcscd(8)).
        let mut number = None;
        wait_until(READY, || {
            let text = std::fs::read_to_string("/run/pcscd/pcscd.pid").unwrap_or_default();
            // Digits, then whatever follows them: some versions write a zero byte.
            let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            number = digits.parse().ok();
            number.is_some()
        });
        process.keep(number.context("/run/pcscd/pcscd.pid")?)?;
    }
    Ok(Outcome::Done)
}

fn stop_card_service(setting: &Setting, step: &Step) -> anyhow::Result<bool> {
    let process = card_service_process(setting);
    let Some(number) = process.running() else {
        return Ok(process.stop()?);
    };
    if is_root() {
        return Ok(process.stop()?);
    }
    // The shell's own kill: a small system has no program of that name.
    step.pause(|| as_root(&["sh", "-c", &format!("kill {number}")]))?;
    wait_until(READY, || process.running().is_none());
    Ok(process.stop().is_ok())
}

/// Puts the tray out and waits until both of its readers are known to the card service.
pub(super) fn start_tray(setting: &Setting, config: &Config, demo: &Demo) -> anyhow::Result<Outcome> {
    let lang = setting.lang;
    let process = tray_process(setting);
    let outcome = if process.running().is_some() && ask_tray(&demo.tray_socket, "status").is_ok() {
        Outcome::Already
    } else {
        process.stop()?;
        let program = beside_us("virtual-card").with_context(|| {
            lang.pick(
                "プログラム virtual-card が見つかりません。`make build` で作ってください。",
                "the program virtual-card is not there: make it with `make build`.",
            )
        })?;
        let folder = setting.home.tray();
        for private in [Some(folder.as_path()), demo.tray_socket.parent()]
            .into_iter()
            .flatten()
        {
            secrets::private_folder(private)?;
        }
        process.start(
            program,
            [
                Path::new("--socket"),
                &demo.tray_socket,
                Path::new("tray"),
                Path::new("--cards"),
                &folder,
                Path::new("--master"),
                &config.card.master_file,
            ],
        )?;
        Outcome::Done
    };
    let wanted = [&config.card.staff_reader, &config.card.resident_reader];
    let ready = wait_until(READY, || {
        ask_tray(&demo.tray_socket, "status").is_ok()
            && Readers::list_within(CARD_SERVICE).is_ok_and(|names| wanted.iter().all(|name| names.contains(name)))
    });
    if !ready {
        bail!(lang.pick(
            format!(
                "仮想の読取機が現れません。vpcd を入れたあとなら pcscd を起動し直してください(systemctl restart pcscd)。ログ: {}",
                process.log().display()
            ),
            format!(
                "the virtual readers do not appear; after installing vpcd, restart pcscd (systemctl restart pcscd). Log: {}",
                process.log().display()
            ),
        ));
    }
    Ok(outcome)
}

/// Asks the tray one thing and gives its answer's rows, a list of fields each. The protocol is the tray's: a first line
/// `OK` or `ERR` with words, rows with tabs between fields, an empty line.
pub(super) fn ask_tray(socket: &Path, question: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let mut tray = UnixStream::connect(socket).with_context(|| format!("{}", socket.display()))?;
    tray.set_read_timeout(Some(READY))?;
    writeln!(tray, "{question}")?;
    let mut lines = BufReader::new(tray).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    if first != "OK" && !first.starts_with("OK ") {
        bail!("{question}: {first}");
    }
    let mut rows = Vec::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        rows.push(line.split('\t').map(str::to_owned).collect());
    }
    Ok(rows)
}

/// The tray's record.
pub(super) fn tray_process(setting: &Setting) -> Process {
    Process::new(&setting.home, "tray")
}

/// The record of the one that carries the outbox.
pub(super) fn dispatch_process(setting: &Setting) -> Process {
    Process::new(&setting.home, "dispatch")
}

/// The record of a pcscd that was started by hand.
pub(super) fn card_service_process(setting: &Setting) -> Process {
    Process::new(&setting.home, "pcscd")
}

/// Runs one command as root, through sudo (which may ask for the password) when we are not.
fn as_root(words: &[&str]) -> anyhow::Result<()> {
    let (program, arguments) = if is_root() {
        (words[0], &words[1..])
    } else {
        ("sudo", words)
    };
    let ended = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .status()
        .with_context(|| format!("{program} {}", arguments.join(" ")))?;
    if !ended.success() {
        bail!("{} {}: {ended}", program, arguments.join(" "));
    }
    Ok(())
}

fn knows_option(program: &Path, option: &str) -> bool {
    Command::new(program).arg("--help").output().is_ok_and(|help| {
        let said = [help.stdout, help.stderr].concat();
        String::from_utf8_lossy(&said).contains(option)
    })
}

/// A program of the system, looked for on the path and in the places that users' paths leave out.
fn program(name: &str, elsewhere: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .chain(elsewhere.iter().map(PathBuf::from))
        .find(|file| file.is_file())
}

/// A program that was built together with this one.
fn beside_us(name: &str) -> Option<PathBuf> {
    let ours = std::env::current_exe().ok()?;
    [ours.parent()?.join(name), ours.parent()?.parent()?.join(name)]
        .into_iter()
        .find(|file| file.is_file())
        .or_else(|| program(name, &[]))
}
