//! What the card is made to sign: never bytes that somebody chose, always a text that says what it is for.

use aws_lc_rs::digest::{SHA256, digest};

/// The sign-in at `origin` (`https://host:port`) with its `challenge`, to which no other use of the key can be bent:
/// the first word is this protocol's alone, the origin is the one the browser will be sent to.
pub fn text(origin: &str, challenge: &str) -> Vec<u8> {
    [
        b"madoguchi-sign-in-v1\0",
        origin.as_bytes(),
        b"\0",
        challenge.as_bytes(),
    ]
    .concat()
}

/// What goes to the card: SHA-256 of the text.
pub fn digest_of(origin: &str, challenge: &str) -> [u8; 32] {
    sha256(&text(origin, challenge))
}

/// SHA-256 of any text that says what it is for.
pub fn sha256(text: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text).as_ref());
    out
}

/// Whether `challenge` is one: 32 to 128 letters, digits, `-`, `_` or `.`.
pub fn is_challenge(challenge: &str) -> bool {
    (32..=128).contains(&challenge.len())
        && challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_sign_ins_share_one_text() {
        assert_eq!(text("https://a", "b"), b"madoguchi-sign-in-v1\0https://a\0b");
        assert_ne!(digest_of("https://a", "b"), digest_of("https://a\0b", ""));
    }

    #[test]
    fn a_challenge_is_long_and_plain() {
        assert!(is_challenge(&"0f".repeat(32)));
        for bad in [
            "",
            "0f0f",
            &"x".repeat(129),
            &format!("{}\0", "x".repeat(40)),
            &"あ".repeat(20),
        ] {
            assert!(!is_challenge(bad), "{bad:?}");
        }
    }
}
