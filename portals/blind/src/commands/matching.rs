//! `match`: the two halves' logs side by side.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use blind::matching::{Disagreement, Line, compare, lines_of, more_often};
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
    /// What the blind half compared: `madoguchi-blind log --comparisons`.
    #[arg(long, requires = "asked")]
    compared: Option<PathBuf>,
    /// The LogoutRequests that services sent, or that the front says it took: a line each, with the column `service`.
    #[arg(long, requires = "compared")]
    asked: Option<PathBuf>,
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
        let more = match (&self.compared, &self.asked) {
            (Some(compared), Some(asked)) => comparisons(compared, asked)?,
            _ => 0,
        };
        anyhow::ensure!(
            matched.disagree.is_empty() && more == 0,
            "the two halves' logs do not agree"
        );
        Ok(())
    }
}

/// Prints at which services more names were compared than LogoutRequests came. How many services they are.
fn comparisons(compared: &Path, asked: &Path) -> anyhow::Result<usize> {
    let read = |file: &Path| {
        let name = || file.display().to_string();
        lines_of(&fs::read_to_string(file).with_context(name)?).with_context(name)
    };
    let (compared, asked) = (read(compared)?, read(asked)?);
    let more = more_often(&compared, &asked);
    for (service, by) in &more {
        println!("compared more often than asked: {by} times at {service}");
    }
    println!(
        "{} names compared, {} LogoutRequests",
        compared.values().sum::<usize>(),
        asked.values().sum::<usize>()
    );
    Ok(more.len())
}
