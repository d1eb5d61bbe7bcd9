//! A private key sealed in a file: argon2id (RFC 9106) turns the passphrase into a key for AES-256-GCM.
//!
//! All but the ciphertext is associated data, so a key renamed to another authority's place does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use relay_core::chance::{Chance, draw};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Passphrase, SoftSigner};

/// The file's first word: another format gets another number.
const FORMAT: &str = "madoguchi sealed key 1";

/// How hard the passphrase is to guess: 32 MiB three times over. Above OWASP's least (19 MiB, twice; Password Storage
/// Cheat Sheet) and below what a console with 80 MB may take; the passphrase itself is drawn with 256 bits.
const MEMORY_KIB: u32 = 32 * 1024;
const PASSES: u32 = 3;

/// The most memory a file may ask for: a changed file must not take the machine down.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;

/// A sealed key as stored, in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedKey {
    format: String,
    name: String,
    derivation: Derivation,
    nonce: String,
    /// PKCS#8 under AES-256-GCM with its tag, hex.
    sealed: String,
}

/// How the sealing key comes from the passphrase.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Derivation {
    /// `argon2id`
    function: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// Why a sealed key did not open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotOpened {
    /// It does not authenticate: wrong passphrase, or changed.
    Wrong,
    /// It is no sealed key of this format.
    Unreadable(String),
}

/// A passphrase at work. The costly derivation is done once for all keys sealed with the same salt.
pub(super) struct Sealing<'a> {
    passphrase: &'a Passphrase,
    derived: Option<(Derivation, LessSafeKey)>,
}

impl<'a> Sealing<'a> {
    pub(super) fn new(passphrase: &'a Passphrase) -> Self {
        Self {
            passphrase,
            derived: None,
        }
    }

    pub(super) const fn passphrase(&self) -> &'a Passphrase {
        self.passphrase
    }

    /// Seals `signer`'s key as that of the authority `name`.
    pub(super) fn seal(
        &mut self,
        name: &str,
        signer: &SoftSigner,
        chance: &mut dyn Chance,
    ) -> Result<SealedKey, String> {
        let derivation = match &self.derived {
            Some((derivation, _)) => derivation.clone(),
            None => Derivation {
                function: "argon2id".into(),
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                lanes: 1,
                salt: hex::encode(draw::<16>(chance)),
            },
        };
        let nonce: [u8; NONCE_LEN] = draw(chance);
        let mut file = SealedKey {
            format: FORMAT.into(),
            name: name.into(),
            derivation,
            nonce: hex::encode(nonce),
            sealed: String::new(),
        };
        let pkcs8 = signer.to_pkcs8().map_err(|why| why.to_string())?;
        let mut body = Zeroizing::new(pkcs8.as_ref().to_vec());
        let aad = file.associated_data();
        self.key(&file.derivation)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut *body)
            .map_err(|_| "the key does not seal".to_owned())?;
        file.sealed = hex::encode(&*body);
        Ok(file)
    }

    /// Opens the key in `file`, which must be that of the authority `name`.
    pub(super) fn open(&mut self, name: &str, file: &SealedKey) -> Result<SoftSigner, NotOpened> {
        let unreadable = |why: &str| NotOpened::Unreadable(why.to_owned());
        if file.format != FORMAT {
            return Err(unreadable("not a sealed key of this format"));
        }
        if file.name != name {
            return Err(NotOpened::Unreadable(format!(
                "the sealed key of {} is not that of {name}",
                file.name
            )));
        }
        let mut nonce = [0; NONCE_LEN];
        hex::decode_to_slice(&file.nonce, &mut nonce).map_err(|_| unreadable("the nonce is not readable"))?;
        let body = hex::decode(&file.sealed).map_err(|_| unreadable("the sealed bytes are not readable"))?;
        let mut body = Zeroizing::new(body);
        let plain = self
            .key(&file.derivation)
            .map_err(NotOpened::Unreadable)?
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(file.associated_data()),
                &mut body,
            )
            .map_err(|_| NotOpened::Wrong)?;
        SoftSigner::from_pkcs8(plain).map_err(|why| NotOpened::Unreadable(why.to_string()))
    }

    fn key(&mut self, derivation: &Derivation) -> Result<&LessSafeKey, String> {
        if self.derived.as_ref().is_none_or(|(known, _)| known != derivation) {
            let key = derivation.derive(self.passphrase)?;
            self.derived = Some((derivation.clone(), key));
        }
        match &self.derived {
            Some((_, key)) => Ok(key),
            None => Err("no key was derived".into()),
        }
    }
}

impl Derivation {
    fn derive(&self, passphrase: &Passphrase) -> Result<LessSafeKey, String> {
        if self.function != "argon2id" || self.memory_kib > MOST_MEMORY_KIB || self.passes > 100 {
            return Err("the key derivation is not one of ours".into());
        }
        let salt = hex::decode(&self.salt).map_err(|_| "the salt is not readable".to_owned())?;
        let params =
            argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|e| e.to_string())?;
        let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut key = Zeroizing::new([0; 32]);
        argon
            .hash_password_into(passphrase.bytes(), &salt, &mut *key)
            .map_err(|e| e.to_string())?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| "the derived key has a wrong length".to_owned())?;
        Ok(LessSafeKey::new(key))
    }
}

impl SealedKey {
    fn associated_data(&self) -> Vec<u8> {
        let Derivation {
            function,
            memory_kib,
            passes,
            lanes,
            salt,
        } = &self.derivation;
        // Each on a line of its own: none of them holds a line end once the file is accepted.
        format!(
            "{}\n{}\n{function}\n{memory_kib}\n{passes}\n{lanes}\n{salt}",
            self.format, self.name
        )
        .into_bytes()
    }
}
