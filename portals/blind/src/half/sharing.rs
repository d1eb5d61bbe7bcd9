//! The front's key shares: one for each service and edition, never one with which more could be opened than a service's.

use std::sync::PoisonError;

use relay_core::{
    chance::OsChance,
    envelope::{
        Kind, Opened,
        orders::{Share, Shared},
    },
    pseudonym::{KeyEdition, Service, ServiceShare, ShareRefused},
};
use relay_records::blind::KeptShare;
use tracing::{error, info};

use super::{Half, Keys, Refused, refused, service};

impl Half {
    /// Answers an envelope of the kind [`Kind::Share`] with one of the kind [`Kind::Shared`].
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn share(&self, text: &str) -> Result<String, Refused> {
        let opened: Opened<Share> = self.open(text, Kind::Share)?;
        let service = service(&opened.body.service)?;
        self.take_once(&opened).await?;
        if !self.is_pinned(&service) {
            return Err(Refused::UnknownService);
        }
        let text = zeroize::Zeroizing::new(opened.body.share);
        let share = ServiceShare::from_text(&text).map_err(ShareRefused::from)?;
        let edition = opened.body.edition;
        if let Err(refused) = self.check_share(&service, edition, &share) {
            error!(service = service.entity(), code = refused.code(), "share refused");
            return Err(refused);
        }
        let kept = KeptShare {
            service,
            edition,
            share: text,
        };
        // The database first: where it holds another, this process must not go on with this one.
        let now = self.clock.now();
        self.records
            .keep_share(&kept, now, &mut OsChance)
            .await
            .map_err(refused)?;
        {
            let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
            if !keys.take_share(kept.service.clone(), edition, share)? {
                return Err(Refused::NoShare);
            }
        }
        info!(service = kept.service.entity(), %edition, "share taken");
        let answer = Shared {
            answers: opened.number,
            service: opened.body.service,
        };
        Ok(self.answer(Kind::Shared, &answer))
    }

    fn check_share(&self, service: &Service, edition: KeyEdition, share: &ServiceShare) -> Result<(), Refused> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.none_is_global(share)?;
        let half = keys.halves.get(&edition).ok_or(Refused::NoShare)?;
        Ok(half.check_share(service, share)?)
    }
}

impl Keys {
    /// Takes a share for `edition`; whether that edition is in use.
    pub(super) fn take_share(
        &mut self,
        service: Service,
        edition: KeyEdition,
        share: ServiceShare,
    ) -> Result<bool, ShareRefused> {
        self.none_is_global(&share)?;
        match self.halves.get_mut(&edition) {
            Some(half) => half.accept_share(service, share).map(|()| true),
            None => Ok(false),
        }
    }

    /// That `share` opens nothing stored under any of the editions in use: during a rotation the blinding factor of one
    /// could be sent as a share of the other.
    fn none_is_global(&self, share: &ServiceShare) -> Result<(), ShareRefused> {
        for half in self.halves.values() {
            if half.is_global(share)? {
                return Err(ShareRefused::Global);
            }
        }
        Ok(())
    }
}
