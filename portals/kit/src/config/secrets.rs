//! Secret files: a file that others may read is refused, with the command that mends it. Set-up makes them; a portal
//! only reads them.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use relay_core::seal::Sealer;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

/// Secrets are lines, not documents: a larger file is the wrong file.
const LARGEST: u64 = 64 * 1024;

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such file, or it cannot be read.
    #[error("the secret file {} cannot be read: {reason}. Check its place in the configuration", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// Group or others may read or write it.
    #[error("others may read the secret file {} (mode {mode:04o}): chmod 600 it", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("the secret file {} belongs to uid {owner}: change its owner, or run as that user", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
        /// Its owner's number.
        owner: u32,
    },
    /// What is in it is not what is wanted.
    #[error("the secret file {} does not hold {wanted}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wanted.
        wanted: &'static str,
    },
}

/// The content of a secret file, its permissions checked on the open file itself.
///
/// # Errors
/// [`SecretError`] when it is missing, too open, another's, or too large.
pub fn read(file: &Path) -> Result<Zeroizing<String>, SecretError> {
    let unreadable = |reason| SecretError::Unreadable {
        file: file.to_owned(),
        reason,
    };
    let mut open = File::open(file).map_err(unreadable)?;
    let facts = open.metadata().map_err(unreadable)?;
    let mode = facts.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Open {
            file: file.to_owned(),
            mode,
        });
    }
    let owner = facts.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(SecretError::Foreign {
            file: file.to_owned(),
            owner,
        });
    }
    if facts.len() > LARGEST {
        return Err(malformed(file, "at most 64 KiB"));
    }
    // Room for all of it at once: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(facts.len() as usize + 1));
    open.read_to_end(&mut bytes).map_err(unreadable)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(malformed(file, "text in UTF-8")),
    }
}

/// The first line of a secret file: a password or passphrase.
///
/// # Errors
/// As [`read`], and when the line is empty.
pub fn line(file: &Path) -> Result<SecretString, SecretError> {
    match read(file)?.lines().next().unwrap_or_default() {
        "" => Err(malformed(file, "a password in its first line")),
        line => Ok(SecretString::from(line)),
    }
}

/// A 32-byte key from a file that holds it in hex.
///
/// # Errors
/// As [`read`], and when it is not 64 hex digits.
pub fn key(file: &Path) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    hex_key(&read(file)?).ok_or_else(|| malformed(file, "64 hex digits"))
}

/// The file of sealing keys: `current = 1`, `index = "hex"`, `[keys]` number = "hex".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealFile {
    current: u32,
    index: String,
    keys: BTreeMap<String, String>,
}

impl Drop for SealFile {
    fn drop(&mut self) {
        self.index.zeroize();
        self.keys.values_mut().for_each(Zeroize::zeroize);
    }
}

/// The sealing keys of `file`, in the shape that set-up writes.
///
/// # Errors
/// As [`read`], and when the file is not of that shape or its current key is not in it.
pub fn sealer(file: &Path) -> Result<Sealer, SecretError> {
    let wrong = || malformed(file, "sealing keys (current, index, [keys])");
    let read: SealFile = toml::from_str(&read(file)?).map_err(|_| wrong())?;
    let keys: BTreeMap<u32, Zeroizing<[u8; 32]>> = read
        .keys
        .iter()
        .map(|(number, key)| Some((number.parse().ok()?, hex_key(key)?)))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    if !keys.contains_key(&read.current) {
        return Err(wrong());
    }
    Ok(Sealer::new(
        read.current,
        keys,
        &hex_key(&read.index).ok_or_else(wrong)?,
    ))
}

fn malformed(file: &Path, wanted: &'static str) -> SecretError {
    SecretError::Malformed {
        file: file.to_owned(),
        wanted,
    }
}

fn hex_key(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "tide-8\nnot this\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            line(&file).unwrap_err(),
            SecretError::Open { mode: 0o640, .. }
        ));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(line(&file).unwrap().expose_secret(), "tide-8");
    }

    #[test]
    fn a_seal_file_without_its_current_key_is_refused_and_shows_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal.toml");
        let key = "07".repeat(32);
        fs::write(
            &file,
            format!("current = 2\nindex = \"{key}\"\n[keys]\n1 = \"{key}\"\n"),
        )
        .unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = sealer(&file).unwrap_err();
        assert!(matches!(refused, SecretError::Malformed { .. }));
        assert!(!refused.to_string().contains("0707"));
    }
}
