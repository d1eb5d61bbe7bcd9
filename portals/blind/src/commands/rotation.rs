//! `rotation`: how far a key rotation is, and its end.

use std::path::Path;

use blind::{config::Config, half::write_secret};
use clap::Subcommand;
use portal_kit::config::secrets;
use relay_core::pseudonym::{BlindRotation, BlindSecret};

/// What to do.
#[derive(Subcommand)]
pub enum Rotation {
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
                if file.exists() {
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
