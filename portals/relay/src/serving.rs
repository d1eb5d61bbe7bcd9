//! Bringing the front up: its listeners, each with its own door and its own routes.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use portal_kit::{
    config::Listen,
    limit::Pace,
    listener::{Limits, Listener, Stop},
    site::Site,
    tls::{self, Clients, Identity, Versions},
};
use tracing::{info, warn};

use crate::{
    admin, artifact, discovery, ecp, eligibility,
    front::{Front, StartError},
    intake, manage_name, metadata, provider, pulled, records_discovery, slo, sso, telephone, witness,
};

/// The front with its listeners bound and not yet serving.
pub struct Bound {
    front: Arc<Front>,
    public: Listener,
    card: Listener,
    card_pkcs1: Listener,
    intake: Listener,
    admin: Listener,
}

/// Where each listener listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For browsers and services.
    pub public: SocketAddr,
    pub card: SocketAddr,
    /// For cards that sign PKCS#1 v1.5 only.
    pub card_pkcs1: SocketAddr,
    pub intake: SocketAddr,
    /// For the relay's operators.
    pub admin: SocketAddr,
}

impl Bound {
    /// Binds every listener.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn bind(front: Arc<Front>) -> Result<Self, StartError> {
        let config = &front.config;
        let cards = &front.cards;
        Ok(Self {
            public: bind(&config.public, Clients::Anyone, Versions::Both).await?,
            card: bind(&config.card, Clients::Checked(cards.verifier(false)), Versions::Both)
                .await?
                .with_limits(CARD),
            card_pkcs1: bind(
                &config.card_pkcs1,
                Clients::Checked(cards.verifier(true)),
                Versions::Tls12,
            )
            .await?
            .with_limits(CARD),
            intake: bind(
                &config.intake,
                Clients::Certified(tls::authorities(&config.offices.authorities)?),
                Versions::Both,
            )
            .await?,
            admin: bind(
                &config.admin,
                Clients::Certified(tls::authorities(&config.operators.authorities)?),
                Versions::Both,
            )
            .await?
            // Operators come with cards too, and type their passwords meanwhile.
            .with_limits(Limits::OF_CARDS),
            front,
        })
    }

    /// Where they listen.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            public: self.public.address(),
            card: self.card.address(),
            card_pkcs1: self.card_pkcs1.address(),
            intake: self.intake.address(),
            admin: self.admin.address(),
        }
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: Stop) {
        let front = &self.front;
        let services = Arc::new(Site::of_machines(Arc::clone(&front.clock)).own_traces().pace(SERVICES));
        let bridges = Site::of_machines(Arc::clone(&front.clock)).own_traces();
        let bridges = Arc::new(bridges.pace(pulled::WORDS_OF_CARDS));
        let public = front
            .site
            .dress(public_routes(Arc::clone(front)))
            .merge(services.wrap(machine_routes(Arc::clone(front))))
            .merge(bridges.wrap(pulled::watched_routes().with_state(Arc::clone(front))));
        let card = sso::card_routes().merge(ecp::routes()).with_state(Arc::clone(front));
        let card = front.site.dress(card);
        let machines = Arc::new(Site::of_machines(Arc::clone(&front.clock)));
        let intake = machines.dress(intake::routes().merge(witness::routes()).with_state(Arc::clone(front)));
        let admin = machines.dress(admin::routes().with_state(Arc::clone(front)));
        info!(entity = %front.entity(), "the front is up");
        tokio::join!(
            self.public.serve(public, stop.clone()),
            self.card.serve(card.clone(), stop.clone()),
            self.card_pkcs1.serve(card, stop.clone()),
            self.intake.serve(intake, stop.clone()),
            self.admin.serve(admin, stop.clone()),
            front.keep_telling(stop.clone()),
            sweep(Arc::clone(front), stop.clone()),
            write_refusals(Arc::clone(front), stop),
        );
        // Those that were still being answered when it was asked to stop.
        written(front).await;
    }
}

fn public_routes(front: Arc<Front>) -> Router {
    sso::routes()
        .merge(slo::routes())
        .merge(pulled::routes())
        .merge(manage_name::routes())
        .merge(discovery::routes())
        .merge(telephone::routes())
        .merge(provider::routes())
        .merge(metadata::routes())
        .with_state(front)
}

/// What services' servers ask on the same listener: their errors are no pages, and they are not slowed down by people
/// behind the same address, nor people by them.
fn machine_routes(front: Arc<Front>) -> Router {
    artifact::machine_routes()
        .merge(slo::machine_routes())
        .merge(manage_name::machine_routes())
        .merge(records_discovery::machine_routes())
        .merge(eligibility::machine_routes())
        .with_state(front)
}

/// A service's server fetches an artifact for each sign-in and tells of each logout, and many services may stand behind
/// one address. Each request costs two checks and a signature.
const SERVICES: Pace = Pace {
    burst: 2_000,
    each: std::time::Duration::from_millis(4),
};

/// The card's listeners: who is there is known by the handshake, so that each request needs one, and the card with it.
const CARD: Limits = Limits {
    one_request: true,
    ..Limits::OF_CARDS
};

async fn bind(listen: &Listen, clients: Clients, versions: Versions) -> Result<Listener, StartError> {
    let config = tls::server(&Identity::of(listen)?, clients, versions)?;
    let bound = Listener::bind(listen.address, config).await;
    let bound = bound.map_err(|reason| StartError::Listen {
        address: listen.address,
        reason,
    })?;
    Ok(bound)
}

/// Writes down what was refused, every two seconds.
async fn write_refusals(front: Arc<Front>, mut stop: Stop) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(2));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.asked() => return,
            _ = tick.tick() => written(&front).await,
        }
    }
}

async fn written(front: &Front) {
    if let Err(error) = front.write_refusals().await {
        warn!(%error, "what was refused could not be written down: it is kept until it can");
    }
}

/// Removes what has expired, every minute.
async fn sweep(front: Arc<Front>, mut stop: Stop) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(60));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.asked() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = front.records.sweep(front.now()).await {
            warn!(%error, "what has expired could not be removed");
        }
    }
}
