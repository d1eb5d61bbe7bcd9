//! A fresh real database for every test, in about a tenth of a second.
//!
//! One throwaway cluster under the temporary folder serves every test run of this user; a template database per
//! set of migrations is made once and copied. The cluster stops when the last test process has ended, however it
//! ended. Needs PostgreSQL's server package installed and nothing configured; works as root and as an ordinary user.
//! A test that takes the database away does so with a cluster of its own ([`LoneCluster`]).

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use refinery::Runner;
use relay_core::chance::OsChance;
use secrecy::SecretString;
use tokio_postgres::Client;

use crate::{
    Door, StoreError,
    cluster::{Care, Cluster, ClusterError, ClusterStatus, Login, Programs, Stop, quoted},
    migrate::{MigrateError, connect, migrate},
};

/// What a test database is made from.
pub struct Recipe {
    /// A short name (`office`).
    pub name: &'static str,
    pub runner: Runner,
    /// The role that owns the schema.
    pub owner: &'static str,
    /// The login roles its migrations grant to.
    pub users: &'static [&'static str],
}

/// Why a test got no database.
#[derive(Debug, thiserror::Error)]
pub enum TestingError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}: {1}")]
    Lock(PathBuf, std::io::Error),
}

/// A test's own database; dropped with this value.
pub struct TestDatabase {
    name: String,
    cluster: Cluster,
    /// Whether the whole cluster goes away with the test, so that nothing need be dropped.
    passing: bool,
}

/// A fresh database after `recipe`, in the cluster shared by all tests.
///
/// # Errors
/// [`TestingError`]
pub async fn database(recipe: &Recipe) -> Result<TestDatabase, TestingError> {
    let shared = tokio::task::spawn_blocking(shared)
        .await
        .expect("starting the test cluster does not panic")?;
    copy_of_template(&shared.cluster, &shared.folder, recipe, false).await
}

/// A cluster for one test that stops and starts the database; removed when dropped.
pub struct LoneCluster {
    cluster: Cluster,
    folder: PathBuf,
    in_use: Option<File>,
}

impl LoneCluster {
    /// Makes and starts one (about a second).
    ///
    /// # Errors
    /// [`TestingError`]
    pub fn start_new() -> Result<Self, TestingError> {
        Self::start_with(Care::Throwaway)
    }

    /// One whose commits reach the disk as an office's do, for measures.
    ///
    /// # Errors
    /// [`TestingError`]
    pub fn start_durable() -> Result<Self, TestingError> {
        Self::start_with(Care::Durable)
    }

    fn start_with(care: Care) -> Result<Self, TestingError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("madoguchi-lone-{}-{number}", std::process::id()));
        open_folder(&folder)?;
        let in_use = lock_file(&folder.join("in-use"))?;
        in_use
            .lock_shared()
            .map_err(|error| TestingError::Lock(folder.clone(), error))?;
        let cluster = Cluster::at(&folder);
        cluster.create(care, &mut OsChance)?;
        cluster.start()?;
        cluster.stop_once_free(&folder.join("in-use"), true)?;
        Ok(Self {
            cluster,
            folder,
            in_use: Some(in_use),
        })
    }

    /// A database in it.
    ///
    /// # Errors
    /// [`TestingError`]
    pub async fn database(&self, recipe: &Recipe) -> Result<TestDatabase, TestingError> {
        copy_of_template(&self.cluster, &self.folder, recipe, true).await
    }

    /// Takes the database away.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn stop(&self, how: Stop) -> Result<(), ClusterError> {
        self.cluster.stop(how)
    }

    /// Brings it back.
    ///
    /// # Errors
    /// [`ClusterError`]
    pub fn start(&self) -> Result<(), ClusterError> {
        self.cluster.start()
    }

    /// The cluster itself.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for LoneCluster {
    fn drop(&mut self) {
        let _ = self.cluster.stop(Stop::Immediate);
        // The process left behind finds nobody holding this and removes the folder.
        self.in_use.take();
    }
}

impl TestDatabase {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cluster it lies in.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A door to it as one of the recipe's roles.
    pub fn door(&self, role: &str) -> Door {
        self.cluster
            .door(&self.name, &login(role))
            .expect("the cluster was started, so its layout is known")
    }

    /// A door to it as the superuser, for looking behind the scenes.
    pub fn superuser(&self) -> Door {
        self.cluster
            .superuser_door(&self.name)
            .expect("the cluster was started, so its password is known")
    }

    /// All it holds as `pg_dump` writes it, for searching what must not be there.
    ///
    /// # Errors
    /// [`TestingError`]
    pub fn dump(&self) -> Result<Vec<u8>, TestingError> {
        self.run("pg_dump", &["--inserts"])
    }

    /// Tidies and counts every table, as a database does that has been running for a day.
    ///
    /// # Errors
    /// [`TestingError`]
    pub fn vacuum(&self) -> Result<(), TestingError> {
        self.run("vacuumdb", &["--quiet", "--analyze"]).map(drop)
    }

    fn run(&self, program: &'static str, arguments: &[&str]) -> Result<Vec<u8>, TestingError> {
        use secrecy::ExposeSecret as _;
        let door = self.superuser();
        let failed = |said: String| TestingError::Cluster(ClusterError::Program { program, said });
        let output = std::process::Command::new(self.cluster.program(program)?)
            .args(["--host", &door.host, "--username", &door.user, "--no-password"])
            .args(arguments)
            .arg(&self.name)
            .env("PGPASSWORD", door.password.expose_secret())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(output.stdout)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.passing {
            return;
        }
        let Ok(door) = self.cluster.superuser_door("postgres") else {
            return;
        };
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&self.name));
        // Dropping may happen inside a runtime, which must not be entered twice by one thread.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .ok()?;
            runtime.block_on(async {
                let admin = connect("drop_test_database", &door).await.ok()?;
                admin.batch_execute(&drop_it).await.ok()
            })
        });
        // What is left behind is dropped when the cluster next starts.
        let _ = dropping.join();
    }
}

/// Raised when a throwaway cluster's settings change, so that one made with the old ones is not used again.
const SETTINGS: u32 = 1;

struct Shared {
    cluster: Cluster,
    folder: PathBuf,
    _in_use: File,
}

fn shared() -> Result<&'static Shared, TestingError> {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    static STARTING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    if let Some(shared) = SHARED.get() {
        return Ok(shared);
    }
    let _one_at_a_time = STARTING.lock().unwrap_or_else(|held| held.into_inner());
    match SHARED.get() {
        Some(shared) => Ok(shared),
        None => {
            let shared = start_shared()?;
            Ok(SHARED.get_or_init(|| shared))
        }
    }
}

fn start_shared() -> Result<Shared, TestingError> {
    let user = rustix::process::geteuid().as_raw();
    let major = Programs::find(None)?.major;
    let folder = std::env::temp_dir().join(format!("madoguchi-tests-{user}-{major}-{SETTINGS}"));
    open_folder(&folder)?;
    let in_use_path = folder.join("in-use");
    let in_use = lock_file(&in_use_path)?;
    in_use
        .lock_shared()
        .map_err(|error| TestingError::Lock(in_use_path.clone(), error))?;
    let starting = exclusively(&folder.join("starting"))?;
    let cluster = Cluster::at(folder.join("cluster"));
    if cluster.status()? == ClusterStatus::Absent {
        // A run killed while it made the cluster leaves a part that nothing can be made of.
        let _ = fs::remove_dir_all(folder.join("cluster"));
        cluster.create(Care::Throwaway, &mut OsChance)?;
    }
    if cluster.status()? == ClusterStatus::Stopped {
        cluster.start()?;
        cluster.stop_once_free(&in_use_path, false)?;
        sweep(&cluster)?;
    }
    drop(starting);
    Ok(Shared {
        cluster,
        folder,
        _in_use: in_use,
    })
}

/// Drops what killed runs left behind. Called while nobody else uses the cluster.
fn sweep(cluster: &Cluster) -> Result<(), TestingError> {
    let door = cluster.superuser_door("postgres")?;
    let sweeping = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let sorted = |error| StoreError::from_postgres("sweep", &error);
            let admin = connect("sweep", &door).await?;
            let rows = admin
                .query(
                    "SELECT datname FROM pg_database WHERE datname LIKE 't\\_%' OR datname LIKE 'template\\_%'",
                    &[],
                )
                .await
                .map_err(sorted)?;
            let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            let templates = names.iter().filter(|name| name.starts_with("template_")).count();
            for name in &names {
                if name.starts_with("t_") || templates > 8 {
                    let name = quoted(name);
                    admin
                        .batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE false"))
                        .await
                        .map_err(sorted)?;
                    admin
                        .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
                        .await
                        .map_err(sorted)?;
                }
            }
            Ok::<_, StoreError>(())
        })
    });
    sweeping.join().expect("sweeping does not panic")?;
    Ok(())
}

async fn copy_of_template(
    cluster: &Cluster,
    folder: &Path,
    recipe: &Recipe,
    passing: bool,
) -> Result<TestDatabase, TestingError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let sorted = |error| StoreError::from_postgres("test_database", &error);
    let template = template(cluster, folder, recipe).await?;
    let name = format!("t_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = connect("test_database", &patient(cluster.superuser_door("postgres")?)).await?;
    // Before version 15 a template was always copied as files.
    let strategy = if server_version(&admin).await? >= 150_000 {
        "STRATEGY file_copy"
    } else {
        ""
    };
    admin
        .batch_execute(&format!(
            "CREATE DATABASE {} TEMPLATE {} OWNER {} {strategy}",
            quoted(&name),
            quoted(&template),
            quoted(recipe.owner)
        ))
        .await
        .map_err(sorted)?;
    // Grants on a database are not copied with it.
    let users: Vec<Login> = recipe.users.iter().map(|user| login(user)).collect();
    let mut grants = format!("REVOKE ALL ON DATABASE {} FROM PUBLIC;", quoted(&name));
    for user in &users {
        grants.push_str(&format!(
            "GRANT CONNECT, TEMPORARY ON DATABASE {} TO {};",
            quoted(&name),
            quoted(&user.name)
        ));
    }
    admin.batch_execute(&grants).await.map_err(sorted)?;
    Ok(TestDatabase {
        name,
        cluster: cluster.clone(),
        passing,
    })
}

/// The template's name; made by whoever asks first.
async fn template(cluster: &Cluster, folder: &Path, recipe: &Recipe) -> Result<String, TestingError> {
    let sorted = |error| StoreError::from_postgres("test_template", &error);
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for migration in recipe.runner.get_migrations() {
        hash = (hash ^ migration.checksum()).wrapping_mul(0x0100_0000_01b3);
    }
    let name = format!("template_{}_{hash:016x}", recipe.name);
    let admin = connect("test_template", &patient(cluster.superuser_door("postgres")?)).await?;
    let known = "SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate";
    if admin.query_opt(known, &[&name]).await.map_err(sorted)?.is_some() {
        return Ok(name);
    }
    let lock = folder.join("template");
    let making = tokio::task::spawn_blocking(move || exclusively(&lock))
        .await
        .expect("waiting for a lock does not panic")?;
    if admin.query_opt(known, &[&name]).await.map_err(sorted)?.is_none() {
        // Not yet marked as a template, so it was left half made.
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name)))
            .await
            .map_err(sorted)?;
        let users: Vec<Login> = recipe.users.iter().map(|user| login(user)).collect();
        cluster.provision(&name, &login(recipe.owner), &users).await?;
        migrate(&patient(cluster.door(&name, &login(recipe.owner))?), &recipe.runner).await?;
        // The connection that migrated may take a moment to end, and a copy needs a template nobody is on.
        admin
            .batch_execute(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", quoted(&name)))
            .await
            .map_err(sorted)?;
        admin
            .execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
                &[&name],
            )
            .await
            .map_err(sorted)?;
        admin
            .batch_execute(&format!("ALTER DATABASE {} IS_TEMPLATE true", quoted(&name)))
            .await
            .map_err(sorted)?;
    }
    drop(making);
    Ok(name)
}

async fn server_version(admin: &Client) -> Result<i32, StoreError> {
    let row = admin
        .query_one("SELECT current_setting('server_version_num')::int", &[])
        .await
        .map_err(|error| StoreError::from_postgres("test_database", &error))?;
    Ok(row.get(0))
}

/// Copying a database on a busy machine takes longer than a counter should wait.
fn patient(mut door: Door) -> Door {
    door.connect_limit = std::time::Duration::from_secs(30);
    door.answer_limit = std::time::Duration::from_secs(60);
    door
}

/// Every role of a throwaway cluster has its name in its password; the socket's folder is closed all the same.
fn login(role: &str) -> Login {
    Login {
        name: role.to_owned(),
        password: SecretString::from(format!("throwaway-{role}")),
    }
}

fn open_folder(folder: &Path) -> Result<(), TestingError> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o711)))
        .map_err(|error| TestingError::Lock(folder.to_owned(), error))
}

fn lock_file(path: &Path) -> Result<File, TestingError> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| TestingError::Lock(path.to_owned(), error))
}

fn exclusively(path: &Path) -> Result<File, TestingError> {
    let file = lock_file(path)?;
    file.lock()
        .map_err(|error| TestingError::Lock(path.to_owned(), error))?;
    Ok(file)
}
