//! Programs that this set-up started and will stop: one record each, naming the process beyond doubt.
//!
//! A process number alone is reused by the kernel after a restart; with the time the process began it names one
//! process only (proc(5), field 22 of `/proc/PID/stat`). Nothing is ever stopped by its name.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;
use crate::config::secrets;

/// A program that runs on after the command that started it.
pub struct Process {
    name: &'static str,
    record: PathBuf,
    log: PathBuf,
}

/// How long a program is given to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

impl Process {
    /// The program recorded as `name` in `home`.
    pub fn new(home: &Home, name: &'static str) -> Self {
        Self {
            name,
            record: home.run(&format!("{name}.process")),
            log: home.log(&format!("{name}.log")),
        }
    }

    /// Its log, for pointing at when it does not start.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its number, while it runs.
    pub fn running(&self) -> Option<i32> {
        let text = fs::read_to_string(&self.record).ok()?;
        let (number, began) = text.trim().split_once(' ')?;
        let number: i32 = number.parse().ok()?;
        (began_at(number)? == began).then_some(number)
    }

    /// Starts `program` in a session of its own, so that neither Ctrl-C nor the closing of the terminal reaches it,
    /// and records it.
    ///
    /// # Errors
    /// The system's, when the program cannot be started.
    pub fn start(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> io::Result<()> {
        for file in [&self.record, &self.log] {
            if let Some(folder) = file.parent() {
                secrets::private_folder(folder)?;
            }
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)?;
        // setsid(1) becomes the program itself: the number recorded is the program's.
        let child = Command::new("setsid")
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()?;
        self.keep(child.id() as i32)
    }

    /// Records a process that something else started for us (a program begun through `sudo`).
    ///
    /// # Errors
    /// When it is gone already, or the record cannot be written.
    pub fn keep(&self, number: i32) -> io::Result<()> {
        let began = began_at(number)
            .ok_or_else(|| io::Error::other(format!("{} ended at once; see {}", self.name, self.log.display())))?;
        secrets::private_folder(self.record.parent().unwrap_or(Path::new(".")))?;
        secrets::replace(&self.record, format!("{number} {began}\n").as_bytes())
    }

    /// Asks it to end, and ends it when it does not listen. Gives whether it ran.
    ///
    /// # Errors
    /// When it cannot be ended: it belongs to another user.
    pub fn stop(&self) -> io::Result<bool> {
        let Some(number) = self.running() else {
            let _ = fs::remove_file(&self.record);
            return Ok(false);
        };
        for signal in [Signal::TERM, Signal::KILL] {
            if let Some(pid) = Pid::from_raw(number)
                && let Err(refused) = kill_process(pid, signal)
                && refused != rustix::io::Errno::SRCH
            {
                return Err(refused.into());
            }
            let began = Instant::now();
            while began.elapsed() < PATIENCE {
                if self.running().is_none() {
                    let _ = fs::remove_file(&self.record);
                    return Ok(true);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Err(io::Error::other(format!("{} ({number}) does not end", self.name)))
    }
}

/// Waits until `ready` answers, at most `limit`. Gives whether it did.
pub fn wait_until(limit: Duration, mut ready: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if ready() {
            return true;
        }
        if began.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether this process may act as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether systemd is the machine's init (sd_booted(3)).
pub fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// When process `number` began, in clock ticks after the machine's start; nothing when it has ended.
fn began_at(number: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The program's name stands in brackets and may hold spaces and brackets itself: fields count from the last one.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // Ended but not yet collected by its parent.
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    fields.get(19).map(|ticks| (*ticks).to_owned())
}

/// Holds `home` for one set-up at a time; let go when dropped, also by the kernel when the program is killed.
pub struct Hold(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

impl Hold {
    /// Takes the hold, waiting at most `limit` for another command to let go.
    ///
    /// # Errors
    /// As [`Hold::take`].
    pub fn wait(home: &Home, limit: Duration) -> io::Result<Self> {
        let mut hold = Self::take(home);
        wait_until(limit, || {
            let busy =
                |hold: &io::Result<Self>| matches!(hold, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            if busy(&hold) {
                hold = Self::take(home);
            }
            !busy(&hold)
        });
        hold
    }

    /// Takes the hold, or says that another command has it.
    ///
    /// # Errors
    /// The system's; `WouldBlock` when another command is at it.
    pub fn take(home: &Home) -> io::Result<Self> {
        let file = home.run("setup.lock");
        secrets::private_folder(file.parent().unwrap_or(Path::new(".")))?;
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&file)?;
        match rustix::fs::flock(&open, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self(open)),
            Err(refused) => Err(refused.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_program_is_known_by_its_record_and_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let process = Process::new(&home, "sleeper");
        assert!(process.running().is_none());
        process.start("sleep", ["60"]).unwrap();
        assert!(process.running().is_some());
        assert!(process.stop().unwrap());
        assert!(process.running().is_none());
        assert!(!process.stop().unwrap());
    }

    #[test]
    fn another_process_that_got_the_same_number_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let process = Process::new(&home, "sleeper");
        // This test's own number, with a beginning that is not its own.
        secrets::private_folder(&folder.path().join("run")).unwrap();
        fs::write(home.run("sleeper.process"), format!("{} 1\n", std::process::id())).unwrap();
        assert!(process.running().is_none());
        assert!(!process.stop().unwrap());
    }

    #[test]
    fn only_one_set_up_runs_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let held = Hold::take(&home).unwrap();
        assert_eq!(
            Hold::take(&home).err().map(|refused| refused.kind()),
            Some(io::ErrorKind::WouldBlock)
        );
        drop(held);
        assert!(Hold::take(&home).is_ok());
    }
}
