//! Times in messages: `xs:dateTime` in UTC and nothing else (saml-core section 1.3.3).

use time::{Date, Month, OffsetDateTime, Time};

use crate::Refusal;

/// The time written `text`, `what` naming it in the refusal: `2026-11-22T08:05:59Z`, with any number of
/// digits of a second's fraction (ten and more occur in the field; past the ninth they are dropped). A time with an offset, or with none, is refused: SAML's times are UTC and say so.
pub(crate) fn instant(text: &str, what: &'static str) -> Result<OffsetDateTime, Refusal> {
    read(text).ok_or(Refusal::Malformed(what))
}

/// No clock has more digits; a longer text is something else.
const LONGEST: usize = 40;

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
        [b'.', digits @ .., b'Z'] if (1..=LONGEST).contains(&digits.len()) => {
            let (counted, dropped) = digits.split_at(digits.len().min(9));
            if !dropped.iter().all(u8::is_ascii_digit) {
                return None;
            }
            number(counted)? * 10_u32.pow(9 - counted.len() as u32)
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
        assert_eq!(
            instant("2026-11-22T08:05:59.123456789199Z", "x"),
            Ok(datetime!(2026-11-22 8:05:59.123_456_789 UTC)),
            "picoseconds"
        );
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T08:05:59",
            "2026-11-22T08:05:59+09:00",
            "2026-13-22T08:05:59Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T08:05:59.Z",
            "2026-11-22T08:05:59.123456789xZ",
            "2026-11-22T08:05:59.12345678901234567890123456789012345678901Z",
            "２026-11-22T08:05:59Z",
            " 2026-11-22T08:05:59Z",
        ] {
            assert_eq!(instant(text, "x"), Err(Refusal::Malformed("x")), "{text}");
        }
    }
}
