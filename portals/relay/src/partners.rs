//! Partners as requests are judged by: their metadata read, their keys ready. What was read is kept until the records
//! say that something changed, so that switching off counts at once and reading XML is not repeated.

mod fitness;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use portal_kit::Language;
use relay_records::front::{FrontError, FrontRecords, Partner, PartnerKind, PartnerState};
use relay_saml::{
    Addresses, Exception, Ground, Peer, Refusal, TrustedKeys,
    message::{Endpoint, Entity, EntityId, SpRole},
    names::Binding,
    read_entity,
};
use time::OffsetDateTime;

use crate::config::Config;

pub use fitness::{Unfit, fit_as_service};

/// Why a partner's message is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum PartnerFault {
    #[error("no partner of that name is registered")]
    Unknown,
    /// It is registered and not switched on.
    #[error("the partner is switched off, or not approved yet")]
    NotOn,
    /// Its metadata have expired.
    #[error("the partner's metadata have expired: register the new ones")]
    Expired,
    /// Its metadata can't be used.
    #[error("the partner's metadata can't be used: {0}")]
    Metadata(Refusal),
    /// It is another kind of partner than the message is of.
    #[error("the partner is of another kind")]
    OtherKind,
    #[error(transparent)]
    Records(#[from] FrontError),
}

impl PartnerFault {
    /// For the log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "partner.unknown",
            Self::NotOn => "partner.not_on",
            Self::Expired => "partner.expired",
            Self::Metadata(_) => "partner.metadata",
            Self::OtherKind => "partner.other_kind",
            Self::Records(_) => "partner.records",
        }
    }
}

/// How a service hears that a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hears {
    /// From server to server: a pulled or stopped card ends its session at once.
    FromTheRelay,
    /// By the person's browser only: a pulled or stopped card does not end its session, logging out does.
    FromTheBrowser,
    Nothing,
}

impl Hears {
    /// By what stands in `entity`'s metadata.
    pub fn of(entity: &Entity) -> Self {
        let by = |wanted: &[Binding]| {
            let service = entity.sp.as_ref().map(|sp| &sp.role.single_logout);
            service.is_some_and(|places| places.iter().any(|place| wanted.contains(&place.binding)))
        };
        if by(&[Binding::Soap]) {
            Self::FromTheRelay
        } else if by(&[Binding::Redirect, Binding::Post]) {
            Self::FromTheBrowser
        } else {
            Self::Nothing
        }
    }

    /// As operators' programs read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FromTheRelay => "from-the-relay",
            Self::FromTheBrowser => "from-the-browser",
            Self::Nothing => "nothing",
        }
    }
}

/// A partner, ready to be spoken with.
#[derive(Debug)]
pub struct Known {
    pub partner: Partner,
    /// What its metadata say.
    pub entity: Entity,
    /// Its keys, and what is taken from it beyond the profile.
    pub peer: Peer,
}

/// Of names in several languages (BCP 47) the one for whoever reads `language`: in Japanese where there is none in it, else
/// the first.
pub fn called(names: &[(String, String)], language: Language) -> Option<&str> {
    let is_in = |wanted: &str| {
        names.iter().find(|(tag, _)| {
            tag.split('-')
                .next()
                .is_some_and(|tag| tag.eq_ignore_ascii_case(wanted))
        })
    };
    is_in(language.tag())
        .or_else(|| is_in("ja"))
        .or(names.first())
        .map(|(_, name)| name.as_str())
}

impl Known {
    /// Reads a partner's metadata.
    fn read(partner: Partner, metadata: &str, addresses: Addresses, now: OffsetDateTime) -> Result<Self, Refusal> {
        // Two operators approved the file of this fingerprint; whatever else the column holds is not believed.
        let approved = partner.current.as_ref().ok_or(Refusal::Fingerprint)?.sha256;
        let id = EntityId::parse(&partner.entity_id).ok_or(Refusal::Malformed("entityID"))?;
        let entity = read_entity(metadata.as_bytes(), &id, Ground::Approved(approved), addresses, now)?;
        let role = match partner.kind {
            PartnerKind::Service => entity.sp.as_ref().map(|sp| &sp.role),
            PartnerKind::Provider => entity.idp.as_ref().map(|idp| &idp.role),
        };
        let keys = TrustedKeys::from_descriptors(&role.ok_or(Refusal::Missing("role"))?.keys)?;
        let mut exceptions: Vec<_> = partner
            .exceptions
            .iter()
            .filter_map(|name| Exception::parse(name))
            .collect();
        // A trial is there to see how a service names people when it logs out; in service it is refused.
        if partner.state == PartnerState::Trial {
            exceptions.push(Exception::NameInClear);
        }
        Ok(Self {
            peer: Peer::new(entity.id.clone(), keys, exceptions),
            partner,
            entity,
        })
    }

    /// As a service.
    pub const fn service(&self) -> Option<&SpRole> {
        self.entity.sp.as_ref()
    }

    /// The certificates of its keys for signing, DER: one of them its connections to providers show. A service that changes
    /// its key has two in its metadata for a while, and either may be at work.
    pub(crate) fn signing_certificates(&self) -> Vec<Vec<u8>> {
        let keys = self.service().map(|service| &service.role.keys);
        let signing = keys.into_iter().flatten().filter(|key| key.usage.signs());
        signing.map(|key| key.certificate.clone()).collect()
    }

    /// What it is called, for people who read `language`.
    pub fn shown_as(&self, language: Language) -> Option<&str> {
        called(&self.entity.organisation, language)
    }

    /// Where it takes logout messages by `binding`.
    pub fn logout_at(&self, binding: Binding) -> Option<&Endpoint> {
        let service = self.entity.sp.as_ref().map(|sp| &sp.role.single_logout);
        let provider = self.entity.idp.as_ref().map(|idp| &idp.role.single_logout);
        service
            .or(provider)?
            .iter()
            .find(|endpoint| endpoint.binding == binding)
    }

    /// Where a browser can be sent that tells it of a logout, and how.
    pub fn visited_at(&self) -> Option<(&Endpoint, Binding)> {
        [Binding::Redirect, Binding::Post]
            .into_iter()
            .find_map(|binding| Some((self.logout_at(binding)?, binding)))
    }

    /// By what word of the relay's a session there ends.
    pub fn hears_of_logouts(&self) -> Hears {
        Hears::of(&self.entity)
    }

    /// Whether its messages are taken now.
    ///
    /// # Errors
    /// When it is off, or its metadata have expired.
    pub(crate) fn usable(&self, now: OffsetDateTime) -> Result<(), PartnerFault> {
        if !matches!(self.partner.state, PartnerState::On | PartnerState::Trial) {
            return Err(PartnerFault::NotOn);
        }
        let recorded = self.partner.current.as_ref().and_then(|edition| edition.valid_until);
        let until = [recorded, self.entity.valid_until].into_iter().flatten().min();
        match until {
            Some(until) if now >= until => Err(PartnerFault::Expired),
            _ => Ok(()),
        }
    }
}

/// Whether what a trial showed of a service holds of its next edition: names are encrypted to the same keys and sent to
/// the same places. Other keys for signing are checked by each message, and need no trial.
pub(crate) fn tried_alike(current: &Entity, next: &Entity) -> bool {
    let tried = |entity: &Entity| {
        let sp = entity.sp.as_ref()?;
        let keys = sp.role.keys.iter().filter(|key| key.usage.encrypts()).cloned();
        Some((
            keys.collect::<Vec<_>>(),
            sp.consumers.clone(),
            sp.role.single_logout.clone(),
        ))
    };
    tried(current) == tried(next)
}

/// Which addresses may stand in metadata, as the configuration says.
pub(crate) const fn addresses(config: &Config) -> Addresses {
    match config.partners.loopback {
        true => Addresses::HttpsOrLoopback,
        false => Addresses::Https,
    }
}

/// What was read of partners' metadata.
#[derive(Debug)]
pub struct Partners {
    kept: Mutex<HashMap<String, Arc<Known>>>,
    addresses: Addresses,
}

impl Partners {
    /// Nothing read yet; `addresses` are the ones that may stand in metadata.
    pub fn new(addresses: Addresses) -> Self {
        Self {
            kept: Mutex::default(),
            addresses,
        }
    }

    /// The partner `entity`, which must be on (or on trial) and whose metadata must be good at `now`.
    ///
    /// # Errors
    /// [`PartnerFault`]
    pub async fn find(
        &self,
        records: &FrontRecords,
        entity: &EntityId,
        now: OffsetDateTime,
    ) -> Result<Arc<Known>, PartnerFault> {
        let known = self.known(records, entity.as_str(), now).await?;
        known.usable(now)?;
        Ok(known)
    }

    /// The partner `entity`, however it stands: for telling it that a session is over.
    ///
    /// # Errors
    /// [`PartnerFault`]
    pub async fn known(
        &self,
        records: &FrontRecords,
        entity: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<Known>, PartnerFault> {
        let found = records.partner(entity).await?.ok_or(PartnerFault::Unknown)?;
        if found.partner.current.is_none() {
            return Err(PartnerFault::NotOn);
        }
        let kept = self.kept().get(entity).cloned();
        if let Some(kept) = kept
            && kept.partner == found.partner
        {
            return Ok(kept);
        }
        let read =
            Known::read(found.partner, &found.metadata, self.addresses, now).map_err(|refusal| match refusal {
                Refusal::MetadataExpired => PartnerFault::Expired,
                refusal => PartnerFault::Metadata(refusal),
            })?;
        let read = Arc::new(read);
        self.kept().insert(entity.to_owned(), Arc::clone(&read));
        Ok(read)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Known>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use relay_saml::message::{IndexedEndpoint, KeyDescriptor, KeyUse, Role};

    use super::*;

    fn service(keys: &[(KeyUse, u8)], consumer: &str) -> Entity {
        Entity {
            id: EntityId::parse("https://clinic.example/saml").unwrap(),
            valid_until: None,
            cache_for: None,
            idp: None,
            sp: Some(SpRole {
                role: Role {
                    keys: keys
                        .iter()
                        .map(|(usage, key)| KeyDescriptor {
                            usage: *usage,
                            certificate: vec![*key],
                            methods: Vec::new(),
                        })
                        .collect(),
                    ..Role::default()
                },
                consumers: vec![IndexedEndpoint {
                    index: 0,
                    is_default: None,
                    binding: Some(Binding::Post),
                    location: consumer.to_owned(),
                }],
                ..SpRole::default()
            }),
            organisation: Vec::new(),
            contacts: Vec::new(),
        }
    }

    #[test]
    fn a_key_for_signing_is_rolled_without_a_trial_and_one_for_encryption_or_another_place_is_not() {
        const ACS: &str = "https://clinic.example/acs";
        let now = service(&[(KeyUse::Signing, 1), (KeyUse::Encryption, 2)], ACS);
        let later = |keys: &[_], consumer| tried_alike(&now, &service(keys, consumer));
        assert!(later(&[(KeyUse::Signing, 9), (KeyUse::Encryption, 2)], ACS));
        assert!(!later(&[(KeyUse::Signing, 1), (KeyUse::Encryption, 9)], ACS));
        assert!(!later(&[(KeyUse::Signing, 1), (KeyUse::Both, 2)], ACS));
        assert!(!later(
            &[(KeyUse::Signing, 1), (KeyUse::Encryption, 2)],
            "https://clinic.example/other"
        ));
    }
}
