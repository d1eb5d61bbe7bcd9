//! My Page on a fresh database, and an identity provider made here from the shared core: what the relay front is to My
//! Page, without cards, halves or partners. Both on real sockets with TLS.
#![allow(dead_code)]

pub mod relay;

use std::{net::SocketAddr, sync::Arc};

use my_page::MY_PAGE as PORTAL;
use portal_kit::{
    listener::{Listener, Stopper},
    tls::{self, Clients, Versions},
};
use portal_service::{Service, serving::Started};
use portal_testing::Authority;
use provider_records_testing::TestProvider;
use relay_core::{
    chance::SharedChance,
    clock::{Clock, HandClock, SystemClock},
};
use relay_saml::{Addresses, Ground, fingerprint, message::EntityId, read_entity};
use relay_testing::{TestPortal, portal::Files};
use store::testing::LoneCluster;

use relay::Relay;
pub use relay_testing::portal::KnownRelay;

/// Names that browsers and this test take for this machine (RFC 6761 section 6.3).
pub const MY_PAGE: &str = "my-page.localhost";
pub const RELAY: &str = "relay.localhost";
const ENTITY: &str = "https://my-page.example/saml";

pub struct Rig {
    /// `https://my-page.localhost:port`.
    pub my_page: String,
    pub relay: Arc<Relay>,
    pub authority: Authority,
    pub clock: HandClock,
    pub database: TestProvider,
    pub files: Files,
    _stoppers: Vec<Stopper>,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Rig {
    /// With a clock whose hand the test moves.
    pub async fn start() -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records_testing::open(7).await.unwrap();
        Self::start_by(Arc::new(hand.clone()), hand, database).await
    }

    /// At `moment`, drawing from `chance`, with nothing going on but what is asked of it.
    pub async fn start_still(moment: time::OffsetDateTime, chance: SharedChance) -> Self {
        let hand = HandClock::at(moment);
        let database = provider_records_testing::open(7).await.unwrap();
        Self::start_drawing(Arc::new(hand.clone()), hand, database, Some(chance)).await
    }

    /// The same with its records in `cluster`, for tests that take the database away.
    pub async fn start_on(cluster: &LoneCluster) -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records_testing::open_on(cluster, 7).await.unwrap();
        Self::start_by(Arc::new(hand.clone()), hand, database).await
    }

    /// With the machine's own clock, for browsers that take their time.
    pub async fn start_now() -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records_testing::open(7).await.unwrap();
        Self::start_by(Arc::new(SystemClock), hand, database).await
    }

    async fn start_by(clock: Arc<dyn Clock>, hand: HandClock, database: TestProvider) -> Self {
        Self::start_drawing(clock, hand, database, None).await
    }

    async fn start_drawing(
        clock: Arc<dyn Clock>,
        hand: HandClock,
        database: TestProvider,
        chance: Option<SharedChance>,
    ) -> Self {
        let authority = Authority::new("Shiomi test authority");
        let mut stoppers = Vec::new();

        let public = Listener::bind(loopback(0), authority.server(&[RELAY]).for_anyone())
            .await
            .unwrap();
        let card_tls = tls::server(
            &authority.server(&[RELAY]).identity,
            Clients::Certified(authority.roots()),
            Versions::Both,
        );
        let card = Listener::bind(loopback(0), card_tls.unwrap()).await.unwrap();
        let relay = Arc::new(Relay::new(
            format!("https://{RELAY}:{}", public.address().port()),
            format!("https://{RELAY}:{}", card.address().port()),
            Arc::clone(&clock),
        ));
        for (listener, routes) in [(public, relay.public_routes()), (card, relay.card_routes())] {
            let (stopper, stop) = Stopper::new();
            tokio::spawn(listener.serve(routes, stop));
            stoppers.push(stopper);
        }

        let known = KnownRelay {
            entity: relay.entity.as_str().to_owned(),
            metadata: relay.metadata(),
            address: format!("{}/saml/metadata", relay.base),
        };
        let files = Files::write((&PORTAL, ENTITY, MY_PAGE), &authority, &database, &known);
        let mut config = files.config.clone();
        if chance.is_some() {
            config.relay.fetched = None;
        }
        let chance = chance.unwrap_or_else(SharedChance::of_the_system);
        let started = Service::new(&PORTAL, config, Arc::clone(&clock), chance);
        let started = started.unwrap_or_else(|error| panic!("{error}"));
        let started = Started::new(started).await.unwrap();
        relay.register(&own_entity(&started, &*clock));
        let (stopper, stop) = Stopper::new();
        tokio::spawn(started.run(stop));
        stoppers.push(stopper);
        Self {
            my_page: files.address.clone(),
            relay,
            authority,
            clock: hand,
            database,
            files,
            _stoppers: stoppers,
        }
    }
}

/// My Page at a relay that was started elsewhere.
pub struct AtRelay;

impl AtRelay {
    pub const ENTITY: &str = ENTITY;

    pub async fn start(authority: &Authority, known: &KnownRelay) -> TestPortal {
        TestPortal::start((&PORTAL, ENTITY, MY_PAGE), authority, known).await
    }
}

fn own_entity(started: &Started, clock: &dyn Clock) -> relay_saml::message::Entity {
    let metadata = started.service().metadata().unwrap();
    let id = EntityId::parse(ENTITY).unwrap();
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    read_entity(metadata.as_bytes(), &id, ground, Addresses::Https, clock.now()).unwrap()
}
