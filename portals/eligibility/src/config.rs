//! `eligibility.toml`: whose desk it is and what stands beside it; the portal's own file at the relay is named in it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use portal_kit::config::{self, ConfigError, Fault};
use url::Url;

use crate::handed_on::Folder;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[clinic]`
    pub clinic: Named,
    /// `[files]`: where answer files are put; none: nowhere.
    pub files: Option<Folder>,
    /// `[fhir]`: where the clinic's own system asks; none: it may not.
    pub fhir: Option<Fhir>,
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

/// `[fhir]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fhir {
    /// A loopback address and port.
    pub address: SocketAddr,
    /// File of the token that is to be shown.
    pub token_file: PathBuf,
}

impl Config {
    /// Reads and checks `file`, and the one that it names.
    ///
    /// # Errors
    /// When either cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let ((clinic, service), files, fhir) = config::load(file, |document| {
            let clinic = document.section("clinic", |section| {
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
            });
            let files = document.if_present("files", |section| Folder {
                res: section.path("res"),
                work: section.path("work"),
            });
            let fhir = document.if_present("fhir", |section| {
                let address = section.address("address");
                if !address.ip().is_loopback() {
                    section.mistake("address", Fault::NotAnAddress);
                }
                Fhir {
                    address,
                    token_file: section.path("token_file"),
                }
            });
            (clinic, files, fhir)
        })?;
        let service: PathBuf = service;
        Ok(Self {
            clinic,
            files,
            fhir,
            service: portal_service::config::Config::load(&service)?,
        })
    }
}

fn is_loopback(bridge: &Url) -> bool {
    bridge.scheme() == "http" && bridge.host_str() == Some("127.0.0.1") && bridge.path() == "/"
}
