//! Secrets by file: read only when nobody else could have read them.
//!
//! A secret file belongs to the user who runs the program (or to root) and gives nothing to group and others,
//! as OpenSSH asks of private keys. New ones are made so from their first byte.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use relay_core::{
    chance::{Chance, draw},
    seal::Sealer,
};
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::Sentence;

/// Secrets are lines, not documents: a larger file is the wrong file.
const LARGEST: u64 = 64 * 1024;

/// Why a secret cannot be used.
#[derive(Debug)]
pub enum SecretError {
    /// There is no such file, or it cannot be read.
    Unreadable { file: PathBuf, reason: io::Error },
    /// Group or others may read or write it.
    Open { file: PathBuf, mode: u32 },
    /// It belongs to another user.
    Foreign { file: PathBuf, owner: u32 },
    /// What is in it is not what is wanted.
    Malformed { file: PathBuf, wanted: &'static str },
}

impl SecretError {
    /// What is wrong and what to do.
    pub fn words(&self) -> Sentence {
        match self {
            Self::Unreadable { file, reason } => Sentence::of(file, |ja| match ja {
                true => format!(
                    "秘密のファイルを読めません。設定に書いた場所を確かめ、用意が途中なら続けてください。 ({reason})"
                ),
                false => format!(
                    "the secret file cannot be read. Check its place in the configuration; go on with a set-up that was cut off. ({reason})"
                ),
            }),
            Self::Open { file, mode } => Sentence::of(file, |ja| {
                let words = match ja {
                    true => "秘密のファイルを他の利用者が読めます。持ち主だけにしてください。",
                    false => "others may read this secret. Give it to its owner alone.",
                };
                format!("{words} (mode {mode:04o})  chmod 600 {}", file.display())
            }),
            Self::Foreign { file, owner } => Sentence::of(file, |ja| {
                let words = match ja {
                    true => "秘密のファイルの持ち主が別の利用者です。chown で直すか、その利用者で起動してください。",
                    false => "this secret belongs to another user. Change its owner, or run as that user.",
                };
                format!("{words} (uid {owner})")
            }),
            Self::Malformed { file, wanted } => Sentence::of(file, |ja| match ja {
                true => format!("中身が違います。要るもの: {wanted}"),
                false => format!("this is not what is wanted: {wanted}"),
            }),
        }
    }
}

impl std::fmt::Display for SecretError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words().en)
    }
}

impl std::error::Error for SecretError {}

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
    let malformed = || SecretError::Malformed {
        file: file.to_owned(),
        wanted: "UTF-8, 64 KiB",
    };
    if facts.len() > LARGEST {
        return Err(malformed());
    }
    // Room for all of it at once: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(facts.len() as usize + 1));
    open.read_to_end(&mut bytes).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The first line of a secret file: a password or passphrase.
///
/// # Errors
/// As [`read`], and when the line is empty.
pub fn line(file: &Path) -> Result<SecretString, SecretError> {
    let text = read(file)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(SecretError::Malformed {
            file: file.to_owned(),
            wanted: "a password in the first line",
        });
    }
    Ok(SecretString::from(line))
}

/// Writes a new secret file, readable by its owner alone; one that exists already is left as it is.
/// Gives whether it was made. It appears whole or not at all.
///
/// # Errors
/// The system's.
pub fn make(file: &Path, content: impl FnOnce() -> Zeroizing<String>) -> io::Result<bool> {
    if file.exists() {
        return Ok(false);
    }
    if let Some(folder) = file.parent() {
        private_folder(folder)?;
    }
    replace(file, content().as_bytes())?;
    Ok(true)
}

/// Writes a file readable by its owner alone, whole or not at all, over the one that is there.
///
/// # Errors
/// The system's.
pub fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut half = file.as_os_str().to_owned();
    half.push(".half");
    let half = PathBuf::from(half);
    let _ = fs::remove_file(&half);
    let mut open = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)?;
    open.write_all(content)?;
    open.sync_all()?;
    fs::rename(&half, file)
}

/// A folder for its owner alone.
///
/// # Errors
/// The system's.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A 32-byte key from a file that holds it in hex.
///
/// # Errors
/// As [`read`], and when it is not 64 hex digits.
pub fn key(file: &Path) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    hex_key(&read(file)?).ok_or_else(|| SecretError::Malformed {
        file: file.to_owned(),
        wanted: "64 hex digits",
    })
}

/// A fresh 32-byte key in hex, for [`make`].
pub fn fresh_key(chance: &mut dyn Chance) -> Zeroizing<String> {
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(draw(chance));
    Zeroizing::new(format!("{}\n", hex::encode(key.as_slice())))
}

/// Letters and digits that cannot be taken for one another when read aloud or typed (no 0 O 1 l I).
const CLEAR: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A fresh password of `length` clear letters and digits, five bits each, at least one digit among them.
pub fn fresh_password(length: usize, chance: &mut dyn Chance) -> Zeroizing<String> {
    loop {
        let mut password = Zeroizing::new(String::with_capacity(length));
        for _ in 0..length {
            let [byte] = draw::<1>(chance);
            password.push(char::from(CLEAR[usize::from(byte & 31)]));
        }
        if password.bytes().any(|byte| byte.is_ascii_digit()) && password.bytes().any(|byte| byte.is_ascii_alphabetic())
        {
            return password;
        }
    }
}

/// The file of sealing keys: `current = 1`, `index = "hex"`, `[keys]` number = "hex". A new key is added with the
/// next number and made current; old ones stay to open what they sealed.
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

/// The sealing keys of `file`.
///
/// # Errors
/// As [`read`], and when the file is not of that shape or its current key is not in it.
pub fn sealer(file: &Path) -> Result<Sealer, SecretError> {
    let malformed = || SecretError::Malformed {
        file: file.to_owned(),
        wanted: "current, index, [keys]",
    };
    let text = read(file)?;
    let read: SealFile = toml::from_str(&text).map_err(|_| malformed())?;
    let keys: BTreeMap<u32, Zeroizing<[u8; 32]>> = read
        .keys
        .iter()
        .map(|(number, key)| Some((number.parse().ok()?, hex_key(key)?)))
        .collect::<Option<_>>()
        .ok_or_else(malformed)?;
    if !keys.contains_key(&read.current) {
        return Err(malformed());
    }
    Ok(Sealer::new(
        read.current,
        keys,
        &hex_key(&read.index).ok_or_else(malformed)?,
    ))
}

/// A fresh file of sealing keys, for [`make`].
pub fn fresh_seal_file(chance: &mut dyn Chance) -> Zeroizing<String> {
    let (key, index) = (fresh_key(chance), fresh_key(chance));
    Zeroizing::new(format!(
        "# Sealing keys of the personal columns. Without this file the database cannot be read: keep a copy apart.\n\
         current = 1\nindex = \"{}\"\n\n[keys]\n1 = \"{}\"\n",
        index.trim_end(),
        key.trim_end()
    ))
}

fn hex_key(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::{chance::SeededChance, seal::Place};
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_that_others_may_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        make(&file, || Zeroizing::new("tide-8\n".into())).unwrap();
        assert_eq!(line(&file).unwrap().expose_secret(), "tide-8");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = line(&file).unwrap_err();
        assert!(matches!(refused, SecretError::Open { mode: 0o640, .. }));
        assert!(refused.words().ja.contains("chmod 600"));
    }

    #[test]
    fn a_secret_is_made_once_and_never_half() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets/key");
        // What a power cut in the middle of writing leaves behind.
        private_folder(&folder.path().join("secrets")).unwrap();
        fs::write(folder.path().join("secrets/key.half"), "ab").unwrap();
        assert!(make(&file, || fresh_key(&mut SeededChance::new(1))).unwrap());
        let first = key(&file).unwrap();
        assert!(!make(&file, || fresh_key(&mut SeededChance::new(2))).unwrap());
        assert_eq!(key(&file).unwrap(), first);
    }

    #[test]
    fn a_fresh_seal_file_seals_and_opens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal.toml");
        make(&file, || fresh_seal_file(&mut SeededChance::new(1))).unwrap();
        let place = Place {
            table: "t",
            row: &[1; 16],
            column: "c",
        };
        let sealed = sealer(&file).unwrap().seal(place, b"tide", &mut SeededChance::new(3));
        assert_eq!(&**sealer(&file).unwrap().open(place, &sealed).unwrap(), b"tide");
    }

    #[test]
    fn a_seal_file_without_its_current_key_is_refused_and_shows_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal.toml");
        let text = fresh_seal_file(&mut SeededChance::new(1)).replace("current = 1", "current = 2");
        make(&file, || Zeroizing::new(text)).unwrap();
        let refused = sealer(&file).unwrap_err();
        assert!(matches!(refused, SecretError::Malformed { .. }));
        assert!(!refused.to_string().contains("index = \""));
    }

    #[test]
    fn passwords_fit_the_staff_cards_rule() {
        let mut chance = SeededChance::new(5);
        for _ in 0..200 {
            let password = fresh_password(10, &mut chance);
            assert_eq!(password.len(), 10);
            assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
}
