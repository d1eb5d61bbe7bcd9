//! `rotation`: whether a key rotation may begin, how far it is, and its end.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blind::{config::Config, half::write_secret, window};
use clap::Subcommand;
use portal_kit::config::secrets;
use relay_core::{
    clock::{Clock as _, SystemClock},
    pseudonym::{BlindRotation, BlindSecret, KeyEdition},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What to do.
#[derive(Subcommand)]
pub enum Rotation {
    /// Allow that the front begins a key rotation until a moment. Two operators allow it, each with their own key, for
    /// the same moment; once it began it goes on.
    Allow {
        /// As 2026-11-22T18:00:00+09:00, at most seven days ahead.
        #[arg(long, value_parser = super::moment)]
        until: OffsetDateTime,
        /// The operator's own key file.
        #[arg(long)]
        key: PathBuf,
    },
    /// Say how many ciphertexts went through here, and the next public key of a rotation under way.
    Status,
    /// File the next edition's secret, after the front said that nothing is stored under the old one any more.
    Complete,
}

impl Rotation {
    /// Does it.
    pub async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        match self {
            Self::Allow { until, key } => allow(&config, until, &key).await?,
            Self::Status => {
                for rotation in super::records(&config)?.rotations().await? {
                    let took = rotation.last_at - rotation.began_at;
                    println!(
                        "from edition {}: {} ciphertexts in {} s",
                        rotation.from,
                        rotation.stepped,
                        took.whole_seconds()
                    );
                }
                let file = &config.half.rotation_file;
                if !file.exists() {
                    let line = window_line(&config).await?;
                    println!("{}", line.as_deref().unwrap_or("no key rotation may begin now"));
                } else {
                    // The office compares it with the front's before it registers anybody under it.
                    println!(
                        "{}",
                        BlindRotation::from_text(&secrets::read(file)?)?.next_key().to_text()
                    );
                }
            }
            Self::Complete => complete(&config)?,
        }
        Ok(())
    }
}

async fn allow(config: &Config, until: OffsetDateTime, key: &Path) -> anyhow::Result<()> {
    let key = super::operator_key(key)?;
    super::known(&key, &config.services.operators)?;
    anyhow::ensure!(
        !config.half.rotation_file.exists(),
        "a key rotation is under way already: it goes on without being allowed again"
    );
    let (edition, now) = (newest(config)?, SystemClock.now());
    let approval = window::allow(&key, config.half.party.as_str(), edition, until, now)?;
    super::records(config)?.approve_rotation(&approval).await?;
    println!(
        "{} allows it until {}",
        approval.operator,
        approval.until.format(&Rfc3339)?
    );
    match window_line(config).await? {
        Some(line) => println!("{line}"),
        None => println!("another operator has to allow it for the same moment"),
    }
    Ok(())
}

/// Whether a rotation may begin now, in words.
pub(super) async fn window_line(config: &Config) -> anyhow::Result<Option<String>> {
    let (edition, now) = (newest(config)?, SystemClock.now());
    let approvals = super::records(config)?.rotation_approvals(edition, now).await?;
    let operators = &config.services.operators;
    let open = window::open(&approvals, operators, config.half.party.as_str(), edition, now);
    open.map(|(until, [one, other])| {
        let until = until.format(&Rfc3339)?;
        Ok(format!(
            "a key rotation from edition {edition} may begin until {until}: allowed by {one} and {other}"
        ))
    })
    .transpose()
}

/// The newest keys: the ones that a rotation would leave behind.
fn newest(config: &Config) -> anyhow::Result<KeyEdition> {
    let mut newest = None;
    for file in &config.half.secret_files {
        newest = newest.max(Some(BlindSecret::from_text(&secrets::read(file)?)?.edition()));
    }
    newest.context("no secret is configured")
}

fn complete(config: &Config) -> anyhow::Result<()> {
    let file = &config.half.rotation_file;
    let rotation = BlindRotation::from_text(&secrets::read(file)?)?;
    let mut from = None;
    for file in &config.half.secret_files {
        let secret = BlindSecret::from_text(&secrets::read(file)?)?;
        if secret.edition() == rotation.from_edition() {
            from = Some(secret);
        }
    }
    let from = from.ok_or_else(|| anyhow::anyhow!("the secret that the rotation began from is not configured"))?;
    let next = rotation.complete(&from)?;
    let name = format!("blind-{}", next.edition());
    let place = file.with_file_name(&name);
    if place.exists() {
        // Filed before by a run that was killed before its last step; anything else is not this rotation's.
        let filed = BlindSecret::from_text(&secrets::read(&place)?)?;
        anyhow::ensure!(
            *filed.to_text() == *next.to_text(),
            "{} is there already, and is another secret",
            place.display()
        );
    } else {
        write_secret(&place, &next.to_text())?;
    }
    // The next secret is on the disk; the rotation can be worked out from nothing else any more, and need not be.
    std::fs::remove_file(file)?;
    println!(
        "{name} is filed. Now: name it in [half] secrets and take the old one out, restart, make new escrow sheets, and \
         destroy the old secret and its sheets."
    );
    Ok(())
}
