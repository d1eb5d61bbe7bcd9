//! `xs:duration`, as in `cacheDuration`: `P1D`, `PT5H30M`.

use time::Duration;

/// The duration written `text`. A month counts 30 days and a year 365: it says when to fetch anew, nothing finer.
pub(super) fn read(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let days = sum(
        date,
        &[
            ('Y', 365 * 86_400),
            ('M', 30 * 86_400),
            ('W', 7 * 86_400),
            ('D', 86_400),
        ],
    )?;
    let clock = sum(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    days.checked_add(clock).map(Duration::seconds)
}

/// Numbers with their units, in order, each at most once.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total = 0_i64;
    let mut units = units.iter();
    while !text.is_empty() {
        let at = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = (&text[..at], text[at..].chars().next()?);
        let seconds = units.find(|(name, _)| *name == unit)?.1;
        // Fractions of a second are cut off.
        let whole = if unit == 'S' {
            number.split_once('.').map_or(number, |(whole, _)| whole)
        } else {
            number
        };
        let plain = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit());
        let count: i64 = plain.then(|| whole.parse().ok()).flatten()?;
        total = total.checked_add(count.checked_mul(seconds)?)?;
        text = &text[at + 1..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_schema_writes_them() {
        assert_eq!(read("PT604800.000S"), Some(Duration::days(7)));
        assert_eq!(read("P1DT2H3M4S"), Some(Duration::seconds(93_784)));
        for text in [
            "",
            "P",
            "PT",
            "1D",
            "P1",
            "PT1D",
            "P1S",
            "PT1S1H",
            "P-1D",
            "P99999999999999999999Y",
            "P1DT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
