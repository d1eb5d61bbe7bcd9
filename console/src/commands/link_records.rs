//! `madoguchi link-records`: matches a provider's list of people with the roster and has each match's name at the provider
//! made by the relay's two halves, sealed to the provider. The provider learns who of its own people has which name there;
//! the relay sees neither names nor birthdays; the office carries what it can't read.

use std::{fs::File, os::unix::fs::OpenOptionsExt as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use issuance::era::WrittenDate;
use relay_core::{
    chance::OsChance,
    clock::SystemClock,
    envelope::{
        Kind, Letter, Party, SigningKey,
        orders::{Link, Linked, LinkedPerson},
    },
    pseudonym::{Registrar, RegistrarSecret},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Setting,
    database::Records,
    dispatch::{client, global_key},
    output::answer,
};
use crate::config::{Relay, secrets};

/// Persons in one order to the front.
const TOGETHER: usize = 200;

/// Which provider, and the two lists.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The provider's entity id at the relay.
    #[arg(long)]
    provider: String,
    /// The list that the provider wrote (`row`, `kana`, `born`).
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// The list that goes back, which must not exist yet (`row`, `result`, `name`).
    #[arg(long, value_name = "FILE")]
    answer: PathBuf,
}

/// Matches, asks, writes; one line of JSON says how many were found.
///
/// # Errors
/// When a list cannot be read or written, or the relay's front does not answer; nothing is kept then.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    if config.relay_on_hold {
        bail!(super::setup::held_words(setting.lang));
    }
    let Some(relay) = &config.relay else {
        bail!(
            setting
                .lang
                .pick("設定に [relay] がありません。", "the configuration has no [relay].")
        );
    };
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    let mut list = csv::Reader::from_path(&options.list).with_context(|| options.list.display().to_string())?;
    for line in list.records() {
        let line = line.with_context(|| options.list.display().to_string())?;
        let at = line.position().map_or(0, csv::Position::line);
        let row = line.get(0).and_then(|text| Uuid::parse_str(text).ok());
        let born = line.get(2).and_then(|text| WrittenDate::read_as_registered(text).ok());
        let (Some(row), Some(kana), Some(born)) = (row, line.get(1), born) else {
            bail!(setting.lang.pick(
                format!("一覧の {at} 行目が読めません。"),
                format!("line {at} of the list cannot be read."),
            ));
        };
        rows.push(row);
        lines.push((kana.to_owned(), born));
    }
    let Records { runtime, office } = Records::open(&config)?;
    let alike = runtime.block_on(office.residents_alike(&lines))?;
    let linker = Linker::new(relay)?;
    let mut found = Vec::new();
    let mut out = csv::Writer::from_writer(
        File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&options.answer)
            .with_context(|| options.answer.display().to_string())?,
    );
    out.write_record(["row", "result", "name"])?;
    let (mut nobody, mut several) = (0, 0);
    for (row, alike) in rows.iter().zip(&alike) {
        match &alike[..] {
            [one] => found.push((*row, one.person, one.edition)),
            [] => {
                nobody += 1;
                out.write_record([&row.to_string(), "nobody", ""])?;
            }
            _ => {
                several += 1;
                out.write_record([&row.to_string(), "several", ""])?;
            }
        }
    }
    for part in found.chunks(TOGETHER) {
        for (row, name) in runtime.block_on(linker.link(&options.provider, part))?.names {
            out.write_record([&row.to_string(), "found", &name])?;
        }
    }
    out.flush()?;
    answer!(
        "{}",
        json!({ "rows": rows.len(), "found": found.len(), "nobody": nobody, "several": several })
    );
    Ok(ExitCode::SUCCESS)
}

/// Everything an order needs on its way.
struct Linker {
    registrar: Registrar,
    key: SigningKey,
    front: Party,
    address: String,
    client: reqwest::Client,
}

impl Linker {
    fn new(relay: &Relay) -> anyhow::Result<Self> {
        let secret = RegistrarSecret::from_text(&secrets::read(&relay.registrar_file)?)
            .with_context(|| relay.registrar_file.display().to_string())?;
        let key = secrets::read(&relay.envelope_key_file)?;
        let key = SigningKey::from_text(Party::new(&relay.office)?, &key)
            .with_context(|| relay.envelope_key_file.display().to_string())?;
        // Beside the place for cards.
        let (intake, _) = relay.intake_url.rsplit_once('/').context("intake_url")?;
        Ok(Self {
            registrar: Registrar::new(secret, global_key(&relay.global_key_file)?),
            key,
            front: Party::new(&relay.front)?,
            address: format!("{intake}/links"),
            client: client(relay)?,
        })
    }

    async fn link(&self, provider: &str, persons: &[(Uuid, Uuid, u32)]) -> anyhow::Result<Linked> {
        let order = Link {
            service: provider.to_owned(),
            persons: persons
                .iter()
                .map(|(row, person, edition)| LinkedPerson {
                    row: *row,
                    pseudonym: self.registrar.register(*person, *edition, &mut OsChance),
                })
                .collect(),
        };
        let letter = Letter::new(&self.front, Kind::Link, &order);
        let sealed = self.key.seal(&letter, &SystemClock, &mut OsChance);
        let sent = self
            .client
            .post(&self.address)
            .header("content-type", "application/jose")
            .timeout(std::time::Duration::from_secs(60))
            .body(sealed.text);
        let answer = sent.send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status();
        let words = answer.text().await?;
        if !status.is_success() {
            bail!(
                "the relay's front refused ({status}): {}",
                words.lines().next().unwrap_or_default()
            );
        }
        serde_json::from_str(&words).context("the relay's front gave an answer that is none")
    }
}
