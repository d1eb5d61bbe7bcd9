//! PostgreSQL's own programs: finding them, running them as a user who is not root, sorting what they say.

use std::{
    ffi::OsString,
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::ClusterError;

/// The oldest major version we run on: Ubuntu 22.04's. (Debian 12 has 15.)
pub(super) const OLDEST: u32 = 14;

/// One installed PostgreSQL.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Its folder of programs.
    pub folder: PathBuf,
    pub major: u32,
}

impl Programs {
    /// The newest installed PostgreSQL that serves, or exactly `major` where a cluster's data ask for it.
    ///
    /// Debian keeps the server's programs outside PATH (`/usr/lib/postgresql/15/bin`), Red Hat's packagers in
    /// `/usr/pgsql-15/bin`; others in PATH.
    ///
    /// # Errors
    /// [`ClusterError::NotInstalled`]
    pub fn find(major: Option<u32>) -> Result<Self, ClusterError> {
        let mut found: Vec<Self> = candidates().iter().filter_map(|folder| in_folder(folder)).collect();
        // Newest first; of one version the packager's own folder before PATH.
        found.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        found
            .iter()
            .find(|programs| major.map_or(programs.major >= OLDEST, |major| programs.major == major))
            .cloned()
            .ok_or_else(|| ClusterError::NotInstalled {
                wanted: major.unwrap_or(OLDEST),
                found: match found.as_slice() {
                    [] => "none".to_owned(),
                    found => {
                        let majors: Vec<_> = found.iter().map(|programs| programs.major.to_string()).collect();
                        majors.join(", ")
                    }
                },
            })
    }

    /// The version that wrote `data`, which alone can serve them.
    ///
    /// # Errors
    /// [`ClusterError::WrittenByAnother`]
    pub fn that_wrote(data: &Path) -> Result<Self, ClusterError> {
        let wrote = super::major_of(data);
        Self::find(wrote).map_err(|error| match (error, wrote) {
            (ClusterError::NotInstalled { found, .. }, Some(wrote)) => ClusterError::WrittenByAnother {
                data: data.to_owned(),
                wrote,
                found,
            },
            (error, _) => error,
        })
    }

    /// The program `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The installation whose programs are in `folder`. Single programs linked into a folder of PATH do not make one.
pub(super) fn in_folder(folder: &Path) -> Option<Programs> {
    let whole = ["initdb", "pg_ctl", "postgres", "pg_dump"];
    whole.iter().all(|name| folder.join(name).is_file()).then_some(())?;
    Some(Programs {
        folder: folder.to_owned(),
        major: version_of(folder)?,
    })
}

fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    if let Ok(entries) = fs::read_dir("/usr") {
        folders.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_name().to_string_lossy().starts_with("pgsql-"))
                .map(|entry| entry.path().join("bin")),
        );
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    folders
}

/// The major version `initdb --version` tells: `initdb (PostgreSQL) 15.14 (Debian …)`, also `17beta1`.
fn version_of(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("initdb")).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split(") ").nth(1)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Who runs PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RunAs {
    /// The user running us.
    Myself,
    /// Another, because we are root.
    User {
        /// Name in the system.
        name: String,
        uid: u32,
        gid: u32,
    },
}

impl RunAs {
    /// Myself, or `user` where I am root.
    pub(super) fn choose(user: &str) -> Result<Self, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Myself);
        }
        let id = |flag: &str| -> Option<u32> {
            let output = Command::new("id").args([flag, user]).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        match (id("-u"), id("-g")) {
            (Some(uid), Some(gid)) if uid != 0 => Ok(Self::User {
                name: user.to_owned(),
                uid,
                gid,
            }),
            _ => Err(ClusterError::NoUser(user.to_owned())),
        }
    }

    /// The user's name, where it is another.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Myself => None,
            Self::User { name, .. } => Some(name.clone()),
        }
    }

    /// The user's id.
    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Myself => rustix::process::geteuid().as_raw(),
            Self::User { uid, .. } => *uid,
        }
    }

    fn described(&self) -> String {
        self.name().unwrap_or_else(|| "this user".to_owned())
    }

    /// Gives `path` to that user.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        match self {
            Self::Myself => Ok(()),
            Self::User { uid, gid, .. } => {
                chown(path, Some(*uid), Some(*gid)).map_err(|error| super::file_error(path, &error))
            }
        }
    }

    /// A command to be run as that user: without root's rights or groups, from a folder everybody may stand in.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Self::User { uid, gid, .. } = self {
            // Setting the user as root also clears the supplementary groups (std) and all capabilities (capabilities(7)).
            command.uid(*uid).gid(*gid);
            command.env("HOME", "/").env_remove("TMPDIR");
        }
        command
    }

    /// Whether the user can pass through every folder above and into `folder`.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        match self {
            Self::Myself => true,
            // `folder` itself will be opened up to them; what counts is the way there.
            Self::User { .. } => folder.parent().is_none_or(|parent| {
                self.command(Path::new("/bin/sh"))
                    .args(["-c", "cd -- \"$1\"", "sh"])
                    .arg(parent)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
            }),
        }
    }

    /// Refuses plainly when the data belong to somebody else, which pg_ctl would say in a roundabout way.
    pub(super) fn must_reach(&self, data: &Path) -> Result<(), ClusterError> {
        use std::os::unix::fs::MetadataExt as _;
        let refused = |reason: String| ClusterError::Permission {
            path: data.to_owned(),
            user: self.described(),
            reason,
        };
        let owner = fs::metadata(data)
            .map_err(|error| super::file_error(data, &error))?
            .uid();
        let uid = match self {
            Self::Myself => rustix::process::geteuid().as_raw(),
            Self::User { uid, .. } => *uid,
        };
        if owner != uid {
            return Err(refused(format!(
                "it belongs to user {owner}: run this as that user, or as root if root made it"
            )));
        }
        Ok(())
    }
}

/// Runs one of PostgreSQL's programs to its end.
pub(super) fn run(
    programs: &Programs,
    run_as: &RunAs,
    program: &'static str,
    arguments: &[OsString],
    data: &Path,
) -> Result<(), ClusterError> {
    let output = run_as
        .command(&programs.path(program))
        .args(arguments)
        .env("LC_ALL", "C")
        // Settings of another PostgreSQL in the caller's environment are not ours.
        .env_remove("PGDATA")
        .env_remove("PGHOST")
        .env_remove("PGPORT")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ClusterError::Program {
            program,
            said: format!("it could not be started: {error}"),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    Err(sort(program, said, data, run_as))
}

/// Sorts what a failed program said.
pub(super) fn sort(program: &'static str, said: String, data: &Path, run_as: &RunAs) -> ClusterError {
    if said.contains("No space left on device") {
        ClusterError::DiskFull(data.to_owned())
    } else if let Some(line) = said.lines().find(|line| line.contains("Permission denied")) {
        ClusterError::Permission {
            path: data.to_owned(),
            user: run_as.described(),
            reason: line.trim().to_owned(),
        }
    } else {
        ClusterError::Program {
            program,
            said: tail(&said),
        }
    }
}

/// The end of what a program said.
pub(super) fn tail(said: &str) -> String {
    let lines = said.lines().filter(|line| !line.trim().is_empty());
    let mut last: Vec<&str> = lines.rev().take(6).collect();
    last.reverse();
    last.join(" / ")
}

/// Whether process `pid` is alive and is the postmaster of `data`.
pub(super) fn is_postgres(pid: i32, data: &Path) -> bool {
    // Where /proc can tell, it does; the postmaster is started with `-D data`.
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => {
            let line = String::from_utf8_lossy(&line);
            line.contains("postgres") && line.contains(&*data.to_string_lossy())
        }
        Err(_) => !Path::new("/proc/self").exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(said: &str) -> ClusterError {
        sort(
            "initdb",
            said.to_owned(),
            Path::new("var/database/data"),
            &RunAs::Myself,
        )
    }

    #[test]
    fn a_full_disk_and_a_closed_folder_are_told_plainly() {
        let full = "initdb: error: could not write file \"var/database/data/base/1\": No space left on device";
        assert!(matches!(sorted(full), ClusterError::DiskFull(_)));
        let closed = "initdb: error: could not access directory \"var/database/data\": Permission denied";
        assert!(sorted(closed).to_string().contains("may not be used"));
    }

    #[test]
    fn of_long_output_the_end_is_kept() {
        let said = (0..40).map(|line| format!("line {line}\n")).collect::<String>();
        let told = sorted(&said).to_string();
        assert!(told.contains("line 39") && !told.contains("line 3 "), "{told}");
    }
}
