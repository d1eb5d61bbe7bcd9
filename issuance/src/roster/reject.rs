//! Rows that were not taken: where, why, and the file in which the office gets them back.

use std::{fmt, io};

use super::Column;
use crate::era::DateError;

/// Why a row was not taken. Never carries a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More or fewer fields than the header.
    #[error("the row has {found} fields, the header {expected}")]
    FieldCount {
        /// Of the header.
        expected: usize,
        /// Of the row.
        found: usize,
    },
    /// Must not be empty.
    #[error("is empty")]
    Missing,
    /// Holds bytes that are no character.
    #[error("holds a character that cannot be read")]
    Undecodable,
    /// Control characters.
    #[error("holds a control character")]
    Unprintable,
    /// Longer than any name or address.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// Not a number of a resident: letters and digits, at most 20.
    #[error("is not a number of at most 20 letters and digits")]
    NotANumber,
    /// The number stands on another line too: which of them is right can't be told.
    #[error("stands on line {other} too; neither row was taken")]
    DuplicateNumber {
        /// The first other line.
        other: u64,
    },
    /// Kanji and the like in a reading.
    #[error("is not a reading in kana or Latin letters")]
    NotKana,
    /// Not a date.
    #[error("{0}")]
    Date(#[from] DateError),
    /// After the day of the import.
    #[error("lies in the future")]
    InTheFuture,
    /// Neither 男 nor 女 nor any other form known.
    #[error("is not a sex; write 男, 女, その他 or 不明 (1, 2, 3, 9)")]
    NotASex,
    /// Not seven digits.
    #[error("is not a postal code of seven digits")]
    NotAPostalCode,
    /// Neither yes nor no. Never taken for no.
    #[error("is neither yes nor no; write 1 or 0 (有, 無, or nothing)")]
    NotAFlag,
}

impl Reason {
    /// The reason as a clerk reads it.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::FieldCount { expected, found } => {
                format!("項目の数が合いません(見出し {expected}、この行 {found})")
            }
            Self::Missing => "空です".into(),
            Self::Undecodable => "文字として読めない部分があります".into(),
            Self::Unprintable => "制御文字が入っています".into(),
            Self::TooLong(longest) => format!("{longest}文字を超えています"),
            Self::NotANumber => "番号ではありません(英数字20文字まで)".into(),
            Self::DuplicateNumber { other } => {
                format!("{other}行目にも同じ番号があります(どちらの行も取り込んでいません)")
            }
            Self::NotKana => "カナ(または英字)ではない文字が入っています".into(),
            Self::Date(date) => date.in_japanese(),
            Self::InTheFuture => "未来の日付です".into(),
            Self::NotASex => "性別として読めません(男・女・その他・不明、または 1・2・3・9)".into(),
            Self::NotAPostalCode => "郵便番号(7桁)ではありません".into(),
            Self::NotAFlag => "有無として読めません(1・0、有・無、または空)".into(),
        }
    }
}

/// A row that was not taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Reject {
    /// Line on which the row begins, from 1 (the header's).
    pub line: u64,
    /// The column, when one column is to blame.
    pub column: Option<Column>,
    /// Its place in the file, from 1.
    pub place: Option<usize>,
    /// Why.
    pub reason: Reason,
    /// The row as it stood.
    pub original: Vec<String>,
}

/// Line, column and reason; no value.
impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, {}: {}", self.line, column.header(), self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

/// Quiet: like [`fmt::Display`].
impl fmt::Debug for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reject({self})")
    }
}

impl Reject {
    /// Line, column and reason as a clerk reads them; no value.
    pub fn in_japanese(&self) -> String {
        match self.column {
            Some(column) => format!("{}行目 {}: {}", self.line, column.header(), self.reason.in_japanese()),
            None => format!("{}行目: {}", self.line, self.reason.in_japanese()),
        }
    }
}

/// Writes rejects as CSV: 行, 項目, 理由, then the row as it stood under its own header. Corrected in place, the file can
/// be imported as it is: columns that are not the roster's are passed over.
pub struct RejectWriter<W: io::Write>(csv::Writer<W>);

impl<W: io::Write> RejectWriter<W> {
    /// Begins the file with a BOM (spreadsheets then read it as UTF-8) and the header.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn new(mut out: W, header: &[String]) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        let ours = ["行", "項目", "理由"].into_iter();
        writer.write_record(ours.chain(header.iter().map(String::as_str)))?;
        Ok(Self(writer))
    }

    /// Writes one reject.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&mut self, reject: &Reject) -> io::Result<()> {
        let line = reject.line.to_string();
        let column = reject.column.map_or("", Column::header);
        let reason = reject.reason.in_japanese();
        let ours = [line.as_str(), column, reason.as_str()].into_iter();
        self.0
            .write_record(ours.chain(reject.original.iter().map(String::as_str)))?;
        Ok(())
    }

    /// Ends the file; only then is all of it written.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}
