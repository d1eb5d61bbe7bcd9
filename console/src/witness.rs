//! The second party of the audit trail: the newest head is shown to the relay, which vouches for it when it continues the
//! last one (C2SP tlog-witness). Who rules this office's machines can then write no other history unnoticed.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use office::Office;
use reqwest::{Client, StatusCode};
use store::trail::{
    head::{HeadVerifier, notes},
    tree::Tree,
    witness::{Submission, WitnessVerifier, size},
};
use time::OffsetDateTime;

use crate::{
    commands::dispatch,
    config::{Config, Relay, secrets},
    trail::verifier,
};

/// Between two looks for a newer head.
const NAP: Duration = Duration::from_secs(60);

/// The head that the second party vouched for last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnessed {
    /// Events in its tree.
    pub size: u64,
    /// When the second party saw it, by its clock.
    pub at: OffsetDateTime,
}

/// The head that was vouched for last, as it is kept here; `None` while none was.
///
/// # Errors
/// When a key's file cannot be used.
pub fn last(config: &Config, relay: &Relay) -> anyhow::Result<Option<Witnessed>> {
    let Some(witness) = relay.witness_key_file.as_deref().map(witness_key).transpose()? else {
        return Ok(None);
    };
    let trail = verifier(&config.trail.public_key_file)?;
    let kept = std::fs::read_to_string(&config.trail.witnessed_file).unwrap_or_default();
    Ok(notes(&kept).first().and_then(|note| {
        let (size, at) = (trail.open(note).ok()?.size, witness.seen(note, note)?);
        Some(Witnessed { size, at })
    }))
}

fn witness_key(file: &std::path::Path) -> anyhow::Result<WitnessVerifier> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    WitnessVerifier::from_text(&text).with_context(|| file.display().to_string())
}

/// Shows heads to the second party.
pub struct Submitter {
    address: String,
    client: Client,
    trail: HeadVerifier,
    witness: WitnessVerifier,
    kept: PathBuf,
    /// As far as it was read: the proof that a head continues another is made of it.
    tree: Tree,
    /// The size that the second party has.
    had: u64,
}

impl Submitter {
    /// `None` where the relay vouches for nobody.
    ///
    /// # Errors
    /// When a key's or certificate's file cannot be used.
    pub fn open(config: &Config, relay: &Relay) -> anyhow::Result<Option<Self>> {
        let Some(file) = &relay.witness_key_file else {
            return Ok(None);
        };
        Ok(Some(Self {
            address: relay
                .intake_url
                .replace("/registry/envelopes", "/registry/heads/add-checkpoint"),
            client: dispatch::client(relay)?,
            trail: verifier(&config.trail.public_key_file)?,
            witness: witness_key(file)?,
            kept: config.trail.witnessed_file.clone(),
            tree: Tree::default(),
            had: last(config, relay)?.map_or(0, |last| last.size),
        }))
    }

    /// Shows the newest head, when the second party has none so new.
    ///
    /// # Errors
    /// When the database or the second party is away; or refuses, because it knows another history than this.
    pub async fn submit(&mut self, office: &Office) -> anyhow::Result<()> {
        let Some(note) = office.newest_head().await? else {
            return Ok(());
        };
        let head = self.trail.open(&note)?;
        if head.size <= self.had {
            return Ok(());
        }
        office.grow_tree(&mut self.tree).await?;
        // What the second party has is its word: it was restored, or this file was.
        for _ in 0..2 {
            let proof = match self.had {
                0 => Vec::new(),
                had if had > head.size => bail!("the second party has {had} events, and here are {}", head.size),
                had if had == head.size => Vec::new(),
                had => self.tree.prove_consistency(had, head.size)?,
            };
            let submission = Submission {
                old: self.had,
                proof,
                note: note.clone(),
            };
            let answer = self
                .client
                .post(&self.address)
                .body(submission.to_text())
                .send()
                .await?;
            let status = answer.status();
            let words = answer.text().await?;
            match status {
                StatusCode::OK => {
                    let lines: String = words.lines().map(|line| format!("{line}\n")).collect();
                    let seen = self.witness.seen(&note, &lines);
                    seen.context("the second party's word is signed by another key than witness_key_file")?;
                    secrets::replace(&self.kept, format!("{note}{lines}").as_bytes())?;
                    self.had = head.size;
                    return Ok(());
                }
                StatusCode::CONFLICT => self.had = size(words.trim_end()).context("the second party gave no size")?,
                StatusCode::UNPROCESSABLE_ENTITY => {
                    bail!(
                        "the second party knows another history of this trail: ask an auditor to compare the heads it keeps"
                    )
                }
                status => bail!(
                    "the second party does not vouch for the head ({status}): {}",
                    words.trim_end()
                ),
            }
        }
        bail!("the second party keeps saying that it has another size")
    }

    /// Goes on for as long as the runtime lives.
    pub async fn keep(mut self, office: Office) {
        let mut troubled = false;
        loop {
            match self.submit(&office).await {
                Ok(()) => troubled = false,
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "the second party does not vouch for the audit trail"
                        );
                    }
                }
            }
            tokio::time::sleep(NAP).await;
        }
    }
}
