//! `refusals`: what was refused, counted, for the auditor, as lines of CSV.

use std::path::Path;

use blind::config::Config;
use clap::Args;
use relay_core::clock::{Clock as _, SystemClock};
use time::{Duration, format_description::well_known::Rfc3339};

/// How far back.
#[derive(Args)]
pub struct Refusals {
    /// So many hours.
    #[arg(long, default_value_t = 24)]
    hours: u16,
}

impl Refusals {
    /// Prints `hour,asked,rule,count`, the newest hour first.
    pub async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        let from = SystemClock.now() - Duration::hours(self.hours.into());
        let told = super::records(&config)?.refusals(from, 10_000).await?;
        println!("hour,asked,rule,count");
        for row in told {
            println!("{},{},{},{}", row.hour.format(&Rfc3339)?, row.who, row.rule, row.count);
        }
        Ok(())
    }
}
