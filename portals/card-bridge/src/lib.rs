//! A loopback helper at a desk: signs a challenge with the card for a browser that cannot.
//!
//! Browsers at desks and kiosks mostly have no PKCS#11 module for the card. There the relay front's page has a link to
//! `http://127.0.0.1:PORT/sign?challenge=…&return=…`. What follows happens on this helper's own pages, by plain
//! navigation: no cross-origin request, no script of the front's ([`pages`]). The helper says who asks and how many
//! tries the PIN has left, takes the PIN, has the card sign ([`desk`]), and sends the browser back with a form. From
//! then on it watches the reader and tells the front when the card is pulled ([`watch`], [`telling`]). Where its
//! configuration says so it tells of every card of ours that is pulled at this desk, by the card's certificates
//! ([`looking`]): also of one that a browser signed in with by itself.
//!
//! What it signs is [`signing::text`] and nothing else, and only for a front that its configuration names. It never
//! logs a PIN, a certificate or a challenge, keeps no PIN or challenge longer than a sign-in takes and no certificate
//! longer than its front has to be told of it, and knows no people.

pub mod asks;
pub mod config;
pub mod desk;
pub mod eligibility;
pub mod looking;
pub mod owed;
pub mod pages;
pub mod signing;
pub mod telling;
pub mod watch;

use std::{io, sync::Arc, time::Duration};

use portal_kit::{
    listener::{Limits, Listener, Stop},
    tls::TlsError,
};
use relay_core::{chance::SharedChance, clock::Clock};

use crate::{
    config::Config, desk::Desk, eligibility::Reading, owed::Owed, pages::Bridge, telling::Teller, watch::Watch,
};

/// Why the helper cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not one of this machine's own.
    #[error("cannot listen at {address}: {reason}")]
    Listen {
        address: std::net::SocketAddr,
        reason: io::Error,
    },
    /// The front's authority cannot be believed.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The helper, listening but not yet serving.
pub struct Started {
    listener: Listener,
    bridge: Arc<Bridge>,
    watch: Watch,
}

impl Started {
    /// Listens as `config` says.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn new(config: &Config, clock: Arc<dyn Clock>, chance: SharedChance) -> Result<Self, StartError> {
        let listener = Listener::plain_on_loopback(config.address)
            .await
            .map_err(|reason| StartError::Listen {
                address: config.address,
                reason,
            })?;
        let limits = Limits {
            body: 1024,
            // A PIN is checked by the card while the request waits, and a chip may take its time.
            request: Duration::from_secs(60),
            ..Limits::default()
        };
        let listener = listener.with_limits(limits);
        let teller = Teller::new(&config.authorities)?;
        let fronts = match config.every_card {
            true => config.origins.clone(),
            false => Vec::new(),
        };
        let owed = Owed::open(config.owed_file.clone(), &config.origins, Arc::clone(&clock));
        let watch = Watch::begin(teller, fronts, owed);
        let eligibility = config.eligibility.as_ref().map(|wanted| {
            let reader = wanted.reader.clone().or_else(|| config.reader.clone());
            Reading::begin(&wanted.origin, config.origins.clone(), reader)
        });
        let bridge = Bridge::new(
            config.origins.clone(),
            (Desk::new(config.reader.clone()), eligibility),
            watch.eye(),
            listener.address(),
            (config.city.clone(), config.contact.clone()),
            (clock, chance),
        );
        Ok(Self {
            listener,
            bridge: Arc::new(bridge),
            watch,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.listener.address()
    }

    /// Serves until `stop`; then tells the fronts that no card is watched any more.
    pub async fn run(self, stop: Stop) {
        self.listener.serve(self.bridge.routes(), stop).await;
        self.watch.end().await;
    }
}
