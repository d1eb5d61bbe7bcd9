//! The processes of the demonstration: started in the background, found again by the number they left in a file.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::layout::Layout;

/// How long a process is given to end by itself.
const END: Duration = Duration::from_secs(10);

fn number_file(layout: &Layout, name: &str) -> PathBuf {
    layout.home().join("run").join(format!("{name}.pid"))
}

/// The process called `name`, while it runs. A number that now belongs to another program is not ours.
pub fn running(layout: &Layout, name: &str) -> Option<Pid> {
    let number: i32 = fs::read_to_string(number_file(layout, name))
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let pid = Pid::from_raw(number)?;
    test_kill_process(pid).ok()?;
    let program = fs::read_link(format!("/proc/{number}/exe")).ok()?;
    let program = program.file_name()?.to_string_lossy().into_owned();
    program
        .starts_with(&format!("madoguchi-{}", program_of(name)))
        .then_some(pid)
}

/// The program of the process called `name`: the providers are one program.
fn program_of(name: &str) -> &str {
    if name.starts_with("back-office-") {
        "back-office"
    } else {
        name
    }
}

/// Its configuration.
fn config(layout: &Layout, name: &str) -> PathBuf {
    match name.strip_prefix("back-office-") {
        Some(kind) => layout.folder("back-offices").join(kind).join("back-office.toml"),
        None => layout.folder(name).join(format!("{name}.toml")),
    }
}

/// Starts `madoguchi-NAME` with its configuration, unless it runs.
pub fn start(layout: &Layout, name: &str) -> anyhow::Result<()> {
    if running(layout, name).is_some() {
        return Ok(());
    }
    let log = layout.home().join("log").join(format!("{name}.log"));
    for file in [&log, &number_file(layout, name)] {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
    }
    let log = File::options().create(true).append(true).open(&log)?;
    let mut command = Command::new(program(program_of(name))?);
    if name == "blind" {
        command.arg("serve");
    }
    let child = command
        .arg("--config")
        .arg(config(layout, name))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // A Ctrl-C at the shell that started it is not meant for it.
        .process_group(0)
        .spawn()
        .with_context(|| format!("madoguchi-{name}"))?;
    fs::write(number_file(layout, name), child.id().to_string())?;
    Ok(())
}

/// Ends the process called `name`, if it runs.
pub fn stop(layout: &Layout, name: &str) -> anyhow::Result<()> {
    let Some(pid) = running(layout, name) else {
        return Ok(());
    };
    kill_process(pid, Signal::TERM)?;
    let begun = Instant::now();
    while running(layout, name).is_some() {
        if begun.elapsed() > END {
            kill_process(pid, Signal::KILL)?;
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = fs::remove_file(number_file(layout, name));
    Ok(())
}

/// A program of ours, which stands beside this one.
pub fn program(name: &str) -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(format!("madoguchi-{name}"));
    if !program.exists() {
        bail!("{} is not there: `make build` makes it", program.display());
    }
    Ok(program)
}
