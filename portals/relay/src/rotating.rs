//! A key rotation from the front's side: begun, carried through batch by batch, completed. Each step is filed before the
//! next one needs it, so that what was interrupted at any point goes on from there.
//!
//! ```text
//! begin ──► front-rotation, front-2, global-key-2 ──► run (again and again) ──► complete ──► front-rotation is gone
//! ```
//! Every front takes up `front-2` when the first row under it comes by; the office gets `global-key-2` by hand, and
//! compares it with the blind half's: whoever chose that key alone could read what is registered under it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use portal_kit::config::secrets::{self, SecretError};
use relay_core::{
    chance::{OsChance, SharedChance},
    clock::Clock,
    envelope::orders::Rotate,
    pseudonym::{FileError, FrontRotation, FrontSecret, GlobalKey, KeyEdition, OtherEdition},
    whole_file,
};
use relay_records::front::{FrontError, FrontRecords, RotationStopped};

use crate::{
    config::Config,
    front::{StartError, records},
    second_half::{NotNamed, SecondHalf},
};

/// Why a rotation does not go on. What was done stays done.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What is filed is not what its place says.
    #[error("{}: {reason}", file.display())]
    File { file: PathBuf, reason: FileError },
    /// A file cannot be written.
    #[error("{}: {reason}", file.display())]
    Write { file: PathBuf, reason: io::Error },
    /// The secret that a rotation leaves behind is not among the configured ones.
    #[error("no secret of edition {0} in [half] secrets")]
    NoSecret(KeyEdition),
    /// The secrets and the rotation do not belong together.
    #[error(transparent)]
    Edition(#[from] OtherEdition),
    #[error("no rotation is under way: begin one with `rotate begin`")]
    NotBegun,
    /// The blind half's operators have not allowed it.
    #[error(
        "目隠し側の運用者二人が、いま始めることを許していません。`madoguchi-blind rotation allow --until …` を頼んでから、もう一度 \
         `rotate begin`。 / two operators of the blind half have not allowed that a rotation begins now: ask them for \
         `madoguchi-blind rotation allow --until …`, and `rotate begin` again"
    )]
    NotAllowed,
    /// The blind half's next key is not the one that was filed at the beginning.
    #[error("the blind half tells another next key than at the beginning: it has lost its part, or is another one")]
    OtherKey,
    #[error(transparent)]
    Blind(#[from] NotNamed),
    #[error(transparent)]
    Records(#[from] FrontError),
    /// Something is still under the old keys.
    #[error("{0} registrations are still under the old keys: `rotate run` first")]
    Left(u64),
    /// The configuration still names the secret that is to be left behind.
    #[error("[half] secrets still names the secret of edition {0}: take it out and start every front anew first")]
    StillNamed(KeyEdition),
    #[error("stopped as asked; `rotate run` goes on from here")]
    Stopped,
    /// The blind half's answer is none to the batch.
    #[error("the blind half's answer does not belong to the batch")]
    OtherAnswer,
}

/// What a beginning made, or found made.
#[derive(Debug)]
pub struct Begun {
    /// The edition that is left behind.
    pub from: KeyEdition,
    /// The next public key: for the office.
    pub next: GlobalKey,
    /// The file it is in.
    pub global_key_file: PathBuf,
}

/// The front's part of a rotation, as the configuration places it.
pub struct Rotation<'c> {
    config: &'c Config,
    second: SecondHalf,
    records: FrontRecords,
}

impl<'c> Rotation<'c> {
    /// With the front's own records and its way to the blind half.
    ///
    /// # Errors
    /// [`RotationError::Start`]
    pub fn load(config: &'c Config) -> Result<Self, RotationError> {
        Ok(Self {
            config,
            second: SecondHalf::load(config, SharedChance::of_the_system())?,
            records: records(config, SharedChance::of_the_system())?,
        })
    }

    /// Begins a rotation of the newest keys, or takes up the one that is filed.
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn begin(&self, clock: &dyn Clock) -> Result<Begun, RotationError> {
        let filed = self.config.half.rotation_file();
        let rotation = match self.filed()? {
            Some(rotation) => rotation,
            None => {
                let newest = self.secrets()?.pop().ok_or(RotationError::NoSecret(KeyEdition(0)))?;
                let rotation = FrontRotation::begin(&newest, &mut OsChance);
                match whole_file::create(&filed, rotation.to_text().as_bytes()) {
                    Ok(()) => rotation,
                    // Begun twice at the same moment is begun once.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        self.filed()?.ok_or(RotationError::NotBegun)?
                    }
                    Err(reason) => return Err(RotationError::Write { file: filed, reason }),
                }
            }
        };
        let from = rotation.from_edition();
        let next = self.next_key(&rotation, clock).await?;
        let secret_file = self.config.half.secret_file(KeyEdition(from.0 + 1));
        let global_key_file = secret_file.with_file_name(format!("global-key-{}", from.0 + 1));
        if secret_file.exists() {
            self.same_key(&secret_file, next)?;
        } else {
            let secrets = self.secrets()?;
            let old = secrets.iter().find(|secret| secret.edition() == from);
            let secret = rotation.complete(old.ok_or(RotationError::NoSecret(from))?, next)?;
            write(&secret_file, &secret.to_text(), 0o600)?;
        }
        write(&global_key_file, &next.to_text(), 0o644)?;
        Ok(Begun {
            from,
            next,
            global_key_file,
        })
    }

    /// Puts what is left under the next keys, `most` (1 to 2,000) at a time, until nothing is left or `stop` says so
    /// between two batches. How many were written.
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn run(
        &self,
        most: u16,
        stop: impl Fn() -> bool,
        progress: impl FnMut(u64, u64),
        clock: &dyn Clock,
    ) -> Result<u64, RotationError> {
        let rotation = self.filed()?.ok_or(RotationError::NotBegun)?;
        let secret_file = self.config.half.secret_file(KeyEdition(rotation.from_edition().0 + 1));
        if !secret_file.exists() {
            return Err(RotationError::NotBegun);
        }
        let next_secret = read(&secret_file, FrontSecret::from_text)?;
        let middle = rotation.middle();
        let most = most.clamp(1, Rotate::LARGEST as u16);
        let ask = async |batch| {
            if stop() {
                return Err(RotationError::Stopped);
            }
            let asked = self.second.rotate(&middle, batch, clock).await;
            let (next_key, next) = asked.map_err(|error| match error {
                // It has begun: a blind half that would have to begin it now has lost its part.
                NotNamed::Refused(code) if code == "rotation.not_allowed" => RotationError::OtherKey,
                error => error.into(),
            })?;
            // Before each batch is written: what came back must be what the filed secret opens. A blind half that lost
            // its part between two batches would draw another one, under which nobody is anybody.
            match next_key == *next_secret.global() {
                true => Ok(next),
                false => Err(RotationError::OtherKey),
            }
        };
        let done = self.records.rotate(&rotation, most, ask, progress, clock).await;
        done.map_err(|stopped| match stopped {
            RotationStopped::Records(error) => error.into(),
            RotationStopped::Blind(error) => error,
            RotationStopped::OtherAnswer { .. } => RotationError::OtherAnswer,
        })
    }

    /// The edition that the rotation under way leaves behind and how many are still under it; `None` when there is
    /// none.
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn left(&self) -> Result<Option<(KeyEdition, u64)>, RotationError> {
        let Some(rotation) = self.filed()? else {
            return Ok(None);
        };
        let from = rotation.from_edition();
        Ok(Some((from, self.records.rotation_left(from).await?)))
    }

    /// Ends the rotation. The edition that was left behind, whose secret is to be destroyed now.
    ///
    /// # Errors
    /// [`RotationError::Left`], [`RotationError::StillNamed`]: nothing was done.
    pub async fn complete(&self) -> Result<KeyEdition, RotationError> {
        let (from, left) = self.left().await?.ok_or(RotationError::NotBegun)?;
        // A front that still holds the old half would go on taking registrations under it.
        if self.secrets()?.iter().any(|secret| secret.edition() <= from) {
            return Err(RotationError::StillNamed(from));
        }
        if left > 0 {
            return Err(RotationError::Left(left));
        }
        let file = self.config.half.rotation_file();
        fs::remove_file(&file).map_err(|reason| RotationError::Write { file, reason })?;
        Ok(from)
    }

    async fn next_key(&self, rotation: &FrontRotation, clock: &dyn Clock) -> Result<GlobalKey, RotationError> {
        match self.second.rotate(&rotation.middle(), Vec::new(), clock).await {
            Ok((next, _)) => Ok(next),
            Err(NotNamed::Refused(code)) if code == "rotation.not_allowed" => Err(RotationError::NotAllowed),
            Err(error) => Err(error.into()),
        }
    }

    fn same_key(&self, secret_file: &Path, next: GlobalKey) -> Result<(), RotationError> {
        match *read(secret_file, FrontSecret::from_text)?.global() == next {
            true => Ok(()),
            false => Err(RotationError::OtherKey),
        }
    }

    fn filed(&self) -> Result<Option<FrontRotation>, RotationError> {
        let file = self.config.half.rotation_file();
        file.exists().then(|| read(&file, FrontRotation::from_text)).transpose()
    }

    /// The configured secrets, the newest last.
    fn secrets(&self) -> Result<Vec<FrontSecret>, RotationError> {
        let files = self.config.half.secret_files.iter();
        let mut secrets = files
            .map(|file| read(file, FrontSecret::from_text))
            .collect::<Result<Vec<_>, _>>()?;
        secrets.sort_by_key(FrontSecret::edition);
        Ok(secrets)
    }
}

fn read<T>(file: &Path, parse: impl Fn(&str) -> Result<T, FileError>) -> Result<T, RotationError> {
    parse(&secrets::read(file)?).map_err(|reason| RotationError::File {
        file: file.to_owned(),
        reason,
    })
}

/// Whole or not at all, and on the disk when this returns.
fn write(file: &Path, text: &str, mode: u32) -> Result<(), RotationError> {
    let beside = file.with_extension("new");
    let written = || -> io::Result<()> {
        let _ = fs::remove_file(&beside);
        let mut open = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        open.write_all(text.as_bytes())?;
        open.write_all(b"\n")?;
        open.sync_all()?;
        fs::rename(&beside, file)?;
        file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    written().map_err(|reason| RotationError::Write {
        file: file.to_owned(),
        reason,
    })
}
