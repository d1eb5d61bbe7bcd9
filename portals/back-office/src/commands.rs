//! What a data owner's operators do beside serving: take records over, link them, agree on what is given.

use std::{
    fs,
    io::{Write as _, stdout},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{SHA256, digest};
use back_office::{
    Config, Office,
    import::{self, ImportError, Question},
    linking,
};
use back_office_records::{Agreement, Because, Consent, NewLoad, Signed, Terms};
use portal_kit::{config::secrets, operators::OperatorKey};
use relay_core::{
    chance::SharedChance,
    clock::{Clock as _, SystemClock},
    list::end_line,
    whole_file,
};
use serde_json::json;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// One act.
#[derive(clap::Subcommand)]
pub enum Command {
    /// 記録を取り込む / take records over from a CSV file or from a view in the records' database, whole
    Import {
        #[arg(long, required_unless_present = "view", conflicts_with = "view")]
        file: Option<PathBuf>,
        /// 持ち主のビュー(schema.name) / the owner's view
        #[arg(long)]
        view: Option<String>,
        /// いつ時点の記録か / how things stood then (RFC 3339, such as 2026-11-30T00:00:00+09:00)
        #[arg(long)]
        as_of: String,
        /// 何も書かず、違いだけを見る / write nothing, show what would change
        #[arg(long)]
        dry_run: bool,
        /// 持ち主から聞いた件数。ファイルに終わりの行がないとき / how many rows, as its owner says, where the file has no end line
        #[arg(long)]
        rows: Option<usize>,
        #[command(flatten)]
        confirmed: Confirmed,
        /// だれが / by whom
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// 最後の取り込みを取り消す / undo the last import: the one before it counts again
    Undo,
    /// 紐付けの名簿を書く / write the list of those who are not linked, for the office that has the roster
    LinkList {
        #[arg(long)]
        out: PathBuf,
    },
    /// 返ってきた名簿を取り込む / take the list back
    LinkTake {
        #[arg(long)]
        file: PathBuf,
        /// だれが / by whom
        #[arg(long, default_value = "operator")]
        by: String,
    },
    /// 間違った紐付けを取り消す。許すまで、名簿では結び直されない / take a wrong link back: no list makes it again until it is allowed
    Unlink(LinkChange),
    /// 取り消した紐付けを、名簿で結び直せるようにする / let lists make a link again that was taken back
    AllowLink(LinkChange),
    /// 窓口で紙に書かれた同意、または取消を記録する / write down consent, or its withdrawal, that came on paper
    Consent {
        /// 持ち主の番号 / the owner's number of the person
        #[arg(long)]
        person: String,
        /// だれに渡すことについてか / about giving records to whom (entity id)
        #[arg(long)]
        asker: String,
        /// 同意する / consent is given
        #[arg(long, required_unless_present = "withdrawn", conflicts_with = "withdrawn")]
        given: bool,
        /// 取り消す / consent is withdrawn
        #[arg(long)]
        withdrawn: bool,
        /// 本人が読んだ文 / the text that the person read
        #[arg(long)]
        text: PathBuf,
    },
    /// まだ紐付いていない人 / who is not linked, and why, as CSV: for a person to work through
    Unlinked,
    /// 協定を提案する / put an agreement forward
    Agree {
        /// 相手 / who asks (entity id)
        #[arg(long)]
        asker: String,
        /// 相手の名前。見られた人に伝える / what people call it: told to whoever's records it looked at
        #[arg(long, default_value = "")]
        asker_name: String,
        #[arg(long = "purpose", default_value = "own-view")]
        purposes: Vec<String>,
        /// 渡す項目。書かなければすべて / items that are given; all where none is named
        #[arg(long = "item")]
        items: Vec<String>,
        /// 何時間より古ければ遅れか / how many hours old they may be
        #[arg(long)]
        fresh_hours: i32,
        /// 鮮度の責任者 / who answers for their freshness
        #[arg(long)]
        responsible: String,
        /// 認めた個人情報保護方針の版 / which version of the relay's policy was acknowledged
        #[arg(long)]
        policy: String,
        /// 点検表の有効期限 / until when the check sheet holds (YYYY-MM-DD)
        #[arg(long)]
        checked_until: String,
        /// 提案する人の鍵のファイル / the key file of whoever proposes it
        #[arg(long)]
        key: PathBuf,
    },
    /// 協定を承認する。もう一方の側の、別の人が / approve an edition: another person, of the other side
    Approve {
        #[arg(long)]
        asker: String,
        #[arg(long)]
        edition: i32,
        /// 承認する人の鍵のファイル / the key file of whoever approves it
        #[arg(long)]
        key: PathBuf,
    },
    /// 協定に署名する人の鍵を作る。[agreements] に書く行を表示する / make a key for whoever signs agreements; the line for
    /// [agreements] is printed
    Operator(NewOperator),
    /// 提供を止める / give nothing for now
    Suspend {
        #[arg(long)]
        asker: String,
        /// 相手に伝える理由 / why, in words for callers
        #[arg(long)]
        because: String,
    },
    /// 提供を再開する / give again
    Resume {
        #[arg(long)]
        asker: String,
    },
}

/// Who gets a key.
#[derive(clap::Args)]
pub struct NewOperator {
    /// 名前(英数字、-、_) / letters, digits, `-`, `_`
    #[arg(long)]
    name: String,
    /// 本人だけが読めるファイル / a file that they alone can read
    #[arg(long)]
    into: PathBuf,
}

impl NewOperator {
    /// Makes the key, files it, and prints the line for `[agreements]`. Nothing of the provider is needed for that.
    pub fn run(&self) -> anyhow::Result<()> {
        let key = OperatorKey::generate(&self.name)?;
        whole_file::create(&self.into, key.to_text().as_bytes()).with_context(|| self.into.display().to_string())?;
        Ok(writeln!(stdout().lock(), "{}", key.operator().to_text())?)
    }
}

/// What was asked about and is right.
#[derive(clap::Args)]
pub struct Confirmed {
    /// いなくなる人数 / so many persons are gone
    #[arg(long)]
    gone: Option<usize>,
    /// 番号の名前か生年月日が変わる人数 / so many numbers stand with another name or birthday
    #[arg(long)]
    changed: Option<usize>,
    /// 減る行数 / so many rows fewer
    #[arg(long)]
    fewer: Option<usize>,
    /// 前より古い時点の記録でよい / as of an earlier time than before
    #[arg(long)]
    older: bool,
    /// 同じファイルをもう一度 / the same file once more
    #[arg(long)]
    again: bool,
}

impl Confirmed {
    fn answers(&self, question: Question) -> bool {
        match question {
            Question::Gone(many) => self.gone == Some(many),
            Question::Changed(many) => self.changed == Some(many),
            Question::Fewer(many) => self.fewer == Some(many),
            Question::Older => self.older,
            Question::Again => self.again,
        }
    }
}

/// Whose link is changed, and why.
#[derive(clap::Args)]
pub struct LinkChange {
    /// 持ち主の番号 / the owner's number of the person
    #[arg(long)]
    person: String,
    /// なぜ / why
    #[arg(long)]
    because: String,
    /// だれが / by whom
    #[arg(long)]
    by: String,
}

impl LinkChange {
    fn because(&self) -> Because<'_> {
        Because {
            by: &self.by,
            words: &self.because,
        }
    }
}

impl Command {
    /// Does it for the provider of `config`; one line of JSON says what was done.
    pub async fn run(self, config: &Config) -> anyhow::Result<()> {
        let office = Office::load(config, Arc::new(SystemClock), SharedChance::of_the_system())?;
        let records = office.records();
        records.check_version().await?;
        let kind = office.schema().kind.clone();
        let now = SystemClock.now();
        match self {
            Self::Import {
                file,
                view,
                as_of,
                dry_run,
                rows,
                confirmed,
                by,
            } => {
                let as_of = OffsetDateTime::parse(&as_of, &Rfc3339).context("--as-of")?;
                if as_of > now {
                    bail!("--as-of は先の日時です / lies in the future");
                }
                let (bytes, rows) = match (file, view) {
                    (Some(file), _) => (read(&file)?, rows),
                    (None, Some(view)) => {
                        let (columns, there) = records.view(&view).await?;
                        (import::of_view(&columns, &there)?, Some(rows.unwrap_or(there.len())))
                    }
                    (None, None) => bail!("--file or --view"),
                };
                let taking = Taking {
                    rows,
                    as_of,
                    dry_run,
                    confirmed: &confirmed,
                    by: &by,
                    config,
                };
                taking.over(&office, &bytes, now).await
            }
            Self::Undo => {
                let load = records.undo(&kind, now).await?;
                say(
                    &json!({ "undone": true, "counts": load.id, "as_of": load.as_of.format(&Rfc3339)?, "rows": load.rows }),
                )
            }
            Self::LinkList { out } => {
                let rows = records.begin_linking().await?;
                whole_file::create(&out, &linking::write(&rows)?).with_context(|| out.display().to_string())?;
                say(&json!({ "rows": rows.len() }))
            }
            Self::LinkTake { file, by } => {
                let report = office.take_links(&read(&file)?, &by).await?;
                say(&json!({
                    "linked": report.linked, "same": report.same, "taken": report.taken, "doubled": report.doubled,
                    "nobody": report.nobody, "several": report.several, "withdrawn": report.withdrawn,
                    "unknown": report.unknown,
                }))
            }
            Self::Unlink(change) => {
                let links = records.withdraw_link(&change.person, change.because(), now).await?;
                say(&json!({ "unlinked": links }))
            }
            Self::AllowLink(change) => {
                let links = records.allow_link(&change.person, change.because(), now).await?;
                say(&json!({ "allowed": links }))
            }
            Self::Consent {
                person,
                asker,
                given,
                text,
                ..
            } => {
                let mut text_sha256 = [0; 32];
                text_sha256.copy_from_slice(digest(&SHA256, &read(&text)?).as_ref());
                let said = Consent {
                    asker: &asker,
                    kind: &kind,
                    given,
                    text_sha256,
                };
                records.record_consent(&person, &said, now).await?;
                say(&json!({ "given": given }))
            }
            Self::Unlinked => {
                let mut out = stdout().lock();
                writeln!(out, "person,kana,born,result")?;
                let waiting = records.unlinked().await?;
                for (who, result) in &waiting {
                    let result = result.as_deref().unwrap_or("waiting");
                    writeln!(out, "{},{},{},{result}", who.owner, who.kana, who.born)?;
                }
                Ok(write!(out, "{}", end_line(waiting.len()))?)
            }
            Self::Agree {
                asker,
                asker_name,
                purposes,
                items,
                fresh_hours,
                responsible,
                policy,
                checked_until,
                key,
            } => {
                let key = signer(config, &asker, &key)?;
                let strange = items
                    .iter()
                    .find(|name| office.schema().items.iter().all(|item| item.name != **name));
                if let Some(strange) = strange {
                    bail!("{strange}: この種類の記録にない項目です / no item of this kind of records");
                }
                let terms = Terms {
                    asker,
                    asker_name,
                    kind,
                    purposes,
                    items: if items.is_empty() { vec!["*".to_owned()] } else { items },
                    fresh_hours,
                    responsible,
                    policy,
                    checked_until: Date::parse(&checked_until, format_description!("[year]-[month]-[day]"))
                        .context("--checked-until")?,
                };
                let edition = records.next_edition(&terms.asker, &terms.kind).await?;
                let proposal = sign(&key, &terms, edition);
                records.propose(edition, &terms, &proposal).await?;
                say(&json!({ "edition": edition, "terms": terms }))
            }
            Self::Approve { asker, edition, key } => {
                let key = signer(config, &asker, &key)?;
                let which = (asker.as_str(), kind.as_str(), edition);
                let (terms, proposed) = records.waiting(which).await?;
                let agreement = Agreement {
                    approved: sign(&key, &terms, edition),
                    terms,
                    edition,
                    proposed,
                    suspended: None,
                };
                if !config.signers.stand_for(&agreement) {
                    bail!(
                        "提案した側ではない側の、別の人が承認します / another person, of the other side than proposed it, must approve"
                    );
                }
                records.approve(which, &agreement.approved).await?;
                say(&json!({ "approved": edition, "terms": agreement.terms }))
            }
            Self::Operator(new) => new.run(),
            Self::Suspend { asker, because } => {
                records.suspend(&asker, &kind, Some(&because)).await?;
                say(&json!({ "suspended": true }))
            }
            Self::Resume { asker } => {
                records.suspend(&asker, &kind, None).await?;
                say(&json!({ "suspended": false }))
            }
        }
    }
}

/// The key in an operator's own file, when it may sign for agreements with `asker`.
fn signer(config: &Config, asker: &str, file: &Path) -> anyhow::Result<OperatorKey> {
    let key = secrets::read(file)?;
    let key = OperatorKey::from_text(&key).with_context(|| file.display().to_string())?;
    let operator = key.operator();
    if !config.signers.knows(asker, &operator) {
        bail!(
            "{}: [agreements] にこの鍵の人がいません / nobody with this key in [agreements] may sign for {asker}",
            operator.name()
        );
    }
    Ok(key)
}

fn sign(key: &OperatorKey, terms: &Terms, edition: i32) -> Signed {
    Signed {
        by: key.operator().name().to_owned(),
        signature: key.sign(terms.words(edition).as_bytes()),
    }
}

/// A load on its way in.
struct Taking<'a> {
    rows: Option<usize>,
    as_of: OffsetDateTime,
    dry_run: bool,
    confirmed: &'a Confirmed,
    by: &'a str,
    config: &'a Config,
}

impl Taking<'_> {
    async fn over(&self, office: &Office, bytes: &[u8], now: OffsetDateTime) -> anyhow::Result<()> {
        let read = match import::read(office.schema(), bytes, self.rows) {
            Ok(read) => read,
            Err(error) => {
                if let ImportError::Rejected(rejects) = &error {
                    for one in rejects.iter().take(100) {
                        eprintln!("{}: {}: {}", one.line, one.column, one.wanted);
                    }
                }
                return Err(error.into());
            }
        };
        let load = NewLoad {
            kind: &office.schema().kind,
            as_of: self.as_of,
            by: self.by,
            sha256: read.sha256,
            records: &read.records,
        };
        let difference = office.records().difference(&load).await?;
        let last = difference.last.as_ref().map(|last| last.id);
        let told = |taken: Option<i64>| {
            json!({
                "rows": read.records.len(), "before": difference.before, "added": difference.added,
                "gone": difference.gone, "stayed": difference.stayed, "changed": difference.changed,
                "same_file": difference.same_file, "taken": taken,
            })
        };
        // By the owner's numbers, for whoever has to say that it is right.
        for (what, numbers) in [("gone", &difference.gone_named), ("changed", &difference.changed_named)] {
            for number in numbers {
                eprintln!("{what}: {number}");
            }
        }
        let questions = self.config.brake.questions(&difference, read.records.len(), self.as_of);
        let open: Vec<_> = questions
            .into_iter()
            .filter(|question| !self.confirmed.answers(*question))
            .map(Question::words)
            .collect();
        if self.dry_run {
            for question in open {
                eprintln!("{question}");
            }
            return say(&told(None));
        }
        if !open.is_empty() {
            say(&told(None))?;
            bail!("何も取り込んでいません / nothing was taken over:\n{}", open.join("\n"));
        }
        let taken = office.records().take_over(&load, last, now).await?;
        say(&told(Some(taken)))
    }
}

fn say(what: &serde_json::Value) -> anyhow::Result<()> {
    Ok(writeln!(stdout().lock(), "{what}")?)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
