//! Taking records over from a CSV file of their owner: `person`, `kana`, `born`, then the schema's items, in any order. A row
//! that can't be read is told with its line and column, and then nothing is taken over: a person whose row is unreadable
//! would else be taken for one who is gone.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use back_office_records::{Difference, Identity, NewRecord};

use crate::schema::{Form, Schema};

/// The columns before a schema's items.
const IDENTITY: [&str; 3] = ["person", "kana", "born"];
/// As many persons may be gone without being asked about, whatever the size of the file.
const FEW: usize = 5;

/// Why a file is not taken over.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("CSV として読めません(行 {line}) / not CSV at line {line}: {reason}")]
    NotCsv { line: u64, reason: String },
    #[error("列がありません / columns are missing: {0}")]
    Missing(String),
    #[error("この種類の記録にない列です / columns that this kind of records has not: {0}")]
    Unknown(String),
    #[error("列が二つあります / a column stands twice: {0}")]
    Twice(String),
    /// Lines, columns and what should stand there; never what stood there.
    #[error("{} 行が読めません。何も取り込んでいません / {} rows cannot be read; nothing was taken over", .0.len(), .0.len())]
    Rejected(Vec<Reject>),
}

/// A place that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// From 1, the heading included.
    pub line: u64,
    pub column: String,
    pub wanted: &'static str,
}

/// A file that was read whole.
pub struct Read {
    pub records: Vec<NewRecord>,
    pub sha256: [u8; 32],
}

/// Reads `bytes` as records of `schema`.
///
/// # Errors
/// [`ImportError`]
pub fn read(schema: &Schema, bytes: &[u8]) -> Result<Read, ImportError> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut csv = csv::ReaderBuilder::new().from_reader(body);
    let not_csv = |error: csv::Error| ImportError::NotCsv {
        line: error.position().map_or(1, csv::Position::line),
        // The words of other kinds may quote the row.
        reason: match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "UTF-8",
            csv::ErrorKind::UnequalLengths { .. } => "another number of columns than the heading",
            _ => "unreadable",
        }
        .to_owned(),
    };
    let heading: Vec<String> = csv.headers().map_err(not_csv)?.iter().map(str::to_owned).collect();
    let known: Vec<&str> = IDENTITY
        .into_iter()
        .chain(schema.items.iter().map(|item| item.name.as_str()))
        .collect();
    let names = |wrong: Vec<&str>| wrong.join(", ");
    let unknown: Vec<_> = heading
        .iter()
        .map(String::as_str)
        .filter(|name| !known.contains(name))
        .collect();
    if !unknown.is_empty() {
        return Err(ImportError::Unknown(names(unknown)));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = heading.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(ImportError::Twice(twice.clone()));
    }
    let missing: Vec<_> = known.iter().copied().filter(|name| !seen.contains(name)).collect();
    if !missing.is_empty() {
        return Err(ImportError::Missing(names(missing)));
    }
    let at = |name: &str| heading.iter().position(|known| known == name).unwrap_or_default();
    let (person, kana, born) = (at("person"), at("kana"), at("born"));
    let (mut records, mut rejects) = (Vec::new(), Vec::new());
    for row in csv.records() {
        let row = row.map_err(not_csv)?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |place: usize| row.get(place).unwrap_or_default().trim();
        let mut reject = |column: &str, wanted| {
            rejects.push(Reject {
                line,
                column: column.to_owned(),
                wanted,
            });
        };
        for (name, place) in [("person", person), ("kana", kana)] {
            if field(place).is_empty() || !Form::Text.takes(field(place)) {
                reject(name, Form::Text.as_str());
            }
        }
        if !Form::Date.takes(field(born)) {
            reject("born", Form::Date.as_str());
        }
        let mut items = Vec::with_capacity(schema.items.len());
        for item in &schema.items {
            let value = field(at(&item.name));
            if value.is_empty() && !item.needed {
                continue;
            }
            if value.is_empty() || !item.form.takes(value) {
                reject(&item.name, item.form.as_str());
            }
            items.push((item.name.clone(), value.to_owned()));
        }
        records.push(NewRecord {
            identity: Identity {
                owner: field(person).to_owned(),
                kana: field(kana).to_owned(),
                born: field(born).to_owned(),
            },
            items,
        });
    }
    if !rejects.is_empty() {
        return Err(ImportError::Rejected(rejects));
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Ok(Read { records, sha256 })
}

/// Whether so many are gone that somebody has to say that it is right: more than a few, and more than one in twenty.
pub const fn needs_a_word(difference: &Difference) -> bool {
    difference.gone > FEW && difference.gone * 20 > difference.before
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn costs() -> Schema {
        Schema::load("costs", Path::new("/")).unwrap()
    }

    const HEADING: &str = "person,kana,born,month,institution,care,days,total,paid\n";

    #[test]
    fn a_file_is_read_whole_and_empty_items_that_are_not_needed_are_left_out() {
        let text = format!("{HEADING}12-1,ウミノ ナギサ,1950-01-02,2026-08,みなと診療所,外来,2,12000,3600\n");
        let read = read(&costs(), text.as_bytes()).unwrap();
        assert_eq!(read.records.len(), 1);
        assert_eq!(read.records[0].items.len(), 6);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_told_by_line_and_column_and_nothing_is_taken() {
        let text = format!(
            "{HEADING}12-1,ウミノ ナギサ,1950-01-02,2026-13,みなと診療所,外来,2,12000,3600\n\
             ,イソベ ミオ,2010-01-02,2026-08,みなと診療所,外来,二,12000,3600\n"
        );
        let Err(ImportError::Rejected(rejects)) = read(&costs(), text.as_bytes()) else {
            panic!("it is taken")
        };
        let told: Vec<_> = rejects.iter().map(|one| (one.line, one.column.as_str())).collect();
        assert_eq!(told, [(2, "month"), (3, "person"), (3, "days")]);
    }

    #[test]
    fn columns_that_are_missing_strange_or_doubled_are_told() {
        let refusal = |text: &str| read(&costs(), text.as_bytes()).err().unwrap();
        assert!(matches!(refusal("person,kana,born\n"), ImportError::Missing(_)));
        assert_eq!(
            refusal("person,kana,born,my-number\n"),
            ImportError::Unknown("my-number".into())
        );
        assert_eq!(refusal("person,kana,kana,born\n"), ImportError::Twice("kana".into()));
        assert!(matches!(
            refusal(&format!("{HEADING}1,2\n")),
            ImportError::NotCsv { line: 2, .. }
        ));
        assert!(matches!(
            read(&costs(), b"person,\xff\n").err(),
            Some(ImportError::NotCsv { .. })
        ));
    }

    #[test]
    fn the_brake_asks_when_many_are_gone_and_not_for_a_few() {
        let gone = |gone, before| Difference {
            before,
            gone,
            added: 0,
            stayed: before - gone,
        };
        assert!(!needs_a_word(&gone(5, 6)));
        assert!(!needs_a_word(&gone(50, 1_000)));
        assert!(needs_a_word(&gone(51, 1_000)));
    }
}
