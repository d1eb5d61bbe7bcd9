//! The auditor's comparison: every blob that the blind half handed out against every blob that stands in one of the
//! front's assertions.
//!
//! Each half alone could lie about what it did. The front could use a name it got for one service in an assertion to
//! another, or use one twice; the blind half could make names that nobody asked for. Their two logs, kept by two
//! organisations, have the hash of each sealed name in common, and nothing else of it.

use std::collections::BTreeMap;

/// One line of a log: which sealed name, for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// SHA-256 of the `EncryptedID`, hexadecimal.
    pub blob_sha256: String,
    /// The service's entity id.
    pub service: String,
}

/// What a file lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotALog {
    /// The first line has to name the columns.
    #[error("the first line names no column {0}")]
    NoColumn(&'static str),
    /// A line has fewer columns than the first.
    #[error("line {0} is cut off")]
    Short(usize),
}

/// What does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// The front used a name that the blind half never made.
    NotMade(Line),
    /// It was made for another service than the one it was used at.
    OtherService {
        /// As the front says.
        used: Line,
        /// For whom it was made.
        made_for: String,
    },
    /// The front used it more than once.
    UsedTwice(Line),
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Made and used, once, at the same service.
    pub agree: usize,
    /// Made and never used: the front was interrupted, or the answer was lost on the way. Some are natural; many are a
    /// question to the front.
    pub unused: Vec<Line>,
    /// What no interruption explains.
    pub disagree: Vec<Disagreement>,
}

impl Line {
    /// The lines of a log as CSV (RFC 4180, one record a line): the first names the columns, `service` and
    /// `blob_sha256` among them. Lines without a blob (refusals) are left out.
    ///
    /// # Errors
    /// [`NotALog`]
    pub fn read(csv: &str) -> Result<Vec<Self>, NotALog> {
        let mut lines = csv.lines();
        let names = fields(lines.next().unwrap_or_default());
        let column = |name| {
            names
                .iter()
                .position(|found| found == name)
                .ok_or(NotALog::NoColumn(name))
        };
        let (service, blob) = (column("service")?, column("blob_sha256")?);
        let mut read = Vec::new();
        for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let found = fields(line);
            let field = |column: usize| found.get(column).cloned().ok_or(NotALog::Short(at + 2));
            let line = Self {
                blob_sha256: field(blob)?.to_lowercase(),
                service: field(service)?,
            };
            if !line.blob_sha256.is_empty() {
                read.push(line);
            }
        }
        Ok(read)
    }
}

/// Compares what was `made` here with what the front says it `used`.
pub fn compare(made: &[Line], used: &[Line]) -> Matched {
    let mut open: BTreeMap<&str, (&Line, usize)> =
        made.iter().map(|line| (line.blob_sha256.as_str(), (line, 0))).collect();
    let mut matched = Matched::default();
    for line in used {
        match open.get_mut(line.blob_sha256.as_str()) {
            None => matched.disagree.push(Disagreement::NotMade(line.clone())),
            Some((made, times)) => {
                *times += 1;
                if made.service != line.service {
                    matched.disagree.push(Disagreement::OtherService {
                        used: line.clone(),
                        made_for: made.service.clone(),
                    });
                } else if *times > 1 {
                    matched.disagree.push(Disagreement::UsedTwice(line.clone()));
                } else {
                    matched.agree += 1;
                }
            }
        }
    }
    let unused = open.values().filter(|(_, times)| *times == 0);
    matched.unused = unused.map(|(line, _)| (*line).clone()).collect();
    matched
}

/// How many lines of a log as CSV are of each service.
///
/// # Errors
/// [`NotALog`]
pub fn lines_of(csv: &str) -> Result<BTreeMap<String, usize>, NotALog> {
    let mut lines = csv.lines();
    let names = fields(lines.next().unwrap_or_default());
    let column = names.iter().position(|found| found == "service");
    let column = column.ok_or(NotALog::NoColumn("service"))?;
    let mut counted = BTreeMap::new();
    for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let service = fields(line).into_iter().nth(column).ok_or(NotALog::Short(at + 2))?;
        *counted.entry(service).or_default() += 1;
    }
    Ok(counted)
}

/// At which services more names were `compared` than LogoutRequests were `asked` with, and by how many.
pub fn more_often<'c>(compared: &'c BTreeMap<String, usize>, asked: &BTreeMap<String, usize>) -> Vec<(&'c str, usize)> {
    let over = |(service, count): (&'c String, &usize)| {
        let more = count.saturating_sub(asked.get(service).copied().unwrap_or_default());
        (more > 0).then_some((service.as_str(), more))
    };
    compared.iter().filter_map(over).collect()
}

/// The fields of one record; a doubled quotation mark inside a quoted field is one.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let field = fields.last_mut().expect("there is one from the beginning");
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => field.push(letter),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(blob: &str, service: &str) -> Line {
        Line {
            blob_sha256: blob.to_owned(),
            service: service.to_owned(),
        }
    }

    #[test]
    fn columns_are_found_by_name_and_refusals_left_out() {
        let csv = "at,domain,service,request,blob_sha256,refusal\n\
                   2026-11-22T00:00:00Z,429996,\"https://a.example/?a=1,2&b=\"\"x\"\"\",ab,AB01,\n\
                   2026-11-22T00:00:01Z,429996,\"https://a.example\",ab,,service.unknown\n";
        assert_eq!(
            Line::read(csv).unwrap(),
            [line("ab01", "https://a.example/?a=1,2&b=\"x\"")]
        );
        assert_eq!(Line::read("at,blob_sha256\n"), Err(NotALog::NoColumn("service")));
        assert_eq!(Line::read("service,blob_sha256\nx\n"), Err(NotALog::Short(2)));
    }

    #[test]
    fn a_service_at_which_more_was_compared_than_it_asked_for_is_told() {
        let compared = "at,domain,service,message_sha256,same\n\
                        x,429996,\"clinic\",01,yes\nx,429996,\"clinic\",02,no\nx,429996,\"school\",03,\n";
        let (compared, asked) = (
            lines_of(compared).unwrap(),
            lines_of("service\nclinic\nschool\nshop\n").unwrap(),
        );
        assert_eq!(more_often(&compared, &asked), [("clinic", 1)]);
        assert!(more_often(&asked, &asked).is_empty());
        assert_eq!(lines_of("at\n"), Err(NotALog::NoColumn("service")));
        assert_eq!(lines_of("at,service\nx\n"), Err(NotALog::Short(2)));
    }

    #[test]
    fn what_the_front_made_up_took_elsewhere_or_used_twice_is_told() {
        let made = [
            line("01", "clinic"),
            line("02", "clinic"),
            line("03", "school"),
            line("04", "school"),
        ];
        let used = [
            line("01", "clinic"),
            line("02", "school"),
            line("03", "school"),
            line("03", "school"),
            line("09", "clinic"),
        ];
        let matched = compare(&made, &used);
        assert_eq!(matched.agree, 2);
        assert_eq!(matched.unused, [line("04", "school")]);
        assert_eq!(
            matched.disagree,
            [
                Disagreement::OtherService {
                    used: line("02", "school"),
                    made_for: "clinic".to_owned()
                },
                Disagreement::UsedTwice(line("03", "school")),
                Disagreement::NotMade(line("09", "clinic")),
            ]
        );
    }
}
