//! The program as a whole: a portal at the relay, with what its desks checked today beside it.

use std::{sync::Arc, time::Duration};

use portal_kit::icon;
use portal_service::{
    Link, Portal, Service,
    serving::{ListenError, Started},
};
use relay_core::{chance::SharedChance, clock::Clock};
use relay_saml::names::AuthnContext;

use crate::{
    Config,
    config::Named,
    desks::Desks,
    pages::{self, WORDS},
};

/// How often what is over is forgotten.
const FORGET: Duration = Duration::from_secs(60);

/// What the portal is: workers sign in, nobody else.
pub static PORTAL: Portal = Portal {
    code: "eligibility",
    names: &[("ja", "資格確認"), ("en", "Insurance check")],
    words: WORDS,
    pages: &[Link {
        to: "/",
        words: "page-desk",
        icon: icon::CARD,
    }],
    contexts: &[AuthnContext::WorkerCard],
    routes: axum::Router::new,
    log: env!("CARGO_CRATE_NAME"),
};

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Service(#[from] portal_service::StartError),
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// A clinic's portal.
pub struct Clinic {
    pub(crate) named: Named,
    pub(crate) desks: Desks,
    service: Arc<Service>,
}

impl Clinic {
    /// The clinic that `config` describes, at `clock`'s time. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn load(config: Config, clock: Arc<dyn Clock>, chance: SharedChance) -> Result<Arc<Self>, StartError> {
        Ok(Arc::new(Self {
            service: Arc::new(Service::new(&PORTAL, config.service, clock, chance)?),
            named: config.clinic,
            desks: Desks::default(),
        }))
    }

    /// Its portal at the relay.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Listens where its configuration says.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn listen(self: Arc<Self>) -> Result<Started, StartError> {
        let forgetting = Arc::downgrade(&self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGET).await;
                let Some(clinic) = forgetting.upgrade() else { return };
                clinic.desks.forget(clinic.service.moment());
            }
        });
        let service = Arc::clone(&self.service);
        Ok(Started::with_pages(service, pages::routes(self)).await?)
    }
}
