//! The program as a whole: a portal at the relay, with what its desks checked today beside it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use portal_kit::{
    config::secrets::{self, SecretError},
    icon,
    listener::{Listener, Stop},
};
use portal_service::{
    Link, Portal, Service,
    serving::{ListenError, Started},
};
use relay_core::{chance::SharedChance, clock::Clock};
use relay_saml::names::AuthnContext;
use secrecy::SecretString;

use crate::{
    Config,
    config::{Fhir, Named},
    desks::Desks,
    handed_on::{Folder, Server},
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
    Secret(#[from] SecretError),
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// A clinic's portal.
pub struct Clinic {
    pub(crate) named: Named,
    pub(crate) desks: Desks,
    pub(crate) files: Option<Folder>,
    fhir: Option<(Fhir, SecretString)>,
    clock: Arc<dyn Clock>,
    service: Arc<Service>,
}

impl Clinic {
    /// The clinic that `config` describes, at `clock`'s time. Nothing is connected yet.
    ///
    /// # Errors
    /// [`StartError`]
    pub fn load(config: Config, clock: Arc<dyn Clock>, chance: SharedChance) -> Result<Arc<Self>, StartError> {
        let fhir = match config.fhir {
            None => None,
            Some(fhir) => {
                let token = secrets::line(&fhir.token_file)?;
                Some((fhir, token))
            }
        };
        Ok(Arc::new(Self {
            service: Arc::new(Service::new(&PORTAL, config.service, Arc::clone(&clock), chance)?),
            files: config.files,
            fhir,
            clock,
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
    pub async fn listen(self: Arc<Self>) -> Result<Listening, StartError> {
        let fhir = match &self.fhir {
            None => None,
            Some((fhir, token)) => {
                let listener = Listener::plain_on_loopback(fhir.address).await;
                let listener = listener.map_err(|reason| ListenError::Taken {
                    address: fhir.address,
                    reason,
                })?;
                Some(Server::new(
                    Arc::clone(&self),
                    listener,
                    token.clone(),
                    Arc::clone(&self.clock),
                ))
            }
        };
        let forgetting = Arc::downgrade(&self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGET).await;
                let Some(clinic) = forgetting.upgrade() else { return };
                clinic.desks.forget(clinic.service.moment());
            }
        });
        let service = Arc::clone(&self.service);
        Ok(Listening {
            started: Started::with_pages(service, pages::routes(self)).await?,
            fhir,
        })
    }
}

/// A clinic's portal, listening but not yet serving.
pub struct Listening {
    started: Started,
    fhir: Option<Server>,
}

impl Listening {
    /// Where the clinic's own system asks.
    pub fn fhir_address(&self) -> Option<SocketAddr> {
        self.fhir.as_ref().map(Server::address)
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: Stop) {
        let fhir = async {
            if let Some(server) = self.fhir {
                server.serve(stop.clone()).await;
            }
        };
        tokio::join!(self.started.run(stop.clone()), fhir);
    }
}
