//! What a clinic's portal, the card bridge at its desk and the relay's front say to one another when insurance is checked
//! with a card and no PIN (decision 26).
//!
//! The front gives out a [`Challenge`]; the card's eligibility key signs it; the portal brings it back as [`Shown`],
//! signed by itself as well, and is given a [`Referred`]: a reference to the one provider that its agreement names.

use serde::{Deserialize, Serialize};

/// How long a challenge may be answered, in seconds: a page that waits for a card asks for a new one well before.
pub const CHALLENGE_SECONDS: i64 = 120;

/// Asks for a challenge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// Who will bring it back: an entity id.
    pub service: String,
}

/// A challenge for one card, given to one service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    /// 32 random bytes, in hex.
    pub challenge: String,
    /// The front (`https://host:port`), which the card signs along.
    pub origin: String,
    /// By which the front knows it again: sealed to itself.
    pub proof: String,
}

/// A card that signed a challenge, brought by the service that the challenge was given to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Shown {
    pub service: String,
    /// What is asked for: a URI that an agreement names.
    pub service_type: String,
    pub challenge: String,
    /// As it came with the challenge.
    pub proof: String,
    /// The eligibility certificate, base64 of DER.
    pub certificate: String,
    /// RSASSA-PKCS1-v1_5 with SHA-256 over [`card_text`], base64.
    pub signature: String,
    /// Over [`service_text`] with the key that the service signs its SAML with, base64.
    pub countersignature: String,
}

/// Where the provider is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Referred {
    /// An EndpointReference (WS-Addressing) with the token for the provider in it.
    pub reference: String,
}

/// What the card signs. Its first word is that of no other use of a key, and the front's origin stands in it: what is
/// signed for a sign-in is good for nothing here, and the other way round.
pub fn card_text(origin: &str, challenge: &str) -> Vec<u8> {
    [
        b"madoguchi-eligibility-v1\0",
        origin.as_bytes(),
        b"\0",
        challenge.as_bytes(),
    ]
    .concat()
}

/// What the service signs: this challenge, answered by this card's `signature`, for this kind of service.
pub fn service_text(challenge: &str, service_type: &str, signature: &[u8]) -> Vec<u8> {
    [
        b"madoguchi-eligibility-service-v1\0",
        challenge.as_bytes(),
        b"\0",
        service_type.as_bytes(),
        b"\0",
        signature,
    ]
    .concat()
}

/// Every code by which the front refuses a card or the service that brings it: each is something else to whoever sits at
/// the desk.
pub const CODES: [&str; 19] = [
    "request",
    "service-unknown",
    "service-signature",
    "challenge-old",
    "challenge-used",
    "too-many",
    "not-agreed",
    "suspended",
    "away",
    "card-no-certificate",
    "card-unknown-issuer",
    "card-not-yet-good",
    "card-expired",
    "card-other-profile",
    "card-bad-signature",
    "card-unknown",
    "card-not-handed-over",
    "card-suspended",
    "card-revoked",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_one_use_is_a_text_of_another() {
        let card = card_text("https://relay.example", "00ff");
        assert!(card.starts_with(b"madoguchi-eligibility-v1\0https://relay.example\0"));
        assert_ne!(card, card_text("https://relay.example\0", "00ff"));
        assert_ne!(service_text("a", "b", b"c"), service_text("a", "b\0c", b""));
        assert!(!service_text("a", "b", b"c").starts_with(b"madoguchi-eligibility-v1\0"));
    }
}
