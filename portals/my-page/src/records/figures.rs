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

/// A whole figure as an office writes it; none where it is written otherwise, which is not zero.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let fits = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// A measured value: digits, with a point where there is a fraction. What a programming language takes beside (`1e9`, `NaN`) is
/// no value of a person's.
pub(crate) fn measured(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction)).then(|| text.parse().ok()).flatten()
}

/// The sum of `figures`; none where one of them can't be read or it leaves the range.
pub(crate) fn sum(figures: impl IntoIterator<Item = Option<i64>>) -> Option<i64> {
    figures
        .into_iter()
        .try_fold(0_i64, |sum, figure| sum.checked_add(figure?))
}

/// `one` less `other`, where both can be read.
pub(crate) fn less(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one?.checked_sub(other?)
}

/// In the place of a figure that can't be read.
pub(crate) fn cannot_be_shown(say: Say<'_>) -> Html {
    say.html("cannot-be-shown")
}

/// The figure grouped, or that it can't be shown.
pub(crate) fn grouped_or(say: Say<'_>, number: Option<i64>) -> Html {
    number.map_or_else(|| cannot_be_shown(say), |number| Html::escaped(&grouped(number)))
}

/// Yen, with the unit, or that the amount can't be shown.
pub(crate) fn yen(say: Say<'_>, number: Option<i64>) -> Html {
    match number {
        Some(number) => say.html_with("amount-in-yen", &[("amount", &grouped(number))]),
        None => cannot_be_shown(say),
    }
}

/// The month written `YYYY-MM`: its year and number.
pub(crate) fn month(text: &str) -> Option<(i32, u8)> {
    let (year, month) = text.split_once('-')?;
    if (year.len(), month.len()) != (4, 2) || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then_some((year, month))
}

/// A month of a year as people say it: 令和8年9月. An era begins in the middle of a year.
pub(crate) fn year_and_month(say: Say<'_>, (number, month): (i32, u8)) -> Html {
    let year = match (say.language, number, month) {
        (Language::Japanese, 2019, 1..=4) => "平成31年".to_owned(),
        (Language::Japanese, 1989, 2..) => "平成元年".to_owned(),
        _ => year(say, number),
    };
    say.html_with("year-and-month", &[("year", &year), ("month", &month.to_string())])
}

/// A calendar year as people say it: 令和8年, or 2026.
pub(crate) fn year(say: Say<'_>, year: i32) -> String {
    match say.language {
        Language::Japanese if year == 2019 => "令和元年".to_owned(),
        Language::Japanese if year > 2019 => format!("令和{}年", year - 2018),
        Language::Japanese if year > 1989 => format!("平成{}年", year - 1988),
        Language::Japanese if (1927..1989).contains(&year) => format!("昭和{}年", year - 1925),
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
        for wrong in ["2026", "2026-13", "2026-0", "x-1", "", "+026-01", "2026-+1", "2026-1"] {
            assert_eq!(month(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_figure_is_none_and_never_zero() {
        assert_eq!(
            ["0", "-12", "999999999999999"].map(whole),
            [0, -12, 999_999_999_999_999].map(Some)
        );
        for wrong in ["", "-", "12.0", "1e3", "+1", " 1", "１", "9999999999999999", "12,000"] {
            assert_eq!(whole(wrong), None, "{wrong}");
        }
        assert_eq!(["5.7", "120"].map(measured), [Some(5.7), Some(120.0)]);
        for wrong in ["", ".", "5.", ".5", "NaN", "inf", "1e5", "-1", "5.7.1", "1234567"] {
            assert_eq!(measured(wrong), None, "{wrong}");
        }
        assert_eq!((sum([Some(1), Some(2)]), sum([Some(1), None])), (Some(3), None));
        assert_eq!(sum([Some(i64::MAX), Some(1)]), None);
        assert_eq!((less(Some(3), Some(1)), less(Some(i64::MIN), Some(1))), (Some(2), None));
    }
}
