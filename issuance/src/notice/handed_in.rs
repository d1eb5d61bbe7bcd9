//! The file handed in for a run of a notice: CSV (UTF-8 or CP932), a line for each treatment, payment or whatever the notice's
//! lines are, with the resident's number (宛名番号) and the columns that the layout declares.

use std::collections::{BTreeMap, HashMap};

use encoding_rs::SHIFT_JIS;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::template::{Fact, NotThat, Source, Template, Value};
use crate::roster::completeness::{Ending, ending};

/// Headings under which the resident's number may stand.
const NUMBER: [&str; 4] = ["宛名番号", "住民番号", "個人宛名番号", "number"];

/// What a letter says of one resident.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub facts: Vec<Value>,
    pub rows: Vec<Vec<Value>>,
}

impl std::fmt::Debug for Facts {
    /// Personal: shows how much there is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Facts({} lines)", self.rows.len())
    }
}

/// A line that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedLine {
    /// In the file, from 1.
    pub line: u64,
    /// The column's heading.
    pub column: String,
    pub why: WhyRejected,
}

/// Why a line can't be taken. The cell itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyRejected {
    /// No resident's number.
    NoNumber,
    /// Nobody in the roster has the number.
    UnknownNumber,
    NotThat(NotThat),
    /// Another number of cells than the heading.
    Cells,
    /// A fact of the whole letter differs from an earlier line of the same person.
    Differs,
}

impl WhyRejected {
    /// In Japanese.
    pub const fn in_japanese(self) -> &'static str {
        match self {
            Self::NoNumber => "宛名番号がありません",
            Self::UnknownNumber => "この宛名番号の人は住民名簿にいません",
            Self::NotThat(not) => not.in_japanese(),
            Self::Cells => "見出しと列の数が違います",
            Self::Differs => "同じ人の前の行と違います",
        }
    }

    /// In English.
    pub const fn in_english(self) -> &'static str {
        match self {
            Self::NoNumber => "no resident's number",
            Self::UnknownNumber => "nobody in the roster has this number",
            Self::NotThat(not) => not.in_english(),
            Self::Cells => "another number of cells than the heading",
            Self::Differs => "differs from an earlier line of the same person",
        }
    }
}

/// A file that can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReadable {
    Empty,
    NotText,
    /// The last line does not end: the file may have been cut short.
    CutShort {
        /// From 1.
        line: u64,
    },
    /// A quote that opened on this line does not close, and holds the rest of the file.
    OpenQuote {
        /// From 1.
        line: u64,
    },
    /// Columns that the notice needs and the file lacks.
    ColumnsMissing(Vec<String>),
}

impl NotReadable {
    /// In Japanese.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::Empty => "ファイルが空です。".to_owned(),
            Self::NotText => "UTF-8 でも CP932 でもないか、CSV ではありません。CSV で保存し直してください。".to_owned(),
            Self::CutShort { line } => format!(
                "{line} 行目が途中で終わっています。ファイルが途中で切れています。何も取り込んでいません。もう一度受け取ってください。"
            ),
            Self::OpenQuote { line } => format!(
                "{line} 行目の引用符(\")が閉じていません。ファイルが途中で切れたか、値の中の引用符が二重(\"\")になっていません。何も取り込んでいません。"
            ),
            Self::ColumnsMissing(names) => {
                format!(
                    "必要な列がありません: {}。見出しの行を確かめてください。",
                    names.join("、")
                )
            }
        }
    }
}

impl std::fmt::Display for NotReadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::NotText => f.write_str("neither UTF-8 nor CP932, or not a CSV; save it as CSV"),
            Self::CutShort { line } => write!(
                f,
                "line {line} has no end: the file was cut short. Nothing was taken in; fetch it again"
            ),
            Self::OpenQuote { line } => write!(
                f,
                "a quote opens on line {line} and does not close: the file was cut short, or a quote within a value is not doubled. Nothing was taken in"
            ),
            Self::ColumnsMissing(names) => write!(f, "columns are missing: {}; check the heading", names.join(", ")),
        }
    }
}

/// What was read of a file.
#[derive(Debug, Default)]
pub struct HandedIn {
    /// Resident's number and what the lines say of them, in the order in which they come first.
    pub people: Vec<(String, Facts)>,
    /// Lines taken.
    pub lines: usize,
    pub rejected: Vec<RejectedLine>,
    /// The first line of each person.
    pub first_lines: Vec<u64>,
}

/// Reads the file for `template`.
///
/// # Errors
/// [`NotReadable`]; a line that can't be taken is among the rejected ones.
pub fn read(bytes: &[u8], template: &Template) -> Result<HandedIn, NotReadable> {
    let text = decode(bytes)?;
    match ending(&text, b',') {
        Ending::LineEnd => {}
        // What was lost behind it nobody can tell, half a number among it.
        Ending::Field => {
            let line = text.lines().count() as u64;
            return Err(NotReadable::CutShort { line });
        }
        Ending::Quote { line } => return Err(NotReadable::OpenQuote { line }),
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(folded).collect(),
        Err(_) => return Err(NotReadable::NotText),
    };
    let columns = Columns::of(&header, template)?;
    let mut read = HandedIn::default();
    let mut known: HashMap<String, usize> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|_| NotReadable::NotText)?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match columns.line(&record, header.len()) {
            Ok((number, facts, row)) => {
                let at = *known.entry(number.clone()).or_insert_with(|| {
                    read.people.push((
                        number,
                        Facts {
                            facts: facts.clone(),
                            rows: Vec::new(),
                        },
                    ));
                    read.first_lines.push(line);
                    read.people.len() - 1
                });
                let own = &mut read.people[at].1;
                if own.facts != facts {
                    let column = columns.number_heading.clone();
                    read.rejected.push(RejectedLine {
                        line,
                        column,
                        why: WhyRejected::Differs,
                    });
                    continue;
                }
                if !template.rows.is_empty() {
                    own.rows.push(row);
                }
                read.lines += 1;
            }
            Err((column, why)) => read.rejected.push(RejectedLine { line, column, why }),
        }
    }
    Ok(read)
}

fn folded(heading: &str) -> String {
    heading.nfkc().filter(|c| !c.is_whitespace()).collect()
}

fn decode(bytes: &[u8]) -> Result<String, NotReadable> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(NotReadable::Empty);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes[..bytes.len().min(4096)].contains(&0) {
        return Err(NotReadable::NotText);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        // A byte that is neither stands as U+FFFD, which no name that is printed can hold.
        Err(_) => match SHIFT_JIS.decode_without_bom_handling(bytes) {
            (text, false) => Ok(text.into_owned()),
            _ => Err(NotReadable::NotText),
        },
    }
}

/// Where the columns are.
struct Columns<'a> {
    number: usize,
    number_heading: String,
    facts: Vec<(&'a Fact, Option<usize>)>,
    rows: Vec<(&'a Fact, Option<usize>)>,
}

type Line = (String, Vec<Value>, Vec<Value>);

impl<'a> Columns<'a> {
    fn of(header: &[String], template: &'a Template) -> Result<Self, NotReadable> {
        let find = |names: &[&str]| {
            header
                .iter()
                .position(|own| names.iter().any(|name| folded(name) == *own))
        };
        let mut missing = Vec::new();
        let number = find(&NUMBER);
        if number.is_none() {
            missing.push(NUMBER[0].to_owned());
        }
        let mut place = |fact: &'a Fact| {
            // What the roster or the run gives stands in no column.
            let column = fact.column();
            let at = column.and_then(|column| find(&[column, &fact.name]));
            if let (Some(column), None) = (column, at) {
                missing.push(column.to_owned());
            }
            (fact, at)
        };
        let facts: Vec<_> = template.facts.iter().map(&mut place).collect();
        let rows: Vec<_> = template.rows.iter().map(&mut place).collect();
        match number {
            Some(number) if missing.is_empty() => Ok(Self {
                number,
                number_heading: header[number].clone(),
                facts,
                rows,
            }),
            _ => Err(NotReadable::ColumnsMissing(missing)),
        }
    }

    fn line(&self, record: &csv::StringRecord, width: usize) -> Result<Line, (String, WhyRejected)> {
        if record.len() != width {
            return Err((self.number_heading.clone(), WhyRejected::Cells));
        }
        let number: String = record[self.number].nfkc().filter(|c| !c.is_whitespace()).collect();
        if number.is_empty() {
            return Err((self.number_heading.clone(), WhyRejected::NoNumber));
        }
        let read = |(fact, at): &(&Fact, Option<usize>)| match at {
            None => Ok(Value::Text(String::new())),
            Some(at) => Value::read(fact.kind, &record[*at]).map_err(|not| {
                let column = fact.column().unwrap_or_default().to_owned();
                (column, WhyRejected::NotThat(not))
            }),
        };
        let facts = self.facts.iter().map(read).collect::<Result<_, _>>()?;
        let row = self.rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok((number, facts, row))
    }
}

/// What is said once for a whole run, by the names of the facts.
pub type Said = BTreeMap<String, Value>;

impl Facts {
    /// Puts the person's name from the roster, and what is said once for the run, where the layout asks for it.
    pub fn fill(&mut self, template: &Template, name: &str, said: &Said) {
        let fill = |facts: &[Fact], values: &mut Vec<Value>| {
            values.resize(facts.len(), Value::Text(String::new()));
            for (fact, value) in facts.iter().zip(values) {
                match &fact.source {
                    Source::Roster => *value = Value::Name(name.to_owned()),
                    Source::Run => *value = said.get(&fact.name).cloned().unwrap_or(Value::Text(String::new())),
                    Source::File(_) | Source::Records => {}
                }
            }
        };
        fill(&template.facts, &mut self.facts);
        for row in &mut self.rows {
            fill(&template.rows, row);
        }
    }
}

/// The facts of `template` that must be said for a run and are not.
pub fn unsaid<'a>(template: &'a Template, said: &Said) -> Vec<&'a Fact> {
    let missing = |fact: &&Fact| fact.source == Source::Run && !said.contains_key(&fact.name);
    template.facts.iter().filter(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::template::{ValueKind, builtin};

    const HEADER: &str = "宛名番号,受診年月,医療機関等名,区分,日数,医療費総額,食事・生活療養費,自己負担相当額";

    fn handed_in(lines: &str) -> HandedIn {
        let kinds = builtin().unwrap();
        let file = format!("{HEADER}\n{lines}");
        read(file.as_bytes(), kinds.find("medical-expenses").unwrap()).unwrap()
    }

    #[test]
    fn lines_of_one_person_come_together_and_wrong_ones_are_told_by_line_and_column() {
        let read = handed_in(
            "0001000001,2026-06,汐見市立中央病院,外来,2,\"12,340円\",0,3702\n\
             0001000001,令和8年7月,みなと薬局,調剤,1,2000,0,600\n\
             0001000009,2026-06,汐見市立中央病院,外来,2,一万円,0,3702\n\
             ,2026-06,汐見市立中央病院,外来,2,12340,0,3702\n\
             0001000002,2026-06,足りない\n",
        );
        assert_eq!((read.people.len(), read.people[0].1.rows.len(), read.lines), (1, 2, 2));
        let told: Vec<_> = read
            .rejected
            .iter()
            .map(|one| (one.line, one.column.as_str(), one.why))
            .collect();
        assert_eq!(
            told,
            [
                (4, "医療費総額", WhyRejected::NotThat(NotThat(ValueKind::Yen))),
                (5, "宛名番号", WhyRejected::NoNumber),
                (6, "宛名番号", WhyRejected::Cells),
            ]
        );
    }

    #[test]
    fn a_file_that_was_cut_short_is_refused_wherever_it_was_cut_and_the_line_is_named() {
        let kinds = builtin().unwrap();
        let template = kinds.find("medical-expenses").unwrap();
        let whole = format!(
            "{HEADER}\n0001000001,2026-06,\"汐見市立, 中央病院\",外来,2,12340,0,3702\n0001000002,2026-06,みなと薬局,調剤,1,2000,0,600\n"
        );
        assert_eq!(super::read(whole.as_bytes(), template).unwrap().lines, 2);
        for cut in (HEADER.len() + 1..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
            let part = &whole[..cut];
            if part.ends_with('\n') {
                continue;
            }
            let line = part.lines().count() as u64;
            let refused = super::read(part.as_bytes(), template).unwrap_err();
            let told = [NotReadable::CutShort { line }, NotReadable::OpenQuote { line }];
            assert!(told.contains(&refused), "{cut}: {refused:?}");
            assert!(refused.in_japanese().contains(&format!("{line} 行目")));
            assert!(refused.to_string().contains(&format!("line {line}")));
        }
        let open = whole.replacen("\",外来", ",外来", 1);
        let refused = super::read(open.as_bytes(), template).unwrap_err();
        assert_eq!(
            refused,
            NotReadable::OpenQuote { line: 2 },
            "it would swallow the rest of the file"
        );
    }

    #[test]
    fn a_file_of_cp932_is_read_and_one_without_its_columns_refused_by_name() {
        let kinds = builtin().unwrap();
        let template = kinds.find("medical-expenses").unwrap();
        let header = format!("{HEADER}\r\n");
        let (bytes, ..) = SHIFT_JIS.encode(&header);
        assert_eq!(super::read(&bytes, template).unwrap().lines, 0);
        let refused = super::read("宛名番号,受診年月\n".as_bytes(), template).unwrap_err();
        assert!(
            matches!(&refused, NotReadable::ColumnsMissing(names) if names.len() == 6),
            "{refused}"
        );
        assert_eq!(super::read(b" \n", template).unwrap_err(), NotReadable::Empty);
        assert_eq!(super::read(b"a\0b", template).unwrap_err(), NotReadable::NotText);
    }
}
