//! Pseudonyms that nobody can join: one person, one pseudonym for each service, made in two halves.
//!
//! The office's [`Registrar`] turns a person's random id into an *origin* and hands over only a [`PolymorphicPseudonym`]:
//! 64 bytes that neither half can open. At a sign-in the front ([`FrontHalf`]) re-randomises and re-keys them for one
//! [`Service`]; the blind half ([`BlindHalf`]), another organisation's, finishes them into that service's
//! [`ServicePseudonym`]. It is the same at each visit and another at each service; what passes between the halves is
//! never the same twice. The scheme is polymorphic encryption and pseudonymisation (crate `libpep`, ristretto255).
//!
//! # The share that must not exist
//! Once for each service the front gives the blind half a key share, `b1 · k1(service)`. The share for libpep's
//! *global* context would be `b1` alone, and with it the blind half could open everything that the front stores. So
//! no type of this module has a place for that context: a [`Service`] always stands for a specific one, and a
//! [`ServiceShare`] comes out of [`FrontHalf::service_share`] only. The blind half refuses `b1` all the same.
//!
//! ```compile_fail,E0433
//! // The context of the library underneath is no part of what this crate offers.
//! let context = relay_core::pseudonym::EncryptionContext::Global;
//! ```
//! ```compile_fail,E0423
//! // A share cannot be put together from a number.
//! let share = relay_core::pseudonym::ServiceShare([1; 32]);
//! ```
//! ```compile_fail,E0308
//! # fn leak(front: &relay_core::pseudonym::FrontHalf) {
//! // A share is given for a service, and an empty or global service cannot be named.
//! front.service_share(None);
//! # }
//! ```
//! ```compile_fail,E0624
//! # fn leak(secret: &relay_core::pseudonym::FrontSecret) {
//! // What would leak is not readable from outside either.
//! secret.blinding();
//! # }
//! ```
//! ```compile_fail,E0277
//! // A finished pseudonym does not print itself.
//! fn log(pseudonym: &relay_core::pseudonym::ServicePseudonym) -> String { format!("{pseudonym:?}") }
//! ```

mod blind;
mod ceremony;
mod filed;
mod front;
mod names;
mod registrar;
mod rotation;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libpep::{
    contexts::{EncryptionContext, PseudonymizationDomain},
    data::simple::{ElGamalEncrypted as _, EncryptedPseudonym},
    elgamal::arithmetic::{Group as _, Ristretto255},
    keys::{PseudonymGlobalPublicKey, PseudonymSessionPublicKey, PublicKey as _},
};
use rand::{TryCryptoRng, TryRng};
use zeroize::{Zeroize, Zeroizing};

pub use blind::{BlindHalf, ShareRefused};
pub use ceremony::{BlindSecret, Ceremony, FrontSecret};
pub use filed::FileError;
pub use front::{FrontHalf, ServiceShare};
pub use names::{Domain, NameError, Service};
pub use registrar::{Registrar, RegistrarSecret};
pub use rotation::{BlindRotation, FrontRotation, MiddleKey, MiddlePseudonym};

use crate::chance::{Chance, draw};

/// Bytes or a message that no half of ours can have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}: its bytes are no points of the group, or one of them is the neutral one")]
pub struct NotOnTheCurve(pub &'static str);

/// What it is of and the keys at hand are of different editions: one of them was rotated, or is an old copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is of edition {of}, the keys are of edition {keys}")]
pub struct OtherEdition {
    pub of: KeyEdition,
    /// What it was held against.
    pub keys: KeyEdition,
}

/// Why nothing can be done with a polymorphic pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its bytes are none.
    #[error(transparent)]
    Bytes(#[from] NotOnTheCurve),
    /// It is encrypted under other keys.
    #[error(transparent)]
    Edition(#[from] OtherEdition),
}

/// Which keys something is encrypted under: raised by one when the keys are rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct KeyEdition(pub u32);

impl fmt::Display for KeyEdition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The public key that registrations are encrypted to. Everyone may know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GlobalKey {
    edition: KeyEdition,
    point: PseudonymGlobalPublicKey,
}

impl GlobalKey {
    /// Which keys it belongs to.
    pub const fn edition(&self) -> KeyEdition {
        self.edition
    }

    /// One line of text, as filed and as sent to the registrar.
    pub fn to_text(&self) -> String {
        filed::write(
            "madoguchi-global-key-1",
            &[&self.edition.0.to_be_bytes(), &self.point.to_bytes()],
        )
        .to_string()
    }

    /// The key of such a line.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn from_text(text: &str) -> Result<Self, FileError> {
        let bytes = filed::read("madoguchi-global-key-1", 4 + 32, text)?;
        let (edition, point) = bytes.split_at(4);
        Ok(Self {
            edition: KeyEdition(u32::from_be_bytes(edition.try_into().expect("split at 4"))),
            point: PseudonymGlobalPublicKey::from_slice(point).ok_or(FileError::NotAKey)?,
        })
    }

    /// The same person's ciphertext as another one that nobody can match with it. What an office does that was
    /// handed a moved-in person's ciphertext and makes several registrations from it.
    ///
    /// # Errors
    /// [`Unusable`]
    pub fn refresh(
        &self,
        pseudonym: &PolymorphicPseudonym,
        chance: &mut dyn Chance,
    ) -> Result<PolymorphicPseudonym, Unusable> {
        let stored = pseudonym.under(self.edition)?;
        let fresh = libpep::transcryptor::rerandomize(&stored, &self.as_session(), &mut Draws(chance));
        Ok(self.encrypted(&fresh))
    }

    fn encrypted(&self, point: &EncryptedPseudonym) -> PolymorphicPseudonym {
        PolymorphicPseudonym {
            edition: self.edition,
            bytes: bytes_of(point),
        }
    }

    /// The library re-randomises under a "session" key; the first session is the system itself.
    fn as_session(&self) -> PseudonymSessionPublicKey {
        PseudonymSessionPublicKey::from_point(*self.point.value())
    }
}

impl fmt::Debug for GlobalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GlobalKey(edition {}, {})", self.edition, self.point.to_hex())
    }
}

macro_rules! ciphertext {
    ($(#[$doc:meta])* $name:ident, $called:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name([u8; 64]);

        impl $name {
            /// As stored or sent.
            pub const fn as_bytes(&self) -> &[u8; 64] {
                &self.0
            }

            /// Bytes as read from a store or a message, checked to be a ciphertext.
            ///
            /// # Errors
            /// [`NotOnTheCurve`]
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotOnTheCurve> {
                let unchecked = Self(bytes.try_into().map_err(|_| NotOnTheCurve($called))?);
                unchecked.point()?;
                Ok(unchecked)
            }

            fn point(&self) -> Result<EncryptedPseudonym, NotOnTheCurve> {
                point_of(&self.0).ok_or(NotOnTheCurve($called))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "(64 bytes)"))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
                Self::from_bytes(&bytes).map_err(serde::de::Error::custom)
            }
        }
    };
}
use ciphertext;

/// A person's origin, encrypted so that only both halves together bring anything out: all that the front stores, 64
/// bytes and which keys they are under. Two of one person share nothing that shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PolymorphicPseudonym {
    edition: KeyEdition,
    bytes: [u8; 64],
}

impl PolymorphicPseudonym {
    /// Which keys it is encrypted under.
    pub const fn edition(&self) -> KeyEdition {
        self.edition
    }

    /// As stored.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// As read from a store, checked to be a ciphertext.
    ///
    /// # Errors
    /// [`NotOnTheCurve`]
    pub fn from_stored(edition: KeyEdition, bytes: &[u8]) -> Result<Self, NotOnTheCurve> {
        let wrong = NotOnTheCurve("polymorphic pseudonym");
        let bytes = bytes.try_into().map_err(|_| wrong)?;
        point_of(&bytes).ok_or(wrong)?;
        Ok(Self { edition, bytes })
    }

    /// The ciphertext, for keys of `edition`.
    fn under(&self, edition: KeyEdition) -> Result<EncryptedPseudonym, Unusable> {
        if self.edition != edition {
            return Err(OtherEdition {
                of: self.edition,
                keys: edition,
            }
            .into());
        }
        point_of(&self.bytes).ok_or(Unusable::Bytes(NotOnTheCurve("polymorphic pseudonym")))
    }
}

impl fmt::Debug for PolymorphicPseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolymorphicPseudonym(edition {}, 64 bytes)", self.edition)
    }
}

impl serde::Serialize for PolymorphicPseudonym {
    /// `1.` and 86 characters of base64url: the edition travels with it, so that what was sent before a rotation and
    /// arrives after it is not taken for what it is not.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}.{}", self.edition, URL_SAFE_NO_PAD.encode(self.bytes)))
    }
}

impl<'de> serde::Deserialize<'de> for PolymorphicPseudonym {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let (edition, bytes) = text.split_once('.').ok_or_else(|| D::Error::custom("no edition"))?;
        let edition = edition.parse().map(KeyEdition).map_err(D::Error::custom)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).map_err(D::Error::custom)?;
        Self::from_stored(edition, &bytes).map_err(D::Error::custom)
    }
}

ciphertext! {
    /// What the front sends the blind half for one sign-in at one service: never the same twice.
    HalfWay, "half-way pseudonym"
}

/// How one service knows one person. Exists only while the blind half seals it to that service: it is wiped when
/// dropped, prints nothing and cannot be serialised.
pub struct ServicePseudonym([u8; 32]);

impl ServicePseudonym {
    /// 43 characters (base64url without padding), the same for every visit: the content of the `NameID`.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// The pseudonym that a service wrote down, as it tells it when it asks for a tombstone.
    ///
    /// # Errors
    /// [`NotOnTheCurve`] when no service can have been given this.
    pub fn from_exposed(text: &str) -> Result<Self, NotOnTheCurve> {
        let wrong = NotOnTheCurve("service's pseudonym");
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong)?;
        Ristretto255::deserialize_element(&bytes).ok_or(wrong)?;
        Ok(Self(bytes))
    }
}

impl Drop for ServicePseudonym {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The domain of origins. No service's domain can be equal to it: those begin with `service`.
fn origin_domain() -> PseudonymizationDomain {
    PseudonymizationDomain::from("origin")
}

impl Service {
    fn target(&self) -> (PseudonymizationDomain, EncryptionContext) {
        (self.label().into(), self.label().into())
    }
}

/// The ciphertext that `bytes` are. With the neutral element in front it would carry its content in clear.
fn point_of(bytes: &[u8; 64]) -> Option<EncryptedPseudonym> {
    EncryptedPseudonym::from_slice(bytes).filter(|point| point.value().gb != Ristretto255::identity())
}

fn bytes_of(point: &EncryptedPseudonym) -> [u8; 64] {
    let bytes = point.to_bytes();
    bytes
        .as_slice()
        .try_into()
        .expect("a ristretto255 ciphertext is two points of 32 bytes")
}

/// Our chance, spoken to in the words of the libraries for pseudonyms and for escrow.
pub(crate) struct Draws<'a>(pub(crate) &'a mut dyn Chance);

impl TryRng for Draws<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes(draw(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_le_bytes(draw(self.0)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Draws<'_> {}
