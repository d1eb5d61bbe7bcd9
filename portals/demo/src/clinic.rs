//! A clinic with a reception desk: its portal, its part at the relay and at the insurer, and a worker's card in software.
//!
//! In the world workers' cards are registered by whoever issues them; here that is played too, by a sender of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration as Wait,
};

use anyhow::{Context as _, ensure};
use portal_kit::{client, config::secrets, tls};
use portal_testing::{Authority, city, rsa_pair, secret, worker::worker_card};
use provider_records::Provider;
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, SystemClock},
    envelope::{Kind, Letter, Party, SigningKey},
    id::Id,
    pseudonym::{Ceremony, Registrar, RegistrarSecret},
    registration::{CardUse, CertificateDer, Message as Said},
};
use relay_records::front::Terms;
use relay_saml::fingerprint;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::cluster::{Cluster, hex_password};
use time::Duration;

use crate::{
    layout::{CONTACT, FRONT, FRONT_PARTY, Layout, OPERATORS, database, seal_keys},
    offices,
    partner::{self, Joining},
    ports, processes,
};

/// The clinic's name in SAML.
pub const ENTITY: &str = "https://shiokaze.clinic.shiomi.example/saml";
const NAME: &str = "しおかぜ内科クリニック";
const PROVIDER: Provider = Provider("eligibility");
/// Its process, and the folder of its files.
pub const PROCESS: &str = "eligibility";
/// Who registers workers' cards, as its envelopes are signed.
pub const WORKERS_PARTY: &str = "shiomi-workers";
const PURPOSE: &str = "eligibility-check";

fn folder(layout: &Layout) -> PathBuf {
    layout.folder(PROCESS)
}

/// Whether it is laid out: a relay of an earlier version has none.
pub fn is_there(layout: &Layout) -> bool {
    folder(layout).join("port").exists()
}

fn port(layout: &Layout, name: &str) -> anyhow::Result<u16> {
    let file = folder(layout).join(name);
    let port = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(port.trim().parse()?)
}

/// Its page as the reception's browser reaches it.
pub fn address(layout: &Layout) -> anyhow::Result<String> {
    Ok(format!("https://localhost:{}", port(layout, "port")?))
}

/// Where it can be reached, and with what.
pub fn addresses(layout: &Layout) -> Value {
    let told = || -> anyhow::Result<Value> {
        let folder = folder(layout);
        Ok(json!({
            "portal": address(layout)?,
            "fhir": format!("http://127.0.0.1:{}/fhir", port(layout, "fhir-port")?),
            "fhir_token_file": folder.join("fhir-token"),
            "answer_files": folder.join("res"),
            "worker_card": folder.join("worker.pem"),
            "worker_key": folder.join("worker.key"),
        }))
    };
    told().unwrap_or(Value::Null)
}

/// Makes its files and its database; what the front must believe in beside: the authority of its worker's card (PEM), and
/// the key of whoever registers it.
pub async fn prepare(
    layout: &Layout,
    cluster: &Cluster,
    authority: &Authority,
    made: &Ceremony,
) -> anyhow::Result<(String, SigningKey)> {
    let folder = folder(layout);
    for folder in [&folder, &folder.join("res"), &folder.join("work")] {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let [port, fhir_port] = ports::free()?;
    secret(&folder.join("seal.toml"), &seal_keys())?;
    secret(&folder.join("fhir-token"), hex_password(&mut OsChance).expose_secret())?;
    authority.server(&["localhost", "127.0.0.1"]).write(&folder, "tls")?;
    for name in ["signing", "encryption"] {
        rsa_pair("shiokaze.clinic.shiomi.example").write(&folder, name)?;
    }
    let user = hex_password(&mut OsChance);
    let door = provider_records::install(cluster, PROVIDER, hex_password(&mut OsChance), user.clone())
        .await?
        .door;
    secret(&folder.join("database"), user.expose_secret())?;
    fs::write(folder.join("database.toml"), database(&door, PROVIDER.user()))?;
    let (worker, workers) = worker_card("reception 1");
    worker.write(&folder, "worker")?;
    let certificate = worker.identity.certificate().context("a card has a certificate")?;
    let registrar = Registrar::new(RegistrarSecret::new(&mut OsChance), made.global);
    let register = Said::Register {
        registration: Id::<()>::new(&mut OsChance).uuid(),
        certificate_der: CertificateDer(certificate.to_vec()),
        used_for: CardUse::Authentication,
        pseudonym: registrar.register(Id::<()>::new(&mut OsChance).uuid(), 0, &mut OsChance),
    };
    secret(&folder.join("registration.json"), &serde_json::to_string(&register)?)?;
    let (sender, key) = SigningKey::generate(Party::new(WORKERS_PARTY)?);
    secret(&folder.join("envelope"), &text(&key))?;
    authority.client(WORKERS_PARTY).write(&folder, "office")?;
    fs::write(folder.join("fhir-port"), fhir_port.to_string())?;
    fs::write(folder.join("port"), port.to_string())?;
    Ok((workers, sender))
}

fn text(key: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(key)
}

/// Starts it, registers it and its worker's card, and agrees on what it is given.
pub async fn up(layout: &Layout, front: &str) -> anyhow::Result<()> {
    if !is_there(layout) {
        return Ok(());
    }
    if write(layout, front)? {
        processes::stop(layout, PROCESS)?;
    }
    processes::start(layout, PROCESS)?;
    let joining = Joining {
        entity: ENTITY,
        name: PROCESS,
        address: address(layout)?,
        folder: folder(layout),
    };
    partner::join(layout, &joining).await?;
    register_worker(layout).await?;
    agree(layout).await
}

fn write(layout: &Layout, front: &str) -> anyhow::Result<bool> {
    let folder = folder(layout);
    fs::write(folder.join("relay-metadata.xml"), front)?;
    let service = format!(
        "[service]\nentity_id = \"{ENTITY}\"\naddress = \"{address}\"\n\
         [listen]\naddress = \"127.0.0.1:{port}\"\ncertificate = \"tls.pem\"\nkey_file = \"tls.key\"\n\
         [signing]\ncertificate = \"signing.pem\"\nkey_file = \"signing.key\"\n\
         [encryption]\ncertificate = \"encryption.pem\"\nkey_file = \"encryption.key\"\n\
         [relay]\nentity_id = \"{FRONT}\"\nmetadata = \"relay-metadata.xml\"\nfingerprint = \"{hash}\"\n\
         metadata_address = \"{relay}/saml/metadata\"\nauthorities = \"../relay/web.pem\"\n\
         [records]\nauthorities = \"../relay/web.pem\"\n{database}{city}{CONTACT}",
        address = address(layout)?,
        port = port(layout, "port")?,
        hash = hex::encode(fingerprint(front.as_bytes())),
        relay = layout.front_address(),
        database = fs::read_to_string(folder.join("database.toml"))?,
        city = city(&folder)?,
    );
    let clinic = format!(
        "[clinic]\nname = \"{NAME} 受付1\"\ncode = \"4212345678\"\nbridge = \"{}\"\nservice = \"service.toml\"\n\
         covers = [\"汐見市国民健康保険\"]\n\
         [files]\nres = \"res\"\nwork = \"work\"\n\
         [fhir]\naddress = \"127.0.0.1:{}\"\ntoken_file = \"fhir-token\"\n",
        layout.bridge_address(),
        port(layout, "fhir-port")?,
    );
    let mut new = false;
    for (name, text) in [("service.toml", service), ("eligibility.toml", clinic)] {
        let file = folder.join(name);
        if fs::read_to_string(&file).is_ok_and(|there| there == text) {
            continue;
        }
        fs::write(&file, text)?;
        new = true;
    }
    Ok(new)
}

/// Tells the front of the worker's card, once: registered, then handed over.
async fn register_worker(layout: &Layout) -> anyhow::Result<()> {
    let folder = folder(layout);
    let done = folder.join("registered");
    if done.exists() {
        return Ok(());
    }
    let register: Said = serde_json::from_str(&fs::read_to_string(folder.join("registration.json"))?)?;
    let registration = register.registration();
    let key = secrets::line(&folder.join("envelope"))?;
    let key = SigningKey::from_text(Party::new(WORKERS_PARTY)?, key.expose_secret())?;
    let own = tls::Identity::load(&folder.join("office.pem"), &folder.join("office.key"))?;
    let roots = tls::authorities(&layout.authority())?;
    let asker = client::client(roots, Some(&own), Wait::from_secs(5))?;
    let front = Party::new(FRONT_PARTY)?;
    for (at, said) in [register, Said::Activate { registration }].iter().enumerate() {
        let mut letter = Letter::new(&front, Kind::Registration, said);
        letter.sequence = Some(at as u64 + 1);
        let sealed = key.seal(&letter, &SystemClock, &mut OsChance).text;
        let sent = asker.post(layout.intake_address()).body(sealed).send().await?;
        // One that was taken before a cut is answered again.
        ensure!(sent.status().is_success(), "the relay's intake: {}", sent.status());
    }
    Ok(fs::write(done, "")?)
}

/// Both sides of the agreement with the insurer, once, and two of the relay's operators.
async fn agree(layout: &Layout) -> anyhow::Result<()> {
    let done = folder(layout).join("agreed");
    let Some(insurer) = offices::insurer(layout).filter(|_| !done.exists()) else {
        return Ok(());
    };
    let now = SystemClock.now();
    let until = now.to_offset(time::macros::offset!(+9)).date() + Duration::days(365);
    let day = until.to_string();
    let [ours, _, theirs] = insurer.signers(layout);
    let said = [
        "agree",
        "--asker",
        ENTITY,
        "--asker-name",
        NAME,
        "--purpose",
        PURPOSE,
        "--fresh-hours",
        "48",
        "--responsible",
        "汐見市 国保年金課",
        "--policy",
        "2026-04",
        "--checked-until",
        &day,
        "--key",
        offices::text(&ours)?,
    ];
    insurer.run(layout, &said)?;
    let key = offices::text(&theirs)?;
    insurer.run(layout, &["approve", "--asker", ENTITY, "--edition", "1", "--key", key])?;
    let records = partner::records(layout)?;
    let terms = Terms {
        asker: ENTITY.to_owned(),
        service_type: "urn:madoguchi:records:2026-12:coverage".to_owned(),
        provider: insurer.entity(),
        address: format!("{}/wsf/records", insurer.address(layout)?),
        about: "汐見市 国保年金課".to_owned(),
        until,
    };
    let [one, other] = OPERATORS;
    let edition = records.propose_agreement(one, &terms, now).await?;
    let which = (terms.asker.as_str(), terms.service_type.as_str(), edition);
    records.approve_agreement(other, which, now).await?;
    written(&done)
}

fn written(done: &Path) -> anyhow::Result<()> {
    Ok(fs::write(done, "")?)
}
