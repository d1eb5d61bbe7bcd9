//! Reading one table of the configuration: each key asked for is typed and ticked off, each mistake is kept with its
//! line, and what nobody asked for is refused with the nearest name that exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use issuance::roster::HeaderMapError;
use toml::de::{DeTable, DeValue};

use crate::commands::words::Lang;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// The key, with its section: `desk.name`.
    pub key: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not TOML; the parser's words.
    Syntax(String),
    /// A key or section that does not exist.
    Unknown {
        /// The nearest one that does.
        near: Option<String>,
    },
    /// A key or section that must be there.
    Missing,
    /// Another type is wanted.
    WrongType {
        /// TOML's name of the type wanted.
        wanted: &'static str,
    },
    /// Empty text.
    Empty,
    /// A number outside its range.
    OutOfRange {
        /// Smallest allowed.
        least: u64,
        /// Largest allowed.
        most: u64,
    },
    /// Not one of the words allowed.
    NotOneOf(Vec<&'static str>),
    /// Not a city code with its check digit.
    NotACityCode,
    /// Not a postal code.
    NotAPostalCode,
    /// Both readers are one.
    SameReader,
    /// Not an address reached over TLS.
    NotAnHttpsUrl,
    /// The roster's columns cannot be told apart like this.
    Headers(HeaderMapError),
}

impl Mistake {
    /// The mistake as a sentence.
    pub fn words(&self, lang: Lang) -> String {
        let key = &self.key;
        match (&self.fault, lang) {
            (Fault::Syntax(reason), Lang::Ja) => format!("TOML として読めません: {reason}"),
            (Fault::Syntax(reason), Lang::En) => format!("this is not TOML: {reason}"),
            (Fault::Unknown { near: None }, Lang::Ja) => format!("「{key}」という項目はありません。消してください。"),
            (Fault::Unknown { near: None }, Lang::En) => format!("there is no key `{key}`; remove it"),
            (Fault::Unknown { near: Some(near) }, Lang::Ja) => {
                format!("「{key}」という項目はありません。「{near}」のことですか。")
            }
            (Fault::Unknown { near: Some(near) }, Lang::En) => {
                format!("there is no key `{key}`; did you mean `{near}`?")
            }
            (Fault::Missing, Lang::Ja) => format!("「{key}」がありません。書き加えてください。"),
            (Fault::Missing, Lang::En) => format!("`{key}` is missing; add it"),
            (Fault::WrongType { wanted }, Lang::Ja) => {
                format!("「{key}」は{}でなければなりません。", type_name(wanted))
            }
            (Fault::WrongType { wanted }, Lang::En) => format!("`{key}` must be of type {wanted}"),
            (Fault::Empty, Lang::Ja) => format!("「{key}」が空です。"),
            (Fault::Empty, Lang::En) => format!("`{key}` is empty"),
            (Fault::OutOfRange { least, most }, Lang::Ja) => {
                format!("「{key}」は {least} から {most} までの数でなければなりません。")
            }
            (Fault::OutOfRange { least, most }, Lang::En) => format!("`{key}` must be between {least} and {most}"),
            (Fault::NotOneOf(words), Lang::Ja) => format!("「{key}」は {} のどれかです。", words.join("・")),
            (Fault::NotOneOf(words), Lang::En) => format!("`{key}` must be one of {}", words.join(", ")),
            (Fault::NotACityCode, Lang::Ja) => {
                format!("「{key}」は検査数字の合う6桁の地方公共団体コードでなければなりません。")
            }
            (Fault::NotACityCode, Lang::En) => {
                format!("`{key}` must be a six-digit municipality code whose check digit fits")
            }
            (Fault::NotAPostalCode, Lang::Ja) => format!("「{key}」は 123-4567 の形の郵便番号でなければなりません。"),
            (Fault::NotAPostalCode, Lang::En) => format!("`{key}` must be a postal code like 123-4567"),
            (Fault::Headers(mistake), Lang::En) => format!("`{key}`: {mistake}"),
            (Fault::Headers(HeaderMapError::NoSuchColumn(name)), Lang::Ja) => {
                format!(
                    "「{key}」の「{name}」という項目は名簿にありません。こちらの項目名 = 相手の項目名 の順に書きます。"
                )
            }
            (Fault::Headers(HeaderMapError::NotUnique(name)), Lang::Ja) => {
                format!("「{key}」の「{name}」は空か、二つの項目に使われています。")
            }
            (Fault::NotAnHttpsUrl, Lang::Ja) => format!("「{key}」は https:// で始まる所在でなければなりません。"),
            (Fault::NotAnHttpsUrl, Lang::En) => format!("`{key}` must be an address that begins with https://"),
            (Fault::SameReader, Lang::Ja) => {
                format!("「{key}」が staff_reader と同じです。職員用と住民用の読取機は別にしてください。")
            }
            (Fault::SameReader, Lang::En) => {
                format!("`{key}` is the same as staff_reader; staff and residents need a reader each")
            }
        }
    }
}

fn type_name(wanted: &str) -> &'static str {
    match wanted {
        "string" => "文字列(\"…\")",
        "integer" => "整数",
        "boolean" => "true か false",
        "array" => "文字列の並び([\"…\"])",
        _ => "表([…])",
    }
}

/// The file being read.
pub(super) struct Document<'t> {
    text: &'t str,
    folder: PathBuf,
    table: DeTable<'t>,
    asked: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'t> Document<'t> {
    pub(super) fn parse(text: &'t str, folder: &Path) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mistakes = errors
            .iter()
            .map(|error| Mistake {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                key: String::new(),
                fault: Fault::Syntax(error.message().to_owned()),
            })
            .collect();
        Self {
            text,
            folder: folder.to_owned(),
            table: table.into_inner(),
            asked: BTreeSet::new(),
            mistakes,
        }
    }

    /// A section that must be there.
    pub(super) fn section<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        if !self.table.contains_key(name) {
            self.mistakes.push(Mistake {
                line: self.text.lines().count().max(1),
                key: name.to_owned(),
                fault: Fault::Missing,
            });
            // Its keys would all be missing too: one line says it.
            let told = self.mistakes.len();
            let value = self.optional(name, read);
            self.mistakes.truncate(told);
            return value;
        }
        self.optional(name, read)
    }

    /// A section that may be left out; its keys then have their defaults.
    pub(super) fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        self.asked.insert(name);
        let empty = DeTable::new();
        let (line, table) = match self.table.get(name) {
            None => (1, &empty),
            Some(value) => {
                let line = line_of(self.text, value.span().start);
                match value.get_ref() {
                    DeValue::Table(table) => (line, table),
                    _ => {
                        self.mistakes.push(Mistake {
                            line,
                            key: name.to_owned(),
                            fault: Fault::WrongType { wanted: "table" },
                        });
                        (line, &empty)
                    }
                }
            }
        };
        let mut section = Section {
            name,
            line,
            text: self.text,
            folder: &self.folder,
            table,
            asked: BTreeSet::new(),
            mistakes: Vec::new(),
        };
        let value = read(&mut section);
        section.refuse_the_unknown();
        let found = section.mistakes;
        self.mistakes.extend(found);
        value
    }

    /// A section that says something by being there.
    pub(super) fn if_present<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> Option<T> {
        self.asked.insert(name);
        self.table.contains_key(name).then(|| self.optional(name, read))
    }

    /// What nobody asked for is another program's business.
    pub(super) fn leave_the_rest(&mut self) {
        // What was asked for is read already.
        self.table = DeTable::new();
    }

    /// The mistakes, in the order of the file's lines, or nothing.
    pub(super) fn finish(mut self) -> Result<(), Vec<Mistake>> {
        for (key, _) in self.table.iter() {
            if !self.asked.contains(key.get_ref().as_ref()) {
                self.mistakes.push(Mistake {
                    line: line_of(self.text, key.span().start),
                    key: key.get_ref().to_string(),
                    fault: Fault::Unknown {
                        near: nearest(key.get_ref(), &self.asked),
                    },
                });
            }
        }
        self.mistakes.sort_by_key(|mistake| mistake.line);
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(self.mistakes)
        }
    }
}

/// One table being read.
pub(super) struct Section<'d> {
    name: &'static str,
    line: usize,
    text: &'d str,
    folder: &'d Path,
    table: &'d DeTable<'d>,
    asked: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl Section<'_> {
    /// Text that must be there and not be empty.
    pub(super) fn text(&mut self, key: &'static str) -> String {
        match self.value(key, "string", |value| value.as_str().map(str::to_owned)) {
            Some(text) if text.trim().is_empty() => {
                self.mistake(key, Fault::Empty);
                String::new()
            }
            Some(text) => text,
            None => {
                if !self.table.contains_key(key) {
                    self.mistake(key, Fault::Missing);
                }
                String::new()
            }
        }
    }

    /// Text that must fit `fits`.
    pub(super) fn checked(&mut self, key: &'static str, fault: Fault, fits: fn(&str) -> bool) -> String {
        let text = self.text(key);
        if !text.is_empty() && !fits(&text) {
            self.mistake(key, fault);
        }
        text
    }

    /// Text, or the one given here; empty text is a mistake all the same.
    pub(super) fn text_or(&mut self, key: &'static str, otherwise: &str) -> String {
        if self.table.contains_key(key) {
            return self.text(key);
        }
        self.asked.insert(key);
        otherwise.to_owned()
    }

    /// A path that must be there; relative ones start at the file's folder.
    pub(super) fn path(&mut self, key: &'static str) -> PathBuf {
        let text = self.text(key);
        self.folder.join(text)
    }

    /// Paths, or the ones given here.
    pub(super) fn paths_or(&mut self, key: &'static str, otherwise: &[&str]) -> Vec<PathBuf> {
        let folder = self.folder;
        self.lines_or(key, otherwise)
            .into_iter()
            .map(|path| folder.join(path))
            .collect()
    }

    /// Texts, or the ones given here.
    pub(super) fn lines_or(&mut self, key: &'static str, otherwise: &[&str]) -> Vec<String> {
        let read = self.value(key, "array", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        read.unwrap_or_else(|| otherwise.iter().map(|line| (*line).to_owned()).collect())
    }

    /// A whole number in `range`, or `otherwise`.
    pub(super) fn number_or(&mut self, key: &'static str, range: RangeInclusive<u16>, otherwise: u16) -> u16 {
        let read = self.value(key, "integer", |value| {
            let integer = value.as_integer()?;
            // A number too long for i64 is out of range like any other.
            Some(i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i64::MAX))
        });
        match read {
            None => otherwise,
            Some(number) => match u16::try_from(number) {
                Ok(number) if range.contains(&number) => number,
                _ => {
                    self.mistake(
                        key,
                        Fault::OutOfRange {
                            least: u64::from(*range.start()),
                            most: u64::from(*range.end()),
                        },
                    );
                    otherwise
                }
            },
        }
    }

    /// `true` or `false`, or `otherwise`.
    pub(super) fn flag_or(&mut self, key: &'static str, otherwise: bool) -> bool {
        self.value(key, "boolean", |value| value.as_bool()).unwrap_or(otherwise)
    }

    /// One of `words`; the first when the key is not there.
    pub(super) fn one_of_or<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> T {
        let (_, otherwise) = words[0];
        match self.value(key, "string", |value| value.as_str().map(str::to_owned)) {
            None => otherwise,
            Some(text) => match words.iter().find(|(word, _)| *word == text) {
                Some((_, meant)) => *meant,
                None => {
                    self.mistake(key, Fault::NotOneOf(words.iter().map(|(word, _)| *word).collect()));
                    otherwise
                }
            },
        }
    }

    /// A table of text, or nothing.
    pub(super) fn table_of_text(&mut self, key: &'static str) -> BTreeMap<String, String> {
        self.value(key, "table", |value| {
            value
                .as_table()?
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), value.get_ref().as_str()?.to_owned())))
                .collect::<Option<BTreeMap<_, _>>>()
        })
        .unwrap_or_default()
    }

    /// Notes a mistake at `key`, or at the section's head when the key is not there.
    pub(super) fn mistake(&mut self, key: &'static str, fault: Fault) {
        let line = match self.table.get(key) {
            Some(value) => line_of(self.text, value.span().start),
            None => self.line,
        };
        self.mistakes.push(Mistake {
            line,
            key: format!("{}.{key}", self.name),
            fault,
        });
    }

    fn value<T>(
        &mut self,
        key: &'static str,
        wanted: &'static str,
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.insert(key);
        let found = self.table.get(key)?;
        let value = read(found.get_ref());
        if value.is_none() {
            self.mistake(key, Fault::WrongType { wanted });
        }
        value
    }

    fn refuse_the_unknown(&mut self) {
        for (key, _) in self.table.iter() {
            if !self.asked.contains(key.get_ref().as_ref()) {
                self.mistakes.push(Mistake {
                    line: line_of(self.text, key.span().start),
                    key: format!("{}.{}", self.name, key.get_ref()),
                    fault: Fault::Unknown {
                        near: nearest(key.get_ref(), &self.asked),
                    },
                });
            }
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// The known name that takes the fewest single-letter edits from `typed`, when that is at most a third of it.
fn nearest(typed: &str, known: &BTreeSet<&'static str>) -> Option<String> {
    known
        .iter()
        .map(|name| (edits(typed, name), *name))
        .filter(|(edits, name)| *edits <= (name.len() / 3).max(2))
        .min()
        .map(|(_, name)| name.to_owned())
}

/// Edits between two words: insertions, deletions, replacements (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, against) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *against);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_finds_its_word_and_a_stranger_finds_none() {
        let known = BTreeSet::from(["idle_lock_minutes", "name"]);
        assert_eq!(
            nearest("idle_lock_minuets", &known).as_deref(),
            Some("idle_lock_minutes")
        );
        assert_eq!(nearest("nmae", &known).as_deref(), Some("name"));
        assert_eq!(nearest("printer_tray", &known), None);
    }
}
