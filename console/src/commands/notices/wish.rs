//! `madoguchi notices wish`: the ledger of 送付不要申出 and of other places to send to.

use std::process::ExitCode;

use anyhow::bail;
use issuance::{acts::NoticeWish, notice::Addressee};
use office::notices::Wish;

use super::{Setting, find, kinds};
use crate::commands::{
    database::{Records, act},
    output::answer,
};

/// Whose wish, and which.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("wish").required(true).args(["no_paper", "paper", "send_to", "send_home"])))]
pub struct Options {
    /// The resident's number.
    resident: String,
    /// No letters any more.
    #[arg(long)]
    no_paper: bool,
    /// Letters again.
    #[arg(long)]
    paper: bool,
    /// Letters go to this name, at --postal-code and --address.
    #[arg(long, value_name = "NAME", requires = "address", requires = "postal_code")]
    send_to: Option<String>,
    /// Letters go home again.
    #[arg(long)]
    send_home: bool,
    /// Postal code to send to.
    #[arg(long, value_name = "CODE")]
    postal_code: Option<String>,
    /// Address to send to; a line each.
    #[arg(long, value_name = "LINE")]
    address: Vec<String>,
    /// For this notice alone (default: all).
    #[arg(long, value_name = "NOTICE")]
    kind: Option<String>,
}

/// Records the wish.
///
/// # Errors
/// When there is no such resident or notice, or the records are away.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let (config, lang) = (setting.config()?, setting.lang);
    if let Some(kind) = &options.kind {
        find(&kinds(&config, lang)?, kind, lang)?;
    }
    let records = Records::open(&config)?;
    let (office, kind, act) = (&records.office, options.kind.as_deref(), act("wish"));
    let Some(resident) = records
        .runtime
        .block_on(office.resident_by_number(options.resident.trim()))?
    else {
        bail!(lang.pick(
            format!("宛名番号 {} の住民はいません。", options.resident),
            format!("there is no resident {}", options.resident),
        ));
    };
    let done = match (&options.send_to, options.no_paper, options.paper) {
        (Some(name), ..) => {
            let to = Addressee {
                postal_code: options.postal_code.clone().unwrap_or_default(),
                address_lines: options.address.clone(),
                name: name.clone(),
            };
            let wish = Wish::SendTo(to);
            records
                .runtime
                .block_on(office.record_notice_wish(&act, resident, kind, &wish))?;
            true
        }
        (None, true, _) => {
            records
                .runtime
                .block_on(office.record_notice_wish(&act, resident, kind, &Wish::NoPaper))?;
            true
        }
        (None, _, paper) => {
            let wish = if paper { NoticeWish::NoPaper } else { NoticeWish::SendTo };
            records
                .runtime
                .block_on(office.end_notice_wish(&act, resident, kind, wish))?
        }
    };
    answer!(
        "{}",
        match done {
            true => lang.pick("✓ 台帳に書きました。", "✓ written into the ledger."),
            false => lang.pick(
                "・そのような申出は、台帳にありません。",
                "・the ledger has no such wish."
            ),
        }
    );
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
