//! Starting a portal: its listener, its routes, and the sweeping of what is over.

use std::{io, net::SocketAddr, sync::Arc};

use axum::Router;
use portal_kit::{
    Site,
    listener::{Listener, Stop},
    tls::{self, Clients, Identity, Versions},
};

use crate::{Service, StartError, pages, saml};

/// How often what is over is swept away.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// A portal, listening but not yet serving.
pub struct Started {
    listener: Listener,
    service: Arc<Service>,
    pages: Router<Arc<Service>>,
    provided: Router,
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address is taken.
    #[error("cannot listen at {address}: {reason}")]
    Taken { address: SocketAddr, reason: io::Error },
}

impl Started {
    /// Listens where the configuration says.
    ///
    /// # Errors
    /// [`ListenError`]
    pub async fn new(service: Service) -> Result<Self, ListenError> {
        Self::listening(Arc::new(service), Clients::Anyone, (Router::new(), Router::new())).await
    }

    /// The same with `pages` beside the portal's own: of a program that keeps something of its own for them.
    ///
    /// # Errors
    /// [`ListenError`]
    pub async fn with_pages(service: Arc<Service>, pages: Router<Arc<Service>>) -> Result<Self, ListenError> {
        Self::listening(service, Clients::Anyone, (pages, Router::new())).await
    }

    /// The same for one that provides records: `machines` are asked by other services, known by what their connections show.
    ///
    /// # Errors
    /// [`ListenError`]
    pub async fn providing(service: Arc<Service>, machines: Router) -> Result<Self, ListenError> {
        Self::listening(service, Clients::Shown, (Router::new(), machines)).await
    }

    async fn listening(
        service: Arc<Service>,
        clients: Clients,
        (pages, provided): (Router<Arc<Service>>, Router),
    ) -> Result<Self, ListenError> {
        let listen = &service.config.listen;
        let identity = Identity::of(listen).map_err(StartError::from)?;
        let tls = tls::server(&identity, clients, Versions::Both).map_err(StartError::from)?;
        let listener = Listener::bind(listen.address, tls)
            .await
            .map_err(|reason| ListenError::Taken {
                address: listen.address,
                reason,
            })?;
        Ok(Self {
            listener,
            service,
            pages,
            provided,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// What its pages work with.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: Stop) {
        let mut over = stop.clone();
        let sweeping = Arc::clone(&self.service);
        let sweeper = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = over.asked() => return,
                    () = tokio::time::sleep(SWEEP) => sweeping.sweep().await,
                }
            }
        });
        let fresh = self.service.keep_relay_fresh(stop.clone());
        tokio::join!(
            self.listener
                .serve(self.service.routes(self.pages, self.provided), stop.clone()),
            fresh
        );
        sweeper.abort();
    }
}

impl Service {
    /// Pages for people, and the one route that the relay itself asks.
    fn routes(self: &Arc<Self>, beside: Router<Arc<Self>>, provided: Router) -> Router {
        let own = (self.portal.routes)().merge(beside).merge(pages::routes());
        let people = own.merge(saml::routes()).with_state(Arc::clone(self));
        let machines = saml::machine_routes().with_state(Arc::clone(self)).merge(provided);
        // Whoever asks is known by what the message bears, if at all: nobody's trace id is taken over.
        let for_machines = Site::of_machines(Arc::clone(&self.clock)).chance(self.chance.clone());
        let for_machines = Arc::new(for_machines.own_traces());
        self.site.dress(people).merge(for_machines.wrap(machines))
    }

    async fn sweep(&self) {
        let now = self.clock.now();
        match self.records.sweep(now, now - self.config.session.history).await {
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(error) => tracing::warn!(%error, "nothing was swept"),
        }
    }
}
