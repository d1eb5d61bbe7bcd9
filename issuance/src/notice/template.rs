//! A notice as data: a folder with a layout (`layout.toml`) and its texts by language (`ja.ftl`, `plain.ftl`, `en.ftl`).
//!
//! Texts are Fluent messages with `{ $fact }` in them; facts have types, and every name is looked up as the folder is read, so
//! that a run of ninety thousand letters can't meet an unknown one. The manual for the office (`manuals/administrator/notices.md`)
//! says how a folder is made.

mod folder;
mod kinds;
mod layout;
mod texts;
mod value;

use std::{fmt, str::FromStr};

pub use folder::{Files, TemplateError, Wrong};
pub use kinds::{Kinds, builtin};
pub use layout::{Align, Block, Column, LabelledText, Per, Recipients, SumRow};
pub use texts::{FactRef, OfficeFact, Segment, TextRef, Texts};
pub use value::{NotThat, Value, ValueKind};

use super::envelope::Envelope;

/// In which words a letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// 日本語
    Japanese,
    /// やさしい日本語
    Plain,
    /// English
    English,
}

impl Language {
    /// Every language, the one that each notice must have first.
    pub const ALL: [Self; 3] = [Self::Japanese, Self::Plain, Self::English];

    /// As its file and the command line name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::Plain => "plain",
            Self::English => "en",
        }
    }

    /// As a PDF names it (RFC 3066), where it is not the file's own.
    pub(super) const fn tag(self) -> Option<&'static str> {
        match self {
            Self::Japanese | Self::Plain => None,
            Self::English => Some("en"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|language| language.as_str() == text);
        found.ok_or_else(|| format!("{text}: ja, plain, en"))
    }
}

/// A fact that a letter carries, as the layout declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub kind: ValueKind,
    pub source: Source,
}

/// From where a fact comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The file handed in for a run, under this heading.
    File(String),
    /// The roster: the person's name.
    Roster,
    /// Said once for the whole run.
    Run,
    /// The office's own records of the person's card.
    Records,
}

impl Fact {
    /// Its heading in the file handed in.
    pub fn column(&self) -> Option<&str> {
        match &self.source {
            Source::File(column) => Some(column),
            _ => None,
        }
    }
}

/// A notice, read and checked.
#[derive(Debug, Clone)]
pub struct Template {
    /// Plain English: `medical-expenses`.
    pub name: String,
    /// Raised with each change of words or layout: part of every letter's content hash.
    pub version: u32,
    pub recipients: Recipients,
    pub per: Per,
    /// Facts of the whole letter.
    pub facts: Vec<Fact>,
    /// Facts of each line of its table.
    pub rows: Vec<Fact>,
    /// Sums over the lines: the name, and which fact of a line is added up.
    pub sums: Vec<(String, usize)>,
    pub blocks: Vec<Block>,
    pub most_pages: usize,
    pub envelope: Envelope,
    pub(super) texts: Vec<(Language, Texts)>,
    /// What it is called in lists and as the file's title.
    title: TextRef,
}

impl Template {
    /// The languages it is written in.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.texts.iter().map(|(language, _)| *language)
    }

    pub(super) fn texts(&self, language: Language) -> Option<&Texts> {
        self.texts
            .iter()
            .find(|(own, _)| *own == language)
            .map(|(_, texts)| texts)
    }

    /// What it is called, in Japanese.
    pub fn title(&self) -> String {
        self.title_in(Language::Japanese)
    }

    /// What it is called in `language`, or in Japanese where it has none.
    pub fn title_in(&self, language: Language) -> String {
        let texts = self.texts(language).or_else(|| self.texts(Language::Japanese));
        texts.map(|texts| texts.plain(self.title)).unwrap_or_default()
    }
}
