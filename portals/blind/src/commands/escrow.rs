//! `escrow`: a secret as sheets of paper, and back; and the drill that shows it works.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use blind::half::write_secret;
use clap::Subcommand;
use portal_kit::config::secrets;
use relay_core::{
    chance::OsChance,
    escrow::{Sheet, restore, split},
    pseudonym::{
        BlindHalf, BlindSecret, Ceremony, Domain, FrontHalf, FrontSecret, PolymorphicPseudonym, Registrar,
        RegistrarSecret, Service,
    },
};
use uuid::Uuid;

/// What to do.
#[derive(Subcommand)]
pub enum Escrow {
    /// Write a secret's sheets, a file each, to be printed and then removed.
    Split {
        /// The secret's file.
        #[arg(long)]
        secret: PathBuf,
        /// What stands on the sheets (`目隠し側 1`).
        #[arg(long)]
        name: String,
        /// So many bring it back.
        #[arg(long, default_value_t = 3)]
        needed: u8,
        /// So many sheets.
        #[arg(long, default_value_t = 5)]
        of: u8,
        /// Folder for the sheets.
        #[arg(long)]
        into: PathBuf,
    },
    /// Bring a secret back from sheets that were typed in.
    Restore {
        /// The sheets' files.
        sheets: Vec<PathBuf>,
        /// Where the secret goes; it is never written over another.
        #[arg(long)]
        into: PathBuf,
    },
    /// Practise: make keys, split them, destroy them, bring them back from sheets, and compare pseudonyms.
    Drill {
        /// Folder to practise in; must be empty.
        #[arg(long)]
        folder: PathBuf,
        /// How many services to compare at.
        #[arg(long, default_value_t = 3)]
        services: u32,
    },
}

impl Escrow {
    /// Does it.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Split {
                secret,
                name,
                needed,
                of,
                into,
            } => {
                let text = secrets::read(&secret)?;
                for sheet in split(&name, text.trim_end(), needed, of, &mut OsChance)? {
                    let file = write_sheet(&into, &sheet)?;
                    println!("{}  {}", file.display(), sheet.check_words());
                }
                println!("Print each, hand it to another keeper, compare the words by voice, and remove the files.");
            }
            Self::Restore { sheets, into } => {
                ensure!(!into.exists(), "{} is there already", into.display());
                let text = restore(&read_sheets(&sheets)?)?;
                write_secret(&into, &text)?;
                println!("{} is back", into.display());
            }
            Self::Drill { folder, services } => drill(&folder, services)?,
        }
        Ok(())
    }
}

/// The whole of an accident, on keys made for it: both halves' files are lost, three of five sheets are found.
fn drill(folder: &Path, services: u32) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    ensure!(
        fs::read_dir(folder)?.next().is_none(),
        "{} is not empty",
        folder.display()
    );
    let made = Ceremony::run(&mut OsChance);
    let registrar = Registrar::new(RegistrarSecret::new(&mut OsChance), made.global);
    let stored = registrar.register(Uuid::from_u128(1), 0, &mut OsChance);
    let files = [folder.join("front-1"), folder.join("blind-1")];
    write_secret(&files[0], &made.front.to_text())?;
    write_secret(&files[1], &made.blind.to_text())?;
    drop(made);

    let before = pseudonyms(&files, &stored, services)?;
    println!("1. Keys made; one person has a pseudonym at each of {services} services.");
    let mut kept = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sheets = folder.join(format!("sheets-{name}"));
        fs::create_dir(&sheets)?;
        let mut places = Vec::new();
        for sheet in split(&name, secrets::read(file)?.trim_end(), 3, 5, &mut OsChance)? {
            places.push(write_sheet(&sheets, &sheet)?);
        }
        kept.push(places);
    }
    println!("2. Each half's secret split into 5 sheets, of which 3 are needed.");
    for file in &files {
        fs::remove_file(file)?;
    }
    ensure!(
        pseudonyms(&files, &stored, services).is_err(),
        "the secrets are not really gone"
    );
    println!("3. Both secrets destroyed: no pseudonym can be made any more.");
    for (file, sheets) in files.iter().zip(&kept) {
        ensure!(
            restore(&read_sheets(&sheets[..2])?).is_err(),
            "two sheets must not be enough"
        );
        write_secret(file, &restore(&read_sheets(&sheets[2..])?)?)?;
    }
    println!("4. Two sheets gave nothing; three brought each secret back.");
    ensure!(
        pseudonyms(&files, &stored, services)? == before,
        "other pseudonyms than before"
    );
    println!("5. The same pseudonyms at all {services} services. The drill is passed.");
    Ok(())
}

fn pseudonyms(files: &[PathBuf; 2], stored: &PolymorphicPseudonym, services: u32) -> anyhow::Result<Vec<String>> {
    let front = FrontHalf::new(&FrontSecret::from_text(&secrets::read(&files[0])?)?);
    let mut blind = BlindHalf::new(BlindSecret::from_text(&secrets::read(&files[1])?)?);
    let domain = Domain::new("429996")?;
    (1..=services)
        .map(|number| {
            let service = Service::new(&domain, &format!("https://service-{number}.example/sp"))?;
            blind.accept_share(service.clone(), front.service_share(&service))?;
            let half = front.half(stored, &service, &mut OsChance)?;
            let finished = blind.finish(&half, &service, &mut OsChance)?;
            Ok(finished.context("the share was taken")?.expose().to_string())
        })
        .collect()
}

fn write_sheet(folder: &Path, sheet: &Sheet) -> anyhow::Result<PathBuf> {
    let file = folder.join(format!("sheet-{}-{}.txt", sheet.set(), sheet.number()));
    let mut open = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .with_context(|| file.display().to_string())?;
    open.write_all(sheet.page().as_bytes())?;
    Ok(file)
}

fn read_sheets(files: &[PathBuf]) -> anyhow::Result<Vec<Sheet>> {
    files
        .iter()
        .map(|file| Sheet::read(&secrets::read(file)?).with_context(|| file.display().to_string()))
        .collect()
}
