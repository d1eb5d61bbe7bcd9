//! `log`: what was made, for the auditor, as lines of CSV.

use std::path::Path;

use blind::config::Config;
use clap::Args;
use relay_records::blind::Outcome;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// From when to when.
#[derive(Args)]
pub struct Log {
    /// First moment, as 2026-11-22T00:00:00+09:00.
    #[arg(long, value_parser = super::moment)]
    from: OffsetDateTime,
    /// The moment after the last.
    #[arg(long, value_parser = super::moment)]
    until: OffsetDateTime,
    /// The comparisons of names in LogoutRequests instead of what was made.
    #[arg(long)]
    comparisons: bool,
}

impl Log {
    /// Prints `at,domain,service,request,blob_sha256,refusal`, or `at,domain,service,message_sha256,same`.
    pub async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        match self.comparisons {
            true => self.comparisons(&config).await,
            false => self.made(&config).await,
        }
    }

    async fn comparisons(&self, config: &Config) -> anyhow::Result<()> {
        let log = super::records(config)?.comparisons(self.from, self.until).await?;
        println!("at,domain,service,message_sha256,same");
        for row in log {
            println!(
                "{},{},{},{},{}",
                row.at.format(&Rfc3339)?,
                row.service.domain().as_str(),
                quoted(row.service.entity()),
                hex::encode(row.message_sha256),
                match row.same {
                    Some(true) => "yes",
                    Some(false) => "no",
                    None => "",
                },
            );
        }
        Ok(())
    }

    async fn made(&self, config: &Config) -> anyhow::Result<()> {
        let log = super::records(config)?.finish_log(self.from, self.until).await?;
        println!("at,domain,service,request,blob_sha256,refusal");
        for row in log {
            let (blob, refusal) = match row.outcome {
                Outcome::Done(blob) => (hex::encode(blob), ""),
                Outcome::Refused(code) => (String::new(), code),
            };
            println!(
                "{},{},{},{},{blob},{refusal}",
                row.at.format(&Rfc3339)?,
                row.service.domain().as_str(),
                quoted(row.service.entity()),
                hex::encode(row.request),
            );
        }
        Ok(())
    }
}

/// An entity id holds no blank, but may hold a comma or a quotation mark.
fn quoted(entity: &str) -> String {
    format!("\"{}\"", entity.replace('"', "\"\""))
}
