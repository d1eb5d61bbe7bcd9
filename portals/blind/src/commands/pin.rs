//! `pin`: a service is pinned to its certificate by two operators, each at their own time.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use blind::{
    config::Config,
    operators::OperatorKey,
    pins::{
        EXCEPTIONS, Folder, PinFile,
        metadata::{Offer, Told, typed},
        next_edition, remove_older,
    },
};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use portal_kit::tls;
use relay_core::clock::{Clock as _, SystemClock};
use relay_records::blind::pins::judge;
use relay_saml::{Exception, TrustedKeys};

/// What to do.
#[derive(Subcommand)]
pub enum Pin {
    /// Show which certificates a service's metadata offer for encryption, to be compared with what the service tells by
    /// telephone or on paper.
    Show(Metadata),
    /// Write the next edition of a service's pin from its metadata; nobody has signed for it yet.
    Propose {
        #[command(flatten)]
        metadata: Metadata,
        /// SHA-256 of the certificate for encryption as the service told it by another way, hexadecimal.
        #[arg(long)]
        fingerprint: String,
        /// SHA-256 of a certificate that the service signs with, told by another way too; may be given twice while a key
        /// is replaced. Names in LogoutRequests are compared only where their signature is by such a key. The one for
        /// encryption need not be told again where the metadata give it for both.
        #[arg(long)]
        signing: Vec<String>,
        /// What is taken from the service beyond the profile, as the front's operators decided it.
        #[arg(long, value_parser = exceptions())]
        take: Vec<String>,
        /// Name of the file in the folder of pins, without edition and `.toml`.
        #[arg(long)]
        name: String,
    },
    /// Write the edition that says that a service is pinned no more; nobody has signed for it yet.
    Withdraw {
        /// The service's entity id.
        #[arg(long)]
        entity: String,
        /// Name of the file in the folder of pins, without edition and `.toml`.
        #[arg(long)]
        name: String,
    },
    /// Sign for a pin after comparing its fingerprint with what the service told.
    Approve {
        /// Name of the file in the folder of pins, without `.toml`, as it was told when it was proposed.
        #[arg(long)]
        name: String,
        /// The operator's own key file.
        #[arg(long)]
        key: PathBuf,
        /// SHA-256 of the certificate as the service told it by another way, hexadecimal.
        #[arg(long, required_unless_present = "withdrawal", conflicts_with = "withdrawal")]
        fingerprint: Option<String>,
        /// SHA-256 of each certificate for signing in the file, as the service told it by another way; not again of the
        /// one for encryption.
        #[arg(long, conflicts_with = "withdrawal")]
        signing: Vec<String>,
        /// The file withdraws the service, and that is meant.
        #[arg(long)]
        withdrawal: bool,
    },
    /// Say which services are pinned, and which files pin nothing and why.
    List,
}

/// Whose metadata, and why they are believed.
#[derive(Args)]
pub struct Metadata {
    /// The service's SAML metadata, a file.
    #[arg(long)]
    metadata: PathBuf,
    /// The service's entity id, where the file has several.
    #[arg(long)]
    entity: Option<String>,
    /// Certificates (PEM) of whom the metadata must be signed by, a federation's.
    #[arg(long)]
    signer: Option<PathBuf>,
}

impl Pin {
    /// Does it.
    pub async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = Config::load(config)?;
        match self {
            Self::Show(metadata) => show(&metadata.read()?),
            Self::Propose {
                metadata,
                fingerprint,
                signing,
                take,
                name,
            } => {
                let offer = metadata.read()?;
                let edition = next(&config, &offer.entity).await?;
                let told = Told {
                    encryption: &fingerprint,
                    signing: &signing,
                    exceptions: &take,
                };
                let pin = offer.pin(told, edition)?;
                propose(&config, &name, &pin)?;
            }
            Self::Withdraw { entity, name } => {
                let edition = next(&config, &entity).await?;
                ensure!(edition > 1, "{entity} was never pinned here");
                propose(&config, &name, &PinFile::withdrawal(entity, edition))?;
            }
            Self::Approve {
                name,
                key,
                fingerprint,
                signing,
                withdrawal: _,
            } => {
                let key = super::operator_key(&key)?;
                super::known(&key, &config.services.operators)?;
                approve(&config, &name, &key, fingerprint.as_deref(), &signing)?;
            }
            Self::List => {
                for line in list(&config).await?.lines {
                    println!("{line}");
                }
            }
        }
        Ok(())
    }
}

impl Metadata {
    fn read(&self) -> anyhow::Result<Offer> {
        let name = || self.metadata.display().to_string();
        let bytes = fs::read(&self.metadata).with_context(name)?;
        let signer = match &self.signer {
            Some(file) => {
                let certificates = tls::certificates(file)?;
                let keys = TrustedKeys::from_certificates(certificates.iter().map(AsRef::as_ref));
                Some(keys.with_context(|| file.display().to_string())?)
            }
            None => None,
        };
        Offer::read(&bytes, self.entity.as_deref(), signer.as_ref(), SystemClock.now()).with_context(name)
    }
}

fn show(offer: &Offer) {
    println!("{}", offer.entity);
    match offer.signed {
        true => println!("the file's signature is right"),
        false => {
            println!("no signature was checked: what counts is the fingerprint that the service tells by another way")
        }
    }
    if let Some(until) = offer.valid_until {
        println!("valid until {until}");
    }
    for key in &offer.encryption {
        let hash = hex::encode(key.sha256);
        match &key.algorithms {
            Ok((cipher, transport)) => println!("for encryption: {hash} ({cipher}, {transport})"),
            Err(reason) => println!("for encryption: {hash}, and nothing can be sealed to it: {reason}"),
        }
    }
    for key in &offer.signing {
        println!("for signing: {}", hex::encode(key.sha256));
    }
}

async fn next(config: &Config, entity: &str) -> anyhow::Result<u32> {
    let honoured = super::records(config)?.honoured_pins().await?;
    Ok(next_edition(&config.services.folder, entity, honoured.get(entity))?)
}

fn propose(config: &Config, name: &str, pin: &PinFile) -> anyhow::Result<()> {
    // Editions stand side by side until the next one is signed for: the service is served meanwhile.
    let name = match pin.edition {
        1 => name.to_owned(),
        edition => format!("{name}-{edition}"),
    };
    let file = place(config, &name)?;
    pin.create(&file)?;
    match pin.withdrawn {
        true => println!("{name}: edition {} of {}: withdrawn", pin.edition, pin.entity),
        false => println!(
            "{name}: edition {} of {}: {} ({}, {})",
            pin.edition,
            pin.entity,
            hex::encode(pin.fingerprint(&file)?),
            pin.cipher,
            pin.transport
        ),
    }
    for hash in pin.signing_fingerprints(&file)? {
        println!("its LogoutRequests are known by {}", hex::encode(hash));
    }
    if pin.signing.is_empty() && !pin.withdrawn {
        println!("no key for signing: whom its LogoutRequests name will not be compared (--signing)");
    }
    for exception in &pin.exceptions {
        println!("taken from it: {exception}");
    }
    if pin.cipher.ends_with("-cbc") && !pin.withdrawn {
        println!("its metadata name no cipher that notices a changed bit: ask the service for one with GCM");
    }
    Ok(())
}

fn approve(
    config: &Config,
    name: &str,
    key: &OperatorKey,
    told: Option<&str>,
    signing: &[String],
) -> anyhow::Result<()> {
    let services = &config.services;
    let file = place(config, name)?;
    let mut pin = PinFile::read(&file)?;
    match (pin.withdrawn, told) {
        (true, Some(_)) => bail!(
            "the file withdraws {}: it is not signed for; --withdrawal says that this is meant",
            pin.entity
        ),
        (false, None) => bail!("the file does not withdraw {}: it is not signed for", pin.entity),
        (true, None) => {}
        (false, Some(told)) => {
            let (told, found) = (typed(told), hex::encode(pin.fingerprint(&file)?));
            ensure!(
                told == found,
                "the file's certificate has the fingerprint {found}; {told} was told: it is not signed for"
            );
        }
    }
    let mut told: Vec<_> = told
        .into_iter()
        .chain(signing.iter().map(String::as_str))
        .map(typed)
        .collect();
    let mut found: Vec<_> = pin.signing_fingerprints(&file)?.into_iter().map(hex::encode).collect();
    if let Some(missed) = found.iter().find(|hash| !told.contains(hash)) {
        bail!(
            "the file knows its LogoutRequests by {missed} too, which was not told (--signing): it is not signed for"
        );
    }
    if !pin.withdrawn {
        found.push(hex::encode(pin.fingerprint(&file)?));
    }
    told.retain(|hash| !found.contains(hash));
    ensure!(
        told.is_empty(),
        "the file does not have what was told, {}: it is not signed for",
        told.join(", ")
    );
    pin.approve(key, &file)?;
    pin.write(&file)?;
    println!(
        "{}: edition {} signed for by {}",
        pin.entity,
        pin.edition,
        key.operator().name()
    );
    if pin.approved_by(&file, &services.operators)?.len() >= 2 {
        for older in remove_older(&services.folder, &pin.entity, pin.edition)? {
            println!("{} is removed: an older edition", older.display());
        }
    }
    Ok(())
}

/// What `--take` knows.
fn exceptions() -> PossibleValuesParser {
    PossibleValuesParser::new(EXCEPTIONS.map(Exception::as_str))
}

/// A pin's file: a plain name, so that it is one of the folder.
fn place(config: &Config, name: &str) -> anyhow::Result<PathBuf> {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    ensure!(plain, "a file's name has letters, digits, `-` and `_`");
    Ok(config.services.folder.join(format!("{name}.toml")))
}

/// The pins in words, and whether somebody has to look at them.
pub(super) struct Listed {
    pub lines: Vec<String>,
    pub amiss: bool,
}

pub(super) async fn list(config: &Config) -> anyhow::Result<Listed> {
    let services = &config.services;
    let honoured = super::records(config)?.honoured_pins().await?;
    let folder = Folder::read(&services.folder, &services.operators)?;
    let verdicts = judge(&folder.signed(), &honoured);
    let (pins, refused) = folder.counting(&verdicts);
    let mut lines = Vec::new();
    for pin in pins.all() {
        let [one, other] = &pin.noted.approved_by;
        if let Some(to) = &pin.noted.sealed_to {
            let hash = hex::encode(to.certificate_sha256);
            let compared = match &pin.requests {
                Some(requests) if requests.chaining => ", names compared, AES-CBC too",
                Some(_) => ", names compared",
                None => ", names not compared: no key for signing",
            };
            lines.push(format!(
                "{} {hash} edition {} {} {} by {one} and {other}{compared}",
                pin.noted.entity, pin.noted.edition, to.cipher, to.transport
            ));
        }
    }
    for (entity, held) in honoured.iter().filter(|(_, held)| held.withdrawn) {
        if pins.get(entity).is_none() {
            lines.push(format!("withdrawn: {entity} by edition {}", held.edition));
        }
    }
    let missing = pins.missing(&honoured);
    for (entity, edition) in &missing {
        lines.push(format!(
            "not served: the file of edition {edition} of {entity} is missing: put it back, or withdraw the service"
        ));
    }
    for error in &refused {
        lines.push(format!("pins nothing: {error} [{}]", error.code()));
    }
    Ok(Listed {
        amiss: !missing.is_empty() || !refused.is_empty(),
        lines,
    })
}
