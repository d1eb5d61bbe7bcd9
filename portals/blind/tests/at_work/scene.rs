//! Everybody round the blind half: the registrar, the front, two services with their keys, two operators.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use blind::{
    config::Config,
    half::{Half, Refused},
    operators::OperatorKey,
    pins::PinFile,
    window,
};
use portal_testing::{Authority, Pair, secret};
use relay_core::{
    chance::SeededChance,
    clock::{Clock as _, HandClock},
    envelope::{
        Kind, Letter, Party, Sealed, SigningKey, TrustedKeys,
        orders::{Finish, Finished, ServiceName, Share, Shared},
    },
    pseudonym::{
        BlindSecret, Ceremony, Domain, FrontHalf, FrontSecret, KeyEdition, PolymorphicPseudonym, Registrar,
        RegistrarSecret, Service,
    },
};
use relay_records::blind::USER;
use relay_records_testing::blind as testing;
use relay_saml::{DecryptionKeys, message::NameId, open_name};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use time::macros::datetime;
use uuid::Uuid;

pub const PROVIDER: &str = "https://relay.example/saml";
/// The front's public address.
pub const FRONT: &str = "https://relay.example";
pub const CLINIC: &str = "https://clinic.example/sp";
pub const SCHOOL: &str = "https://school.example/sp";

/// A service's key pair: slow to make, and the same in every test.
struct ServiceKeys {
    certificate: String,
    pkcs8: Vec<u8>,
}

fn service_keys(entity: &str) -> &'static ServiceKeys {
    static CLINICS: OnceLock<ServiceKeys> = OnceLock::new();
    static OTHERS: OnceLock<ServiceKeys> = OnceLock::new();
    let place = if entity == CLINIC { &CLINICS } else { &OTHERS };
    place.get_or_init(|| {
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new())
            .unwrap()
            .self_signed(&key)
            .unwrap();
        ServiceKeys {
            certificate: certificate.pem(),
            pkcs8: key.serialize_der(),
        }
    })
}

/// The pair that services encrypt names to: certificate and key, PEM.
pub fn names_keys() -> &'static (String, String) {
    static NAMES: OnceLock<(String, String)> = OnceLock::new();
    NAMES.get_or_init(|| {
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    })
}

pub struct Scene {
    pub clock: HandClock,
    pub chance: SeededChance,
    pub registrar: Registrar,
    pub front_secret: FrontSecret,
    pub front: FrontHalf,
    pub front_key: SigningKey,
    pub front_tls: Pair,
    pub authority: Authority,
    pub blind_secret: BlindSecret,
    pub blind_party: Party,
    pub trusted: TrustedKeys,
    pub operators: [OperatorKey; 2],
    pub database: store::testing::TestDatabase,
    pub config: Config,
    pub half: Arc<Half>,
    folder: TempDir,
}

/// A blind half that serves a clinic and a school.
pub async fn scene() -> Scene {
    let mut scene = bare_scene(testing::open().await.unwrap().database).await;
    for (name, entity) in [("clinic", CLINIC), ("school", SCHOOL)] {
        scene.pin(name, entity, 2);
        scene.half.read_pins().await.unwrap();
        scene.share(&service(entity)).await.unwrap();
    }
    scene
}

pub fn shiomi() -> Domain {
    Domain::new("429996").unwrap()
}

pub fn service(entity: &str) -> Service {
    Service::new(&shiomi(), entity).unwrap()
}

/// The same without a service.
pub async fn bare_scene(database: store::testing::TestDatabase) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let mut chance = SeededChance::new(20261122);
    let made = Ceremony::run(&mut chance);
    let (front_key, _) = SigningKey::generate(Party::new("relay-front").unwrap());
    let (blind_key, pkcs8) = SigningKey::generate(Party::new("relay-blind").unwrap());
    let operators = ["hama", "iso"].map(|name| OperatorKey::generate(name).unwrap());
    let authority = Authority::new("test");
    let front_tls = authority.client("relay-front");
    let file = |name: &str| folder.path().join(name);

    authority.server(&["127.0.0.1"]).write(folder.path(), "tls").unwrap();
    front_tls.write(folder.path(), "front").unwrap();
    for name in ["secrets", "services"] {
        fs::create_dir(file(name)).unwrap();
    }
    let door = database.door(USER);
    secret(&file("secrets/blind-1"), &made.blind.to_text()).unwrap();
    secret(&file("secrets/envelope"), &URL_SAFE_NO_PAD.encode(&*pkcs8)).unwrap();
    secret(&file("secrets/names"), &names_keys().1).unwrap();
    secret(&file("secrets/password"), door.password.expose_secret()).unwrap();
    let seal = format!(
        "current = 1\nindex = \"{}\"\n[keys]\n1 = \"{}\"\n",
        "06".repeat(32),
        "05".repeat(32)
    );
    secret(&file("secrets/seal.toml"), &seal).unwrap();
    fs::write(
        file("blind.toml"),
        format!(
            "[listen]\naddress = \"127.0.0.1:0\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
             [half]\nparty = \"relay-blind\"\nidentity_provider = \"{PROVIDER}\"\n\
             secrets_folder = \"secrets\"\nsecrets = [\"blind-1\"]\nsigning_key_file = \"secrets/envelope\"\n\
             names_key_file = \"secrets/names\"\n\
             [front]\nparty = \"relay-front\"\naddress = \"{FRONT}\"\nkeys = [\"{}\"]\ncertificates = \"front.pem\"\n\
             [services]\nfolder = \"services\"\noperators = [\"{}\", \"{}\"]\n\
             [database]\nhost = \"{}\"\nname = \"{}\"\nuser = \"{USER}\"\npassword_file = \"secrets/password\"\n\
             [seal]\nkeys_file = \"secrets/seal.toml\"\n",
            front_key.trusted().to_text(),
            operators[0].operator().to_text(),
            operators[1].operator().to_text(),
            door.host,
            door.database,
        ),
    )
    .unwrap();
    let config = Config::load(&file("blind.toml")).unwrap();
    let clock = HandClock::at(datetime!(2026-11-22 9:00 UTC));
    let half = start(&config, &database, &clock).await;
    Scene {
        registrar: Registrar::new(RegistrarSecret::new(&mut chance), made.global),
        front: FrontHalf::new(&made.front),
        front_secret: made.front,
        front_key,
        front_tls,
        authority,
        blind_secret: made.blind,
        blind_party: Party::new("relay-blind").unwrap(),
        trusted: TrustedKeys::new([blind_key.trusted()]),
        operators,
        database,
        config,
        half,
        clock,
        chance,
        folder,
    }
}

async fn start(config: &Config, database: &store::testing::TestDatabase, clock: &HandClock) -> Arc<Half> {
    let records = relay_records::blind::BlindRecords::behind(&database.door(USER), testing::sealer());
    Arc::new(Half::start(config, records, Arc::new(clock.clone())).await.unwrap())
}

impl Scene {
    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("blind.toml")
    }

    pub fn pin_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("services").join(name).with_extension("toml")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Pins `entity` with the signatures of so many operators.
    pub fn pin(&self, name: &str, entity: &str, signatures: usize) {
        self.pin_edition(name, entity, 1, signatures);
    }

    /// The same with a later edition.
    pub fn pin_edition(&self, name: &str, entity: &str, edition: u32, signatures: usize) {
        self.write_pin(name, entity, edition, signatures, |_| {});
    }

    /// A later edition, changed before both operators sign.
    pub fn pin_with(&self, name: &str, entity: &str, edition: u32, change: impl FnOnce(&mut PinFile)) {
        self.write_pin(name, entity, edition, 2, change);
    }

    fn write_pin(&self, name: &str, entity: &str, edition: u32, signatures: usize, change: impl FnOnce(&mut PinFile)) {
        let file = self.pin_file(name);
        let mut pin = PinFile {
            entity: entity.to_owned(),
            edition,
            withdrawn: false,
            cipher: "aes128-gcm".to_owned(),
            transport: "oaep-sha1".to_owned(),
            certificate: service_keys(entity).certificate.clone(),
            signing: vec![service_keys(entity).certificate.clone()],
            exceptions: Vec::new(),
            approvals: Default::default(),
        };
        change(&mut pin);
        for operator in &self.operators[..signatures] {
            pin.approve(operator, &file).unwrap();
        }
        pin.write(&file).unwrap();
    }

    /// Writes the edition that withdraws `entity`, signed for by both operators.
    pub fn withdraw(&self, name: &str, entity: &str, edition: u32) {
        let file = self.pin_file(name);
        let mut pin = PinFile::withdrawal(entity.to_owned(), edition);
        for operator in &self.operators {
            pin.approve(operator, &file).unwrap();
        }
        pin.write(&file).unwrap();
    }

    /// So many operators allow that the first keys are left behind within the hour.
    pub async fn allow_rotation(&self, operators: usize) {
        let now = self.clock.now();
        for key in &self.operators[..operators] {
            let until = now + time::Duration::HOUR;
            let approval = window::allow(key, self.blind_party.as_str(), KeyEdition(1), until, now).unwrap();
            self.half.records().approve_rotation(&approval).await.unwrap();
        }
    }

    /// The process killed and started again.
    pub async fn restart(&mut self) {
        self.half = start(&self.config, &self.database, &self.clock).await;
    }

    pub fn register(&mut self, person: u128, edition: u32) -> PolymorphicPseudonym {
        self.registrar
            .register(Uuid::from_u128(person), edition, &mut self.chance)
    }

    pub fn seal<B: serde::Serialize>(&mut self, kind: Kind, body: &B) -> Sealed {
        let letter = Letter::new(&self.blind_party, kind, body);
        self.front_key.seal(&letter, &self.clock, &mut self.chance)
    }

    pub fn order(&mut self, stored: &PolymorphicPseudonym, service: &Service) -> Finish {
        Finish {
            service: ServiceName::from(service),
            edition: self.front.edition(),
            half: self.front.half(stored, service, &mut self.chance).unwrap(),
            request: "ab".repeat(32),
        }
    }

    pub async fn share(&mut self, service: &Service) -> Result<Shared, Refused> {
        let share = Share {
            service: ServiceName::from(service),
            edition: self.front.edition(),
            share: self.front.service_share(service).to_text().to_string(),
        };
        let sealed = self.seal(Kind::Share, &share);
        let answer = self.half.share(&sealed.text).await?;
        let reader = self.front_key.party();
        let opened = self
            .trusted
            .open::<Shared>(&answer, Kind::Shared, reader, &self.clock)
            .unwrap();
        assert_eq!(opened.body.answers, sealed.number);
        Ok(opened.body)
    }

    /// A sign-in from the stored ciphertext to what the service reads.
    pub async fn sign_in(
        &mut self,
        stored: &PolymorphicPseudonym,
        service: &Service,
    ) -> Result<(NameId, Finished), Refused> {
        let order = self.order(stored, service);
        let sealed = self.seal(Kind::Finish, &order);
        let answer = self.half.finish(&sealed.text).await?;
        let reader = self.front_key.party();
        let opened = self
            .trusted
            .open::<Finished>(&answer, Kind::Finished, reader, &self.clock)
            .unwrap();
        assert_eq!(opened.body.answers, sealed.number);
        Ok((read_by(service, &opened.body.encrypted_id), opened.body))
    }

    pub async fn pseudonym(&mut self, stored: &PolymorphicPseudonym, service: &Service) -> String {
        self.sign_in(stored, service).await.unwrap().0.value.clone()
    }
}

/// Certificate and key of `entity`, as its operators know them.
pub fn service_pair(entity: &str) -> (&'static str, &'static [u8]) {
    let keys = service_keys(entity);
    (&keys.certificate, &keys.pkcs8)
}

/// What `service` reads with its own key.
pub fn read_by(service: &Service, encrypted_id: &str) -> NameId {
    let keys = DecryptionKeys::from_pkcs8([service_keys(service.entity()).pkcs8.as_slice()]).unwrap();
    open_name(encrypted_id, &keys, false).unwrap()
}

/// The front's blinding factor, as a share. No type of the core gives it: it is cut out of the front's filed secret, as a
/// thief would.
pub fn blinding_of(secret: &FrontSecret) -> String {
    let text = secret.to_text();
    let bytes = URL_SAFE_NO_PAD.decode(text.split_once(':').unwrap().1).unwrap();
    URL_SAFE_NO_PAD.encode(&bytes[4 + 64..4 + 96])
}
