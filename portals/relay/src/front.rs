//! The front as a whole: what every page and every endpoint stands on. Nothing in it changes while it runs but what can
//! be read again from the records.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_kit::{
    client,
    config::secrets::{self, SecretError},
    form::FormGuard,
    limit::{Limiter, Pace},
    site::Site,
    tls::{self, TlsError},
    words::Words,
};
use relay_core::{
    chance::{SharedChance, draw},
    clock::Clock,
    envelope::TrustedKeys,
    seal::Sealer,
};
use relay_records::{front::FrontRecords, refusals::Tally};
use relay_saml::{
    DecryptionKeys,
    message::EntityId,
    signing::{SigningKey, SigningKeyError},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use store::Door;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{
    card::CardRules,
    config::Config,
    partners::{self, Partners},
    revoked::Revocations,
    second_half::SecondHalf,
    telephone,
    telling::InVain,
    witness::Witness,
};

/// Why the front does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A secret file cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A secret is not what its place says.
    #[error("{}: {reason}", file.display())]
    Key { file: PathBuf, reason: String },
    /// The key for SAML messages.
    #[error("{}: {reason}", file.display())]
    Signing { file: PathBuf, reason: SigningKeyError },
    /// A listener's address is taken, or not ours.
    #[error("cannot listen at {address}: {reason}")]
    Listen {
        address: std::net::SocketAddr,
        reason: io::Error,
    },
}

impl StartError {
    pub(crate) fn key(file: &Path, reason: &str) -> Self {
        Self::Key {
            file: file.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// The front.
pub struct Front {
    pub(crate) config: Config,
    pub(crate) records: FrontRecords,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: SharedChance,
    /// What tokens for the discovery service are sealed with.
    pub(crate) tokens: Sealer,
    /// Of forms that change something.
    pub(crate) forms: FormGuard,
    pub(crate) key: SigningKey,
    /// Certificates that stand in the metadata beside the key's own: the next or the last one.
    pub(crate) beside: Vec<Vec<u8>>,
    /// The blind half's certificate, DER: what names in LogoutRequests are encrypted to.
    pub(crate) names_certificate: Vec<u8>,
    /// For what other identity providers encrypt to us though no key for it stands in the metadata: the signing key.
    pub(crate) decryption: DecryptionKeys,
    pub(crate) cards: CardRules,
    pub(crate) second: SecondHalf,
    pub(crate) partners: Partners,
    /// Messages that were refused, until they are written down.
    pub(crate) refusals: Tally,
    /// Services that could not be told that sessions are over.
    pub(crate) in_vain: InVain,
    /// For telling partners by SOAP.
    pub(crate) web: reqwest::Client,
    pub(crate) offices: TrustedKeys,
    /// The second party of offices' trails, where it is one.
    pub(crate) witness: Option<Arc<Witness>>,
    /// Which of the operators' cards are good no more.
    pub(crate) revocations: Revocations,
    pub(crate) site: Arc<Site>,
    /// How often telephones ask for digits, and how often digits are tried: from one address, and from all together.
    pub(crate) codes: Limiter,
    pub(crate) tries: Limiter,
    pub(crate) tries_of_all: Limiter,
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Front({})", self.config.relay.entity)
    }
}

/// How long a partner may take to answer that a session is over: with the card pulled, all of them have answered or
/// been given up within two seconds.
const PARTNER_PATIENCE: Duration = Duration::from_millis(1_500);
/// A sign-in is half a dozen requests; a city hall's guests share one address.
const PAGES: Pace = Pace {
    burst: 600,
    each: Duration::from_millis(20),
};

pub(crate) const WORDS: portal_kit::words::Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

impl Front {
    /// The front as `config` says, by `clock`, drawing from `chance`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn load(config: Config, clock: Arc<dyn Clock>, chance: SharedChance) -> Result<Self, StartError> {
        let signing = &config.signing;
        let certificate = std::fs::read_to_string(&signing.certificate)
            .map_err(|error| StartError::key(&signing.certificate, &error.to_string()))?;
        let private = secrets::read(&signing.key_file)?;
        let decryption = decryption_keys(&private).map_err(|reason| StartError::key(&signing.key_file, reason))?;
        let key = SigningKey::from_pem(&private, &certificate).map_err(|reason| StartError::Signing {
            file: signing.key_file.clone(),
            reason,
        })?;
        let beside = match &signing.beside {
            Some(file) => tls::certificates(file)?.iter().map(|one| one.to_vec()).collect(),
            None => Vec::new(),
        };
        let cards = CardRules::load(
            &config.cards.residents,
            config.cards.workers.as_deref(),
            &config.cards.oid_arc,
        )?;
        let names = tls::certificates(&config.blind.names_certificate)?;
        Ok(Self {
            records: records(&config, chance.clone())?,
            tokens: secrets::sealer(&config.seal_keys_file)?,
            forms: FormGuard::new(&Zeroizing::new(
                secrets::sealer(&config.seal_keys_file)?.blind_index("forms", b"front"),
            )),
            key,
            decryption,
            beside,
            names_certificate: names.first().map(|one| one.to_vec()).unwrap_or_default(),
            cards,
            second: SecondHalf::load(&config, chance.clone())?,
            partners: Partners::new(partners::addresses(&config)),
            refusals: Tally::default(),
            in_vain: InVain::default(),
            web: web_client(&config)?,
            revocations: Revocations::load(
                &config.operators.revocations,
                &tls::certificates(&config.operators.authorities)?,
            )?,
            witness: config.witness.as_ref().map(Witness::open).transpose()?.map(Arc::new),
            offices: TrustedKeys::new(config.offices.keys.iter().cloned()),
            site: Arc::new(
                // Pages of the card's listeners lead back to the public one.
                Site::of_pages(Words::new(WORDS), join(&config.relay.address, "/"), Arc::clone(&clock))
                    .chance(chance.clone())
                    .of_city(config.city.clone())
                    .contact_at(config.contact.clone())
                    .pace(PAGES),
            ),
            codes: Limiter::new(telephone::CODES),
            tries: Limiter::new(telephone::TRIES),
            tries_of_all: Limiter::new(telephone::TRIES_OF_ALL),
            clock,
            chance,
            config,
        })
    }

    /// What it keeps.
    pub fn records(&self) -> &FrontRecords {
        &self.records
    }

    /// Its SAML name.
    pub fn entity(&self) -> &EntityId {
        &self.config.relay.entity
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// What ids, challenges and secrets are drawn from.
    pub(crate) fn chance(&self) -> SharedChance {
        self.chance.clone()
    }

    /// A secret for a cookie: 256 random bits, 43 characters.
    pub(crate) fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(draw::<32>(&mut self.chance()))
    }

    /// An address of the public listener.
    pub(crate) fn at(&self, path: &str) -> String {
        join(&self.config.relay.address, path)
    }

    /// An address of the card listener.
    pub(crate) fn card_at(&self, path: &str) -> String {
        join(&self.config.relay.card_address, path)
    }

    /// An address of the listener for cards that sign PKCS#1 v1.5 only.
    pub(crate) fn card_pkcs1_at(&self, path: &str) -> String {
        join(&self.config.relay.card_pkcs1_address, path)
    }

    /// What challenges are bound to.
    pub(crate) fn origin(&self) -> String {
        self.config.relay.address.origin().ascii_serialization()
    }
}

/// The records that `config` names, not yet connected.
pub(crate) fn records(config: &Config, chance: SharedChance) -> Result<FrontRecords, StartError> {
    let sealer = Arc::new(secrets::sealer(&config.seal_keys_file)?);
    let database = &config.database;
    let mut door = Door::new(
        database.host.display().to_string(),
        &database.name,
        &database.user,
        secrets::line(&database.password_file)?,
    );
    door.port = database.port;
    door.application = "madoguchi-relay".to_owned();
    door.connections = 16;
    Ok(FrontRecords::behind(&door, sealer, chance))
}

/// The RSA key of a PEM text, for opening what is encrypted to its certificate.
fn decryption_keys(private: &str) -> Result<DecryptionKeys, &'static str> {
    let key = PrivateKeyDer::from_pem_slice(private.as_bytes()).map_err(|_| "no private key in PEM")?;
    let PrivateKeyDer::Pkcs8(key) = key else {
        return Err("the private key is not PKCS#8");
    };
    DecryptionKeys::from_pkcs8([key.secret_pkcs8_der()]).map_err(|_| "the private key is not RSA of 2048 bits or more")
}

fn join(base: &url::Url, path: &str) -> String {
    format!("{}{path}", base.origin().ascii_serialization())
}

/// Partners are asked over `https`; where the configuration says so, over plain `http` on this machine too.
fn web_client(config: &Config) -> Result<reqwest::Client, TlsError> {
    let believes = tls::authorities(&config.partners.authorities)?;
    match config.partners.loopback {
        false => client::client(believes, None, PARTNER_PATIENCE),
        true => client::client_of_this_machine_too(believes, None, PARTNER_PATIENCE),
    }
}
