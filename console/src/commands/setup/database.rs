//! The private cluster, the office's database in it, and its version.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::bail;
use office::{DATABASE, USER, USERS, install};
use relay_core::chance::OsChance;
use store::cluster::{Care, Cluster, ClusterStatus};

use super::{Outcome, Setting, Steps, services};
use crate::{
    commands::{
        database::{Records, password_file, runtime},
        processes::is_root,
    },
    config::{Config, secrets},
};

/// Makes the cluster's files where there are none. It comes before the configuration, which names its socket.
pub(super) fn create(setting: &Setting, steps: &Steps) -> anyhow::Result<()> {
    // A configuration that points elsewhere means a database that somebody else keeps.
    if setting.config().is_ok_and(|config| !is_ours(setting, &config)) {
        return Ok(());
    }
    let name = setting
        .lang
        .pick("データベースの置き場所を作る", "make the database cluster");
    steps.step(name, |_| {
        let cluster = Cluster::at(setting.home.cluster());
        if cluster.status()? != ClusterStatus::Absent {
            return anyhow::Ok(Outcome::Already);
        }
        if let Some(data) = cluster.left_over() {
            bail!(left_over_words(setting, &data));
        }
        open_to_pass(setting)?;
        cluster.create(Care::Durable, &mut OsChance)?;
        Ok(Outcome::Done)
    })
}

/// Nothing is made beside records whose keys are gone, and nothing of them is removed unasked.
fn left_over_words(setting: &Setting, data: &Path) -> String {
    let (data, home) = (data.display(), setting.home.folder().display());
    setting.lang.pick(
        format!(
            "{data} に、前の一式のデータベースが残っています。その鍵とパスワードがあった {home} は、消されたか移されたようです。\n             元のフォルダがあれば戻してから、もう一度試してください。要らなければ `make clean-data`(または `madoguchi clean-data`)で消せます。まだ何も変えていません。"
        ),
        format!(
            "{data} still holds the database of an earlier set-up; {home}, where its keys and passwords were, seems to have been removed or moved.\n             If you have that folder, put it back and try again. If not, `make clean-data` (or `madoguchi clean-data`) removes the data. Nothing was changed."
        ),
    )
}

/// Starts the cluster, makes database and roles, brings the schema to this program's version.
pub(super) fn make(setting: &Setting, config: &Config, steps: &Steps) -> anyhow::Result<()> {
    let lang = setting.lang;
    if !is_ours(setting, config) {
        steps.say(lang.pick(
            "  ・データベースは別に用意されたものを使います([database] host)",
            "  ・using a database kept elsewhere ([database] host)",
        ));
        return Ok(());
    }
    if config.database.name != DATABASE || config.database.user != USER {
        bail!(lang.pick(
            format!("[database] name は \"{DATABASE}\"、user は \"{USER}\" でなければなりません。"),
            format!("[database] name must be \"{DATABASE}\" and user \"{USER}\"."),
        ));
    }
    steps.step(services::database_words(lang), |_| {
        services::start_database(setting, lang)
    })?;
    let name = lang.pick("表を作る・新しくする", "make the tables, bring them up to date");
    let rulers = ruling_files(setting);
    steps.step(name, |_| {
        let away: Vec<_> = rulers.iter().filter(|file| !file.exists()).collect();
        if !away.is_empty() {
            // Records of this version need nobody who rules the database.
            if Records::open(config).is_ok() {
                return anyhow::Ok(Outcome::Already);
            }
            let files = away.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
            bail!(lang.pick(
                format!("表を新しくするには、別の利用者に預けた {files} を戻してください。済んだら、また預けます。"),
                format!("to bring the tables up to date, put back {files} from the account that keeps it; take it away again afterwards."),
            ));
        }
        let owner = secrets::line(&setting.home.secret("database-owner"))?;
        let password = |role| secrets::line(&password_file(config, role));
        let [console, import, dispatch, reader, sealer] = USERS;
        let passwords = [
            password(console)?,
            password(import)?,
            password(dispatch)?,
            password(reader)?,
            password(sealer)?,
        ];
        let cluster = Cluster::at(setting.home.cluster());
        let installed = runtime()?.block_on(install(&cluster, owner, passwords))?;
        anyhow::Ok(if installed.migrated.applied.is_empty() {
            Outcome::Already
        } else {
            Outcome::Done
        })
    })
}

/// The passwords of those who rule the database: whoever has them can take back what no program of the office can. They are
/// needed to make it and to upgrade it, and never at the counter.
pub(in crate::commands) fn ruling_files(setting: &Setting) -> [PathBuf; 2] {
    [
        Cluster::at(setting.home.cluster()).superuser_file(),
        setting.home.secret("database-owner"),
    ]
}

/// Where the cluster's socket is, or will be.
pub(super) fn socket_folder(setting: &Setting) -> PathBuf {
    let cluster = setting.home.cluster();
    Cluster::at(&cluster)
        .socket_folder()
        .unwrap_or_else(|_| cluster.join("socket"))
}

/// The home is its owner's alone, except that root's must let the user pass whom PostgreSQL runs as: what lies in it
/// is closed piece by piece.
pub(in crate::commands) fn open_to_pass(setting: &Setting) -> std::io::Result<()> {
    let home = setting.home.folder();
    let made = !home.exists();
    secrets::private_folder(home)?;
    if made && is_root() {
        fs::set_permissions(home, fs::Permissions::from_mode(0o711))?;
    }
    Ok(())
}

fn is_ours(setting: &Setting, config: &Config) -> bool {
    let ours = socket_folder(setting);
    let named = &config.database.host;
    // The same folder may be named in two ways.
    named == &ours || matches!((named.canonicalize(), ours.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
