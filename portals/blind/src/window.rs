//! When a key rotation may begin: while two operators of this half allow it, each by a signature of their own.
//!
//! The front asks for a rotation with an envelope. Without this, whoever holds the front could begin one alone, and have
//! this half make new keys together with keys that only they know.

use relay_core::pseudonym::KeyEdition;
use relay_records::blind::RotationApproval;
use time::{Duration, OffsetDateTime};

use crate::operators::{Operator, OperatorKey};

/// So far ahead at most: what is forgotten must not stay open.
pub const LONGEST: Duration = Duration::days(7);

/// Why an operator's signature is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The moment has passed.
    #[error("the moment has passed: nothing could begin until then")]
    Past,
    /// The moment is too far off.
    #[error("more than {} days ahead", LONGEST.whole_days())]
    TooFar,
}

/// The signature of `key` that the rotation of `edition` may begin until `until`, at the half that is called `party`.
///
/// # Errors
/// [`NotAllowed`]
pub fn allow(
    key: &OperatorKey,
    party: &str,
    edition: KeyEdition,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<RotationApproval, NotAllowed> {
    if until <= now {
        return Err(NotAllowed::Past);
    }
    if until - now > LONGEST {
        return Err(NotAllowed::TooFar);
    }
    // As it is signed and stored: to the second.
    let until = until.replace_nanosecond(0).unwrap_or(until);
    Ok(RotationApproval {
        edition,
        until,
        operator: key.operator().name().to_owned(),
        signature: key.sign(&words(party, edition, until)),
        at: now,
    })
}

/// The last moment until which a rotation of `edition` may begin, with two who allowed it; `None` where it may not
/// begin `now`.
pub fn open(
    approvals: &[RotationApproval],
    operators: &[Operator],
    party: &str,
    edition: KeyEdition,
    now: OffsetDateTime,
) -> Option<(OffsetDateTime, [String; 2])> {
    let counts = |approval: &&RotationApproval| {
        let known = operators.iter().find(|operator| operator.name() == approval.operator);
        approval.edition == edition
            && now < approval.until
            && approval.until - now <= LONGEST
            && known.is_some_and(|known| known.signed(&words(party, edition, approval.until), &approval.signature))
    };
    let mut right: Vec<_> = approvals.iter().filter(counts).collect();
    right.sort_by_key(|approval| std::cmp::Reverse(approval.until));
    right
        .chunk_by(|one, other| one.until == other.until)
        .find_map(|same| match same {
            // One row an operator: two rows are two of them.
            [one, other, ..] if one.operator != other.operator => {
                Some((one.until, [one.operator.clone(), other.operator.clone()]))
            }
            _ => None,
        })
}

fn words(party: &str, edition: KeyEdition, until: OffsetDateTime) -> Vec<u8> {
    let mut words = b"madoguchi rotation 1\0".to_vec();
    words.extend(party.as_bytes());
    words.push(0);
    words.extend(edition.0.to_be_bytes());
    words.extend(until.unix_timestamp().to_be_bytes());
    words
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 9:00 UTC);
    const EVENING: OffsetDateTime = datetime!(2026-11-22 18:00 UTC);
    const HERE: &str = "relay-blind";

    #[test]
    fn two_operators_who_sign_for_the_same_moment_open_it_and_nothing_else_does() {
        let [hama, iso, nobody] = ["hama", "iso", "iso"].map(|name| OperatorKey::generate(name).unwrap());
        let operators = [hama.operator(), iso.operator()];
        let first = KeyEdition(1);
        let sign = |key: &OperatorKey, until| allow(key, HERE, first, until, NOW).unwrap();
        let is_open = |approvals: &[RotationApproval], edition, now| open(approvals, &operators, HERE, edition, now);
        let both = [sign(&hama, EVENING), sign(&iso, EVENING)];
        let opened = is_open(&both, first, NOW).unwrap();
        assert_eq!(opened, (EVENING, ["hama".to_owned(), "iso".to_owned()]));

        assert_eq!(is_open(&both[..1], first, NOW), None, "one alone");
        let twice = [both[0].clone(), both[0].clone()];
        assert_eq!(is_open(&twice, first, NOW), None, "one twice");
        let apart = [both[0].clone(), sign(&iso, EVENING + Duration::HOUR)];
        assert_eq!(is_open(&apart, first, NOW), None, "two moments");
        let forged = [both[0].clone(), sign(&nobody, EVENING)];
        assert_eq!(
            is_open(&forged, first, NOW),
            None,
            "a stranger under an operator's name"
        );
        let copied = RotationApproval {
            operator: "iso".to_owned(),
            ..both[0].clone()
        };
        assert_eq!(
            is_open(&[both[0].clone(), copied], first, NOW),
            None,
            "a copied signature"
        );
        assert_eq!(is_open(&both, KeyEdition(2), NOW), None, "the next rotation");
        assert_eq!(is_open(&both, first, EVENING), None, "too late");
        assert_eq!(
            open(&both, &operators, "relay-blind-2", first, NOW),
            None,
            "another half"
        );
        let mut later = both.clone();
        later.iter_mut().for_each(|approval| approval.until += Duration::HOUR);
        assert_eq!(is_open(&later, first, NOW), None, "a moment put off by hand");
    }

    #[test]
    fn no_moment_is_signed_for_that_has_passed_or_is_far_off() {
        let hama = OperatorKey::generate("hama").unwrap();
        let sign = |until| allow(&hama, HERE, KeyEdition(1), until, NOW).unwrap_err();
        assert_eq!(sign(NOW), NotAllowed::Past);
        assert_eq!(sign(NOW + LONGEST + Duration::SECOND), NotAllowed::TooFar);
    }
}
