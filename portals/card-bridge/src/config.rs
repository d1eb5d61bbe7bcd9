//! The helper's configuration file: where it listens, which fronts it signs for, which reader it uses, what it watches.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use portal_kit::{
    city::City,
    config::{self, ConfigError, Fault, Log},
    contact::Contact,
};
use url::Origin;

/// The configuration of one desk's helper.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[bridge] address`: a loopback address and port (127.0.0.1:47100).
    pub address: SocketAddr,
    /// `[front] origins`: whom it signs for, `https://host:port` each.
    pub origins: Vec<Origin>,
    /// `[front] authorities`: PEM file of the authorities that certify those fronts' servers.
    pub authorities: PathBuf,
    /// `[card] reader`: the PC/SC name of the residents' reader; none looks into every reader.
    pub reader: Option<String>,
    /// `[eligibility]`: a clinic's page may have patients' cards sign without their PIN; none: nobody may.
    pub eligibility: Option<Eligibility>,
    /// `[watch] every_card`: the fronts are told of every card of ours that is pulled from any reader, also of one that
    /// signed nothing through this helper.
    pub every_card: bool,
    /// `[watch] owed_file`: keeps what fronts are still to be told when the helper ends; none: it is forgotten.
    pub owed_file: Option<PathBuf>,
    /// `[city]`: whose desk it is.
    pub city: Option<City>,
    /// `[contact]`: whom a resident asks.
    pub contact: Option<Contact>,
    /// `[log]`
    pub log: Log,
}

/// `[eligibility]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// The one page that may ask: `https://host:port`.
    pub origin: Origin,
    /// The patients' reader; none: that of `[card]`.
    pub reader: Option<String>,
}

impl Config {
    /// Reads and checks `file`.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        config::load(file, |document| {
            let address = document.section("bridge", |bridge| {
                let address = bridge.address("address");
                if !address.ip().is_loopback() {
                    bridge.mistake("address", Fault::NotAnAddress);
                }
                address
            });
            let (origins, authorities) =
                document.section("front", |front| (front.origins("origins"), front.path("authorities")));
            let reader = document.optional("card", |card| card.text_or("reader", " "));
            let (every_card, owed_file) = document.optional("watch", |watch| {
                (watch.flag_or("every_card", false), watch.path_if_present("owed_file"))
            });
            Self {
                address,
                origins,
                authorities,
                reader: Some(reader).filter(|reader| !reader.trim().is_empty()),
                eligibility: document.if_present("eligibility", |section| Eligibility {
                    origin: section.https("origin").origin(),
                    reader: Some(section.text_or("reader", " ")).filter(|reader| !reader.trim().is_empty()),
                }),
                every_card,
                owed_file,
                city: document.if_present("city", City::read),
                contact: document.if_present("contact", Contact::read),
                log: document.optional("log", Log::read),
            }
        })
    }
}
