//! The ceremony: made once, in one room, on a machine that is wiped afterwards. The key that would open everything
//! exists only inside [`Ceremony::run`] and is dropped there.

use std::fmt;

use libpep::{
    elgamal::arithmetic::{Group as _, Ristretto255},
    factors::{PseudonymizationSecret, RekeyingSecret},
    keys::{
        PseudonymGlobalPublicKey, PublicKey as _,
        distribution::{
            BlindedGlobalSecretKey as _, BlindedPseudonymGlobalSecretKey, BlindingFactor,
            make_distributed_pseudonym_global_keys,
        },
    },
    transcryptor::Transcryptor,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Draws, FileError, GlobalKey, KeyEdition, filed};
use crate::chance::{Chance, draw};

/// What comes out of a ceremony: each part goes to its own holder, and nobody keeps two.
pub struct Ceremony {
    /// For the registrar and the front. Public.
    pub global: GlobalKey,
    /// For the front alone.
    pub front: FrontSecret,
    /// For the blind half alone.
    pub blind: BlindSecret,
}

impl Ceremony {
    /// Makes the keys of both halves.
    pub fn run(chance: &mut dyn Chance) -> Self {
        let (point, blinded, factors) = make_distributed_pseudonym_global_keys(2, &mut Draws(chance));
        let mut factors = Zeroizing::new(factors);
        let edition = KeyEdition(1);
        let global = GlobalKey { edition, point };
        let front = FrontSecret {
            edition,
            reshuffling: Zeroizing::new(draw(chance)),
            rekeying: Zeroizing::new(draw(chance)),
            blinding: Zeroizing::new(factors[0].to_bytes()),
            global,
        };
        let blind = BlindSecret {
            edition,
            reshuffling: Zeroizing::new(draw(chance)),
            rekeying: Zeroizing::new(draw(chance)),
            blinding: Zeroizing::new(factors[1].to_bytes()),
            blinded: Zeroizing::new(blinded.to_bytes()),
            front_commitment: Ristretto255::serialize_element(&Ristretto255::scalar_mult_gen(factors[0].value())),
        };
        factors.zeroize();
        Self { global, front, blind }
    }
}

impl fmt::Debug for Ceremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ceremony({:?})", self.global)
    }
}

const FRONT: &str = "madoguchi-front-secret-1";
const BLIND: &str = "madoguchi-blind-secret-1";

/// The front's secret; each copy wipes itself. Its text is what is filed, and what escrow splits.
#[derive(Clone)]
pub struct FrontSecret {
    pub(super) edition: KeyEdition,
    pub(super) reshuffling: Zeroizing<[u8; 32]>,
    pub(super) rekeying: Zeroizing<[u8; 32]>,
    pub(super) blinding: Zeroizing<[u8; 32]>,
    pub(super) global: GlobalKey,
}

impl FrontSecret {
    /// Which keys.
    pub const fn edition(&self) -> KeyEdition {
        self.edition
    }

    /// The public key it belongs to.
    pub const fn global(&self) -> &GlobalKey {
        &self.global
    }

    /// One line of text.
    pub fn to_text(&self) -> Zeroizing<String> {
        filed::write(
            FRONT,
            &[
                &self.edition.0.to_be_bytes(),
                self.reshuffling.as_slice(),
                self.rekeying.as_slice(),
                self.blinding.as_slice(),
                &self.global.point.to_bytes(),
            ],
        )
    }

    /// The secret of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(FRONT, 4 + 4 * 32, text)?;
        let mut parts = Parts(&bytes);
        let edition = parts.edition();
        let secret = Self {
            edition,
            reshuffling: parts.secret(),
            rekeying: parts.secret(),
            blinding: parts.secret(),
            global: GlobalKey {
                edition,
                point: PseudonymGlobalPublicKey::from_slice(parts.secret().as_slice()).ok_or(FileError::NotAKey)?,
            },
        };
        BlindingFactor::from_slice(secret.blinding.as_slice())
            .map(drop_factor)
            .ok_or(FileError::NotAKey)?;
        Ok(secret)
    }

    pub(super) fn transcryptor(&self) -> Transcryptor {
        transcryptor(&self.reshuffling, &self.rekeying)
    }

    pub(super) fn blinding(&self) -> BlindingFactor {
        BlindingFactor::from_slice(self.blinding.as_slice()).expect("made by a ceremony or checked when read")
    }
}

/// The blind half's secret; each copy wipes itself. Its text is what is filed, and what escrow splits.
#[derive(Clone)]
pub struct BlindSecret {
    pub(super) edition: KeyEdition,
    pub(super) reshuffling: Zeroizing<[u8; 32]>,
    pub(super) rekeying: Zeroizing<[u8; 32]>,
    pub(super) blinding: Zeroizing<[u8; 32]>,
    pub(super) blinded: Zeroizing<[u8; 32]>,
    /// `b1 · G`: by it the blind half knows the one share that it must not have.
    pub(super) front_commitment: [u8; 32],
}

impl BlindSecret {
    /// Which keys.
    pub const fn edition(&self) -> KeyEdition {
        self.edition
    }

    /// One line of text.
    pub fn to_text(&self) -> Zeroizing<String> {
        filed::write(
            BLIND,
            &[
                &self.edition.0.to_be_bytes(),
                self.reshuffling.as_slice(),
                self.rekeying.as_slice(),
                self.blinding.as_slice(),
                self.blinded.as_slice(),
                &self.front_commitment,
            ],
        )
    }

    /// The secret of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read(BLIND, 4 + 5 * 32, text)?;
        let mut parts = Parts(&bytes);
        let secret = Self {
            edition: parts.edition(),
            reshuffling: parts.secret(),
            rekeying: parts.secret(),
            blinding: parts.secret(),
            blinded: parts.secret(),
            front_commitment: *parts.secret(),
        };
        BlindingFactor::from_slice(secret.blinding.as_slice())
            .map(drop_factor)
            .ok_or(FileError::NotAKey)?;
        <BlindedPseudonymGlobalSecretKey>::from_slice(secret.blinded.as_slice()).ok_or(FileError::NotAKey)?;
        Ristretto255::deserialize_element(&secret.front_commitment).ok_or(FileError::NotAKey)?;
        Ok(secret)
    }

    pub(super) fn transcryptor(&self) -> Transcryptor {
        transcryptor(&self.reshuffling, &self.rekeying)
    }

    pub(super) fn blinding(&self) -> BlindingFactor {
        BlindingFactor::from_slice(self.blinding.as_slice()).expect("made by a ceremony or checked when read")
    }

    pub(super) fn blinded(&self) -> BlindedPseudonymGlobalSecretKey {
        BlindedPseudonymGlobalSecretKey::from_slice(self.blinded.as_slice())
            .expect("made by a ceremony or checked when read")
    }
}

impl fmt::Debug for FrontSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrontSecret(edition {})", self.edition)
    }
}

impl fmt::Debug for BlindSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlindSecret(edition {})", self.edition)
    }
}

fn transcryptor(reshuffling: &[u8; 32], rekeying: &[u8; 32]) -> Transcryptor {
    Transcryptor::new(
        PseudonymizationSecret::from(reshuffling.as_slice()),
        RekeyingSecret::from(rekeying.as_slice()),
    )
}

fn drop_factor(mut factor: BlindingFactor) {
    factor.zeroize();
}

/// Takes a filed secret apart, in order.
pub(super) struct Parts<'a>(pub(super) &'a [u8]);

impl Parts<'_> {
    pub(super) fn edition(&mut self) -> KeyEdition {
        let (edition, rest) = self.0.split_first_chunk().expect("the length was checked when read");
        self.0 = rest;
        KeyEdition(u32::from_be_bytes(*edition))
    }

    pub(super) fn secret(&mut self) -> Zeroizing<[u8; 32]> {
        let (secret, rest) = self.0.split_first_chunk().expect("the length was checked when read");
        self.0 = rest;
        Zeroizing::new(*secret)
    }
}
