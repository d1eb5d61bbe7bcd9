//! Reading one table of the configuration: each key asked for is typed and ticked off, each mistake is kept with its
//! line, and what nobody asked for is refused with the nearest name that exists.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use relay_core::letters::has_unseen;
use toml::de::{DeTable, DeValue};
use url::Url;

use crate::Sentence;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: usize,
    /// The key, with its section: `listen.address`.
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
    Empty,
    /// A number outside its range.
    OutOfRange {
        least: u64,
        most: u64,
    },
    /// Not one of the words allowed.
    NotOneOf(Vec<&'static str>),
    /// Not an address with a port.
    NotAnAddress,
    /// Not a `https://` address without user, password or fragment.
    NotHttps,
    /// Not an origin: scheme, host and port alone.
    NotAnOrigin,
    /// Not what is wanted, in a few English words: `a SHA-256 in hex`.
    Malformed(&'static str),
    /// What only the reader of the section knows, as the sentence's end after the key.
    Other {
        /// Follows 「key」.
        ja: Cow<'static, str>,
        /// Follows `key`.
        en: Cow<'static, str>,
    },
}

impl Fault {
    /// A fault of the reader's own.
    pub const fn other(ja: &'static str, en: &'static str) -> Self {
        Self::Other {
            ja: Cow::Borrowed(ja),
            en: Cow::Borrowed(en),
        }
    }
}

impl Mistake {
    /// The mistake as a sentence.
    pub fn words(&self) -> Sentence {
        let key = &self.key;
        match &self.fault {
            Fault::Syntax(reason) => Sentence::new(
                format!("TOML として読めません: {reason}"),
                format!("this is not TOML: {reason}"),
            ),
            Fault::Unknown { near: None } => Sentence::new(
                format!("「{key}」という項目はありません。消してください。"),
                format!("there is no key `{key}`; remove it"),
            ),
            Fault::Unknown { near: Some(near) } => Sentence::new(
                format!("「{key}」という項目はありません。「{near}」のことですか。"),
                format!("there is no key `{key}`; did you mean `{near}`?"),
            ),
            Fault::Missing => Sentence::new(
                format!("「{key}」がありません。書き加えてください。"),
                format!("`{key}` is missing; add it"),
            ),
            Fault::WrongType { wanted } => Sentence::new(
                format!("「{key}」は{}でなければなりません。", type_name(wanted)),
                format!("`{key}` must be of type {wanted}"),
            ),
            Fault::Empty => Sentence::new(format!("「{key}」が空です。"), format!("`{key}` is empty")),
            Fault::OutOfRange { least, most } => Sentence::new(
                format!("「{key}」は {least} から {most} までの数でなければなりません。"),
                format!("`{key}` must be between {least} and {most}"),
            ),
            Fault::NotOneOf(words) => Sentence::new(
                format!("「{key}」は {} のどれかです。", words.join("・")),
                format!("`{key}` must be one of {}", words.join(", ")),
            ),
            Fault::NotAnAddress => Sentence::new(
                format!("「{key}」は 127.0.0.1:8443 の形(アドレスとポート)でなければなりません。"),
                format!("`{key}` must be an address and port, like 127.0.0.1:8443"),
            ),
            Fault::NotHttps => Sentence::new(
                format!("「{key}」は https:// で始まるアドレスでなければなりません。"),
                format!("`{key}` must be an address that begins with https://"),
            ),
            Fault::Malformed(wanted) => Sentence::new(
                format!("「{key}」の書き方が違います。要るもの: {wanted}"),
                format!("`{key}` must be {wanted}"),
            ),
            Fault::NotAnOrigin => Sentence::new(
                format!("「{key}」は https://ホスト名:ポート までで、後ろに何も付けません。"),
                format!("`{key}` must be https://host:port and nothing after it"),
            ),
            Fault::Other { ja, en } => Sentence::new(format!("「{key}」{ja}"), format!("`{key}`{en}")),
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
pub struct Document<'t> {
    text: &'t str,
    folder: PathBuf,
    table: DeTable<'t>,
    asked: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'t> Document<'t> {
    /// The document `text`; relative paths in it start at `folder`.
    pub fn parse(text: &'t str, folder: &Path) -> Self {
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
    pub fn section<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        if self.table.contains_key(name) {
            return self.optional(name, read);
        }
        self.mistakes.push(Mistake {
            line: self.text.lines().count().max(1),
            key: name.to_owned(),
            fault: Fault::Missing,
        });
        // Its keys would all be missing too: one line says it.
        let told = self.mistakes.len();
        let value = self.optional(name, read);
        self.mistakes.truncate(told);
        value
    }

    /// A section that says something by being there.
    pub fn if_present<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> Option<T> {
        self.asked.insert(name);
        self.table.contains_key(name).then(|| self.optional(name, read))
    }

    /// A section that may be left out; its keys then have their defaults.
    pub fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
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

    /// What nobody asked for is another program's business.
    pub fn leave_the_rest(&mut self) {
        // What was asked for is read already.
        self.table = DeTable::new();
    }

    /// Nothing, when all is well.
    ///
    /// # Errors
    /// Every mistake, in the order of the file's lines.
    pub fn finish(mut self) -> Result<(), Vec<Mistake>> {
        let unknown = unknown_keys(&self.table, &self.asked, self.text, "");
        self.mistakes.extend(unknown);
        self.mistakes.sort_by_key(|mistake| mistake.line);
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(self.mistakes)
        }
    }
}

/// One table being read.
pub struct Section<'d> {
    name: &'static str,
    line: usize,
    text: &'d str,
    folder: &'d Path,
    table: &'d DeTable<'d>,
    asked: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

/// A text that does not look like what it is.
const UNSEEN: Fault = Fault::Other {
    ja: Cow::Borrowed("に見えない文字が入っています。打ち直してください。"),
    en: Cow::Borrowed(" holds a character that nobody sees; type it anew"),
};

impl Section<'_> {
    /// Text that must be there and not be empty.
    pub fn text(&mut self, key: &'static str) -> String {
        match self.value(key, "string", |value| value.as_str().map(str::to_owned)) {
            Some(text) if text.trim().is_empty() => {
                self.mistake(key, Fault::Empty);
                String::new()
            }
            // Names from here stand on paper and on screens: what nobody sees in them would go unnoticed for good.
            Some(text) if has_unseen(&text) => {
                self.mistake(key, UNSEEN);
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
    pub fn checked(&mut self, key: &'static str, fault: Fault, fits: fn(&str) -> bool) -> String {
        let text = self.text(key);
        if !text.is_empty() && !fits(&text) {
            self.mistake(key, fault);
        }
        text
    }

    /// Whether the key is there.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.asked.insert(key);
        self.table.contains_key(key)
    }

    /// Text, or the one given here; empty text is a mistake all the same.
    pub fn text_or(&mut self, key: &'static str, otherwise: &str) -> String {
        if self.table.contains_key(key) {
            return self.text(key);
        }
        self.asked.insert(key);
        otherwise.to_owned()
    }

    /// A path that must be there; relative ones start at the file's folder.
    pub fn path(&mut self, key: &'static str) -> PathBuf {
        let text = self.text(key);
        self.folder.join(text)
    }

    /// A path, if one is given.
    pub fn path_if_present(&mut self, key: &'static str) -> Option<PathBuf> {
        self.asked.insert(key);
        self.table.contains_key(key).then(|| self.path(key))
    }

    /// A path, or the one given here.
    pub fn path_or(&mut self, key: &'static str, otherwise: &str) -> PathBuf {
        let folder = self.folder;
        self.path_if_present(key).unwrap_or_else(|| folder.join(otherwise))
    }

    /// An address with a port to listen at.
    pub fn address(&mut self, key: &'static str) -> SocketAddr {
        let text = self.text(key);
        text.parse().unwrap_or_else(|_| {
            if !text.is_empty() {
                self.mistake(key, Fault::NotAnAddress);
            }
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    /// A `https://` address.
    pub fn https(&mut self, key: &'static str) -> Url {
        let text = self.text(key);
        match Url::parse(&text) {
            Ok(url) if is_plain_https(&url) => url,
            _ => {
                if !text.is_empty() {
                    self.mistake(key, Fault::NotHttps);
                }
                placeholder()
            }
        }
    }

    /// Origins, `https://host:port` each, at least one.
    pub fn origins(&mut self, key: &'static str) -> Vec<url::Origin> {
        let texts = self.lines_or(key, &[]);
        if texts.is_empty() {
            self.mistake(
                key,
                if self.table.contains_key(key) {
                    Fault::Empty
                } else {
                    Fault::Missing
                },
            );
        }
        let mut origins = Vec::new();
        for text in texts {
            match Url::parse(&text) {
                Ok(url) if is_plain_https(&url) && url.origin().ascii_serialization() == text.trim_end_matches('/') => {
                    origins.push(url.origin());
                }
                _ => self.mistake(key, Fault::NotAnOrigin),
            }
        }
        origins
    }

    /// Paths, or the ones given here.
    pub fn paths_or(&mut self, key: &'static str, otherwise: &[&str]) -> Vec<PathBuf> {
        let folder = self.folder;
        let paths = self.lines_or(key, otherwise).into_iter();
        paths.map(|path| folder.join(path)).collect()
    }

    /// A table of text, or nothing.
    pub fn table_of_text(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let read = self.value(key, "table", |value| {
            value
                .as_table()?
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), value.get_ref().as_str()?.to_owned())))
                .collect::<Option<BTreeMap<_, _>>>()
        });
        read.unwrap_or_default()
    }

    /// Texts, or the ones given here.
    pub fn lines_or(&mut self, key: &'static str, otherwise: &[&str]) -> Vec<String> {
        let read = self.value(key, "array", |value| {
            value
                .as_array()?
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
        });
        if read.iter().flatten().any(|line| has_unseen(line)) {
            self.mistake(key, UNSEEN);
        }
        read.unwrap_or_else(|| otherwise.iter().map(|line| (*line).to_owned()).collect())
    }

    /// A whole number in `range`, or `otherwise`.
    pub fn number_or<N: Copy + TryFrom<u64> + Into<u64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        otherwise: N,
    ) -> N {
        let read = self.value(key, "integer", |value| {
            let integer = value.as_integer()?;
            // A number too long for i64 is out of range like any other.
            Some(i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i64::MAX))
        });
        let Some(number) = read else { return otherwise };
        let within = u64::try_from(number).ok().filter(|number| range.contains(number));
        within.and_then(|number| N::try_from(number).ok()).unwrap_or_else(|| {
            self.mistake(
                key,
                Fault::OutOfRange {
                    least: *range.start(),
                    most: *range.end(),
                },
            );
            otherwise
        })
    }

    /// `true` or `false`, or `otherwise`.
    pub fn flag_or(&mut self, key: &'static str, otherwise: bool) -> bool {
        self.value(key, "boolean", |value| value.as_bool()).unwrap_or(otherwise)
    }

    /// One of `words`; the first when the key is not there.
    pub fn one_of_or<T: Copy>(&mut self, key: &'static str, words: &[(&'static str, T)]) -> T {
        let (_, otherwise) = words[0];
        let Some(text) = self.value(key, "string", |value| value.as_str().map(str::to_owned)) else {
            return otherwise;
        };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meant)) => *meant,
            None => {
                self.mistake(key, Fault::NotOneOf(words.iter().map(|(word, _)| *word).collect()));
                otherwise
            }
        }
    }

    /// Notes a mistake at `key`, or at the section's head when the key is not there.
    pub fn mistake(&mut self, key: &'static str, fault: Fault) {
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
        let unknown = unknown_keys(self.table, &self.asked, self.text, &format!("{}.", self.name));
        self.mistakes.extend(unknown);
    }
}

fn is_plain_https(url: &Url) -> bool {
    url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// What stands where a mistaken address was; a document with mistakes never leaves this module.
fn placeholder() -> Url {
    Url::parse("https://mistaken.invalid/").expect("a constant that is an address")
}

fn unknown_keys(table: &DeTable<'_>, asked: &BTreeSet<&'static str>, text: &str, prefix: &str) -> Vec<Mistake> {
    table
        .iter()
        .filter(|(key, _)| !asked.contains(key.get_ref().as_ref()))
        .map(|(key, _)| Mistake {
            line: line_of(text, key.span().start),
            key: format!("{prefix}{}", key.get_ref()),
            fault: Fault::Unknown {
                near: nearest(key.get_ref(), asked),
            },
        })
        .collect()
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
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
