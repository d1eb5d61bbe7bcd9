//! `madoguchi restore`: a copy becomes a set-up again, in a folder where there is none; `madoguchi rejoin-relay`: what was
//! restored may speak to the relay from now on.
//!
//! Everything is unpacked and compared in a folder of its own inside the new place. While that folder is there, no other
//! command works with the place; the configuration, which makes it a set-up, is written last.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use relay_core::chance::OsChance;
use store::cluster::{Care, Cluster, ClusterError, Stop, TableCount};
use time::format_description::well_known::Rfc3339;

use super::{
    Setting,
    backup::{
        OpenedBy,
        bundle::{About, BundleError, DATABASES, FILES, Manifest, ROLES, Unpack},
        moment, portable, refusal,
    },
    clean,
    database::{self, Records},
    home::Home,
    output::answer,
    processes::Hold,
    steps::{Outcome, Step, Steps},
    stopping::Stopping,
    words::Lang,
};
use crate::{
    config::{self, Config, secrets},
    trail::verifier,
};

/// Where a copy is unpacked; its presence says that the place is no set-up yet.
pub(super) const UNFINISHED: &str = "restoring";

/// Which copy, and what opens it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The copy that `madoguchi backup` made.
    file: PathBuf,
    #[command(flatten)]
    opened: OpenedBy,
}

/// Whether to ask.
#[derive(Debug, clap::Args)]
pub struct RejoinOptions {
    /// Do it without asking.
    #[arg(long)]
    force: bool,
}

/// Whether a restore was cut off in this place.
pub(super) fn is_unfinished(home: &Home) -> bool {
    home.folder().join(UNFINISHED).exists()
}

/// What is said to whoever comes to a place where a restore was cut off.
pub(super) fn unfinished_words(home: &Home, lang: Lang) -> String {
    let folder = home.folder().display();
    lang.pick(
        format!(
            "{folder} は、控えからの復元が途中で切れたままです。まだ一式ではありません。`madoguchi restore ファイル` をもう一度(初めからやり直します)、やめるなら `madoguchi clean-data` としてください。"
        ),
        format!(
            "A restore was cut off in {folder}: it is no set-up yet. Run `madoguchi restore FILE` again (it begins afresh), or `madoguchi clean-data` to give it up."
        ),
    )
}

/// Restores the copy.
///
/// # Errors
/// With what to do; the place is then as empty as before.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let home = &setting.home;
    must_be_empty(setting)?;
    let key = options.opened.key(lang)?;
    let stopping = Stopping::listen()?;
    let steps = Steps::new(lang, false);
    let made_home = !home.folder().exists();
    super::setup::open_to_pass(setting)?;
    let hold = Hold::take(home).with_context(|| {
        lang.pick(
            "別の命令がこの場所で動いています。",
            "another command is at work in this place.",
        )
    })?;
    if is_unfinished(home) {
        // What an earlier one left when it was cut off.
        clear(home)?;
    }
    let restoring = Restoring {
        setting,
        stopping,
        cluster: Cluster::at(home.cluster()),
        unpacked: home.folder().join(UNFINISHED),
    };
    let ended = restoring.restore(&options.file, &key, &steps);
    if ended.is_err() {
        if let Err(error) = clear(home) {
            super::output::notice!("{error:#}");
        }
        drop(hold);
        let _ = fs::remove_dir_all(home.run(""));
        if made_home {
            let _ = fs::remove_dir(home.folder());
        }
    }
    let about = ended.map_err(|error| refusal(error, &options.file, lang))?;
    let held = Config::load(&home.config_file())?.relay_on_hold;
    tell(&about, setting, held);
    Ok(ExitCode::SUCCESS)
}

fn must_be_empty(setting: &Setting) -> anyhow::Result<()> {
    let (home, lang) = (&setting.home, setting.lang);
    let folder = home.folder().display();
    let left_over = Cluster::at(home.cluster()).left_over().filter(|_| !is_unfinished(home));
    if let Some(data) = left_over {
        bail!(lang.pick(
            format!(
                "{} に、前の一式のデータベースが残っています。何も変えていません。",
                data.display()
            ),
            format!(
                "{} still holds the database of an earlier set-up; nothing was changed.",
                data.display()
            ),
        ));
    }
    // A command that was asked for here before may have left a lock.
    let entries = match fs::read_dir(home.folder()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| folder.to_string())?,
    };
    for entry in entries {
        if !is_unfinished(home) && entry?.file_name() != "run" {
            bail!(lang.pick(
                format!(
                    "{folder} は空ではありません。控えは、何も無い場所にだけ戻せます。MADOGUCHI_HOME で新しい場所を示してください。何も変えていません。"
                ),
                format!(
                    "{folder} is not empty: a copy is restored only where there is nothing. Name a new place with MADOGUCHI_HOME. Nothing was changed."
                ),
            ));
        }
    }
    Ok(())
}

/// Takes everything away that a restore puts into a place.
fn clear(home: &Home) -> anyhow::Result<()> {
    Cluster::at(home.cluster()).remove()?;
    let unpacked = home.folder().join(UNFINISHED);
    let others = clean::OURS.iter().map(|name| home.folder().join(name));
    // The mark goes last: cut off here, the place is still known as unfinished.
    let kept = [home.run(""), unpacked.clone()];
    for path in others
        .filter(|path| !kept.contains(path) && *path != home.folder().join("run"))
        .chain([unpacked.clone()])
    {
        let gone = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => bail!("{}: {error}", path.display()),
            _ => {}
        }
    }
    Ok(())
}

struct Restoring<'r> {
    setting: &'r Setting,
    stopping: Stopping,
    cluster: Cluster,
    unpacked: PathBuf,
}

impl Restoring<'_> {
    fn restore(&self, file: &Path, key: &super::backup::bundle::Key, steps: &Steps) -> anyhow::Result<About> {
        let lang = self.setting.lang;
        secrets::private_folder(&self.unpacked)?;
        let mut read = None;
        steps.step(
            lang.pick("控えを開いて確かめる", "open the copy and check it"),
            |step| {
                let mut into = Unpacking {
                    folder: &self.unpacked,
                    lang,
                };
                read = Some(self.stopping.read(file, key, &mut into, step)?);
                anyhow::Ok(Outcome::Done)
            },
        )?;
        let (about, manifest) = read.expect("it was read");
        steps.step(
            lang.pick("データベースの置き場所を作る", "make the database cluster"),
            |_| {
                self.cluster.create(Care::Durable, &mut OsChance)?;
                self.cluster.start()?;
                self.stopping.check()?;
                anyhow::Ok(Outcome::Done)
            },
        )?;
        let runtime = database::runtime()?;
        steps.step(
            lang.pick("データベースを戻す", "restore the databases"),
            |step| {
                runtime.block_on(self.databases(&manifest, step))?;
                anyhow::Ok(Outcome::Done)
            },
        )?;
        steps.step(
            lang.pick("表を数えて比べる", "count the tables and compare"),
            |_| {
                runtime.block_on(self.compare(&manifest))?;
                anyhow::Ok(Outcome::Done)
            },
        )?;
        let text = self.arrived(&about)?;
        self.move_in()?;
        // Its paths count from the place where it will stand.
        let config = Config::parse(&text, &self.setting.home.config_file()).map_err(|mistakes| {
            let words: Vec<String> = mistakes.iter().map(|mistake| lang.of(mistake.words())).collect();
            anyhow::anyhow!("{}: {}", config::FILE_NAME, words.join(" / "))
        })?;
        for heads in &config.trail.heads {
            fs::create_dir_all(heads.parent().unwrap_or(Path::new(".")))?;
        }
        steps.step(
            lang.pick("監査記録を先端と比べる", "compare the audit trail with its head"),
            |_| {
                self.trail(&config, &manifest)?;
                self.record(&config, &about)?;
                anyhow::Ok(Outcome::Done)
            },
        )?;
        self.cluster.stop(Stop::Fast)?;
        self.stopping.check()?;
        secrets::replace(&self.setting.home.config_file(), text.as_bytes())?;
        fs::remove_dir_all(&self.unpacked)?;
        Ok(about)
    }

    async fn databases(&self, manifest: &Manifest, step: &Step) -> anyhow::Result<()> {
        let go_on = |_| self.stopping.goes_on();
        let copying = self.cluster.copying()?;
        let stopped = |error| match error {
            ClusterError::Stopped => anyhow::Error::from(BundleError::Stopped),
            error => error.into(),
        };
        let roles = fs::read(self.unpacked.join(ROLES))?;
        copying.read_roles(&roles, &go_on).await.map_err(stopped)?;
        for database in &manifest.databases {
            step.at(&database.name);
            let file = self.unpacked.join(database.entry());
            let open = File::open(&file).with_context(|| file.display().to_string())?;
            let total = open.metadata()?.len();
            let mut from = self
                .stopping
                .watched(BufReader::new(open), |passed| step.progress(passed, total));
            copying.read(&mut from, &go_on).map_err(stopped)?;
        }
        Ok(())
    }

    async fn compare(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let copying = self.cluster.copying()?;
        for database in &manifest.databases {
            let tables = copying.hold_still(&database.name).await?.tables().await?;
            self.stopping.check()?;
            same(&database.name, &database.tables, &tables, self.setting.lang)?;
        }
        Ok(())
    }

    /// The configurations, pointed at the new place. Gives the office's own, which is written last.
    fn arrived(&self, about: &About) -> anyhow::Result<String> {
        let socket = self.cluster.socket_folder()?;
        let files = self.unpacked.join(FILES);
        let own = files.join(config::FILE_NAME);
        let text = portable::arrived(
            &fs::read_to_string(&own).with_context(|| own.display().to_string())?,
            &socket,
        )?;
        fs::remove_file(&own)?;
        for file in tomls(&files.join("relay"))? {
            let text = fs::read_to_string(&file)?;
            let new = if file.file_name().is_some_and(|name| name == "operator.toml") {
                Some(portable::held(&text)?)
            } else {
                portable::with_database(&text, &about.socket, &socket)?
            };
            if let Some(new) = new {
                secrets::replace(&file, new.as_bytes())?;
            }
        }
        let endpoints = files.join("endpoints.json");
        if endpoints.exists() {
            let (old, new) = (
                about.home.display().to_string(),
                self.setting.home.folder().display().to_string(),
            );
            let (old_socket, new_socket) = (about.socket.display().to_string(), socket.display().to_string());
            let text = fs::read_to_string(&endpoints)?;
            let text = text.replace(&format!("\"{old_socket}\""), &format!("\"{new_socket}\""));
            let text = text.replace(&format!("\"{old}/"), &format!("\"{new}/"));
            let text = text.replace(&format!("\"{old}\""), &format!("\"{new}\""));
            secrets::replace(&endpoints, text.as_bytes())?;
        }
        Ok(text)
    }

    fn move_in(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(self.unpacked.join(FILES))? {
            let entry = entry?;
            let place = self.setting.home.folder().join(entry.file_name());
            fs::rename(entry.path(), &place).with_context(|| place.display().to_string())?;
        }
        Ok(())
    }

    /// Whoever reads the trail later knows that it goes on from a copy.
    fn record(&self, config: &Config, about: &About) -> anyhow::Result<()> {
        let Records { runtime, office } = Records::open(config)?;
        let of = about.made_at.format(&Rfc3339)?;
        Ok(runtime.block_on(office.backup_restored(&database::act("restore"), &of))?)
    }

    /// Every event under the copy's head is there, none is changed.
    fn trail(&self, config: &Config, manifest: &Manifest) -> anyhow::Result<()> {
        let lang = self.setting.lang;
        let Some(note) = &manifest.head else { return Ok(()) };
        let head = verifier(&config.trail.public_key_file)?.open(note)?;
        let Records { runtime, office } = Records::open_as(config, office::READER)?;
        let report = runtime.block_on(office.check_trail(vec![head]))?;
        if !report.is_good() {
            bail!(lang.pick(
                format!("監査記録が控えの先端と合いません({} か所)。戻すのをやめました。別の控えを使ってください。", report.findings.len()),
                format!("the audit trail does not fit the copy's head ({} findings): nothing was restored; use another copy.", report.findings.len()),
            ));
        }
        Ok(())
    }
}

/// Tables that must hold the same rows.
pub(super) fn same(database: &str, before: &[TableCount], after: &[TableCount], lang: Lang) -> anyhow::Result<()> {
    let differing = before.iter().find(|table| !after.contains(table));
    let differing = differing.or_else(|| after.iter().find(|table| !before.contains(table)));
    let Some(table) = differing else { return Ok(()) };
    let rows = |tables: &[TableCount]| {
        let found = tables.iter().find(|other| other.table == table.table);
        found.map_or_else(|| "-".to_owned(), |table| table.rows.to_string())
    };
    let (name, before, after) = (&table.table, rows(before), rows(after));
    bail!(lang.pick(
        format!("{database} の表 {name} が写しの元と合いません(元 {before} 行、写し {after} 行)。"),
        format!("table {name} of {database} is not what was copied ({before} rows before, {after} after)."),
    ));
}

fn tomls(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(tomls(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Puts the entries where they can be compared before they are used.
struct Unpacking<'u> {
    folder: &'u Path,
    lang: Lang,
}

impl Unpack for Unpacking<'_> {
    fn about(&mut self, about: &About) -> anyhow::Result<()> {
        let lang = self.lang;
        let installed = store::cluster::Programs::find(None)?.major;
        if about.postgresql > installed {
            let wrote = about.postgresql;
            bail!(lang.pick(
                format!("この控えは PostgreSQL {wrote} が書きました。ここにあるのは {installed} です。{wrote} 以降を入れてください。"),
                format!("This copy was written by PostgreSQL {wrote}; here is {installed}. Install {wrote} or later."),
            ));
        }
        let known = store::install::newest(&office::migrations());
        if about.office > known {
            let wrote = about.office;
            bail!(lang.pick(
                format!("この控えのデータベースは版 {wrote} です。このプログラムは {known} までです。プログラムを新しくしてください。"),
                format!("This copy's database is of version {wrote}; this program knows up to {known}. Update the program."),
            ));
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, mode: u32, content: Option<&mut dyn Read>) -> anyhow::Result<()> {
        let ours = path.starts_with(DATABASES) || path.starts_with(FILES);
        if !ours {
            return Err(BundleError::Damaged(path.display().to_string()).into());
        }
        let path = self.folder.join(path);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::StorageFull => anyhow::anyhow!(self.lang.pick(
                format!(
                    "{} のあるディスクがいっぱいです。空きを作ってから、もう一度試してください。",
                    path.display()
                ),
                format!(
                    "the disk holding {} is full: make room, then try again.",
                    path.display()
                ),
            )),
            io::ErrorKind::ConnectionAborted => BundleError::Stopped.into(),
            _ => anyhow::Error::from(BundleError::Damaged(format!("{}: {error}", path.display()))),
        };
        let Some(content) = content else {
            secrets::private_folder(&path).map_err(failed)?;
            return Ok(());
        };
        if let Some(folder) = path.parent() {
            secrets::private_folder(folder).map_err(failed)?;
        }
        let mode = (mode & 0o700) | 0o600;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(failed)?;
        let mut out = BufWriter::new(file);
        io::copy(content, &mut out).map_err(failed)?;
        out.flush().map_err(failed)
    }
}

fn tell(about: &About, setting: &Setting, held: bool) {
    let (lang, folder) = (setting.lang, setting.home.folder().display());
    let at = moment(about.made_at);
    answer!(
        "{}",
        lang.pick(
            format!(
                "{folder} に {} の控え({at})を戻しました。表の数と監査記録は控えと合っています。",
                about.city
            ),
            format!(
                "The copy of {} of {at} is restored in {folder}; its tables and its audit trail are those of the copy.",
                about.city
            ),
        )
    );
    answer!(
        "{}",
        lang.pick(
            format!("次に: MADOGUCHI_HOME={folder} madoguchi setup(版を合わせる)、up、doctor、audit verify。"),
            format!(
                "Next: MADOGUCHI_HOME={folder} madoguchi setup (brings it to this version), up, doctor, audit verify."
            ),
        )
    );
    if held {
        answer!("{}", super::setup::held_words(lang));
    }
}

/// Lets a restored set-up speak to the relay again.
///
/// # Errors
/// When nothing is on hold, or nobody agreed.
pub fn rejoin(setting: &Setting, options: &RejoinOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let config = setting.config()?;
    if !config.relay_on_hold {
        answer!(
            "{}",
            lang.pick(
                "中継との連絡は止められていません。",
                "Nothing is on hold towards a relay."
            )
        );
        return Ok(ExitCode::SUCCESS);
    }
    let question = lang.pick(
        "この控えを取った元の一式は、もう動いていませんか。二つが中継に話すと、番号が食い違います。よければ「はい」と入力: ",
        "Does the set-up that the copy was made of work no more? Two that speak to the relay would contradict each other. Type yes to go on: ",
    );
    if !options.force && !clean::agreed(question, lang)? {
        answer!("{}", lang.pick("何も変えていません。", "Nothing was changed."));
        return Ok(ExitCode::FAILURE);
    }
    for file in [
        setting.config_file.clone(),
        setting.home.folder().join("relay/operator.toml"),
    ] {
        if file.exists() {
            let text = portable::released(&fs::read_to_string(&file)?)?;
            secrets::replace(&file, text.as_bytes())?;
        }
    }
    answer!(
        "{}",
        lang.pick(
            "中継と連絡してよいことにしました。`madoguchi up` で送信箱の係が動きます。",
            "It may speak to the relay again: `madoguchi up` starts the one that carries the outbox.",
        )
    );
    Ok(ExitCode::SUCCESS)
}
