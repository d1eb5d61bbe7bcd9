//! Copies of a cluster's databases: written from one moment, read into another cluster, counted on both sides.
//!
//! PostgreSQL's own programs write and read them (`pg_dump`, `pg_restore`), always those of the newer side, which know the
//! older one. What passes can be watched and stopped at any moment.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
};

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use super::{Cluster, ClusterError, Programs, SUPERUSER, quoted, roles};
use crate::{StoreError, migrate::connect};

/// Bytes passed on between two looks at whether to go on.
const PIECE: usize = 64 * 1024;

/// What a table holds: two that agree in both hold the same rows, in whatever order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// With its schema: `office.card`.
    pub table: String,
    pub rows: u64,
    /// The rows' digests, added up.
    pub sum: String,
}

/// A database at one moment: what is counted and copied through it belongs together, whatever is written meanwhile.
pub struct Still {
    client: Client,
    database: String,
    /// The moment's name, as `pg_dump --snapshot` takes it.
    snapshot: String,
}

impl Still {
    /// Every table of the database, in the order of their names.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn tables(&self) -> Result<Vec<TableCount>, ClusterError> {
        let sorted = |error| StoreError::from_postgres("count_tables", &error);
        let named = self
            .client
            .query(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
                 WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2",
                &[],
            )
            .await
            .map_err(sorted)?;
        let mut tables = Vec::with_capacity(named.len());
        for row in named {
            let (schema, table): (String, String) = (row.get(0), row.get(1));
            let counted = self
                .client
                .query_one(
                    // Written so that every version of PostgreSQL gives the same.
                    &format!(
                        "SELECT count(*), coalesce(sum(('x' || left(md5(whole_row::text), 15))::bit(60)::bigint), 0)::text FROM {}.{} AS whole_row",
                        quoted(&schema),
                        quoted(&table)
                    ),
                    &[],
                )
                .await
                .map_err(sorted)?;
            tables.push(TableCount {
                table: format!("{schema}.{table}"),
                rows: counted.get::<_, i64>(0).unsigned_abs(),
                sum: counted.get(1),
            });
        }
        Ok(tables)
    }
}

/// A running cluster as it is copied from or into.
pub struct Copying<'c> {
    cluster: &'c Cluster,
    programs: Programs,
    port: u16,
}

impl Cluster {
    /// To copy from or into this running cluster with its own version's programs.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn copying(&self) -> Result<Copying<'_>, ClusterError> {
        Ok(Copying {
            cluster: self,
            programs: Programs::that_wrote(&self.layout()?.data)?,
            port: super::PORT,
        })
    }

    pub(super) fn copying_with(&self, programs: Programs, port: u16) -> Copying<'_> {
        Copying {
            cluster: self,
            programs,
            port,
        }
    }
}

impl Copying<'_> {
    /// The version whose programs copy.
    pub const fn major(&self) -> u32 {
        self.programs.major
    }

    /// The databases of the programs; the cluster's own are none.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn databases(&self) -> Result<Vec<String>, ClusterError> {
        let admin = self.connect("postgres").await?;
        let rows = admin
            .query(
                "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname",
                &[],
            )
            .await
            .map_err(|error| StoreError::from_postgres("databases", &error))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Holds the moment of `database`, until the answer is dropped.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn hold_still(&self, database: &str) -> Result<Still, ClusterError> {
        let sorted = |error| StoreError::from_postgres("hold_still", &error);
        let client = self.connect(database).await?;
        client
            .batch_execute(
                "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;\n\
                 SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';\n\
                 BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )
            .await
            .map_err(sorted)?;
        let snapshot = client
            .query_one("SELECT pg_export_snapshot()", &[])
            .await
            .map_err(sorted)?
            .get(0);
        Ok(Still {
            client,
            database: database.to_owned(),
            snapshot,
        })
    }

    /// Writes every role but the cluster's own, with the digests of their passwords.
    ///
    /// # Errors
    /// [`ClusterError`]; [`ClusterError::Stopped`] when `go_on` says no.
    pub fn write_roles(&self, out: &mut dyn Write, go_on: &dyn Fn(u64) -> bool) -> Result<(), ClusterError> {
        let mut text = Vec::new();
        self.pour_out("pg_dumpall", &["--roles-only".into()], &mut text, go_on)?;
        // The cluster that takes them has a superuser of its own.
        let text = String::from_utf8_lossy(&text);
        let others = text.lines().filter(|line| {
            let of_ours = |verb: &str| line.strip_prefix(verb).is_some_and(|rest| rest.starts_with(SUPERUSER));
            !of_ours("CREATE ROLE ") && !of_ours("ALTER ROLE ")
        });
        for line in others {
            writeln!(out, "{line}").map_err(ClusterError::PassedOn)?;
        }
        Ok(())
    }

    /// Makes the roles that [`Self::write_roles`] wrote, and closes the cluster's own databases to them.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub async fn read_roles(&self, mut text: &[u8], go_on: &dyn Fn(u64) -> bool) -> Result<(), ClusterError> {
        let arguments = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres"];
        self.pour_in("psql", &arguments.map(OsString::from), &mut text, go_on)?;
        roles::close_to_programs(&self.connect("postgres").await?).await?;
        Ok(())
    }

    /// Writes the database as it was when it was held still.
    ///
    /// # Errors
    /// As [`Self::write_roles`].
    pub fn write(&self, still: &Still, out: &mut dyn Write, go_on: &dyn Fn(u64) -> bool) -> Result<(), ClusterError> {
        let arguments = [
            "--format=custom".into(),
            format!("--snapshot={}", still.snapshot).into(),
            format!("--dbname={}", still.database).into(),
        ];
        self.pour_out("pg_dump", &arguments, out, go_on)
    }

    /// Makes the database that [`Self::write`] wrote, under its own name and with its owner; its roles must be there.
    ///
    /// # Errors
    /// As [`Self::write_roles`].
    pub fn read(&self, from: &mut dyn Read, go_on: &dyn Fn(u64) -> bool) -> Result<(), ClusterError> {
        let arguments = ["--create", "--exit-on-error", "--dbname=postgres"];
        self.pour_in("pg_restore", &arguments.map(OsString::from), from, go_on)
    }

    async fn connect(&self, database: &str) -> Result<Client, ClusterError> {
        let mut door = self.cluster.superuser_door(database)?;
        door.port = self.port;
        Ok(connect("copy", &door).await?)
    }

    fn command(&self, program: &str, arguments: &[OsString]) -> Result<Command, ClusterError> {
        let mut command = Command::new(self.programs.path(program));
        let login = self.cluster.superuser()?;
        command
            .args(arguments)
            .arg("--no-password")
            .env("LC_ALL", "C")
            .env("PGHOST", self.cluster.socket_folder()?)
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", login.name)
            .env("PGPASSWORD", login.password.expose_secret())
            .env_remove("PGDATABASE")
            .env_remove("PGOPTIONS")
            .env_remove("PGSERVICE")
            .stderr(Stdio::piped());
        Ok(command)
    }

    fn pour_out(
        &self,
        program: &'static str,
        arguments: &[OsString],
        out: &mut dyn Write,
        go_on: &dyn Fn(u64) -> bool,
    ) -> Result<(), ClusterError> {
        let mut running = Running::start(
            program,
            self.command(program, arguments)?
                .stdin(Stdio::null())
                .stdout(Stdio::piped()),
        )?;
        let mut from = running.child.stdout.take().expect("its output is piped");
        pass(program, &mut from, out, go_on)?;
        running.end(go_on)
    }

    fn pour_in(
        &self,
        program: &'static str,
        arguments: &[OsString],
        from: &mut dyn Read,
        go_on: &dyn Fn(u64) -> bool,
    ) -> Result<(), ClusterError> {
        let mut running = Running::start(
            program,
            self.command(program, arguments)?
                .stdin(Stdio::piped())
                .stdout(Stdio::null()),
        )?;
        let mut into = running.child.stdin.take().expect("its input is piped");
        let passed = pass(program, from, &mut into, go_on);
        drop(into);
        match passed {
            // It ended early: what it said tells why.
            Ok(()) | Err(ClusterError::PassedOn(_)) => running.end(go_on).and(passed),
            Err(stopped) => Err(stopped),
        }
    }
}

/// Passes everything on, a piece at a time.
fn pass(
    program: &'static str,
    from: &mut dyn Read,
    out: &mut dyn Write,
    go_on: &dyn Fn(u64) -> bool,
) -> Result<(), ClusterError> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(passing(program, &error)),
        };
        if !go_on(read as u64) {
            return Err(ClusterError::Stopped);
        }
        out.write_all(&piece[..read]).map_err(ClusterError::PassedOn)?;
    }
}

fn passing(program: &'static str, error: &io::Error) -> ClusterError {
    ClusterError::Program {
        program,
        said: error.to_string(),
    }
}

/// One of PostgreSQL's programs under way; ended when it is left.
struct Running {
    program: &'static str,
    child: Child,
    said: Option<JoinHandle<String>>,
}

impl Running {
    fn start(program: &'static str, command: &mut Command) -> Result<Self, ClusterError> {
        let mut child = command.spawn().map_err(|error| ClusterError::Program {
            program,
            said: format!("it could not be started: {error}"),
        })?;
        let mut stderr = child.stderr.take().expect("its errors are piped");
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        Ok(Self {
            program,
            child,
            said: Some(said),
        })
    }

    fn end(mut self, go_on: &dyn Fn(u64) -> bool) -> Result<(), ClusterError> {
        let ended = loop {
            match self.child.try_wait().map_err(|error| passing(self.program, &error))? {
                Some(ended) => break ended,
                // Reading is done; what is left (indexes, mostly) may take a while.
                None if !go_on(0) => return Err(ClusterError::Stopped),
                None => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        if ended.success() {
            return Ok(());
        }
        if !go_on(0) {
            // Ctrl-C at a terminal reaches the program as well.
            return Err(ClusterError::Stopped);
        }
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        Err(ClusterError::Program {
            program: self.program,
            said: super::programs::tail(&said),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
