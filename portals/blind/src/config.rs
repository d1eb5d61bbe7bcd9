//! `blind.toml`: all that the process has to be told.

use std::path::{Path, PathBuf};

use portal_kit::config::{ConfigError, Database, Fault, Listen, Log, Section};
use relay_core::envelope::{Party, TrustedKey};
use relay_saml::message::EntityId;

use crate::operators::Operator;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens, and who it is there.
    pub listen: Listen,
    pub half: HalfFiles,
    pub front: Front,
    /// Whom it seals to.
    pub services: Services,
    pub database: Database,
    /// File of the keys that shares are sealed with in the database.
    pub seal_keys_file: PathBuf,
    /// How log lines look.
    pub log: Log,
}

/// `[half]`: who this half is, and its secrets.
#[derive(Debug, Clone)]
pub struct HalfFiles {
    /// Its name in envelopes.
    pub party: Party,
    /// Entity id of the identity provider that the front is: what pseudonyms are qualified by.
    pub identity_provider: String,
    /// Files of the half's secrets, one for each edition that is in use.
    pub secret_files: Vec<PathBuf>,
    /// File of a key rotation under way; there is none when it does not exist.
    pub rotation_file: PathBuf,
    /// File of the key that its envelopes are signed with.
    pub signing_key_file: PathBuf,
    /// PEM file of the private key that services encrypt names to; its certificate stands in the front's metadata.
    pub names_key_file: PathBuf,
}

/// `[front]`: the one client.
#[derive(Debug, Clone)]
pub struct Front {
    /// Its name in envelopes.
    pub party: Party,
    /// Its public address, `https://…` without a path: services address their messages to it.
    pub address: String,
    /// The keys its envelopes are signed with; two while it changes its key.
    pub keys: Vec<TrustedKey>,
    /// PEM file of the certificates it may show; two while it changes its certificate.
    pub certificates: PathBuf,
}

/// `[services]`: whom it seals to.
#[derive(Debug, Clone)]
pub struct Services {
    /// Folder of the pins.
    pub folder: PathBuf,
    /// Who may sign for a pin, at least two.
    pub operators: Vec<Operator>,
}

impl Config {
    /// Reads `file`.
    ///
    /// # Errors
    /// Every mistake, with its line.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        portal_kit::config::load(file, |document| Self {
            listen: document.section("listen", Listen::read),
            half: document.section("half", HalfFiles::read),
            front: document.section("front", Front::read),
            services: document.section("services", Services::read),
            database: document.section("database", Database::read),
            seal_keys_file: document.section("seal", |section| section.path("keys_file")),
            log: document.optional("log", Log::read),
        })
    }
}

impl HalfFiles {
    fn read(section: &mut Section<'_>) -> Self {
        let folder = section.path("secrets_folder");
        let secrets = section.lines_or("secrets", &[]);
        if secrets.is_empty() {
            section.mistake("secrets", Fault::Missing);
        }
        Self {
            party: party(section),
            identity_provider: section.checked(
                "identity_provider",
                Fault::NotOneOf(vec!["an entity id, without blanks"]),
                |text| EntityId::parse(text).is_some(),
            ),
            secret_files: secrets.iter().map(|name| folder.join(name)).collect(),
            rotation_file: folder.join("rotation"),
            signing_key_file: section.path("signing_key_file"),
            names_key_file: section.path("names_key_file"),
        }
    }
}

impl Front {
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
                Fault::NotOneOf(vec!["public keys as `madoguchi-relay` prints them"]),
            );
        }
        let address = section.https("address");
        Self {
            party,
            address: address.as_str().trim_end_matches('/').to_owned(),
            keys,
            certificates: section.path("certificates"),
        }
    }
}

impl Services {
    fn read(section: &mut Section<'_>) -> Self {
        let texts = section.lines_or("operators", &[]);
        let operators: Vec<_> = texts.iter().filter_map(|text| Operator::from_text(text)).collect();
        let mut names: Vec<_> = operators.iter().map(Operator::name).collect();
        let mut keys: Vec<_> = operators.iter().map(Operator::key).collect();
        names.sort_unstable();
        names.dedup();
        keys.sort_unstable();
        keys.dedup();
        // One person under two names would be no dual control.
        if operators.len() < 2 || [names.len(), keys.len()] != [texts.len(); 2] {
            section.mistake(
                "operators",
                Fault::NotOneOf(vec![
                    "two or more lines as `madoguchi-blind operator` prints them, each of another person",
                ]),
            );
        }
        Self {
            folder: section.path("folder"),
            operators,
        }
    }
}

fn party(section: &mut Section<'_>) -> Party {
    let name = section.text("party");
    Party::new(&name).unwrap_or_else(|_| {
        if !name.is_empty() {
            section.mistake(
                "party",
                Fault::NotOneOf(vec!["1 to 64 letters, digits, '-', '.' or '_'"]),
            );
        }
        Party::new("mistaken").expect("a constant that is a name")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::OperatorKey;
    use relay_core::envelope::SigningKey;

    fn good() -> String {
        let (front, _) = SigningKey::generate(Party::new("relay-front").unwrap());
        let operators: Vec<_> = ["hama", "iso"]
            .map(|name| OperatorKey::generate(name).unwrap().operator().to_text())
            .into();
        format!(
            "[listen]\naddress = \"127.0.0.1:0\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
             [half]\nparty = \"relay-blind\"\nidentity_provider = \"https://relay.example/saml\"\n\
             secrets_folder = \"secrets\"\nsecrets = [\"blind-1\"]\nsigning_key_file = \"secrets/envelope\"\nnames_key_file = \"secrets/names\"\n\
             [front]\nparty = \"relay-front\"\naddress = \"https://relay.example\"\nkeys = [\"{}\"]\ncertificates = \"front.pem\"\n\
             [services]\nfolder = \"services\"\noperators = [\"{}\", \"{}\"]\n\
             [database]\nhost = \"postgres\"\nname = \"blind\"\nuser = \"blind_half\"\npassword_file = \"secrets/password\"\n\
             [seal]\nkeys_file = \"secrets/seal.toml\"\n",
            front.trusted().to_text(),
            operators[0],
            operators[1],
        )
    }

    fn load(text: &str) -> Result<Config, Vec<(usize, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("blind.toml");
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
        assert_eq!(config.front.keys.len(), 1);
        assert_eq!(config.services.operators.len(), 2);
        assert!(config.half.secret_files[0].ends_with("secrets/blind-1"));
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        let text = good()
            .replace("\"relay-blind\"", "\"relay blind\"")
            .replace("keys = [\"", "keys = [\"x");
        let line = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
        let told = load(&text).unwrap_err();
        assert_eq!(
            told,
            [
                (line("relay blind"), "half.party".to_owned()),
                (line("keys = [\"x"), "front.keys".to_owned())
            ]
        );
    }

    #[test]
    fn one_person_under_two_names_is_no_dual_control() {
        let text = good();
        let line = text.lines().find(|line| line.starts_with("operators")).unwrap();
        let one = line.split('"').nth(1).unwrap();
        let key = one.split_once(' ').unwrap().1;
        for operators in [format!("[\"{one}\"]"), format!("[\"{one}\", \"iso {key}\"]")] {
            let told = load(&text.replace(line, &format!("operators = {operators}"))).unwrap_err();
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].1, "services.operators");
        }
    }
}
