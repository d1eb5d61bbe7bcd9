//! `madoguchi console`: opens the counter's screen.

use std::process::ExitCode;

use super::output::notice;
use super::{Setting, services};
use crate::desk;

/// How the terminal is used.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Lines in reading order instead of a painted screen, for screen readers.
    #[arg(long)]
    plain: bool,
    /// The mouse too.
    #[arg(long)]
    mouse: bool,
}

impl Options {
    /// Whether anything was asked for.
    pub const fn is_given(&self) -> bool {
        self.plain || self.mouse
    }

    /// What was asked for here or there.
    pub const fn and(self, other: Self) -> Self {
        Self {
            plain: self.plain || other.plain,
            mouse: self.mouse || other.mouse,
        }
    }
}

/// Opens the screen and stays until the clerk leaves. In a demonstration, what must run beside it is started first:
/// at a real office that is the machine's business.
///
/// # Errors
/// When the console cannot begin, with what to do.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    if config.demo.is_some() {
        services::start_missing(setting, &config)?;
    }
    let demo = config.demo.is_some();
    let ended = desk::run(
        config,
        &desk::Options {
            lang: setting.lang,
            wishes: desk::Wishes {
                plain: options.plain,
                mouse: options.mouse,
                ..desk::Wishes::default()
            },
        },
    )?;
    if demo {
        notice!(
            "{}",
            setting.lang.pick(
                "データベースと盆は動き続けています。止めるのは `make down` です。",
                "The database and the tray go on running; `make down` stops them.",
            )
        );
    }
    Ok(ended)
}
