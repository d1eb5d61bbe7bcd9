//! The half's secrets as they lie on its disk.

use std::{collections::BTreeMap, fs, io, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_kit::config::secrets;
use relay_core::{
    envelope::{Party, SigningKey},
    pseudonym::{BlindHalf, BlindRotation, BlindSecret, FileError},
};

use super::{Keys, StartError};
use crate::config::Config;

/// Files `secret`, readable by its owner alone, whole or not at all, and on the disk when this returns.
///
/// # Errors
/// The system's.
pub fn write_secret(file: &Path, secret: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut open = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    open.write_all(secret.as_bytes())?;
    open.write_all(b"\n")?;
    open.sync_all()?;
    fs::rename(&beside, file)?;
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

pub(super) fn read_rotation(file: &Path) -> Result<BlindRotation, StartError> {
    BlindRotation::from_text(&secrets::read(file)?).map_err(|reason| key_error(file, reason))
}

pub(super) fn read_keys(config: &Config) -> Result<Keys, StartError> {
    let mut secrets_by_edition = BTreeMap::new();
    for file in &config.half.secret_files {
        let secret = BlindSecret::from_text(&secrets::read(file)?).map_err(|reason| key_error(file, reason))?;
        secrets_by_edition.insert(secret.edition(), secret);
    }
    let file = &config.half.rotation_file;
    let mut rotation = None;
    let mut halves: BTreeMap<_, _> = secrets_by_edition
        .values()
        .map(|secret| (secret.edition(), BlindHalf::new(secret.clone())))
        .collect();
    if file.exists() {
        let filed = read_rotation(file)?;
        let from: &BlindSecret = secrets_by_edition
            .get(&filed.from_edition())
            .ok_or_else(|| StartError::Rotation(file.clone()))?;
        let next = filed.complete(from).map_err(|_| StartError::Rotation(file.clone()))?;
        halves.entry(next.edition()).or_insert_with(|| BlindHalf::new(next));
        rotation = Some(filed);
    }
    Ok(Keys {
        secrets: secrets_by_edition,
        halves,
        rotation,
    })
}

pub(super) fn signing_key(file: &Path, party: &Party) -> Result<SigningKey, StartError> {
    let text = secrets::read(file)?;
    let wrong = |reason| StartError::Envelope {
        file: file.to_owned(),
        reason,
    };
    // What is not base64 is no key either.
    let bytes = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).unwrap_or_default());
    SigningKey::from_pkcs8(party.clone(), &bytes).map_err(wrong)
}

fn key_error(file: &Path, reason: FileError) -> StartError {
    StartError::Key {
        file: file.to_owned(),
        reason,
    }
}
