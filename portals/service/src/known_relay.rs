//! The relay front as its metadata say, kept fresh: fetched anew before they expire and when a message is signed with a
//! key they do not name. A fetched document counts only when it is signed with a key of the one held so far; the last
//! good one is kept, across restarts too, until its own end.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use portal_kit::{
    client::{self, AskError, Client},
    listener::Stop,
    tls,
};
use relay_core::{
    chance::SharedChance,
    clock::Clock,
    seal::{Place, Sealer},
};
use relay_saml::{
    Addresses, Ground, Peer, Refusal, TrustedKeys, fingerprint,
    message::{Endpoint, Entity, EntityId, IdpRole},
    names::Binding,
    read_entity,
    sealing::SealingKey,
};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use tracing::{info, warn};
use url::Url;

use crate::{config::Config, service::StartError};

/// No metadata of one relay are larger.
const LARGEST: usize = 1024 * 1024;
/// How long the relay may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// Asked for at most so often, whoever sends messages with unknown keys.
const AT_MOST_EVERY: Duration = Duration::minutes(1);
/// After a fetch in vain.
const AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(10 * 60);
/// What `cacheDuration` may ask for; without one, the longer.
const EVERY: (Duration, Duration) = (Duration::minutes(10), Duration::hours(6));

/// The relay front as its metadata say.
pub struct IdentityProvider {
    /// Who it is and by which keys it is known.
    pub peer: Peer,
    /// Where AuthnRequests go by redirect.
    pub sign_on: String,
    /// Where logouts go by redirect, if there is such a place.
    pub logout: Option<Endpoint>,
    /// What names in logouts are encrypted to: without one there is no logout by the relay.
    pub sealing: Option<SealingKey>,
    /// Not to be used from then on.
    pub valid_until: Option<OffsetDateTime>,
    /// How long until they should be fetched anew.
    cache_for: Option<Duration>,
    /// What the next metadata are believed by.
    keys: TrustedKeys,
    sha256: [u8; 32],
}

impl IdentityProvider {
    /// The identity provider `entity` in the metadata `bytes`.
    ///
    /// # Errors
    /// [`StartError::Metadata`] when they are not believed on `ground` or can't be read; [`StartError::Lacking`] when they
    /// name no identity provider or no place to sign on by redirect.
    pub fn read(bytes: &[u8], entity: &EntityId, ground: Ground<'_>, now: OffsetDateTime) -> Result<Self, StartError> {
        let Entity {
            id,
            valid_until,
            cache_for,
            idp,
            ..
        } = read_entity(bytes, entity, ground, Addresses::Https, now).map_err(StartError::Metadata)?;
        let IdpRole {
            role, single_sign_on, ..
        } = idp.ok_or(StartError::Lacking("identity provider"))?;
        let by_redirect = |endpoints: Vec<Endpoint>| {
            endpoints
                .into_iter()
                .find(|endpoint| endpoint.binding == Binding::Redirect)
        };
        let keys = || TrustedKeys::from_descriptors(&role.keys).map_err(StartError::Metadata);
        let mut sealing = role.keys.iter().filter(|key| key.usage.encrypts());
        Ok(Self {
            peer: Peer::new(id, keys()?, Vec::new()),
            sign_on: by_redirect(single_sign_on)
                .ok_or(StartError::Lacking("place to sign on by redirect"))?
                .location,
            sealing: sealing.find_map(|key| SealingKey::described(key).ok()),
            keys: keys()?,
            logout: by_redirect(role.single_logout),
            valid_until,
            cache_for,
            sha256: fingerprint(bytes),
        })
    }
}

/// Why metadata that were fetched are not taken.
#[derive(Debug, thiserror::Error)]
enum NotFresh {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Read(#[from] StartError),
    #[error("they are older than those held: somebody sends old ones")]
    Older,
    #[error("the relay answers with status {0}")]
    Status(u16),
}

/// The relay, as known now.
pub(crate) struct KnownRelay {
    now: RwLock<Arc<IdentityProvider>>,
    entity: EntityId,
    fetching: Option<(Url, Client)>,
    kept: Kept,
    last_asked: Mutex<Option<OffsetDateTime>>,
}

impl KnownRelay {
    /// From the file that operators compared, or the younger document that was fetched since.
    ///
    /// # Errors
    /// [`StartError`]
    pub(crate) fn read(
        config: &Config,
        sealer: Arc<Sealer>,
        chance: SharedChance,
        now: OffsetDateTime,
    ) -> Result<Self, StartError> {
        let relay = &config.relay;
        let kept = Kept {
            file: relay.metadata.with_extension("kept"),
            approved: half_of(&relay.fingerprint),
            sealer,
            chance,
        };
        let since = kept.read().and_then(|bytes| {
            let ground = Ground::Approved(fingerprint(&bytes));
            let read = IdentityProvider::read(&bytes, &relay.entity, ground, now);
            read.inspect_err(|error| warn!(%error, "the relay's metadata fetched last are of no use"))
                .ok()
        });
        let held = match since {
            Some(since) => since,
            None => {
                let file = &relay.metadata;
                let bytes = fs::read(file).map_err(|reason| StartError::Unreadable {
                    file: file.clone(),
                    reason,
                })?;
                IdentityProvider::read(&bytes, &relay.entity, Ground::Approved(relay.fingerprint), now)?
            }
        };
        let fetching = match &relay.fetched {
            None => None,
            Some(fetched) => {
                let believes = tls::authorities(&fetched.authorities)?;
                Some((fetched.address.clone(), client::client(believes, None, PATIENCE)?))
            }
        };
        Ok(Self {
            now: RwLock::new(Arc::new(held)),
            entity: relay.entity.clone(),
            fetching,
            kept,
            last_asked: Mutex::new(None),
        })
    }

    pub(crate) fn now(&self) -> Arc<IdentityProvider> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fetches the metadata, unless that was done a moment ago; whether they are others now.
    pub(crate) async fn refresh(&self, now: OffsetDateTime) -> bool {
        let Some((address, client)) = &self.fetching else {
            return false;
        };
        let before = self.now().sha256;
        // One at a time: who waited for another's fetch has its result.
        let mut last = self.last_asked.lock().await;
        if last.is_some_and(|last| now - last < AT_MOST_EVERY) {
            return self.now().sha256 != before;
        }
        *last = Some(now);
        match self.fetch(address, client, now).await {
            Ok(fresh) => {
                let changed = fresh.sha256 != before;
                info!(changed, "the relay's metadata are fresh");
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
                changed
            }
            Err(error) => {
                warn!(%error, "the relay's metadata could not be fetched: those held so far count");
                false
            }
        }
    }

    async fn fetch(&self, address: &Url, client: &Client, now: OffsetDateTime) -> Result<IdentityProvider, NotFresh> {
        let answer = client.get(address.clone()).send().await.map_err(AskError::from)?;
        if !answer.status().is_success() {
            return Err(NotFresh::Status(answer.status().as_u16()));
        }
        let bytes = client::body(answer, LARGEST).await?;
        let held = self.now();
        let fresh = IdentityProvider::read(&bytes, &self.entity, Ground::Signed(&held.keys), now)?;
        if fresh.valid_until < held.valid_until {
            return Err(NotFresh::Older);
        }
        if let Err(error) = self.kept.write(&bytes) {
            warn!(%error, file = %self.kept.file.display(), "fresh metadata can't be kept for the next start");
        }
        Ok(fresh)
    }

    /// Fetches them as often as they ask for, until `stop`.
    pub(crate) async fn keep_fresh(&self, clock: &dyn Clock, mut stop: Stop) {
        if self.fetching.is_none() {
            return;
        }
        loop {
            let now = clock.now();
            self.refresh(now).await;
            let held = self.now();
            let asked_for = held.cache_for.unwrap_or(EVERY.1).clamp(EVERY.0, EVERY.1);
            let left = held.valid_until.map_or(asked_for, |until| (until - now) / 2);
            let wait = std::time::Duration::try_from(asked_for.min(left))
                .unwrap_or_default()
                .max(AGAIN_AFTER);
            tokio::select! {
                () = stop.asked() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Where fetched metadata are kept: sealed with this service's own key to the fingerprint that operators approved. Nobody
/// else can write it, and another approved file leaves it behind.
struct Kept {
    file: PathBuf,
    approved: [u8; 16],
    sealer: Arc<Sealer>,
    chance: SharedChance,
}

impl Kept {
    fn place(&self) -> Place<'_> {
        Place {
            table: "relay",
            row: &self.approved,
            column: "metadata",
        }
    }

    fn read(&self) -> Option<Vec<u8>> {
        let sealed = fs::read(&self.file).ok()?;
        match self.sealer.open(self.place(), &sealed) {
            Ok(plain) => Some(plain.to_vec()),
            Err(_) => {
                info!("other metadata of the relay were approved since the last fetch");
                None
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let beside: &Path = &self.file.with_extension("new");
        fs::write(beside, self.sealer.seal(self.place(), bytes, &mut self.chance.clone()))?;
        fs::rename(beside, &self.file)
    }
}

/// As much of a fingerprint as a place has room for; 128 bits nobody finds a second file to.
fn half_of(fingerprint: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|place| fingerprint[place])
}

/// Whether the message may be signed with a key that younger metadata name.
pub(crate) const fn may_be_a_new_key(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::SignatureInvalid | Refusal::NoKey)
}
