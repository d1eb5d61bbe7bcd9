//! A private PostgreSQL cluster for one machine: made, started and stopped by us, reached over a Unix socket only.
//!
//! PostgreSQL refuses to run as root, so under root every program of it runs as a named user of the system
//! (`postgres`, which Debian's package makes). Nobody gets in without a password (`scram-sha-256`), the socket's
//! folder is closed to others, no TCP port is opened, and the log never quotes a statement or a row.

mod copy;
mod layout;
mod left_over;
mod programs;
mod roles;
mod upgrade;

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use relay_core::{
    chance::{Chance, draw},
    whole_file,
};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::info;

pub use copy::{Copying, Still, TableCount};
use layout::Layout;
pub use programs::Programs;
use programs::{RunAs, run};
pub use roles::Login;
pub(crate) use roles::quoted;
pub use upgrade::{Stage, TakenOver, Versions};

use crate::{Door, StoreError};

/// The superuser's name inside the cluster; its password lies in `superuser.password`.
const SUPERUSER: &str = "madoguchi_superuser";
/// Part of the socket's name.
const PORT: u16 = 5432;
/// What a cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// The office's records: every commit reaches the disk, pages carry checksums.
    Durable,
    /// Tests: speed before durability.
    Throwaway,
}

/// Whether a cluster is there and runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterStatus {
    Absent,
    Stopped,
    /// Running as this process.
    Running {
        /// The postmaster's process id.
        pid: i32,
    },
}

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Roll back what is open, write everything out.
    Fast,
    /// At once, as in a power cut; the next start recovers from the log.
    Immediate,
}

/// Why the cluster could not be made, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// PostgreSQL is not installed, or too old.
    #[error(
        "PostgreSQL {wanted} or later is not installed here (found: {found}); on Debian and Ubuntu: apt-get install postgresql"
    )]
    NotInstalled {
        /// The lowest major version that serves; the data's own where there is data.
        wanted: u32,
        found: String,
    },
    /// The data were written by a version that is not installed here.
    #[error(
        "the records in {data} were written by PostgreSQL {wrote}; installed here: {found}. Install PostgreSQL {wrote} beside it and run `madoguchi upgrade-records`, or restore a copy with `madoguchi restore`"
    )]
    WrittenByAnother { data: PathBuf, wrote: u32, found: String },
    /// What was copied arrived otherwise than it was sent.
    #[error("the copy differs in {table}; nothing was changed")]
    Differs { table: String },
    /// Root needs another user to run PostgreSQL as.
    #[error(
        "PostgreSQL does not run as root, and this system has no user named {0}; install Debian's postgresql package, or run this as an ordinary user"
    )]
    NoUser(String),
    /// The disk is full.
    #[error("the disk holding {0} is full: free some space, then ask again")]
    DiskFull(PathBuf),
    /// A folder or file may not be used.
    #[error("{path} may not be used by {user}: {reason}")]
    Permission {
        path: PathBuf,
        user: String,
        reason: String,
    },
    /// There is no cluster in the folder.
    #[error("there is no database in {0}; `madoguchi setup` makes one")]
    Absent(PathBuf),
    /// There is a cluster in the folder already.
    #[error("there is a database in {0} already")]
    Present(PathBuf),
    /// Data of an earlier cluster are there, and what says how to get in is gone.
    #[error(
        "{data} holds the database of an earlier set-up, and what belonged to it in {folder} is gone: put that folder back, or remove the data with `madoguchi clean-data`; nothing was changed"
    )]
    LeftOver { data: PathBuf, folder: PathBuf },
    /// A file could not be written or read.
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {said}")]
    Program {
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// What was copied could not be passed on.
    #[error("what was copied could not be written: {0}")]
    PassedOn(io::Error),
    /// Whoever asked for it said that it should stop.
    #[error("it was stopped")]
    Stopped,
    /// The running cluster refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A private cluster, kept under one folder.
#[derive(Debug, Clone)]
pub struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    /// The cluster of `folder` (`var/database`), made or not.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Makes the cluster: `initdb`, then our settings. It is not started.
    ///
    /// # Errors
    /// [`ClusterError`]; what was begun is removed again, so that asking again begins afresh.
    pub fn create(&self, care: Care, chance: &mut dyn Chance) -> Result<(), ClusterError> {
        if self.layout_file().exists() {
            return Err(ClusterError::Present(self.folder.clone()));
        }
        if let Some(data) = self.left_over() {
            let folder = self.folder.clone();
            return Err(ClusterError::LeftOver { data, folder });
        }
        make_folder(&self.folder)?;
        let folder = self
            .folder
            .canonicalize()
            .map_err(|error| file_error(&self.folder, &error))?;
        let programs = Programs::find(None)?;
        let run_as = RunAs::choose("postgres")?;
        let layout = layout::lay_out(&folder, &run_as)?;
        self.fill(&layout, &programs, &run_as, care, chance).inspect_err(|_| {
            // Half a cluster is of no use to anyone, and would stand in the way of the next try.
            let _ = fs::remove_dir_all(&layout.data);
            let _ = fs::remove_file(layout.unfinished());
        })
    }

    fn fill(
        &self,
        layout: &Layout,
        programs: &Programs,
        run_as: &RunAs,
        care: Care,
        chance: &mut dyn Chance,
    ) -> Result<(), ClusterError> {
        let password = hex_password(chance);
        let password_file = self.superuser_file();
        write_secret(&password_file, &password)?;
        self.initialise(layout, programs, run_as, care, &password)?;
        // From here on whatever lies there without a description is somebody's records, never a half-made cluster.
        fs::remove_file(layout.unfinished()).map_err(|error| file_error(&layout.unfinished(), &error))?;
        let text = serde_json::to_vec_pretty(layout).expect("paths made here are text");
        fs::write(self.layout_file(), text).map_err(|error| file_error(&self.layout_file(), &error))?;
        info!(folder = %self.folder.display(), version = programs.major, "made a database cluster");
        Ok(())
    }

    /// Starts the cluster and waits until it answers; a running one is left as it is.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn start(&self) -> Result<(), ClusterError> {
        let layout = self.layout()?;
        if matches!(self.status()?, ClusterStatus::Running { .. }) {
            return Ok(());
        }
        // One that listens elsewhere was left by a taking over that was cut off.
        self.stop_parts(&layout, Stop::Fast)?;
        let programs = Programs::that_wrote(&layout.data)?;
        let run_as = self.run_as(&layout)?;
        // A socket folder under a temporary file system is gone after the machine was restarted.
        layout::socket_folder(&layout.socket, &run_as)?;
        let log_before = fs::metadata(&layout.log).map_or(0, |log| log.len());
        let started = run(
            &programs,
            &run_as,
            "pg_ctl",
            &[
                "start".into(),
                "--wait".into(),
                "--timeout=60".into(),
                "--silent".into(),
                "--pgdata".into(),
                layout.data.clone().into_os_string(),
                "--log".into(),
                layout.log.clone().into_os_string(),
            ],
            &layout.data,
        );
        started.map_err(|error| match error {
            // pg_ctl only says "could not start server": the reason is at the end of the server's log.
            ClusterError::Program { program, said } => {
                let said = format!("{said}\n{}", log_since(&layout.log, log_before));
                programs::sort(program, said, &layout.data, &run_as)
            }
            other => other,
        })?;
        info!(folder = %self.folder.display(), "started the database");
        Ok(())
    }

    /// Becomes the server, in this process's place: for a service manager, which hears of its end. Comes back only when it
    /// cannot.
    pub fn become_server(&self) -> ClusterError {
        use std::os::unix::process::CommandExt as _;
        let command = || {
            let layout = self.layout()?;
            if status_of(&layout)? != ClusterStatus::Stopped {
                // One that was started by hand: from here on it is the service manager's.
                self.stop_parts(&layout, Stop::Fast)?;
            }
            let programs = Programs::that_wrote(&layout.data)?;
            let run_as = self.run_as(&layout)?;
            layout::socket_folder(&layout.socket, &run_as)?;
            let mut command = run_as.command(&programs.path("postgres"));
            command
                .arg("-D")
                .arg(&layout.data)
                .env("LC_ALL", "C")
                .env_remove("PGDATA");
            Ok(command)
        };
        match command() {
            Err(error) => error,
            Ok(mut command) => ClusterError::Program {
                program: "postgres",
                said: command.exec().to_string(),
            },
        }
    }

    /// Stops the cluster; a stopped one is left as it is.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn stop(&self, how: Stop) -> Result<(), ClusterError> {
        self.stop_parts(&self.layout()?, how)
    }

    fn stop_parts(&self, layout: &Layout, how: Stop) -> Result<(), ClusterError> {
        if status_of(layout)? == ClusterStatus::Stopped {
            return Ok(());
        }
        let programs = Programs::that_wrote(&layout.data)?;
        let mode = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
        };
        run(
            &programs,
            &self.run_as(layout)?,
            "pg_ctl",
            &[
                "stop".into(),
                "--wait".into(),
                "--timeout=60".into(),
                "--silent".into(),
                mode.into(),
                "--pgdata".into(),
                layout.data.clone().into_os_string(),
            ],
            &layout.data,
        )?;
        info!(folder = %self.folder.display(), "stopped the database");
        Ok(())
    }

    /// Whether the cluster is there and runs where the programs look for it.
    ///
    /// # Errors
    /// [`ClusterError`] when that cannot be told.
    pub fn status(&self) -> Result<ClusterStatus, ClusterError> {
        match self.layout() {
            Ok(layout) if port_of(&layout.data).is_some_and(|port| port != PORT) => Ok(ClusterStatus::Stopped),
            Ok(layout) => status_of(&layout),
            Err(ClusterError::Absent(_)) => Ok(ClusterStatus::Absent),
            Err(error) => Err(error),
        }
    }

    /// Removes the cluster and all it holds, stopping it first; what is left over of an earlier one too. What is not there
    /// is not missed.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn remove(&self) -> Result<(), ClusterError> {
        match self.layout() {
            Ok(layout) => self.remove_parts(&layout)?,
            Err(ClusterError::Absent(_)) => {}
            Err(error) => return Err(error),
        }
        for file in [self.superuser_file(), self.layout_file()] {
            remove_file(&file)?;
        }
        self.remove_left_over()?;
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    fn remove_parts(&self, layout: &Layout) -> Result<(), ClusterError> {
        self.stop_parts(layout, Stop::Immediate)?;
        let logs = layout.log.parent().unwrap_or(&layout.log);
        let previous = layout.previous.as_deref();
        for folder in [layout.data.as_path(), layout.socket.as_path(), logs]
            .into_iter()
            .chain(previous)
        {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(folder, &error)),
                _ => {}
            }
        }
        remove_file(&layout.unfinished())?;
        // Only when nothing else was put there.
        if let Some(home) = layout.data.parent() {
            let _ = fs::remove_dir(home);
        }
        Ok(())
    }

    /// The folder of the cluster's socket: what goes into `[database] host`.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn socket_folder(&self) -> Result<PathBuf, ClusterError> {
        Ok(self.layout()?.socket)
    }

    /// Where the data lie.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn data_folder(&self) -> Result<PathBuf, ClusterError> {
        Ok(self.layout()?.data)
    }

    /// The server's log.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn log_file(&self) -> Result<PathBuf, ClusterError> {
        Ok(self.layout()?.log)
    }

    /// The program `name` (`pg_dump`) of the cluster's own version.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn program(&self, name: &str) -> Result<PathBuf, ClusterError> {
        Ok(Programs::that_wrote(&self.layout()?.data)?.path(name))
    }

    /// A door to `database` as `login`.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn door(&self, database: &str, login: &Login) -> Result<Door, ClusterError> {
        let host = self.layout()?.socket.display().to_string();
        Ok(Door::new(host, database, &login.name, login.password.clone()))
    }

    /// A door to `database` as the superuser: for setting up, never for work.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn superuser_door(&self, database: &str) -> Result<Door, ClusterError> {
        self.door(database, &self.superuser()?)
    }

    fn superuser(&self) -> Result<Login, ClusterError> {
        let file = self.superuser_file();
        let password = fs::read_to_string(&file).map_err(|error| file_error(&file, &error))?;
        Ok(Login {
            name: SUPERUSER.to_owned(),
            password: SecretString::from(password.trim_end().to_owned()),
        })
    }

    /// Leaves a small process behind that waits until nobody holds `lock` and then stops the cluster (and removes
    /// it): a test run that is killed leaves nothing running.
    #[cfg(feature = "testing")]
    pub(crate) fn stop_once_free(&self, lock: &Path, remove: bool) -> Result<(), ClusterError> {
        use std::os::unix::process::CommandExt as _;
        let layout = self.layout()?;
        let run_as = self.run_as(&layout)?;
        run_as.own(lock)?;
        if remove {
            run_as.own(&self.folder)?;
        }
        let then = if remove { "; rm -rf -- \"$3\"" } else { "" };
        run_as
            .command(Path::new("flock"))
            .args(["--exclusive", "--no-fork"])
            .arg(lock)
            .args([
                "sh",
                "-c",
                &format!("\"$1\" stop --silent --mode=fast --pgdata=\"$2\"{then}"),
                "sh",
            ])
            .args([&self.program("pg_ctl")?, &layout.data, &self.folder])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            // Ctrl-C at the test run must not end it before its work.
            .process_group(0)
            .spawn()
            .map(|_| ())
            .map_err(|error| ClusterError::Program {
                program: "flock",
                said: error.to_string(),
            })
    }

    fn layout(&self) -> Result<Layout, ClusterError> {
        let file = self.layout_file();
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ClusterError::Absent(self.folder.clone()));
            }
            Err(error) => return Err(file_error(&file, &error)),
        };
        serde_json::from_slice(&text).map_err(|error| ClusterError::File {
            path: file,
            reason: error.to_string(),
        })
    }

    fn run_as(&self, layout: &Layout) -> Result<RunAs, ClusterError> {
        let run_as = match &layout.user {
            Some(user) => RunAs::choose(user)?,
            None => RunAs::Myself,
        };
        run_as.must_reach(&layout.data)?;
        Ok(run_as)
    }

    fn layout_file(&self) -> PathBuf {
        self.folder.join("cluster.json")
    }

    /// Where the superuser's password lies: needed to make and to upgrade databases, never for work, so that it can be
    /// taken away in between.
    pub fn superuser_file(&self) -> PathBuf {
        self.folder.join("superuser.password")
    }
}

/// 32 random bytes in hex: letters and digits only, so it needs no quoting anywhere.
pub fn hex_password(chance: &mut dyn Chance) -> SecretString {
    let bytes: [u8; 32] = draw(chance);
    SecretString::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Writes `secret` to `path`, readable by its owner only from the first moment on.
///
/// # Errors
/// [`ClusterError::File`] and [`ClusterError::DiskFull`]
pub fn write_secret(path: &Path, secret: &SecretString) -> Result<(), ClusterError> {
    let write = || match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => whole_file::create(path, format!("{}\n", secret.expose_secret()).as_bytes()),
    };
    write().map_err(|error: io::Error| file_error(path, &error))
}

/// Whether the cluster whose parts lie so runs.
fn status_of(layout: &Layout) -> Result<ClusterStatus, ClusterError> {
    let pid_file = layout.data.join("postmaster.pid");
    let pid = match fs::read_to_string(&pid_file) {
        Ok(text) => text.lines().next().and_then(|line| line.trim().parse::<i32>().ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(file_error(&pid_file, &error)),
    };
    // The file outlives a power cut, and its number may by then be another program's.
    let Some(pid) = pid.filter(|pid| programs::is_postgres(*pid, &layout.data)) else {
        return Ok(ClusterStatus::Stopped);
    };
    Ok(ClusterStatus::Running { pid })
}

/// Removes a file; one that is not there is not missed.
fn remove_file(path: &Path) -> Result<(), ClusterError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path, &error)),
        _ => Ok(()),
    }
}

fn make_folder(path: &Path) -> Result<(), ClusterError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &io::Error) -> ClusterError {
    match error.kind() {
        io::ErrorKind::StorageFull => ClusterError::DiskFull(path.to_owned()),
        io::ErrorKind::PermissionDenied => ClusterError::Permission {
            path: path.to_owned(),
            user: "this user".to_owned(),
            reason: "permission denied".to_owned(),
        },
        _ => ClusterError::File {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}

/// Where the running server of `data` listens: the fourth line of its file (PostgreSQL, `miscadmin.h`).
fn port_of(data: &Path) -> Option<u16> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().nth(3)?.trim().parse().ok()
}

fn major_of(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

fn log_since(log: &Path, from: u64) -> String {
    let text = fs::read(log).unwrap_or_default();
    let new = text.get(from as usize..).unwrap_or(&text);
    String::from_utf8_lossy(&new[new.len().saturating_sub(2_000)..]).into_owned()
}
