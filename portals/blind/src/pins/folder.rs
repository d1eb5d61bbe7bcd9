//! The folder of pins, as it is read, and those of its files that count.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use relay_records::blind::{self, Honoured, NotHonoured};

use super::{Pin, PinError, PinFile, Signed, unreadable};
use crate::operators::Operator;

/// What stands in the folder.
#[derive(Debug)]
pub struct Folder {
    signed: Vec<Signed>,
    refused: Vec<PinError>,
}

/// The services that can be sealed to.
#[derive(Debug, Default)]
pub struct Pins(HashMap<String, Pin>);

impl Folder {
    /// Reads every `*.toml` of `folder`. A file that pins nothing does not keep the others from being read: it is told.
    ///
    /// # Errors
    /// [`PinError`] when the folder cannot be read.
    pub fn read(folder: &Path, operators: &[Operator]) -> Result<Self, PinError> {
        let (mut signed, mut refused) = (Vec::new(), Vec::new());
        for file in files(folder)? {
            match PinFile::read(&file).and_then(|pin| pin.check(&file, operators)) {
                Ok(pin) => signed.push(pin),
                Err(error) => refused.push(error),
            }
        }
        Ok(Self { signed, refused })
    }

    /// What two operators signed for, to be judged by what was honoured before.
    pub fn signed(&self) -> Vec<blind::Pin> {
        self.signed.iter().map(|signed| signed.noted.clone()).collect()
    }

    /// The pins that count by `verdicts`, one for each of [`Folder::signed`] in its order; and why the other files pin
    /// nothing.
    pub fn counting(self, verdicts: &[Result<(), NotHonoured>]) -> (Pins, Vec<PinError>) {
        let (mut pins, mut refused) = (HashMap::new(), self.refused);
        for (signed, verdict) in self.signed.into_iter().zip(verdicts) {
            let Signed { noted, service, file } = signed;
            match (verdict, service) {
                (Ok(()), Some((key, requests))) => {
                    pins.insert(noted.entity.clone(), Pin { noted, key, requests });
                }
                // Withdrawn, as it should be.
                (Ok(()), None) => {}
                (Err(reason), _) => refused.push(PinError::Edition {
                    file,
                    entity: noted.entity,
                    edition: noted.edition,
                    reason: *reason,
                }),
            }
        }
        (Pins(pins), refused)
    }
}

impl Pins {
    /// The pin of `entity`.
    pub fn get(&self, entity: &str) -> Option<&Pin> {
        self.0.get(entity)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by their services' names.
    pub fn all(&self) -> Vec<&Pin> {
        let mut all: Vec<_> = self.0.values().collect();
        all.sort_by(|one, other| one.noted.entity.cmp(&other.noted.entity));
        all
    }

    /// Services of `honoured` that nobody withdrew and that no file pins: whoever takes a file away does not end the
    /// pin, since the same file can be put back.
    pub fn missing<'h>(&self, honoured: &'h BTreeMap<String, Honoured>) -> Vec<(&'h str, u32)> {
        honoured
            .iter()
            .filter(|(entity, honoured)| !honoured.withdrawn && !self.0.contains_key(*entity))
            .map(|(entity, honoured)| (entity.as_str(), honoured.edition))
            .collect()
    }
}

/// The number for the next edition of `entity`: later than every one in `folder` and than the one that was `honoured`.
///
/// # Errors
/// [`PinError`] when the folder cannot be read.
pub fn next_edition(folder: &Path, entity: &str, honoured: Option<&Honoured>) -> Result<u32, PinError> {
    let proposed = of(folder, entity)?.into_iter().map(|(_, pin)| pin.edition);
    let last = proposed.chain(honoured.map(|honoured| honoured.edition)).max();
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Removes the files in `folder` of older editions of `entity` than `edition`. Which they were.
///
/// # Errors
/// [`PinError`]
pub fn remove_older(folder: &Path, entity: &str, edition: u32) -> Result<Vec<PathBuf>, PinError> {
    let older = of(folder, entity)?.into_iter().filter(|(_, pin)| pin.edition < edition);
    older
        .map(|(file, _)| {
            fs::remove_file(&file).map_err(|reason| unreadable(&file, reason))?;
            Ok(file)
        })
        .collect()
}

/// The files for `entity`, signed for or not.
fn of(folder: &Path, entity: &str) -> Result<Vec<(PathBuf, PinFile)>, PinError> {
    let read = files(folder)?.into_iter().filter_map(|file| {
        let pin = PinFile::read(&file).ok()?;
        (pin.entity == entity).then_some((file, pin))
    });
    Ok(read.collect())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, PinError> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|reason| unreadable(folder, reason))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}
