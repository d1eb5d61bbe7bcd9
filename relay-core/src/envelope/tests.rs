//! Envelopes that are opened, and every one that is not.

use serde_json::json;
use time::macros::datetime;

use super::*;
use crate::{chance::SeededChance, clock::HandClock};

struct Post {
    front: SigningKey,
    blind: Party,
    keys: TrustedKeys,
    clock: HandClock,
    chance: SeededChance,
}

fn post() -> Post {
    let (front, _) = SigningKey::generate(Party::new("relay-front").unwrap());
    Post {
        keys: TrustedKeys::new([front.trusted()]),
        front,
        blind: Party::new("relay-blind").unwrap(),
        clock: HandClock::at(datetime!(2026-11-22 9:00 UTC)),
        chance: SeededChance::new(3),
    }
}

impl Post {
    fn sealed(&mut self) -> Sealed {
        let body = json!({ "half": "…" });
        let letter = Letter::new(&self.blind, Kind::Finish, &body);
        self.front.seal(&letter, &self.clock, &mut self.chance)
    }

    fn open(&self, text: &str) -> Result<Opened<serde_json::Value>, Refusal> {
        self.keys.open(text, Kind::Finish, &self.blind, &self.clock)
    }
}

#[test]
fn an_envelope_is_opened_by_its_reader_and_says_how_long_to_remember_it() {
    let mut post = post();
    let sealed = post.sealed();
    let opened = post.open(&sealed.text).unwrap();
    assert_eq!(opened.from, *post.front.party());
    assert_eq!(opened.number, sealed.number);
    assert_eq!(opened.body, json!({ "half": "…" }));
    // As soon as it may be forgotten, its time refuses it.
    let until = (opened.remember_until - post.clock.now()).whole_seconds();
    post.clock.advance(time::Duration::seconds(until - 1));
    assert!(post.open(&sealed.text).is_ok());
    post.clock.advance(time::Duration::seconds(1));
    assert_eq!(post.open(&sealed.text), Err(Refusal::Expired));
}

#[test]
fn an_envelope_to_another_reader_or_of_another_kind_is_refused() {
    let mut post = post();
    let text = post.sealed().text;
    let other = Party::new("another-blind").unwrap();
    let read = |kind, reader: &Party| post.keys.open::<serde_json::Value>(&text, kind, reader, &post.clock);
    assert_eq!(read(Kind::Finish, &other).unwrap_err(), Refusal::OtherAudience);
    assert_eq!(read(Kind::Share, &post.blind).unwrap_err(), Refusal::OtherKind);
}

#[test]
fn clocks_may_differ_a_little_and_more_is_said_to_be_the_clock() {
    let mut post = post();
    let text = post.sealed().text;
    post.clock.advance(time::Duration::seconds(-5));
    assert!(post.open(&text).is_ok());
    post.clock.advance(time::Duration::seconds(-1));
    assert_eq!(post.open(&text), Err(Refusal::FromTheFuture));
}

#[test]
fn a_stranger_and_one_who_uses_anothers_name_are_refused() {
    let mut post = post();
    let (stranger, _) = SigningKey::generate(post.front.party().clone());
    let body = json!({});
    let letter = Letter::new(&post.blind, Kind::Finish, &body);
    let text = stranger.seal(&letter, &post.clock, &mut post.chance).text;
    assert_eq!(post.open(&text), Err(Refusal::UnknownSender));

    // Trusted as the office, and says to be the front.
    let office = TrustedKey::from_text(Party::new("shiomi-office").unwrap(), &stranger.trusted().to_text()).unwrap();
    post.keys = TrustedKeys::new([post.front.trusted(), office]);
    assert_eq!(post.open(&text), Err(Refusal::UnknownSender));
}

#[test]
fn a_changed_envelope_an_unsigned_one_and_one_under_another_algorithm_are_refused() {
    let mut post = post();
    let text = post.sealed().text;
    let parts: Vec<&str> = text.split('.').collect();
    let other_body = URL_SAFE_NO_PAD.encode(
        String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap())
            .unwrap()
            .replace('…', "X"),
    );
    let changed = [parts[0], &other_body, parts[2]].join(".");
    assert_eq!(post.open(&changed), Err(Refusal::BadSignature));

    let header = |alg: &str| {
        let kid = post.front.trusted().id;
        URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "kid": kid, "typ": "JWT" }).to_string())
    };
    // The public key as an HMAC secret: the classic confusion.
    assert_eq!(
        post.open(&[&header("HS256"), parts[1], parts[2]].join(".")),
        Err(Refusal::OtherAlgorithm)
    );
    for unsigned in [
        [&header("none"), parts[1], ""].join("."),
        "nonsense".into(),
        String::new(),
    ] {
        assert_eq!(post.open(&unsigned), Err(Refusal::NotAnEnvelope));
    }
    assert_eq!(post.open(&"x".repeat(LARGEST + 1)), Err(Refusal::TooLarge));
}

#[test]
fn an_envelope_that_wants_to_live_longer_than_its_kind_is_refused() {
    let mut post = post();
    let now = post.clock.now().unix_timestamp();
    let claims = |exp: i64, typ: &str| {
        json!({ "iss": "relay-front", "aud": "relay-blind", "iat": now, "exp": exp, "jti": Uuid::from_u128(1),
                "typ": typ, "body": {} })
    };
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(post.front.id.clone());
    let sign = |claims| jsonwebtoken::encode(&header, &claims, &post.front.key).unwrap();
    assert!(post.open(&sign(claims(now + 30, "finish"))).is_ok());
    assert_eq!(post.open(&sign(claims(now + 31, "finish"))), Err(Refusal::LivesTooLong));
    // One that never ends.
    assert_eq!(post.open(&sign(claims(i64::MAX, "finish"))), Err(Refusal::LivesTooLong));
    let body = 7;
    let letter = Letter::new(&post.blind, Kind::Finish, &body);
    let sealed = post.front.seal(&letter, &post.clock, &mut post.chance);
    let opened = post
        .keys
        .open::<orders::Finish>(&sealed.text, Kind::Finish, &post.blind, &post.clock);
    assert_eq!(opened.unwrap_err(), Refusal::OtherBody);
}

#[test]
fn a_key_is_read_back_from_its_file_and_another_curve_is_no_key() {
    let party = Party::new("relay-front").unwrap();
    let (key, pkcs8) = SigningKey::generate(party.clone());
    let again = SigningKey::from_pkcs8(party.clone(), &pkcs8).unwrap();
    assert_eq!(again.trusted(), key.trusted());
    assert!(SigningKey::from_pkcs8(party.clone(), b"no key").is_err());
    assert!(TrustedKey::from_point(party.clone(), &[4; 64]).is_err());
    assert_eq!(
        TrustedKey::from_text(party, &key.trusted().to_text()).unwrap(),
        key.trusted()
    );
    assert!(Party::new("山口").is_err() && Party::new("").is_err());
}
