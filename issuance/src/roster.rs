//! The resident roster as it comes out of the city's register: CSV in, residents and rejects out.
//!
//! UTF-8 (with or without BOM) or CP932, told apart by the header and the whole file; comma or tab; columns in any
//! order under any names the configuration gives. What is wrong with the file as a whole ([`Unreadable`]) is said
//! before any row is taken; what is wrong with a row ([`Reject`]) names its line, its column and the reason, and never
//! repeats a value except in the reject file, which belongs to the office.

use std::collections::HashMap;

use time::Date;

use self::completeness::Ending;
use crate::{check_digit, person::Resident};

mod columns;
pub(crate) mod completeness;
mod encoding;
mod reject;
mod row;

pub use columns::{Column, HeaderMap, HeaderMapError};
pub use completeness::{GoneLimit, LONGEST_NUMBER, SeenRow};
pub use encoding::Encoding;
pub use reject::{Reason, Reject, RejectWriter};
pub use row::RowNote;

/// Longest record, in lines: a quote that is never closed swallows the rest of the file.
const LONGEST_RECORD: usize = 20;

/// A row that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Line of the file on which the row begins, from 1 (the header's).
    pub line: u64,
    pub resident: Resident,
    /// What the office should look at all the same.
    pub notes: Vec<RowNote>,
}

/// Why the file as a whole can't be taken. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes, or no header.
    #[error("the file is empty; a header line is needed")]
    Empty,
    /// UTF-16, a spreadsheet, a ZIP.
    #[error("not text in UTF-8 or CP932 (Shift_JIS); save it as CSV (UTF-8)")]
    NotText,
    /// Columns that must be there.
    #[error("columns are missing: {}; name them in the header, or map other names under [roster.headers]", .0.iter().map(|column| column.header()).collect::<Vec<_>>().join(", "))]
    MissingColumns(Vec<Column>),
    /// Two columns of one name.
    #[error("column {} stands in the header twice", .0.header())]
    DuplicateHeader(Column),
    /// A quote that is not closed.
    #[error("a quote (\") that opens on line {line} is not closed; what follows can't be told apart")]
    UnclosedQuote {
        /// Line on which the record begins.
        line: u64,
    },
    /// The last line lacks columns and has no end: the file was cut.
    #[error("the file is cut short: line {line} is the last one, lacks columns and has no end; fetch the file again")]
    CutShort { line: u64 },
    /// A header and nothing else.
    #[error("there is a header and no row")]
    NoRows,
    /// 個人番号 or 住民票コード stand where the 宛名番号 should.
    #[error("the column {} holds what look like individual numbers or resident codes; the law does not let this office keep them", Column::Number.header())]
    ForbiddenNumbers,
}

impl Unreadable {
    /// The reason as a clerk reads it.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です(1行目に項目名が必要です)".into(),
            Self::NotText => "UTF-8 か CP932(Shift_JIS)の文字として読めません。CSV(UTF-8)で保存し直してください".into(),
            Self::MissingColumns(columns) => format!(
                "項目がありません: {}(別の名前なら設定の [roster.headers] で対応付けてください)",
                columns
                    .iter()
                    .map(|column| column.header())
                    .collect::<Vec<_>>()
                    .join("、")
            ),
            Self::DuplicateHeader(column) => format!("項目「{}」が二つあります", column.header()),
            Self::UnclosedQuote { line } => format!("{line}行目の引用符(\")が閉じていません"),
            Self::CutShort { line } => {
                format!("ファイルが途中で切れています({line}行目が途中で終わっています)。ファイルを取り直してください")
            }
            Self::NoRows => "項目名の行だけで、住民の行がありません".into(),
            Self::ForbiddenNumbers => {
                "宛名番号の項目に個人番号または住民票コードと思われる番号が入っています。取り込めません".into()
            }
        }
    }
}

/// A file that can be read row by row.
pub struct Reading {
    text: String,
    encoding: Encoding,
    layout: columns::Layout,
    rows: usize,
    /// Lines of every 宛名番号 that stands on more than one.
    doubles: HashMap<String, Vec<u64>>,
    ending: Ending,
    /// Line on which the last row begins.
    last_line: u64,
    today: Date,
}

/// Opens a roster. `today` is the day of the import: a birthday after it is rejected.
///
/// # Errors
/// [`Unreadable`], before any row is taken.
pub fn read(bytes: &[u8], headers: &HeaderMap, today: Date) -> Result<Reading, Unreadable> {
    let (text, encoding) = encoding::decode(bytes, headers)?;
    let layout = columns::Layout::find(&text, headers)?;
    let mut reading = Reading {
        text,
        encoding,
        layout,
        rows: 0,
        doubles: HashMap::new(),
        ending: Ending::LineEnd,
        last_line: 0,
        today,
    };
    reading.survey()?;
    Ok(reading)
}

impl Reading {
    /// How the file was encoded.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How many rows there are, the header not counted.
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row; such a file is refused when it is opened.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Columns of the file that are not used.
    pub fn ignored(&self) -> &[String] {
        &self.layout.ignored
    }

    /// The header as it stands in the file, for the reject file.
    pub fn header(&self) -> &[String] {
        &self.layout.header
    }

    /// The rows in order, each taken or rejected.
    pub fn rows(&self) -> impl Iterator<Item = Result<RosterRow, Reject>> + '_ {
        let mut records = self.layout.records(&self.text);
        std::iter::from_fn(move || {
            let (line, record) = records.next()?;
            Some(row::resident(line, record, self))
        })
    }

    /// Looks over the whole file once: numbers that stand twice, quotes that never close, numbers that may not be kept.
    fn survey(&mut self) -> Result<(), Unreadable> {
        let mut lines: HashMap<String, Vec<u64>> = HashMap::new();
        let mut records = self.layout.records(&self.text);
        let mut forbidden = Forbidden::default();
        let of_rejects = self.layout.is_of_rejects();
        let mut last = (1, 0);
        while let Some((line, record)) = records.next() {
            if record.iter().any(|field| field.matches('\n').count() > LONGEST_RECORD) {
                return Err(Unreadable::UnclosedQuote { line });
            }
            self.rows += 1;
            last = (line, record.len());
            // In a row of the wrong length no field is sure to be the number.
            if record.len() != self.layout.header.len() {
                continue;
            }
            let number = self.layout.field(record, Column::Number);
            let restored = |field| if of_rejects { reject::restored(field) } else { field };
            let number = number.map(|field| check_digit::plain(restored(field)));
            if let Some(number) = number.filter(|number| !number.is_empty()) {
                forbidden.look_at(&number);
                lines.entry(number).or_default().push(line);
            }
        }
        self.ending = completeness::ending(&self.text, self.layout.delimiter());
        match self.ending {
            Ending::Quote { line } => return Err(Unreadable::UnclosedQuote { line }),
            // A character that was cut apart, or a line that was.
            Ending::Field if self.text.ends_with('\u{fffd}') || last.1 < self.layout.header.len() && self.rows > 0 => {
                return Err(Unreadable::CutShort { line: last.0 });
            }
            Ending::Field | Ending::LineEnd => {}
        }
        if self.rows == 0 {
            return Err(Unreadable::NoRows);
        }
        self.last_line = last.0;
        if forbidden.is_certain() {
            return Err(Unreadable::ForbiddenNumbers);
        }
        lines.retain(|_, lines| lines.len() > 1);
        self.doubles = lines;
        Ok(())
    }
}

/// Quiet: the text is the register.
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("encoding", &self.encoding)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// Whether a column holds 個人番号 or 住民票コード: one number in eleven fits the check digit by chance, twenty in a row
/// do not.
#[derive(Default)]
struct Forbidden {
    seen: u32,
    individual: u32,
    resident_codes: u32,
}

impl Forbidden {
    fn look_at(&mut self, number: &str) {
        use check_digit::{NumberKind, Verdict, check};
        if self.seen >= 1_000 {
            return;
        }
        self.seen += 1;
        let fits = |kind| u32::from(check(kind, number) == Verdict::Valid);
        self.individual += fits(NumberKind::IndividualNumber);
        self.resident_codes += fits(NumberKind::ResidentCode);
    }

    const fn is_certain(&self) -> bool {
        self.seen >= 20 && (self.individual == self.seen || self.resident_codes == self.seen)
    }
}

#[cfg(test)]
mod tests;
