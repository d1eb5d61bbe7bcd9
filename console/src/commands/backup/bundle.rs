//! A copy as a file: a tar archive under age encryption, which anybody's `age -d … | tar -t` reads too.
//!
//! The first entry says what it is a copy of, the last lists every other with its size and digest: a file that was cut, or
//! that is not whole for another reason, is never taken for one.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Write},
    path::{Component, Path, PathBuf},
};

use age::{Decryptor, Encryptor, Identity, Recipient, scrypt, x25519};
use aws_lc_rs::digest;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::cluster::TableCount;
use tar::{Archive, Builder, EntryType, Header};
use time::OffsetDateTime;

/// Grows when the archive's form changes.
pub(in crate::commands) const FORM: u32 = 1;
/// How every file of age's begins (C2SP age, version 1).
const AGE: &[u8] = b"age-encryption.org/v1\n";
const ABOUT: &str = "about.json";
const MANIFEST: &str = "manifest.json";
/// Where in the archive the databases and the set-up's files are.
pub(in crate::commands) const DATABASES: &str = "databases";
pub(in crate::commands) const ROLES: &str = "databases/roles.sql";
pub(in crate::commands) const FILES: &str = "home";
/// The tables of JSON are read into memory: more than any set-up's.
const LARGEST_TABLE: u64 = 64 * 1024 * 1024;

/// What it is a copy of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct About {
    pub form: u32,
    pub city: String,
    pub city_code: String,
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// Version of the program that made it.
    pub program: String,
    /// Major version of the PostgreSQL that wrote the databases' copies.
    pub postgresql: u32,
    /// Version of the office's database.
    pub office: i32,
    /// Where the set-up was; its files name this place.
    pub home: PathBuf,
    pub socket: PathBuf,
}

/// What is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Manifest {
    pub databases: Vec<DatabaseCopy>,
    /// The audit trail's newest signed head; every event under it is in the copy.
    pub head: Option<String>,
    pub entries: BTreeMap<String, Written>,
}

/// A database's copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct DatabaseCopy {
    pub name: String,
    pub tables: Vec<TableCount>,
}

impl DatabaseCopy {
    /// The archive's entry that holds it.
    pub fn entry(&self) -> String {
        format!("{DATABASES}/{}.dump", self.name)
    }
}

/// An entry's size and SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Written {
    pub bytes: u64,
    pub sha256: String,
}

/// Why a copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::commands) enum BundleError {
    #[error("this key does not open the file")]
    WrongKey,
    #[error("this passphrase does not open the file")]
    WrongPassphrase,
    #[error("the file was made for keys: give the secret key's file")]
    WantsKey,
    #[error("the file was made with a passphrase, not for a key")]
    WantsPassphrase,
    #[error("this is no copy of a set-up")]
    NotOurs,
    #[error("the copy is of a form that this program does not know ({0})")]
    Form(u32),
    #[error("the file is damaged or was cut short: {0}")]
    Damaged(String),
    #[error("it was stopped")]
    Stopped,
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
}

impl BundleError {
    fn damaged(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionAborted => Self::Stopped,
            _ => Self::Damaged(error.to_string()),
        }
    }
}

/// What closes a copy.
pub(in crate::commands) enum Lock {
    Passphrase(SecretString),
    Keys(Vec<x25519::Recipient>),
}

impl Lock {
    /// How many keys open it; none where a passphrase does.
    pub fn keys(&self) -> usize {
        match self {
            Self::Passphrase(_) => 0,
            Self::Keys(keys) => keys.len(),
        }
    }
}

/// What opens one.
pub(in crate::commands) enum Key {
    Passphrase(SecretString),
    Secret(x25519::Identity),
}

/// An archive being written.
pub(in crate::commands) struct Writing<W: Write> {
    tar: Builder<age::stream::StreamWriter<W>>,
    entries: BTreeMap<String, Written>,
}

impl<W: Write> Writing<W> {
    /// Begins an archive that `lock` closes. Gives also what opens it for the check that follows at once: of a copy for keys,
    /// whose secret halves are elsewhere, that is a key of this moment's own.
    pub fn begin(lock: &Lock, about: &About, out: W) -> io::Result<(Self, Key)> {
        let (encryptor, key) = match lock {
            Lock::Passphrase(passphrase) => (
                Encryptor::with_user_passphrase(passphrase.clone()),
                Key::Passphrase(passphrase.clone()),
            ),
            Lock::Keys(keys) => {
                let own = x25519::Identity::generate();
                let mine = own.to_public();
                let all = keys.iter().chain(std::iter::once(&mine));
                let encryptor = Encryptor::with_recipients(all.map(|key| key as &dyn Recipient))
                    .map_err(|error| io::Error::other(error.to_string()))?;
                (encryptor, Key::Secret(own))
            }
        };
        let mut writing = Self {
            tar: Builder::new(encryptor.wrap_output(out)?),
            entries: BTreeMap::new(),
        };
        let text = serde_json::to_vec_pretty(about)?;
        writing.entry(ABOUT, 0o600, text.len() as u64, &mut text.as_slice())?;
        Ok((writing, key))
    }

    /// Adds the first `bytes` of `from` as the entry `path`.
    pub fn entry(&mut self, path: &str, mode: u32, bytes: u64, from: &mut dyn Read) -> io::Result<()> {
        let mut header = header(EntryType::Regular, mode);
        header.set_size(bytes);
        let mut from = Digesting::new(from.take(bytes));
        self.tar.append_data(&mut header, path, &mut from)?;
        let (passed, sha256) = from.finish();
        if passed != bytes {
            return Err(io::Error::other(format!("{path} became shorter while it was read")));
        }
        self.entries.insert(path.to_owned(), Written { bytes, sha256 });
        Ok(())
    }

    /// Adds an empty folder.
    pub fn folder(&mut self, path: &str, mode: u32) -> io::Result<()> {
        let mut header = header(EntryType::Directory, mode);
        self.tar.append_data(&mut header, path, io::empty())
    }

    /// Writes the list of what is in it, and ends.
    pub fn finish(mut self, databases: Vec<DatabaseCopy>, head: Option<String>) -> io::Result<(W, Manifest)> {
        let manifest = Manifest {
            databases,
            head,
            entries: std::mem::take(&mut self.entries),
        };
        let text = serde_json::to_vec_pretty(&manifest)?;
        self.entry(MANIFEST, 0o600, text.len() as u64, &mut text.as_slice())?;
        Ok((self.tar.into_inner()?.finish()?, manifest))
    }
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header
}

/// Where the entries of an archive go while it is read.
pub(in crate::commands) trait Unpack {
    /// What it is a copy of, before anything else; an error ends the reading.
    fn about(&mut self, about: &About) -> anyhow::Result<()>;
    /// A file, or a folder when there is no content.
    fn entry(&mut self, path: &Path, mode: u32, content: Option<&mut dyn Read>) -> anyhow::Result<()>;
}

/// Reads the whole archive from `from`, each entry's digest compared with the list at the end.
///
/// # Errors
/// [`BundleError`], and whatever `unpack` gives.
pub(in crate::commands) fn read(
    from: impl Read,
    key: &Key,
    unpack: &mut dyn Unpack,
) -> anyhow::Result<(About, Manifest)> {
    let opened = open(from, key)?;
    let mut tar = Archive::new(opened);
    let mut found = BTreeMap::new();
    let mut about = None;
    let mut manifest: Option<Manifest> = None;
    for entry in tar.entries().map_err(|error| BundleError::damaged(&error))? {
        let mut entry = entry.map_err(|error| BundleError::damaged(&error))?;
        let path = plain(&entry.path().map_err(|error| BundleError::damaged(&error))?)?;
        let name = path.to_string_lossy().into_owned();
        let mode = entry.header().mode().map_err(|error| BundleError::damaged(&error))? & 0o700;
        match entry.header().entry_type() {
            EntryType::Directory => unpack.entry(&path, mode, None)?,
            EntryType::Regular if name == MANIFEST => {
                manifest = Some(table(&mut entry)?);
                continue;
            }
            EntryType::Regular => {
                let mut content = Digesting::new(&mut entry);
                if name == ABOUT {
                    let told: About = table(&mut content).map_err(|_| BundleError::NotOurs)?;
                    if told.form > FORM {
                        return Err(BundleError::Form(told.form).into());
                    }
                    unpack.about(&told)?;
                    about = Some(told);
                } else if about.is_none() {
                    return Err(BundleError::NotOurs.into());
                } else {
                    let unpacked = unpack.entry(&path, mode, Some(&mut content));
                    unpacked.map_err(|error| match error.downcast::<io::Error>() {
                        Ok(error) => BundleError::damaged(&error).into(),
                        Err(error) => error,
                    })?;
                }
                io::copy(&mut content, &mut io::sink()).map_err(|error| BundleError::damaged(&error))?;
                let (bytes, sha256) = content.finish();
                found.insert(name, Written { bytes, sha256 });
            }
            _ => return Err(BundleError::Damaged(name).into()),
        }
    }
    // What lies behind the archive's end is read as well: only then is the file known to be whole.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(|error| BundleError::damaged(&error))?;
    let about = about.ok_or(BundleError::NotOurs)?;
    let manifest = manifest.ok_or_else(|| BundleError::Damaged(MANIFEST.to_owned()))?;
    if let Some((name, _)) = manifest
        .entries
        .iter()
        .find(|(name, written)| found.get(*name) != Some(written))
    {
        return Err(BundleError::Damaged(name.clone()).into());
    }
    if let Some(name) = found.keys().find(|name| !manifest.entries.contains_key(*name)) {
        return Err(BundleError::Damaged(name.clone()).into());
    }
    Ok((about, manifest))
}

fn open(mut from: impl Read, key: &Key) -> Result<impl Read, BundleError> {
    use age::DecryptError as Refused;
    let mut first = Vec::with_capacity(AGE.len());
    let read = from.by_ref().take(AGE.len() as u64).read_to_end(&mut first);
    read.map_err(|error| BundleError::damaged(&error))?;
    if first != AGE {
        return Err(BundleError::NotOurs);
    }
    let from = io::Cursor::new(first).chain(from);
    let decryptor = Decryptor::new(from).map_err(|refused| match refused {
        Refused::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => BundleError::Damaged(error.to_string()),
        Refused::Io(error) if error.kind() == io::ErrorKind::ConnectionAborted => BundleError::Stopped,
        _ => BundleError::NotOurs,
    })?;
    let by_passphrase = decryptor.is_scrypt();
    let opened = match key {
        Key::Passphrase(_) if !by_passphrase => return Err(BundleError::WantsKey),
        Key::Secret(_) if by_passphrase => return Err(BundleError::WantsPassphrase),
        Key::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.clone());
            // A quick machine's copy may be opened on a slow one: up to half a minute of work there.
            identity.set_max_work_factor(22);
            decryptor.decrypt(std::iter::once(&identity as &dyn Identity))
        }
        Key::Secret(secret) => decryptor.decrypt(std::iter::once(secret as &dyn Identity)),
    };
    opened.map_err(|refused| match (refused, key) {
        (Refused::NoMatchingKeys | Refused::DecryptionFailed | Refused::KeyDecryptionFailed, Key::Passphrase(_)) => {
            BundleError::WrongPassphrase
        }
        (Refused::NoMatchingKeys | Refused::KeyDecryptionFailed, Key::Secret(_)) => BundleError::WrongKey,
        (Refused::Io(error), _) => BundleError::damaged(&error),
        (other, _) => BundleError::Damaged(other.to_string()),
    })
}

/// A path that stays where it is put.
fn plain(path: &Path) -> Result<PathBuf, BundleError> {
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays && path.components().next().is_some() {
        Ok(path.components().collect())
    } else {
        Err(BundleError::Damaged(path.display().to_string()))
    }
}

fn table<T: serde::de::DeserializeOwned>(from: &mut dyn Read) -> Result<T, BundleError> {
    let mut text = Vec::new();
    from.take(LARGEST_TABLE)
        .read_to_end(&mut text)
        .map_err(|error| BundleError::damaged(&error))?;
    serde_json::from_slice(&text).map_err(|error| BundleError::Damaged(error.to_string()))
}

/// Digests what passes.
pub(in crate::commands) struct Digesting<R> {
    inner: R,
    bytes: u64,
    context: digest::Context,
}

impl<R> Digesting<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            bytes: 0,
            context: digest::Context::new(&digest::SHA256),
        }
    }

    /// How much passed, and its SHA-256.
    pub fn finish(self) -> (u64, String) {
        (self.bytes, hex::encode(self.context.finish()))
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.context.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The file's size and SHA-256.
pub(in crate::commands) fn digest_of(file: &Path) -> io::Result<Written> {
    let mut digesting = Digesting::new(File::open(file)?);
    io::copy(&mut digesting, &mut io::sink())?;
    let (bytes, sha256) = digesting.finish();
    Ok(Written { bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            form: FORM,
            city: "汐見市".into(),
            city_code: "429996".into(),
            made_at: time::macros::datetime!(2026-11-30 02:00 UTC),
            program: "0.1.0".into(),
            postgresql: 15,
            office: 41,
            home: "/srv/madoguchi/home".into(),
            socket: "/srv/madoguchi/home/postgres/socket".into(),
        }
    }

    #[derive(Default)]
    struct Kept(BTreeMap<String, Vec<u8>>);

    impl Unpack for Kept {
        fn about(&mut self, _: &About) -> anyhow::Result<()> {
            Ok(())
        }

        fn entry(&mut self, path: &Path, _: u32, content: Option<&mut dyn Read>) -> anyhow::Result<()> {
            let mut bytes = Vec::new();
            if let Some(content) = content {
                content.read_to_end(&mut bytes)?;
            }
            self.0.insert(path.display().to_string(), bytes);
            Ok(())
        }
    }

    fn made(lock: &Lock, content: &[u8]) -> Vec<u8> {
        let (mut writing, _) = Writing::begin(lock, &about(), Vec::new()).unwrap();
        writing
            .entry("home/secrets/database", 0o600, content.len() as u64, &mut &*content)
            .unwrap();
        writing.folder("home/relay/blind/services", 0o700).unwrap();
        writing.finish(Vec::new(), None).unwrap().0
    }

    fn refused(file: &[u8], key: &Key) -> BundleError {
        read(file, key, &mut Kept::default())
            .unwrap_err()
            .downcast()
            .expect("a refusal of the file")
    }

    #[test]
    fn what_was_put_in_comes_out_and_the_moments_own_key_opens_it_too() {
        let secret = x25519::Identity::generate();
        let lock = Lock::Keys(vec![secret.to_public()]);
        let content = vec![7; 200_000];
        let file = made(&lock, &content);
        let mut kept = Kept::default();
        let (told, manifest) = read(file.as_slice(), &Key::Secret(secret), &mut kept).unwrap();
        assert_eq!(told, about());
        assert_eq!(kept.0["home/secrets/database"], content);
        assert!(kept.0.contains_key("home/relay/blind/services"));
        assert_eq!(manifest.entries["home/secrets/database"].bytes, 200_000);

        let (writing, own) = Writing::begin(&lock, &about(), Vec::new()).unwrap();
        let file = writing.finish(Vec::new(), None).unwrap().0;
        read(file.as_slice(), &own, &mut Kept::default()).unwrap();
    }

    #[test]
    fn a_file_that_was_cut_anywhere_or_changed_is_never_taken_for_whole() {
        let secret = x25519::Identity::generate();
        let file = made(&Lock::Keys(vec![secret.to_public()]), &vec![7; 200_000]);
        let key = Key::Secret(secret);
        for cut in [1, 16, 300, 70_000, 140_000, 200_000] {
            let told = refused(&file[..file.len() - cut], &key);
            assert!(matches!(told, BundleError::Damaged(_)), "{cut}: {told}");
        }
        for cut in [0, 10, 100] {
            let told = refused(&file[..cut], &key);
            assert!(
                matches!(told, BundleError::Damaged(_) | BundleError::NotOurs),
                "{cut}: {told}"
            );
        }
        let mut changed = file.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        assert!(matches!(refused(&changed, &key), BundleError::Damaged(_)));
    }

    #[test]
    fn a_wrong_key_is_told_from_a_damaged_file() {
        let secret = x25519::Identity::generate();
        let file = made(&Lock::Keys(vec![secret.to_public()]), b"7");
        let other = Key::Secret(x25519::Identity::generate());
        assert!(matches!(refused(&file, &other), BundleError::WrongKey));
        let passphrase = Key::Passphrase(SecretString::from("a long enough passphrase"));
        assert!(matches!(refused(&file, &passphrase), BundleError::WantsKey));
        assert!(matches!(refused(b"name,birth\n", &other), BundleError::NotOurs));
    }

    #[test]
    fn an_entry_that_would_leave_its_place_is_refused() {
        for path in ["/etc/passwd", "home/../../etc/passwd", "", "./home"] {
            assert!(plain(Path::new(path)).is_err(), "{path}");
        }
        assert!(plain(Path::new("home/secrets/database")).is_ok());
    }
}
