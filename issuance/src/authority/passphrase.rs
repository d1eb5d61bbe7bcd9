//! The passphrase that opens the sealed keys: kept in a file that its owner alone may read.

use std::{
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use relay_core::{
    chance::{Chance, draw},
    whole_file,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::AuthorityError;

/// Fewest characters taken as a passphrase.
const LEAST: usize = 12;

/// A passphrase and the file it came from.
pub struct Passphrase {
    secret: SecretString,
    path: PathBuf,
}

impl Passphrase {
    /// Reads the passphrase in `path`: the first line, without its line end.
    ///
    /// # Errors
    /// When the file cannot be read, may be read by others than its owner, or holds fewer than 12 characters.
    pub fn read(path: &Path) -> Result<Self, AuthorityError> {
        let failed = |source| AuthorityError::File {
            what: "reading the passphrase in",
            path: path.to_owned(),
            source,
        };
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(AuthorityError::PassphraseOpenToOthers {
                path: path.to_owned(),
                mode,
            });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        let line = text.lines().next().unwrap_or_default();
        if line.chars().count() < LEAST {
            return Err(AuthorityError::PassphraseTooShort {
                path: path.to_owned(),
                least: LEAST,
            });
        }
        Ok(Self {
            secret: line.into(),
            path: path.to_owned(),
        })
    }

    /// Draws a passphrase of 256 bits and writes it to `path`, a file that must not exist yet, with mode 0600.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn make(path: &Path, chance: &mut dyn Chance) -> Result<Self, AuthorityError> {
        let failed = |source| AuthorityError::File {
            what: "writing the passphrase to",
            path: path.to_owned(),
            source,
        };
        let bytes = Zeroizing::new(draw::<32>(chance));
        let text = Zeroizing::new(hex::encode(&bytes[..]) + "\n");
        whole_file::create(path, text.as_bytes()).map_err(failed)?;
        Self::read(path)
    }

    /// As a token takes it.
    pub(super) fn as_pin(&self) -> SecretString {
        self.secret.clone()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.secret.expose_secret().as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passphrase(from {})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use relay_core::chance::OsChance;

    use super::*;

    #[test]
    fn a_passphrase_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        Passphrase::make(&path, &mut OsChance).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Passphrase::read(&path).unwrap_err();
        assert!(matches!(
            refused,
            AuthorityError::PassphraseOpenToOthers { mode: 0o640, .. }
        ));
    }

    #[test]
    fn a_short_passphrase_is_refused_and_an_old_one_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        fs::write(&path, "short\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            Passphrase::read(&path),
            Err(AuthorityError::PassphraseTooShort { .. })
        ));
        assert!(matches!(
            Passphrase::make(&path, &mut OsChance),
            Err(AuthorityError::File { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "short\n");
    }
}
