//! `madoguchi demo-city`: the roster of a made-up city as CSV, the same for the same seed on the same day.

use std::{
    fs::OpenOptions,
    io::{IsTerminal, Write, stdout},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use issuance::{
    demo_city::{residents, write_csv},
    roster,
};
use relay_core::clock::{Clock, SystemClock};

use super::Setting;
use super::output::notice;

/// Which city, and where to.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// People.
    #[arg(long, default_value_t = 90_000, value_name = "N")]
    rows: usize,
    /// Seed: the same number gives the same city.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// File to write, which must not exist yet (default: standard output).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Encoding of the file.
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    encoding: Encoding,
}

/// How a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encoding {
    /// UTF-8.
    #[value(name = "utf-8")]
    Utf8,
    /// CP932, as Windows writes Japanese.
    #[value(name = "cp932")]
    Cp932,
}

/// Writes the city.
///
/// # Errors
/// When the file cannot be written, or exists.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let out: Box<dyn Write> = match &options.out {
        Some(file) => {
            // Like every roster it is for its owner alone; and no real one is ever written over.
            let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            Box::new(open.with_context(|| format!("{}", file.display()))?)
        }
        None if stdout().is_terminal() => bail!(lang.pick(
            "書くファイルを --out で示すか、出力を別のプログラムに渡してください。",
            "say which file to write with --out, or pipe the output elsewhere.",
        )),
        None => Box::new(stdout().lock()),
    };
    let encoding = match options.encoding {
        Encoding::Utf8 => roster::Encoding::Utf8,
        Encoding::Cp932 => roster::Encoding::Cp932,
    };
    let today = SystemClock.now_in_japan().date();
    let written = write_csv(out, residents(options.seed, options.rows, today), encoding)?;
    notice!(
        "{}",
        lang.pick(
            format!("架空の住民 {} 人を書きました。", written.rows),
            format!("{} made-up residents written.", written.rows),
        )
    );
    if written.reduced > 0 {
        notice!(
            "{}",
            lang.pick(
                format!("この文字コードに無い字を置き換えた欄: {}", written.reduced),
                format!(
                    "{} fields held characters that this encoding lacks; they were replaced.",
                    written.reduced
                ),
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}
