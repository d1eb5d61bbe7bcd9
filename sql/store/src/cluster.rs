//! A private PostgreSQL cluster for one machine: made, started and stopped by us, reached over a Unix socket only.
//!
//! PostgreSQL refuses to run as root, so under root every program of it runs as a named user of the system
//! (`postgres`, which Debian's package makes). Nobody gets in without a password (`scram-sha-256`), the socket's
//! folder is closed to others, no TCP port is opened, and the log never quotes a statement or a row.

mod programs;

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use relay_core::chance::{Chance, draw};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tracing::info;

pub use programs::Programs;
use programs::{RunAs, run};

use crate::{Door, StoreError, migrate::connect};

/// The superuser's name inside the cluster; its password lies in `superuser.password`.
const SUPERUSER: &str = "madoguchi_superuser";
/// What a socket's full path may hold (`sun_path`, unix(7): 108 bytes with the closing zero).
const SOCKET_PATH_LIMIT: usize = 107;
/// Where clusters lie that root makes inside a folder other users cannot enter.
const SYSTEM_FOLDER: &str = "/var/lib/madoguchi";

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
    /// Never made.
    Absent,
    /// Made, not running.
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
        /// What was found.
        found: String,
    },
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
        /// Which.
        path: PathBuf,
        /// By whom.
        user: String,
        /// The system's words.
        reason: String,
    },
    /// There is no cluster in the folder.
    #[error("there is no database in {0}; `madoguchi setup` makes one")]
    Absent(PathBuf),
    /// There is a cluster in the folder already.
    #[error("there is a database in {0} already")]
    Present(PathBuf),
    /// A file could not be written or read.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// The running cluster refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the parts of a cluster lie; written beside it when it is made, so that a later start from another
/// environment finds the same places.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Layout {
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    /// The system's user that runs it; none when whoever made it does.
    user: Option<String>,
}

/// A private cluster, kept under one folder.
#[derive(Debug, Clone)]
pub struct Cluster {
    folder: PathBuf,
}

/// A login role to be made by [`Cluster::provision`].
#[derive(Debug, Clone)]
pub struct Login {
    /// Role name.
    pub name: String,
    /// Its password.
    pub password: SecretString,
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
        make_folder(&self.folder)?;
        let folder = self
            .folder
            .canonicalize()
            .map_err(|error| file_error(&self.folder, &error))?;
        let programs = Programs::find(None)?;
        let run_as = RunAs::choose("postgres")?;
        let layout = lay_out(&folder, &run_as)?;
        self.fill(&layout, &programs, &run_as, care, chance).inspect_err(|_| {
            // Half a cluster is of no use to anyone, and would stand in the way of the next try.
            let _ = fs::remove_dir_all(&layout.data);
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
        let password_file = self.password_file();
        write_secret(&password_file, &password)?;
        // initdb reads the password as the user it runs as, so it gets a copy of its own for a moment.
        let handed = layout.data.with_extension("password");
        write_secret(&handed, &password)?;
        run_as.own(&handed)?;
        let mut arguments = vec![
            "--pgdata".into(),
            layout.data.clone().into_os_string(),
            "--encoding=UTF8".into(),
            // Sorting is done by the programs above, in the resident's language; the database compares bytes.
            "--locale=C".into(),
            format!("--username={SUPERUSER}").into(),
            "--pwfile".into(),
            handed.clone().into_os_string(),
            "--auth-local=scram-sha-256".into(),
            "--auth-host=reject".into(),
        ];
        arguments.push(match care {
            Care::Durable => "--data-checksums".into(),
            Care::Throwaway => "--no-sync".into(),
        });
        let made = run(programs, run_as, "initdb", &arguments, &layout.data);
        let _ = fs::remove_file(&handed);
        made?;
        self.settle(layout, run_as, care)?;
        let text = serde_json::to_vec_pretty(layout).expect("paths made here are text");
        fs::write(self.layout_file(), text).map_err(|error| file_error(&self.layout_file(), &error))?;
        info!(folder = %self.folder.display(), version = programs.major, "made a database cluster");
        Ok(())
    }

    /// Our settings, in a file of their own that postgresql.conf includes last.
    fn settle(&self, layout: &Layout, run_as: &RunAs, care: Care) -> Result<(), ClusterError> {
        let socket = layout.socket.display().to_string().replace('\'', "''");
        let mut settings = format!(
            "# Written when the cluster was made.\n\
             listen_addresses = ''\n\
             unix_socket_directories = '{socket}'\n\
             unix_socket_permissions = 0700\n\
             port = 5432\n\
             password_encryption = 'scram-sha-256'\n\
             max_connections = 60\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             lc_messages = 'C'\n\
             # No statement, value or row may reach the log: it is read by people who may not see residents.\n\
             log_statement = 'none'\n\
             log_min_error_statement = panic\n\
             log_error_verbosity = terse\n\
             log_parameter_max_length_on_error = 0\n\
             log_duration = off\n"
        );
        settings.push_str(match care {
            Care::Durable => "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n",
            Care::Throwaway => {
                // A commit still reaches the operating system before it is answered: a test may kill the server.
                "fsync = off\nfull_page_writes = off\nwal_level = minimal\nmax_wal_senders = 0\n\
                 autovacuum = off\nmax_connections = 200\n"
            }
        });
        let own = layout.data.join("madoguchi.conf");
        fs::write(&own, settings).map_err(|error| file_error(&own, &error))?;
        run_as.own(&own)?;
        let main = layout.data.join("postgresql.conf");
        let include = || {
            fs::OpenOptions::new()
                .append(true)
                .open(&main)?
                .write_all(b"\ninclude 'madoguchi.conf'\n")
        };
        include().map_err(|error| file_error(&main, &error))
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
        let programs = Programs::find(major_of(&layout.data))?;
        let run_as = self.run_as(&layout)?;
        if !layout.socket.exists() {
            // A socket folder under a temporary file system is gone after the machine was restarted.
            make_folder(&layout.socket)?;
            run_as.own(&layout.socket)?;
        }
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

    /// Stops the cluster; a stopped one is left as it is.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn stop(&self, how: Stop) -> Result<(), ClusterError> {
        let layout = self.layout()?;
        if self.status()? == ClusterStatus::Stopped {
            return Ok(());
        }
        let programs = Programs::find(major_of(&layout.data))?;
        let mode = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
        };
        run(
            &programs,
            &self.run_as(&layout)?,
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

    /// Whether the cluster is there and runs.
    ///
    /// # Errors
    /// [`ClusterError`] when that cannot be told.
    pub fn status(&self) -> Result<ClusterStatus, ClusterError> {
        let layout = match self.layout() {
            Ok(layout) => layout,
            Err(ClusterError::Absent(_)) => return Ok(ClusterStatus::Absent),
            Err(error) => return Err(error),
        };
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

    /// Removes the cluster and all it holds, stopping it first. What is not there is not missed.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn remove(&self) -> Result<(), ClusterError> {
        let layout = match self.layout() {
            Err(ClusterError::Absent(_)) => return Ok(()),
            layout => layout?,
        };
        self.stop(Stop::Immediate)?;
        let logs = layout.log.parent().unwrap_or(&layout.log);
        for folder in [layout.data.as_path(), layout.socket.as_path(), logs] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(folder, &error)),
                _ => {}
            }
        }
        for file in [self.password_file(), self.layout_file()] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&file, &error)),
                _ => {}
            }
        }
        // Only when nothing else was put there.
        if let Some(home) = layout.data.parent() {
            let _ = fs::remove_dir(home);
        }
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// The folder of the cluster's socket: what goes into `[database] host`.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn socket_folder(&self) -> Result<PathBuf, ClusterError> {
        Ok(self.layout()?.socket)
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
        Ok(Programs::find(major_of(&self.layout()?.data))?.path(name))
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
        let file = self.password_file();
        let password = fs::read_to_string(&file).map_err(|error| file_error(&file, &error))?;
        let login = Login {
            name: SUPERUSER.to_owned(),
            password: SecretString::from(password.trim_end().to_owned()),
        };
        self.door(database, &login)
    }

    /// Makes `database` if it is missing, owned by `owner`, open to `users`; gives every role its password anew.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn provision(&self, database: &str, owner: &Login, users: &[Login]) -> Result<(), ClusterError> {
        let admin = connect("provision", &self.superuser_door("postgres")?).await?;
        for login in std::iter::once(owner).chain(users) {
            provide_role(&admin, login).await?;
        }
        provide_database(&admin, database, owner, users).await?;
        Ok(())
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

    fn password_file(&self) -> PathBuf {
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
    let write = || {
        let _ = fs::remove_file(path);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(secret.expose_secret().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(|error: io::Error| file_error(path, &error))
}

async fn provide_role(admin: &Client, login: &Login) -> Result<(), StoreError> {
    let sorted = |error| StoreError::from_postgres("provision", &error);
    let known = admin
        .query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&login.name])
        .await
        .map_err(sorted)?;
    let verb = if known.is_some() { "ALTER" } else { "CREATE" };
    let name = quoted(&login.name);
    // A utility statement takes no bound values; the password is ours (hex) and quoted all the same.
    let password = login.password.expose_secret().replace('\'', "''");
    admin
        .batch_execute(&format!(
            "{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT PASSWORD '{password}'"
        ))
        .await
        .map_err(sorted)
}

async fn provide_database(admin: &Client, database: &str, owner: &Login, users: &[Login]) -> Result<(), StoreError> {
    let sorted = |error| StoreError::from_postgres("provision", &error);
    let known = admin
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&database])
        .await
        .map_err(sorted)?;
    let name = quoted(database);
    if known.is_none() {
        admin
            .batch_execute(&format!("CREATE DATABASE {name} OWNER {}", quoted(&owner.name)))
            .await
            .map_err(sorted)?;
    }
    let mut grants = format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC;");
    for user in users {
        grants.push_str(&format!(
            "GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {};",
            quoted(&user.name)
        ));
    }
    admin.batch_execute(&grants).await.map_err(sorted)
}

/// An SQL identifier, quoted (PostgreSQL, §4.1.1).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Where the parts lie: under `folder` where they can, elsewhere where they must.
fn lay_out(folder: &Path, run_as: &RunAs) -> Result<Layout, ClusterError> {
    let own = |path: &Path| -> Result<(), ClusterError> {
        make_folder(path)?;
        run_as.own(path)
    };
    // A clone under root's own home cannot be entered by the user PostgreSQL runs as.
    let home = if run_as.reaches(folder) {
        folder.to_owned()
    } else {
        PathBuf::from(SYSTEM_FOLDER).join(format!("{:016x}", fingerprint(folder)))
    };
    if home != folder {
        fs::create_dir_all(&home).map_err(|error| file_error(&home, &error))?;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).map_err(|error| file_error(&home, &error))?;
        fs::set_permissions(SYSTEM_FOLDER, fs::Permissions::from_mode(0o755))
            .map_err(|error| file_error(Path::new(SYSTEM_FOLDER), &error))?;
    } else if let RunAs::User { .. } = run_as {
        // The user must pass through this folder; the parts inside are closed one by one.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).map_err(|error| file_error(folder, &error))?;
    }
    let data = home.join("data");
    own(&data)?;
    let logs = home.join("log");
    own(&logs)?;
    let mut socket = home.join("socket");
    if socket.as_os_str().len() + "/.s.PGSQL.5432".len() > SOCKET_PATH_LIMIT {
        socket = std::env::temp_dir().join(format!("madoguchi-{:016x}", fingerprint(folder)));
    }
    own(&socket)?;
    Ok(Layout {
        data,
        socket,
        log: logs.join("postgresql.log"),
        user: run_as.name(),
    })
}

/// FNV-1a over the path: a short name that two folders do not share.
fn fingerprint(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
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

fn major_of(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

fn log_since(log: &Path, from: u64) -> String {
    let text = fs::read(log).unwrap_or_default();
    let new = text.get(from as usize..).unwrap_or(&text);
    String::from_utf8_lossy(&new[new.len().saturating_sub(2_000)..]).into_owned()
}
