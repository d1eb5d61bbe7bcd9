//! Where the parts of a cluster lie, and the settings it runs with.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Care, ClusterError, file_error, make_folder, programs::RunAs};

/// What a socket's full path may hold (`sun_path`, unix(7): 108 bytes with the closing zero).
const SOCKET_PATH_LIMIT: usize = 107;
/// Where clusters lie that root makes inside a folder other users cannot enter.
const SYSTEM_FOLDER: &str = "/var/lib/madoguchi";

/// Where the parts of a cluster lie; written beside it when it is made, so that a later start from another
/// environment finds the same places.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) data: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
    /// The system's user that runs it; none when whoever made it does.
    pub(super) user: Option<String>,
    /// The data from which the records were taken over, kept for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<PathBuf>,
}

impl Layout {
    /// Where the parts of the cluster of `folder` lie when they lie in `home`.
    fn within(home: &Path, folder: &Path, run_as: &RunAs) -> Self {
        let mut socket = home.join("socket");
        if socket.as_os_str().len() + "/.s.PGSQL.5432".len() > SOCKET_PATH_LIMIT {
            socket = std::env::temp_dir().join(format!("madoguchi-{:016x}", fingerprint(folder)));
        }
        Self {
            data: home.join("data"),
            socket,
            log: home.join("log/postgresql.log"),
            user: run_as.name(),
            previous: None,
        }
    }

    /// Every layout that the cluster of `folder` may ever have been given.
    pub(super) fn possible(folder: &Path, run_as: &RunAs) -> Vec<Self> {
        let mut homes = vec![folder.to_owned()];
        if let RunAs::User { .. } = run_as {
            homes.push(system_home(folder));
        }
        let within = |home: &PathBuf| Self::within(home, folder, run_as);
        homes.iter().map(within).collect()
    }

    /// Lies beside the data while they are being made: what was cut off in the middle is known by it.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.data.with_extension("unfinished")
    }

    /// Our settings, in a file of their own that postgresql.conf includes last.
    pub(super) fn settle(&self, run_as: &RunAs, care: Care) -> Result<(), ClusterError> {
        let socket = self.socket.display().to_string().replace('\'', "''");
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
        let own = self.data.join("madoguchi.conf");
        fs::write(&own, settings).map_err(|error| file_error(&own, &error))?;
        run_as.own(&own)?;
        let main = self.data.join("postgresql.conf");
        let include = || {
            fs::OpenOptions::new()
                .append(true)
                .open(&main)?
                .write_all(b"\ninclude 'madoguchi.conf'\n")
        };
        include().map_err(|error| file_error(&main, &error))
    }
}

/// Makes the places of the parts: under `folder` where they can lie there, elsewhere where they must.
pub(super) fn lay_out(folder: &Path, run_as: &RunAs) -> Result<Layout, ClusterError> {
    let own = |path: &Path| -> Result<(), ClusterError> {
        make_folder(path)?;
        run_as.own(path)
    };
    // A clone under root's own home cannot be entered by the user PostgreSQL runs as.
    let home = if run_as.reaches(folder) {
        folder.to_owned()
    } else {
        system_home(folder)
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
    let layout = Layout::within(&home, folder, run_as);
    let unfinished = layout.unfinished();
    if unfinished.exists() {
        fs::remove_dir_all(&layout.data).map_err(|error| file_error(&layout.data, &error))?;
    }
    fs::write(&unfinished, "").map_err(|error| file_error(&unfinished, &error))?;
    own(&layout.data)?;
    own(&home.join("log"))?;
    socket_folder(&layout.socket, run_as)?;
    Ok(layout)
}

/// Where the parts lie that may not lie in `folder`.
fn system_home(folder: &Path) -> PathBuf {
    PathBuf::from(SYSTEM_FOLDER).join(format!("{:016x}", fingerprint(folder)))
}

/// Makes the folder of the socket, or makes sure that the one that is there is nobody else's: under a temporary folder
/// anybody may have made one of that name first, and whoever owns it could put a socket of their own in the way.
pub(super) fn socket_folder(path: &Path, run_as: &RunAs) -> Result<(), ClusterError> {
    if let Some(above) = path.parent() {
        make_folder(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return run_as.own(path),
        Err(there) if there.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error(path, &error)),
    }
    let about = fs::symlink_metadata(path).map_err(|error| file_error(path, &error))?;
    let refused = |reason: String| ClusterError::Permission {
        path: path.to_owned(),
        user: run_as.name().unwrap_or_else(|| "this user".to_owned()),
        reason,
    };
    if !about.is_dir() {
        return Err(refused("it is not a folder; remove it".to_owned()));
    }
    // Root's own is one that was made and not yet given to whoever runs the server.
    let root_made = rustix::process::geteuid().is_root() && about.uid() == 0;
    if about.uid() != run_as.uid() && !root_made {
        return Err(refused(format!("it belongs to user {}; remove it", about.uid())));
    }
    if about.mode() & 0o077 != 0 {
        return Err(refused("it is open to others; remove it".to_owned()));
    }
    run_as.own(path)
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
