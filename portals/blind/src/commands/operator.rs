//! `operator`: a person who may sign for pins gets a key.

use std::path::PathBuf;

use anyhow::Context as _;
use blind::{half::write_secret, operators::OperatorKey};
use clap::Args;

/// Who, and where to.
#[derive(Args)]
pub struct NewOperator {
    /// The operator's name: letters, digits, `-`, `_`.
    #[arg(long)]
    name: String,
    /// The operator's own file, kept where only they can read it.
    #[arg(long)]
    into: PathBuf,
}

impl NewOperator {
    /// Makes and files it, and prints the line for `[services] operators`.
    pub fn run(self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.into.exists(), "{} is there already", self.into.display());
        let key = OperatorKey::generate(&self.name)?;
        write_secret(&self.into, &key.to_text()).with_context(|| self.into.display().to_string())?;
        println!("{}", key.operator().to_text());
        Ok(())
    }
}
