//! A provider as a whole: its service at the relay, its schema, its records.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::get};
use back_office_records::BackOfficeRecords;
use portal_kit::{
    Trouble, Visit,
    config::secrets::{self, SecretError},
};
use portal_service::{
    Portal, Service,
    serving::{ListenError, Started},
};
use relay_core::{chance::SharedChance, clock::Clock};
use relay_saml::names::AuthnContext;
use store::Door;

use crate::{
    Config,
    config::Signers,
    query,
    schema::{Schema, SchemaError},
};

/// Why a provider does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Config(String),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Service(#[from] portal_service::StartError),
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// A provider.
pub struct Office {
    pub(crate) service: Arc<Service>,
    pub(crate) schema: Schema,
    pub(crate) records: BackOfficeRecords,
    /// Whose data they are, for people.
    pub(crate) source: String,
    /// How long it is kept who looked.
    looks: time::Duration,
    /// Who signs for agreements.
    pub(crate) signers: Signers,
}

impl Office {
    /// The provider that `config` describes, at `clock`'s time. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn load(config: &Config, clock: Arc<dyn Clock>, chance: SharedChance) -> Result<Self, StartError> {
        let schema = Schema::load(&config.schema, &config.folder)?;
        let service = portal_service::config::Config::load(&config.service);
        let service = service.map_err(|error| StartError::Config(error.to_string()))?;
        Ok(Self {
            service: Arc::new(Service::new(portal(config), service, clock, chance.clone())?),
            records: records(config, chance)?,
            schema,
            source: config.name_ja.clone(),
            looks: config.looks,
            signers: config.signers.clone(),
        })
    }

    /// Its service at the relay.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// What it keeps.
    pub fn records(&self) -> &BackOfficeRecords {
        &self.records
    }

    /// What kind of records it provides.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Removes, once a day for as long as it is waited for, what its keeping time is over for: who looked.
    pub async fn forget_looks_daily(&self) {
        loop {
            let before = self.service.moment() - self.looks;
            match self.records.forget_looks(before).await {
                Ok(0) => {}
                Ok(looks) => tracing::info!(looks, "looks past their keeping time are removed"),
                Err(error) => tracing::warn!(%error, "looks past their keeping time"),
            }
            tokio::time::sleep(std::time::Duration::from_secs(86_400)).await;
        }
    }

    /// Listens where the configuration of its service says.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn listen(self: Arc<Self>) -> Result<Started, StartError> {
        let service = Arc::clone(&self.service);
        Ok(Started::providing(service, query::routes().with_state(self)).await?)
    }
}

/// The records that `config` names, not yet connected.
///
/// # Errors
/// [`SecretError`]
pub fn records(config: &Config, chance: SharedChance) -> Result<BackOfficeRecords, SecretError> {
    let database = &config.records;
    let mut door = Door::new(
        database.host.to_string_lossy(),
        database.name.as_str(),
        database.user.as_str(),
        secrets::line(&database.password_file)?,
    );
    door.port = database.port;
    door.application = config.code.clone();
    let sealer = Arc::new(secrets::sealer(&config.seal_keys_file)?);
    Ok(BackOfficeRecords::behind(&door, sealer, chance))
}

const JAPANESE: &str = include_str!("../words/ja.ftl");
const EASY: &str = include_str!("../words/easy.ftl");
const ENGLISH: &str = include_str!("../words/en.ftl");

/// What the instance is as a portal. Made once for a process, which is one provider.
fn portal(config: &Config) -> &'static Portal {
    let words = |name: &str, rest: &str| -> &'static str { format!("portal-name = {name}\n{rest}").leak() };
    let owned = |text: &str| -> &'static str { text.to_owned().leak() };
    Box::leak(Box::new(Portal {
        code: owned(&config.code),
        names: vec![("ja", owned(&config.name_ja)), ("en", owned(&config.name_en))].leak(),
        words: [
            words(&config.name_ja, JAPANESE),
            words(&config.name_ja, EASY),
            words(&config.name_en, ENGLISH),
        ],
        pages: &[],
        contexts: &[AuthnContext::CardPin],
        routes,
        log: "back_office",
    }))
}

/// A provider has no pages for residents: who comes here is told where their records are shown.
fn routes() -> Router<Arc<Service>> {
    Router::new().route("/", get(about))
}

async fn about(State(service): State<Arc<Service>>, visit: Visit) -> Result<Response, Trouble> {
    Ok(service.notice(&visit, "about-title", "about-text"))
}
