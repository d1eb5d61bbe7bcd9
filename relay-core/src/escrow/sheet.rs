//! One sheet: a share as a page of text that is printed, kept, and typed in again.

use std::fmt::{self, Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::words;

const HEAD: &str = "MADOGUCHI ESCROW 1";
/// Bytes in a line: 8 groups of 2.
const WIDTH: usize = 16;

/// Why a page is no sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Its head is missing or not ours.
    #[error("this page does not begin as an escrow sheet")]
    NotASheet,
    /// A line was read or typed wrongly, or is missing.
    #[error("line {0:02} is not as it was printed: compare it letter by letter")]
    Line(usize),
    /// The lines are right by themselves, but the page is not whole.
    #[error("the page is not as it was printed: compare its head and its last line")]
    Page,
}

/// One sheet.
#[derive(Clone)]
pub struct Sheet {
    name: String,
    set: [u8; 4],
    needed: u8,
    of: u8,
    /// The share's number, then its bytes.
    share: Zeroizing<Vec<u8>>,
}

impl Sheet {
    pub(super) fn new(name: &str, set: [u8; 4], needed: u8, of: u8, share: Zeroizing<Vec<u8>>) -> Self {
        Self {
            name: name.replace(['\n', '\r'], " "),
            set,
            needed,
            of,
            share,
        }
    }

    /// The page.
    pub fn page(&self) -> Zeroizing<String> {
        let mut page = Zeroizing::new(String::with_capacity(128 + self.share.len() * 4));
        let _ = writeln!(page, "{HEAD}");
        let _ = writeln!(page, "secret  {}", self.name);
        let _ = writeln!(page, "set     {}", self.set());
        let _ = writeln!(
            page,
            "sheet   {} of {}, any {} are needed",
            self.number(),
            self.of,
            self.needed
        );
        let _ = writeln!(page, "words   {}", self.check_words());
        let _ = writeln!(page);
        for (number, line) in self.share[1..].chunks(WIDTH).enumerate() {
            let _ = write!(page, "{:02} ", number + 1);
            for group in line.chunks(2) {
                let _ = write!(page, " ");
                for byte in group {
                    let _ = write!(page, "{byte:02x}");
                }
            }
            let _ = writeln!(page, "  {}", self.line_check(number + 1, line));
        }
        page
    }

    /// The sheet of a page that was typed in or scanned. Blanks and the case of letters do not matter.
    ///
    /// # Errors
    /// [`SheetError`]
    pub fn read(page: &str) -> Result<Self, SheetError> {
        let mut lines = page.lines().map(str::trim).filter(|line| !line.is_empty());
        if !lines.next().ok_or(SheetError::NotASheet)?.eq_ignore_ascii_case(HEAD) {
            return Err(SheetError::NotASheet);
        }
        let mut field = |label: &str| {
            let line = lines.next().ok_or(SheetError::NotASheet)?;
            let (found, value) = line.split_once(char::is_whitespace).ok_or(SheetError::NotASheet)?;
            if found.eq_ignore_ascii_case(label) {
                Ok(value.trim())
            } else {
                Err(SheetError::NotASheet)
            }
        };
        let name = field("secret")?.to_owned();
        let set = bytes(field("set")?).and_then(|set| <[u8; 4]>::try_from(set.as_slice()).ok());
        let counts: Vec<u8> = field("sheet")?
            .split(|letter: char| !letter.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let words = field("words")?.to_lowercase();
        let (Some(set), &[number, of, needed]) = (set, counts.as_slice()) else {
            return Err(SheetError::NotASheet);
        };
        let mut sheet = Self::new(&name, set, needed, of, Zeroizing::new(vec![number]));
        for (at, line) in lines.enumerate() {
            let wrong = SheetError::Line(at + 1);
            let digits: String = line.split_whitespace().collect::<String>().to_lowercase();
            let digits = Zeroizing::new(digits);
            let (number, rest) = digits.split_at_checked(2).ok_or(wrong.clone())?;
            let (body, told) = rest
                .split_at_checked(rest.len().saturating_sub(4))
                .ok_or(wrong.clone())?;
            let body = Zeroizing::new(bytes(body).ok_or(wrong.clone())?);
            if number.parse() != Ok(at + 1) || told != sheet.line_check(at + 1, &body) {
                return Err(wrong);
            }
            sheet.share.extend_from_slice(&body);
        }
        // The name may have been typed in another case; all that counts for restoring is under the words.
        if sheet.check_words() != words {
            return Err(SheetError::Page);
        }
        Ok(sheet)
    }

    /// Four words that stand for the sheet's content: read aloud to compare two copies.
    pub fn check_words(&self) -> String {
        let sum = digest(&SHA256, &self.bound(0, &self.share));
        words::of(sum.as_ref())
    }

    /// Number on the sheet.
    pub fn number(&self) -> u8 {
        self.share[0]
    }

    /// How many are needed.
    pub const fn needed(&self) -> u8 {
        self.needed
    }

    /// Which splitting it is of: 8 hexadecimal digits.
    pub fn set(&self) -> String {
        self.set.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub(super) fn belongs_with(&self, other: &Self) -> bool {
        self.set == other.set && self.needed == other.needed && self.share.len() == other.share.len()
    }

    pub(super) const fn share(&self) -> &Zeroizing<Vec<u8>> {
        &self.share
    }

    #[cfg(test)]
    pub(super) fn with_share_of(&self, other: &Self) -> Self {
        let mut share = other.share.clone();
        share.resize(self.share.len(), 7);
        Self { share, ..self.clone() }
    }

    /// Four hexadecimal digits over the line, its number and the set: a line of another sheet does not pass.
    fn line_check(&self, number: usize, line: &[u8]) -> String {
        let sum = digest(&SHA256, &self.bound(number, line));
        format!("{:02x}{:02x}", sum.as_ref()[0], sum.as_ref()[1])
    }

    fn bound(&self, number: usize, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut bound = Zeroizing::new(Vec::with_capacity(16 + bytes.len()));
        bound.extend(self.set);
        bound.extend([self.needed, self.of, self.share[0], number as u8]);
        bound.extend(bytes);
        bound
    }
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sheet({} of set {})", self.number(), self.set())
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}
