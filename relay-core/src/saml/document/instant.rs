//! Times in messages: `xs:dateTime` in UTC and nothing else (saml-core section 1.3.3).

use time::{Date, Month, OffsetDateTime, Time};

use crate::saml::Refusal;

/// The time written `text`, `what` naming it in the refusal: `2026-11-22T08:05:59Z`, with up to nine digits of a
/// second's fraction. A time with an offset, or with none, is refused: SAML's times are UTC and say so.
pub(in crate::saml) fn instant(text: &str, what: &'static str) -> Result<OffsetDateTime, Refusal> {
    read(text).ok_or(Refusal::Malformed(what))
}

fn read(text: &str) -> Option<OffsetDateTime> {
    let bytes = text.as_bytes();
    let (fixed, rest) = bytes.split_at_checked(19)?;
    let punctuated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if punctuated.iter().any(|&(at, sign)| fixed[at] != sign) {
        return None;
    }
    let date = Date::from_calendar_date(
        number(&fixed[..4])? as i32,
        Month::try_from(number(&fixed[5..7])? as u8).ok()?,
        number(&fixed[8..10])? as u8,
    );
    let nanoseconds = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let time = Time::from_hms_nano(
        number(&fixed[11..13])? as u8,
        number(&fixed[14..16])? as u8,
        number(&fixed[17..19])? as u8,
        nanoseconds,
    );
    Some(OffsetDateTime::new_utc(date.ok()?, time.ok()?))
}

/// At most nine digits.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| match digit {
        b'0'..=b'9' => Some(sum * 10 + u32::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_time_is_utc_and_says_so() {
        assert_eq!(
            instant("2026-11-22T08:05:59Z", "x"),
            Ok(datetime!(2026-11-22 8:05:59 UTC))
        );
        assert_eq!(
            instant("2026-11-22T08:05:59.123Z", "x"),
            Ok(datetime!(2026-11-22 8:05:59.123 UTC))
        );
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T08:05:59",
            "2026-11-22T08:05:59+09:00",
            "2026-13-22T08:05:59Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T08:05:59.Z",
            "2026-11-22T08:05:59.1234567891Z",
            "２026-11-22T08:05:59Z",
            " 2026-11-22T08:05:59Z",
        ] {
            assert_eq!(instant(text, "x"), Err(Refusal::Malformed("x")), "{text}");
        }
    }
}
