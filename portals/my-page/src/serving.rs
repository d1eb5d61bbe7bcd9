//! Starting My Page: its listener, its routes, and the sweeping of what is over.

use std::{io, net::SocketAddr, sync::Arc};

use axum::Router;
use portal_kit::{
    Site,
    listener::{Listener, Stop},
    tls::{self, Clients, Identity, Versions},
};

use crate::{MyPage, StartError, pages, saml};

/// How often what is over is swept away.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// My Page, listening but not yet serving.
pub struct Started {
    listener: Listener,
    my_page: Arc<MyPage>,
}

/// Why it cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// TLS.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address is taken.
    #[error("cannot listen at {address}: {reason}")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        reason: io::Error,
    },
}

impl Started {
    /// Listens where the configuration says.
    ///
    /// # Errors
    /// [`ListenError`]
    pub async fn new(my_page: MyPage) -> Result<Self, ListenError> {
        let listen = &my_page.config.listen;
        let identity = Identity::of(listen).map_err(StartError::from)?;
        let tls = tls::server(&identity, Clients::Anyone, Versions::Both).map_err(StartError::from)?;
        let listener = Listener::bind(listen.address, tls)
            .await
            .map_err(|reason| ListenError::Taken {
                address: listen.address,
                reason,
            })?;
        Ok(Self {
            listener,
            my_page: Arc::new(my_page),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// My Page itself.
    pub fn my_page(&self) -> &Arc<MyPage> {
        &self.my_page
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: Stop) {
        let mut over = stop.clone();
        let sweeping = Arc::clone(&self.my_page);
        let sweeper = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = over.asked() => return,
                    () = tokio::time::sleep(SWEEP) => sweeping.sweep().await,
                }
            }
        });
        let fresh = self.my_page.keep_relay_fresh(stop.clone());
        tokio::join!(self.listener.serve(self.my_page.routes(), stop.clone()), fresh);
        sweeper.abort();
    }
}

impl MyPage {
    /// Pages for people, and the one route that the relay itself asks.
    fn routes(self: &Arc<Self>) -> Router {
        let people = pages::routes().merge(saml::routes()).with_state(Arc::clone(self));
        let machines = saml::machine_routes().with_state(Arc::clone(self));
        let for_machines = Arc::new(Site::of_machines(Arc::clone(&self.clock)));
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
