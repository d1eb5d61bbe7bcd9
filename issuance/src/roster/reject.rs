//! Rows that were not taken: where, why, and the file in which the office gets them back.

use std::{borrow::Cow, fmt, io};

use super::{Column, columns::REJECT_COLUMNS};
use crate::era::DateError;

/// Why a row was not taken. Never carries a value; at most one letter of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More or fewer fields than the header.
    #[error("the row has {found} fields, the header {expected}")]
    FieldCount { expected: usize, found: usize },
    /// Must not be empty.
    #[error("is empty")]
    Missing,
    /// Holds bytes that are no character.
    #[error("holds a character that cannot be read")]
    Undecodable,
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
    #[error("is not a reading in kana or Latin letters: {0:?} (U+{code:04X}) stands in it", code = u32::from(*.0))]
    NotKana(char),
    /// A date with a time of day, such as an export from a database in another time zone: which day is meant can't be told.
    #[error("is a date with a time of day; export it as a date")]
    TimeOfDay,
    #[error("{0}")]
    Date(#[from] DateError),
    /// After the day of the import.
    #[error("lies in the future")]
    InTheFuture,
    /// Neither 男 nor 女 nor any other form known.
    #[error("is not a sex; write 男, 女, その他 or 不明 (1, 2, 3, 9)")]
    NotASex,
    #[error("is not a postal code of seven digits")]
    NotAPostalCode,
    /// Neither yes nor no. Never taken for no.
    #[error("is neither yes nor no; write 1 or 0 (有, 無, or nothing)")]
    NotAFlag,
    /// The last field of the file is empty and no line end follows.
    #[error(
        "is the last field of the file, empty, and has no line end behind it: it may have been cut off; end the line"
    )]
    MayBeCut,
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
            Self::NotKana(letter) => {
                format!("カナ(または英字)ではない文字「{letter}」(U+{:04X})が入っています", u32::from(*letter))
            }
            Self::TimeOfDay => "日付に時刻が付いています(日付だけで書き出してください)".into(),
            Self::Date(date) => date.in_japanese(),
            Self::InTheFuture => "未来の日付です".into(),
            Self::NotASex => "性別として読めません(男・女・その他・不明、または 1・2・3・9)".into(),
            Self::NotAPostalCode => "郵便番号(7桁)ではありません".into(),
            Self::MayBeCut => {
                "ファイルの最後の項目が空で、改行がありません(途中で切れたおそれがあります。最後の行に改行を付けてください)".into()
            }
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
///
/// The file will go through a spreadsheet. A cell that one would run (=HYPERLINK…) or change (0000000101, 1-2-3) is written
/// behind an apostrophe, which [`Reading`](super::Reading) takes off again from a file with this header.
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
        let ours = REJECT_COLUMNS.into_iter();
        writer.write_record(ours.chain(header.iter().map(String::as_str)))?;
        Ok(Self(writer))
    }

    /// Writes one reject, with the reason in the reader's words.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&mut self, reject: &Reject, reason: &str) -> io::Result<()> {
        let line = reject.line.to_string();
        let column = reject.column.map_or("", Column::header);
        let ours = [line.as_str(), column, reason].into_iter().map(Cow::Borrowed);
        let original = reject.original.iter().map(|field| defused(field));
        for field in ours.chain(original) {
            self.0.write_field(field.as_ref())?;
        }
        self.0.write_record(None::<&[u8]>)?;
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

/// Stands before a cell that a spreadsheet must leave alone.
const GUARD: char = '\'';

/// A cell as it goes to a spreadsheet.
fn defused(field: &str) -> Cow<'_, str> {
    if runs(field) || changes(field) || field.starts_with(GUARD) {
        Cow::Owned(format!("{GUARD}{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

/// A cell as it was before [`defused`].
pub(super) fn restored(field: &str) -> &str {
    match field.strip_prefix(GUARD) {
        Some(bare) if runs(bare) || changes(bare) || bare.starts_with(GUARD) => bare,
        _ => field,
    }
}

/// Whether a spreadsheet takes it for a formula.
fn runs(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// Whether a spreadsheet takes it for a number or a date and writes it another way: zeros in front, more digits than it
/// keeps, digits with dashes.
fn changes(field: &str) -> bool {
    let digits = field.bytes().all(|byte| byte.is_ascii_digit());
    let dated = field
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'/' | b'.' | b':'));
    match (digits, dated) {
        (true, _) => field.len() > 11 || (field.len() > 1 && field.starts_with('0')),
        (false, true) => field.bytes().any(|byte| byte.is_ascii_digit()),
        (false, false) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_or_change_is_guarded() {
        for harmful in [
            "=1+1",
            "=HYPERLINK(\"http://x\")",
            "+81",
            "-1",
            "@SUM(A1)",
            "0000000101",
            "1-2-3",
            "123456789012",
            "'x",
        ] {
            assert_eq!(defused(harmful), format!("'{harmful}"), "{harmful}");
        }
        for harmless in ["山口 花", "101", "昭和45年3月1日", "汐見市港町1-2-3", "", "0"] {
            assert_eq!(defused(harmless), harmless, "{harmless}");
        }
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_as_it_was(field in "['=+@0-9/山a-]{0,8}") {
            let guarded = defused(&field);
            prop_assert_eq!(restored(&guarded), field.as_str());
        }
    }
}
