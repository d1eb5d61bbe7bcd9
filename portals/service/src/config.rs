//! A portal's configuration file: all that it has to be told, checked whole.

use std::path::{Path, PathBuf};

use portal_kit::{
    city::City,
    config::{self, ConfigError, Database, Fault, Listen, Log, Section},
    contact::Contact,
};
use relay_saml::message::EntityId;
use time::Duration;
use url::Url;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[service] entity_id`: its SAML entity id.
    pub entity: EntityId,
    /// `[service] address`: where browsers and the relay reach it, `https://host:port`.
    pub address: Url,
    pub listen: Listen,
    /// What its messages are signed with.
    pub signing: KeyFiles,
    /// What its residents' names are encrypted to.
    pub encryption: KeyFiles,
    pub relay: Relay,
    pub database: Database,
    /// `[seal] keys_file`: what sessions, cookies and forms are sealed with.
    pub seal_keys_file: PathBuf,
    /// How long sessions and history last.
    pub session: Session,
    /// Whose portal it is.
    pub city: Option<City>,
    /// Whom a resident asks.
    pub contact: Option<Contact>,
    /// `[records]`: providers of people's records may be asked, by whom their servers are believed.
    pub records: Option<Records>,
    /// How log lines look.
    pub log: Log,
}

/// A certificate and its private key, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The certificate, as published in metadata.
    pub certificate: PathBuf,
    pub key_file: PathBuf,
}

impl KeyFiles {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            certificate: section.path("certificate"),
            key_file: section.path("key_file"),
        }
    }
}

/// `[relay]`: the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    pub entity: EntityId,
    /// Its metadata, a file that was fetched and compared.
    pub metadata: PathBuf,
    /// The SHA-256 of that file, as its operator told it by another way.
    pub fingerprint: [u8; 32],
    /// Where its metadata are fetched anew; none: the file alone counts, and is replaced by hand before it expires.
    pub fetched: Option<Fetched>,
    /// Seconds by which the two clocks may be apart.
    pub skew: Duration,
}

/// `[relay] metadata_address` and `authorities`: where the relay's metadata are fetched anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub address: Url,
    /// PEM file of the authorities that its server is believed by. The metadata themselves are believed by their
    /// signature.
    pub authorities: PathBuf,
}

/// `[records]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// PEM file of the authorities that providers' servers and the relay's are believed by.
    pub authorities: PathBuf,
}

/// `[session]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub idle: Duration,
    pub longest: Duration,
    /// How long past sign-ins are kept.
    pub history: Duration,
}

impl Config {
    /// Reads and checks `file`.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        config::load(file, |document| {
            let (entity, address) = document.section("service", |service| {
                let address = service.https("address");
                if address.path() != "/" || address.query().is_some() {
                    service.mistake("address", Fault::NotAnOrigin);
                }
                (entity_of(service), address)
            });
            Self {
                entity,
                address,
                listen: document.section("listen", Listen::read),
                signing: document.section("signing", KeyFiles::read),
                encryption: document.section("encryption", KeyFiles::read),
                relay: document.section("relay", |relay| Relay {
                    entity: entity_of(relay),
                    metadata: relay.path("metadata"),
                    fingerprint: fingerprint(relay),
                    fetched: fetched(relay),
                    skew: Duration::seconds(i64::from(relay.number_or::<u16>("skew_seconds", 0..=300, 60))),
                }),
                database: document.section("database", Database::read),
                seal_keys_file: document.section("seal", |seal| seal.path("keys_file")),
                session: document.optional("session", |session| Session {
                    idle: Duration::minutes(i64::from(session.number_or::<u16>("idle_minutes", 1..=240, 15))),
                    longest: Duration::hours(i64::from(session.number_or::<u16>("longest_hours", 1..=24, 8))),
                    history: Duration::days(i64::from(session.number_or::<u16>("history_days", 1..=3650, 365))),
                }),
                city: document.if_present("city", City::read),
                contact: document.if_present("contact", Contact::read),
                records: document.if_present("records", |records| Records {
                    authorities: records.path("authorities"),
                }),
                log: document.optional("log", Log::read),
            }
        })
    }
}

fn entity_of(section: &mut Section<'_>) -> EntityId {
    let text = section.text("entity_id");
    EntityId::parse(&text).unwrap_or_else(|| {
        if !text.is_empty() {
            section.mistake("entity_id", Fault::Malformed("an entity id: a URI without blanks"));
        }
        EntityId::parse("urn:mistaken").expect("a constant that is an entity id")
    })
}

fn fetched(section: &mut Section<'_>) -> Option<Fetched> {
    let text = section.text_or("metadata_address", "none");
    if text == "none" {
        return None;
    }
    let authorities = section.path("authorities");
    match Url::parse(&text) {
        Ok(address) if address.scheme() == "https" => Some(Fetched { address, authorities }),
        _ => {
            section.mistake(
                "metadata_address",
                Fault::Malformed("an address that begins with https://"),
            );
            None
        }
    }
}

fn fingerprint(section: &mut Section<'_>) -> [u8; 32] {
    let text = section.text("fingerprint");
    let mut bytes = [0; 32];
    // As people write it on paper: with colons or blanks between.
    let digits: String = text.chars().filter(|letter| !matches!(letter, ':' | ' ')).collect();
    if hex::decode_to_slice(&digits, &mut bytes).is_err() && !text.is_empty() {
        section.mistake("fingerprint", Fault::Malformed("a SHA-256 in hex, 64 digits"));
    }
    bytes
}
