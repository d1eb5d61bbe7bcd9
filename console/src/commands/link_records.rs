//! `madoguchi link-records`: matches a provider's list of people with the roster and has each match's name at the provider
//! made by the relay's two halves, sealed to the provider. The provider learns who of its own people has which name there;
//! the relay sees neither names nor birthdays; the office carries what it can't read. A link that was wrong is taken back by a
//! list too.

use std::{collections::HashSet, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{SHA256, digest};
use issuance::{acts::RecordsMatched, era::WrittenDate};
use office::{Alike, Match};
use relay_core::{
    chance::{Chance, OsChance},
    clock::SystemClock,
    envelope::{
        Kind, Letter, Party, SigningKey,
        orders::{Link, Linked, LinkedPerson},
    },
    id::Id,
    list::{List, NotWhole, end_line},
    pseudonym::{Registrar, RegistrarSecret},
    whole_file,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Setting,
    database::{self, Records},
    dispatch::{client, global_key},
    output::answer,
    words::Lang,
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
    #[arg(long, value_name = "FILE", required_unless_present = "take_back")]
    list: Option<PathBuf>,
    /// The list that goes back, which must not exist yet (`row`, `result`, `name`).
    #[arg(long, value_name = "FILE")]
    answer: PathBuf,
    /// Instead of matching a list: the resident whose link at the provider was wrong and is taken back.
    #[arg(long, value_name = "NUMBER", conflicts_with = "list", requires = "because")]
    take_back: Option<String>,
    /// Why the link is taken back.
    #[arg(long, value_name = "WORDS", requires = "take_back")]
    because: Option<String>,
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
    if options.answer.exists() {
        bail!(setting.lang.pick(
            format!("{} がもうあります。", options.answer.display()),
            format!("{} exists already.", options.answer.display()),
        ));
    }
    let linking = Linking {
        lang: setting.lang,
        provider: &options.provider,
        records: Records::open(&config)?,
        linker: Linker::new(relay)?,
    };
    let (lines, told) = match (&options.list, &options.take_back) {
        (_, Some(number)) => linking.take_back(number, options.because.as_deref().unwrap_or_default())?,
        (Some(list), None) => {
            let file = fs::read(list).with_context(|| list.display().to_string())?;
            linking.matched(&read(setting.lang, &file)?)?
        }
        (None, None) => bail!("--list"),
    };
    whole_file::create(&options.answer, &lines).with_context(|| options.answer.display().to_string())?;
    database::seal(setting);
    answer!("{told}");
    Ok(ExitCode::SUCCESS)
}

type Lines = Vec<(Uuid, (String, WrittenDate))>;

/// The lines of a provider's list.
fn read(lang: Lang, file: &[u8]) -> anyhow::Result<Lines> {
    let cut_short = |fault: NotWhole| {
        let ja = match fault {
            NotWhole::OpenQuotation => {
                "一覧の引用符が閉じていません。途中で切れたファイルか、CSV ではありません。".to_owned()
            }
            NotWhole::NoEnd => "一覧に終わりの行(#end,件数)がありません。途中で切れています。".to_owned(),
            NotWhole::Count { said, found } => format!("一覧は {said} 行のはずが {found} 行あります。"),
        };
        anyhow::anyhow!(lang.pick(ja, format!("the list cannot be taken: {fault}.")))
    };
    let list = List::of(file).map_err(cut_short)?;
    let mut csv = csv::Reader::from_reader(list.body);
    let (mut lines, mut rows) = (Lines::new(), HashSet::new());
    for line in csv.records() {
        let line = line?;
        let at = line.position().map_or(0, csv::Position::line);
        let row = line.get(0).and_then(|text| Uuid::parse_str(text).ok());
        let born = line.get(2).and_then(|text| WrittenDate::read_as_registered(text).ok());
        let (Some(row), Some(kana), Some(born)) = (row, line.get(1), born) else {
            bail!(lang.pick(
                format!("一覧の {at} 行目が読めません。"),
                format!("line {at} of the list cannot be read."),
            ));
        };
        if !rows.insert(row) {
            bail!(lang.pick(
                format!("一覧の {at} 行目の番号は、前の行にもあります。"),
                format!("the number in line {at} of the list stands in an earlier line too."),
            ));
        }
        lines.push((row, (kana.to_owned(), born)));
    }
    list.holds(lines.len()).map_err(cut_short)?;
    Ok(lines)
}

/// A list that goes back, as it is written.
struct Answer {
    csv: csv::Writer<Vec<u8>>,
    lines: usize,
}

impl Answer {
    fn begin() -> anyhow::Result<Self> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["row", "result", "name"])?;
        Ok(Self { csv, lines: 0 })
    }

    fn add(&mut self, row: &str, result: &str, name: &str) -> anyhow::Result<()> {
        self.lines += 1;
        Ok(self.csv.write_record([row, result, name])?)
    }

    fn end(self) -> anyhow::Result<Vec<u8>> {
        let mut file = self.csv.into_inner().map_err(|error| error.into_error())?;
        file.extend_from_slice(end_line(self.lines).as_bytes());
        Ok(file)
    }
}

/// One provider's list, with the roster and the relay at hand.
struct Linking<'a> {
    lang: Lang,
    provider: &'a str,
    records: Records,
    linker: Linker,
}

impl Linking<'_> {
    /// The list that answers `lines`, and what is told of it.
    fn matched(&self, lines: &Lines) -> anyhow::Result<(Vec<u8>, serde_json::Value)> {
        let Records { runtime, office } = &self.records;
        let asked: Vec<_> = lines.iter().map(|(_, who)| who.clone()).collect();
        let matched = runtime.block_on(office.match_residents(&asked))?;
        let mut answer = Answer::begin()?;
        let (mut nobody, mut several, mut found, mut doubled) = (0, 0, 0, 0);
        // Whoever may be meant has a name made too: only to them it is unknown whether there are records of them.
        let mut named = Vec::new();
        for ((row, _), matched) in lines.iter().zip(&matched) {
            match matched {
                Match::Nobody => {
                    nobody += 1;
                    answer.add(&row.to_string(), "nobody", "")?;
                }
                Match::Found(one) => {
                    found += 1;
                    named.push((*row, "found", one));
                }
                Match::Doubled(one) => {
                    doubled += 1;
                    named.push((*row, "doubled", one));
                }
                Match::Several(alike) => {
                    several += 1;
                    named.extend(alike.iter().map(|one| (*row, "several", one)));
                }
            }
        }
        for part in named.chunks(TOGETHER) {
            let persons: Vec<_> = part.iter().map(|(.., one)| *one).collect();
            for ((row, result, _), name) in part.iter().zip(self.names(&persons)?) {
                answer.add(&row.to_string(), result, &name)?;
            }
        }
        let file = answer.end()?;
        let facts = RecordsMatched {
            provider: self.provider.to_owned(),
            rows: lines.len(),
            found,
            doubled,
            nobody,
            several,
            answer: hex::encode(digest(&SHA256, &file)),
        };
        runtime.block_on(office.records_matched(&database::act("link_records"), &facts))?;
        let told = json!({
            "rows": lines.len(), "found": found, "nobody": nobody, "several": several, "doubled": doubled,
        });
        Ok((file, told))
    }

    /// The list that takes back what the resident of `number` is linked to.
    fn take_back(&self, number: &str, because: &str) -> anyhow::Result<(Vec<u8>, serde_json::Value)> {
        let Records { runtime, office } = &self.records;
        if because.trim().is_empty() {
            bail!(self.lang.pick("--because: 理由がありません。", "--because: say why."));
        }
        let person = match runtime.block_on(office.person_of_number(number)) {
            Err(office::OfficeError::NotFound(_)) => {
                bail!(self.lang.pick(
                    "その宛名番号の人はいません。",
                    "there is nobody with that resident number."
                ))
            }
            found => found?,
        };
        let mut answer = Answer::begin()?;
        for name in self.names(&[&person])? {
            answer.add("", "withdrawn", &name)?;
        }
        let file = answer.end()?;
        let act = database::act("link_records");
        runtime.block_on(office.withdraw_records_link(&act, person.person, (self.provider, because)))?;
        Ok((file, json!({ "withdrawn": 1 })))
    }

    /// The sealed name of each of `persons` at the provider, in their order.
    fn names(&self, persons: &[&Alike]) -> anyhow::Result<Vec<String>> {
        // Numbers of this order's own: a person who may be meant by several rows has a name for each.
        let numbered: Vec<_> = persons
            .iter()
            .map(|one| {
                let number: Id<Alike> = Id::new(&mut OsChance as &mut dyn Chance);
                (number.uuid(), one.person, one.edition)
            })
            .collect();
        let Records { runtime, .. } = &self.records;
        let linked = runtime.block_on(self.linker.link(self.provider, &numbered))?;
        let mut names: std::collections::HashMap<_, _> = linked.names.into_iter().collect();
        let name = |number| names.remove(number).context("the relay's front left somebody out");
        numbered.iter().map(|(number, ..)| number).map(name).collect()
    }
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
