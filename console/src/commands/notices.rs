//! `madoguchi notices`: paper for everyone who has no internet. Which notices there are, who would get one and why somebody
//! does not, one letter as a file, the facts for a run, and what residents wish of letters.

mod facts;
mod letters;
mod wish;

use std::process::ExitCode;

use anyhow::bail;
use issuance::notice::{
    Office, PaperError,
    template::{Kinds, Language, Template, TemplateError},
};

use super::{Setting, output::answer, words::Lang};
use crate::config::Config;

pub(crate) use facts::take_in_demo;

/// What can be done with notices.
#[derive(Debug, clap::Subcommand)]
pub enum NoticesCommand {
    /// The notices there are, a name a line.
    List,
    /// Count who gets a notice and who does not, with each reason.
    Run(letters::RunOptions),
    /// Write one resident's letter as a PDF.
    Render(letters::RenderOptions),
    /// Take in the file of facts for a notice's run.
    Import(facts::Options),
    /// Record what a resident wishes of letters: none, or elsewhere.
    Wish(wish::Options),
}

/// Does what was asked.
///
/// # Errors
/// What is wrong, where, and what to do.
pub fn run(setting: &Setting, asked: &NoticesCommand) -> anyhow::Result<ExitCode> {
    match asked {
        NoticesCommand::List => list(setting),
        NoticesCommand::Run(options) => letters::run(setting, options),
        NoticesCommand::Render(options) => letters::render(setting, options),
        NoticesCommand::Import(options) => facts::run(setting, options),
        NoticesCommand::Wish(options) => wish::run(setting, options),
    }
}

fn list(setting: &Setting) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    for template in kinds(&config, setting.lang)?.iter() {
        answer!("{}", template.name);
    }
    Ok(ExitCode::SUCCESS)
}

/// The program's notices and the office's own.
pub(super) fn kinds(config: &Config, lang: Lang) -> anyhow::Result<Kinds> {
    Kinds::with_own(config.paper.notices.as_deref()).map_err(|error| anyhow::anyhow!(wrong(&error, lang)))
}

fn wrong(error: &TemplateError, lang: Lang) -> String {
    lang.pick(error.in_japanese(), error.to_string())
}

/// The notice called `name`.
fn find<'k>(kinds: &'k Kinds, name: &str, lang: Lang) -> anyhow::Result<&'k Template> {
    match kinds.find(name) {
        Some(template) => Ok(template),
        None => {
            let names: Vec<&str> = kinds.iter().map(|template| template.name.as_str()).collect();
            bail!(lang.pick(
                format!("「{name}」という通知はありません。あるもの: {}", names.join("、")),
                format!("there is no notice {name}; there are: {}", names.join(", ")),
            ))
        }
    }
}

/// The office as it signs its letters.
pub(super) fn office(config: &Config) -> Office {
    crate::desk::sheets::office(&config.city)
}

/// What paper refuses, in the language asked for.
fn refused(error: &PaperError, lang: Lang) -> anyhow::Error {
    match (error, lang) {
        (PaperError::DoesNotFit { field }, Lang::En) => {
            anyhow::anyhow!("\"{field}\" is too long for its place on the sheet; shorten it")
        }
        (PaperError::Glyph(missing), Lang::En) => anyhow::anyhow!(
            "{}: no font has the character {} ({}); correct it in the roster, or install the font that has it",
            missing.field,
            missing.character,
            missing.code_points
        ),
        (error, _) => anyhow::anyhow!("{error}"),
    }
}

/// A language of letters on the command line.
fn language(text: &str) -> Result<Language, String> {
    text.parse()
}
