//! `madoguchi clean-data`: removes everything of a set-up, so that the next one begins afresh.

use std::{
    fs,
    io::{IsTerminal, Write, stdin},
    path::Path,
    process::ExitCode,
};

use anyhow::bail;
use store::cluster::Cluster;

use super::{Setting, backup::portable, output::answer, processes::Hold, restore, services, words::Lang};
use crate::config;

/// Whether to ask.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Remove without asking.
    #[arg(long)]
    force: bool,
}

/// What a set-up leaves in its folder; nothing else in it is touched.
pub(super) const OURS: [&str; 15] = [
    config::FILE_NAME,
    "endpoints.json",
    "secrets",
    "postgres",
    "authority",
    "trail",
    "paper",
    "printer",
    "log",
    "tray",
    "run",
    "relay",
    portable::ELSEWHERE,
    restore::UNFINISHED,
    "city.csv",
];

/// Stops what runs, then removes it.
///
/// # Errors
/// When something cannot be stopped or removed.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let folder = setting.home.folder();
    // A set-up that was removed by hand may have left its database elsewhere.
    let left_over = Cluster::at(setting.home.cluster()).left_over();
    if left_over.is_none() && !OURS.iter().any(|name| folder.join(name).exists()) {
        answer!("{}", lang.pick("消すものはありません。", "There is nothing to remove."));
        return Ok(ExitCode::SUCCESS);
    }
    // What lies in a folder named by mistake must survive the mistake.
    let ours = [setting.home.config_file(), setting.home.cluster(), setting.home.run("")];
    if left_over.is_none() && !ours.iter().any(|path| path.exists()) {
        bail!(lang.pick(
            format!(
                "{} はこのプログラムの一式ではないようです。何も消しませんでした。",
                folder.display()
            ),
            format!(
                "{} does not look like a set-up of ours; nothing was removed.",
                folder.display()
            ),
        ));
    }
    let question = question(setting, left_over.as_deref());
    if !options.force && !agreed(&question, lang)? {
        answer!("{}", lang.pick("何も消しませんでした。", "Nothing was removed."));
        return Ok(ExitCode::FAILURE);
    }
    services::down(setting)?;
    let hold = Hold::take(&setting.home)?;
    Cluster::at(setting.home.cluster()).remove()?;
    for name in OURS {
        let path = folder.join(name);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => bail!("{}: {error}", path.display()),
            _ => {}
        }
    }
    drop(hold);
    // Only when nothing else was put there.
    let _ = fs::remove_dir(folder);
    answer!("{}", lang.pick("すべて消しました。", "Everything was removed."));
    Ok(ExitCode::SUCCESS)
}

fn question(setting: &Setting, left_over: Option<&Path>) -> String {
    let place = left_over.unwrap_or(setting.home.folder()).display();
    setting.lang.pick(
        format!("{place} の住民名簿、案件、鍵、カードをすべて消します。元に戻せません。消すなら「はい」と入力: "),
        format!("This removes the roster, cases, keys and cards in {place} for good. Type yes to go on: "),
    )
}

/// Whether the person at the terminal says yes to `question`.
///
/// # Errors
/// When there is nobody.
pub(super) fn agreed(question: &str, lang: Lang) -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        bail!(lang.pick(
            "尋ねる相手がいません。よければ --force(make では FORCE=1)を付けてください。",
            "there is nobody to ask; add --force (FORCE=1 with make) to go on without asking.",
        ));
    }
    write!(std::io::stdout(), "{question}")?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "はい" | "yes" | "y"))
}
