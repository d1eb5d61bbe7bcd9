//! The office's part: a person's origin, and its encryption for the front.

use std::fmt;

use aws_lc_rs::hmac;
use libpep::{
    client::encrypt_global,
    data::simple::{ElGamalEncryptable as _, Pseudonym},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Draws, FileError, GlobalKey, PolymorphicPseudonym, filed};
use crate::chance::{Chance, draw};

const KIND: &str = "madoguchi-registrar-secret-1";

/// What origins are derived with. Whoever has it and the office's ids has the origins, and no pseudonym: those need
/// both halves. Lost, nobody can be registered again under the same pseudonyms.
pub struct RegistrarSecret(Zeroizing<[u8; 64]>);

impl RegistrarSecret {
    /// A new one.
    pub fn new(chance: &mut dyn Chance) -> Self {
        Self(Zeroizing::new(draw(chance)))
    }

    /// One line of text, for the office's sealed file.
    pub fn to_text(&self) -> Zeroizing<String> {
        filed::write(KIND, &[self.0.as_slice()])
    }

    /// The secret of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(KIND, 64, text)?;
        let mut secret = Zeroizing::new([0; 64]);
        secret.copy_from_slice(&bytes);
        Ok(Self(secret))
    }
}

impl fmt::Debug for RegistrarSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistrarSecret(…)")
    }
}

/// Makes registrations. It has the public key only: what it encrypted it cannot open.
#[derive(Debug)]
pub struct Registrar {
    secret: RegistrarSecret,
    global: GlobalKey,
}

impl Registrar {
    /// A registrar of the people whose origins `secret` makes.
    pub fn new(secret: RegistrarSecret, global: GlobalKey) -> Self {
        Self { secret, global }
    }

    /// The key it encrypts to.
    pub fn global(&self) -> &GlobalKey {
        &self.global
    }

    /// From now on it encrypts to `global`: the keys were rotated. Origins, and with them pseudonyms, stay.
    pub fn encrypt_to(&mut self, global: GlobalKey) {
        self.global = global;
    }

    /// The person's origin, encrypted afresh: asked twice, it gives two ciphertexts that nobody can match, and both
    /// lead to the same pseudonyms. `person` is the office's random id; no number of a person is an input.
    ///
    /// `edition` is 0 until a wrong link is mended: the next one makes the person a new origin, and with it new
    /// pseudonyms everywhere.
    pub fn register(&self, person: Uuid, edition: u32, chance: &mut dyn Chance) -> PolymorphicPseudonym {
        let encrypted = encrypt_global(&self.origin(person, edition), &self.global.point, &mut Draws(chance));
        self.global.encrypted(&encrypted)
    }

    #[cfg(test)]
    pub(super) fn secret_text(&self) -> Zeroizing<String> {
        self.secret.to_text()
    }

    /// A point that looks random: the scheme's separation of services holds for such origins only, never for one
    /// derived from a number (libpep, `reshuffle`).
    pub(super) fn origin(&self, person: Uuid, edition: u32) -> Pseudonym {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, self.secret.0.as_slice()));
        context.update(b"madoguchi origin 1\0");
        context.update(person.as_bytes());
        context.update(&edition.to_be_bytes());
        let mut hash = Zeroizing::new([0; 64]);
        hash.copy_from_slice(context.sign().as_ref());
        Pseudonym::from_hash(&hash)
    }
}
