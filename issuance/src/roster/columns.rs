//! Which column is which: our names, the file's names, their places.

use std::collections::BTreeMap;

use relay_core::letters::is_unseen;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::Unreadable;

/// A column of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// 宛名番号
    Number,
    /// 世帯番号
    Household,
    /// 氏名
    Name,
    /// フリガナ
    Kana,
    /// 通称名
    Alias,
    /// 生年月日
    Birthday,
    /// 性別
    Sex,
    /// 続柄
    Relation,
    /// 郵便番号
    PostalCode,
    /// 住所
    Address,
    /// 方書
    Building,
    /// 電話番号
    Phone,
    /// 異動年月日
    ChangedOn,
    /// 異動事由
    ChangeReason,
    /// 支援措置
    Protected,
}

impl Column {
    /// Every column, in the order written.
    pub const ALL: [Self; 15] = [
        Self::Number,
        Self::Household,
        Self::Name,
        Self::Kana,
        Self::Alias,
        Self::Birthday,
        Self::Sex,
        Self::Relation,
        Self::PostalCode,
        Self::Address,
        Self::Building,
        Self::Phone,
        Self::ChangedOn,
        Self::ChangeReason,
        Self::Protected,
    ];

    /// Its name in the header, unless the configuration says otherwise.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Number => "宛名番号",
            Self::Household => "世帯番号",
            Self::Name => "氏名",
            Self::Kana => "フリガナ",
            Self::Alias => "通称名",
            Self::Birthday => "生年月日",
            Self::Sex => "性別",
            Self::Relation => "続柄",
            Self::PostalCode => "郵便番号",
            Self::Address => "住所",
            Self::Building => "方書",
            Self::Phone => "電話番号",
            Self::ChangedOn => "異動年月日",
            Self::ChangeReason => "異動事由",
            Self::Protected => "支援措置",
        }
    }

    /// Whether a file without it is refused. 支援措置 must be there: without it nobody's address would be masked.
    pub const fn is_required(self) -> bool {
        !matches!(
            self,
            Self::Alias | Self::Building | Self::Phone | Self::ChangedOn | Self::ChangeReason
        )
    }
}

/// The file's names of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct HeaderMap(BTreeMap<Column, String>);

/// A mapping that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderMapError {
    /// Not one of our columns.
    #[error(
        "there is no column {0}; the columns are 宛名番号, 世帯番号, 氏名, フリガナ, 通称名, 生年月日, 性別, 続柄, 郵便番号, 住所, 方書, 電話番号, 異動年月日, 異動事由, 支援措置"
    )]
    NoSuchColumn(String),
    /// Two columns under one name, or an empty name.
    #[error("the name \"{0}\" is given to two columns, or is empty")]
    NotUnique(String),
}

impl Default for HeaderMap {
    fn default() -> Self {
        Self(
            Column::ALL
                .into_iter()
                .map(|column| (column, column.header().to_owned()))
                .collect(),
        )
    }
}

impl TryFrom<BTreeMap<String, String>> for HeaderMap {
    type Error = HeaderMapError;

    /// From our name → the file's name; columns not named keep ours.
    fn try_from(names: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        let mut map = Self::default();
        for (ours, theirs) in names {
            let column = Column::ALL
                .into_iter()
                .find(|column| column.header() == ours)
                .ok_or(HeaderMapError::NoSuchColumn(ours))?;
            map.0.insert(column, theirs);
        }
        let mut folded: Vec<_> = map.0.values().map(|name| fold(name)).collect();
        folded.sort_unstable();
        match folded
            .iter()
            .zip(folded.iter().skip(1))
            .find(|(one, other)| one == other || one.is_empty())
        {
            Some((name, _)) => Err(HeaderMapError::NotUnique(name.clone())),
            None => Ok(map),
        }
    }
}

impl From<HeaderMap> for BTreeMap<String, String> {
    fn from(map: HeaderMap) -> Self {
        map.0
            .into_iter()
            .map(|(column, name)| (column.header().to_owned(), name))
            .collect()
    }
}

impl HeaderMap {
    /// How many of our columns stand in this header line; what tells one encoding from another.
    pub(super) fn known_in(&self, header: &str) -> usize {
        let line: String = fold(header);
        self.0.values().filter(|name| line.contains(&fold(name))).count()
    }
}

/// Width, case and spaces do not tell two names apart.
fn fold(name: &str) -> String {
    name.nfkc()
        .filter(|c| !c.is_whitespace() && !is_unseen(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// What stands before a rejected row in its file.
pub(super) const REJECT_COLUMNS: [&str; 3] = ["行", "項目", "理由"];

/// Where each column stands.
pub(super) struct Layout {
    places: BTreeMap<Column, usize>,
    pub(super) header: Vec<String>,
    pub(super) ignored: Vec<String>,
    delimiter: u8,
}

impl Layout {
    pub(super) fn find(text: &str, map: &HeaderMap) -> Result<Self, Unreadable> {
        let first = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .ok_or(Unreadable::Empty)?;
        let delimiter = if first.contains('\t') && !first.contains(',') {
            b'\t'
        } else {
            b','
        };
        let mut layout = Self {
            places: BTreeMap::new(),
            header: Vec::new(),
            ignored: Vec::new(),
            delimiter,
        };
        let header = layout
            .reader(text)
            .headers()
            .cloned()
            .map_err(|_| Unreadable::NotText)?;
        layout.header = header.iter().map(|name| name.trim().to_owned()).collect();
        for (place, name) in layout.header.iter().enumerate() {
            let folded = fold(name);
            match map.0.iter().find(|(_, theirs)| fold(theirs) == folded) {
                Some((column, _)) if layout.places.contains_key(column) => {
                    return Err(Unreadable::DuplicateHeader(*column));
                }
                Some((column, _)) => {
                    layout.places.insert(*column, place);
                }
                None => layout.ignored.push(name.clone()),
            }
        }
        let missing: Vec<_> = Column::ALL
            .into_iter()
            .filter(|column| column.is_required() && !layout.places.contains_key(column))
            .collect();
        if missing.is_empty() {
            Ok(layout)
        } else {
            Err(Unreadable::MissingColumns(missing))
        }
    }

    /// Reads records after the header, of any length: a row of the wrong length is a reject, not the end.
    fn reader<'a>(&self, text: &'a str) -> csv::Reader<&'a [u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .from_reader(text.as_bytes())
    }

    /// Whether this is a file of rejects that comes back: its cells were defused.
    pub(super) fn is_of_rejects(&self) -> bool {
        self.header.iter().take(3).eq(REJECT_COLUMNS)
    }

    /// What separates the fields.
    pub(super) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The records after the header.
    pub(super) fn records<'a>(&self, text: &'a str) -> Records<'a> {
        Records {
            reader: self.reader(text),
            record: csv::StringRecord::new(),
            text,
            counted: 0,
            line: 1,
        }
    }

    /// The field of a column, as it stands.
    pub(super) fn field<'a>(&self, record: &'a csv::StringRecord, column: Column) -> Option<&'a str> {
        record.get(*self.places.get(&column)?)
    }

    /// The column's place in the file, from 1.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).map(|place| place + 1)
    }
}

/// Records, each with the line on which it begins.
pub(super) struct Records<'a> {
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    text: &'a str,
    /// How far lines are counted, in bytes.
    counted: usize,
    line: u64,
}

impl Records<'_> {
    /// The next record and its line, from 1 (the header's); `None` at the end.
    pub(super) fn next(&mut self) -> Option<(u64, &csv::StringRecord)> {
        // The text is a str and rows may have any length, so no error but the end is possible.
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return None;
        }
        // csv ends a record at the first byte of CRLF, so its own line is one short: lines are counted here.
        let byte = self.record.position().map_or(0, |position| position.byte() as usize);
        let bytes = self.text.as_bytes();
        let ends = bytes[byte..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let begins = byte + ends;
        self.line += line_ends(&bytes[self.counted..begins]);
        self.counted = begins;
        Some((self.line, &self.record))
    }
}

/// LF, CRLF, and the CR of old Macs.
fn line_ends(bytes: &[u8]) -> u64 {
    let mut ends = 0;
    let mut before = 0;
    for byte in bytes {
        ends += u64::from(*byte == b'\r' || (*byte == b'\n' && before != b'\r'));
        before = *byte;
    }
    ends
}
