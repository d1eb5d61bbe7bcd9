//! Sealing of personal columns: what leaves the process for a database is ciphertext bound to its place.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the table, row and column are the
//! associated data, so a value moved to another row or column does not open. Look-ups by value go
//! through a keyed hash (a blind index), never through the value.

use std::{collections::BTreeMap, fmt};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use zeroize::Zeroizing;

use crate::chance::{Chance, draw};

/// Where a sealed value stands: part of what is authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Table, as named in SQL (`office.resident`).
    pub table: &'a str,
    /// The row's id, 16 bytes.
    pub row: &'a [u8; 16],
    /// Column, as named in SQL.
    pub column: &'a str,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        // Lengths first, so that no two places share one encoding.
        let mut data = Vec::with_capacity(20 + self.table.len() + self.column.len());
        for part in [self.table.as_bytes(), self.row, self.column.as_bytes()] {
            data.extend((part.len() as u16).to_be_bytes());
            data.extend(part);
        }
        data
    }
}

/// Why a sealed value could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The value names a key this process does not hold.
    #[error("sealed with key {0}, which is not in the key file")]
    UnknownKey(u32),
    /// The value was changed, moved to another place, or sealed under another key of the same number.
    #[error("a sealed value of {table}.{column} does not open: changed or moved")]
    Broken {
        /// Table it was read from.
        table: String,
        /// Column it was read from.
        column: String,
    },
    /// The bytes are too short to be a sealed value.
    #[error("not a sealed value")]
    NotSealed,
}

/// The keys a process seals with: one current, older ones to open with, one for blind indexes.
pub struct Sealer {
    current: u32,
    keys: BTreeMap<u32, LessSafeKey>,
    index: hmac::Key,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(key {} of {})", self.current, self.keys.len())
    }
}

impl Sealer {
    /// A sealer over `keys` (number → 256-bit key), sealing with number `current`.
    ///
    /// # Panics
    /// When `current` is not among `keys`: a configuration that was not checked at the door.
    pub fn new(current: u32, keys: BTreeMap<u32, Zeroizing<[u8; 32]>>, index: &Zeroizing<[u8; 32]>) -> Self {
        assert!(keys.contains_key(&current), "the current sealing key is among the keys");
        let keys = keys
            .into_iter()
            .map(|(number, key)| {
                let key = UnboundKey::new(&AES_256_GCM, key.as_slice()).expect("32 bytes are an AES-256 key");
                (number, LessSafeKey::new(key))
            })
            .collect();
        Self {
            current,
            keys,
            index: hmac::Key::new(hmac::HMAC_SHA256, index.as_slice()),
        }
    }

    /// `plain` sealed to `place`: key number (4 bytes), nonce (12), ciphertext and tag (16).
    pub fn seal(&self, place: Place<'_>, plain: &[u8], chance: &mut dyn Chance) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = draw(chance);
        let mut out = Vec::with_capacity(4 + NONCE_LEN + plain.len() + 16);
        out.extend(self.current.to_be_bytes());
        out.extend(nonce);
        let mut body = plain.to_vec();
        self.keys[&self.current]
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.associated_data()),
                &mut body,
            )
            .expect("a value far below GCM's 64 GiB limit seals");
        out.extend(body);
        out
    }

    /// What was sealed to `place`.
    ///
    /// # Errors
    /// [`SealError`] when the bytes are no sealed value, name an unknown key, or do not authenticate.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (number, rest) = sealed.split_first_chunk::<4>().ok_or(SealError::NotSealed)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::NotSealed)?;
        let number = u32::from_be_bytes(*number);
        let key = self.keys.get(&number).ok_or(SealError::UnknownKey(number))?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place.associated_data()),
                &mut body,
            )
            .map_err(|_| SealError::Broken {
                table: place.table.to_owned(),
                column: place.column.to_owned(),
            })?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// A keyed hash of `value` for look-ups by equality, apart for each `purpose` (`resident.number`).
    pub fn blind_index(&self, purpose: &str, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(&(purpose.len() as u16).to_be_bytes());
        context.update(purpose.as_bytes());
        context.update(value);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    fn sealer(current: u32) -> Sealer {
        let keys = [(1, Zeroizing::new([1; 32])), (2, Zeroizing::new([2; 32]))].into();
        Sealer::new(current, keys, &Zeroizing::new([9; 32]))
    }

    const HERE: Place<'static> = Place {
        table: "office.resident",
        row: &[3; 16],
        column: "identity",
    };

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let sealer = sealer(1);
        let sealed = sealer.seal(HERE, "山口 𠮷郎".as_bytes(), &mut SeededChance::new(1));
        assert_eq!(&**sealer.open(HERE, &sealed).unwrap(), "山口 𠮷郎".as_bytes());
        for elsewhere in [
            Place {
                table: "office.application",
                ..HERE
            },
            Place { row: &[4; 16], ..HERE },
            Place {
                column: "residence",
                ..HERE
            },
        ] {
            assert!(matches!(sealer.open(elsewhere, &sealed), Err(SealError::Broken { .. })));
        }
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let sealer = sealer(1);
        let sealed = sealer.seal(HERE, b"canary", &mut SeededChance::new(1));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert!(sealer.open(HERE, &bent).is_err(), "byte {at}");
        }
    }

    #[test]
    fn an_old_key_still_opens_after_the_current_one_changed() {
        let sealed = sealer(1).seal(HERE, b"old", &mut SeededChance::new(1));
        assert_eq!(&**sealer(2).open(HERE, &sealed).unwrap(), b"old");
    }

    #[test]
    fn a_blind_index_is_stable_and_differs_by_purpose() {
        let sealer = sealer(1);
        let number = sealer.blind_index("resident.number", b"0012345678");
        assert_eq!(number, sealer.blind_index("resident.number", b"0012345678"));
        assert_ne!(number, sealer.blind_index("resident.household", b"0012345678"));
    }
}
