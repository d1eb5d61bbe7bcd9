//! What a data owner's operators do beside serving: take records over, link them, agree on what is given.

use std::{
    fs,
    io::{Write as _, stdout},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use back_office::{
    Config, Office,
    import::{self, ImportError},
    linking,
};
use back_office_records::{NewLoad, Terms};
use relay_core::{
    chance::SharedChance,
    clock::{Clock as _, SystemClock},
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
        /// いなくなる人数。多いときはこの数を言って確かめる / how many persons are gone: said where there are many
        #[arg(long)]
        gone: Option<usize>,
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
        /// 提案する側の名 / on behalf of which side
        #[arg(long)]
        side: String,
    },
    /// 協定を承認する / approve an edition, on behalf of the other side
    Approve {
        #[arg(long)]
        asker: String,
        #[arg(long)]
        edition: i32,
        #[arg(long)]
        side: String,
    },
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
                gone,
                by,
            } => {
                let as_of = OffsetDateTime::parse(&as_of, &Rfc3339).context("--as-of")?;
                if as_of > now {
                    bail!("--as-of は先の日時です / lies in the future");
                }
                let bytes = match (file, view) {
                    (Some(file), _) => read(&file)?,
                    (None, Some(view)) => {
                        let (columns, rows) = records.view(&view).await?;
                        import::of_view(&columns, &rows)?
                    }
                    (None, None) => bail!("--file or --view"),
                };
                take_over(&office, &bytes, as_of, (dry_run, gone, &by), now).await
            }
            Self::Undo => {
                let load = records.undo(&kind, now).await?;
                say(
                    &json!({ "undone": true, "counts": load.id, "as_of": load.as_of.format(&Rfc3339)?, "rows": load.rows }),
                )
            }
            Self::LinkList { out } => {
                let rows = records.begin_linking().await?;
                linking::write(&rows, private(&out)?)?;
                say(&json!({ "rows": rows.len() }))
            }
            Self::LinkTake { file } => {
                let report = office.take_links(&read(&file)?).await?;
                say(&json!({
                    "linked": report.linked, "same": report.same, "taken": report.taken,
                    "nobody": report.nobody, "several": report.several, "unknown": report.unknown,
                }))
            }
            Self::Unlinked => {
                let mut out = stdout().lock();
                writeln!(out, "person,kana,born,result")?;
                for (who, result) in records.unlinked().await? {
                    let result = result.as_deref().unwrap_or("waiting");
                    writeln!(out, "{},{},{},{result}", who.owner, who.kana, who.born)?;
                }
                Ok(())
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
                side,
            } => {
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
                let edition = records.propose(&side, &terms).await?;
                say(&json!({ "edition": edition }))
            }
            Self::Approve { asker, edition, side } => {
                records.approve(&side, (&asker, &kind, edition)).await?;
                say(&json!({ "approved": edition }))
            }
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

async fn take_over(
    office: &Office,
    bytes: &[u8],
    as_of: OffsetDateTime,
    (dry_run, gone, by): (bool, Option<usize>, &str),
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let read = match import::read(office.schema(), bytes) {
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
        as_of,
        by,
        sha256: read.sha256,
        records: &read.records,
    };
    let difference = office.records().difference(&load).await?;
    let told = |taken: Option<i64>| {
        json!({
            "rows": read.records.len(), "before": difference.before, "added": difference.added,
            "gone": difference.gone, "stayed": difference.stayed, "taken": taken,
        })
    };
    if dry_run {
        return say(&told(None));
    }
    if import::needs_a_word(&difference) && gone != Some(difference.gone) {
        say(&told(None))?;
        bail!(
            "{0} 人がいなくなります。正しければ --gone {0} を付けてください。何も取り込んでいません / {0} persons are gone: \
             if that is right, say --gone {0}. Nothing was taken over",
            difference.gone
        );
    }
    let taken = office.records().take_over(&load, now).await?;
    say(&told(Some(taken)))
}

fn say(what: &serde_json::Value) -> anyhow::Result<()> {
    Ok(writeln!(stdout().lock(), "{what}")?)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}

/// A new file for its owner alone: a list names people.
fn private(file: &Path) -> anyhow::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let open = fs::File::options().write(true).create_new(true).mode(0o600).open(file);
    open.with_context(|| file.display().to_string())
}
