//! A relay with everything round it: the front in this process, the blind half in a process of its own, a database for
//! each, an office that registers cards.

mod files;
mod partners;
mod programs;
mod rotation;

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use portal_kit::{
    client,
    listener::{Stop, Stopper},
};
use portal_testing::{Authority, KeptPort, Pair};
use rcgen::{CertificateParams, KeyPair, RsaKeySize};
use relay_core::{
    chance::{OsChance, SharedChance},
    clock::{Clock, SystemClock},
    envelope::{
        Kind, Letter, Party, SigningKey,
        orders::{Link, Linked, LinkedPerson},
    },
    id::Id,
    pseudonym::{Ceremony, GlobalKey, PolymorphicPseudonym, Registrar, RegistrarSecret},
    registration::{CardUse, CertificateDer, Message as Said},
};
use relay_records::front::FrontRecords;
use relay_records_testing::{blind::TestBlind, front::TestFront};
use store::testing::{LoneCluster, TestDatabase};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{CardAuthority, TestCard, TestService};
use programs::blind_program;
pub use programs::front_program;
use relay::{Bound, Config, Front};

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
    pub front_database: TestDatabase,
    /// The blind half's database.
    pub blind_database: TestDatabase,
    /// Issues web servers' and clients' certificates.
    pub authority: Authority,
    pub cards: CardAuthority,
    /// Two operators of the relay.
    pub operators: [Pair; 2],
    /// Whose clock the front goes by.
    pub clock: Arc<dyn Clock>,
    /// What the front draws from, from its next start on.
    pub chance: SharedChance,
    folder: TempDir,
    front: Option<Running>,
    blind: Option<Child>,
    registrar: Registrar,
    /// The city's own, and another city's.
    offices: [Office; 2],
    blind_operators: [String; 2],
    ports: Ports,
    /// Nobody else's for as long as this relay lives.
    _kept: [KeptPort; 6],
}

struct Office {
    key: SigningKey,
    tls: Pair,
    sequence: AtomicU64,
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
        let front = relay_records_testing::front::open()
            .await
            .expect("a test database is made");
        let blind = relay_records_testing::blind::open()
            .await
            .expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    /// A relay whose front goes by `clock`.
    pub async fn start_with_clock(clock: Arc<dyn Clock>) -> Self {
        let front = relay_records_testing::front::open()
            .await
            .expect("a test database is made");
        let blind = relay_records_testing::blind::open()
            .await
            .expect("a test database is made");
        Self::on(front, blind, clock).await
    }

    /// A relay whose front keeps its records in `cluster`, for tests that take the database away.
    pub async fn start_on(cluster: &LoneCluster) -> Self {
        let front = relay_records_testing::front::open_on(cluster)
            .await
            .expect("a test database is made");
        let blind = relay_records_testing::blind::open()
            .await
            .expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    /// A relay whose two halves both keep their records in `cluster`.
    pub async fn start_wholly_on(cluster: &LoneCluster) -> Self {
        let front = relay_records_testing::front::open_on(cluster)
            .await
            .expect("a test database is made");
        let blind = relay_records_testing::blind::open_on(cluster)
            .await
            .expect("a test database is made");
        Self::on(front, blind, Arc::new(SystemClock)).await
    }

    async fn on(front: TestFront, blind: TestBlind, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let (ports, kept) = take_ports();
        let authority = Authority::new("web");
        let cards = CardAuthority::new("residents");
        let made = Ceremony::run(&mut OsChance);
        let secrets = RegistrarSecret::new(&mut OsChance);
        let operators = ["hama", "iso"].map(|name| authority.client(name));
        let offices = ["shiomi-office", "isobe-office"].map(|name| Office {
            key: SigningKey::generate(party(name)).0,
            tls: authority.client(name),
            sequence: AtomicU64::new(0),
        });
        let mut relay = Self {
            records: front.records,
            front_database: front.database,
            blind_database: blind.database,
            registrar: Registrar::new(secrets, made.global),
            blind_operators: [String::new(), String::new()],
            offices,
            front: None,
            blind: None,
            authority,
            cards,
            operators,
            clock,
            chance: SharedChance::of_the_system(),
            folder,
            ports,
            _kept: kept,
        };
        relay.write_files(&made);
        relay.start_blind();
        relay.start_front().await;
        relay
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
        let front = Front::load(config, Arc::clone(&self.clock), self.chance.clone()).expect("the front loads");
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

    /// Changes its configuration, `from` to `to`, and starts it anew.
    pub async fn reconfigure(&mut self, from: &str, to: &str) {
        let written = fs::read_to_string(self.config_file()).expect("the configuration is there");
        assert!(written.contains(from), "{from} stands in the configuration");
        fs::write(self.config_file(), written.replacen(from, to, 1)).expect("the configuration is written");
        self.stop_front().await;
        self.start_front().await;
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

    /// A ciphertext of the person behind `handed`, whose origin is another office's secret.
    pub fn refreshed(&self, handed: &PolymorphicPseudonym) -> PolymorphicPseudonym {
        let global = self.registrar.global();
        global.refresh(handed, &mut OsChance).expect("it is under this key")
    }

    /// The office's registrar encrypts to `global` from now on.
    pub fn encrypt_to(&mut self, global: GlobalKey) {
        self.registrar.encrypt_to(global);
    }

    /// The process id of the blind half.
    pub fn blind_process(&self) -> Option<u32> {
        self.blind.as_ref().map(Child::id)
    }

    /// The office's next message; the front's HTTP status.
    pub async fn office_says(&self, said: &Said) -> u16 {
        self.says(&self.offices[0], said).await
    }

    /// The same of another city's office, whose domain is another.
    pub async fn other_office_says(&self, said: &Said) -> u16 {
        self.says(&self.offices[1], said).await
    }

    /// The names at `service` of persons, each beside the number of a row: as an office has them made that matched a
    /// provider's list with its roster.
    pub async fn link(&self, service: &str, persons: &[(Uuid, Uuid)]) -> Linked {
        let (status, answer) = self.ask_for_names(service, persons).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).expect("names come back")
    }

    /// The front's answer, whatever it is, to the same order.
    pub async fn ask_for_names(&self, service: &str, persons: &[(Uuid, Uuid)]) -> (u16, String) {
        let order = Link {
            service: service.to_owned(),
            persons: persons
                .iter()
                .map(|(row, person)| LinkedPerson {
                    row: *row,
                    pseudonym: self.pseudonym_of(*person),
                })
                .collect(),
        };
        let office = &self.offices[0];
        let front = party("relay-front");
        let letter = Letter::new(&front, Kind::Link, &order);
        let sealed = office.key.seal(&letter, &SystemClock, &mut OsChance).text;
        let answer = self.post_to(office, "links", &sealed).await;
        answer.expect("the intake answers")
    }

    async fn says(&self, office: &Office, said: &Said) -> u16 {
        let number = office.sequence.load(Ordering::Relaxed) + 1;
        let sealed = envelope_by(&office.key, &SystemClock, number, said);
        let (status, answer) = self.post(office, &sealed).await.expect("the intake answers");
        // One that is refused for good has used its number up as well.
        if status == 200 || answer.contains("\"refused\"") {
            office.sequence.store(number, Ordering::Relaxed);
        }
        status
    }

    /// What the office says as its message `number`, sealed.
    pub fn envelope(&self, number: u64, said: &Said) -> String {
        envelope_by(&self.offices[0].key, &SystemClock, number, said)
    }

    /// The same by an office whose clock goes otherwise.
    pub fn envelope_at(&self, clock: &dyn Clock, number: u64, said: &Said) -> String {
        envelope_by(&self.offices[0].key, clock, number, said)
    }

    /// The same by somebody else who calls themselves the office.
    pub fn envelope_of_a_stranger(&self, number: u64, said: &Said) -> String {
        let (stranger, _) = SigningKey::generate(self.offices[0].key.party().clone());
        envelope_by(&stranger, &SystemClock, number, said)
    }

    /// The number of the office's last message.
    pub fn last_number(&self) -> u64 {
        self.offices[0].sequence.load(Ordering::Relaxed)
    }

    /// Posts an envelope to the intake as the office; the front's HTTP status and answer.
    pub async fn post_envelope(&self, envelope: &str) -> (u16, String) {
        self.try_envelope(envelope).await.expect("the intake answers")
    }

    /// The same with a front that may end meanwhile.
    pub async fn try_envelope(&self, envelope: &str) -> Option<(u16, String)> {
        self.post(&self.offices[0], envelope).await
    }

    /// Shows the head of an audit trail to the relay as the office; the status and the answer.
    pub async fn show_head(&self, submission: &str) -> (u16, String) {
        let answer = self.post_to(&self.offices[0], "heads/add-checkpoint", submission).await;
        answer.expect("the intake answers")
    }

    async fn post(&self, office: &Office, envelope: &str) -> Option<(u16, String)> {
        self.post_to(office, "envelopes", envelope).await
    }

    async fn post_to(&self, office: &Office, place: &str, envelope: &str) -> Option<(u16, String)> {
        let client = client::client(
            self.authority.roots(),
            Some(&office.tls.identity),
            Duration::from_secs(20),
        )
        .expect("a client is made");
        let answer = client
            .post(format!("https://{HOST}:{}/registry/{place}", self.ports.intake))
            .body(envelope.to_owned())
            .send()
            .await
            .ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.ok()?))
    }
}

fn envelope_by(key: &SigningKey, clock: &dyn Clock, number: u64, said: &Said) -> String {
    let front = party("relay-front");
    let mut letter = Letter::new(&front, Kind::Registration, said);
    letter.sequence = Some(number);
    key.seal(&letter, clock, &mut OsChance).text
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
    hex::encode(relay_saml::fingerprint(&der))
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

/// Six ports, and what keeps them: the front is stopped and started anew on the same ones.
fn take_ports() -> (Ports, [KeptPort; 6]) {
    let kept: [KeptPort; 6] = std::array::from_fn(|_| KeptPort::take());
    let [public, card, card_pkcs1, intake, admin, blind] = kept.each_ref().map(KeptPort::number);
    let ports = Ports {
        public,
        card,
        card_pkcs1,
        intake,
        admin,
        blind,
    };
    (ports, kept)
}
