//! New keys for what is stored, the pseudonyms staying as they are.
//!
//! Each half draws a factor of its own; the front re-randomises and re-keys a stored ciphertext with the first, the
//! blind half with the second. After it neither an old copy of the front's database with new secrets nor a new copy
//! with old ones opens, even to both halves. The keys that make the pseudonyms themselves (the reshuffling secrets)
//! stay: other ones would be other pseudonyms.
//!
//! The caller works in batches and keeps with each row the [`KeyEdition`] it is under, in the same transaction: what
//! was interrupted goes on with the rows that are still under the old one, and sign-ins go on meanwhile, since each
//! half holds both editions until [`FrontRotation::complete`].

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libpep::{
    data::simple::EncryptedPseudonym,
    elgamal::arithmetic::{Group as _, Ristretto255},
    factors::{Factor as _, PseudonymRekeyFactor, PseudonymRekeyInfo, RekeyPublicKey as _},
    keys::{PseudonymGlobalPublicKey, PseudonymSessionPublicKey, PublicKey as _, distribution::BlindingFactor},
    transcryptor::rekey,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    BlindSecret, Draws, FileError, FrontSecret, GlobalKey, KeyEdition, NotOnTheCurve, OtherEdition,
    PolymorphicPseudonym, Unusable, bytes_of, ceremony::Parts, ciphertext, filed, point_of,
};
use crate::chance::{Chance, draw};

const FRONT: &str = "madoguchi-front-rotation-1";
const BLIND: &str = "madoguchi-blind-rotation-1";
const MIDDLE: &str = "madoguchi-middle-key-1";

ciphertext! {
    /// A stored ciphertext after the front's step of a rotation, on its way to the blind half's.
    MiddlePseudonym, "middle pseudonym"
}

/// What the front tells the blind half when it begins a rotation. Public.
#[derive(Clone, PartialEq, Eq)]
pub struct MiddleKey {
    from: KeyEdition,
    point: PseudonymSessionPublicKey,
    front_commitment: [u8; 32],
}

impl MiddleKey {
    /// One line of text.
    pub fn to_text(&self) -> String {
        let parts: [&[u8]; 3] = [
            &self.from.0.to_be_bytes(),
            &self.point.to_bytes(),
            &self.front_commitment,
        ];
        filed::write(MIDDLE, &parts).to_string()
    }

    /// The key of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(MIDDLE, 4 + 2 * 32, text)?;
        let mut parts = Parts(&bytes);
        let key = Self {
            from: parts.edition(),
            point: PseudonymSessionPublicKey::from_slice(parts.secret().as_slice()).ok_or(FileError::NotAKey)?,
            front_commitment: *parts.secret(),
        };
        Ristretto255::deserialize_element(&key.front_commitment).ok_or(FileError::NotAKey)?;
        Ok(key)
    }
}

/// The front's part of a rotation. Filed beside the secret until it is complete.
pub struct FrontRotation {
    from: GlobalKey,
    factor: PseudonymRekeyFactor,
    rekeying: Zeroizing<[u8; 32]>,
    commitment: [u8; 32],
}

impl FrontRotation {
    /// Begins one.
    pub fn begin(secret: &FrontSecret, chance: &mut dyn Chance) -> Self {
        let factor = new_factor(chance);
        let mut blinding = secret.blinding();
        let next = factor.scalar() * *blinding.value();
        blinding.zeroize();
        Self {
            from: secret.global,
            factor,
            rekeying: Zeroizing::new(draw(chance)),
            commitment: Ristretto255::serialize_element(&Ristretto255::scalar_mult_gen(&next)),
        }
    }

    /// The edition that is left behind.
    pub const fn from_edition(&self) -> KeyEdition {
        self.from.edition
    }

    /// What the blind half begins with.
    pub fn middle(&self) -> MiddleKey {
        MiddleKey {
            from: self.from.edition,
            point: info(&self.factor).rekey_public_key(&self.from.as_session()),
            front_commitment: self.commitment,
        }
    }

    /// The front's step for one stored ciphertext of the old edition.
    ///
    /// # Errors
    /// [`Unusable`]; one that is under the next keys already is of another edition.
    pub fn step(&self, stored: &PolymorphicPseudonym, chance: &mut dyn Chance) -> Result<MiddlePseudonym, Unusable> {
        let key = self.from.as_session();
        let middle = rekey(
            &stored.under(self.from.edition)?,
            &info(&self.factor),
            &key,
            &mut Draws(chance),
        );
        Ok(MiddlePseudonym(bytes_of(&middle)))
    }

    /// The front's secret of the next edition, whose public key `next` the blind half told.
    ///
    /// # Errors
    /// [`OtherEdition`]
    pub fn complete(&self, secret: &FrontSecret, next: GlobalKey) -> Result<FrontSecret, OtherEdition> {
        let edition = following(self.from.edition, secret.edition)?;
        following(self.from.edition, KeyEdition(next.edition.0.saturating_sub(1)))?;
        Ok(FrontSecret {
            edition,
            reshuffling: secret.reshuffling.clone(),
            rekeying: self.rekeying.clone(),
            blinding: next_blinding(secret.blinding(), &self.factor),
            global: next,
        })
    }

    /// One line of text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let factor = factor_bytes(&self.factor);
        filed::write(
            FRONT,
            &[
                &self.from.edition.0.to_be_bytes(),
                &self.from.point.to_bytes(),
                factor.as_slice(),
                self.rekeying.as_slice(),
                &self.commitment,
            ],
        )
    }

    /// The rotation of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(FRONT, 4 + 4 * 32, text)?;
        let mut parts = Parts(&bytes);
        Ok(Self {
            from: GlobalKey {
                edition: parts.edition(),
                point: PseudonymGlobalPublicKey::from_slice(parts.secret().as_slice()).ok_or(FileError::NotAKey)?,
            },
            factor: read_factor(&parts.secret())?,
            rekeying: parts.secret(),
            commitment: *parts.secret(),
        })
    }
}

/// The blind half's part of a rotation. Filed beside the secret until it is complete.
pub struct BlindRotation {
    from: KeyEdition,
    factor: PseudonymRekeyFactor,
    rekeying: Zeroizing<[u8; 32]>,
    middle: MiddleKey,
}

impl BlindRotation {
    /// Begins one with what the front told.
    ///
    /// # Errors
    /// [`OtherEdition`]
    pub fn begin(secret: &BlindSecret, middle: MiddleKey, chance: &mut dyn Chance) -> Result<Self, OtherEdition> {
        following(middle.from, secret.edition)?;
        Ok(Self {
            from: secret.edition,
            factor: new_factor(chance),
            rekeying: Zeroizing::new(draw(chance)),
            middle,
        })
    }

    /// The edition that is left behind.
    pub const fn from_edition(&self) -> KeyEdition {
        self.from
    }

    /// What the front began with.
    pub const fn middle(&self) -> &MiddleKey {
        &self.middle
    }

    /// The public key of the next edition, for the front and the registrar.
    pub fn next_key(&self) -> GlobalKey {
        let point = info(&self.factor).rekey_public_key(&self.middle.point);
        GlobalKey {
            edition: KeyEdition(self.from.0 + 1),
            point: PseudonymGlobalPublicKey::from_point(*point.value()),
        }
    }

    /// The blind half's step: the ciphertext as it is stored under the next edition.
    ///
    /// # Errors
    /// [`NotOnTheCurve`]
    pub fn step(
        &self,
        middle: &MiddlePseudonym,
        chance: &mut dyn Chance,
    ) -> Result<PolymorphicPseudonym, NotOnTheCurve> {
        let key = self.middle.point;
        let next = rekey(&middle.point()?, &info(&self.factor), &key, &mut Draws(chance));
        Ok(PolymorphicPseudonym {
            edition: KeyEdition(self.from.0 + 1),
            bytes: bytes_of(&next),
        })
    }

    /// The blind half's secret of the next edition. The front's shares have to be given anew for it.
    ///
    /// # Errors
    /// [`OtherEdition`]
    pub fn complete(&self, secret: &BlindSecret) -> Result<BlindSecret, OtherEdition> {
        Ok(BlindSecret {
            edition: following(self.from, secret.edition)?,
            reshuffling: secret.reshuffling.clone(),
            rekeying: self.rekeying.clone(),
            blinding: next_blinding(secret.blinding(), &self.factor),
            blinded: secret.blinded.clone(),
            front_commitment: self.middle.front_commitment,
        })
    }

    /// One line of text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let factor = factor_bytes(&self.factor);
        filed::write(
            BLIND,
            &[
                &self.from.0.to_be_bytes(),
                factor.as_slice(),
                self.rekeying.as_slice(),
                &self.middle.point.to_bytes(),
                &self.middle.front_commitment,
            ],
        )
    }

    /// The rotation of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(BLIND, 4 + 4 * 32, text)?;
        let mut parts = Parts(&bytes);
        let from = parts.edition();
        Ok(Self {
            from,
            factor: read_factor(&parts.secret())?,
            rekeying: parts.secret(),
            middle: MiddleKey {
                from,
                point: PseudonymSessionPublicKey::from_slice(parts.secret().as_slice()).ok_or(FileError::NotAKey)?,
                front_commitment: *parts.secret(),
            },
        })
    }
}

impl Drop for FrontRotation {
    fn drop(&mut self) {
        self.factor.zeroize();
    }
}

impl Drop for BlindRotation {
    fn drop(&mut self) {
        self.factor.zeroize();
    }
}

impl fmt::Debug for FrontRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrontRotation(from edition {})", self.from.edition)
    }
}

impl fmt::Debug for BlindRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindRotation(from edition {})", self.from)
    }
}

impl fmt::Debug for MiddleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MiddleKey(from edition {})", self.from)
    }
}

fn following(rotation: KeyEdition, keys: KeyEdition) -> Result<KeyEdition, OtherEdition> {
    if rotation == keys {
        Ok(KeyEdition(keys.0 + 1))
    } else {
        Err(OtherEdition { of: rotation, keys })
    }
}

fn info(factor: &PseudonymRekeyFactor) -> PseudonymRekeyInfo {
    PseudonymRekeyInfo { k: *factor }
}

fn new_factor(chance: &mut dyn Chance) -> PseudonymRekeyFactor {
    PseudonymRekeyFactor::from_scalar(Ristretto255::random_scalar(&mut Draws(chance)))
}

fn next_blinding(mut blinding: BlindingFactor, factor: &PseudonymRekeyFactor) -> Zeroizing<[u8; 32]> {
    let mut next: BlindingFactor = BlindingFactor::from_scalar(factor.scalar() * *blinding.value());
    let bytes = Zeroizing::new(next.to_bytes());
    blinding.zeroize();
    next.zeroize();
    bytes
}

fn factor_bytes(factor: &PseudonymRekeyFactor) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Ristretto255::serialize_scalar(&factor.scalar()))
}

fn read_factor(bytes: &[u8; 32]) -> Result<PseudonymRekeyFactor, FileError> {
    Ristretto255::deserialize_scalar(bytes)
        .map(PseudonymRekeyFactor::from_scalar)
        .ok_or(FileError::NotAKey)
}
