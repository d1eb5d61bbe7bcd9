//! `ceremony` and `envelope-key`: keys are made, each into the folder of its holder.

use std::path::PathBuf;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use blind::half::write_secret;
use clap::Args;
use relay_core::{
    chance::OsChance,
    envelope::{Party, SigningKey},
};

/// Where each part goes. Nobody keeps two of the folders.
#[derive(Args)]
pub struct Ceremony {
    /// The front's: gets `front-1`.
    #[arg(long)]
    front: PathBuf,
    /// The blind half's: gets `blind-1`.
    #[arg(long)]
    blind: PathBuf,
    /// The registrar's: gets `global-key`, which is public.
    #[arg(long)]
    registrar: PathBuf,
}

impl Ceremony {
    /// Makes and files them; none is ever overwritten.
    pub fn run(self) -> anyhow::Result<()> {
        let made = relay_core::pseudonym::Ceremony::run(&mut OsChance);
        let files = [
            (self.front.join("front-1"), made.front.to_text()),
            (self.blind.join("blind-1"), made.blind.to_text()),
            (self.registrar.join("global-key"), made.global.to_text().into()),
        ];
        for (file, _) in &files {
            anyhow::ensure!(!file.exists(), "{} is there already: nothing was made", file.display());
        }
        for (file, text) in &files {
            write_secret(file, text).with_context(|| file.display().to_string())?;
            println!("{}", file.display());
        }
        Ok(())
    }
}

/// Whose key, and where to.
#[derive(Args)]
pub struct EnvelopeKey {
    /// The party's name in envelopes.
    #[arg(long)]
    party: String,
    /// The file it goes to.
    #[arg(long)]
    into: PathBuf,
}

impl EnvelopeKey {
    /// Makes and files it, and prints its public part.
    pub fn run(self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.into.exists(), "{} is there already", self.into.display());
        let (key, pkcs8) = SigningKey::generate(Party::new(&self.party)?);
        let text = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.encode(&*pkcs8));
        write_secret(&self.into, &text).with_context(|| self.into.display().to_string())?;
        println!("{}", key.trusted().to_text());
        Ok(())
    }
}
