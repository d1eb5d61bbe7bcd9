//! `madoguchi backup`: one encrypted file with everything that a set-up is made of, checked before it is called one.
//!
//! Databases, keys and files belong together: each alone is of no use. They are taken in an order in which nothing that
//! vouches for something is younger than what it vouches for: the trail's heads first, then the office's database, then the
//! others, each as it was at one moment.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, IsTerminal, Read, Write, stdin},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use age::{secrecy::ExposeSecret as _, x25519};
use anyhow::{Context, bail};
use issuance::acts::BackupMade;
use relay_core::clock::{Clock as _, SystemClock};
use secrecy::SecretString;
use store::cluster::{Cluster, ClusterStatus};

use super::{
    Setting,
    database::{self, Records},
    output::answer,
    staff::hidden,
    steps::{Outcome, Step, Steps},
    stopping::Stopping,
    words::Lang,
};
use crate::config::{self, Config, secrets};

pub(super) mod bundle;
pub(super) mod portable;
pub(super) mod register;
mod tell;

use bundle::{About, BundleError, DATABASES, DatabaseCopy, FILES, Key, Lock, Unpack, Writing};
pub(super) use tell::{moment, refusal};

/// A passphrase typed by hand is guessed offline, for as long as somebody likes: a sentence, not a word.
const PASSPHRASE: usize = 16;
/// How a file is called until it was read back.
const UNFINISHED: &str = "part";
/// Files and folders of a set-up that a copy takes; the database's own files, what runs and the logs are left.
const TAKEN: [&str; 7] = [
    "endpoints.json",
    "secrets",
    "authority",
    "trail",
    "paper",
    "tray",
    "relay",
];

/// Where to, and for whom; or something else to do with copies.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    asked: Option<BackupCommand>,
    #[command(flatten)]
    make: MakeOptions,
}

#[derive(Debug, clap::Args)]
struct MakeOptions {
    /// The folder (default: the one that [backup] names).
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// A public key (age1…) that the copy is made for; may be given several times (default: those that [backup] names).
    #[arg(long, value_name = "KEY")]
    to: Vec<String>,
    /// File with a passphrase in its first line, in place of keys.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    passphrase_file: Option<PathBuf>,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// What else can be done with copies.
#[derive(Debug, clap::Subcommand)]
enum BackupCommand {
    /// Read a copy from beginning to end: whole, unchanged, opened by this key.
    Check(CheckOptions),
    /// Make a pair of keys: the secret one in a file, to be kept away from this machine, the public one is printed.
    NewKey {
        /// The secret key's file; there must be none yet.
        file: PathBuf,
    },
    /// List the copies that were made here, newest first.
    List {
        /// One line of JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
struct CheckOptions {
    /// The copy.
    file: PathBuf,
    #[command(flatten)]
    opened: OpenedBy,
}

/// What opens a copy.
#[derive(Debug, clap::Args)]
pub(super) struct OpenedBy {
    /// File of the secret key (AGE-SECRET-KEY-1…).
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    key_file: Option<PathBuf>,
    /// File with the passphrase in its first line (asked for otherwise).
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl OpenedBy {
    /// The key, asked for where no file was given.
    pub fn key(&self, lang: Lang) -> anyhow::Result<Key> {
        if let Some(file) = &self.key_file {
            let text = secrets::read(file)?;
            let line = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1"));
            let secret = line.and_then(|line| line.trim().parse::<x25519::Identity>().ok());
            return secret.map(Key::Secret).with_context(|| {
                let file = file.display();
                lang.pick(
                    format!("{file} に age の秘密鍵(AGE-SECRET-KEY-1…)がありません。"),
                    format!("{file} holds no age secret key (AGE-SECRET-KEY-1…)."),
                )
            });
        }
        let passphrase = match &self.passphrase_file {
            Some(file) => secrets::line(file)?,
            None => hidden(lang.pick("控えの合言葉: ", "passphrase of the copy: "))?,
        };
        Ok(Key::Passphrase(passphrase))
    }
}

/// Makes a copy, or does what else was asked.
///
/// # Errors
/// With what to do; a copy that could not be finished leaves no file that looks like one.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    match &options.asked {
        None => make(setting, &options.make),
        Some(BackupCommand::Check(options)) => check(setting, options),
        Some(BackupCommand::NewKey { file }) => new_key(setting.lang, file),
        Some(BackupCommand::List { json }) => register::list(setting, *json),
    }
}

fn new_key(lang: Lang, file: &Path) -> anyhow::Result<ExitCode> {
    let secret = x25519::Identity::generate();
    let public = secret.to_public();
    let text = format!("# public key: {public}\n{}\n", secret.to_string().expose_secret());
    relay_core::whole_file::create(file, text.as_bytes()).with_context(|| file.display().to_string())?;
    answer!("{public}");
    super::output::notice!(
        "{}",
        lang.pick(
            format!(
                "公開鍵を madoguchi.toml の [backup] recipients に書いてください。{} は、写しを二つ作って別々の金庫に納め、この機械から消してください。これが無ければ控えは開きません。",
                file.display()
            ),
            format!(
                "Put the public key into [backup] recipients in madoguchi.toml. Put two copies of {} into two safes, then remove it from this machine: without it no copy opens.",
                file.display()
            ),
        )
    );
    Ok(ExitCode::SUCCESS)
}

/// For whom the copy is made: keys, or a passphrase that somebody keeps.
fn lock(setting: &Setting, config: &Config, options: &MakeOptions) -> anyhow::Result<Lock> {
    let lang = setting.lang;
    if let Some(file) = &options.passphrase_file {
        return strong(secrets::line(file)?, lang).map(Lock::Passphrase);
    }
    let named = if options.to.is_empty() {
        &config.backup.recipients
    } else {
        &options.to
    };
    if !named.is_empty() {
        let keys = named.iter().map(|key| {
            key.parse::<x25519::Recipient>().map_err(|_| {
                anyhow::anyhow!(lang.pick(
                    format!("{key} は age の公開鍵(age1…)ではありません。"),
                    format!("{key} is no age public key (age1…)."),
                ))
            })
        });
        return keys.collect::<anyhow::Result<_>>().map(Lock::Keys);
    }
    if !stdin().is_terminal() {
        bail!(lang.pick(
            "だれのために封をするかが分かりません。madoguchi.toml の [backup] recipients に公開鍵を書くか、--to か --passphrase-file を付けてください。鍵は `madoguchi backup new-key` が作ります。",
            "Nobody is named who could open the copy: put a public key into [backup] recipients in madoguchi.toml, or give --to or --passphrase-file. `madoguchi backup new-key` makes a key.",
        ));
    }
    loop {
        let first = hidden(&lang.pick(
            format!("控えの合言葉({PASSPHRASE}文字以上の文): "),
            format!("passphrase of the copy (a sentence of {PASSPHRASE} letters or more): "),
        ))?;
        match strong(first, lang) {
            Err(weak) => super::output::notice!("{weak}"),
            Ok(first) => {
                let again = hidden(lang.pick("もう一度: ", "again: "))?;
                if secrecy::ExposeSecret::expose_secret(&first) == secrecy::ExposeSecret::expose_secret(&again) {
                    return Ok(Lock::Passphrase(first));
                }
                super::output::notice!("{}", lang.pick("違っています。", "They differ."));
            }
        }
    }
}

fn strong(passphrase: SecretString, lang: Lang) -> anyhow::Result<SecretString> {
    let text = secrecy::ExposeSecret::expose_secret(&passphrase);
    let letters: std::collections::BTreeSet<char> = text.chars().collect();
    if text.chars().count() < PASSPHRASE || letters.len() < 6 {
        bail!(lang.pick(
            format!("合言葉が弱すぎます。{PASSPHRASE}文字以上の、ほかで使っていない文にしてください。"),
            format!(
                "The passphrase is too weak: use a sentence of {PASSPHRASE} letters or more that is used nowhere else."
            ),
        ));
    }
    Ok(passphrase)
}

fn make(setting: &Setting, options: &MakeOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let config = setting.config()?;
    let lock = lock(setting, &config, options)?;
    let cluster = Cluster::at(setting.home.cluster());
    match cluster.status()? {
        ClusterStatus::Running { .. } => {}
        ClusterStatus::Stopped => bail!(lang.pick(
            "データベースが止まっています。`madoguchi up` で動かしてから、もう一度試してください。",
            "The database is stopped: start it with `madoguchi up`, then try again.",
        )),
        ClusterStatus::Absent => bail!(lang.pick(
            "データベースがこの一式のものではありません([database] host)。その控えは、それを預かる人が取ります。",
            "The database is not this set-up's own ([database] host): whoever keeps it makes its copies.",
        )),
    }
    let folder = options.into.as_ref().unwrap_or(&config.backup.folder);
    secrets::private_folder(folder).with_context(|| folder.display().to_string())?;
    let _alone = register::Alone::take(setting)?;
    let now = SystemClock.now_in_japan();
    let stamp = format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let file = folder.join(format!("madoguchi-{}-{stamp}.tar.age", config.city.code));
    if file.exists() {
        bail!("{}", file.display());
    }
    let steps = Steps::new(lang, options.json);
    let making = Making {
        setting,
        config: &config,
        cluster: &cluster,
        scratch: Scratch::new(setting)?,
        stopping: Stopping::listen()?,
        runtime: database::runtime()?,
    };
    let made = making
        .make(&lock, &file, &steps)
        .map_err(|error| refusal(error, &file, lang))?;
    register::add(setting, &made)?;
    if options.json {
        answer!("{}", serde_json::to_string(&made)?);
    } else {
        tell::made(&made, lang);
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder for what is only needed while a copy is made; gone when it is dropped, and before the next one is made.
struct Scratch(PathBuf);

impl Scratch {
    fn new(setting: &Setting) -> anyhow::Result<Self> {
        let folder = setting.home.run("backup");
        // What a cut left of an earlier one.
        let _ = fs::remove_dir_all(&folder);
        secrets::private_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes a file that was not finished.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

struct Making<'m> {
    setting: &'m Setting,
    config: &'m Config,
    cluster: &'m Cluster,
    scratch: Scratch,
    stopping: Stopping,
    runtime: tokio::runtime::Runtime,
}

/// A file for the archive: where it is now, its place there, its mode.
struct Taken {
    from: PathBuf,
    place: PathBuf,
    mode: u32,
    /// Nothing for a folder.
    bytes: Option<u64>,
}

impl Making<'_> {
    fn make(self, lock: &Lock, file: &Path, steps: &Steps) -> anyhow::Result<register::Made> {
        let lang = self.setting.lang;
        let mut databases = Vec::new();
        let mut head = None;
        steps.step(lang.pick("データベースを写す", "copy the databases"), |step| {
            head = self.head(lock, file)?;
            self.keep_heads()?;
            databases = self.databases(step)?;
            anyhow::Ok(Outcome::Done)
        })?;
        let half = Unfinished(file.with_extension(UNFINISHED));
        let mut own = None;
        let mut manifest = None;
        steps.step(lang.pick("封をして書く", "seal and write"), |step| {
            let taken = self.taken()?;
            let (key, written) = self.write(lock, &half.0, &taken, databases, head, step)?;
            (own, manifest) = (Some(key), Some(written));
            anyhow::Ok(Outcome::Done)
        })?;
        let (own, manifest) = (own.expect("it was written"), manifest.expect("it was written"));
        steps.step(lang.pick("読み返して確かめる", "read back and check"), |step| {
            let (_, read) = self
                .stopping
                .read(&half.0, &own, &mut Nowhere, step)
                .map_err(|error| refusal(error, &half.0, lang))?;
            anyhow::ensure!(read == manifest, "{}", half.0.display());
            anyhow::Ok(Outcome::Done)
        })?;
        let digest = bundle::digest_of(&half.0)?;
        self.stopping.check()?;
        fs::rename(&half.0, file).with_context(|| file.display().to_string())?;
        File::open(file.parent().unwrap_or(Path::new("/")))?.sync_all()?;
        Ok(register::Made::of(file, &manifest, digest))
    }

    /// The trail's newest head, of everything recorded so far: that this copy is made, too.
    fn head(&self, lock: &Lock, file: &Path) -> anyhow::Result<Option<String>> {
        let Records { runtime, office } = Records::open(self.config)?;
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let keys = lock.keys();
        runtime.block_on(office.backup_made(&database::act("backup"), &BackupMade { file, keys }))?;
        database::seal(self.setting);
        Ok(runtime.block_on(office.newest_head())?)
    }

    /// Heads that were appended after the database's moment would vouch for events that the copy does not have.
    fn keep_heads(&self) -> anyhow::Result<()> {
        for (number, heads) in self.config.trail.heads.iter().enumerate() {
            if heads.exists() {
                fs::copy(heads, self.kept_heads(number)).with_context(|| heads.display().to_string())?;
            }
        }
        Ok(())
    }

    fn kept_heads(&self, number: usize) -> PathBuf {
        self.scratch.0.join(format!("heads-{number}"))
    }

    fn databases(&self, step: &Step) -> anyhow::Result<Vec<DatabaseCopy>> {
        let copying = self.cluster.copying()?;
        let go_on = |_| self.stopping.goes_on();
        let mut names = self.runtime.block_on(copying.databases())?;
        // The office's comes first: what its outbox has told a relay on this machine, the relay's copy knows.
        names.sort_by_key(|name| (name != office::DATABASE, name.clone()));
        let mut roles = self.create("roles.sql")?;
        copying
            .write_roles(&mut roles, &go_on)
            .map_err(|error| self.told(error))?;
        let mut copies = Vec::new();
        for name in names {
            step.at(&name);
            let still = self.runtime.block_on(copying.hold_still(&name))?;
            let mut file = self.create(&format!("{name}.dump"))?;
            copying
                .write(&still, &mut file, &go_on)
                .map_err(|error| self.told(error))?;
            file.flush()
                .map_err(|error| self.told(store::cluster::ClusterError::PassedOn(error)))?;
            let tables = self.runtime.block_on(still.tables())?;
            self.stopping.check()?;
            copies.push(DatabaseCopy { name, tables });
        }
        Ok(copies)
    }

    fn create(&self, name: &str) -> anyhow::Result<BufWriter<File>> {
        let path = self.scratch.0.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        Ok(BufWriter::new(file.with_context(|| path.display().to_string())?))
    }

    fn told(&self, error: store::cluster::ClusterError) -> anyhow::Error {
        use store::cluster::ClusterError;
        match error {
            ClusterError::PassedOn(error) => tell::file(&error, &self.scratch.0, self.setting.lang),
            ClusterError::Stopped => BundleError::Stopped.into(),
            error => error.into(),
        }
    }

    /// Everything that goes into the archive, with the configuration made to stand anywhere.
    fn taken(&self) -> anyhow::Result<Vec<Taken>> {
        let (setting, home) = (self.setting, self.setting.home.folder());
        let mut taken = Vec::new();
        for entry in fs::read_dir(&self.scratch.0)? {
            let from = entry?.path();
            let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.starts_with("heads-") {
                taken.push(Taken::file(from, Path::new(DATABASES).join(name))?);
            }
        }
        for name in TAKEN {
            collect(&home.join(name), &Path::new(FILES).join(name), &mut taken)?;
        }
        let text =
            fs::read_to_string(&setting.config_file).with_context(|| setting.config_file.display().to_string())?;
        let portable = portable::portable(&text, &setting.config_file, home)?;
        for (from, place) in &portable.elsewhere {
            collect(from, &Path::new(FILES).join(place), &mut taken)?;
            // The other programs' passwords lie beside the console's.
            if *from == self.config.database.password_file {
                for role in office::USERS {
                    let beside = database::password_file(self.config, role);
                    let name = beside.file_name().unwrap_or_default();
                    if beside != *from {
                        collect(&beside, &Path::new(FILES).join(place.with_file_name(name)), &mut taken)?;
                    }
                }
            }
        }
        for (number, heads) in self.config.trail.heads.iter().enumerate() {
            let kept = self.kept_heads(number);
            for file in taken.iter_mut().filter(|file| file.from == *heads) {
                file.bytes = Some(fs::metadata(&kept)?.len());
                file.from = kept.clone();
            }
        }
        let configuration = self.scratch.0.join("heads-configuration");
        fs::write(&configuration, &portable.text)?;
        taken.push(Taken::file(configuration, Path::new(FILES).join(config::FILE_NAME))?);
        Ok(taken)
    }

    fn write(
        &self,
        lock: &Lock,
        half: &Path,
        taken: &[Taken],
        databases: Vec<DatabaseCopy>,
        head: Option<String>,
        step: &Step,
    ) -> anyhow::Result<(Key, bundle::Manifest)> {
        let lang = self.setting.lang;
        let about = self.about()?;
        let failed = |error: io::Error| tell::file(&error, half, lang);
        let _ = fs::remove_file(half);
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(half);
        let out = BufWriter::with_capacity(1 << 20, out.map_err(failed)?);
        let (mut writing, key) = Writing::begin(lock, &about, out).map_err(failed)?;
        let total = taken.iter().filter_map(|file| file.bytes).sum();
        let mut done = 0;
        for file in taken {
            self.stopping.check()?;
            let place = file.place.to_string_lossy();
            let Some(bytes) = file.bytes else {
                writing.folder(&place, file.mode).map_err(failed)?;
                continue;
            };
            let open = File::open(&file.from).with_context(|| file.from.display().to_string())?;
            let mut watched = self
                .stopping
                .watched(open, |passed| step.progress(done + passed, total));
            writing.entry(&place, file.mode, bytes, &mut watched).map_err(failed)?;
            done += bytes;
        }
        let (out, manifest) = writing.finish(databases, head).map_err(failed)?;
        let out = out.into_inner().map_err(|error| failed(error.into_error()))?;
        out.sync_all().map_err(failed)?;
        Ok((key, manifest))
    }

    fn about(&self) -> anyhow::Result<About> {
        let Records { runtime, office } = Records::open(self.config)?;
        let health = runtime.block_on(office.health(&SystemClock))?;
        Ok(About {
            form: bundle::FORM,
            city: self.config.city.name.clone(),
            city_code: self.config.city.code.clone(),
            made_at: time::OffsetDateTime::now_utc(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            postgresql: self.cluster.copying()?.major(),
            office: health.version,
            home: self.setting.home.folder().to_owned(),
            socket: self.cluster.socket_folder()?,
        })
    }
}

impl Taken {
    fn file(from: PathBuf, place: PathBuf) -> anyhow::Result<Self> {
        let facts = fs::metadata(&from).with_context(|| from.display().to_string())?;
        Ok(Self {
            from,
            place,
            mode: facts.mode() & 0o700,
            bytes: facts.is_file().then_some(facts.len()),
        })
    }
}

/// `from` and everything in it; what is not there is not missed, and sockets are nothing to keep.
fn collect(from: &Path, place: &Path, taken: &mut Vec<Taken>) -> anyhow::Result<()> {
    let Ok(facts) = fs::metadata(from) else { return Ok(()) };
    if facts.is_dir() {
        taken.push(Taken::file(from.to_owned(), place.to_owned())?);
        let mut entries = fs::read_dir(from)
            .with_context(|| from.display().to_string())?
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            collect(&entry.path(), &place.join(entry.file_name()), taken)?;
        }
    } else if facts.is_file() {
        taken.push(Taken::file(from.to_owned(), place.to_owned())?);
    }
    Ok(())
}

/// Reads only.
struct Nowhere;

impl Unpack for Nowhere {
    fn about(&mut self, _: &About) -> anyhow::Result<()> {
        Ok(())
    }

    fn entry(&mut self, _: &Path, _: u32, _: Option<&mut dyn Read>) -> anyhow::Result<()> {
        Ok(())
    }
}

fn check(setting: &Setting, options: &CheckOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let key = options.opened.key(lang)?;
    let stopping = Stopping::listen()?;
    let steps = Steps::new(lang, false);
    let mut found = None;
    steps.step(
        lang.pick("控えを終わりまで読む", "read the copy to its end"),
        |step| {
            let read = stopping.read(&options.file, &key, &mut Nowhere, step);
            found = Some(read.map_err(|error| refusal(error, &options.file, lang))?);
            anyhow::Ok(Outcome::Done)
        },
    )?;
    if let Some((about, manifest)) = found {
        tell::contents(&about, &manifest, lang);
    }
    Ok(ExitCode::SUCCESS)
}
