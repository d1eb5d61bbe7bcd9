//! Records taken over by a newer PostgreSQL: copied whole into data of the new version, counted on both sides, and only then
//! changed over to, in one rename. The old data stay where they are until somebody says that they may go.
//!
//! Meanwhile neither server listens where the programs look for one: nothing is written that the copy would not have.

use std::{
    ffi::OsString,
    fs,
    io::{self, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    thread,
};

use secrecy::SecretString;

use super::{
    Care, Cluster, ClusterError, ClusterStatus, Copying, PORT, Programs, Stop, TableCount, file_error,
    layout::Layout,
    major_of,
    programs::{self, RunAs, run},
    status_of,
};

/// Where the two servers listen meanwhile, beside the place where everybody looks.
const OLD_PORT: u16 = PORT + 2;
const NEW_PORT: u16 = PORT + 1;

/// The versions about a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Which wrote the data.
    pub wrote: u32,
    /// Whether that one is installed here.
    pub present: bool,
    /// The newest that is.
    pub newest: u32,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage<'s> {
    Preparing,
    Copying(&'s str),
    Counting(&'s str),
}

/// What was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    pub from: u32,
    pub to: u32,
    pub databases: Vec<(String, Vec<TableCount>)>,
    /// The old data, kept for the way back.
    pub kept: PathBuf,
}

impl Cluster {
    /// # Errors
    /// [`ClusterError`]
    pub fn versions(&self) -> Result<Versions, ClusterError> {
        let data = self.layout()?.data;
        let wrote = major_of(&data).ok_or_else(|| ClusterError::File {
            path: data.join("PG_VERSION"),
            reason: "no version is written there".to_owned(),
        })?;
        Ok(Versions {
            wrote,
            present: Programs::find(Some(wrote)).is_ok(),
            newest: Programs::find(None)?.major,
        })
    }

    /// Takes the records over into data of `to`'s version. The cluster is stopped afterwards, and its next start is of the new
    /// version. Whatever goes wrong on the way, it is as it was.
    ///
    /// # Errors
    /// [`ClusterError`]; [`ClusterError::Differs`] when what arrived is not what was sent.
    pub async fn take_over(
        &self,
        to: Programs,
        go_on: &(dyn Fn(u64) -> bool + Sync),
        at: &dyn Fn(Stage<'_>),
    ) -> Result<TakenOver, ClusterError> {
        let old = self.layout()?;
        let run_as = self.run_as(&old)?;
        let from = Programs::that_wrote(&old.data)?;
        at(Stage::Preparing);
        if status_of(&old)? != ClusterStatus::Stopped {
            self.stop_parts(&old, Stop::Fast)?;
        }
        let new = next_to(&old, to.major);
        self.clear(&new)?;
        let serving = Serving {
            cluster: self,
            old: &old,
            new: &new,
        };
        let made = self.make_data(&new, &to, &run_as);
        let ended = match made {
            Ok(()) => {
                serve(&old, &from, &run_as, OLD_PORT)?;
                serve(&new, &to, &run_as, NEW_PORT)?;
                self.copy_all(&to, go_on, at).await
            }
            Err(error) => Err(error),
        };
        drop(serving);
        let databases = ended.inspect_err(|_| drop(self.clear(&new)))?;
        fs::remove_file(new.unfinished()).map_err(|error| file_error(&new.unfinished(), &error))?;
        self.write_layout(&new)?;
        Ok(TakenOver {
            from: from.major,
            to: to.major,
            databases,
            kept: old.data,
        })
    }

    /// Where the data lie that the records were taken over from, while they are kept.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn previous(&self) -> Result<Option<PathBuf>, ClusterError> {
        Ok(self.layout()?.previous.filter(|data| data.exists()))
    }

    /// Goes back to the data from before the last taking over: what was recorded since is no longer seen. The cluster is
    /// stopped. Asked again, it goes forward again.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn go_back(&self) -> Result<(), ClusterError> {
        let layout = self.layout()?;
        let Some(previous) = self.previous()? else {
            return Err(ClusterError::Absent(self.folder.clone()));
        };
        self.stop_parts(&layout, Stop::Fast)?;
        self.write_layout(&Layout {
            data: previous,
            previous: Some(layout.data.clone()),
            ..layout
        })
    }

    /// Removes the data that were kept for the way back.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn forget_previous(&self) -> Result<(), ClusterError> {
        let layout = self.layout()?;
        if let Some(previous) = self.previous()? {
            fs::remove_dir_all(&previous).map_err(|error| file_error(&previous, &error))?;
        }
        self.write_layout(&Layout {
            previous: None,
            ..layout
        })
    }

    fn make_data(&self, new: &Layout, to: &Programs, run_as: &RunAs) -> Result<(), ClusterError> {
        fs::write(new.unfinished(), "").map_err(|error| file_error(&new.unfinished(), &error))?;
        super::make_folder(&new.data)?;
        run_as.own(&new.data)?;
        let password = self.superuser()?.password;
        self.initialise(new, to, run_as, Care::Durable, &password)
    }

    async fn copy_all(
        &self,
        to: &Programs,
        go_on: &(dyn Fn(u64) -> bool + Sync),
        at: &dyn Fn(Stage<'_>),
    ) -> Result<Vec<(String, Vec<TableCount>)>, ClusterError> {
        // The newer programs know the older server, not the other way round.
        let source = self.copying_with(to.clone(), OLD_PORT);
        let target = self.copying_with(to.clone(), NEW_PORT);
        let mut roles = Vec::new();
        source.write_roles(&mut roles, go_on)?;
        target.read_roles(&roles, go_on).await?;
        let mut all = Vec::new();
        for database in source.databases().await? {
            at(Stage::Copying(&database));
            let still = source.hold_still(&database).await?;
            pass_on(&source, &still, &target, go_on)?;
            at(Stage::Counting(&database));
            let before = still.tables().await?;
            let after = target.hold_still(&database).await?.tables().await?;
            if let Some(table) = before.iter().find(|table| !after.contains(table)) {
                let table = format!("{database}: {}", table.table);
                return Err(ClusterError::Differs { table });
            }
            all.push((database, before));
        }
        Ok(all)
    }

    /// Removes data that were never changed over to.
    fn clear(&self, new: &Layout) -> Result<(), ClusterError> {
        match fs::remove_dir_all(&new.data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&new.data, &error)),
            _ => {}
        }
        super::remove_file(&new.unfinished())
    }

    fn write_layout(&self, layout: &Layout) -> Result<(), ClusterError> {
        let file = self.layout_file();
        let half = file.with_extension("half");
        let text = serde_json::to_vec_pretty(layout).expect("paths made here are text");
        let write = || {
            let mut open = fs::File::create(&half)?;
            open.write_all(&text)?;
            open.sync_all()?;
            fs::rename(&half, &file)
        };
        write().map_err(|error| file_error(&file, &error))
    }
}

/// Data of `major` beside the ones of `old`, at a place that is neither theirs nor their predecessor's.
fn next_to(old: &Layout, major: u32) -> Layout {
    let beside = old.data.parent().unwrap_or(Path::new("/"));
    let names = (0..).map(|number| match number {
        0 => format!("data-{major}"),
        number => format!("data-{major}-{number}"),
    });
    let taken = [Some(&old.data), old.previous.as_ref()];
    let free = names
        .map(|name| beside.join(name))
        .find(|data| !taken.contains(&Some(data)));
    Layout {
        data: free.unwrap_or_else(|| beside.join("data")),
        previous: Some(old.data.clone()),
        ..old.clone()
    }
}

/// Starts a server beside the place where everybody looks.
fn serve(layout: &Layout, programs: &Programs, run_as: &RunAs, port: u16) -> Result<(), ClusterError> {
    super::layout::socket_folder(&layout.socket, run_as)?;
    let arguments: [OsString; 9] = [
        "start".into(),
        "--wait".into(),
        "--timeout=60".into(),
        "--silent".into(),
        "--options".into(),
        format!("-c port={port}").into(),
        "--pgdata".into(),
        layout.data.clone().into(),
        // The log is everybody's, as ever.
        "--log".into(),
    ];
    let arguments = [arguments.as_slice(), &[layout.log.clone().into()]].concat();
    run(programs, run_as, "pg_ctl", &arguments, &layout.data)
}

/// Stops both servers, whichever way the taking over ended.
struct Serving<'s> {
    cluster: &'s Cluster,
    old: &'s Layout,
    new: &'s Layout,
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        for layout in [self.old, self.new] {
            if let Err(error) = self.cluster.stop_parts(layout, Stop::Fast) {
                tracing::warn!(%error, "a server of the taking over does not stop");
            }
        }
    }
}

/// From one cluster into the other, without a file between them.
fn pass_on(
    source: &Copying<'_>,
    still: &super::Still,
    target: &Copying<'_>,
    go_on: &(dyn Fn(u64) -> bool + Sync),
) -> Result<(), ClusterError> {
    let (from, into) = io::pipe().map_err(ClusterError::PassedOn)?;
    thread::scope(|scope| {
        let read = scope.spawn(move || target.read(&mut BufReader::new(from), go_on));
        let mut into = BufWriter::new(into);
        let written = source.write(still, &mut into, go_on);
        let written = written.and_then(|()| into.flush().map_err(ClusterError::PassedOn));
        drop(into);
        let read = read.join().unwrap_or(Err(ClusterError::Stopped));
        // Where both failed, the reader knows why.
        read.and(written)
    })
}

impl Programs {
    /// The PostgreSQL whose programs are in `folder`.
    ///
    /// # Errors
    /// [`ClusterError::NotInstalled`]
    pub fn at(folder: &Path) -> Result<Self, ClusterError> {
        programs::in_folder(folder).ok_or_else(|| ClusterError::NotInstalled {
            wanted: programs::OLDEST,
            found: format!("none in {}", folder.display()),
        })
    }
}

impl Cluster {
    /// `initdb` with our settings, into the layout's data folder.
    pub(super) fn initialise(
        &self,
        layout: &Layout,
        programs: &Programs,
        run_as: &RunAs,
        care: Care,
        password: &SecretString,
    ) -> Result<(), ClusterError> {
        // initdb reads the password as the user it runs as, so it gets a copy of its own for a moment.
        let handed = layout.data.with_extension("password");
        super::write_secret(&handed, password)?;
        run_as.own(&handed)?;
        let mut arguments: Vec<OsString> = vec![
            "--pgdata".into(),
            layout.data.clone().into_os_string(),
            "--encoding=UTF8".into(),
            // Sorting is done by the programs above, in the resident's language; the database compares bytes.
            "--locale=C".into(),
            format!("--username={}", super::SUPERUSER).into(),
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
        layout.settle(run_as, care)
    }
}
