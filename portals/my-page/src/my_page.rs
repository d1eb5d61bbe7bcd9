//! What every page and message of My Page works with.

use std::{path::Path, sync::Arc};

use portal_kit::{
    Site,
    config::secrets::{self, SecretError},
    cookie::{Cookie, SameSite, SealedCookie},
    form::FormGuard,
    limit::Pace,
    listener::Stop,
    tls::{self, TlsError},
};
use provider_records::{ProviderRecords, SessionLimits};
use relay_core::{
    clock::Clock,
    saml::{
        DecryptionKeys, Refusal,
        signing::{SigningKey, SigningKeyError},
    },
};
use store::Door;
use time::Duration;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    config::{Config, KeyFiles},
    relay::{KnownRelay, Relay},
};

/// The session's secret. `Lax`: a link from a letter or another page comes back signed in.
pub(crate) const SESSION: Cookie = Cookie {
    name: "my-page",
    same_site: SameSite::Lax,
    life: None,
};
/// The browser that was sent off to sign in. `None`: the answer is a form that another site's page posts.
pub(crate) const ASKED: Cookie = Cookie {
    name: "my-page-asked",
    same_site: SameSite::None,
    life: Some(ANSWER_WITHIN),
};
/// How long a resident may take at the relay.
pub(crate) const ANSWER_WITHIN: Duration = Duration::minutes(15);

/// Why My Page cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// TLS keys.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A secret file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A key for messages.
    #[error("{}: {reason}", file.display())]
    Key {
        /// Its certificate's file.
        file: std::path::PathBuf,
        /// What is wrong.
        reason: SigningKeyError,
    },
    /// The relay's metadata file cannot be read.
    #[error("the relay's metadata {} cannot be read: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: std::path::PathBuf,
        /// The system's reason.
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

/// My Page, ready to serve.
pub struct MyPage {
    pub(crate) config: Config,
    pub(crate) records: ProviderRecords,
    pub(crate) site: Arc<Site>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) signing: SigningKey,
    pub(crate) encryption_certificate: Vec<u8>,
    pub(crate) decryption: DecryptionKeys,
    relay: KnownRelay,
    pub(crate) forms: FormGuard,
    /// Which logout this browser was sent off with.
    pub(crate) leaving: SealedCookie,
}

impl MyPage {
    /// From the configuration, at `clock`'s time.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let sealer = Arc::new(secrets::sealer(&config.seal_keys_file)?);
        let database = &config.database;
        let mut door = Door::new(
            database.host.to_string_lossy(),
            database.name.as_str(),
            database.user.as_str(),
            secrets::line(&database.password_file)?,
        );
        door.port = database.port;
        door.application = "my-page".to_owned();
        let limits = SessionLimits {
            idle: config.session.idle,
            longest: config.session.longest,
        };
        // No reader turns four pages a second for long.
        let pace = Pace {
            burst: 60,
            each: std::time::Duration::from_millis(250),
        };
        let site = Site::of_pages(crate::pages::words(), "/", Arc::clone(&clock))
            .contact_at(config.contact.clone())
            .session_pace(SESSION, pace);
        let (_, encryption_key) = pair(&config.encryption)?;
        let encryption_certificate = certificate(&config.encryption)?;
        Ok(Self {
            signing: signing_key(&config.signing)?,
            decryption: DecryptionKeys::from_pkcs8([encryption_key.as_slice()]).map_err(StartError::Encryption)?,
            encryption_certificate,
            relay: KnownRelay::read(&config, Arc::clone(&sealer), clock.now())?,
            forms: FormGuard::new(&Zeroizing::new(sealer.blind_index("forms", b"my-page"))),
            leaving: SealedCookie::new(
                "my-page-leaving",
                SameSite::Lax,
                Duration::minutes(10),
                Arc::clone(&sealer),
            ),
            records: ProviderRecords::behind(&door, sealer, limits),
            site: Arc::new(site),
            clock,
            config,
        })
    }

    /// An address of My Page as browsers and the relay know it.
    pub(crate) fn at(&self, path: &str) -> String {
        let origin = self.config.address.origin().ascii_serialization();
        format!("{origin}{path}")
    }

    /// The relay as its metadata say now.
    pub(crate) fn relay(&self) -> Arc<Relay> {
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

fn certificate(files: &KeyFiles) -> Result<Vec<u8>, StartError> {
    let found = tls::certificates(&files.certificate)?;
    Ok(found
        .first()
        .map(|certificate| certificate.to_vec())
        .unwrap_or_default())
}

/// The certificate and the key in PKCS#8.
fn pair(files: &KeyFiles) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), StartError> {
    Ok((certificate(files)?, private(&files.key_file)?))
}

fn private(file: &Path) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let key = tls::private_key(file)?;
    Ok(Zeroizing::new(key.secret_der().to_vec()))
}

fn signing_key(files: &KeyFiles) -> Result<SigningKey, StartError> {
    let (certificate, key) = pair(files)?;
    SigningKey::from_pkcs8(&key, &certificate).map_err(|reason| StartError::Key {
        file: files.certificate.clone(),
        reason,
    })
}
