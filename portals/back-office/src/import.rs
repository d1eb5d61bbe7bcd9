//! Taking records over from a CSV file of their owner: `person`, `kana`, `born`, then the schema's items, in any order, and a
//! last line that says how many rows there are. A row that can't be read is told with its line and column, and then nothing is
//! taken over: a person whose row is unreadable would else be taken for one who is gone.

use std::collections::{BTreeSet, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use back_office_records::{Difference, Identity, NewRecord};
use relay_core::list::{List, NotWhole};

use crate::schema::{DATE, Form, Schema, TEXT};

/// The columns before a schema's items.
const IDENTITY: [&str; 3] = ["person", "kana", "born"];
/// As many persons may be gone or changed without being asked about, whatever the size of the file.
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
    #[error(
        "引用符が閉じていません。途中で切れたファイルか、CSV ではありません / a quotation is left open: the file is cut short, or no CSV"
    )]
    OpenQuotation,
    #[error(
        "終わりの行(#end,件数)がありません。途中で切れたファイルかもしれません。持ち主に件数を聞き、--rows 件数 を付けてください / \
         the file has no end line (#end,ROWS) and may be cut short: ask its owner how many rows there are, and say --rows ROWS"
    )]
    NoEnd,
    #[error("{said} 行のはずが {found} 行あります / {said} rows were said, {found} are there")]
    OtherCount { said: usize, found: usize },
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
    pub wanted: String,
}

impl From<NotWhole> for ImportError {
    fn from(fault: NotWhole) -> Self {
        match fault {
            NotWhole::OpenQuotation => Self::OpenQuotation,
            NotWhole::NoEnd => Self::NoEnd,
            NotWhole::Count { said, found } => Self::OtherCount { said, found },
        }
    }
}

/// A file that was read whole.
pub struct Read {
    pub records: Vec<NewRecord>,
    pub sha256: [u8; 32],
}

/// Reads `bytes` as records of `schema`. How many rows there are says its end line, or `rows` where its owner said it aside.
///
/// # Errors
/// [`ImportError`]
pub fn read(schema: &Schema, bytes: &[u8], rows: Option<usize>) -> Result<Read, ImportError> {
    let mut list = List::of(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))?;
    list.rows = list.rows.or(rows);
    let body = list.body;
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
    let places: Vec<_> = schema.items.iter().map(|item| (item, at(&item.name))).collect();
    let (mut records, mut rejects) = (Vec::new(), Vec::new());
    let (mut first_of_number, mut first_of_row) = (HashMap::new(), HashMap::new());
    for row in csv.records() {
        let row = row.map_err(not_csv)?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |place: usize| row.get(place).unwrap_or_default().trim();
        let mut reject = |column: &str, wanted: String| {
            rejects.push(Reject {
                line,
                column: column.to_owned(),
                wanted,
            });
        };
        for (name, place) in [("person", person), ("kana", kana)] {
            if field(place).is_empty() || !Form::Text.takes(field(place)) {
                reject(name, TEXT.to_owned());
            }
        }
        if !Form::Date.takes(field(born)) {
            reject("born", DATE.to_owned());
        }
        let mut items = Vec::with_capacity(schema.items.len());
        for (item, place) in &places {
            let value = field(*place);
            let beside = item.with.as_deref().is_some_and(|with| !field(at(with)).is_empty());
            if value.is_empty() && !item.needed && !beside {
                continue;
            }
            if value.is_empty() || !item.takes(value) {
                reject(&item.name, item.wanted());
            }
            items.push((item.name.clone(), value.to_owned()));
        }
        if let Some(period) = &schema.period
            && let (from, until) = (field(at(&period.from)), field(at(&period.until)))
            && Form::Date.takes(from)
            && Form::Date.takes(until)
            && until < from
        {
            reject(
                &period.until,
                format!("{} 以後の日 / not before {}", period.from, period.from),
            );
        }
        let identity = Identity {
            owner: field(person).to_owned(),
            kana: field(kana).to_owned(),
            born: field(born).to_owned(),
        };
        // One number is one person: whoever stands under another's would be shown the other's records.
        let (first, who) = first_of_number
            .entry(identity.owner.clone())
            .or_insert_with(|| (line, identity.clone()));
        if *who != identity {
            reject(
                "person",
                format!("{first} 行目と同じ番号なら、同じ人 / the person of line {first}, whose number it is"),
            );
        }
        let whole = digest(&SHA256, row.iter().collect::<Vec<_>>().join("\0").as_bytes());
        if let Some(first) = first_of_row.insert(whole.as_ref().to_vec(), line) {
            reject(
                "person",
                format!("{first} 行目と同じ行が二度ある / a line once: it stands in line {first} already"),
            );
        }
        records.push(NewRecord { identity, items });
    }
    list.holds(records.len())?;
    if !rejects.is_empty() {
        return Err(ImportError::Rejected(rejects));
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Ok(Read { records, sha256 })
}

/// A view's rows as the file that an owner would hand over: `_` in a column's name stands for the hyphen of an item's.
///
/// # Errors
/// [`csv::Error`]
pub fn of_view(columns: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(columns.iter().map(|name| name.replace('_', "-")))?;
    for row in rows {
        csv.write_record(row)?;
    }
    csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// From which size on a change of a load has to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brake {
    /// So many persons at once.
    pub persons: usize,
    /// So many of a hundred who stood here before.
    pub percent: usize,
}

/// What somebody has to say before a load is taken over, each with the option that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `--gone N`
    Gone(usize),
    /// `--changed N`
    Changed(usize),
    /// `--fewer N`: so many rows fewer than before.
    Fewer(usize),
    /// `--older`: as of an earlier time than the load that counts.
    Older,
    /// `--again`: the very same file as the load that counts, as of the same time.
    Again,
}

impl Brake {
    const fn stops(self, many: usize, before: usize) -> bool {
        many > FEW && (many > self.persons || many * 100 > before * self.percent)
    }

    /// What has to be said before `rows` rows as of `as_of` are taken over.
    pub fn questions(self, difference: &Difference, rows: usize, as_of: time::OffsetDateTime) -> Vec<Question> {
        let before = difference.before;
        let mut questions = Vec::new();
        // Nothing at all is no list of anybody.
        if self.stops(difference.gone, before) || (difference.gone > 0 && difference.stayed + difference.added == 0) {
            questions.push(Question::Gone(difference.gone));
        }
        if self.stops(difference.changed, before) {
            questions.push(Question::Changed(difference.changed));
        }
        if let Some(last) = &difference.last {
            let rows_before = usize::try_from(last.rows).unwrap_or_default();
            let fewer = rows_before.saturating_sub(rows);
            if fewer > FEW && fewer * 100 > rows_before * self.percent {
                questions.push(Question::Fewer(fewer));
            }
            if as_of < last.as_of {
                questions.push(Question::Older);
            }
            if difference.same_file && as_of == last.as_of {
                questions.push(Question::Again);
            }
        }
        questions
    }
}

impl Question {
    /// The question, for people, with the option that answers it.
    pub fn words(self) -> String {
        match self {
            Self::Gone(many) => {
                format!("{many} 人がいなくなります。正しければ --gone {many} / {many} persons are gone: if that is right, say --gone {many}")
            }
            Self::Changed(many) => format!(
                "{many} 人の番号に、前と違う名前か生年月日が付いています。正しければ --changed {many} / {many} numbers stand with another \
                 name or birthday than before: if that is right, say --changed {many}"
            ),
            Self::Fewer(many) => format!(
                "前より {many} 行少なくなります。正しければ --fewer {many} / {many} rows fewer than before: if that is right, say --fewer {many}"
            ),
            Self::Older => "いま有効な取り込みより前の時点の記録です。正しければ --older / as of an earlier time than what counts now: \
                 if that is right, say --older"
                .to_owned(),
            Self::Again => "同じ時点の同じファイルをもう取り込んでいます。もう一度取り込むなら --again / the same file as of the same time \
                 was taken over already: to take it over again, say --again"
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn costs() -> Schema {
        Schema::load("costs", Path::new("/")).unwrap()
    }

    const HEADING: &str = "person,kana,born,month,institution,care,days,total,paid\n";
    const ROW: &str = "12-1,ウミノ ナギサ,1950-01-02,2026-08,みなと診療所,外来,2,12000,3600\n";

    fn refusal(text: &str, rows: Option<usize>) -> ImportError {
        read(&costs(), text.as_bytes(), rows).err().expect("it is not taken")
    }

    fn rejects(text: &str) -> Vec<(u64, String)> {
        let rows = text.lines().count() - 1;
        match refusal(text, Some(rows)) {
            ImportError::Rejected(rejects) => rejects.into_iter().map(|one| (one.line, one.column)).collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_file_is_read_whole_and_empty_items_that_are_not_needed_are_left_out() {
        let read = read(&costs(), format!("{HEADING}{ROW}#end,1\n").as_bytes(), None).unwrap();
        assert_eq!(read.records.len(), 1);
        assert_eq!(read.records[0].items.len(), 6);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_told_by_line_and_column_and_nothing_is_taken() {
        let text = format!(
            "{HEADING}12-1,ウミノ ナギサ,1950-01-02,2026-13,みなと診療所,外来,2,12000,3600\n\
             ,イソベ ミオ,2010-01-02,2026-08,みなと診療所,外来,二,12000,3600\n\
             13,イソベ ミオ,2010-01-02,2026-08,みなと診療所,外来,1,12000.0,3e3\n"
        );
        let told = [(2, "month"), (3, "person"), (3, "days"), (4, "total"), (4, "paid")];
        assert_eq!(rejects(&text), told.map(|(line, column)| (line, column.to_owned())));
    }

    #[test]
    fn one_number_with_two_names_or_birthdays_is_refused_and_so_is_a_line_that_stands_twice() {
        let other = ROW.replace("ナギサ", "ミナト").replace("2026-08", "2026-09");
        assert_eq!(rejects(&format!("{HEADING}{ROW}{other}")), [(3, "person".to_owned())]);
        let other = ROW.replace("1950-01-02", "1950-01-03");
        assert_eq!(rejects(&format!("{HEADING}{ROW}{other}")), [(3, "person".to_owned())]);
        assert_eq!(rejects(&format!("{HEADING}{ROW}{ROW}")), [(3, "person".to_owned())]);
    }

    #[test]
    fn a_period_that_ends_before_it_begins_and_a_unit_that_is_missing_or_strange_are_refused() {
        let told = |kind: &str, text: &str| {
            let schema = Schema::load(kind, Path::new("/")).unwrap();
            match read(&schema, text.as_bytes(), Some(1)).err() {
                Some(ImportError::Rejected(rejects)) => rejects.into_iter().map(|one| one.column).collect(),
                _ => Vec::new(),
            }
        };
        let coverage = "person,kana,born,insurer-number,insurer-name,symbol,number,branch,valid-from,valid-until,ended-because,share,card-until,certificate\n\
            1,ウミノ ナギサ,1950-01-02,429996,国保,汐,100,01,2026-04-01,2026-03-31,,3,,\n";
        assert_eq!(told("coverage", coverage), ["valid-until"]);
        let checkup = |sex: &str, value: &str, unit: &str| {
            format!(
                "person,kana,born,taken-on,institution,sex,height,weight,waist,bmi,systolic,diastolic,triglycerides,hdl,ldl,\
                 glucose,hba1c,hba1c-unit,ast,alt,ggt\n9,ウミノ ナギサ,1950-01-02,2026-09-10,,{sex},,,,,,,,,,,{value},{unit},,,\n"
            )
        };
        for (sex, value, unit, refused) in [
            ("女", "5.3", "NGSP", &[][..]),
            ("女", "", "", &[]),
            ("女", "5.3", "", &["hba1c-unit"]),
            ("女", "5.3", "ngsp", &["hba1c-unit"]),
            ("f", "5.3", "JDS", &["sex"]),
        ] {
            assert_eq!(
                told("checkup", &checkup(sex, value, unit)),
                refused,
                "{sex} {value} {unit}"
            );
        }
    }

    #[test]
    fn a_file_that_is_cut_short_anywhere_is_not_taken() {
        let whole = format!(
            "{HEADING}{ROW}{}#end,2\n",
            ROW.replace("みなと診療所", "\"みなと, 診療所\"")
        );
        assert!(read(&costs(), whole.as_bytes(), None).is_ok());
        // The line's end after the count may be missing; nothing else.
        for cut in (0..whole.len() - 1).filter(|cut| whole.is_char_boundary(*cut)) {
            assert!(read(&costs(), &whole.as_bytes()[..cut], None).is_err(), "{cut}");
        }
        let text = format!("{HEADING}{ROW}");
        assert_eq!(refusal(&text, None), ImportError::NoEnd);
        assert_eq!(refusal(&text, Some(2)), ImportError::OtherCount { said: 2, found: 1 });
        assert_eq!(
            refusal(&format!("{text}\"12-2,イソベ\n#end,2\n"), None),
            ImportError::OpenQuotation
        );
    }

    #[test]
    fn columns_that_are_missing_strange_or_doubled_are_told() {
        let refusal = |text: &str| refusal(text, Some(0));
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
            read(&costs(), b"person,\xff\n", Some(0)).err(),
            Some(ImportError::NotCsv { .. })
        ));
    }

    #[test]
    fn the_brake_asks_about_what_is_much_or_looks_like_another_file_and_not_about_a_few() {
        let brake = Brake {
            persons: 60,
            percent: 5,
        };
        let as_of = time::macros::datetime!(2026-11-30 0:00 +9);
        let last = back_office_records::Load {
            id: 3,
            as_of,
            rows: 2_000,
        };
        let asked = |gone: usize, before: usize, more: fn(&mut Difference), rows, as_of| {
            let mut difference = Difference {
                last: Some(last.clone()),
                before,
                gone,
                stayed: before - gone,
                ..Difference::default()
            };
            more(&mut difference);
            brake.questions(&difference, rows, as_of)
        };
        let same = |_: &mut Difference| ();
        assert_eq!(asked(5, 6, same, 2_000, as_of), []);
        assert_eq!(asked(50, 1_000, same, 2_000, as_of), []);
        // By share, by number, and everybody.
        assert_eq!(asked(51, 1_000, same, 2_000, as_of), [Question::Gone(51)]);
        assert_eq!(asked(61, 90_000, same, 2_000, as_of), [Question::Gone(61)]);
        assert_eq!(asked(2, 2, same, 2_000, as_of), [Question::Gone(2)]);
        assert_eq!(
            asked(0, 100, |difference| difference.changed = 6, 2_000, as_of),
            [Question::Changed(6)]
        );
        assert_eq!(asked(0, 100, same, 1_899, as_of), [Question::Fewer(101)]);
        let earlier = as_of - time::Duration::DAY;
        assert_eq!(asked(0, 100, same, 2_000, earlier), [Question::Older]);
        assert_eq!(
            asked(0, 100, |difference| difference.same_file = true, 2_000, as_of),
            [Question::Again]
        );
        // What did not change since yesterday is a file of today.
        let later = as_of + time::Duration::DAY;
        assert_eq!(
            asked(0, 100, |difference| difference.same_file = true, 2_000, later),
            []
        );
    }
}
