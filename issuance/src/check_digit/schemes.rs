//! The check-digit schemes, each with its source.

use super::NumberKind;

/// Whether the check digit of `digits` (values 0–9, of the kind's length) holds; `None` when the kind has none.
pub(super) fn holds(kind: NumberKind, digits: &[u8]) -> Option<bool> {
    use NumberKind as Kind;
    let (last, body) = digits.split_last()?;
    Some(match kind {
        // 平成26年総務省令第85号5条.
        Kind::IndividualNumber => *last == individual(body),
        // The same weights on ten digits: found on samples only, not in a primary source.
        Kind::ResidentCode => *last == individual(body),
        Kind::CorporateNumber => digits[0] == corporate(&digits[1..]),
        // Public safety commission 2, year 2, running number 6, check digit, count of reissues.
        Kind::DrivingLicence => digits[10] == licence(&digits[..10]),
        Kind::Insurer
        | Kind::NationalHealthInsurer
        | Kind::PublicPayer
        | Kind::PublicRecipient
        | Kind::MedicalInstitution => *last == insurer(body),
        Kind::LocalGovernment => *last == local_government(body),
        // Japan Post: the number before the check digit, modulo 7.
        Kind::RegisteredPost | Kind::Parcel => *last == remainder(body, 7),
        Kind::Passport | Kind::ForeignPassport | Kind::ResidenceCard | Kind::PostalCode => return None,
    })
}

/// n counts from the right; Q = n + 1 up to the sixth digit, n − 5 from the seventh; r = Σ P·Q mod 11; 0 for r ≤ 1,
/// else 11 − r.
fn individual(body: &[u8]) -> u8 {
    let sum: u32 = (1u32..)
        .zip(body.iter().rev())
        .map(|(n, digit)| u32::from(*digit) * if n <= 6 { n + 1 } else { n - 5 })
        .sum();
    match sum % 11 {
        0 | 1 => 0,
        r => (11 - r) as u8,
    }
}

/// 法人番号の指定等に関する省令2条: from the right, odd places × 1, even places × 2; 9 − Σ mod 9.
fn corporate(body: &[u8]) -> u8 {
    let sum: u32 = (1u32..)
        .zip(body.iter().rev())
        .map(|(n, digit)| u32::from(*digit) * if n % 2 == 1 { 1 } else { 2 })
        .sum();
    (9 - sum % 9) as u8
}

/// Weights 5 4 3 2 7 6 5 4 3 2; the last digit of 11 − Σ mod 11.
fn licence(body: &[u8]) -> u8 {
    weighted_eleven(body, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
}

/// 全国地方公共団体コード: weights 6 5 4 3 2; the last digit of 11 − Σ mod 11.
fn local_government(body: &[u8]) -> u8 {
    weighted_eleven(body, &[6, 5, 4, 3, 2])
}

fn weighted_eleven(body: &[u8], weights: &[u32]) -> u8 {
    let sum: u32 = body
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    ((11 - sum % 11) % 10) as u8
}

/// 保険者番号等の設定について: from the right × 2, × 1, × 2 …; the digits of a product of two digits are added;
/// 10 − Σ mod 10.
fn insurer(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let product = u32::from(*digit) * if at % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

fn remainder(body: &[u8], modulus: u32) -> u8 {
    body.iter()
        .fold(0, |so_far, digit| (so_far * 10 + u32::from(*digit)) % modulus) as u8
}

/// The check digit of a field of a machine-readable zone (ICAO Doc 9303 part 3, §4.9): weights 7 3 1, A–Z as 10–35, the
/// filler `<` as 0, modulo 10. `None` when another character stands in the field.
pub fn mrz_check_digit(field: &str) -> Option<u8> {
    let mut sum = 0;
    for (c, weight) in field.chars().zip([7u32, 3, 1].into_iter().cycle()) {
        let value = match c {
            '<' => 0,
            '0'..='9' | 'A'..='Z' => c.to_digit(36)?,
            _ => return None,
        };
        sum += value * weight;
    }
    Some((sum % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_of_doc_9303_has_its_check_digits() {
        assert_eq!(mrz_check_digit("L898902C3"), Some(6));
        assert_eq!(mrz_check_digit("740812"), Some(2));
        assert_eq!(mrz_check_digit("120415"), Some(9));
        assert_eq!(mrz_check_digit("ZE184226B<<<<<"), Some(1));
        assert_eq!(mrz_check_digit("l898902c3"), None);
    }
}
