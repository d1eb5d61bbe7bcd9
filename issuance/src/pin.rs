//! 暗証番号: four digits the resident chooses, and the ones that are refused because others guess them.
//!
//! The digits come in as a [`SecretString`] and are looked at only here; a refusal names its rule, never a digit. What is
//! compared with is written into buffers that are wiped.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    era::{Birthday, Era},
    person::Resident,
};

/// Digits of a resident's PIN (利用者証明用電子証明書の暗証番号 has four too).
pub const LENGTH: usize = 4;

/// Why a PIN is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Weak {
    #[error("a PIN has four digits")]
    NotFourDigits,
    /// 0000, 1111.
    #[error("one digit four times")]
    OneDigit,
    /// 1212, 1122: two digits that alternate or come in pairs.
    #[error("two digits in a pattern")]
    Pattern,
    /// 1234, 4321, 7890, 2468.
    #[error("digits in a row")]
    Sequence,
    /// Month and day, day and month, or year of the birthday, western or of the era.
    #[error("taken from the birthday")]
    Birthday,
    /// Four digits of the phone number.
    #[error("taken from the phone number")]
    Phone,
    /// Four digits at the end of the postal code, or the number of the house.
    #[error("taken from the address")]
    Address,
    /// The last four digits of the 宛名番号, which stands on letters.
    #[error("taken from the resident number")]
    Number,
}

impl Weak {
    /// The key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFourDigits => "not_four_digits",
            Self::OneDigit => "one_digit",
            Self::Pattern => "pattern",
            Self::Sequence => "sequence",
            Self::Birthday => "birthday",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Number => "number",
        }
    }
}

/// A PIN that may be set. Made only by [`check`]; wiped when it goes.
pub struct Pin(SecretString);

impl Pin {
    /// The digits, ASCII.
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Quiet.
impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// Checks the PIN a resident typed against the rules and their own data.
///
/// # Errors
/// The first rule it breaks.
pub fn check(typed: &SecretString, resident: &Resident) -> Result<Pin, Weak> {
    let digits = four_digits(typed.expose_secret()).ok_or(Weak::NotFourDigits)?;
    let pin: &[u8; LENGTH] = &digits;
    if pin.iter().all(|digit| *digit == pin[0]) {
        return Err(Weak::OneDigit);
    }
    if (pin[0] == pin[2] && pin[1] == pin[3]) || (pin[0] == pin[1] && pin[2] == pin[3]) {
        return Err(Weak::Pattern);
    }
    if is_sequence(pin) {
        return Err(Weak::Sequence);
    }
    if is_of_birthday(pin, &resident.birthday) {
        return Err(Weak::Birthday);
    }
    if resident.phone.as_deref().is_some_and(|phone| is_of_phone(pin, phone)) {
        return Err(Weak::Phone);
    }
    if ends_with(pin, &resident.postal_code) || is_of_address(pin, resident) {
        return Err(Weak::Address);
    }
    if ends_with(pin, &resident.number) {
        return Err(Weak::Number);
    }
    let text = std::str::from_utf8(&*digits).map_err(|_| Weak::NotFourDigits)?;
    Ok(Pin(SecretString::from(text)))
}

/// The four digits in ASCII; full-width ones are taken as well.
fn four_digits(typed: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let mut digits = Zeroizing::new([0; LENGTH]);
    let mut length = 0;
    for c in typed.nfkc() {
        if !c.is_ascii_digit() || length == LENGTH {
            return None;
        }
        digits[length] = c as u8;
        length += 1;
    }
    (length == LENGTH).then_some(digits)
}

/// One step of the same size from digit to digit, round the end too: 1234, 4321, 7890, 2468, 0987.
fn is_sequence(pin: &[u8; LENGTH]) -> bool {
    let step = |at: usize| (10 + pin[at] - pin[at - 1]) % 10;
    matches!(step(1), 1 | 2 | 8 | 9) && step(1) == step(2) && step(2) == step(3)
}

/// The western year; or any two of month, day, western year and era's year, two digits each, in any order: MMDD, DDMM,
/// YYMM. Unknown parts are left out.
fn is_of_birthday(pin: &[u8; LENGTH], birthday: &Birthday) -> bool {
    let two = |number: u32| Zeroizing::new(format!("{:02}", number % 100));
    let mut numbers: Vec<Zeroizing<String>> = Vec::with_capacity(4);
    if let Some(year) = birthday.year().and_then(|year| u32::try_from(year).ok()) {
        let western = Zeroizing::new(format!("{year:04}"));
        if western.as_bytes() == pin {
            return true;
        }
        numbers.push(two(year));
        // Both eras of the year: whoever was born on the last days of one may think in the other.
        let eras = Era::ALL.into_iter().map(|era| era.year_of(year as i32));
        numbers.extend(eras.filter(|year| (1..=64).contains(year)).map(|year| two(year as u32)));
    }
    let day_and_month = [birthday.month(), birthday.day()];
    numbers.extend(day_and_month.into_iter().flatten().map(|part| two(u32::from(part))));
    // Any two of year, month and day, in any order.
    numbers.iter().enumerate().any(|(at, first)| {
        let others = numbers.iter().enumerate().filter(|(other, _)| *other != at);
        others
            .map(|(_, second)| second)
            .any(|second| pin[..2] == *first.as_bytes() && pin[2..] == *second.as_bytes())
    })
}

/// The last four digits, or the four before them: the two parts of a number that people know by heart.
fn is_of_phone(pin: &[u8; LENGTH], phone: &str) -> bool {
    let digits = digits_of(phone);
    digits.rchunks(LENGTH).take(2).any(|part| part == pin)
}

fn is_of_address(pin: &[u8; LENGTH], resident: &Resident) -> bool {
    let address = Zeroizing::new(resident.full_address().nfkc().collect::<String>());
    let mut numbers = address.split(|c: char| !c.is_ascii_digit());
    numbers.any(|number| number.as_bytes() == pin)
}

fn ends_with(pin: &[u8; LENGTH], number: &str) -> bool {
    digits_of(number).ends_with(pin)
}

fn digits_of(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.nfkc().filter(char::is_ascii_digit).map(|c| c as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::Sex;
    use proptest::prelude::*;

    fn resident(birthday: &str) -> Resident {
        Resident {
            number: "0000004907".into(),
            household: "1".into(),
            name: "山口 𠮷郎".into(),
            kana: "ヤマグチ ヨシロウ".into(),
            alias: None,
            birthday: Birthday::read(birthday).unwrap(),
            sex: Sex::Male,
            relation: "世帯主".into(),
            postal_code: "0000163".into(),
            address: "汐見市港町3851番地".into(),
            building: None,
            phone: Some("０９５７－００－７３０５".into()),
            changed_on: None,
            change_reason: None,
            protected: false,
        }
    }

    fn answer(pin: &str, birthday: &str) -> Result<(), Weak> {
        check(&SecretString::from(pin), &resident(birthday)).map(|_| ())
    }

    #[test]
    fn four_digits_that_mean_nothing_are_taken_in_any_width() {
        let pin = check(&SecretString::from("２７５１"), &resident("昭和45年3月1日")).unwrap();
        assert_eq!(pin.secret().expose_secret(), "2751");
    }

    #[test]
    fn only_four_digits_are_a_pin() {
        for typed in ["", "123", "12345", "12a4", "-123", "１２３", "一二三四", "27 51"] {
            assert_eq!(answer(typed, "不詳"), Err(Weak::NotFourDigits), "{typed}");
        }
    }

    #[test]
    fn repeats_patterns_and_rows_are_refused() {
        assert_eq!(answer("0000", "不詳"), Err(Weak::OneDigit));
        assert_eq!(answer("7777", "不詳"), Err(Weak::OneDigit));
        assert_eq!(answer("1212", "不詳"), Err(Weak::Pattern));
        assert_eq!(answer("1122", "不詳"), Err(Weak::Pattern));
        for row in ["1234", "4321", "7890", "0987", "2468", "8642", "9012"] {
            assert_eq!(answer(row, "不詳"), Err(Weak::Sequence), "{row}");
        }
    }

    #[test]
    fn every_form_of_the_birthday_is_refused() {
        for of_birthday in [
            "0314", "1403", "1970", "7003", "7014", "4503", "4514", "1445", "0345", "1470",
        ] {
            assert_eq!(
                answer(of_birthday, "昭和45年3月14日"),
                Err(Weak::Birthday),
                "{of_birthday}"
            );
        }
        assert_eq!(answer("0315", "昭和45年3月14日"), Ok(()));
    }

    #[test]
    fn in_the_year_an_era_changed_both_years_are_refused() {
        assert_eq!(answer("6401", "1989-01-05"), Err(Weak::Birthday));
        assert_eq!(answer("0105", "1989-01-05"), Err(Weak::Birthday));
        assert_eq!(answer("0501", "平成元年1月8日"), Ok(()));
    }

    #[test]
    fn known_parts_of_an_unknown_birthday_are_refused_and_the_rest_is_not() {
        assert_eq!(answer("1945", "昭和20年頃"), Err(Weak::Birthday));
        assert_eq!(answer("2045", "昭和20年頃"), Err(Weak::Birthday));
        assert_eq!(answer("0314", "昭和20年頃"), Ok(()));
    }

    #[test]
    fn what_stands_on_the_residents_letters_is_refused() {
        assert_eq!(answer("7305", "不詳"), Err(Weak::Phone));
        assert_eq!(answer("5700", "不詳"), Err(Weak::Phone));
        assert_eq!(answer("0163", "不詳"), Err(Weak::Address));
        assert_eq!(answer("3851", "不詳"), Err(Weak::Address));
        assert_eq!(answer("4907", "不詳"), Err(Weak::Number));
    }

    #[test]
    fn a_refusal_and_a_pin_show_no_digit() {
        let pin = check(&SecretString::from("2751"), &resident("不詳")).unwrap();
        assert_eq!(format!("{pin:?}"), "Pin(…)");
        assert!(!format!("{:?} {}", Weak::Birthday, Weak::Birthday).contains(|c: char| c.is_ascii_digit()));
    }

    proptest! {
        #[test]
        fn nothing_typed_can_break_it(typed in "\\PC{0,8}", birthday in "\\PC{0,12}") {
            let birthday = if Birthday::read(&birthday).is_ok() { birthday } else { "不詳".to_owned() };
            let _ = answer(&typed, &birthday);
        }
    }

    #[test]
    fn few_pins_are_refused() {
        // A rule that refuses too much would drive people to write the PIN on the card.
        let refused = (0..10_000)
            .filter(|pin| answer(&format!("{pin:04}"), "昭和45年3月14日").is_err())
            .count();
        assert!(refused < 400, "{refused}");
    }
}
