//! The operators' part: My Page is pinned at the blind half by its two operators and registered at the front by two others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use portal_kit::{client, tls};
use relay_core::clock::{Clock as _, SystemClock};
use relay_records::front::{FrontRecords, LogoutTrial, PartnerKind, PartnerState, Proposal, SignInTrial};
use relay_saml::fingerprint;

use crate::{
    layout::{BLIND_OPERATORS, Layout, MY_PAGE_ENTITY, OPERATORS},
    processes,
};

/// How long a process is given until it answers.
const READY: Duration = Duration::from_secs(20);

/// The front's metadata, as anybody reads them.
pub async fn front_metadata(layout: &Layout) -> anyhow::Result<String> {
    // Good for a week; what was fetched lately is kept, so that My Page need not be started anew each time.
    let kept = layout.folder("my-page").join("relay-metadata.xml");
    let fresh = fs::metadata(&kept)
        .and_then(|kept| kept.modified())
        .is_ok_and(|at| at.elapsed().is_ok_and(|age| age < Duration::from_secs(2 * 24 * 3600)));
    let now = fetch(layout, &format!("{}/saml/metadata", layout.front_address())).await?;
    if fresh { Ok(fs::read_to_string(kept)?) } else { Ok(now) }
}

/// A service that is to be registered.
pub struct Joining<'a> {
    pub entity: &'a str,
    /// What it is called in files.
    pub name: &'a str,
    pub address: String,
    /// Where its certificates are.
    pub folder: PathBuf,
}

/// Registers My Page unless it is registered.
pub async fn join_my_page(layout: &Layout) -> anyhow::Result<()> {
    let joining = Joining {
        entity: MY_PAGE_ENTITY,
        name: "my-page",
        address: layout.my_page_address(),
        folder: layout.folder("my-page"),
    };
    join(layout, &joining).await
}

/// Registers a service unless it is registered.
pub async fn join(layout: &Layout, joining: &Joining<'_>) -> anyhow::Result<()> {
    let entity = joining.entity;
    let metadata = fetch(layout, &format!("{}/saml/metadata", joining.address)).await?;
    let records = records(layout)?;
    let now = SystemClock.now();
    let known = records.partners().await?;
    let there = known.iter().find(|partner| partner.entity_id == entity);
    if there.is_some_and(|there| there.state == PartnerState::On) {
        return Ok(());
    }
    pin(layout, joining, &metadata)?;
    let sha256 = fingerprint(metadata.as_bytes());
    let [one, other] = OPERATORS;
    let proposal = Proposal {
        entity_id: entity,
        kind: PartnerKind::Service,
        metadata: &metadata,
        sha256,
        valid_until: None,
    };
    let edition = records.propose(one, &proposal, now).await?;
    records
        .approve(other, entity, (edition, &sha256), &|_, _| false, now)
        .await?;
    // A trial needs a card, and there is none yet: My Page's answers are known from its own tests.
    records.tried_sign_in(one, entity, SignInTrial::Named, now).await?;
    records.tried_logout(entity, LogoutTrial::Sealed, now).await?;
    records.switch_on(one, entity, now).await?;
    Ok(())
}

/// Runs `madoguchi-blind` with `words`, then `paths`; what it prints.
pub fn blind(words: &[&str], paths: &[&Path]) -> anyhow::Result<String> {
    let output = Command::new(processes::program("blind")?)
        .args(words)
        .args(paths)
        .output()?;
    ensure!(
        output.status.success(),
        "madoguchi-blind {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn pin(layout: &Layout, joining: &Joining<'_>, metadata: &str) -> anyhow::Result<()> {
    let folder = layout.folder("blind");
    let config = folder.join("blind.toml");
    let config = config.to_str().context("the folder's name is not UTF-8")?;
    if !folder.join(format!("services/{}.toml", joining.name)).exists() {
        // In a city, the service's operators tell the fingerprint by telephone.
        let told = |name: &str| {
            let certificates = tls::certificates(&joining.folder.join(name))?;
            let certificate = certificates.first().context("a service has a certificate")?;
            anyhow::Ok(hex::encode(fingerprint(certificate)))
        };
        let (told, signing) = (told("encryption.pem")?, told("signing.pem")?);
        let file = folder.join(format!("{}.xml", joining.name));
        fs::write(&file, metadata)?;
        let said = [
            "pin",
            "propose",
            "--config",
            config,
            "--entity",
            joining.entity,
            "--name",
            joining.name,
            "--fingerprint",
            &told,
            "--signing",
            &signing,
            "--metadata",
        ];
        blind(&said, &[&file])?;
        for name in BLIND_OPERATORS {
            let key = folder.join("operators").join(name);
            let said = [
                "pin",
                "approve",
                "--config",
                config,
                "--name",
                joining.name,
                "--fingerprint",
                &told,
                "--signing",
                &signing,
                "--key",
            ];
            blind(&said, &[&key])?;
        }
    }
    // It reads its pins when it starts.
    processes::stop(layout, "blind")?;
    processes::start(layout, "blind")
}

pub fn records(layout: &Layout) -> anyhow::Result<FrontRecords> {
    use relay_records::front;
    let folder = layout.folder("relay");
    let cluster = store::cluster::Cluster::at(layout.home().join("postgres"));
    let login = store::cluster::Login {
        name: front::USER.to_owned(),
        password: portal_kit::config::secrets::line(&folder.join("database"))?,
    };
    let door = cluster.door(front::DATABASE, &login)?;
    let sealer = portal_kit::config::secrets::sealer(&folder.join("seal.toml"))?;
    Ok(FrontRecords::behind(
        &door,
        sealer.into(),
        relay_core::chance::SharedChance::of_the_system(),
    ))
}

async fn fetch(layout: &Layout, address: &str) -> anyhow::Result<String> {
    let roots = tls::authorities(&layout.authority())?;
    let asker = client::client(roots, None, Duration::from_secs(5))?;
    let begun = std::time::Instant::now();
    loop {
        match asker.get(address).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(answer.text().await?),
            ended if begun.elapsed() > READY => {
                let why = match ended {
                    Ok(answer) => answer.status().to_string(),
                    Err(error) => error.without_url().to_string(),
                };
                bail!(
                    "{address} does not answer: {why}; see {}",
                    layout.home().join("log").display()
                );
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
