//! `madoguchi dispatch`: carries the outbox to the relay's front. It waits until something is written, sends it in order,
//! and takes the front's word for what was applied and what is refused for good; every desk sees how old the oldest
//! waiting message is, and what was refused.
//!
//! A front that is away is looked for every second, so that what waits reaches it as soon as it is back. One that answers
//! and takes nothing waits for a person, at the front or here: it is asked more and more seldom, and at once when something
//! new is written.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use office::{Change, Changes, Numbered, Office, OfficeError, TimeSource};
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

mod watchdog;

use super::{
    Setting,
    database::{Records, door_as},
    output::answer,
};
use crate::{
    config::{Config, Relay, secrets},
    trail,
    witness::Submitter,
};

/// Messages composed and sent in one go.
const TOGETHER: u32 = 100;
/// What is written is heard of at once; this is for what was written while nobody listened.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// After a failure: first wait and longest. The first is also how often a front that is away is looked for.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// For a whole answer, and for a connection: a machine that is switched off says nothing at all.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECTED: Duration = Duration::from_secs(2);

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
    #[error("the relay's front waits for message {0}, which cannot be composed")]
    Missing(u64),
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl SendError {
    /// Whether waiting alone mends it, so that looking often is worth its while.
    const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Office(_))
    }
}

/// Carries the outbox until it is stopped.
///
/// # Errors
/// When `[relay]` is missing or its files cannot be used; never because the front is away.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    if config.relay_on_hold {
        anyhow::bail!(super::setup::held_words(setting.lang));
    }
    let Some(relay) = &config.relay else {
        anyhow::bail!(setting.lang.pick(
            "設定に [relay] がありません。中継につながない市では、送信箱は要りません。",
            "the configuration has no [relay]: a city that is not joined to a relay has nothing to send."
        ));
    };
    let mut sender = Sender::new(relay)?;
    let Records { runtime, office } = Records::open_as(&config, office::DISPATCH)?;
    let shown = shown_to_witness(&config, relay);
    if options.once {
        if let Some((mut submitter, records)) = shown
            && let Err(error) = runtime.block_on(submitter.submit(&records))
        {
            tracing::warn!(
                error = format!("{error:#}"),
                "the second party does not vouch for the audit trail"
            );
        }
        let state = runtime.block_on(async {
            if let Err(trouble) = sender.send_all(&office).await {
                office.outbox_trouble(&trouble.to_string()).await?;
            }
            office.outbox_state().await
        })?;
        answer!(
            "{}",
            json!({ "waiting": state.waiting, "refused": state.refused, "trouble": state.trouble })
        );
        return Ok(if state.waiting == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    // Whoever started it, `up` and `down` know it by this record.
    if let Err(error) = super::services::dispatch_process(setting).keep(std::process::id().cast_signed()) {
        // An account of its own may not write there; then nobody else starts it either.
        tracing::debug!(%error, "no record of this process");
    }
    watchdog::ready();
    trail::keep_beside(&config, runtime.handle());
    if let Some((submitter, records)) = shown {
        runtime.spawn(submitter.keep(records));
    }
    runtime.block_on(async {
        tokio::select! {
            never = carry(&config, &mut sender, office) => never,
            stopped = stop_asked() => stopped,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Who shows the trail's heads to the second party, and the records with the heads; where there is one, and this account
/// may read them.
fn shown_to_witness(config: &Config, relay: &Relay) -> Option<(Submitter, Office)> {
    let opened = Submitter::open(config, relay).and_then(|submitter| match submitter {
        Some(submitter) => Ok(Some((submitter, trail::records(config)?))),
        None => Ok(None),
    });
    opened.unwrap_or_else(|error| {
        tracing::warn!(
            error = format!("{error:#}"),
            "the audit trail's heads are not shown to the second party"
        );
        None
    })
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
    // A database that was restarted is found again: nothing here is kept in memory.
    let reconnect = || async {
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
        anyhow::Ok(Office::behind(
            &door_as(config, office::DISPATCH)?,
            sealer,
            TimeSource::Database,
        ))
    };
    let mut office = office;
    let mut ear: Option<Changes> = None;
    let mut wait = AGAIN.0;
    let mut told: Option<(String, Instant)> = None;
    loop {
        // Listening begins before looking: what is written in between is heard of.
        if ear.is_none() {
            ear = office.changes().await.ok();
        }
        // Where nobody hears it, the desks say that nobody carries the outbox.
        let _ = office.outbox_looked().await;
        watchdog::alive();
        let ended = sender.send_all(&office).await;
        if std::mem::take(&mut sender.heard) {
            told = None;
        }
        let Err(trouble) = ended else {
            wait = AGAIN.0;
            written(&mut ear, LOOK_AGAIN).await;
            continue;
        };
        // Every desk hears of a trouble: one that stays the same is told now and then, not with every try.
        let words = trouble.to_string();
        if !told
            .as_ref()
            .is_some_and(|(same, at)| *same == words && at.elapsed() < AGAIN.1)
        {
            tracing::warn!(error = %trouble, "outbox");
            if office.outbox_trouble(&words).await.is_err() {
                office = reconnect().await?;
                ear = None;
            } else {
                told = Some((words, Instant::now()));
            }
        }
        written(&mut ear, wait).await;
        wait = if trouble.is_away() {
            AGAIN.0
        } else {
            (wait * 2).min(AGAIN.1)
        };
    }
}

/// Returns when something is written to the outbox, at the latest after `longest`.
async fn written(ear: &mut Option<Changes>, longest: Duration) {
    let Some(changes) = ear else {
        return tokio::time::sleep(longest.min(AGAIN.0)).await;
    };
    let heard = async {
        loop {
            match changes.next().await {
                Some(Change::Written) => break true,
                Some(_) => {}
                None => break false,
            }
        }
    };
    if tokio::time::timeout(longest, heard).await == Ok(false) {
        *ear = None;
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
    /// The front has answered a message since this was last asked.
    heard: bool,
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
            heard: false,
        })
    }

    /// Sends whatever waits.
    async fn send_all(&mut self, office: &Office) -> Result<(), SendError> {
        // The relay's keys are rotated now and then; its operators hand the next one over, and it counts from here on.
        match global_key(&self.global_key_file) {
            Ok(global) => self.registrar.encrypt_to(global),
            Err(error) => tracing::warn!(%error, "the public key read before goes on"),
        }
        let mut expected = None;
        loop {
            office.compose_outbox(&self.registrar, TOGETHER).await?;
            let letters = office.outbox_next(TOGETHER).await?;
            let first = letters.first().map(|letter| letter.sequence);
            if let Some(sequence) = expected.take().filter(|expected| Some(*expected) != first) {
                return Err(SendError::Missing(sequence));
            }
            if letters.is_empty() {
                return Ok(());
            }
            for letter in &letters {
                watchdog::alive();
                match self.send(letter).await {
                    Ok(Answer::Applied(sequence)) => {
                        self.heard = true;
                        office.outbox_applied(sequence).await?;
                    }
                    Ok(Answer::Refused { sequence, rule }) => {
                        self.heard = true;
                        tracing::warn!(
                            sequence,
                            rule = rule.as_str(),
                            "refused for good: kept, to be settled at a desk"
                        );
                        office.outbox_refused(sequence, &rule).await?;
                    }
                    Ok(Answer::Expected(sequence)) => {
                        office.outbox_expected(sequence).await?;
                        expected = Some(sequence);
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
        let words = answer.text().await.map_err(away)?;
        match (status, serde_json::from_str(&words)) {
            (StatusCode::OK, Ok(answer @ Answer::Applied(_)))
            | (StatusCode::CONFLICT, Ok(answer @ Answer::Expected(_)))
            | (StatusCode::UNPROCESSABLE_ENTITY, Ok(answer @ Answer::Refused { .. })) => Ok(answer),
            (StatusCode::OK | StatusCode::CONFLICT, _) => Err(SendError::NoAnswer(status.as_u16())),
            (StatusCode::SERVICE_UNAVAILABLE, _) => Err(SendError::Away(status.to_string())),
            _ => {
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
pub(super) fn global_key(file: &Path) -> anyhow::Result<GlobalKey> {
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
pub(crate) fn client(relay: &Relay) -> anyhow::Result<Client> {
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
        .connect_timeout(CONNECTED)
        .timeout(PATIENCE)
        .build()?)
}
