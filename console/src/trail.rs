//! The audit trail's heads: signed soon after every act, and appended to files outside the database.
//!
//! Whoever rules the database can take back what stands in it; what they cannot take back is a head that another keeps.
//! So each head goes to every file that `[trail]` names, and a file that was away (a folder of another machine) is brought
//! up to date when it is there again.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use office::{Office, TimeSource};
use relay_core::chance::{Chance, draw};
use store::trail::head::{HeadError, HeadKey, HeadVerifier, TreeHead, notes};

use tokio::runtime::Handle;

use crate::{
    commands::database::door_as,
    config::{Config, Trail, secrets},
};

/// Between two looks for what waits: an event is provable within a second of its commit.
const NAP: Duration = Duration::from_millis(500);
/// After a failure; the log is not filled with one that stays.
const NAP_IN_TROUBLE: Duration = Duration::from_secs(10);
/// Heads appended to a file in one go.
const TOGETHER: u32 = 1_000;

/// Makes the key that signs heads, with its public half beside the heads, unless there is one. Gives whether it was made.
///
/// # Errors
/// The system's.
pub fn make_key(trail: &Trail, city: &str, chance: &mut dyn Chance) -> io::Result<bool> {
    if trail.key_file.exists() {
        return Ok(false);
    }
    let (secret, public) = HeadKey::fresh(&format!("office.{city}"), &draw::<32>(chance));
    for file in std::iter::once(&trail.public_key_file).chain(&trail.heads) {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
    }
    fs::write(&trail.public_key_file, format!("{public}\n"))?;
    secrets::make(&trail.key_file, || secret)
}

/// The public half of the key.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn verifier(file: &Path) -> anyhow::Result<HeadVerifier> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    HeadVerifier::from_text(&text).with_context(|| file.display().to_string())
}

/// The heads in `file`, each with why it is not believed, if it is not; an empty list when there is no such file.
///
/// # Errors
/// When the file cannot be read.
pub fn kept(file: &Path, verifier: &HeadVerifier) -> io::Result<Vec<Result<TreeHead, HeadError>>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(notes(&text).iter().map(|note| verifier.open(note)).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Seals the trail and keeps its heads.
pub struct HeadKeeper {
    key: HeadKey,
    verifier: HeadVerifier,
    /// The size of the head that each file has last.
    files: BTreeMap<PathBuf, Option<u64>>,
}

impl HeadKeeper {
    /// # Errors
    /// When the key's files cannot be used.
    pub fn open(trail: &Trail) -> anyhow::Result<Self> {
        let key = secrets::read(&trail.key_file)?;
        Ok(Self {
            key: HeadKey::from_text(&key).with_context(|| trail.key_file.display().to_string())?,
            verifier: verifier(&trail.public_key_file)?,
            files: trail.heads.iter().map(|file| (file.clone(), None)).collect(),
        })
    }

    /// Seals what waits, and brings every file up to date; `office` is the records as the sealer has them ([`records`]).
    ///
    /// # Errors
    /// When the database is away; or a file, once all the others have what is new.
    pub async fn seal(&mut self, office: &Office) -> anyhow::Result<()> {
        let sealed = office.seal_trail(&self.key).await?.map(|sealed| sealed.head.size);
        let mut ended = Ok(());
        for (file, size) in &mut self.files {
            // What another desk sealed is on that desk's machine; here it comes with the next head of our own.
            if sealed.is_some() || size.is_none() {
                let brought = bring_up(file, size, office, &self.verifier).await;
                ended = ended.and(brought.with_context(|| file.display().to_string()));
            }
        }
        ended
    }

    /// Goes on sealing for as long as the runtime lives.
    pub async fn keep(mut self, office: Office) {
        let mut troubled = false;
        loop {
            match self.seal(&office).await {
                Ok(()) => troubled = false,
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(error = format!("{error:#}"), "the audit trail's heads are not kept");
                    }
                    // The file that failed is looked at anew.
                    self.files.values_mut().for_each(|size| *size = None);
                }
            }
            tokio::time::sleep(if troubled { NAP_IN_TROUBLE } else { NAP }).await;
        }
    }
}

/// The records as the sealer's role has them, not yet connected. Where only one account's programs seal, only that account
/// can read the role's password.
///
/// # Errors
/// When a secret's file cannot be used.
pub fn records(config: &Config) -> anyhow::Result<Office> {
    let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
    let door = door_as(config, office::SEALER)?;
    Ok(Office::behind(&door, sealer, TimeSource::Database))
}

/// Goes on sealing beside other work for as long as `runtime` lives; says so where this program's account cannot seal.
pub fn keep_beside(config: &Config, runtime: &Handle) {
    match HeadKeeper::open(&config.trail).and_then(|keeper| Ok((keeper, records(config)?))) {
        Ok((keeper, records)) => drop(runtime.spawn(keeper.keep(records))),
        Err(error) => tracing::warn!(error = format!("{error:#}"), "the audit trail is not sealed here"),
    }
}

/// Seals what a command has just done, so that it is provable when the command ends. A trouble is no failure of the command:
/// what waits is sealed by the next that comes.
pub async fn seal_once(config: &Config) {
    let sealed = async { HeadKeeper::open(&config.trail)?.seal(&records(config)?).await };
    if let Err(error) = sealed.await {
        tracing::warn!(error = format!("{error:#}"), "the audit trail's heads are not kept");
    }
}

/// Appends to `file` the heads that it does not have yet; `size` is that of its last one, where it is known.
async fn bring_up(file: &Path, size: &mut Option<u64>, office: &Office, verifier: &HeadVerifier) -> anyhow::Result<()> {
    let mut has = match *size {
        Some(size) => size,
        None => {
            let heads = kept(file, verifier)?.into_iter().flatten();
            heads.map(|head| head.size).max().unwrap_or(0)
        }
    };
    loop {
        let fresh = office.heads_after(has, TOGETHER).await?;
        let Some(newest) = fresh.last() else { break };
        has = verifier.open(newest)?.size;
        append(file, &fresh)?;
        *size = Some(has);
        if fresh.len() < TOGETHER as usize {
            break;
        }
    }
    *size = Some(has);
    Ok(())
}

fn append(file: &Path, notes: &[String]) -> io::Result<()> {
    let mut open = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    let text: String = notes.iter().flat_map(|note| [note.as_str(), "\n"]).collect();
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

#[cfg(test)]
mod tests {
    use office::testing;
    use relay_core::chance::SeededChance;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn heads_go_to_every_file_and_one_that_was_away_gets_what_it_missed() {
        let folder = tempfile::tempdir().unwrap();
        let (here, elsewhere) = (folder.path().join("heads"), folder.path().join("mounted/heads"));
        let trail = Trail {
            key_file: folder.path().join("key"),
            public_key_file: folder.path().join("public-key"),
            heads: vec![here.clone(), elsewhere.clone()],
            witnessed_file: folder.path().join("witnessed"),
        };
        assert!(make_key(&trail, "131016", &mut SeededChance::new(1)).unwrap());
        assert!(
            !make_key(&trail, "131016", &mut SeededChance::new(2)).unwrap(),
            "a key is never replaced"
        );
        let test = testing::open().await.unwrap();
        let clerk = test.clerk_of_all_trades("窓口1").await.unwrap();
        let verifier = verifier(&trail.public_key_file).unwrap();
        let sizes = |file: &Path| -> Vec<u64> {
            let heads = kept(file, &verifier).unwrap();
            heads.into_iter().map(|head| head.unwrap().size).collect()
        };

        // The other machine's folder is not there.
        fs::remove_dir(elsewhere.parent().unwrap()).unwrap();
        let mut keeper = HeadKeeper::open(&trail).unwrap();
        assert!(keeper.seal(&test.sealing).await.is_err());
        assert_eq!(sizes(&here).len(), 1, "what can be kept is kept");
        fs::create_dir(elsewhere.parent().unwrap()).unwrap();
        test.office.screen_locked(&clerk.act(), false).await.unwrap();
        keeper.seal(&test.sealing).await.unwrap();
        assert_eq!(sizes(&here).len(), 2);
        assert_eq!(sizes(&elsewhere), sizes(&here));

        // A console that opens later goes on where the files stand.
        let mut later = HeadKeeper::open(&trail).unwrap();
        later.seal(&test.sealing).await.unwrap();
        assert_eq!(sizes(&here).len(), 2, "no head is kept twice");
    }
}
