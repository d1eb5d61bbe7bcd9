//! Figures, months and years as people read them.

use portal_kit::{Html, Language, Say};

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    match number < 0 {
        true => format!("-{out}"),
        false => out,
    }
}

/// Yen, with the unit.
pub(crate) fn yen(say: Say<'_>, number: i64) -> Html {
    say.html_with("yen", &[("amount", &grouped(number))])
}

/// The month written `YYYY-MM`: its year and number.
pub(crate) fn month(text: &str) -> Option<(i32, u8)> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then_some((year, month))
}

/// A calendar year as people say it: 令和8年, or 2026.
pub(crate) fn year(say: Say<'_>, year: i32) -> String {
    match say.language {
        Language::Japanese if year == 2019 => "令和元年".to_owned(),
        Language::Japanese if year > 2019 => format!("令和{}年", year - 2018),
        Language::Japanese if year > 1989 => format!("平成{}年", year - 1988),
        Language::Japanese | Language::Easy => format!("{year}年"),
        Language::English => year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_three() {
        for (number, written) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (-12_345, "-12,345"),
        ] {
            assert_eq!(grouped(number), written);
        }
    }

    #[test]
    fn a_month_is_read_or_is_none() {
        assert_eq!(month("2026-09"), Some((2026, 9)));
        for wrong in ["2026", "2026-13", "2026-0", "x-1", ""] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }
}
