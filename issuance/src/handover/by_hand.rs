//! The notice's token as a person types it, where no scanner reads the QR: short groups, letters that are not taken for one
//! another, and a check in every group, so that a slip of the finger is told with its place and never sent to the records.
//!
//! The 26 characters of the token (130 bits) are written in Crockford's alphabet (no I, L, O, U), four to a group with a
//! fifth that checks them: `7K3QW 9X2MD …`, seven groups, the last one of two and its check.

use std::fmt;

use super::{BASE32, NoticeToken};

/// Crockford's base 32: what looks alike is one character, however it is typed ([`value`]).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of the token in a group; its check stands behind them.
const DATA: usize = 4;
/// Characters typed in all: 26 of the token, and a check for each of seven groups.
pub const TYPED: usize = NoticeToken::LENGTH + NoticeToken::LENGTH.div_ceil(DATA);

/// What was typed is not a code, or not yet.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// So far all is well; characters are still to come.
    #[error("{typed} of {TYPED} characters typed, the first {groups} groups are right")]
    Unfinished {
        /// Whole groups that are right.
        groups: usize,
        typed: usize,
    },
    /// A character that no code has.
    #[error("group {group} has a character that no code has")]
    Character {
        /// In which group, from 1.
        group: usize,
        found: char,
    },
    /// A group whose check does not agree: a wrong, missing or exchanged character in it.
    #[error("group {group} is not as printed")]
    Group {
        /// Which, from 1.
        group: usize,
    },
    /// More than a code has.
    #[error("more than {TYPED} characters")]
    TooLong,
}

/// Quiet: what was typed is most of a secret.
impl fmt::Debug for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unfinished { .. } => "Unfinished",
            Self::Character { .. } => "Character",
            Self::Group { .. } => "Group",
            Self::TooLong => "TooLong",
        })
    }
}

/// The token in groups, as printed below the QR.
pub fn groups(token: &NoticeToken) -> Vec<String> {
    let values: Vec<u8> = token.as_str().bytes().filter_map(place_in_token).collect();
    let printed = |value: u8| char::from(ALPHABET[usize::from(value)]);
    values
        .chunks(DATA)
        .enumerate()
        .map(|(at, data)| {
            let check = check(at + 1, data);
            data.iter().copied().chain([check]).map(printed).collect()
        })
        .collect()
}

/// Reads what was typed. Spaces and hyphens between groups may be left out or put anywhere; case does not matter, nor do
/// the letters that the alphabet leaves out for their likeness to others.
///
/// # Errors
/// [`Misread`], with the group to look at.
pub fn read(text: &str) -> Result<NoticeToken, Misread> {
    let mut typed = Vec::with_capacity(TYPED);
    for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
        let group = typed.len() / (DATA + 1) + 1;
        typed.push(value(letter).ok_or(Misread::Character { group, found: letter })?);
    }
    let mut token = String::with_capacity(NoticeToken::LENGTH);
    let mut good = 0;
    for (at, group) in typed.chunks(DATA + 1).enumerate() {
        let is_last = token.len() + DATA >= NoticeToken::LENGTH;
        let whole = if is_last {
            NoticeToken::LENGTH - token.len() + 1
        } else {
            DATA + 1
        };
        if group.len() < whole {
            break;
        }
        let (data, rest) = group.split_at(whole - 1);
        if rest.first() != Some(&check(at + 1, data)) {
            return Err(Misread::Group { group: at + 1 });
        }
        if is_last && rest.len() > 1 || token.len() == NoticeToken::LENGTH {
            return Err(Misread::TooLong);
        }
        token.extend(data.iter().map(|value| char::from(BASE32[usize::from(*value)])));
        good += 1;
    }
    if token.len() < NoticeToken::LENGTH {
        return Err(Misread::Unfinished {
            groups: good,
            typed: typed.len(),
        });
    }
    Ok(NoticeToken(token))
}

fn place_in_token(letter: u8) -> Option<u8> {
    BASE32
        .iter()
        .position(|one| *one == letter)
        .and_then(|at| u8::try_from(at).ok())
}

/// What a typed character stands for: O is zero, I and L are one (as Crockford reads them), U is V.
fn value(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        'U' => 'V',
        letter => letter,
    };
    let at = ALPHABET.iter().position(|one| char::from(*one) == letter)?;
    u8::try_from(at).ok()
}

/// The check of a group: its characters weighted by powers of a generator of GF(32), and the group's number. One wrong
/// character, two exchanged ones and two exchanged groups always change it.
fn check(group: usize, data: &[u8]) -> u8 {
    let mut sum = (group & 31) as u8;
    let mut weight = 2;
    for value in data {
        sum ^= times(*value, weight);
        weight = times(weight, 2);
    }
    sum
}

/// Multiplication in GF(32) by x⁵ + x² + 1.
fn times(mut one: u8, mut other: u8) -> u8 {
    let mut product = 0;
    while other > 0 {
        if other & 1 == 1 {
            product ^= one;
        }
        one <<= 1;
        if one & 32 != 0 {
            one ^= 0b10_0101;
        }
        other >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use relay_core::chance::SeededChance;

    fn token(seed: u64) -> NoticeToken {
        NoticeToken::new(&mut SeededChance::new(seed))
    }

    fn printed(seed: u64) -> String {
        groups(&token(seed)).join(" ")
    }

    #[test]
    fn what_is_printed_is_read_back_however_it_is_typed() {
        let printed = printed(1);
        assert_eq!(printed.len(), TYPED + 6);
        let lower = printed.to_lowercase();
        let alike = printed.replace('0', "o").replace('1', "l").replace('V', "u");
        for typed in [
            &printed,
            &lower,
            &printed.replace(' ', ""),
            &printed.replace(' ', "-"),
            &alike,
        ] {
            assert_eq!(read(typed), Ok(token(1)));
        }
    }

    #[test]
    fn a_slip_is_told_with_the_group_it_is_in() {
        let whole = groups(&token(2));
        for group in 0..whole.len() {
            for at in 0..whole[group].len() {
                for wrong in ALPHABET.iter().map(|letter| char::from(*letter)) {
                    let mut typed = whole.clone();
                    let was = typed[group].chars().nth(at).unwrap();
                    typed[group].replace_range(at..=at, &wrong.to_string());
                    let expected = if wrong == was {
                        Ok(token(2))
                    } else {
                        Err(Misread::Group { group: group + 1 })
                    };
                    assert_eq!(read(&typed.join(" ")), expected);
                }
            }
        }
    }

    #[test]
    fn exchanged_letters_and_exchanged_groups_are_slips_too() {
        for seed in 0..50 {
            let printed: Vec<char> = groups(&token(seed)).concat().chars().collect();
            for at in 0..printed.len() - 1 {
                let mut typed = printed.clone();
                typed.swap(at, at + 1);
                // Across two groups the exchange puts a wrong character into each.
                assert_eq!(read(&typed.iter().collect::<String>()).is_ok(), typed == printed);
            }
            let mut whole = groups(&token(seed));
            whole.swap(1, 3);
            assert_eq!(read(&whole.join(" ")).is_ok(), whole[1] == whole[3]);
        }
    }

    #[test]
    fn while_typing_the_groups_typed_so_far_are_said_to_be_right() {
        let printed = printed(3);
        assert_eq!(read(""), Err(Misread::Unfinished { groups: 0, typed: 0 }));
        assert_eq!(read(&printed[..13]), Err(Misread::Unfinished { groups: 2, typed: 11 }));
        assert_eq!(
            read(&printed[..printed.len() - 1]),
            Err(Misread::Unfinished { groups: 6, typed: 32 })
        );
        assert_eq!(read(&format!("{printed} 7")), Err(Misread::TooLong));
        assert_eq!(read(&format!("{printed} 77777 77")), Err(Misread::TooLong));
        let strange = format!("{}!{}", &printed[..7], &printed[7..]);
        assert_eq!(read(&strange), Err(Misread::Character { group: 2, found: '!' }));
    }

    #[test]
    fn nothing_typed_shows_in_an_error() {
        let misread = read(&printed(4)[..8]).unwrap_err();
        assert_eq!(format!("{misread:?}"), "Unfinished");
    }

    proptest! {
        #[test]
        fn nothing_typed_can_break_the_reader(text in "\\PC{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn every_token_is_read_back(seed in any::<u64>()) {
            prop_assert_eq!(read(&printed(seed)), Ok(token(seed)));
        }
    }
}
