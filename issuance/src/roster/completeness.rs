//! Whether a file is all of itself, and how far it is believed about people whom it does not name.

use super::{Column, Reading, Reject};
use crate::check_digit;

/// Longest 宛名番号, in characters.
pub const LONGEST_NUMBER: usize = 20;

/// How many people may be marked as gone without being asked about. More than either stops the import: a register that
/// lost so many in one delivery lost a part of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneLimit {
    pub people: u32,
    /// So many of a hundred who were there before.
    pub percent: u32,
}

impl Default for GoneLimit {
    /// A city of 90,000 loses some 350 a month to moves and deaths.
    fn default() -> Self {
        Self {
            people: 500,
            percent: 2,
        }
    }
}

impl GoneLimit {
    /// Whether `gone` people of `of` may be marked as gone unasked.
    pub const fn lets_pass(self, gone: usize, of: usize) -> bool {
        gone <= self.people as usize && gone.saturating_mul(100) <= of.saturating_mul(self.percent as usize)
    }
}

/// A row that stands in the file but was not taken: whom it names is not missing from the file.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenRow {
    /// Every 宛名番号 it may name, in plain form.
    pub numbers: Vec<String>,
    /// Whether the first of them is surely its own. Else the row may be anybody's.
    pub certain: bool,
}

/// Quiet: numbers of residents are personal.
impl std::fmt::Debug for SeenRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SeenRow({} numbers, certain: {})", self.numbers.len(), self.certain)
    }
}

impl Reading {
    /// Whom a rejected row can name. In a row of the wrong length, or one that swallowed its neighbours by an open
    /// quote, any field may be a number.
    pub fn seen(&self, reject: &Reject) -> SeenRow {
        let whole = reject.original.len() == self.layout.header.len();
        let own = self
            .layout
            .place(Column::Number)
            .filter(|_| whole)
            .and_then(|place| reject.original.get(place - 1))
            .map(|field| check_digit::plain(field))
            .filter(|number| is_number(number));
        let swallowed = reject.original.iter().any(|field| field.contains(['\n', '\r']));
        if let (Some(number), false) = (&own, swallowed) {
            return SeenRow {
                numbers: vec![number.clone()],
                certain: true,
            };
        }
        let fields = reject
            .original
            .iter()
            .flat_map(|field| field.split(['\n', '\r', '\t', ',', '"']));
        let may_be = fields
            .map(check_digit::plain)
            .filter(|text| is_number(text) && text.bytes().any(|byte| byte.is_ascii_digit()));
        SeenRow {
            certain: false,
            numbers: own.into_iter().chain(may_be).collect(),
        }
    }
}

/// Whether `text`, in plain form, has the shape of a 宛名番号.
pub(super) fn is_number(text: &str) -> bool {
    (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Where a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Behind a line end, as a file should.
    LineEnd,
    /// Behind a field: the last line may have been longer.
    Field,
    /// Within a quote that opened on this line.
    Quote {
        /// From 1.
        line: u64,
    },
}

/// How `text` ends, by the rules of RFC 4180: a quote counts at the beginning of a field and within a quoted one.
pub(crate) fn ending(text: &str, delimiter: u8) -> Ending {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Beginning,
        Bare,
        Quoted,
        /// Behind a quote within a quoted field: it closes, unless another follows.
        Closing,
    }
    let (mut at, mut line, mut opened, mut before) = (At::Beginning, 1, 1, 0);
    for byte in text.bytes() {
        line += u64::from(byte == b'\r' || (byte == b'\n' && before != b'\r'));
        before = byte;
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closing,
            (At::Quoted, _) => At::Quoted,
            (At::Closing, b'"') => At::Quoted,
            (At::Beginning, b'"') => {
                opened = line;
                At::Quoted
            }
            (_, b'\n' | b'\r') => At::Beginning,
            (_, byte) if byte == delimiter => At::Beginning,
            _ => At::Bare,
        };
    }
    match at {
        At::Quoted => Ending::Quote { line: opened },
        _ if matches!(before, b'\n' | b'\r') => Ending::LineEnd,
        _ => Ending::Field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_is_asked_when_many_are_gone_by_number_or_by_share() {
        let limit = GoneLimit::default();
        assert!(limit.lets_pass(350, 90_000));
        assert!(!limit.lets_pass(501, 90_000));
        assert!(limit.lets_pass(20, 1_000));
        assert!(!limit.lets_pass(21, 1_000));
        assert!(!limit.lets_pass(1, 0));
        assert!(limit.lets_pass(0, 0));
    }

    #[test]
    fn an_open_quote_is_known_by_the_line_on_which_it_opened() {
        assert_eq!(ending("a,b\n1,\"x\ny\"\n", b','), Ending::LineEnd);
        assert_eq!(ending("a,b\n1,\"x\ny", b','), Ending::Quote { line: 2 });
        assert_eq!(ending("a,b\r\n1,\"x\"\"", b','), Ending::Quote { line: 2 });
        assert_eq!(ending("a,b\n1,x\"y", b','), Ending::Field);
        assert_eq!(ending("a\tb\n1\t\"", b'\t'), Ending::Quote { line: 2 });
        assert_eq!(ending("a\n\"x\"", b','), Ending::Field);
    }
}
