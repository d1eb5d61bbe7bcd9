//! Lists for linking (参考C3): who is not linked yet goes out as CSV to the office that has the roster, and comes back with
//! the person's name here, sealed to this provider, or with the reason why there is none. Both end with a line that says how
//! many rows they have ([`relay_core::list`]).

use std::collections::HashMap;

use back_office_records::{LinkAnswer, LinkAnswers, LinkReport, LinkRow};
use portal_service::Service;
use relay_core::list::{List, NotWhole, end_line};
use uuid::Uuid;

use crate::Office;

/// The columns of a list that goes out.
pub const LIST: [&str; 3] = ["row", "kana", "born"];
/// The columns of a list that comes back.
pub const ANSWER: [&str; 3] = ["row", "result", "name"];

/// Why a list is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("途中で切れたファイルです / the file is cut short: {0}")]
    NotWhole(#[from] NotWhole),
    #[error("一行目は {} です / the first line is not row, result, name", ANSWER.join(","))]
    Heading,
    #[error("行 {0} が読めません / line {0} cannot be read")]
    Line(u64),
    #[error("行 {0} は前の行と同じ番号で、答えが違います / line {0} answers a row that an earlier line answered")]
    Twice(u64),
    /// Made for another provider, or by another relay.
    #[error("行 {0} の名前はこの役所あてではありません / the name in line {0} was not made for this provider")]
    Name(u64),
    #[error(transparent)]
    Records(#[from] back_office_records::BackOfficeError),
}

/// `rows` as a list that goes out.
///
/// # Errors
/// [`csv::Error`]
pub fn write(rows: &[LinkRow]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(LIST)?;
    for LinkRow { row, identity } in rows {
        csv.write_record([&row.to_string(), &identity.kana, &identity.born])?;
    }
    let mut list = csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    list.extend_from_slice(end_line(rows.len()).as_bytes());
    Ok(list)
}

impl Office {
    /// Takes a list back that `by` brought.
    ///
    /// # Errors
    /// [`LinkError`]; then nothing of it counts.
    pub async fn take_links(&self, answer: &[u8], by: &str) -> Result<LinkReport, LinkError> {
        let answers = answers(answer, |sealed| self.open_name(sealed))?;
        Ok(self.records.end_linking(&answers, by, self.service.moment()).await?)
    }

    fn open_name(&self, sealed: &str) -> Option<String> {
        let service: &Service = &self.service;
        service.open_name(sealed).ok()
    }
}

/// The lines of a list that comes back, its names opened by `open`. A row that may be one of several has a line for each.
fn answers(file: &[u8], open: impl Fn(&str) -> Option<String>) -> Result<LinkAnswers, LinkError> {
    let list = List::of(file)?;
    let mut csv = csv::Reader::from_reader(list.body);
    if *csv.headers()? != ANSWER[..] {
        return Err(LinkError::Heading);
    }
    let mut answers = LinkAnswers::default();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    let mut rows = 0;
    for row in csv.records() {
        let row = row?;
        rows += 1;
        let line = row.position().map_or(0, csv::Position::line);
        let name = || {
            let sealed = row.get(2).unwrap_or_default();
            open(sealed).ok_or(LinkError::Name(line))
        };
        let answer = match row.get(1) {
            Some("withdrawn") => {
                answers.withdrawn.push(name()?);
                continue;
            }
            Some("found") => LinkAnswer::Found(name()?),
            Some("nobody") => LinkAnswer::Nobody,
            Some("several") => LinkAnswer::Several(vec![name()?]),
            Some("doubled") => LinkAnswer::Doubled(name()?),
            _ => return Err(LinkError::Line(line)),
        };
        let id = row.get(0).and_then(|text| Uuid::parse_str(text).ok());
        let id = id.ok_or(LinkError::Line(line))?;
        match places.get(&id).and_then(|place| answers.lines.get_mut(*place)) {
            None => {
                places.insert(id, answers.lines.len());
                answers.lines.push((id, answer));
            }
            Some((_, LinkAnswer::Several(names))) => match answer {
                LinkAnswer::Several(more) => names.extend(more),
                _ => return Err(LinkError::Twice(line)),
            },
            Some(_) => return Err(LinkError::Twice(line)),
        }
    }
    list.holds(rows)?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<LinkAnswers, LinkError> {
        let rows = lines.lines().count();
        let file = format!("row,result,name\n{lines}#end,{rows}\n");
        answers(file.as_bytes(), |sealed| {
            (!sealed.is_empty()).then(|| sealed.to_owned())
        })
    }

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_list_comes_back_with_whom_each_line_may_be() {
        let taken = read(&format!(
            "{ONE},several,a\n{OTHER},found,c\n{ONE},several,b\n,withdrawn,d\n"
        ))
        .unwrap();
        assert!(taken.lines[0] == (ONE, LinkAnswer::Several(vec!["a".into(), "b".into()])));
        assert!(taken.lines[1] == (OTHER, LinkAnswer::Found("c".into())));
        assert_eq!(taken.withdrawn, ["d"]);
    }

    #[test]
    fn a_list_that_is_cut_short_contradicts_itself_or_is_another_file_is_not_taken() {
        let whole = format!("row,result,name\n{ONE},found,a\n{OTHER},nobody,\n#end,2\n");
        for cut in 0..whole.len() - 1 {
            let told = answers(&whole.as_bytes()[..cut], |sealed| Some(sealed.to_owned()));
            assert!(told.is_err(), "{cut}");
        }
        for (lines, refusal) in [
            (format!("{ONE},found,a\n{ONE},found,b\n"), "Twice(3)"),
            (format!("{ONE},several,a\n{ONE},nobody,\n"), "Twice(3)"),
            (format!("{ONE},found,\n"), "Name(2)"),
            (format!("{ONE},perhaps,a\n"), "Line(2)"),
            ("x,found,a\n".to_owned(), "Line(2)"),
        ] {
            assert_eq!(format!("{:?}", read(&lines).err().unwrap()), refusal, "{lines}");
        }
        let list = answers(b"row,kana,born\n#end,0\n", |_| None);
        assert!(matches!(list, Err(LinkError::Heading)));
    }
}
