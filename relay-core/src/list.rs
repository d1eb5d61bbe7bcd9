//! Lists that offices hand one another as files: the last line says how many rows stand before it, so that a file that was cut
//! short on its way is told from a whole one.

/// How the last line begins.
const END: &str = "#end";

/// Why a file can't be taken for a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWhole {
    #[error("a quotation is left open: the file is cut short, or no CSV")]
    OpenQuotation,
    #[error("the file has no end line (#end,ROWS)")]
    NoEnd,
    #[error("the end line says {said} rows, and {found} are there")]
    Count { said: usize, found: usize },
}

/// A list without its end line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List<'a> {
    pub body: &'a [u8],
    /// As its end line says; none without one.
    pub rows: Option<usize>,
}

/// The end line of a list of `rows`.
pub fn end_line(rows: usize) -> String {
    format!("{END},{rows}\n")
}

impl<'a> List<'a> {
    /// `file` as CSV, its end line taken off.
    ///
    /// # Errors
    /// [`NotWhole::OpenQuotation`]: RFC 4180 section 2 doubles a quotation mark that stands in a field, so their number is even.
    pub fn of(file: &'a [u8]) -> Result<Self, NotWhole> {
        if file.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
            return Err(NotWhole::OpenQuotation);
        }
        let written = file.trim_ascii_end();
        let start = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (body, last) = written.split_at(start);
        // A spreadsheet fills the line up with commas, and may put quotation marks.
        let last: Vec<u8> = last.iter().copied().filter(|byte| *byte != b'"').collect();
        let rows = std::str::from_utf8(&last)
            .ok()
            .and_then(|last| last.strip_prefix(END)?.strip_prefix(','))
            .and_then(|rows| rows.trim_end_matches(',').parse().ok());
        Ok(Self {
            body: if rows.is_some() { body } else { file },
            rows,
        })
    }

    /// Refuses a list in which `found` rows are not all.
    ///
    /// # Errors
    /// [`NotWhole`]
    pub const fn holds(&self, found: usize) -> Result<(), NotWhole> {
        match self.rows {
            None => Err(NotWhole::NoEnd),
            Some(said) if said != found => Err(NotWhole::Count { said, found }),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_whole_only_when_its_end_line_says_how_many_there_are() {
        let whole = List::of(b"a,b\n1,2\n3,4\n#end,2\n").unwrap();
        assert_eq!((whole.body, whole.holds(2)), (&b"a,b\n1,2\n3,4\n"[..], Ok(())));
        assert_eq!(whole.holds(1), Err(NotWhole::Count { said: 2, found: 1 }));
        for end in ["#end,2,,\r\n", "\"#end\",\"2\"", "#end,2\n\n"] {
            assert_eq!(List::of(format!("a\n{end}").as_bytes()).unwrap().rows, Some(2), "{end}");
        }
        // Cut anywhere before its end, it is told.
        let file = b"a,b\n\"1\",2\n3,4\n#end,2\n";
        for cut in 0..file.len() - 2 {
            let told = List::of(&file[..cut]).and_then(|list| list.holds(2));
            assert!(told.is_err(), "{cut}");
        }
        assert_eq!(List::of(b"a\n#ending,2\n").unwrap().rows, None);
        assert_eq!(List::of(b"a\n\"1\n#end,1\n"), Err(NotWhole::OpenQuotation));
        assert_eq!(end_line(12), "#end,12\n");
    }
}
