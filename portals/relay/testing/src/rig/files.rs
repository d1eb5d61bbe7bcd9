//! The files of a relay: what its two configurations and their folders hold.

use std::fs;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_testing::{city, secret};
use rcgen::PKCS_RSA_SHA256;
use relay_core::{envelope::SigningKey, pseudonym::Ceremony};
use relay_records::{blind, front};
use secrecy::ExposeSecret as _;

use super::{ENTITY, HOST, OTHER_PROVIDER, Relay, hash_of, party, programs::blind_command, self_signed, text};

impl Relay {
    /// Writes them, with the keys that `made` are.
    pub(super) fn write_files(&mut self, made: &Ceremony) {
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
        let written = "files are written";
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
        let (names, names_key) = self_signed(&PKCS_RSA_SHA256);
        fs::write(file("names.pem"), names).expect(written);
        write_secret("secrets/names.key", &names_key);
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
                 secrets = [\"blind-1\"]\nsigning_key_file = \"secrets/blind-envelope\"\nnames_key_file = \"secrets/names.key\"\n\
                 [front]\nparty = \"relay-front\"\naddress = \"https://{HOST}:{public}\"\nkeys = [\"{front_key}\"]\ncertificates = \"front.pem\"\n\
                 [services]\nfolder = \"services\"\noperators = [\"{one}\", \"{other}\"]\n\
                 [database]\nhost = \"{host}\"\nname = \"{name}\"\nuser = \"{user}\"\n\
                 password_file = \"secrets/blind-password\"\n[seal]\nkeys_file = \"secrets/blind-seal.toml\"\n",
                port = self.ports.blind,
                public = self.ports.public,
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
        let offices = ["shiomi-office", "isobe-office"]
            .iter()
            .zip(&self.offices)
            .map(|(name, office)| format!("\"{name} {}\"", office.key.trusted().to_text()))
            .collect::<Vec<_>>()
            .join(", ");
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
                 [offices]\nauthorities = \"web.pem\"\nkeys = [{offices}]\n\
                 domains = [\"isobe-office 439991\"]\n\
                 [operators]\nauthorities = \"web.pem\"\nknown = [{operators}]\n\
                 [database]\nhost = \"{host}\"\nname = \"{name}\"\nuser = \"{user}\"\n\
                 password_file = \"secrets/front-password\"\n[seal]\nkeys_file = \"secrets/front-seal.toml\"\n\
                 [partners]\nauthorities = \"web.pem\"\nloopback = true\n\
                 {city}[contact]\nphone = \"0950-00-0000\"\nhours = \"8:30-17:15\"\n",
                city = city(&folder).expect(written),
                public = self.ports.public,
                card = self.ports.card,
                card_pkcs1 = self.ports.card_pkcs1,
                blind = self.ports.blind,
                arc = self.cards.arc(),
                blind_key = blind_key.trusted().to_text(),
                host = door.host,
                name = door.database,
                user = front::USER,
            ),
        )
        .expect(written);
    }
}
