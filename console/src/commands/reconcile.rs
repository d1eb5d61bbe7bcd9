//! `madoguchi reconcile`: 申込 = 交付 + 取消 + 返戻 + 保管 + 輸送中, to the single card.

use std::process::ExitCode;

use office::{Tally, TallyBy};
use serde_json::json;

use super::{Setting, database::Records, output::answer};

/// How to tell it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The sums apart as well.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
}

/// By what the sums are told apart.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum By {
    /// The day of the application.
    Day,
    /// The counter, or the post.
    Channel,
    /// The desk that took the application.
    Desk,
}

/// Counts every application and looks for its card: exit code 1 where one is in no place or in two.
///
/// # Errors
/// When the database is away.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let records = Records::open(&config)?;
    let by = match options.by {
        None => TallyBy::All,
        Some(By::Day) => TallyBy::Day,
        Some(By::Channel) => TallyBy::Channel,
        Some(By::Desk) => TallyBy::Desk,
    };
    let found = records.runtime.block_on(records.office.reconcile(by))?;
    let lang = setting.lang;
    for (part, tally) in &found.parts {
        let part = match (by, part.as_str()) {
            (TallyBy::Channel, "counter") => lang.pick("窓口", "counter"),
            (TallyBy::Channel, "restricted_post") => lang.pick("郵送", "by post"),
            (_, part) => part,
        };
        answer!("{part}  {}", in_words(tally, lang));
    }
    answer!("{}", in_words(&found.total, lang));
    for case in &found.unaccounted {
        let at = case.card_at.as_deref().unwrap_or("—");
        let places = case.places.join(", ");
        answer!(
            "  {}",
            lang.pick(
                format!("✗ 案件 {}: 数えた所 [{places}]、台帳ではカードは {at}", case.number),
                format!(
                    "✗ case {}: counted in [{places}], the ledger has its card at {at}",
                    case.number
                ),
            )
        );
    }
    if options.json {
        answer!("{}", json!(found.total));
    }
    let all_found = found.total.difference == 0 && found.unaccounted.is_empty();
    Ok(if all_found {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn in_words(tally: &Tally, lang: super::words::Lang) -> String {
    let Tally {
        applied,
        delivered,
        cancelled,
        returned,
        stored,
        in_transit,
        difference,
    } = tally;
    lang.pick(
        format!(
            "申込 {applied} = 交付 {delivered} + 取消 {cancelled} + 返戻 {returned} + 保管 {stored} + 輸送中 {in_transit}  (差 {difference})"
        ),
        format!(
            "applied {applied} = delivered {delivered} + cancelled {cancelled} + returned {returned} + stored {stored} + in transit {in_transit}  (difference {difference})"
        ),
    )
}
