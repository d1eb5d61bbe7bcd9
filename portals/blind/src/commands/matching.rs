//! `match`: the two halves' logs side by side.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use blind::matching::{Disagreement, Line, compare};
use clap::Args;

/// The two logs, as CSV with the columns `service` and `blob_sha256`.
#[derive(Args)]
pub struct Match {
    /// What the blind half made: `madoguchi-blind log`.
    #[arg(long)]
    made: PathBuf,
    /// What the front used.
    #[arg(long)]
    used: PathBuf,
}

impl Match {
    /// Prints what does not agree, and the counts.
    pub fn run(self) -> anyhow::Result<()> {
        let read = |file: &PathBuf| {
            let name = || file.display().to_string();
            Line::read(&fs::read_to_string(file).with_context(name)?).with_context(name)
        };
        let (made, used) = (read(&self.made)?, read(&self.used)?);
        let matched = compare(&made, &used);
        for disagreement in &matched.disagree {
            match disagreement {
                Disagreement::NotMade(line) => println!("not made here: {} used at {}", line.blob_sha256, line.service),
                Disagreement::UsedTwice(line) => println!("used twice: {} at {}", line.blob_sha256, line.service),
                Disagreement::OtherService { used, made_for } => {
                    println!("made for {made_for}: {} used at {}", used.blob_sha256, used.service);
                }
            }
        }
        for line in &matched.unused {
            println!("made and not used: {} for {}", line.blob_sha256, line.service);
        }
        println!(
            "{} agree, {} made and not used, {} do not agree",
            matched.agree,
            matched.unused.len(),
            matched.disagree.len()
        );
        anyhow::ensure!(matched.disagree.is_empty(), "the two halves' logs do not agree");
        Ok(())
    }
}
