//! `tombstone`: a pseudonym that stood for the wrong person is given to its service no more.

use std::path::{Path, PathBuf};

use blind::config::Config;
use clap::Args;
use portal_kit::config::secrets;
use relay_core::{
    clock::{Clock as _, SystemClock},
    pseudonym::{Domain, Service, ServicePseudonym},
};

/// Which pseudonym, where, why, and who says so.
#[derive(Args)]
pub struct SetTombstone {
    /// The city's code.
    #[arg(long)]
    domain: String,
    /// The service's entity id.
    #[arg(long)]
    entity: String,
    /// A file holding the pseudonym as the service wrote it down: 43 characters. Remove it afterwards.
    #[arg(long)]
    pseudonym_file: PathBuf,
    /// The matter's number in the organisation's own books.
    #[arg(long)]
    matter: String,
    /// The two operators' key files.
    #[arg(long, num_args = 2, required = true)]
    keys: Vec<PathBuf>,
}

impl SetTombstone {
    /// Sets it.
    pub async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        let mut approved = Vec::new();
        for file in &self.keys {
            let key = super::operator_key(file)?;
            super::known(&key, &config.services.operators)?;
            approved.push(key.operator().name().to_owned());
        }
        let approved: [String; 2] = approved
            .try_into()
            .map_err(|_| anyhow::anyhow!("two operators' keys are needed"))?;
        let service = Service::new(&Domain::new(&self.domain)?, &self.entity)?;
        let pseudonym = ServicePseudonym::from_exposed(secrets::read(&self.pseudonym_file)?.trim())?;
        let records = super::records(&config)?;
        let mark = records.mark(&service, &pseudonym);
        records
            .set_tombstone(&mark, &self.matter, &approved, SystemClock.now())
            .await?;
        println!("set for matter {}", self.matter);
        Ok(())
    }
}
