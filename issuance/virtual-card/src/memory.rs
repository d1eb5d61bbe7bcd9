//! What a chip keeps without power, and its file.

use std::{collections::BTreeMap, fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use card::command_set::{MASTER_FILE, access, life};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Bytes kept as hex, wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = hex::decode(text.as_str()).map_err(|_| serde::de::Error::custom("not hex"))?;
        Ok(bytes.into())
    }
}

/// A file or directory on the chip.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct File {
    pub directory: bool,
    /// A directory's name, by which it can be selected.
    pub name: Bytes,
    /// Security condition bytes ([`access`]).
    pub rules: [u8; 8],
    pub bytes: Bytes,
}

/// A PIN's place.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pin {
    /// [`card::PinPolicy::to_bytes`].
    pub policy: [u8; 4],
    pub value: Option<Bytes>,
    pub left: u8,
}

/// A key's place.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Key {
    /// The PIN asked for, zero for none; `None` until the issuer says.
    pub rule: Option<u8>,
    /// PKCS #8.
    pub private: Option<Bytes>,
}

/// Everything a chip keeps without power.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// The card itself is the place for its own secrets, as it is on a chip; the file is readable by its owner only.
    pub serial: Bytes,
    pub static_enc: Bytes,
    pub static_mac: Bytes,
    pub life: u8,
    /// By path in hex from the master file.
    pub files: BTreeMap<String, File>,
    pub pins: BTreeMap<u8, Pin>,
    pub keys: BTreeMap<u8, Key>,
}

impl Memory {
    /// As the maker delivers it: a serial, the issuer's keys for it, an empty master file.
    pub(crate) fn blank(serial: &[u8], keys: &card::scp03::StaticKeys) -> Self {
        let master_file = File {
            directory: true,
            name: Bytes::default(),
            rules: access::read_only(access::ALWAYS),
            bytes: Bytes::default(),
        };
        Self {
            serial: serial.to_vec().into(),
            static_enc: keys.enc.to_vec().into(),
            static_mac: keys.mac.to_vec().into(),
            life: life::BLANK,
            files: [(hex::encode(MASTER_FILE.to_be_bytes()), master_file)].into(),
            pins: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Reads a card's file.
    pub(crate) fn read(path: &Path) -> Result<Self, CardFileError> {
        let text = Zeroizing::new(fs::read(path).map_err(|source| CardFileError::file(path, source))?);
        let memory: Self = serde_json::from_slice(&text).map_err(|error| CardFileError::NotACard {
            path: path.display().to_string(),
            line: error.line(),
        })?;
        let lengths = (
            memory.serial.0.len(),
            memory.static_enc.0.len(),
            memory.static_mac.0.len(),
        );
        if lengths != (10, 16, 16) {
            return Err(CardFileError::NotACard {
                path: path.display().to_string(),
                line: 1,
            });
        }
        Ok(memory)
    }

    /// Writes the card's file: the old one or the new one is there, never half of one. No fsync: what is imitated is
    /// a card losing power, not this machine.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec_pretty(self)?);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&text)?;
        fs::rename(&beside, path)
    }
}

/// Why a card's file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CardFileError {
    /// The file system said no.
    #[error("the card file {path}: {source}")]
    File { path: String, source: io::Error },
    /// The file is not a virtual card.
    #[error("{path} is not a virtual card (line {line})")]
    NotACard { path: String, line: usize },
}

impl CardFileError {
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            source,
        }
    }
}
