//! Escrow: a secret on paper, in shares that are worth nothing one by one.
//!
//! Losing one half's secret loses every pseudonym of every service. So each half's secret (and the registrar's) is split
//! by Shamir's scheme into `of` sheets, of which any `needed` bring it back, and fewer say nothing about it. A sheet is a
//! page of text to be kept in an envelope in somebody's safe: lines of hexadecimal digits, each with a check of its own,
//! so that a letter read wrongly is found in its line, and four check words that two people can compare by voice.

mod sheet;
mod words;

use aws_lc_rs::digest::{SHA256, digest};
use vsss_rs::Gf256;
use zeroize::Zeroizing;

pub use sheet::{Sheet, SheetError};

use crate::{
    chance::{Chance, draw},
    pseudonym::Draws,
};

/// Why a secret is not split, or does not come back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EscrowError {
    /// One sheet alone must never be enough, and nobody keeps more than some.
    #[error("between 2 and 16 sheets, of which at least 2 are needed")]
    Count,
    /// Too few different sheets.
    #[error("{given} of the {needed} sheets that are needed")]
    TooFew {
        /// How many different ones were given.
        given: usize,
        /// How many are needed.
        needed: u8,
    },
    /// Sheets of two splittings, or of two secrets.
    #[error("the sheets belong to different sets: {0} and {1}")]
    Mixed(String, String),
    /// Each is whole by its own check, but together they give nothing: one of them was made up.
    #[error("the sheets do not belong together: at least one of them is forged")]
    Forged,
    /// A sheet that cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
}

/// Splits `secret` into `of` sheets, of which any `needed` bring it back. `name` stands on each.
///
/// # Errors
/// [`EscrowError::Count`]
pub fn split(name: &str, secret: &str, needed: u8, of: u8, chance: &mut dyn Chance) -> Result<Vec<Sheet>, EscrowError> {
    if !(2..=16).contains(&of) || !(2..=of).contains(&needed) {
        return Err(EscrowError::Count);
    }
    // With its hash behind it, so that what comes back is known to be right before anybody uses it.
    let mut whole = Zeroizing::new(secret.as_bytes().to_vec());
    whole.extend(hash(secret.as_bytes()));
    let shares = Gf256::split_bytes(usize::from(needed), usize::from(of), &*whole, Draws(chance))
        .map(Zeroizing::new)
        .map_err(|_| EscrowError::Count)?;
    let set: [u8; 4] = draw(chance);
    Ok(shares
        .iter()
        .map(|share| Sheet::new(name, set, needed, of, Zeroizing::new(share.clone())))
        .collect())
}

/// The secret that `sheets` were split from.
///
/// # Errors
/// [`EscrowError`]
pub fn restore(sheets: &[Sheet]) -> Result<Zeroizing<String>, EscrowError> {
    let Some(first) = sheets.first() else {
        return Err(EscrowError::TooFew { given: 0, needed: 2 });
    };
    let mut shares: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    for sheet in sheets {
        if !sheet.belongs_with(first) {
            return Err(EscrowError::Mixed(first.set(), sheet.set()));
        }
        // The same sheet twice is one sheet.
        if !shares.iter().any(|share| share[0] == sheet.share()[0]) {
            shares.push(sheet.share().clone());
        }
    }
    if shares.len() < usize::from(first.needed()) {
        return Err(EscrowError::TooFew {
            given: shares.len(),
            needed: first.needed(),
        });
    }
    let plain: Vec<Vec<u8>> = shares.iter().map(|share| share.to_vec()).collect();
    let plain = Zeroizing::new(plain);
    let whole = Zeroizing::new(Gf256::combine_bytes(&*plain).map_err(|_| EscrowError::Forged)?);
    let (secret, told) = whole
        .split_at_checked(whole.len().saturating_sub(32))
        .ok_or(EscrowError::Forged)?;
    if told != hash(secret) {
        return Err(EscrowError::Forged);
    }
    std::str::from_utf8(secret)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| EscrowError::Forged)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes)
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chance::SeededChance,
        pseudonym::{BlindSecret, Ceremony},
    };

    fn sheets(needed: u8, of: u8) -> (String, Vec<Sheet>) {
        let chance = &mut SeededChance::new(11);
        let secret = Ceremony::run(chance).blind.to_text().to_string();
        let sheets = split("目隠し側 edition 1", &secret, needed, of, chance).unwrap();
        (secret, sheets)
    }

    #[test]
    fn any_three_of_five_sheets_bring_the_secret_back_and_no_two_do() {
        let (secret, sheets) = sheets(3, 5);
        for one in 0..5 {
            for other in 0..one {
                let two = [sheets[one].clone(), sheets[other].clone()];
                assert_eq!(restore(&two).unwrap_err(), EscrowError::TooFew { given: 2, needed: 3 });
                for third in 0..other {
                    let three = [sheets[one].clone(), sheets[other].clone(), sheets[third].clone()];
                    assert_eq!(*restore(&three).unwrap(), secret);
                }
            }
        }
        assert_eq!(*restore(&sheets).unwrap(), secret, "all of them");
        BlindSecret::from_text(&restore(&sheets[1..4]).unwrap()).unwrap();
    }

    #[test]
    fn a_sheet_is_read_back_from_its_page_and_the_same_twice_is_one() {
        let (secret, sheets) = sheets(2, 3);
        let read: Vec<_> = sheets.iter().map(|sheet| Sheet::read(&sheet.page()).unwrap()).collect();
        assert_eq!(*restore(&read[..2]).unwrap(), secret);
        let twice = [read[0].clone(), read[0].clone()];
        assert_eq!(
            restore(&twice).unwrap_err(),
            EscrowError::TooFew { given: 1, needed: 2 }
        );
        // What a typist adds or leaves out between the groups does not matter.
        let typed = sheets[2].page().replace("  ", " ").to_uppercase();
        assert_eq!(
            *restore(&[read[0].clone(), Sheet::read(&typed).unwrap()]).unwrap(),
            secret
        );
    }

    #[test]
    fn a_letter_read_wrongly_is_found_in_its_line() {
        let (_, sheets) = sheets(2, 3);
        let page = sheets[0].page();
        let line = page.lines().find(|line| line.trim_start().starts_with("03")).unwrap();
        let bent = line
            .replacen(char::is_alphanumeric, "0", 0)
            .chars()
            .rev()
            .collect::<String>();
        let at = bent
            .chars()
            .position(|letter| letter.is_ascii_hexdigit() && letter != '7')
            .unwrap();
        let mut letters: Vec<char> = bent.chars().collect();
        letters[at] = '7';
        let bent: String = letters.into_iter().rev().collect();
        assert_eq!(
            Sheet::read(&page.replace(line, &bent)).unwrap_err(),
            SheetError::Line(3)
        );
        let missing: String = page
            .lines()
            .filter(|other| *other != line)
            .map(|other| format!("{other}\n"))
            .collect();
        assert_eq!(Sheet::read(&missing).unwrap_err(), SheetError::Line(3));
    }

    #[test]
    fn sheets_of_two_sets_and_a_forged_one_are_refused() {
        let (_, first) = sheets(2, 3);
        let chance = &mut SeededChance::new(12);
        let second = split("目隠し側 edition 1", "another secret of some length", 2, 3, chance).unwrap();
        let mixed = restore(&[first[0].clone(), second[1].clone()]);
        assert!(matches!(mixed.unwrap_err(), EscrowError::Mixed(..)));
        let forged = first[1].with_share_of(&split("x", &"y".repeat(160), 2, 3, chance).unwrap()[1]);
        assert_eq!(restore(&[first[0].clone(), forged]).unwrap_err(), EscrowError::Forged);
        assert_eq!(split("x", "y", 1, 3, chance).unwrap_err(), EscrowError::Count);
        assert_eq!(split("x", "y", 4, 3, chance).unwrap_err(), EscrowError::Count);
    }

    #[test]
    fn check_words_tell_two_sheets_apart() {
        let (_, sheets) = sheets(2, 3);
        assert_eq!(
            sheets[0].check_words(),
            Sheet::read(&sheets[0].page()).unwrap().check_words()
        );
        assert_ne!(sheets[0].check_words(), sheets[1].check_words());
        assert!(!format!("{:?}", sheets[0]).contains(sheets[0].page().lines().nth(8).unwrap()));
    }
}
