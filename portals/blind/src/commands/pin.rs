//! `pin`: a service is pinned to its certificate by two operators, each at their own time.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use blind::{
    config::Config,
    pins::{PinFile, Pins},
};
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub enum Pin {
    /// Write a pin that nobody has signed for yet.
    Propose {
        /// The service's entity id, from its metadata.
        #[arg(long)]
        entity: String,
        /// The certificate for encryption in its metadata, as a PEM file.
        #[arg(long)]
        certificate: PathBuf,
        /// aes128-gcm, aes256-gcm, aes128-cbc or aes256-cbc, by `md:EncryptionMethod`.
        #[arg(long, default_value = "aes128-gcm")]
        cipher: String,
        /// oaep-sha1 or oaep-sha256, by `md:EncryptionMethod`.
        #[arg(long, default_value = "oaep-sha1")]
        transport: String,
        /// Name of the file in the folder of pins, without `.toml`.
        #[arg(long)]
        name: String,
    },
    /// Sign for a pin after comparing its fingerprint with what the service told.
    Approve {
        /// Name of the file in the folder of pins, without `.toml`.
        #[arg(long)]
        name: String,
        /// The operator's own key file.
        #[arg(long)]
        key: PathBuf,
        /// SHA-256 of the certificate as the service told it by another way, hexadecimal.
        #[arg(long)]
        fingerprint: String,
    },
    /// Say which services are pinned, and which files pin nothing and why.
    List,
}

impl Pin {
    /// Does it.
    pub fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        let services = &config.services;
        let place = |name: &str| services.folder.join(name).with_extension("toml");
        match self {
            Self::Propose {
                entity,
                certificate,
                cipher,
                transport,
                name,
            } => {
                let file = place(&name);
                anyhow::ensure!(!file.exists(), "{} is there already", file.display());
                let pem = fs::read_to_string(&certificate).with_context(|| certificate.display().to_string())?;
                let pin = PinFile {
                    entity,
                    cipher,
                    transport,
                    certificate: pem,
                    approvals: Default::default(),
                };
                println!("{} {}", hex::encode(pin.fingerprint(&file)?), pin.entity);
                pin.write(&file)?;
            }
            Self::Approve { name, key, fingerprint } => {
                let key = super::operator_key(&key)?;
                super::known(&key, &services.operators)?;
                let file = place(&name);
                let mut pin = PinFile::read(&file)?;
                let told: String = fingerprint.to_lowercase().split([':', ' ']).collect();
                let found = hex::encode(pin.fingerprint(&file)?);
                anyhow::ensure!(
                    told == found,
                    "the file's certificate has the fingerprint {found}: it is not signed for"
                );
                pin.approve(&key, &file)?;
                pin.write(&file)?;
                println!("{}: signed for by {}", pin.entity, key.operator().name());
            }
            Self::List => {
                let (pins, refused) = Pins::load(&services.folder, &services.operators)?;
                for pin in pins.noted() {
                    let [one, other] = &pin.approved_by;
                    let hash = hex::encode(pin.certificate_sha256);
                    println!(
                        "{} {hash} {} {} by {one} and {other}",
                        pin.entity, pin.cipher, pin.transport
                    );
                }
                for error in refused {
                    println!("pins nothing: {error}");
                }
            }
        }
        Ok(())
    }
}
