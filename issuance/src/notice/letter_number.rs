//! The number at the foot of a letter: run, letter and two check digits, `12-345-67`.

use std::{fmt, str::FromStr};

/// Letters of a run are fewer than this.
const LETTERS: i128 = 1_000_000;

/// Which letter of which run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterNumber {
    pub run: i64,
    pub letter: i32,
}

/// Why a typed number is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotANumber {
    /// Not three groups of digits.
    Shape,
    /// The check digits are another number's.
    Check,
}

impl LetterNumber {
    /// By ISO/IEC 7064, MOD 97-10: a digit that is wrong, and two that changed places, are always found.
    fn check(self) -> i128 {
        98 - (i128::from(self.run) * LETTERS + i128::from(self.letter)) * 100 % 97
    }
}

impl fmt::Display for LetterNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:02}", self.run, self.letter, self.check())
    }
}

impl FromStr for LetterNumber {
    type Err = NotANumber;

    /// As printed; what a scanner reads behind it is left.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let mut groups = text.trim().splitn(3, '-').map(str::trim);
        let mut group = || groups.next().filter(|group| !group.is_empty()).ok_or(NotANumber::Shape);
        let (run, letter, check) = (group()?, group()?, group()?);
        let check = check.get(..2).ok_or(NotANumber::Shape)?;
        let whole = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
        if ![run, letter, check].into_iter().all(whole) {
            return Err(NotANumber::Shape);
        }
        let number = Self {
            run: run.parse().map_err(|_| NotANumber::Shape)?,
            letter: letter.parse().map_err(|_| NotANumber::Shape)?,
        };
        match number.letter > 0 && i128::from(number.letter) < LETTERS && check.parse() == Ok(number.check()) {
            true => Ok(number),
            false => Err(NotANumber::Check),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_that_is_wrong_missing_or_in_anothers_place_is_found() {
        for (run, letter) in [(12, 345), (1, 90_000), (907, 6), (1, 1)] {
            let number = LetterNumber { run, letter };
            let text = number.to_string();
            assert_eq!(text.parse(), Ok(number));
            assert_eq!(format!(" {text}  照合番号 1234").parse(), Ok(number));
            let digits: Vec<usize> = text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte != b'-')
                .map(|(at, _)| at)
                .collect();
            for at in &digits {
                for digit in b'0'..=b'9' {
                    let mut wrong = text.clone().into_bytes();
                    if wrong[*at] == digit {
                        continue;
                    }
                    wrong[*at] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert!(wrong.parse::<LetterNumber>().is_err(), "{wrong} for {text}");
                }
            }
            for pair in digits
                .windows(2)
                .filter(|pair| text.as_bytes()[pair[0]] != text.as_bytes()[pair[1]])
            {
                // Behind the last group stands whatever the scanner read.
                let mut wrong = text.clone().into_bytes();
                wrong.swap(pair[0], pair[1]);
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(wrong.parse::<LetterNumber>().is_err(), "{wrong} for {text}");
            }
        }
        for shape in ["", "12", "12-345", "12-345-", "a-345-67", "12--67", "-1-2-34"] {
            assert_eq!(shape.parse::<LetterNumber>(), Err(NotANumber::Shape), "{shape}");
        }
    }
}
