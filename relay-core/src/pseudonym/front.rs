//! The front's half: from what it stores to something only the blind half can finish, for one service.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libpep::{
    contexts::EncryptionContext,
    factors::{PseudonymizationInfo, derivation::make_pseudonym_rekey_factor},
    keys::distribution::{
        BlindingFactor, PseudonymSessionKeyShare, SessionKeyShare as _, make_pseudonym_session_key_share,
    },
    transcryptor::{Transcryptor, pseudonymize},
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    Draws, FrontSecret, GlobalKey, HalfWay, KeyEdition, NotOnTheCurve, PolymorphicPseudonym, Service, Unusable,
    bytes_of, origin_domain,
};
use crate::chance::Chance;

/// The front's half of every pseudonym.
pub struct FrontHalf {
    transcryptor: Transcryptor,
    blinding: BlindingFactor,
    global: GlobalKey,
}

impl FrontHalf {
    /// The half that `secret` makes.
    pub fn new(secret: &FrontSecret) -> Self {
        Self {
            transcryptor: secret.transcryptor(),
            blinding: secret.blinding(),
            global: secret.global,
        }
    }

    /// Which keys it works with.
    pub const fn edition(&self) -> KeyEdition {
        self.global.edition
    }

    /// The person's stored ciphertext, half-way to `service`. Each call gives another one.
    ///
    /// # Errors
    /// [`Unusable`] when the stored bytes are no ciphertext, or one under other keys.
    pub fn half(
        &self,
        pseudonym: &PolymorphicPseudonym,
        service: &Service,
        chance: &mut dyn Chance,
    ) -> Result<HalfWay, Unusable> {
        let stored = pseudonym.under(self.edition())?;
        let info = self.info(service);
        let half = pseudonymize(&stored, &info, &self.global.as_session(), &mut Draws(chance));
        Ok(HalfWay(bytes_of(&half)))
    }

    /// The key share that lets the blind half finish for `service`, and for no other. Given once for each service.
    pub fn service_share(&self, service: &Service) -> ServiceShare {
        let (_, context) = service.target();
        let mut factor = make_pseudonym_rekey_factor(self.transcryptor.rekeying_secret(), &context);
        let mut share = make_pseudonym_session_key_share(&factor, &self.blinding);
        factor.zeroize();
        let bytes = share.to_bytes();
        share.zeroize();
        ServiceShare(bytes)
    }

    fn info(&self, service: &Service) -> PseudonymizationInfo {
        let (domain, context) = service.target();
        self.transcryptor
            .pseudonymization_info(&origin_domain(), &domain, &EncryptionContext::Global, &context)
    }
}

impl Drop for FrontHalf {
    fn drop(&mut self) {
        self.blinding.zeroize();
    }
}

impl fmt::Debug for FrontHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrontHalf(edition {})", self.edition())
    }
}

/// The front's key share for one service. There is none for anything else.
pub struct ServiceShare([u8; 32]);

impl ServiceShare {
    /// As sent to the blind half, inside an envelope over mutual TLS. A secret of both halves.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// As the blind half receives it. What it is worth is found by [`super::BlindHalf::accept_share`].
    ///
    /// # Errors
    /// [`NotOnTheCurve`]
    pub fn from_text(text: &str) -> Result<Self, NotOnTheCurve> {
        let wrong = NotOnTheCurve("service share");
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong)?);
        let share = Self(bytes.as_slice().try_into().map_err(|_| wrong)?);
        share.scalar()?.zeroize();
        Ok(share)
    }

    pub(super) fn scalar(&self) -> Result<PseudonymSessionKeyShare, NotOnTheCurve> {
        PseudonymSessionKeyShare::from_bytes(&self.0).ok_or(NotOnTheCurve("service share"))
    }
}

impl Drop for ServiceShare {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ServiceShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceShare(…)")
    }
}
