//! `relay.toml`: all that the front has to be told, checked whole.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use portal_kit::{
    city::City,
    config::{ConfigError, Database, Fault, Listen, Log, Section},
    contact::Contact,
};
use relay_core::{
    envelope::{Party, TrustedKey},
    pseudonym::{Domain, KeyEdition},
};
use relay_saml::message::EntityId;
use store::trail::head::HeadVerifier;
use url::Url;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who the front is.
    pub relay: Relay,
    /// For browsers and services.
    pub public: Listen,
    /// For cards by mutual TLS, with every signature.
    pub card: Listen,
    /// For cards that sign PKCS#1 v1.5 only: TLS 1.2.
    pub card_pkcs1: Listen,
    pub intake: Listen,
    /// For the relay's operators.
    pub admin: Listen,
    /// What SAML messages are signed with.
    pub signing: Signing,
    /// Which cards are taken.
    pub cards: Cards,
    /// The front's half of the pseudonyms.
    pub half: Half,
    pub blind: Blind,
    /// Offices whose registrations are taken.
    pub offices: Offices,
    pub operators: Operators,
    /// Whether it vouches for the heads of offices' audit trails.
    pub witness: Option<Witness>,
    pub database: Database,
    /// File of the keys that columns are sealed with.
    pub seal_keys_file: PathBuf,
    /// How partners are reached.
    pub partners: PartnerWays,
    /// Whose relay it is.
    pub city: Option<City>,
    /// Whom a resident asks.
    pub contact: Option<Contact>,
    /// How log lines look.
    pub log: Log,
}

/// `[relay]`: who the front is.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its SAML entity id.
    pub entity: EntityId,
    /// The public listener as browsers reach it.
    pub address: Url,
    /// The card listener as browsers reach it.
    pub card_address: Url,
    /// The listener for cards that sign PKCS#1 v1.5 only.
    pub card_pkcs1_address: Url,
    /// Whose people it signs in: the city's code.
    pub domain: Domain,
    /// The card bridge as a browser at a desk reaches it.
    pub bridge: Option<Url>,
    /// The domain that this relay shares with its services (saml-profiles section 4.3): which provider a person uses is
    /// remembered for all of it. None: for the relay's own host alone.
    pub common_domain: Option<String>,
    /// Other consortiums' identity providers that a person may choose, registered as partners.
    pub other_providers: Vec<EntityId>,
}

/// `[signing]`: keys of SAML messages.
#[derive(Debug, Clone)]
pub struct Signing {
    /// PEM file of the certificate.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key_file: PathBuf,
    /// Another certificate that stands in the metadata beside it: the next one before a change, the last one after.
    pub beside: Option<PathBuf>,
}

/// `[cards]`: which cards are taken.
#[derive(Debug, Clone)]
pub struct Cards {
    /// PEM file of the residents' issuing authorities.
    pub residents: PathBuf,
    /// PEM file of the workers' issuing authorities.
    pub workers: Option<PathBuf>,
    /// The arc under which the profiles' policies stand.
    pub oid_arc: String,
    /// SHA-256, in hex, of the certificates operators sign in with for trials.
    pub for_trials: Vec<String>,
    /// Word that a card was pulled counts from every address, not only from the one that it was shown from.
    pub pulled_from_anywhere: bool,
    /// As many cards as one service may bring without their PIN within an hour.
    pub checks_per_hour: u32,
}

/// `[half]`: the front's half of the pseudonyms, and its envelopes.
#[derive(Debug, Clone)]
pub struct Half {
    /// Its name in envelopes.
    pub party: Party,
    /// Files of the half's secrets, one for each edition in use.
    pub secret_files: Vec<PathBuf>,
    /// The folder they are in, where a key rotation files the next.
    pub secrets_folder: PathBuf,
    /// File of the key that its envelopes are signed with (base64url, PKCS#8).
    pub envelope_key_file: PathBuf,
}

/// `[blind]`: the blind half.
#[derive(Debug, Clone)]
pub struct Blind {
    /// Its name in envelopes.
    pub party: Party,
    pub address: Url,
    /// The keys its envelopes are signed with; two while it changes its key.
    pub keys: Vec<TrustedKey>,
    /// PEM file of the authorities its server is believed by.
    pub authorities: PathBuf,
    /// PEM file of the certificate the front shows it.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key_file: PathBuf,
    /// PEM file of the certificate that names in LogoutRequests are encrypted to: the blind half's own.
    pub names_certificate: PathBuf,
}

/// `[offices]`: whose registrations are taken.
#[derive(Debug, Clone)]
pub struct Offices {
    /// PEM file of the authorities their clients' certificates are of.
    pub authorities: PathBuf,
    /// The keys their envelopes are signed with.
    pub keys: Vec<TrustedKey>,
    /// The domains of offices that are not of `[relay] domain`: whoever another city's office registered is somebody of
    /// that city, and has other pseudonyms there.
    pub domains: BTreeMap<String, Domain>,
}

/// `[witness]`: the second party of offices' audit trails.
#[derive(Debug, Clone)]
pub struct Witness {
    /// File of the key that vouches for heads (C2SP tlog-cosignature, Ed25519).
    pub key_file: PathBuf,
    /// The keys of the trails whose heads are taken.
    pub trails: Vec<HeadVerifier>,
    /// Folder in which the heads are kept, a file for each trail.
    pub folder: PathBuf,
}

/// `[operators]`: who may use the administration interface.
#[derive(Debug, Clone)]
pub struct Operators {
    /// PEM file of the authorities their cards are of.
    pub authorities: PathBuf,
    /// Files of those authorities' revocation lists, read again when they change.
    pub revocations: Vec<PathBuf>,
    /// Name and SHA-256 (hex) of each operator's certificate.
    pub known: Vec<(String, String)>,
}

/// `[partners]`: how partners are reached.
#[derive(Debug, Clone)]
pub struct PartnerWays {
    /// PEM file of the authorities that their servers are believed by.
    pub authorities: PathBuf,
    /// Metadata may name plain `http` on this machine itself: demonstrations and tests.
    pub loopback: bool,
}

impl Config {
    /// Reads `file`.
    ///
    /// # Errors
    /// Every mistake, with its line.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        portal_kit::config::load(file, |document| Self {
            relay: document.section("relay", Relay::read),
            public: document.section("listen", Listen::read),
            card: document.section("listen_card", Listen::read),
            card_pkcs1: document.section("listen_card_pkcs1", Listen::read),
            intake: document.section("listen_intake", Listen::read),
            admin: document.section("listen_admin", Listen::read),
            signing: document.section("signing", Signing::read),
            cards: document.section("cards", Cards::read),
            half: document.section("half", Half::read),
            blind: document.section("blind", Blind::read),
            offices: document.section("offices", Offices::read),
            operators: document.section("operators", Operators::read),
            witness: document.if_present("witness", Witness::read),
            database: document.section("database", Database::read),
            seal_keys_file: document.section("seal", |section| section.path("keys_file")),
            partners: document.section("partners", |section| PartnerWays {
                authorities: section.path("authorities"),
                loopback: section.flag_or("loopback", false),
            }),
            city: document.if_present("city", City::read),
            contact: document.if_present("contact", Contact::read),
            log: document.optional("log", Log::read),
        })
    }
}

impl Relay {
    fn read(section: &mut Section<'_>) -> Self {
        let entity = section.text("entity_id");
        let domain = section.text("domain");
        let address = section.https("address");
        let common = section.text_or("common_domain", "none");
        let common_domain = (common != "none").then_some(common);
        if common_domain.as_deref().is_some_and(|domain| !shares(domain, &address)) {
            section.mistake(
                "common_domain",
                Fault::NotOneOf(vec![
                    "a domain of two labels or more that the host of `address` lies in",
                ]),
            );
        }
        let bridge = section.text_or("bridge", "none");
        let others = section.lines_or("other_providers", &[]);
        let other_providers: Vec<_> = others.iter().filter_map(|text| EntityId::parse(text)).collect();
        if other_providers.len() != others.len() {
            section.mistake("other_providers", Fault::NotOneOf(vec!["entity ids"]));
        }
        Self {
            entity: EntityId::parse(&entity).unwrap_or_else(|| {
                wrong(section, "entity_id", &entity, "a URI of at most 1,024 characters");
                EntityId::parse("urn:mistaken").expect("a constant that is an entity")
            }),
            address,
            common_domain,
            card_address: section.https("card_address"),
            card_pkcs1_address: section.https("card_pkcs1_address"),
            domain: Domain::new(&domain).unwrap_or_else(|_| {
                wrong(section, "domain", &domain, "a city's code");
                Domain::new("mistaken").expect("a constant that is a domain")
            }),
            bridge: match bridge.as_str() {
                "none" => None,
                text => loopback(text).or_else(|| {
                    wrong(section, "bridge", text, "http://127.0.0.1:port");
                    None
                }),
            },
            other_providers,
        }
    }
}

impl Signing {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            certificate: section.path("certificate"),
            key_file: section.path("key_file"),
            beside: section.path_if_present("beside"),
        }
    }
}

impl Cards {
    fn read(section: &mut Section<'_>) -> Self {
        let for_trials = section.lines_or("for_trials", &[]);
        if !for_trials.iter().all(|hash| is_sha256(hash)) {
            section.mistake("for_trials", Fault::NotOneOf(vec!["SHA-256 in 64 hex digits"]));
        }
        Self {
            residents: section.path("residents"),
            workers: section.path_if_present("workers"),
            oid_arc: section.text("oid_arc"),
            for_trials: for_trials.iter().map(|hash| hash.to_ascii_lowercase()).collect(),
            pulled_from_anywhere: section.flag_or("pulled_from_anywhere", false),
            checks_per_hour: section.number_or("checks_per_hour", 1..=100_000, 600),
        }
    }
}

impl Half {
    /// The file of the half's secret of `edition`, where a ceremony or a rotation filed it.
    pub fn secret_file(&self, edition: KeyEdition) -> PathBuf {
        self.secrets_folder.join(format!("front-{edition}"))
    }

    /// The file of a key rotation under way; there is none when it does not exist.
    pub fn rotation_file(&self) -> PathBuf {
        self.secrets_folder.join("front-rotation")
    }

    fn read(section: &mut Section<'_>) -> Self {
        let folder = section.path("secrets_folder");
        let secrets = section.lines_or("secrets", &[]);
        if secrets.is_empty() {
            section.mistake("secrets", Fault::Missing);
        }
        Self {
            party: party(section),
            secret_files: secrets.iter().map(|name| folder.join(name)).collect(),
            secrets_folder: folder,
            envelope_key_file: section.path("envelope_key_file"),
        }
    }
}

impl Blind {
    fn read(section: &mut Section<'_>) -> Self {
        let party = party(section);
        let texts = section.lines_or("keys", &[]);
        let keys: Vec<_> = texts
            .iter()
            .filter_map(|text| TrustedKey::from_text(party.clone(), text).ok())
            .collect();
        if keys.is_empty() || keys.len() != texts.len() {
            section.mistake(
                "keys",
                Fault::NotOneOf(vec!["public keys as `madoguchi-blind` prints them"]),
            );
        }
        Self {
            party,
            address: section.https("address"),
            keys,
            authorities: section.path("authorities"),
            certificate: section.path("certificate"),
            key_file: section.path("key_file"),
            names_certificate: section.path("names_certificate"),
        }
    }
}

impl Offices {
    fn read(section: &mut Section<'_>) -> Self {
        let texts = section.lines_or("keys", &[]);
        let keys: Vec<_> = texts
            .iter()
            .filter_map(|text| {
                let (name, key) = text.split_once(' ')?;
                TrustedKey::from_text(Party::new(name).ok()?, key).ok()
            })
            .collect();
        if keys.len() != texts.len() {
            section.mistake("keys", Fault::NotOneOf(vec!["an office's name and its public key"]));
        }
        let texts = section.lines_or("domains", &[]);
        let domains: BTreeMap<_, _> = texts
            .iter()
            .filter_map(|text| {
                let (name, domain) = text.split_once(' ')?;
                keys.iter().find(|key| key.party().as_str() == name)?;
                Some((name.to_owned(), Domain::new(domain).ok()?))
            })
            .collect();
        if domains.len() != texts.len() {
            section.mistake(
                "domains",
                Fault::NotOneOf(vec!["the name of an office in `keys` and its city's code, once"]),
            );
        }
        Self {
            authorities: section.path("authorities"),
            keys,
            domains,
        }
    }
}

impl Witness {
    fn read(section: &mut Section<'_>) -> Self {
        let texts = section.lines_or("trails", &[]);
        let trails: Vec<_> = texts
            .iter()
            .filter_map(|text| HeadVerifier::from_text(text).ok())
            .collect();
        if trails.is_empty() || trails.len() != texts.len() {
            section.mistake("trails", Fault::NotOneOf(vec!["the public key of an office's trail"]));
        }
        Self {
            key_file: section.path("key_file"),
            trails,
            folder: section.path("folder"),
        }
    }
}

impl Operators {
    fn read(section: &mut Section<'_>) -> Self {
        let texts = section.lines_or("known", &[]);
        let known: Vec<_> = texts
            .iter()
            .filter_map(|text| {
                let (name, hash) = text.split_once(' ')?;
                is_sha256(hash).then(|| (name.to_owned(), hash.to_ascii_lowercase()))
            })
            .collect();
        let mut cards: Vec<_> = known.iter().map(|(_, hash)| hash).collect();
        let mut names: Vec<_> = known.iter().map(|(name, _)| name).collect();
        cards.sort_unstable();
        cards.dedup();
        names.sort_unstable();
        names.dedup();
        // One card under two names would be no second operator.
        if [known.len(), cards.len(), names.len()] != [texts.len(); 3] {
            section.mistake(
                "known",
                Fault::NotOneOf(vec!["a name and the SHA-256 of a certificate, each of another person"]),
            );
        }
        Self {
            authorities: section.path("authorities"),
            revocations: section.paths_or("revocations", &[]),
            known,
        }
    }
}

fn party(section: &mut Section<'_>) -> Party {
    let name = section.text("party");
    Party::new(&name).unwrap_or_else(|_| {
        wrong(section, "party", &name, "1 to 64 letters, digits, '-', '.' or '_'");
        Party::new("mistaken").expect("a constant that is a name")
    })
}

/// A mistake, unless the text is missing, which is told already.
fn wrong(section: &mut Section<'_>, key: &'static str, text: &str, wanted: &'static str) {
    if !text.is_empty() {
        section.mistake(key, Fault::NotOneOf(vec![wanted]));
    }
}

/// Whether a cookie for `domain` may be set by `address`: its host lies in the domain, which is no top-level domain.
fn shares(domain: &str, address: &Url) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let within = address
        .domain()
        .is_some_and(|host| host == domain || host.strip_suffix(domain).is_some_and(|host| host.ends_with('.')));
    within && domain.split('.').count() >= 2 && domain.split('.').all(label)
}

/// The bridge is on the browser's own machine: nothing else is ever sent a challenge.
fn loopback(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    (url.scheme() == "http" && here && url.port().is_some() && url.path() == "/" && url.query().is_none())
        .then_some(url)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::envelope::SigningKey;

    fn good() -> String {
        let key = |name| SigningKey::generate(Party::new(name).unwrap()).0.trusted().to_text();
        let listen =
            |name| format!("[{name}]\naddress = \"127.0.0.1:0\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n");
        let listeners: String = [
            "listen",
            "listen_card",
            "listen_card_pkcs1",
            "listen_intake",
            "listen_admin",
        ]
        .map(listen)
        .concat();
        format!(
            "[relay]\nentity_id = \"https://relay.example/saml\"\naddress = \"https://relay.example\"\n\
             card_address = \"https://relay.example:8444\"\ncard_pkcs1_address = \"https://relay.example:8445\"\n\
             domain = \"429996\"\nbridge = \"http://127.0.0.1:8940\"\n\
             {listeners}\
             [signing]\ncertificate = \"saml.pem\"\nkey_file = \"saml.key\"\n\
             [cards]\nresidents = \"residents.pem\"\noid_arc = \"1.3.6.1.4.1.32473\"\n\
             [half]\nparty = \"relay-front\"\nsecrets_folder = \"secrets\"\nsecrets = [\"front-1\"]\nenvelope_key_file = \"secrets/envelope\"\n\
             [blind]\nparty = \"relay-blind\"\naddress = \"https://blind.example\"\nkeys = [\"{}\"]\nauthorities = \"blind-ca.pem\"\n\
             certificate = \"front.pem\"\nkey_file = \"front.key\"\nnames_certificate = \"names.pem\"\n\
             [offices]\nauthorities = \"offices.pem\"\nkeys = [\"shiomi-office {}\"]\n\
             [operators]\nauthorities = \"operators.pem\"\nknown = [\"hama {}\", \"iso {}\"]\n\
             [database]\nhost = \"postgres\"\nname = \"relay\"\nuser = \"relay_front\"\npassword_file = \"secrets/password\"\n\
             [seal]\nkeys_file = \"secrets/seal.toml\"\n[partners]\nauthorities = \"web.pem\"\n",
            key("relay-blind"),
            key("shiomi-office"),
            "0a".repeat(32),
            "0b".repeat(32),
        )
    }

    fn load(text: &str) -> Result<Config, Vec<(usize, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&file).map_err(|error| match error {
            ConfigError::Mistaken { mistakes, .. } => mistakes
                .into_iter()
                .map(|mistake| (mistake.line, mistake.key))
                .collect(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_good_file_is_taken() {
        let config = load(&good()).unwrap();
        assert_eq!(config.operators.known.len(), 2);
        assert_eq!(config.relay.bridge.unwrap().port(), Some(8940));
        assert_eq!(config.offices.keys[0].party().as_str(), "shiomi-office");
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = good()
            .replace("https://relay.example:8444", "http://relay.example:8444")
            .replace("http://127.0.0.1:8940", "http://192.0.2.1:8940")
            .replace("party = \"relay-front\"", "party = \"relay front\"")
            .replace("[seal]", "[sael]");
        let told = load(&text).unwrap_err();
        let keys: Vec<_> = told.iter().map(|(_, key)| key.as_str()).collect();
        for key in ["relay.card_address", "relay.bridge", "half.party", "sael", "seal"] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
        let line = text.lines().position(|line| line.contains("192.0.2.1")).unwrap() + 1;
        assert!(told.contains(&(line, "relay.bridge".to_owned())));
    }

    #[test]
    fn an_office_of_another_city_is_named_with_its_domain_and_only_an_office_that_is_known() {
        let with = |domains: &str| {
            let keys = format!("[offices]\ndomains = [{domains}]\n");
            load(&good().replace("[offices]\n", &keys)).map(|config| config.offices.domains)
        };
        let domains = with("\"shiomi-office 439991\"").unwrap();
        assert_eq!(domains["shiomi-office"], Domain::new("439991").unwrap());
        for wrong in [
            "\"isobe-office 439991\"",
            "\"shiomi-office\"",
            "\"shiomi-office 439991\", \"shiomi-office 429996\"",
        ] {
            assert_eq!(with(wrong).unwrap_err()[0].1, "offices.domains", "{wrong}");
        }
    }

    #[test]
    fn a_common_domain_is_one_that_the_relays_own_host_lies_in() {
        let with =
            |domain: &str| load(&good().replace("[relay]\n", &format!("[relay]\ncommon_domain = \"{domain}\"\n")));
        let config = with("relay.example").unwrap();
        assert_eq!(config.relay.common_domain.as_deref(), Some("relay.example"));
        for wrong in [
            "example",
            "lay.example",
            "other.example",
            "Relay.example",
            "relay.example; Path=/x",
        ] {
            assert_eq!(with(wrong).unwrap_err()[0].1, "relay.common_domain", "{wrong}");
        }
    }

    #[test]
    fn one_card_under_two_names_is_no_second_operator() {
        let told = load(&good().replace(&"0b".repeat(32), &"0A".repeat(32))).unwrap_err();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1, "operators.known");
    }
}
