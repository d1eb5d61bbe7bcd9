//! Numbers as typed at the counter: shape, check digit, and the numbers that were probably meant.
//!
//! Each scheme stands with its source in `check_digit/schemes.rs`. A mistyped number is answered with near candidates:
//! the valid numbers one digit or one swap of neighbours away. An individual number (個人番号) can be checked here and
//! is stored nowhere: 番号法20条 forbids keeping it outside the purposes the law lists.

use relay_core::letters::is_unseen;
use unicode_normalization::UnicodeNormalization;

mod schemes;

pub use schemes::mrz_check_digit;

/// A kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// 個人番号, 12 digits. Checked, never stored.
    IndividualNumber,
    /// 住民票コード, 11 digits.
    ResidentCode,
    /// 法人番号, 13 digits.
    CorporateNumber,
    /// 運転免許証番号, 12 digits.
    DrivingLicence,
    /// 保険者番号, 8 digits.
    Insurer,
    /// 国保の保険者番号, 6 digits.
    NationalHealthInsurer,
    /// 公費負担者番号, 8 digits.
    PublicPayer,
    /// 公費負担医療の受給者番号, 7 digits.
    PublicRecipient,
    /// 医療機関コード, 7 digits.
    MedicalInstitution,
    /// 全国地方公共団体コード, 6 digits.
    LocalGovernment,
    /// 引受番号 of registered post, 11 digits.
    RegisteredPost,
    /// お問い合わせ番号 of parcels, 12 digits.
    Parcel,
    /// 旅券番号 of Japan, two letters and seven digits.
    Passport,
    /// The number of another government's passport: five to nine letters and digits, a digit among them (ICAO Doc
    /// 9303-4, field 3 of the MRZ's second line). Its shape is its government's own.
    ForeignPassport,
    /// 在留カード・特別永住者証明書の番号, two letters, eight digits, two letters.
    ResidenceCard,
    /// 郵便番号, seven digits.
    PostalCode,
}

/// What is to be said of a number as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Shape and check digit are right.
    Valid,
    /// The shape is right; the kind has no check digit.
    ShapeOnly,
    /// The check digit is wrong, and so is the number.
    WrongCheckDigit,
    /// The check digit does not fit a scheme that is known only from samples: a warning, no refusal.
    Doubtful,
    /// Fewer or more characters than the kind has.
    WrongLength {
        /// How many the kind has.
        expected: usize,
        /// How many were typed.
        typed: usize,
    },
    /// A letter where a digit belongs, or the other way round.
    WrongCharacter {
        /// Where, from 1.
        position: usize,
    },
}

impl Verdict {
    /// Whether the number may be taken.
    pub const fn is_acceptable(self) -> bool {
        matches!(self, Self::Valid | Self::ShapeOnly | Self::Doubtful)
    }
}

/// The number without what people set between its digits: NFKC, capital letters, no dashes, spaces or characters nobody
/// sees.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !is_unseen(*c))
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | 'ー' | '/' | '〒'))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Checks a number as typed.
pub fn check(kind: NumberKind, text: &str) -> Verdict {
    check_plain(kind, &plain(text))
}

fn check_plain(kind: NumberKind, number: &str) -> Verdict {
    if kind == NumberKind::ForeignPassport {
        return check_foreign(number);
    }
    let shape = kind.shape();
    let typed = number.chars().count();
    if typed != shape.len() {
        return Verdict::WrongLength {
            expected: shape.len(),
            typed,
        };
    }
    let fits = |(c, place): (char, u8)| match place {
        b'A' => c.is_ascii_uppercase(),
        _ => c.is_ascii_digit(),
    };
    if let Some(at) = number.chars().zip(shape.bytes()).position(|pair| !fits(pair)) {
        return Verdict::WrongCharacter { position: at + 1 };
    }
    let digits: Vec<u8> = number.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    match schemes::holds(kind, &digits) {
        None => Verdict::ShapeOnly,
        Some(true) => Verdict::Valid,
        Some(false) if kind == NumberKind::ResidentCode => Verdict::Doubtful,
        Some(false) => Verdict::WrongCheckDigit,
    }
}

fn check_foreign(number: &str) -> Verdict {
    let typed = number.chars().count();
    if let Some(at) = number.chars().position(|c| !c.is_ascii_alphanumeric()) {
        return Verdict::WrongCharacter { position: at + 1 };
    }
    if !(5..=9).contains(&typed) {
        return Verdict::WrongLength { expected: 9, typed };
    }
    match number.bytes().any(|byte| byte.is_ascii_digit()) {
        true => Verdict::ShapeOnly,
        false => Verdict::WrongCharacter { position: typed },
    }
}

/// The valid numbers one wrong character or one swap of neighbours away, the likelier first: swaps, then digits that
/// look alike, then the rest. Empty for a number that is right already, and for one of the wrong length.
pub fn candidates(kind: NumberKind, text: &str) -> Vec<String> {
    let number = plain(text);
    let wrong = match check_plain(kind, &number) {
        Verdict::WrongCheckDigit | Verdict::Doubtful | Verdict::WrongCharacter { .. } => number,
        Verdict::Valid | Verdict::ShapeOnly | Verdict::WrongLength { .. } => return Vec::new(),
    };
    let characters: Vec<char> = wrong.chars().collect();
    let swaps = (1..characters.len()).map(|at| {
        let mut swapped = characters.clone();
        swapped.swap(at - 1, at);
        swapped
    });
    let alternatives: &str = if kind.shape().contains('A') {
        LETTERS_AND_DIGITS
    } else {
        DIGITS
    };
    let changed = |alike: bool| {
        let characters = &characters;
        (0..characters.len()).flat_map(move |at| {
            alternatives
                .chars()
                .filter(move |other| *other != characters[at] && look_alike(characters[at], *other) == alike)
                .map(move |other| {
                    let mut changed = characters.clone();
                    changed[at] = other;
                    changed
                })
        })
    };
    let mut found = Vec::new();
    // A kind without a check digit has too many valid neighbours to be of help: only look-alikes are offered.
    let rest = kind.has_check_digit().then(|| changed(false)).into_iter().flatten();
    for near in swaps.chain(changed(true)).chain(rest) {
        let near: String = near.into_iter().collect();
        if matches!(check_plain(kind, &near), Verdict::Valid | Verdict::ShapeOnly) && !found.contains(&near) {
            found.push(near);
        }
    }
    found
}

const DIGITS: &str = "0123456789";
const LETTERS_AND_DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Characters mistaken for each other on worn cards.
fn look_alike(one: char, other: char) -> bool {
    const PAIRS: &str = "35 17 06 68 38 08 49 56 14 27 0O 0D 0Q 1I 1L 5S 8B 2Z 6G UV";
    PAIRS
        .split(' ')
        .any(|pair| pair.contains(one) && pair.contains(other) && one != other)
}

impl NumberKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::IndividualNumber,
        Self::ResidentCode,
        Self::CorporateNumber,
        Self::DrivingLicence,
        Self::Insurer,
        Self::NationalHealthInsurer,
        Self::PublicPayer,
        Self::PublicRecipient,
        Self::MedicalInstitution,
        Self::LocalGovernment,
        Self::RegisteredPost,
        Self::Parcel,
        Self::Passport,
        Self::ForeignPassport,
        Self::ResidenceCard,
        Self::PostalCode,
    ];

    /// `9` where a digit stands, `A` where a letter does.
    const fn shape(self) -> &'static str {
        match self {
            Self::IndividualNumber | Self::DrivingLicence | Self::Parcel => "999999999999",
            Self::ResidentCode | Self::RegisteredPost => "99999999999",
            Self::CorporateNumber => "9999999999999",
            Self::Insurer | Self::PublicPayer => "99999999",
            Self::NationalHealthInsurer | Self::LocalGovernment => "999999",
            Self::PublicRecipient | Self::MedicalInstitution | Self::PostalCode => "9999999",
            Self::Passport => "AA9999999",
            Self::ForeignPassport => "AAAAAAAAA",
            Self::ResidenceCard => "AA99999999AA",
        }
    }

    /// Whether a digit of it follows from the others.
    pub const fn has_check_digit(self) -> bool {
        !matches!(
            self,
            Self::Passport | Self::ForeignPassport | Self::ResidenceCard | Self::PostalCode
        )
    }

    /// Whether the office may keep the number in its records. 個人番号: 番号法20条. 住民票コード: 住民基本台帳法30条の38.
    pub const fn may_be_kept(self) -> bool {
        !matches!(self, Self::IndividualNumber | Self::ResidentCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RIGHT: [(NumberKind, &str); 28] = [
        (NumberKind::ForeignPassport, "E12345678"),
        (NumberKind::ForeignPassport, "123456789"),
        (NumberKind::ForeignPassport, "M1234567"),
        (NumberKind::IndividualNumber, "983205673214"),
        (NumberKind::IndividualNumber, "379474484458"),
        (NumberKind::IndividualNumber, "454972364860"),
        (NumberKind::IndividualNumber, "507957100721"),
        (NumberKind::IndividualNumber, "123456789018"),
        (NumberKind::ResidentCode, "24727059608"),
        (NumberKind::ResidentCode, "24846016224"),
        (NumberKind::ResidentCode, "25208017643"),
        (NumberKind::CorporateNumber, "1180301018771"),
        (NumberKind::CorporateNumber, "5010001008846"),
        (NumberKind::CorporateNumber, "7010401045660"),
        (NumberKind::DrivingLicence, "309012345620"),
        (NumberKind::Insurer, "33120015"),
        (NumberKind::PublicPayer, "33120015"),
        (NumberKind::NationalHealthInsurer, "138016"),
        (NumberKind::NationalHealthInsurer, "420059"),
        (NumberKind::LocalGovernment, "422053"),
        (NumberKind::LocalGovernment, "422011"),
        (NumberKind::LocalGovernment, "422029"),
        (NumberKind::LocalGovernment, "420000"),
        (NumberKind::LocalGovernment, "131016"),
        (NumberKind::LocalGovernment, "011002"),
        (NumberKind::RegisteredPost, "131-12-38385-2"),
        (NumberKind::Passport, "TK1234567"),
        (NumberKind::ResidenceCard, "AB12345678CD"),
    ];

    #[test]
    fn numbers_known_to_be_right_are_taken() {
        for (kind, number) in RIGHT {
            assert!(
                matches!(check(kind, number), Verdict::Valid | Verdict::ShapeOnly),
                "{kind:?} {number}"
            );
            assert!(candidates(kind, number).is_empty(), "{kind:?} {number}");
        }
    }

    #[test]
    fn numbers_known_to_be_wrong_are_not() {
        let wrong = |kind, number| check(kind, number) == Verdict::WrongCheckDigit;
        assert!(wrong(NumberKind::IndividualNumber, "507957100722"));
        assert!(wrong(NumberKind::DrivingLicence, "309012345630"));
        assert!(wrong(NumberKind::LocalGovernment, "422054"));
        assert!(wrong(NumberKind::RegisteredPost, "13112383853"));
        assert_eq!(check(NumberKind::ResidentCode, "25208017644"), Verdict::Doubtful);
    }

    #[test]
    fn width_dashes_and_spaces_do_not_matter() {
        assert_eq!(
            check(NumberKind::DrivingLicence, "第"),
            Verdict::WrongLength { expected: 12, typed: 1 }
        );
        assert_eq!(
            check(NumberKind::DrivingLicence, "３０９０ １２３４ ５６２０"),
            Verdict::Valid
        );
        assert_eq!(check(NumberKind::ResidenceCard, "ab 1234 5678 cd"), Verdict::ShapeOnly);
        assert_eq!(check(NumberKind::PostalCode, "〒856－8686"), Verdict::ShapeOnly);
    }

    #[test]
    fn a_letter_in_the_place_of_a_digit_is_pointed_at_and_the_digit_offered() {
        assert_eq!(
            check(NumberKind::Passport, "TK12345O7"),
            Verdict::WrongCharacter { position: 8 }
        );
        assert_eq!(candidates(NumberKind::Passport, "TK12345O7"), ["TK1234507"]);
        assert_eq!(candidates(NumberKind::ResidenceCard, "A812345678CD"), ["AB12345678CD"]);
    }

    #[test]
    fn a_worn_3_read_as_5_is_offered_before_digits_that_do_not_look_alike() {
        // 3090123456 20 with its first 3 read as 5; some swaps of neighbours and other look-alikes fit too.
        let typed = "509012345620";
        let found = candidates(NumberKind::DrivingLicence, typed);
        let place = found.iter().position(|candidate| candidate == "309012345620").unwrap();
        for earlier in &found[..place] {
            let differing: Vec<(char, char)> = typed.chars().zip(earlier.chars()).filter(|(a, b)| a != b).collect();
            assert!(
                differing.len() == 2 || look_alike(differing[0].0, differing[0].1),
                "{earlier}"
            );
        }
        assert!(place < found.len() - 1, "nothing else was offered");
    }

    #[test]
    fn two_digits_swapped_are_offered_first() {
        let found = candidates(NumberKind::IndividualNumber, "893205673214");
        assert_eq!(found.first().map(String::as_str), Some("983205673214"));
    }

    #[test]
    fn the_collision_of_the_individual_number_is_known() {
        // r = 0 and r = 1 both give 0, so one single error in eleven escapes; it must not be claimed otherwise.
        let body = |digits: &str| {
            (0..10).find(|c| check(NumberKind::IndividualNumber, &format!("{digits}{c}")) == Verdict::Valid)
        };
        let escapes = (0..10)
            .filter(|digit| body(&format!("{digit}5497236486")) == Some(0))
            .count();
        assert!(escapes >= 1);
    }

    #[test]
    fn what_the_law_forbids_to_keep_is_not_kept() {
        assert!(!NumberKind::IndividualNumber.may_be_kept());
        assert!(NumberKind::DrivingLicence.may_be_kept());
    }

    /// `body` completed by its check digit, where the kind's check digit stands last.
    fn completed(kind: NumberKind, body: &str) -> Option<String> {
        (0..10)
            .map(|digit| format!("{body}{digit}"))
            .find(|number| check(kind, number) == Verdict::Valid)
    }

    proptest! {
        #[test]
        fn every_single_wrong_digit_of_an_insurer_is_caught(body in "[0-9]{7}", at in 0usize..8, by in 1u8..10) {
            let right = completed(NumberKind::Insurer, &body).unwrap();
            let wrong = changed(&right, at, by);
            prop_assert_eq!(check(NumberKind::Insurer, &wrong), Verdict::WrongCheckDigit);
            prop_assert!(candidates(NumberKind::Insurer, &wrong).contains(&right));
        }

        #[test]
        fn shorter_numbers_of_the_same_scheme_catch_it_too(body in "[0-9]{5}", at in 0usize..6, by in 1u8..10) {
            let right = completed(NumberKind::NationalHealthInsurer, &body).unwrap();
            prop_assert_eq!(check(NumberKind::NationalHealthInsurer, &changed(&right, at, by)), Verdict::WrongCheckDigit);
        }

        #[test]
        fn a_single_wrong_digit_of_a_post_number_is_caught_unless_it_differs_by_seven(
            body in "[0-9]{10}", at in 0usize..10, by in 1u8..10,
        ) {
            let Some(right) = completed(NumberKind::RegisteredPost, &body) else { unreachable!() };
            let wrong = changed(&right, at, by);
            let (before, after) = (right.as_bytes()[at], wrong.as_bytes()[at]);
            let caught = check(NumberKind::RegisteredPost, &wrong) == Verdict::WrongCheckDigit;
            prop_assert_eq!(caught, before.abs_diff(after) != 7);
        }

        #[test]
        fn a_single_wrong_digit_of_an_individual_number_is_caught_unless_its_check_digit_is_0(
            body in "[0-9]{11}", at in 0usize..11, by in 1u8..10,
        ) {
            let right = completed(NumberKind::IndividualNumber, &body).unwrap();
            let wrong = changed(&right, at, by);
            if !right.ends_with('0') {
                prop_assert_eq!(check(NumberKind::IndividualNumber, &wrong), Verdict::WrongCheckDigit);
                prop_assert!(candidates(NumberKind::IndividualNumber, &wrong).contains(&right));
            }
        }

        #[test]
        fn a_single_wrong_digit_of_a_corporate_number_is_caught_unless_nine_stands_for_nought(
            body in "[0-9]{12}", at in 1usize..13, by in 1u8..10,
        ) {
            let right = (0..10).map(|digit| format!("{digit}{body}"))
                .find(|number| check(NumberKind::CorporateNumber, number) == Verdict::Valid).unwrap();
            let wrong = changed(&right, at, by);
            let (before, after) = (right.as_bytes()[at], wrong.as_bytes()[at]);
            let caught = check(NumberKind::CorporateNumber, &wrong) == Verdict::WrongCheckDigit;
            prop_assert_eq!(caught, before.abs_diff(after) != 9);
        }

        #[test]
        fn every_candidate_is_valid_and_near(text in "[0-9]{12}") {
            for candidate in candidates(NumberKind::DrivingLicence, &text) {
                prop_assert_eq!(check(NumberKind::DrivingLicence, &candidate), Verdict::Valid);
                let differing = candidate.bytes().zip(text.bytes()).filter(|(a, b)| a != b).count();
                prop_assert!((1..=2).contains(&differing));
            }
        }

        #[test]
        fn nothing_typed_can_break_the_check(text in "\\PC{0,20}") {
            for kind in NumberKind::ALL {
                let _ = check(kind, &text);
                let _ = candidates(kind, &text);
            }
        }
    }

    fn changed(number: &str, at: usize, by: u8) -> String {
        let mut bytes = number.as_bytes().to_vec();
        bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
        String::from_utf8(bytes).unwrap()
    }
}
