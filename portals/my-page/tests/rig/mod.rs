//! My Page on a fresh database, and an identity provider made here from the shared core: what the relay front is to My
//! Page, without cards, halves or partners. Both on real sockets with TLS.
#![allow(dead_code)]

pub mod relay;

use std::{fs, net::SocketAddr, sync::Arc};

use my_page::{MyPage, config::Config, serving::Started};
use portal_kit::{
    listener::{Listener, Stopper},
    testing::{Authority, KeptPort, rsa_pair, secret},
    tls::{self, Clients, Versions},
};
use provider_records::testing::{PROVIDER, TestProvider};
use relay_core::{
    clock::{Clock, HandClock, SystemClock},
    saml::{Addresses, Ground, fingerprint, message::EntityId, read_entity},
};
use secrecy::ExposeSecret;
use store::testing::LoneCluster;

use relay::Relay;

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
    pub folder: tempfile::TempDir,
    _stoppers: Vec<Stopper>,
    _kept: KeptPort,
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Rig {
    /// With a clock whose hand the test moves.
    pub async fn start() -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records::testing::open(7).await.unwrap();
        Self::start_by(Arc::new(hand.clone()), hand, database).await
    }

    /// The same with its records in `cluster`, for tests that take the database away.
    pub async fn start_on(cluster: &LoneCluster) -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records::testing::open_on(cluster, 7).await.unwrap();
        Self::start_by(Arc::new(hand.clone()), hand, database).await
    }

    /// With the machine's own clock, for browsers that take their time.
    pub async fn start_now() -> Self {
        let hand = HandClock::at(time::OffsetDateTime::now_utc());
        let database = provider_records::testing::open(7).await.unwrap();
        Self::start_by(Arc::new(SystemClock), hand, database).await
    }

    async fn start_by(clock: Arc<dyn Clock>, hand: HandClock, database: TestProvider) -> Self {
        let folder = tempfile::tempdir().unwrap();
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

        let kept = KeptPort::take();
        let port = kept.number();
        let my_page = format!("https://{MY_PAGE}:{port}");
        let known = KnownRelay {
            entity: relay.entity.as_str().to_owned(),
            metadata: relay.metadata(),
            address: format!("{}/saml/metadata", relay.base),
        };
        let file = write_set_up(&folder, &authority, &database, &known, &my_page, port);
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let started = MyPage::new(config, Arc::clone(&clock)).unwrap_or_else(|error| panic!("{error}"));
        let started = Started::new(started).await.unwrap();
        relay.register(&own_entity(&started, &*clock));
        let (stopper, stop) = Stopper::new();
        tokio::spawn(started.run(stop));
        stoppers.push(stopper);
        Self {
            my_page,
            relay,
            authority,
            clock: hand,
            database,
            folder,
            _stoppers: stoppers,
            _kept: kept,
        }
    }
}

/// What My Page is told of its relay.
pub struct KnownRelay {
    pub entity: String,
    pub metadata: String,
    /// Where they are fetched anew.
    pub address: String,
}

/// My Page at a relay that was started elsewhere.
pub struct AtRelay {
    /// `https://my-page.localhost:port`.
    pub my_page: String,
    /// Its metadata, to be registered.
    pub metadata: String,
    /// Its certificate for encryption, PEM.
    pub encryption: String,
    pub database: TestProvider,
    _folder: tempfile::TempDir,
    _stopper: Stopper,
    _kept: KeptPort,
}

impl AtRelay {
    pub const ENTITY: &str = ENTITY;

    pub async fn start(authority: &Authority, known: &KnownRelay) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let folder = tempfile::tempdir().unwrap();
        let database = provider_records::testing::open(7).await.unwrap();
        let kept = KeptPort::take();
        let port = kept.number();
        let my_page = format!("https://{MY_PAGE}:{port}");
        let file = write_set_up(&folder, authority, &database, known, &my_page, port);
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let started = MyPage::new(config, clock).unwrap_or_else(|error| panic!("{error}"));
        let started = Started::new(started).await.unwrap();
        let metadata = started.my_page().metadata().unwrap();
        let (stopper, stop) = Stopper::new();
        tokio::spawn(started.run(stop));
        Self {
            my_page,
            metadata,
            encryption: fs::read_to_string(folder.path().join("encryption.pem")).unwrap(),
            database,
            _folder: folder,
            _stopper: stopper,
            _kept: kept,
        }
    }
}

fn own_entity(started: &Started, clock: &dyn Clock) -> relay_core::saml::message::Entity {
    let metadata = started.my_page().metadata().unwrap();
    let id = EntityId::parse(ENTITY).unwrap();
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    read_entity(metadata.as_bytes(), &id, ground, Addresses::Https, clock.now()).unwrap()
}

/// Files as an operator's set-up leaves them; the configuration's path.
fn write_set_up(
    folder: &tempfile::TempDir,
    authority: &Authority,
    database: &TestProvider,
    known: &KnownRelay,
    my_page: &str,
    port: u16,
) -> std::path::PathBuf {
    let folder = folder.path();
    authority.server(&[MY_PAGE, "127.0.0.1"]).write(folder, "tls").unwrap();
    rsa_pair("My Page signing").write(folder, "signing").unwrap();
    rsa_pair("My Page encryption").write(folder, "encryption").unwrap();
    fs::write(folder.join("relay.xml"), &known.metadata).unwrap();
    fs::write(folder.join("web.pem"), authority.pem()).unwrap();
    let key = "07".repeat(32);
    let seal = format!("current = 1\nindex = \"{key}\"\n[keys]\n1 = \"{key}\"\n");
    secret(&folder.join("seal.toml"), &seal).unwrap();
    let door = database.database.door(PROVIDER.user());
    secret(&folder.join("password"), door.password.expose_secret()).unwrap();
    let file = folder.join("my-page.toml");
    let text = format!(
        r#"
[service]
entity_id = "{ENTITY}"
address = "{my_page}"
[listen]
address = "127.0.0.1:{port}"
certificate = "tls.pem"
key_file = "tls.key"
[signing]
certificate = "signing.pem"
key_file = "signing.key"
[encryption]
certificate = "encryption.pem"
key_file = "encryption.key"
[relay]
entity_id = "{}"
metadata = "relay.xml"
fingerprint = "{}"
metadata_address = "{}"
authorities = "web.pem"
[database]
host = "{}"
port = {}
name = "{}"
user = "{}"
password_file = "password"
[seal]
keys_file = "seal.toml"
[contact]
phone = "0950-00-0000"
hours = "8:30-17:15"
"#,
        known.entity,
        hex::encode(fingerprint(known.metadata.as_bytes())),
        known.address,
        door.host,
        door.port,
        door.database,
        door.user,
    );
    fs::write(&file, text).unwrap();
    file
}
