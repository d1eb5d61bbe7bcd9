//! `eligibility.toml`: whose desk it is and what stands beside it; the portal's own file at the relay is named in it.

use std::path::{Path, PathBuf};

use portal_kit::config::{self, ConfigError, Fault};
use url::Url;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[clinic]`
    pub clinic: Named,
    /// `[clinic] service`: the portal at the relay, as every portal's file is.
    pub service: portal_service::config::Config,
}

/// `[clinic]`: whose desk it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The clinic and its desk, as they stand on the screen.
    pub name: String,
    /// Ten digits (医療機関コード with prefecture and kind), which stand in answer files.
    pub code: String,
    /// The card bridge of this desk as its browser reaches it.
    pub bridge: Url,
    /// The short names of the workers who are let in; none: every worker whose card the relay knows.
    pub staff: Vec<String>,
    /// What insurers this check covers, for the screen.
    pub covers: Vec<String>,
    /// How long a result stays on the screen, in seconds.
    pub shown_seconds: u16,
}

impl Config {
    /// Reads and checks `file`, and the one that it names.
    ///
    /// # Errors
    /// When either cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let (clinic, service) = config::load(file, |document| {
            document.section("clinic", |section| {
                let code = section.text("code");
                if !code.is_empty() && (code.len() != 10 || !code.bytes().all(|byte| byte.is_ascii_digit())) {
                    section.mistake("code", Fault::Malformed("ten digits"));
                }
                let bridge = section.text("bridge");
                let bridge = Url::parse(&bridge).ok().filter(is_loopback).unwrap_or_else(|| {
                    section.mistake("bridge", Fault::Malformed("http://127.0.0.1:port"));
                    Url::parse("http://127.0.0.1").expect("a constant that is an address")
                });
                let named = Named {
                    name: section.text("name"),
                    code,
                    bridge,
                    staff: section.lines_or("staff", &[]),
                    covers: section.lines_or("covers", &[]),
                    shown_seconds: section.number_or("shown_seconds", 10..=600, 60),
                };
                (named, section.path("service"))
            })
        })?;
        let service: PathBuf = service;
        Ok(Self {
            clinic,
            service: portal_service::config::Config::load(&service)?,
        })
    }
}

fn is_loopback(bridge: &Url) -> bool {
    bridge.scheme() == "http" && bridge.host_str() == Some("127.0.0.1") && bridge.path() == "/"
}
