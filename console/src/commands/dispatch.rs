//! `madoguchi dispatch`: carries the outbox to the relay's front. It waits until something is written, sends it in order,
//! and takes the front's word for what was applied; a front that is away is tried again, and every desk sees how old the
//! oldest waiting message is.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use office::{Change, Numbered, Office, OfficeError, TimeSource};
use relay_core::{
    chance::OsChance,
    clock::SystemClock,
    envelope::{Kind, Letter, Party, SigningKey},
    pseudonym::{GlobalKey, PolymorphicPseudonym, Registrar, RegistrarSecret},
    registration::{Answer, LEFT_BEHIND},
};
use reqwest::{Client, StatusCode, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::json;

use super::{
    Setting,
    database::{Records, door},
    output::answer,
};
use crate::config::{Config, Relay, secrets};

/// Messages composed and sent in one go.
const TOGETHER: u32 = 100;
/// What is written is heard of at once; this is for what was written while nobody listened.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// After a failure: first wait and longest.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// For a whole answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How to send.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Send what waits now, and end: exit code 1 when something is left.
    #[arg(long)]
    once: bool,
}

/// Why the front did not take a message. Words hold no person.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the relay's front does not answer: {0}")]
    Away(String),
    #[error("the relay's front refused message {sequence} ({status}): {words}")]
    Refused { sequence: u64, status: u16, words: String },
    #[error(
        "message {0} is encrypted to keys that the relay has left behind: put its next public key in global_key_file"
    )]
    LeftBehind(u64),
    #[error("the relay's front gave an answer that is none: {0}")]
    NoAnswer(u16),
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// Carries the outbox until it is stopped.
///
/// # Errors
/// When `[relay]` is missing or its files cannot be used; never because the front is away.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let Some(relay) = &config.relay else {
        anyhow::bail!(setting.lang.pick(
            "設定に [relay] がありません。中継につながない市では、送信箱は要りません。",
            "the configuration has no [relay]: a city that is not joined to a relay has nothing to send."
        ));
    };
    let mut sender = Sender::new(relay)?;
    let Records { runtime, office } = Records::open(&config)?;
    if options.once {
        let state = runtime.block_on(async {
            if let Err(trouble) = sender.send_all(&office).await {
                office.outbox_trouble(&trouble.to_string()).await?;
            }
            office.outbox_state().await
        })?;
        answer!("{}", json!({ "waiting": state.waiting, "trouble": state.trouble }));
        return Ok(if state.waiting == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    runtime.block_on(async {
        tokio::select! {
            never = carry(&config, &mut sender, office) => never,
            stopped = stop_asked() => stopped,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn stop_asked() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

async fn carry(config: &Config, sender: &mut Sender, office: Office) -> anyhow::Result<()> {
    let mut wait = AGAIN.0;
    // A database that was restarted is found again: nothing here is kept in memory.
    let reconnect = || async {
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
        anyhow::Ok(Office::behind(&door(config)?, sealer, TimeSource::Database))
    };
    let mut office = office;
    loop {
        let heard = office.changes().await;
        match sender.send_all(&office).await {
            Ok(()) => wait = AGAIN.0,
            Err(trouble) => {
                tracing::warn!(error = %trouble, "outbox");
                if office.outbox_trouble(&trouble.to_string()).await.is_err() {
                    office = reconnect().await?;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(AGAIN.1);
                continue;
            }
        }
        match heard {
            Ok(mut changes) => {
                let written = async { while changes.next().await.is_some_and(|change| change != Change::Outbox) {} };
                let _ = tokio::time::timeout(LOOK_AGAIN, written).await;
            }
            Err(_) => tokio::time::sleep(AGAIN.0).await,
        }
    }
}

/// Everything a message needs on its way.
struct Sender {
    registrar: Registrar,
    global_key_file: PathBuf,
    key: SigningKey,
    front: Party,
    intake: String,
    client: Client,
}

impl Sender {
    fn new(relay: &Relay) -> anyhow::Result<Self> {
        let secret = RegistrarSecret::from_text(&secrets::read(&relay.registrar_file)?)
            .with_context(|| relay.registrar_file.display().to_string())?;
        let global = global_key(&relay.global_key_file)?;
        let key = secrets::read(&relay.envelope_key_file)?;
        let key = SigningKey::from_text(Party::new(&relay.office)?, &key)
            .with_context(|| relay.envelope_key_file.display().to_string())?;
        Ok(Self {
            registrar: Registrar::new(secret, global),
            global_key_file: relay.global_key_file.clone(),
            key,
            front: Party::new(&relay.front)?,
            intake: relay.intake_url.clone(),
            client: client(relay)?,
        })
    }

    /// Sends whatever waits.
    async fn send_all(&mut self, office: &Office) -> Result<(), SendError> {
        // The relay's keys are rotated now and then; its operators hand the next one over, and it counts from here on.
        match global_key(&self.global_key_file) {
            Ok(global) => self.registrar.encrypt_to(global),
            Err(error) => tracing::warn!(%error, "the public key read before goes on"),
        }
        loop {
            office.compose_outbox(&self.registrar, TOGETHER).await?;
            let letters = office.outbox_next(TOGETHER).await?;
            if letters.is_empty() {
                return Ok(());
            }
            for letter in &letters {
                match self.send(letter).await {
                    Ok(Answer::Applied(sequence)) => office.outbox_applied(sequence).await?,
                    Ok(Answer::Expected(sequence)) => {
                        office.outbox_expected(sequence).await?;
                        break;
                    }
                    Err(SendError::LeftBehind(sequence)) if self.has_newer_than(letter) => {
                        office.outbox_anew(sequence).await?;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Whether composed now it would be encrypted to newer keys.
    fn has_newer_than(&self, letter: &Numbered) -> bool {
        let under = letter.message.pseudonym().map(PolymorphicPseudonym::edition);
        under.is_some_and(|edition| edition < self.registrar.global().edition())
    }

    async fn send(&self, letter: &Numbered) -> Result<Answer, SendError> {
        let sealed = self.key.seal(
            &Letter {
                sequence: Some(letter.sequence),
                ..Letter::new(&self.front, Kind::Registration, &letter.message)
            },
            &SystemClock,
            &mut OsChance,
        );
        let away = |error: reqwest::Error| SendError::Away(causes(&error.without_url()));
        let answer = self
            .client
            .post(&self.intake)
            .header("content-type", "application/jose")
            .body(sealed.text)
            .send()
            .await
            .map_err(away)?;
        let status = answer.status();
        match status {
            StatusCode::OK | StatusCode::CONFLICT => {
                let body = answer.bytes().await.map_err(away)?;
                serde_json::from_slice(&body).map_err(|_| SendError::NoAnswer(status.as_u16()))
            }
            _ => {
                let words = answer.text().await.map_err(away)?;
                if words.contains(&format!("\"{LEFT_BEHIND}\"")) {
                    return Err(SendError::LeftBehind(letter.sequence));
                }
                Err(SendError::Refused {
                    sequence: letter.sequence,
                    status: status.as_u16(),
                    words: words.lines().next().unwrap_or_default().chars().take(200).collect(),
                })
            }
        }
    }
}

/// The relay's public key, as its operators handed it over.
fn global_key(file: &Path) -> anyhow::Result<GlobalKey> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    GlobalKey::from_text(&text).with_context(|| file.display().to_string())
}

/// An error with what caused it: the outermost one alone says little.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// A client that believes the front's authority alone and shows the office's certificate.
pub(super) fn client(relay: &Relay) -> anyhow::Result<Client> {
    let pem = |file: &std::path::Path| -> anyhow::Result<Vec<CertificateDer<'static>>> {
        CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect)
            .with_context(|| file.display().to_string())
    };
    let mut roots = RootCertStore::empty();
    for root in pem(&relay.roots_file)? {
        roots
            .add(root)
            .with_context(|| relay.roots_file.display().to_string())?;
    }
    let key = secrets::read(&relay.key_file)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).with_context(|| relay.key_file.display().to_string())?;
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(pem(&relay.certificate_file)?, key)
        .with_context(|| relay.certificate_file.display().to_string())?;
    Ok(Client::builder()
        .use_preconfigured_tls(tls)
        .https_only(true)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()?)
}
