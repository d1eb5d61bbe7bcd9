//! The offices that have people's records: four providers, each with its databases, keys and name at the relay. Their data
//! owner's, the relay operators' and My Page's parts are played here.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use back_office_records::BackOffice;
use portal_kit::operators::OperatorKey;
use portal_testing::{Authority, city, rsa_pair, secret};
use provider_records::Provider;
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, SystemClock},
};
use relay_records::front::Terms;
use relay_saml::fingerprint;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::cluster::{Cluster, hex_password};
use time::Duration;

use crate::{
    clinic::ENTITY as CLINIC_ENTITY,
    layout::{CONTACT, FRONT, Layout, MY_PAGE_ENTITY, OPERATORS, database, seal_keys},
    partner::{self, Joining},
    ports, processes,
};

/// One provider of the demonstration.
pub struct Office {
    kind: &'static str,
    names: (&'static str, &'static str),
    /// Of its sessions at the relay, and of its records.
    databases: (Provider, BackOffice<'static>),
    /// How old its records may be.
    fresh_hours: &'static str,
}

const OFFICES: [Office; 4] = [
    Office {
        kind: "coverage",
        names: ("汐見市 国保年金課", "Shiomi, National Health Insurance"),
        databases: (Provider("office_coverage"), BackOffice("records_coverage")),
        fresh_hours: "48",
    },
    Office {
        kind: "costs",
        names: ("国保連合会", "Federation of Health Insurers"),
        databases: (Provider("office_costs"), BackOffice("records_costs")),
        fresh_hours: "1080",
    },
    Office {
        kind: "checkup",
        names: ("汐見市 健康づくり課", "Shiomi, Health Promotion"),
        databases: (Provider("office_checkup"), BackOffice("records_checkup")),
        fresh_hours: "2160",
    },
    Office {
        kind: "pension",
        names: ("年金の見本", "Pension sample"),
        databases: (Provider("office_pension"), BackOffice("records_pension")),
        fresh_hours: "8760",
    },
];

/// Who signs for an agreement: for the office, for My Page, and for the clinic. In the demonstration their keys lie beside it.
const SIGNERS: [&str; 3] = ["office", "my-page", "clinic"];

impl Office {
    pub fn entity(&self) -> String {
        format!("https://{}.office.shiomi.example/saml", self.kind)
    }

    /// The keys' files of those who sign: for the office, for My Page, for the clinic.
    pub fn signers(&self, layout: &Layout) -> [PathBuf; 3] {
        SIGNERS.map(|name| self.folder(layout).join(format!("{name}.key")))
    }

    fn folder(&self, layout: &Layout) -> PathBuf {
        layout.folder("back-offices").join(self.kind)
    }

    fn process(&self) -> String {
        format!("back-office-{}", self.kind)
    }

    pub fn address(&self, layout: &Layout) -> anyhow::Result<String> {
        let file = self.folder(layout).join("port");
        let port = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(format!("https://localhost:{}", port.trim()))
    }

    /// Runs its program with `words`; what it prints.
    pub fn run(&self, layout: &Layout, words: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(processes::program("back-office")?)
            .arg("--config")
            .arg(self.folder(layout).join("back-office.toml"))
            .args(words)
            .output()?;
        ensure!(
            output.status.success(),
            "madoguchi-back-office {}: {}",
            words.first().unwrap_or(&""),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Those that are laid out: a relay of an earlier version has none.
fn there(layout: &Layout) -> impl Iterator<Item = &'static Office> {
    OFFICES
        .iter()
        .filter(move |office| office.folder(layout).join("port").exists())
}

/// The one that knows who is insured.
pub fn insurer(layout: &Layout) -> Option<&'static Office> {
    there(layout).find(|office| office.kind == "coverage")
}

/// The names of their processes.
pub fn processes(layout: &Layout) -> Vec<String> {
    there(layout).map(Office::process).collect()
}

/// Name and address of each.
pub fn addresses(layout: &Layout) -> Value {
    let told = there(layout).filter_map(|office| {
        let address = office.address(layout).ok()?;
        Some(json!({ "name": office.kind, "called": office.names.0, "address": address }))
    });
    told.collect()
}

/// Makes the files and databases of each.
pub async fn prepare(layout: &Layout, cluster: &Cluster, authority: &Authority) -> anyhow::Result<()> {
    for office in OFFICES {
        let folder = office.folder(layout);
        fs::create_dir_all(&folder)?;
        for folder in [&layout.folder("back-offices"), &folder] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        secret(&folder.join("seal.toml"), &seal_keys())?;
        authority.server(&["localhost", "127.0.0.1"]).write(&folder, "tls")?;
        let name = format!("{}.office.shiomi.example", office.kind);
        rsa_pair(&name).write(&folder, "signing")?;
        rsa_pair(&name).write(&folder, "encryption")?;
        let (provider, records) = office.databases;
        let user = hex_password(&mut OsChance);
        let door = provider_records::install(cluster, provider, hex_password(&mut OsChance), user.clone())
            .await?
            .door;
        secret(&folder.join("database"), user.expose_secret())?;
        fs::write(folder.join("service-database.toml"), database(&door, provider.user()))?;
        let user = hex_password(&mut OsChance);
        let door = back_office_records::install(cluster, records, hex_password(&mut OsChance), user.clone())
            .await?
            .door;
        secret(&folder.join("records"), user.expose_secret())?;
        let (ja, en) = office.names;
        let [ours, theirs, clinics] = SIGNERS.map(OperatorKey::generate);
        let (ours, theirs, clinics) = (ours?, theirs?, clinics?);
        for (key, name) in [&ours, &theirs, &clinics].into_iter().zip(SIGNERS) {
            secret(&folder.join(format!("{name}.key")), &key.to_text())?;
        }
        fs::write(
            folder.join("back-office.toml"),
            format!(
                "[office]\ncode = \"{kind}\"\nname_ja = \"{ja}\"\nname_en = \"{en}\"\nservice = \"service.toml\"\n\
                 schema = \"{kind}\"\n[records]\nhost = \"{}\"\nport = {}\nname = \"{}\"\nuser = \"{}\"\n\
                 password_file = \"records\"\n[seal]\nkeys_file = \"seal.toml\"\n\
                 [agreements]\nprovider = [\"{}\"]\naskers = {{ \"{MY_PAGE_ENTITY}\" = \"{}\", \"{CLINIC_ENTITY}\" = \"{}\" }}\n",
                door.host,
                door.port,
                door.database,
                records.0,
                ours.operator().to_text(),
                theirs.operator().to_text(),
                clinics.operator().to_text(),
                kind = office.kind,
            ),
        )?;
        fs::write(folder.join("port"), ports::free::<1>()?[0].to_string())?;
    }
    Ok(())
}

/// Starts each, registers it, takes its owner's files over, and agrees on what My Page is given.
pub async fn up(layout: &Layout, front: &str) -> anyhow::Result<()> {
    for office in there(layout) {
        if write_service(layout, office, front)? {
            processes::stop(layout, &office.process())?;
        }
        processes::start(layout, &office.process())?;
        let entity = office.entity();
        let joining = Joining {
            entity: &entity,
            name: office.kind,
            address: office.address(layout)?,
            folder: office.folder(layout),
        };
        partner::join(layout, &joining).await?;
        agree(layout, office).await?;
        take_over(layout, office)?;
    }
    Ok(())
}

fn write_service(layout: &Layout, office: &Office, front: &str) -> anyhow::Result<bool> {
    let folder = office.folder(layout);
    fs::write(folder.join("relay-metadata.xml"), front)?;
    let address = office.address(layout)?;
    let config = format!(
        "[service]\nentity_id = \"{}\"\naddress = \"{address}\"\n\
         [listen]\naddress = \"127.0.0.1:{}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
         [signing]\ncertificate = \"signing.pem\"\nkey_file = \"signing.key\"\n\
         [encryption]\ncertificate = \"encryption.pem\"\nkey_file = \"encryption.key\"\n\
         [relay]\nentity_id = \"{FRONT}\"\nmetadata = \"relay-metadata.xml\"\nfingerprint = \"{}\"\n\
         metadata_address = \"{}/saml/metadata\"\nauthorities = \"../../relay/web.pem\"\n{}{}{CONTACT}",
        office.entity(),
        address.rsplit(':').next().unwrap_or_default(),
        hex::encode(fingerprint(front.as_bytes())),
        layout.front_address(),
        fs::read_to_string(folder.join("service-database.toml"))?,
        city(&folder)?,
    );
    let file = folder.join("service.toml");
    if fs::read_to_string(&file).is_ok_and(|there| there == config) {
        return Ok(false);
    }
    fs::write(&file, config)?;
    Ok(true)
}

/// Both sides of each agreement, once: the provider with My Page, and two of the relay's operators.
async fn agree(layout: &Layout, office: &Office) -> anyhow::Result<()> {
    let done = office.folder(layout).join("agreed");
    if done.exists() {
        return Ok(());
    }
    let [ours, theirs, _] = office.signers(layout);
    let now = SystemClock.now();
    let until = now.to_offset(time::macros::offset!(+9)).date() + Duration::days(365);
    let said = [
        "agree",
        "--asker",
        MY_PAGE_ENTITY,
        "--asker-name",
        "マイページ",
        "--fresh-hours",
        office.fresh_hours,
        "--responsible",
        office.names.0,
        "--policy",
        "2026-04",
        "--checked-until",
        &until.to_string(),
        "--key",
        text(&ours)?,
    ];
    office.run(layout, &said)?;
    office.run(
        layout,
        &[
            "approve",
            "--asker",
            MY_PAGE_ENTITY,
            "--edition",
            "1",
            "--key",
            text(&theirs)?,
        ],
    )?;
    let records = partner::records(layout)?;
    let terms = Terms {
        asker: MY_PAGE_ENTITY.to_owned(),
        service_type: format!("urn:madoguchi:records:2026-12:{}", office.kind),
        provider: office.entity(),
        address: format!("{}/wsf/records", office.address(layout)?),
        about: office.names.0.to_owned(),
        until,
    };
    let [one, other] = OPERATORS;
    let edition = records.propose_agreement(one, &terms, now).await?;
    let which = (terms.asker.as_str(), terms.service_type.as_str(), edition);
    records.approve_agreement(other, which, now).await?;
    Ok(fs::write(done, "")?)
}

/// What the owner handed over, once.
fn take_over(layout: &Layout, office: &Office) -> anyhow::Result<()> {
    let owners = layout.home().join("owners");
    let file = owners.join(format!("{}.csv", office.kind));
    let done = office.folder(layout).join("taken-over");
    if done.exists() || !file.exists() {
        return Ok(());
    }
    let as_of = fs::read_to_string(owners.join("as-of"))?;
    let said = [
        "import",
        "--file",
        text(&file)?,
        "--as-of",
        as_of.trim(),
        "--by",
        "owner",
    ];
    office.run(layout, &said)?;
    Ok(fs::write(done, "")?)
}

/// Links each one's records to people by the office that has the roster, once; how many persons.
pub fn link(layout: &Layout) -> anyhow::Result<u64> {
    let mut linked = 0;
    for office in there(layout) {
        let folder = office.folder(layout);
        let done = folder.join("linked");
        if done.exists() || !folder.join("taken-over").exists() {
            continue;
        }
        let (list, answer) = (folder.join("link-list.csv"), folder.join("link-answer.csv"));
        for file in [&list, &answer] {
            // One that was cut off is begun anew.
            let _ = fs::remove_file(file);
        }
        office.run(layout, &["link-list", "--out", text(&list)?])?;
        let madoguchi = std::env::current_exe()?.with_file_name("madoguchi");
        let output = Command::new(madoguchi)
            .env("MADOGUCHI_HOME", layout.home())
            .args([
                "link-records",
                "--provider",
                &office.entity(),
                "--list",
                text(&list)?,
                "--answer",
                text(&answer)?,
            ])
            .output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "madoguchi link-records: {}", words.trim());
        let report = office.run(layout, &["link-take", "--file", text(&answer)?])?;
        let report: Value = serde_json::from_str(report.trim())?;
        linked += report["linked"].as_u64().unwrap_or_default();
        // They name people: what is left is the report.
        for file in [&list, &answer] {
            fs::remove_file(file)?;
        }
        fs::write(done, report.to_string())?;
    }
    Ok(linked)
}

/// A path as a program's argument.
pub fn text(file: &Path) -> anyhow::Result<&str> {
    file.to_str().context("the folder's name is not UTF-8")
}
