//! Answering: every term marks the residents it fits, the marks are laid over one another.

use issuance::{case::CaseNumber, check_digit, era::WrittenDate, name::search_form};
use memchr::memmem::Finder;

use super::{
    Found, Marks, SearchIndex,
    build::{address_form, packed, phone_form},
    span,
};

/// One typed term in each form in which it can be meant.
struct Term {
    /// A part of a reading, name, alias or number.
    text: String,
    /// Whether the text is looked for inside: four digits and fewer stand in too many numbers to mean one.
    inside: bool,
    /// A part of an address; empty when too short to say anything.
    address: String,
    /// The beginning of a 宛名番号, when it can be one.
    number: Option<String>,
    /// The term's pieces by script, where it has several: 山口 and よしろう.
    pieces: Vec<String>,
    /// Digits of a phone number, when it can be one.
    phone: Option<String>,
    /// A birthday, from the first to the last `yyyymmdd` it can mean.
    born: Option<(u32, u32)>,
}

impl Term {
    fn read(typed: &str) -> Option<Self> {
        let text: String = search_form(typed).chars().filter(|c| !c.is_control()).collect();
        if text.is_empty() {
            return None;
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let address = address_form(typed).trim_end_matches('-').to_owned();
        Some(Self {
            number: (text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| format!("{}{text}", Marks::NUMBER)),
            pieces: pieces(typed),
            phone: phone(typed),
            born: birthday(typed, &text, digits),
            // One kana or one digit stands in half of all addresses.
            address: if address.chars().count() >= 2 {
                address
            } else {
                String::new()
            },
            inside: !digits || text.len() >= 5,
            text,
        })
    }
}

/// The pieces of a term that is written in kanji and in kana: a surname and a reading typed in one go. None where a digit
/// is among them: that is an address or a number.
fn pieces(typed: &str) -> Vec<String> {
    if typed.chars().any(char::is_numeric) {
        return Vec::new();
    }
    let is_kana =
        |letter: char| matches!(letter, '\u{3041}'..='\u{309F}' | '\u{30A1}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}');
    let mut pieces: Vec<String> = Vec::new();
    let mut before = None;
    for letter in typed.chars().filter(|letter| !letter.is_whitespace()) {
        // 々 and the variation selectors go with the kanji before them; ー, ﾞ and ﾟ are kana.
        let script = Some(is_kana(letter));
        match pieces.last_mut().filter(|_| script == before) {
            Some(piece) => piece.push(letter),
            None => pieces.push(letter.into()),
        }
        before = script;
    }
    pieces
        .iter()
        .map(|piece| search_form(piece))
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// The digits of a phone number: five at least, with nothing but dashes and brackets between them.
fn phone(typed: &str) -> Option<String> {
    let form = search_form(typed);
    let fits = form
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | '(' | ')' | '+'));
    Some(phone_form(typed)).filter(|digits| fits && digits.len() >= 5)
}

/// What birthday can be meant: a date in any form with its unknown parts, or 4 or 6 digits of one.
fn birthday(typed: &str, text: &str, digits: bool) -> Option<(u32, u32)> {
    if digits && (text.len() == 4 || text.len() == 6) {
        let number: u32 = text.parse().ok()?;
        let (year, month) = if text.len() == 4 {
            (number, 0)
        } else {
            (number / 100, number % 100)
        };
        return ((1868..2200).contains(&year) && month <= 12).then(|| within(year, month, 0));
    }
    if digits && text.len() != 8 && text.len() != 7 {
        return None;
    }
    let date = WrittenDate::read_as_registered(typed).ok()?;
    let born = packed(Some(date.year()?), date.month(), date.day());
    Some(within(born / 10_000, born / 100 % 100, born % 100))
}

/// First and last `yyyymmdd` of a year, a month or a day. A birthday whose month or day is not known is stored with
/// zeros there and found by its year.
const fn within(year: u32, month: u32, day: u32) -> (u32, u32) {
    match (month, day) {
        (0, _) => (year * 10_000, year * 10_000 + 9_999),
        (_, 0) => (year * 10_000 + month * 100, year * 10_000 + month * 100 + 99),
        _ => {
            let exact = year * 10_000 + month * 100 + day;
            (exact, exact)
        }
    }
}

pub(super) fn search(index: &SearchIndex, typed: &str, limit: usize) -> Found {
    let terms = terms(typed);
    let Some(first) = terms.first() else {
        return Found::default();
    };
    let mut marks = Marked::all(index.len());
    for term in &terms {
        marks.keep(&fitting(index, term));
    }
    ranked(index, first, &marks, limit)
}

/// A date written with spaces (昭和45年 3月 1日) is one term; otherwise spaces separate.
fn terms(typed: &str) -> Vec<Term> {
    let typed: String = typed.chars().take(100).collect();
    if typed.contains(char::is_whitespace) && WrittenDate::read(&typed).is_ok() {
        return Term::read(&typed).into_iter().collect();
    }
    typed.split_whitespace().filter_map(Term::read).collect()
}

fn fitting(index: &SearchIndex, term: &Term) -> Marked {
    let mut marks = Marked::none(index.len());
    if term.inside {
        each_part_with(&index.text, &index.text_starts, &term.text, |row| marks.set(row));
    }
    if term.pieces.len() > 1 {
        let mut every = Marked::all(index.len());
        for piece in &term.pieces {
            let mut with = Marked::none(index.len());
            each_part_with(&index.text, &index.text_starts, piece, |row| with.set(row));
            every.keep(&with);
        }
        every.rows().for_each(|row| marks.set(row));
    }
    if let Some(phone) = &term.phone {
        each_part_with(&index.phones, &index.phone_starts, phone, |row| {
            // Whoever is kept back is not found by where they can be called.
            if !index.people[row].sheltered {
                marks.set(row);
            }
        });
    }
    if let Some(number) = &term.number {
        each_part_with(&index.text, &index.text_starts, number, |row| marks.set(row));
    }
    if !term.address.is_empty() {
        let mut places = Marked::none(index.places.search_starts.len().saturating_sub(1));
        let mut any = false;
        each_part_with(
            &index.places.search,
            &index.places.search_starts,
            &term.address,
            |place| {
                any = true;
                places.set(place);
            },
        );
        if any {
            for (row, person) in index.people.iter().enumerate() {
                if !person.sheltered && places.has(person.place as usize) {
                    marks.set(row);
                }
            }
        }
    }
    if let Some((from, to)) = term.born {
        for (row, person) in index.people.iter().enumerate() {
            if (from..=to).contains(&person.born) {
                marks.set(row);
            }
        }
    }
    marks
}

/// Calls `found` once for every part of `buffer` in which `needle` stands wholly.
fn each_part_with(buffer: &str, starts: &[u32], needle: &str, mut found: impl FnMut(usize)) {
    let finder = Finder::new(needle.as_bytes());
    let bytes = buffer.as_bytes();
    let (mut from, mut row) = (0, 0);
    while let Some(at) = finder.find(&bytes[from..]) {
        let at = from + at;
        // Hits come in order: the next part is near when there are many, far when there are few.
        row += part_of(&starts[row..], at);
        let end = starts[row + 1] as usize;
        if at + needle.len() <= end {
            found(row);
            from = end;
        } else {
            // It runs over into the next resident: not a hit of either.
            from = at + 1;
        }
    }
}

/// Which part holds byte `at`: doubling steps, then halving ones.
fn part_of(starts: &[u32], at: usize) -> usize {
    let mut reach = 1;
    while reach < starts.len() && starts[reach] as usize <= at {
        reach *= 2;
    }
    starts[..reach.min(starts.len())].partition_point(|start| *start as usize <= at) - 1
}

/// A 受付番号, in any width and with any dash.
pub(super) fn case_number(typed: &str) -> Option<CaseNumber> {
    let dashed: String = search_form(typed);
    dashed.parse().ok()
}

/// The serial of a chip or of a certificate, as hexadecimal digits with or without what people set between them. Four
/// bytes at least: fewer digits are a number or a year.
pub(super) fn card_serial(typed: &str) -> Option<Vec<u8>> {
    let digits = check_digit::plain(typed).replace(':', "");
    (8..=64)
        .contains(&digits.len())
        .then(|| hex::decode(digits).ok())
        .flatten()
}

/// The best of the marked: number exactly, reading or name beginning with the first term, any other hit in them,
/// then the rest, and in the same order after all of them who are gone; each in the index's own order.
fn ranked(index: &SearchIndex, first: &Term, marks: &Marked, limit: usize) -> Found {
    let mut total = 0;
    let mut ranks: [Vec<usize>; 8] = Default::default();
    for row in marks.rows() {
        total += 1;
        let text = span(&index.text, &index.text_starts, row);
        let rank = rank(text, first) + if index.people[row].gone { 4 } else { 0 };
        if ranks[rank].len() < limit {
            ranks[rank].push(row);
        }
    }
    let hits = ranks.iter().flatten().take(limit).map(|row| index.hit(*row)).collect();
    Found { hits, total }
}

fn rank(text: &str, first: &Term) -> usize {
    if first.number.as_ref().is_some_and(|number| text.ends_with(number)) {
        return 0;
    }
    let begins = |mark: char| {
        let part = text.find(mark).map(|at| &text[at + mark.len_utf8()..]);
        part.is_some_and(|part| part.starts_with(&first.text))
    };
    if begins(Marks::KANA) || begins(Marks::NAME) || begins(Marks::ALIAS) {
        1
    } else if text.contains(&first.text) {
        2
    } else {
        3
    }
}

/// A mark for each row.
struct Marked(Vec<u64>, usize);

impl Marked {
    fn none(rows: usize) -> Self {
        Self(vec![0; rows.div_ceil(64)], rows)
    }

    fn all(rows: usize) -> Self {
        let mut marks = Self(vec![u64::MAX; rows.div_ceil(64)], rows);
        if let (Some(last), true) = (marks.0.last_mut(), !rows.is_multiple_of(64)) {
            *last = (1 << (rows % 64)) - 1;
        }
        marks
    }

    fn set(&mut self, row: usize) {
        self.0[row / 64] |= 1 << (row % 64);
    }

    fn has(&self, row: usize) -> bool {
        self.0[row / 64] >> (row % 64) & 1 == 1
    }

    fn keep(&mut self, other: &Self) {
        debug_assert_eq!(self.1, other.1);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= theirs;
        }
    }

    fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, marks)| {
            let mut left = *marks;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    word * 64 + bit
                })
            })
        })
    }
}
