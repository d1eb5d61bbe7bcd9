//! The copies that were made here: a line each, so that `doctor` and `status` know how old the newest is, and somebody who
//! has a file can see whether it is the one that was made.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::bail;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    bundle::{Manifest, Written},
    tell,
};
use crate::commands::{Setting, home::Home, output::answer};
use crate::config::secrets;

/// A copy that was made and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Made {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub file: PathBuf,
    pub bytes: u64,
    pub sha256: String,
    /// Rows in all databases.
    pub rows: u64,
}

impl Made {
    pub(super) fn of(file: &Path, manifest: &Manifest, digest: Written) -> Self {
        let tables = manifest.databases.iter().flat_map(|database| &database.tables);
        Self {
            at: OffsetDateTime::now_utc(),
            file: file.to_owned(),
            bytes: digest.bytes,
            sha256: digest.sha256,
            rows: tables.map(|table| table.rows).sum(),
        }
    }
}

fn register(home: &Home) -> PathBuf {
    home.log("backups.jsonl")
}

/// Writes a copy down.
pub(super) fn add(setting: &Setting, made: &Made) -> anyhow::Result<()> {
    let file = register(&setting.home);
    if let Some(folder) = file.parent() {
        secrets::private_folder(folder)?;
    }
    let mut open = OpenOptions::new().create(true).append(true).mode(0o600).open(&file)?;
    writeln!(open, "{}", serde_json::to_string(made)?)?;
    Ok(open.sync_all()?)
}

/// The copies that were made here, oldest first. A line that a power cut left half is none.
pub(in crate::commands) fn all(home: &Home) -> Vec<Made> {
    let text = fs::read_to_string(register(home)).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

pub(super) fn list(setting: &Setting, json: bool) -> anyhow::Result<ExitCode> {
    let mut copies = all(&setting.home);
    copies.reverse();
    if json {
        answer!("{}", json!({ "copies": copies }));
    } else if copies.is_empty() {
        answer!(
            "{}",
            setting.lang.pick("控えはまだありません。", "There is no copy yet.")
        );
    } else {
        copies.iter().for_each(|made| tell::made(made, setting.lang));
    }
    Ok(ExitCode::SUCCESS)
}

/// One copy at a time.
pub(super) struct Alone(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

impl Alone {
    pub(super) fn take(setting: &Setting) -> anyhow::Result<Self> {
        let file = setting.home.run("backup.lock");
        secrets::private_folder(file.parent().unwrap_or(Path::new(".")))?;
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&file)?;
        if rustix::fs::flock(&open, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!(setting.lang.pick(
                "別の控えをいま取っています。終わってから、もう一度試してください。",
                "another copy is being made; try again when it has ended.",
            ));
        }
        Ok(Self(open))
    }
}
