//! The blind half: finishes what the front began, for services whose share it holds, and for no other.

use std::{collections::HashMap, fmt};

use libpep::{
    client::{decrypt, distributed::make_pseudonym_session_key},
    contexts::EncryptionContext,
    data::simple::ElGamalEncryptable as _,
    elgamal::arithmetic::{Group as _, Ristretto255},
    factors::{PseudonymizationInfo, RekeyPublicKey as _, derivation::make_pseudonym_rekey_factor},
    keys::{
        PseudonymSessionPublicKey, PseudonymSessionSecretKey,
        distribution::{SessionKeyShare as _, make_pseudonym_session_key_share},
    },
    transcryptor::pseudonymize,
};
use zeroize::Zeroize as _;

use super::{
    BlindSecret, Draws, HalfWay, KeyEdition, NotOnTheCurve, Service, ServicePseudonym, ServiceShare, origin_domain,
};
use crate::chance::Chance;

/// Why a share is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareRefused {
    /// With it, everything the front stores could be opened here. It must be destroyed, and the keys rotated.
    #[error("the front sent the share of the global context; it is not kept. Tell the front, and rotate the keys")]
    Global,
    /// Another share was taken for this service before: a share never changes while the keys stay.
    #[error("another share is held for {0}")]
    Changed(String),
    /// No number of the group.
    #[error(transparent)]
    NotAShare(#[from] NotOnTheCurve),
}

/// The blind half of every pseudonym.
pub struct BlindHalf {
    secret: BlindSecret,
    services: HashMap<Service, ServiceKey>,
}

/// All that finishing for one service takes, worked out once.
struct ServiceKey {
    share: ServiceShare,
    info: PseudonymizationInfo,
    /// The key that what comes from the front is under.
    incoming: PseudonymSessionPublicKey,
    secret: PseudonymSessionSecretKey,
}

impl Drop for ServiceKey {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.info.s.zeroize();
        self.info.k.zeroize();
    }
}

impl BlindHalf {
    /// The half that `secret` makes. It can finish for nobody yet.
    pub fn new(secret: BlindSecret) -> Self {
        Self {
            secret,
            services: HashMap::new(),
        }
    }

    /// Which keys it works with.
    pub const fn edition(&self) -> KeyEdition {
        self.secret.edition
    }

    /// Whether it can finish for `service`.
    pub fn serves(&self, service: &Service) -> bool {
        self.services.contains_key(service)
    }

    /// Whether `share` is no service's share but the front's blinding factor of these keys, with which all that is stored
    /// under them could be opened here.
    ///
    /// # Errors
    /// [`NotOnTheCurve`]
    pub fn is_global(&self, share: &ServiceShare) -> Result<bool, NotOnTheCurve> {
        // k(global) = 1, so the global share is b1 itself, and b1 · G is known from the ceremony.
        let mut front = share.scalar()?;
        let commitment = Ristretto255::serialize_element(&Ristretto255::scalar_mult_gen(front.value()));
        front.zeroize();
        Ok(commitment == self.secret.front_commitment)
    }

    /// Whether `share` would be taken for `service`; nothing is taken.
    ///
    /// # Errors
    /// [`ShareRefused`]
    pub fn check_share(&self, service: &Service, share: &ServiceShare) -> Result<(), ShareRefused> {
        if self.is_global(share)? {
            return Err(ShareRefused::Global);
        }
        let Some(held) = self.services.get(service) else {
            return Ok(());
        };
        let (mut one, mut other) = (held.share.scalar()?, share.scalar()?);
        let same = one == other;
        one.zeroize();
        other.zeroize();
        match same {
            true => Ok(()),
            false => Err(ShareRefused::Changed(service.entity().to_owned())),
        }
    }

    /// Takes the front's `share` for `service`; the same one again changes nothing.
    ///
    /// # Errors
    /// [`ShareRefused`]
    pub fn accept_share(&mut self, service: Service, share: ServiceShare) -> Result<(), ShareRefused> {
        self.check_share(&service, &share)?;
        if self.serves(&service) {
            return Ok(());
        }
        let mut front = share.scalar()?;
        let transcryptor = self.secret.transcryptor();
        let (domain, context) = service.target();
        let mut factor = make_pseudonym_rekey_factor(transcryptor.rekeying_secret(), &context);
        let mut blinding = self.secret.blinding();
        let mut own = make_pseudonym_session_key_share(&factor, &blinding);
        let mut blinded = self.secret.blinded();
        let (public, secret) = make_pseudonym_session_key(blinded, &[front, own]);
        for wiped in [&mut front, &mut own] {
            wiped.zeroize();
        }
        factor.zeroize();
        blinding.zeroize();
        blinded.zeroize();
        let info = transcryptor.pseudonymization_info(&origin_domain(), &domain, &EncryptionContext::Global, &context);
        let incoming = info.reverse().rekey_public_key(&public);
        let key = ServiceKey {
            share,
            info,
            incoming,
            secret,
        };
        self.services.insert(service, key);
        Ok(())
    }

    /// `service`'s pseudonym for the person behind `half`. What is not encrypted for this service comes out as
    /// some other point: the sender is checked before, by its envelope.
    ///
    /// `None` when the front never gave a share for `service`.
    ///
    /// # Errors
    /// [`NotOnTheCurve`]
    pub fn finish(
        &self,
        half: &HalfWay,
        service: &Service,
        chance: &mut dyn Chance,
    ) -> Result<Option<ServicePseudonym>, NotOnTheCurve> {
        let Some(key) = self.services.get(service) else {
            return Ok(None);
        };
        let finished = pseudonymize(&half.point()?, &key.info, &key.incoming, &mut Draws(chance));
        let pseudonym = decrypt(&finished, &key.secret);
        Ok(Some(ServicePseudonym(pseudonym.to_bytes())))
    }

    #[cfg(test)]
    pub(super) fn secret(&self) -> &BlindSecret {
        &self.secret
    }

    #[cfg(test)]
    pub(super) fn service_secret(&self, service: &Service) -> PseudonymSessionSecretKey {
        self.services[service].secret
    }
}

impl fmt::Debug for BlindHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BlindHalf(edition {}, {} services)",
            self.secret.edition,
            self.services.len()
        )
    }
}
