//! A portal of any kind ([`portal_service::Portal`]) at a relay: its files as an operator's set-up leaves them, its
//! database, its listener.

use std::{fs, path::PathBuf, sync::Arc};

use portal_kit::listener::Stopper;
use portal_service::{Portal, Service, config::Config, serving::Started};
use portal_testing::{Authority, KeptPort, city, rsa_pair, secret};
use provider_records_testing::{PROVIDER, TestProvider};
use relay_core::{
    chance::SharedChance,
    clock::{Clock, SystemClock},
};
use relay_saml::fingerprint;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::{Relay, rig::ENTITY};

/// What a portal is told of its relay.
pub struct KnownRelay {
    pub entity: String,
    pub metadata: String,
    /// Where they are fetched anew.
    pub address: String,
}

impl KnownRelay {
    /// Of a relay under test.
    pub async fn of(relay: &Relay) -> Self {
        Self {
            entity: ENTITY.to_owned(),
            metadata: relay.metadata().await,
            address: relay.at("/saml/metadata"),
        }
    }
}

/// A portal's files, before it runs.
pub struct Files {
    pub folder: TempDir,
    /// `https://host:port`.
    pub address: String,
    pub config: Config,
    _kept: KeptPort,
}

impl Files {
    /// Of `portal` called `entity` at `host`, on `database`.
    pub fn write(
        (portal, entity, host): (&Portal, &str, &str),
        authority: &Authority,
        database: &TestProvider,
        known: &KnownRelay,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let kept = KeptPort::take();
        let address = format!("https://{host}:{}", kept.number());
        let at = |name: &str| folder.path().join(name);
        let written = "files are written";
        let pairs = [
            ("tls", authority.server(&[host, "127.0.0.1"])),
            ("signing", rsa_pair("signing")),
            ("encryption", rsa_pair("encryption")),
        ];
        for (name, pair) in pairs {
            pair.write(folder.path(), name).expect(written);
        }
        fs::write(at("relay.xml"), &known.metadata).expect(written);
        fs::write(at("web.pem"), authority.pem()).expect(written);
        let key = "07".repeat(32);
        let seal = format!("current = 1\nindex = \"{key}\"\n[keys]\n1 = \"{key}\"\n");
        secret(&at("seal.toml"), &seal).expect(written);
        let door = database.database.door(PROVIDER.user());
        secret(&at("password"), door.password.expose_secret()).expect(written);
        let text = format!(
            r#"
[service]
entity_id = "{entity}"
address = "{address}"
[listen]
address = "127.0.0.1:{}"
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
[records]
authorities = "web.pem"
{}[contact]
phone = "0950-00-0000"
hours = "8:30-17:15"
"#,
            kept.number(),
            known.entity,
            hex::encode(fingerprint(known.metadata.as_bytes())),
            known.address,
            door.host,
            door.port,
            door.database,
            door.user,
            city(folder.path()).expect(written),
        );
        let file = at(&format!("{}.toml", portal.code));
        fs::write(&file, text).expect(written);
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        Self {
            folder,
            address,
            config,
            _kept: kept,
        }
    }

    /// The configuration file.
    pub fn file(&self, portal: &Portal) -> PathBuf {
        self.folder.path().join(format!("{}.toml", portal.code))
    }
}

/// A running portal; everything of it ends with it.
pub struct TestPortal {
    /// `https://host:port`.
    pub address: String,
    /// Its metadata, to be registered.
    pub metadata: String,
    /// Its certificate for encryption, PEM.
    pub encryption: String,
    pub database: TestProvider,
    pub files: Files,
    stopper: Stopper,
}

impl TestPortal {
    /// `portal` by the machine's clock and chance.
    pub async fn start(portal: (&'static Portal, &str, &str), authority: &Authority, known: &KnownRelay) -> Self {
        let (clock, chance) = (Arc::new(SystemClock), SharedChance::of_the_system());
        Self::start_by(portal, authority, known, clock, chance).await
    }

    /// The same by a clock and a chance of the test's.
    pub async fn start_by(
        portal: (&'static Portal, &str, &str),
        authority: &Authority,
        known: &KnownRelay,
        clock: Arc<dyn Clock>,
        chance: SharedChance,
    ) -> Self {
        let database = provider_records_testing::open(7)
            .await
            .expect("a test database is made");
        let files = Files::write(portal, authority, &database, known);
        let service = Service::new(portal.0, files.config.clone(), clock, chance);
        let service = service.unwrap_or_else(|error| panic!("{error}"));
        let started = Started::new(service).await.unwrap_or_else(|error| panic!("{error}"));
        let metadata = started.service().metadata().expect("metadata are written");
        let (stopper, stop) = Stopper::new();
        tokio::spawn(started.run(stop));
        Self {
            address: files.address.clone(),
            metadata,
            encryption: fs::read_to_string(files.folder.path().join("encryption.pem")).expect("it was written"),
            database,
            files,
            stopper,
        }
    }

    /// An address of its own.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

impl Drop for TestPortal {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}
