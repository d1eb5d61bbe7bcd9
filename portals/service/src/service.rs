//! A portal as it says what it is, and what every page and message of one works with.

use std::{path::Path, sync::Arc};

use axum::Router;
use portal_kit::{
    Say, Site, Visit, Words,
    client::{self, Client},
    config::secrets::{self, SecretError},
    cookie::{Cookie, SameSite, SealedCookie},
    form::FormGuard,
    limit::Pace,
    listener::Stop,
    page::Link,
    tls::{self, Identity, TlsError},
    words::Sources,
};
use provider_records::{PastSignIn, ProviderRecords, SessionLimits};
use relay_core::{chance::SharedChance, clock::Clock};
use relay_saml::{
    DecryptionKeys, Refusal,
    names::{AuthnContext, Binding},
    signing::{SigningKey, SigningKeyError},
};
use store::Door;
use time::{Duration, OffsetDateTime};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    IdentityProvider, SignedIn,
    config::{Config, KeyFiles},
    known_relay::KnownRelay,
    pages,
    party::{Endpoints, RelyingParty},
    records::PATIENCE,
    saml::{CONSUMER, LOGOUT, LOGOUT_SOAP},
    session::trouble,
};

/// How long a resident may take at the relay.
pub(crate) const ANSWER_WITHIN: Duration = Duration::minutes(15);
/// How long the relay may take to end a session everywhere.
const LEFT_WITHIN: Duration = Duration::minutes(10);
/// No reader turns four pages a second for long.
const PAGES_OF_ONE: Pace = Pace {
    burst: 60,
    each: std::time::Duration::from_millis(250),
};

/// What a portal is, beside what stands on its pages.
pub struct Portal {
    /// Its short name, in ASCII letters and hyphens: of its cookies, its seals, its connections to the database and, with
    /// `.toml`, its configuration file. Another one for each portal of a host.
    pub code: &'static str,
    /// What people call it: languages (BCP 47) with names, the first of them sent along with requests.
    pub names: &'static [(&'static str, &'static str)],
    /// The words of its pages. `portal-name`, `welcome-title`, `welcome-lead`, and each page's words with `-about` are always
    /// said.
    pub words: Sources,
    /// Its pages for whoever is signed in, in the order of their links: the pages a sign-in comes back to, too.
    pub pages: &'static [Link],
    /// How a person may have been authenticated.
    pub contexts: &'static [AuthnContext],
    /// The routes of its pages.
    pub routes: fn() -> Router<Arc<Service>>,
    /// The crate whose log lines are the portal's: `env!("CARGO_CRATE_NAME")`.
    pub log: &'static str,
}

/// Why a portal cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A key for messages.
    #[error("{}: {reason}", file.display())]
    Key {
        file: std::path::PathBuf,
        reason: SigningKeyError,
    },
    /// The relay's metadata file cannot be read.
    #[error("the relay's metadata {} cannot be read: {reason}", file.display())]
    Unreadable {
        file: std::path::PathBuf,
        reason: std::io::Error,
    },
    /// The relay's metadata are not believed or cannot be used.
    #[error("the relay's metadata: {0}. Fetch them anew, compare the fingerprint with the relay's operator")]
    Metadata(Refusal),
    /// The relay's metadata lack something.
    #[error("the relay's metadata name no {0}")]
    Lacking(&'static str),
    /// The encryption key is none.
    #[error("the encryption key: {0}")]
    Encryption(Refusal),
}

/// The cookies of one portal.
pub(crate) struct Cookies {
    /// The session's secret. `Lax`: a link from a letter or another page comes back signed in.
    pub(crate) session: Cookie,
    /// The browser that was sent off to sign in. `None`: the answer is a form that another site's page posts.
    pub(crate) asked: Cookie,
    /// Which logout this browser was sent off with.
    pub(crate) leaving: SealedCookie,
}

/// A portal, ready to serve.
pub struct Service {
    pub(crate) portal: &'static Portal,
    pub(crate) config: Config,
    pub(crate) records: ProviderRecords,
    pub(crate) site: Arc<Site>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: SharedChance,
    pub(crate) party: RelyingParty,
    pub(crate) forms: FormGuard,
    pub(crate) cookies: Cookies,
    /// For asking providers of records, where the configuration says that they may be asked.
    pub(crate) web: Option<Client>,
    relay: KnownRelay,
}

impl Service {
    /// `portal` as `config` says, at `clock`'s time. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn new(
        portal: &'static Portal,
        config: Config,
        clock: Arc<dyn Clock>,
        chance: SharedChance,
    ) -> Result<Self, StartError> {
        let sealer = Arc::new(secrets::sealer(&config.seal_keys_file)?);
        let database = &config.database;
        let mut door = Door::new(
            database.host.to_string_lossy(),
            database.name.as_str(),
            database.user.as_str(),
            secrets::line(&database.password_file)?,
        );
        door.port = database.port;
        door.application = portal.code.to_owned();
        let limits = SessionLimits {
            idle: config.session.idle,
            longest: config.session.longest,
        };
        // Once for each portal of a process, which is one.
        let named = |what: &str| -> &'static str { format!("{}{what}", portal.code).leak() };
        let cookies = Cookies {
            session: Cookie {
                name: portal.code,
                same_site: SameSite::Lax,
                life: None,
            },
            asked: Cookie {
                name: named("-asked"),
                same_site: SameSite::None,
                life: Some(ANSWER_WITHIN),
            },
            leaving: SealedCookie::new(named("-leaving"), SameSite::Lax, LEFT_WITHIN, Arc::clone(&sealer)),
        };
        let site = Site::of_pages(Words::layered(&[pages::WORDS, portal.words]), "/", Arc::clone(&clock))
            .chance(chance.clone())
            .of_city(config.city.clone())
            .brand_leads_home()
            .contact_at(config.contact.clone())
            .session_pace(cookies.session, PAGES_OF_ONE);
        let owned = |(language, name): &(&str, &str)| ((*language).to_owned(), (*name).to_owned());
        let encryption_key = private(&config.encryption.key_file)?;
        let party = RelyingParty {
            entity: config.entity.clone(),
            origin: config.address.origin().ascii_serialization(),
            endpoints: Endpoints {
                consumers: vec![(Binding::Post, CONSUMER)],
                single_logout: vec![(Binding::Redirect, LOGOUT), (Binding::Soap, LOGOUT_SOAP)],
                discovery: None,
            },
            names: portal.names.iter().map(owned).collect(),
            signing: signing_key(&config.signing)?,
            encryption_certificate: certificate(&config.encryption)?,
            decryption: DecryptionKeys::from_pkcs8([encryption_key.as_slice()]).map_err(StartError::Encryption)?,
            skew: config.relay.skew,
        };
        let web = match &config.records {
            None => None,
            Some(records) => {
                // Providers know the portal by the key that the relay knows it by.
                let own = Identity::load(&config.signing.certificate, &config.signing.key_file)?;
                Some(client::client(
                    tls::authorities(&records.authorities)?,
                    Some(&own),
                    PATIENCE,
                )?)
            }
        };
        Ok(Self {
            web,
            relay: KnownRelay::read(&config, Arc::clone(&sealer), chance.clone(), clock.now())?,
            forms: FormGuard::new(&Zeroizing::new(sealer.blind_index("forms", portal.code.as_bytes()))),
            records: ProviderRecords::behind(&door, sealer, limits, chance.clone()),
            site: Arc::new(site),
            portal,
            party,
            cookies,
            clock,
            chance,
            config,
        })
    }

    /// Its name at the relay and at providers.
    pub fn entity(&self) -> &str {
        self.party.entity.as_str()
    }

    /// The words in the visitor's language.
    pub fn say(&self, visit: &Visit) -> Say<'_> {
        self.site.say(visit)
    }

    /// The last `most` sign-ins of a person, the newest first.
    ///
    /// # Errors
    /// [`portal_kit::Trouble`] when the records are away.
    pub async fn history(&self, person: &SignedIn, most: i64) -> Result<Vec<PastSignIn>, portal_kit::Trouble> {
        self.records.history(&person.session, most).await.map_err(trouble)
    }

    /// How long past sign-ins are kept.
    pub fn history_life(&self) -> Duration {
        self.config.session.history
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn chance(&self) -> SharedChance {
        self.chance.clone()
    }

    /// The relay as its metadata say now.
    pub(crate) fn relay(&self) -> Arc<IdentityProvider> {
        self.relay.now()
    }

    /// Fetches the relay's metadata anew, unless that was done a moment ago; whether they are others now.
    pub(crate) async fn refresh_relay(&self) -> bool {
        self.relay.refresh(self.clock.now()).await
    }

    /// Keeps the relay's metadata fresh, until `stop`.
    pub(crate) async fn keep_relay_fresh(&self, stop: Stop) {
        self.relay.keep_fresh(&*self.clock, stop).await;
    }

    /// The relay's origin: forms of ours may be redirected there.
    pub(crate) fn relay_address(&self) -> Option<Url> {
        Url::parse(&self.relay().logout.as_ref()?.location).ok()
    }
}

/// The first certificate of a file, DER.
fn certificate(files: &KeyFiles) -> Result<Vec<u8>, StartError> {
    let found = tls::certificates(&files.certificate)?;
    Ok(found
        .first()
        .map(|certificate| certificate.to_vec())
        .unwrap_or_default())
}

/// A private key in PKCS#8.
fn private(file: &Path) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let key = tls::private_key(file)?;
    Ok(Zeroizing::new(key.secret_der().to_vec()))
}

fn signing_key(files: &KeyFiles) -> Result<SigningKey, StartError> {
    SigningKey::from_pkcs8(&private(&files.key_file)?, &certificate(files)?).map_err(|reason| StartError::Key {
        file: files.certificate.clone(),
        reason,
    })
}
