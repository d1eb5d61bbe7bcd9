//! A relay with everything round it: the front in this process, the blind half in a process of its own, a database for
//! each, an office that registers cards.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_kit::{
    client,
    listener::{Stop, Stopper},
    testing::{Authority, Pair, secret},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use relay_core::{
    chance::{OsChance, draw},
    clock::{Clock, SystemClock},
    envelope::{Kind, Letter, Party, SigningKey},
    id::Id,
    pseudonym::{Ceremony, PolymorphicPseudonym, Registrar, RegistrarSecret},
    registration::{CardUse, CertificateDer, Message as Said},
};
use relay_records::{
    blind::{self, testing::TestBlind},
    front::{self, FrontRecords, LogoutTrial, PartnerKind, Proposal, SignInTrial, testing::TestFront},
};
use secrecy::ExposeSecret as _;
use store::testing::{LoneCluster, TestDatabase};
use tempfile::TempDir;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{CardAuthority, TestCard, TestService};
use crate::{Bound, Config, Front};

/// The relay front's SAML name in tests.
pub const ENTITY: &str = "https://relay.shiomi.example/saml";
/// Another consortium's identity provider, which the front offers once it is a partner.
pub const OTHER_PROVIDER: &str = "https://idp.other.example/saml";
/// The front's name on certificates and in addresses.
pub const HOST: &str = "localhost";

/// A running relay. Everything it started ends with it.
pub struct Relay {
    /// The front's records, for looking behind the scenes.
    pub records: FrontRecords,
    /// The front's database.
    pub front_database: TestDatabase,
    /// The blind half's database.
    pub blind_database: TestDatabase,
    /// Issues web servers' and clients' certificates.
    pub authority: Authority,
    /// Issues residents' cards.
    pub cards: CardAuthority,
    /// Two operators of the relay.
    pub operators: [Pair; 2],
    /// Whose clock the front goes by.
    pub clock: Arc<dyn Clock>,
    folder: TempDir,
    front: Option<Running>,
    blind: Option<Child>,
    registrar: Registrar,
    office: SigningKey,
    office_tls: Pair,
    sequence: AtomicU64,
    blind_operators: [String; 2],
    ports: Ports,
}

struct Running {
    stopper: Stopper,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct Ports {
    public: u16,
    card: u16,
    card_pkcs1: u16,
    intake: u16,
    admin: u16,
    blind: u16,
}

impl Relay {
    /// A relay on the shared test databases.
    pub async fn start() -> Self {
        let front = front::testing::open().await.expect("a test database is made");
        let blind = blind::testing::open().await.expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    /// A relay whose front goes by `clock`.
    pub async fn start_with_clock(clock: Arc<dyn Clock>) -> Self {
        let front = front::testing::open().await.expect("a test database is made");
        let blind = blind::testing::open().await.expect("a test database is made");
        Self::on(front, blind, clock).await
    }

    /// A relay whose front keeps its records in `cluster`, for tests that take the database away.
    pub async fn start_on(cluster: &LoneCluster) -> Self {
        let front = front::testing::open_on(cluster).await.expect("a test database is made");
        let blind = blind::testing::open().await.expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    /// A relay whose two halves both keep their records in `cluster`.
    pub async fn start_wholly_on(cluster: &LoneCluster) -> Self {
        let front = front::testing::open_on(cluster).await.expect("a test database is made");
        let blind = blind::testing::open_on(cluster).await.expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    async fn on(front: TestFront, blind: TestBlind, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let ports = free_ports();
        let authority = Authority::new("web");
        let cards = CardAuthority::new("residents");
        let made = Ceremony::run(&mut OsChance);
        let secrets = RegistrarSecret::new(&mut OsChance);
        let (office, _) = SigningKey::generate(party("shiomi-office"));
        let operators = ["hama", "iso"].map(|name| authority.client(name));
        let office_tls = authority.client("shiomi-office");
        let mut relay = Self {
            records: front.records,
            front_database: front.database,
            blind_database: blind.database,
            registrar: Registrar::new(secrets, made.global),
            blind_operators: [String::new(), String::new()],
            sequence: AtomicU64::new(0),
            front: None,
            blind: None,
            authority,
            cards,
            operators,
            clock,
            folder,
            office,
            office_tls,
            ports,
        };
        relay.write_files(&made);
        relay.start_blind();
        relay.start_front().await;
        relay
    }

    fn write_files(&mut self, made: &Ceremony) {
        let folder = self.path().to_owned();
        let file = |name: &str| folder.join(name);
        for name in ["secrets", "services", "operators"] {
            fs::create_dir(file(name)).expect("a folder is made");
        }
        let write_secret = |name: &str, text: &str| secret(&file(name), text).expect("a secret is written");
        write_secret("secrets/front-1", &made.front.to_text());
        write_secret("secrets/blind-1", &made.blind.to_text());
        let (front_key, front_pkcs8) = SigningKey::generate(party("relay-front"));
        let (blind_key, blind_pkcs8) = SigningKey::generate(party("relay-blind"));
        write_secret("secrets/front-envelope", &URL_SAFE_NO_PAD.encode(&*front_pkcs8));
        write_secret("secrets/blind-envelope", &URL_SAFE_NO_PAD.encode(&*blind_pkcs8));
        for (name, index, key) in [("front", "09", "07"), ("blind", "06", "05")] {
            let seal = format!(
                "current = 1\nindex = \"{}\"\n[keys]\n1 = \"{}\"\n",
                index.repeat(32),
                key.repeat(32)
            );
            write_secret(&format!("secrets/{name}-seal.toml"), &seal);
        }
        let written = "the files of a certificate are written";
        self.authority
            .server(&[HOST, "127.0.0.1"])
            .write(&folder, "tls")
            .expect(written);
        self.authority
            .client("relay-front")
            .write(&folder, "front")
            .expect(written);
        fs::write(file("web.pem"), self.authority.pem()).expect(written);
        fs::write(file("residents.pem"), self.cards.pem()).expect(written);
        let (saml, saml_key) = self_signed(&PKCS_RSA_SHA256);
        fs::write(file("saml.pem"), saml).expect(written);
        write_secret("saml.key", &saml_key);
        fs::write(file("names.pem"), self_signed(&PKCS_RSA_SHA256).0).expect(written);
        self.blind_operators = ["kai", "nagi"].map(|name| {
            let into = file("operators").join(name);
            let line = blind_command(&["operator", "--name", name, "--into", text(&into)]);
            line.trim().to_owned()
        });
        let blind_door = self.blind_database.door(blind::USER);
        write_secret("secrets/blind-password", blind_door.password.expose_secret());
        fs::write(
            file("blind.toml"),
            format!(
                "[listen]\naddress = \"127.0.0.1:{port}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
                 [half]\nparty = \"relay-blind\"\nidentity_provider = \"{ENTITY}\"\nsecrets_folder = \"secrets\"\n\
                 secrets = [\"blind-1\"]\nsigning_key_file = \"secrets/blind-envelope\"\n\
                 [front]\nparty = \"relay-front\"\nkeys = [\"{front_key}\"]\ncertificates = \"front.pem\"\n\
                 [services]\nfolder = \"services\"\noperators = [\"{one}\", \"{other}\"]\n\
                 [database]\nhost = \"{host}\"\nname = \"{name}\"\nuser = \"{user}\"\n\
                 password_file = \"secrets/blind-password\"\n[seal]\nkeys_file = \"secrets/blind-seal.toml\"\n",
                port = self.ports.blind,
                front_key = front_key.trusted().to_text(),
                one = self.blind_operators[0],
                other = self.blind_operators[1],
                host = blind_door.host,
                name = blind_door.database,
                user = blind::USER,
            ),
        )
        .expect(written);
        let door = self.front_database.door(front::USER);
        write_secret("secrets/front-password", door.password.expose_secret());
        let listeners: String = [
            ("listen", self.ports.public),
            ("listen_card", self.ports.card),
            ("listen_card_pkcs1", self.ports.card_pkcs1),
            ("listen_intake", self.ports.intake),
            ("listen_admin", self.ports.admin),
        ]
        .map(|(name, port)| {
            format!("[{name}]\naddress = \"127.0.0.1:{port}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n")
        })
        .concat();
        let operators = ["hama", "iso"]
            .iter()
            .zip(&self.operators)
            .map(|(name, pair)| format!("\"{name} {}\"", hash_of(pair)))
            .collect::<Vec<_>>()
            .join(", ");
        fs::write(
            self.config_file(),
            format!(
                "[relay]\nentity_id = \"{ENTITY}\"\naddress = \"https://{HOST}:{public}\"\n\
                 card_address = \"https://{HOST}:{card}\"\ncard_pkcs1_address = \"https://{HOST}:{card_pkcs1}\"\n\
                 domain = \"429996\"\nbridge = \"http://127.0.0.1:8940\"\n\
                 other_providers = [\"{OTHER_PROVIDER}\"]\n{listeners}\
                 [signing]\ncertificate = \"saml.pem\"\nkey_file = \"saml.key\"\n\
                 [cards]\nresidents = \"residents.pem\"\noid_arc = \"{arc}\"\n\
                 [half]\nparty = \"relay-front\"\nsecrets_folder = \"secrets\"\nsecrets = [\"front-1\"]\n\
                 envelope_key_file = \"secrets/front-envelope\"\n\
                 [blind]\nparty = \"relay-blind\"\naddress = \"https://127.0.0.1:{blind}\"\nkeys = [\"{blind_key}\"]\n\
                 authorities = \"web.pem\"\ncertificate = \"front.pem\"\nkey_file = \"front.key\"\n\
                 names_certificate = \"names.pem\"\n\
                 [offices]\nauthorities = \"web.pem\"\nkeys = [\"shiomi-office {office}\"]\n\
                 [operators]\nauthorities = \"web.pem\"\nknown = [{operators}]\n\
                 [database]\nhost = \"{host}\"\nname = \"{name}\"\nuser = \"{user}\"\n\
                 password_file = \"secrets/front-password\"\n[seal]\nkeys_file = \"secrets/front-seal.toml\"\n\
                 [partners]\nauthorities = \"web.pem\"\nloopback = true\n",
                public = self.ports.public,
                card = self.ports.card,
                card_pkcs1 = self.ports.card_pkcs1,
                blind = self.ports.blind,
                arc = self.cards.arc(),
                blind_key = blind_key.trusted().to_text(),
                office = self.office.trusted().to_text(),
                host = door.host,
                name = door.database,
                user = front::USER,
            ),
        )
        .expect(written);
    }

    /// The folder of its files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The front's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.path().join("relay.toml")
    }

    /// Starts the blind half; one that runs is left.
    pub fn start_blind(&mut self) {
        if self.blind.is_some() {
            return;
        }
        let log = self.path().join("blind.log");
        let mut child = Command::new(blind_program())
            .args(["serve", "--config"])
            .arg(self.path().join("blind.toml"))
            .stdout(Stdio::piped())
            .stderr(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .expect("a log is opened"),
            )
            .spawn()
            .expect("the blind half starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its standard output is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        assert!(
            line.starts_with("listening at "),
            "the blind half did not start: {}",
            fs::read_to_string(&log).unwrap_or_default()
        );
        self.blind = Some(child);
    }

    /// Takes the blind half away.
    pub fn stop_blind(&mut self) {
        if let Some(mut child) = self.blind.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// What the blind half logged.
    pub fn blind_log(&self) -> String {
        fs::read_to_string(self.path().join("blind.log")).unwrap_or_default()
    }

    /// Starts the front; one that runs is left.
    pub async fn start_front(&mut self) {
        if self.front.is_some() {
            return;
        }
        let config = match Config::load(&self.config_file()) {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        let front = Front::load(config, Arc::clone(&self.clock)).expect("the front loads");
        let bound = Bound::bind(Arc::new(front)).await.expect("the front's ports are free");
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        self.front = Some(Running {
            stopper,
            serving: tokio::spawn(bound.serve(stop)),
        });
    }

    /// Stops the front, letting requests finish.
    pub async fn stop_front(&mut self) {
        if let Some(running) = self.front.take() {
            running.stopper.stop();
            let _ = running.serving.await;
        }
    }

    /// An address of the public listener.
    pub fn at(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.ports.public)
    }

    /// An address of the card listener.
    pub fn card_at(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.ports.card)
    }

    /// An address of the listener for cards that sign PKCS#1 v1.5 only.
    pub fn card_pkcs1_at(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.ports.card_pkcs1)
    }

    /// An address of the administration interface.
    pub fn admin_at(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.ports.admin)
    }

    /// Where the intake listens.
    pub fn intake_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.intake))
    }

    /// The front's metadata, as anybody reads them.
    pub async fn metadata(&self) -> String {
        let client = client::client(self.authority.roots(), None, Duration::from_secs(20)).expect("a client is made");
        let answer = client
            .get(self.at("/saml/metadata"))
            .send()
            .await
            .expect("the front answers");
        answer.text().await.expect("metadata are text")
    }

    /// A resident's card, registered and handed over.
    pub async fn card(&self) -> TestCard {
        let card = self.cards.authentication();
        self.register(&card.certificate, CardUse::Authentication).await;
        card
    }

    /// Registers and activates a certificate as the office does: signed envelopes over mutual TLS.
    pub async fn register(&self, certificate: &[u8], used_for: CardUse) -> Uuid {
        self.register_person(fresh(), certificate, used_for).await
    }

    /// The same for a person who has (or had) another card.
    pub async fn register_person(&self, person: Uuid, certificate: &[u8], used_for: CardUse) -> Uuid {
        let registration = fresh();
        let register = Said::Register {
            registration,
            certificate_der: CertificateDer(certificate.to_vec()),
            used_for,
            pseudonym: self.registrar.register(person, 0, &mut OsChance),
        };
        assert_eq!(self.office_says(&register).await, 200);
        assert_eq!(self.office_says(&Said::Activate { registration }).await, 200);
        registration
    }

    /// The ciphertext by which the office registers `person`: another one each time.
    pub fn pseudonym_of(&self, person: Uuid) -> PolymorphicPseudonym {
        self.registrar.register(person, 0, &mut OsChance)
    }

    /// The process id of the blind half.
    pub fn blind_process(&self) -> Option<u32> {
        self.blind.as_ref().map(Child::id)
    }

    /// The office's next message; the front's HTTP status.
    pub async fn office_says(&self, said: &Said) -> u16 {
        let front = party("relay-front");
        let mut letter = Letter::new(&front, Kind::Registration, said);
        letter.sequence = Some(self.sequence.fetch_add(1, Ordering::Relaxed) + 1);
        let sealed = self.office.seal(&letter, &SystemClock, &mut OsChance);
        self.post_envelope(&sealed.text).await
    }

    /// Posts an envelope to the intake as the office; the front's HTTP status.
    pub async fn post_envelope(&self, envelope: &str) -> u16 {
        let client = client::client(
            self.authority.roots(),
            Some(&self.office_tls.identity),
            Duration::from_secs(20),
        )
        .expect("a client is made");
        let answer = client
            .post(format!("https://{HOST}:{}/registry/envelopes", self.ports.intake))
            .body(envelope.to_owned())
            .send()
            .await
            .expect("the intake answers");
        answer.status().as_u16()
    }

    /// Makes `service` a partner in service: pinned at the blind half by its two operators, registered at the front by
    /// two others, tried.
    pub async fn join(&mut self, service: &TestService) {
        self.join_metadata(service.entity(), &service.metadata(), &service.encryption_pem())
            .await;
    }

    /// The same for a service of any make, from its metadata and its certificate for encryption (PEM).
    pub async fn join_metadata(&mut self, entity: &str, metadata: &str, certificate: &str) {
        self.pin(entity, certificate);
        self.propose_and_approve(entity, metadata).await;
        let now = OffsetDateTime::now_utc();
        let done = "two operators can do this";
        self.records
            .tried_sign_in("hama", entity, SignInTrial::Named, now)
            .await
            .expect(done);
        self.records
            .tried_logout(entity, LogoutTrial::Sealed, now)
            .await
            .expect(done);
        self.records.switch_on("hama", entity, now).await.expect(done);
    }

    /// Two operators register metadata; a new partner is on trial then.
    pub async fn propose_and_approve(&self, entity: &str, metadata: &str) {
        self.propose_and_approve_as(PartnerKind::Service, entity, metadata)
            .await;
    }

    /// The same for either kind of partner.
    pub async fn propose_and_approve_as(&self, kind: PartnerKind, entity: &str, metadata: &str) {
        let now = OffsetDateTime::now_utc();
        let sha256 = relay_core::saml::fingerprint(metadata.as_bytes());
        let proposal = Proposal {
            entity_id: entity,
            kind,
            metadata,
            sha256,
            valid_until: None,
        };
        let done = "two operators can do this";
        let edition = self.records.propose("hama", &proposal, now).await.expect(done);
        self.records
            .approve("iso", entity, edition, &sha256, now)
            .await
            .expect(done);
    }

    /// Pins a service at the blind half, which is started anew to read it.
    pub fn pin(&mut self, entity: &str, certificate: &str) {
        let folder = self.path().to_owned();
        let pem = folder.join("pinned.pem");
        fs::write(&pem, certificate).expect("a certificate is written");
        let config = folder.join("blind.toml");
        let name = hex::encode(&relay_core::saml::fingerprint(entity.as_bytes())[..8]);
        let proposed = blind_command(&[
            "pin",
            "propose",
            "--config",
            text(&config),
            "--entity",
            entity,
            "--certificate",
            text(&pem),
            "--name",
            &name,
        ]);
        let fingerprint = proposed.split(' ').next().unwrap_or_default().to_owned();
        for operator in ["kai", "nagi"] {
            let key = folder.join("operators").join(operator);
            blind_command(&[
                "pin",
                "approve",
                "--config",
                text(&config),
                "--name",
                &name,
                "--key",
                text(&key),
                "--fingerprint",
                &fingerprint,
            ]);
        }
        self.stop_blind();
        self.start_blind();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop_blind();
        if let Some(running) = self.front.take() {
            running.stopper.stop();
            running.serving.abort();
        }
    }
}

/// A self-signed RSA certificate and its key, both PEM.
pub fn self_signed(algorithm: &'static rcgen::SignatureAlgorithm) -> (String, String) {
    let key = KeyPair::generate_rsa_for(algorithm, RsaKeySize::_2048).expect("a key is made");
    let certificate = CertificateParams::default()
        .self_signed(&key)
        .expect("a key signs itself");
    (certificate.pem(), key.serialize_pem())
}

/// SHA-256 of a pair's certificate, in hex.
fn hash_of(pair: &Pair) -> String {
    use rustls::pki_types::pem::PemObject as _;
    let der = rustls::pki_types::CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("a pair is PEM");
    hex::encode(relay_core::saml::fingerprint(&der))
}

fn party(name: &str) -> Party {
    Party::new(name).expect("names in tests are names")
}

fn fresh() -> Uuid {
    Id::<()>::new(&mut OsChance).uuid()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// Six ports that were free a moment ago, below those that the system gives to anybody who asks for one.
fn free_ports() -> Ports {
    let held: [TcpListener; 6] = std::array::from_fn(|_| {
        (0..1_000)
            .find_map(|_| {
                let port = 15_000 + u16::from_be_bytes(draw(&mut OsChance)) % 17_000;
                TcpListener::bind(("127.0.0.1", port)).ok()
            })
            .expect("the machine has free ports")
    });
    let [public, card, card_pkcs1, intake, admin, blind] =
        held.map(|listener| listener.local_addr().expect("a bound socket has an address").port());
    Ports {
        public,
        card,
        card_pkcs1,
        intake,
        admin,
        blind,
    }
}

/// The blind half's program: another package's, which cargo builds for its own tests only.
fn blind_program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| program("blind", "madoguchi-blind")).clone()
}

/// The front's own program.
pub fn front_program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| program("relay", "madoguchi-relay")).clone()
}

/// A program of the workspace, built beside the running test.
fn program(package: &str, name: &str) -> PathBuf {
    // Test programs stand in `target/debug/deps`, programs one folder up.
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "deps"))
        .and_then(Path::parent)
        .or(this.parent())
        .expect("a program stands in a folder");
    // Always asked: one built from older sources would be another program.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // A measure is a release build, and so is what it measures.
    let release = folder.ends_with("release").then_some("--release");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--package", package, "--bin", name])
        .args(release)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status();
    let program = folder.join(name);
    assert!(
        built.is_ok_and(|status| status.success()) && program.exists(),
        "{name} is built"
    );
    program
}

fn blind_command(arguments: &[&str]) -> String {
    let output = Command::new(blind_program())
        .args(arguments)
        .output()
        .expect("the blind half's program runs");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("it prints text")
}
