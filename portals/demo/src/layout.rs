//! Everything on disk: a folder for each organisation under `relay/`, a database for each in the private cluster.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portal_testing::{Authority, city, rsa_pair, secret};
use provider_records::Provider;
use relay_core::{
    chance::{OsChance, draw},
    envelope::{Party, SigningKey},
    pseudonym::{Ceremony, RegistrarSecret},
};
use relay_records::{blind, front};
use relay_saml::fingerprint;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    cluster::{Cluster, ClusterStatus, hex_password},
    trail::witness::WitnessKey,
};

use crate::{clinic, offices, ports};

/// My Page's database and roles.
pub const MY_PAGE: Provider = Provider("my_page");
/// The front's name in SAML.
pub const FRONT: &str = "https://relay.shiomi.example/saml";
/// My Page's name in SAML.
pub const MY_PAGE_ENTITY: &str = "https://my-page.shiomi.example/saml";
pub const FRONT_PARTY: &str = "relay-front";
const BLIND_PARTY: &str = "relay-blind";
const OFFICE_PARTY: &str = "shiomi-office";
/// Whom the demonstration's residents ask: the telephone of its made-up city.
pub const CONTACT: &str = "[contact]\nphone = \"0950-00-0000\"\nhours = \"8:30-17:15\"\n";
/// The front's operators, and the blind half's.
pub const OPERATORS: [&str; 2] = ["hama", "iso"];
/// The blind half's operators.
pub const BLIND_OPERATORS: [&str; 2] = ["kai", "nagi"];
/// 1.3.6.1.4.1.32473, the enterprise number for examples (RFC 5612): what the demonstration's authority uses.
const EXAMPLE_ARC: &str = "1.3.6.1.4.1.32473";

/// TCP ports on loopback: free ones when the relay was first laid out, the same ever after.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ports {
    public: u16,
    card: u16,
    card_pkcs1: u16,
    intake: u16,
    admin: u16,
    blind: u16,
    my_page: u16,
    bridge: u16,
}

/// A demonstration's relay on disk.
pub struct Layout {
    home: PathBuf,
    ports: Ports,
}

impl Layout {
    /// The relay laid out in `home`, if one was, whole.
    pub fn find(home: &Path) -> anyhow::Result<Option<Self>> {
        let file = home.join("relay/ports.json");
        if !file.exists() {
            return Ok(None);
        }
        let ports = serde_json::from_str(&fs::read_to_string(&file)?).with_context(|| file.display().to_string())?;
        Ok(Some(Self {
            home: home.to_owned(),
            ports,
        }))
    }

    /// The relay in `home`, laid out where it was not. One that was cut off half-way is begun anew: nobody was
    /// registered with it yet.
    pub async fn make(home: &Path) -> anyhow::Result<Self> {
        let cluster = Cluster::at(home.join("postgres"));
        if !matches!(cluster.status()?, ClusterStatus::Running { .. }) {
            bail!(
                "the database in {} does not run: begin with `madoguchi up`",
                home.display()
            );
        }
        if let Some(there) = Self::find(home)? {
            return Ok(there);
        }
        let layout = Self {
            home: home.to_owned(),
            ports: free_ports()?,
        };
        let whole = home.join("relay");
        if whole.exists() {
            fs::remove_dir_all(&whole)?;
        }
        for name in [
            "office",
            "blind/services",
            "blind/operators",
            "relay/operators",
            "my-page",
            "card-bridge",
        ] {
            fs::create_dir_all(whole.join(name))?;
        }
        for name in ["", "office", "blind", "relay", "my-page", "card-bridge"] {
            fs::set_permissions(whole.join(name), fs::Permissions::from_mode(0o700))?;
        }
        layout.write(&cluster).await?;
        // Last: its presence says that all of it is there.
        fs::write(whole.join("ports.json"), serde_json::to_string(&layout.ports)?)?;
        Ok(layout)
    }

    /// The set-up's folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The folder of one organisation.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.home.join("relay").join(name)
    }

    /// The authority that every process of the demonstration believes.
    pub fn authority(&self) -> PathBuf {
        self.home.join("relay/web.pem")
    }

    /// The front as browsers reach it.
    pub fn front_address(&self) -> String {
        format!("https://localhost:{}", self.ports.public)
    }

    /// My Page as browsers reach it.
    pub fn my_page_address(&self) -> String {
        format!("https://localhost:{}", self.ports.my_page)
    }

    /// The card bridge, as this machine's browsers reach it.
    pub fn bridge_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.bridge)
    }

    /// Where offices tell the front of cards.
    pub fn intake_address(&self) -> String {
        format!("https://localhost:{}/registry/envelopes", self.ports.intake)
    }

    /// Where what runs can be reached.
    pub fn addresses(&self) -> serde_json::Value {
        json!({
            "my_page": self.my_page_address(),
            "relay": self.front_address(),
            "relay_admin": format!("https://localhost:{}", self.ports.admin),
            "back_offices": offices::addresses(self),
            "clinic": clinic::addresses(self),
            "card_bridge": self.bridge_address(),
            "authority": self.authority(),
            "operators": OPERATORS.map(|name| self.folder("relay").join("operators").join(format!("{name}.pem"))),
        })
    }

    async fn write(&self, cluster: &Cluster) -> anyhow::Result<()> {
        let authority = Authority::new("Shiomi demonstration");
        fs::write(self.authority(), authority.pem())?;
        let made = Ceremony::run(&mut OsChance);
        let (office, office_key) = SigningKey::generate(Party::new(OFFICE_PARTY)?);
        let (front, front_key) = SigningKey::generate(Party::new(FRONT_PARTY)?);
        let (blind, blind_key) = SigningKey::generate(Party::new(BLIND_PARTY)?);
        let text = |key: &[u8]| URL_SAFE_NO_PAD.encode(key);

        let folder = self.folder("office");
        secret(
            &folder.join("registrar"),
            &RegistrarSecret::new(&mut OsChance).to_text(),
        )?;
        fs::write(folder.join("global-key"), made.global.to_text())?;
        secret(&folder.join("envelope"), &text(&office_key))?;
        authority.client(OFFICE_PARTY).write(&folder, "tls")?;
        fs::write(folder.join("web.pem"), authority.pem())?;
        fs::write(folder.join("relay.toml"), self.office_section())?;

        self.write_blind(cluster, &authority, &made, &text(&blind_key), &front)
            .await?;
        let (workers, sender) = clinic::prepare(self, cluster, &authority, &made).await?;
        self.write_front(
            cluster,
            &authority,
            &made,
            &text(&front_key),
            &blind,
            &[&office, &sender],
        )
        .await?;
        let file = self.folder("relay").join("workers.pem");
        fs::write(&file, fs::read_to_string(&file)? + &workers)?;
        self.prepare_my_page(cluster, &authority).await?;
        offices::prepare(self, cluster, &authority).await?;
        fs::write(self.home.join("relay/operator.toml"), self.operator_config())?;
        let folder = self.folder("card-bridge");
        let city = city(&folder)?;
        fs::write(folder.join("web.pem"), authority.pem())?;
        fs::write(
            folder.join("card-bridge.toml"),
            format!(
                "[bridge]\naddress = \"127.0.0.1:{}\"\n[front]\norigins = [\"{}\"]\nauthorities = \"web.pem\"\n\
                 [card]\nreader = \"Virtual PCD 00 01\"\n\
                 [eligibility]\norigin = \"{clinic}\"\n\
                 [watch]\nevery_card = true\nowed_file = \"owed.json\"\n{city}{CONTACT}",
                self.ports.bridge,
                self.front_address(),
                clinic = clinic::address(self)?,
            ),
        )?;
        Ok(())
    }

    /// `[relay]` of the office's own configuration.
    fn office_section(&self) -> String {
        format!(
            "\n[relay]\nintake_url = \"https://localhost:{}/registry/envelopes\"\nfront = \"{FRONT_PARTY}\"\n\
             office = \"{OFFICE_PARTY}\"\nroots_file = \"relay/office/web.pem\"\n\
             certificate_file = \"relay/office/tls.pem\"\nkey_file = \"relay/office/tls.key\"\n\
             envelope_key_file = \"relay/office/envelope\"\nregistrar_file = \"relay/office/registrar\"\n\
             global_key_file = \"relay/office/global-key\"\nwitness_key_file = \"relay/office/witness-key\"\n",
            self.ports.intake
        )
    }

    /// The machine of one of the relay's operators, who is no clerk: its own file, and nothing of the office in it but the
    /// demonstration's tray.
    fn operator_config(&self) -> String {
        format!(
            "[relay_operator]\nadmin_url = \"https://localhost:{}\"\nroots_file = \"web.pem\"\n\
             certificate_file = \"relay/operators/{name}.pem\"\nkey_file = \"relay/operators/{name}.key\"\n\
             [demo]\ntray_socket = \"../run/tray.socket\"\nendpoints_file = \"../endpoints.json\"\n",
            self.ports.admin,
            name = OPERATORS[0],
        )
    }

    async fn write_blind(
        &self,
        cluster: &Cluster,
        authority: &Authority,
        made: &Ceremony,
        key: &str,
        front: &SigningKey,
    ) -> anyhow::Result<()> {
        let folder = self.folder("blind");
        secret(&folder.join("half-1"), &made.blind.to_text())?;
        secret(&folder.join("envelope"), key)?;
        secret(&folder.join("seal.toml"), &seal_keys())?;
        authority.server(&["localhost", "127.0.0.1"]).write(&folder, "tls")?;
        // The front's client certificate is made here once: the blind half pins it.
        let client = authority.client(FRONT_PARTY);
        client.write(&self.folder("relay"), "client")?;
        fs::write(folder.join("front.pem"), &client.certificate)?;
        let names = rsa_pair(BLIND_PARTY);
        names.write(&folder, "names")?;
        fs::write(self.folder("relay").join("names.pem"), &names.certificate)?;
        let mut operators = Vec::new();
        for name in BLIND_OPERATORS {
            let file = folder.join("operators").join(name);
            operators.push(format!(
                "{:?}",
                crate::partner::blind(&["operator", "--name", name, "--into"], &[&file])?.trim()
            ));
        }
        let user = hex_password(&mut OsChance);
        let door = blind::install(cluster, hex_password(&mut OsChance), user.clone())
            .await?
            .door;
        secret(&folder.join("database"), user.expose_secret())?;
        fs::write(
            folder.join("blind.toml"),
            format!(
                "[listen]\naddress = \"127.0.0.1:{}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
                 [half]\nparty = \"{BLIND_PARTY}\"\nidentity_provider = \"{FRONT}\"\nsecrets_folder = \".\"\n\
                 secrets = [\"half-1\"]\nsigning_key_file = \"envelope\"\nnames_key_file = \"names.key\"\n\
                 [front]\nparty = \"{FRONT_PARTY}\"\naddress = \"{}\"\nkeys = [\"{}\"]\ncertificates = \"front.pem\"\n\
                 [services]\nfolder = \"services\"\noperators = [{}]\n{}",
                self.ports.blind,
                self.front_address(),
                front.trusted().to_text(),
                operators.join(", "),
                database(&door, blind::USER),
            ),
        )?;
        Ok(())
    }

    async fn write_front(
        &self,
        cluster: &Cluster,
        authority: &Authority,
        made: &Ceremony,
        key: &str,
        blind: &SigningKey,
        [office, workers]: &[&SigningKey; 2],
    ) -> anyhow::Result<()> {
        let folder = self.folder("relay");
        secret(&folder.join("half-1"), &made.front.to_text())?;
        secret(&folder.join("envelope"), key)?;
        secret(&folder.join("seal.toml"), &seal_keys())?;
        authority.server(&["localhost", "127.0.0.1"]).write(&folder, "tls")?;
        fs::write(folder.join("web.pem"), authority.pem())?;
        rsa_pair("relay.shiomi.example").write(&folder, "saml")?;
        for (kind, name) in [("resident", "residents.pem"), ("staff", "workers.pem")] {
            let certificate = self.home.join("authority").join(kind).join("certificate.pem");
            fs::copy(&certificate, folder.join(name)).with_context(|| certificate.display().to_string())?;
        }
        let mut known = Vec::new();
        for name in OPERATORS {
            let pair = authority.client(name);
            pair.write(&folder.join("operators"), name)?;
            let certificate = pair.identity.certificate().context("a pair has a certificate")?;
            known.push(format!("\"{name} {}\"", hex::encode(fingerprint(certificate))));
        }
        let trail = self.home.join("trail/public-key");
        let trail = fs::read_to_string(&trail).with_context(|| trail.display().to_string())?;
        let (witness, witness_key) = WitnessKey::fresh("relay.shiomi.example", &draw::<32>(&mut OsChance));
        secret(&folder.join("witness"), &witness)?;
        fs::write(self.folder("office").join("witness-key"), format!("{witness_key}\n"))?;
        let user = hex_password(&mut OsChance);
        let door = front::install(cluster, hex_password(&mut OsChance), user.clone())
            .await?
            .door;
        secret(&folder.join("database"), user.expose_secret())?;
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
        fs::write(
            folder.join("relay.toml"),
            format!(
                "[relay]\nentity_id = \"{FRONT}\"\naddress = \"https://localhost:{public}\"\n\
                 card_address = \"https://localhost:{card}\"\ncard_pkcs1_address = \"https://localhost:{pkcs1}\"\n\
                 domain = \"429996\"\nbridge = \"http://127.0.0.1:{bridge}\"\n{listeners}\
                 [signing]\ncertificate = \"saml.pem\"\nkey_file = \"saml.key\"\n\
                 [cards]\nresidents = \"residents.pem\"\nworkers = \"workers.pem\"\noid_arc = \"{EXAMPLE_ARC}\"\n\
                 [half]\nparty = \"{FRONT_PARTY}\"\nsecrets_folder = \".\"\nsecrets = [\"half-1\"]\n\
                 envelope_key_file = \"envelope\"\n\
                 [blind]\nparty = \"{BLIND_PARTY}\"\naddress = \"https://localhost:{blind_port}\"\nkeys = [\"{blind_key}\"]\n\
                 authorities = \"web.pem\"\ncertificate = \"client.pem\"\nkey_file = \"client.key\"\n\
                 names_certificate = \"names.pem\"\n\
                 [offices]\nauthorities = \"web.pem\"\nkeys = [\"{OFFICE_PARTY} {office_key}\", \"{workers_party} {workers_key}\"]\n\
                 [operators]\nauthorities = \"web.pem\"\nknown = [{known}]\n{database}\
                 [witness]\nkey_file = \"witness\"\ntrails = [\"{trail}\"]\nfolder = \"heads\"\n\
                 [partners]\nauthorities = \"web.pem\"\nloopback = true\n{city}{CONTACT}",
                city = city(&folder)?,
                public = self.ports.public,
                card = self.ports.card,
                pkcs1 = self.ports.card_pkcs1,
                bridge = self.ports.bridge,
                blind_port = self.ports.blind,
                blind_key = blind.trusted().to_text(),
                office_key = office.trusted().to_text(),
                workers_party = clinic::WORKERS_PARTY,
                workers_key = workers.trusted().to_text(),
                known = known.join(", "),
                trail = trail.trim(),
                database = database(&door, front::USER),
            ),
        )?;
        Ok(())
    }

    async fn prepare_my_page(&self, cluster: &Cluster, authority: &Authority) -> anyhow::Result<()> {
        let folder = self.folder("my-page");
        secret(&folder.join("seal.toml"), &seal_keys())?;
        authority.server(&["localhost", "127.0.0.1"]).write(&folder, "tls")?;
        rsa_pair("my-page.shiomi.example").write(&folder, "signing")?;
        rsa_pair("my-page.shiomi.example").write(&folder, "encryption")?;
        let user = hex_password(&mut OsChance);
        let door = provider_records::install(cluster, MY_PAGE, hex_password(&mut OsChance), user.clone())
            .await?
            .door;
        secret(&folder.join("database"), user.expose_secret())?;
        fs::write(folder.join("database.toml"), database(&door, MY_PAGE.user()))?;
        Ok(())
    }

    /// Writes My Page's configuration round the front's metadata. Gives whether anything is new.
    pub fn write_my_page(&self, front: &str) -> anyhow::Result<bool> {
        let folder = self.folder("my-page");
        fs::write(folder.join("relay-metadata.xml"), front)?;
        let config = format!(
            "[service]\nentity_id = \"{MY_PAGE_ENTITY}\"\naddress = \"{address}\"\n\
             [listen]\naddress = \"127.0.0.1:{port}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
             [signing]\ncertificate = \"signing.pem\"\nkey_file = \"signing.key\"\n\
             [encryption]\ncertificate = \"encryption.pem\"\nkey_file = \"encryption.key\"\n\
             [relay]\nentity_id = \"{FRONT}\"\nmetadata = \"relay-metadata.xml\"\nfingerprint = \"{hash}\"\n\
             metadata_address = \"{relay}/saml/metadata\"\nauthorities = \"../relay/web.pem\"\n\
             [records]\nauthorities = \"../relay/web.pem\"\n{database}{city}{CONTACT}",
            city = city(&folder)?,
            relay = self.front_address(),
            address = self.my_page_address(),
            port = self.ports.my_page,
            hash = hex::encode(fingerprint(front.as_bytes())),
            database = fs::read_to_string(folder.join("database.toml"))?,
        );
        let file = folder.join("my-page.toml");
        if fs::read_to_string(&file).is_ok_and(|there| there == config) {
            return Ok(false);
        }
        fs::write(&file, config)?;
        Ok(true)
    }
}

/// `[database]` and `[seal]` as every process of the relay reads them.
pub fn database(door: &store::Door, user: &str) -> String {
    format!(
        "[database]\nhost = \"{}\"\nport = {}\nname = \"{}\"\nuser = \"{user}\"\npassword_file = \"database\"\n\
         [seal]\nkeys_file = \"seal.toml\"\n",
        door.host, door.port, door.database
    )
}

/// New keys for sealing columns.
pub fn seal_keys() -> String {
    let [index, key]: [[u8; 32]; 2] = [draw(&mut OsChance), draw(&mut OsChance)];
    format!(
        "current = 1\nindex = \"{}\"\n[keys]\n1 = \"{}\"\n",
        hex::encode(index),
        hex::encode(key)
    )
}

fn free_ports() -> anyhow::Result<Ports> {
    let [public, card, card_pkcs1, intake, admin, blind, my_page, bridge] = ports::free()?;
    Ok(Ports {
        public,
        card,
        card_pkcs1,
        intake,
        admin,
        blind,
        my_page,
        bridge,
    })
}
