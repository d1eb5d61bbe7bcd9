//! The authority's keys and the issuer's master, opened when first needed and kept for the day.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use card::IssuerMaster;
use issuance::authority::{Authorities, AuthorityError, Passphrase, Trust};

use crate::{config::Config, tui::fault::Fault};

/// Where the keys are, and those that were opened.
pub struct Keys {
    folder: PathBuf,
    passphrase: PathBuf,
    master: PathBuf,
    opened: OnceLock<Arc<Authorities>>,
}

impl Keys {
    /// The keys that `config` names.
    pub fn of(config: &Config) -> Self {
        Self {
            folder: config.authority.folder.clone(),
            passphrase: config.authority.passphrase_file.clone(),
            master: config.card.master_file.clone(),
            opened: OnceLock::new(),
        }
    }

    /// The public half, read anew each time: a login costs far more than three small files.
    ///
    /// # Errors
    /// [`Fault::AuthorityUnavailable`]
    pub fn trust(&self) -> Result<Trust, Fault> {
        match self.opened.get() {
            Some(opened) => Ok(opened.trust.clone()),
            None => Trust::open(&self.folder).map_err(unavailable),
        }
    }

    /// The issuing authorities. Opening derives a key from the passphrase, about a second, so it is done once.
    ///
    /// # Errors
    /// [`Fault::AuthorityUnavailable`]; the reason is in the log.
    pub fn authorities(&self) -> Result<Arc<Authorities>, Fault> {
        if let Some(opened) = self.opened.get() {
            return Ok(Arc::clone(opened));
        }
        let opened = Passphrase::read(&self.passphrase)
            .and_then(|passphrase| Authorities::open(&self.folder, &passphrase))
            .map_err(unavailable)?;
        Ok(Arc::clone(self.opened.get_or_init(|| Arc::new(opened))))
    }

    /// The issuer's master, read for the act and wiped after it.
    ///
    /// # Errors
    /// [`Fault::AuthorityUnavailable`]; the reason is in the log.
    pub fn master(&self) -> Result<IssuerMaster, Fault> {
        IssuerMaster::read(&self.master).map_err(|error| {
            tracing::error!(%error, "the issuer's master");
            Fault::AuthorityUnavailable
        })
    }
}

fn unavailable(error: AuthorityError) -> Fault {
    tracing::error!(%error, "the authority");
    Fault::AuthorityUnavailable
}
