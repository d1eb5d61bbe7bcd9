//! `madoguchi`'s sub-commands: what a person types at a shell, from set-up to the counter's screen.

use std::path::PathBuf;

use crate::config::{Config, ConfigError};
use home::Home;
use words::Lang;

pub mod authority;
pub mod card;
pub mod clean;
pub mod home;
pub mod logging;
pub mod processes;
pub mod services;
pub mod status;
pub mod steps;
pub mod words;

/// What every sub-command needs to know.
pub struct Setting {
    /// Language of what is printed.
    pub lang: Lang,
    /// The set-up's folder.
    pub home: Home,
    /// The configuration file in use.
    pub config_file: PathBuf,
}

impl Setting {
    /// The configuration, read and checked.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config_file)
    }
}
