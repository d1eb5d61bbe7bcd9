//! Envelopes (封書): what one organisation tells another, signed, for one reader, for a short time, once.
//!
//! An envelope is a JWS in compact form (RFC 7515) under ES256 (RFC 7518 §3.4): who says it (`iss`), to whom (`aud`),
//! when (`iat`) and until when (`exp`), under which number (`jti`), of which kind (`typ`), and the body. TLS protects
//! the way; the envelope is what can still be shown when the connection is long gone, and what a proxy in between
//! cannot change.
//!
//! [`TrustedKeys::open`] checks all but one thing: whether the number was seen before. Only the reader's database can
//! know that, so [`Opened`] tells the number and until when it has to be remembered.

pub mod orders;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, time::Duration};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{chance::Chance, clock::Clock};

/// The clocks of two organisations may differ by so much. More is a fault to be mended, and the refusal says so.
pub const SKEW: Duration = Duration::from_secs(5);

/// No envelope of ours is larger; a larger one is not looked into.
pub const LARGEST: usize = 512 * 1024;

/// What an envelope is about. One of a kind is never taken for one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Front → blind half: finish this for a service.
    Finish,
    /// Blind half → front: sealed to the service.
    Finished,
    /// Front → blind half: is this the person whom a service named?
    Compare,
    /// Blind half → front: yes or no.
    Compared,
    /// Front → blind half: the key share for a service.
    Share,
    /// Blind half → front: the share was taken.
    Shared,
    /// Front → blind half: ciphertexts of a key rotation.
    Rotate,
    /// Blind half → front: the same under the next keys.
    Rotated,
    /// Office → front: a registration, or a change of one.
    Registration,
    /// Office → front: a provider's records are to be linked to persons.
    Link,
}

impl Kind {
    /// As in `typ`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finish => "finish",
            Self::Finished => "finished",
            Self::Compare => "compare",
            Self::Compared => "compared",
            Self::Share => "share",
            Self::Shared => "shared",
            Self::Rotate => "rotate",
            Self::Rotated => "rotated",
            Self::Registration => "registration",
            Self::Link => "link",
        }
    }

    /// How long one may be good for. A registration may wait for a front that is away for some days; a call is
    /// answered while somebody waits.
    pub const fn longest_life(self) -> Duration {
        match self {
            Self::Finish | Self::Finished | Self::Compare | Self::Compared => Duration::from_secs(30),
            Self::Share | Self::Shared | Self::Rotate | Self::Rotated | Self::Link => Duration::from_secs(60),
            Self::Registration => Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// An organisation's process, as it is named in envelopes (`shiomi-office`, `relay-front`, `relay-blind`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Party(String);

impl Party {
    /// The party called `name`: 1 to 64 letters, digits, `-`, `.` or `_`.
    ///
    /// # Errors
    /// [`NotAParty`]
    pub fn new(name: &str) -> Result<Self, NotAParty> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
        if (1..=64).contains(&name.len()) && name.chars().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NotAParty)
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Party {
    type Error = NotAParty;
    fn try_from(name: String) -> Result<Self, NotAParty> {
        Self::new(&name)
    }
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.0
    }
}

/// A name that is no party's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a party is named with 1 to 64 letters, digits, '-', '.' or '_'")]
pub struct NotAParty;

/// Bytes that are no key for envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0} on the curve P-256")]
pub struct NotAKey(&'static str);

/// The key a party signs its envelopes with.
pub struct SigningKey {
    party: Party,
    id: String,
    public: Vec<u8>,
    key: EncodingKey,
}

impl SigningKey {
    /// A new key of `party`, and its PKCS#8 form for the party's secret file.
    ///
    /// The key's chance is the cipher library's own: a repeatable signing key would be a hole waiting to be used.
    pub fn generate(party: Party) -> (Self, Zeroizing<Vec<u8>>) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .expect("the cipher library makes a P-256 key unless the system has no randomness");
        let document = pair.to_pkcs8v1().expect("a key made here has a PKCS#8 form");
        let bytes = Zeroizing::new(document.as_ref().to_vec());
        let key = Self::from_pkcs8(party, &bytes).expect("what was just written can be read");
        (key, bytes)
    }

    /// The key of `party` in PKCS#8 (RFC 5208), DER.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn from_pkcs8(party: Party, der: &[u8]) -> Result<Self, NotAKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| NotAKey("private key in PKCS#8"))?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self {
            party,
            id: key_id(&public),
            public,
            key: EncodingKey::from_ec_der(der),
        })
    }

    /// The key of `party` as secret files hold it: PKCS#8 in base64url.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn from_text(party: Party, text: &str) -> Result<Self, NotAKey> {
        let der = URL_SAFE_NO_PAD.decode(text.trim()).map(Zeroizing::new);
        Self::from_pkcs8(party, &der.map_err(|_| NotAKey("private key in PKCS#8"))?)
    }

    /// Whose.
    pub fn party(&self) -> &Party {
        &self.party
    }

    /// What its readers need.
    pub fn trusted(&self) -> TrustedKey {
        TrustedKey {
            party: self.party.clone(),
            id: self.id.clone(),
            public: self.public.clone(),
        }
    }

    /// Seals `letter` now.
    ///
    /// # Panics
    /// When the body has no JSON form: a type of this crate that was not tested.
    pub fn seal<B: Serialize>(&self, letter: &Letter<'_, B>, clock: &dyn Clock, chance: &mut dyn Chance) -> Sealed {
        let now = clock.now().unix_timestamp();
        let life = letter
            .life
            .unwrap_or(letter.kind.longest_life())
            .min(letter.kind.longest_life());
        let number = uuid::Builder::from_random_bytes(crate::chance::draw(chance)).into_uuid();
        let claims = Claims {
            iss: self.party.clone(),
            aud: letter.to.clone(),
            iat: now,
            exp: now + life.as_secs() as i64,
            jti: number,
            typ: letter.kind.as_str().to_owned(),
            seq: letter.sequence,
            body: letter.body,
        };
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.clone());
        let text = jsonwebtoken::encode(&header, &claims, &self.key)
            .expect("a letter's body has a JSON form and the key was checked when read");
        Sealed { number, text }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} of {})", self.id, self.party)
    }
}

/// What is to be sealed.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a, B> {
    pub to: &'a Party,
    pub kind: Kind,
    /// Place in the sender's row, for kinds that are applied in order.
    pub sequence: Option<u64>,
    /// How long it is good for; the kind's longest when not said.
    pub life: Option<Duration>,
    pub body: &'a B,
}

impl<'a, B> Letter<'a, B> {
    /// A letter of `kind` to `to`, good for as long as its kind may be.
    pub fn new(to: &'a Party, kind: Kind, body: &'a B) -> Self {
        Self {
            to,
            kind,
            sequence: None,
            life: None,
            body,
        }
    }
}

/// A sealed envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its number, by which an answer refers to it.
    pub number: Uuid,
    /// As sent: three parts of base64url, joined by dots.
    pub text: String,
}

/// A party's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    party: Party,
    id: String,
    public: Vec<u8>,
}

impl TrustedKey {
    /// The key of `party` whose uncompressed point (SEC 1 §2.3.3, 65 bytes) is `point`.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn from_point(party: Party, point: &[u8]) -> Result<Self, NotAKey> {
        if point.len() != 65 || point[0] != 4 {
            return Err(NotAKey("public key"));
        }
        Ok(Self {
            party,
            id: key_id(point),
            public: point.to_vec(),
        })
    }

    /// The key of `party` as [`TrustedKey::to_text`] wrote it.
    ///
    /// # Errors
    /// [`NotAKey`]
    pub fn from_text(party: Party, text: &str) -> Result<Self, NotAKey> {
        let point = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| NotAKey("public key"))?;
        Self::from_point(party, &point)
    }

    /// 87 characters of base64url, for configuration files.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.public)
    }

    /// Whose.
    pub fn party(&self) -> &Party {
        &self.party
    }
}

/// Whose envelopes are opened.
#[derive(Default)]
pub struct TrustedKeys(HashMap<String, (Party, DecodingKey)>);

impl TrustedKeys {
    /// Those of `keys`; a party may have two while it changes its key.
    pub fn new(keys: impl IntoIterator<Item = TrustedKey>) -> Self {
        Self(
            keys.into_iter()
                .map(|key| (key.id, (key.party, DecodingKey::from_ec_der(&key.public))))
                .collect(),
        )
    }

    /// Opens an envelope of `kind` to `reader`.
    ///
    /// # Errors
    /// [`Refusal`]; nothing of the body is read before the signature was checked.
    pub fn open<B: DeserializeOwned>(
        &self,
        text: &str,
        kind: Kind,
        reader: &Party,
        clock: &dyn Clock,
    ) -> Result<Opened<B>, Refusal> {
        if text.len() > LARGEST {
            return Err(Refusal::TooLarge);
        }
        let header = jsonwebtoken::decode_header(text).map_err(|_| Refusal::NotAnEnvelope)?;
        if header.alg != Algorithm::ES256 {
            return Err(Refusal::OtherAlgorithm);
        }
        let (party, key) = header
            .kid
            .and_then(|id| self.0.get(&id))
            .ok_or(Refusal::UnknownSender)?;
        // Times, audience and issuer are checked below, against our clock and with a name for each refusal.
        let mut signature_only = Validation::new(Algorithm::ES256);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let claims: Claims<serde_json::Value> = jsonwebtoken::decode(text, key, &signature_only)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => Refusal::BadSignature,
                _ => Refusal::NotAnEnvelope,
            })?
            .claims;
        if claims.iss != *party {
            return Err(Refusal::UnknownSender);
        }
        if claims.typ != kind.as_str() {
            return Err(Refusal::OtherKind);
        }
        if claims.aud != *reader {
            return Err(Refusal::OtherAudience);
        }
        let now = clock.now().unix_timestamp();
        let skew = SKEW.as_secs() as i64;
        if claims.iat > now.saturating_add(skew) {
            return Err(Refusal::FromTheFuture);
        }
        if now > claims.exp.saturating_add(skew) {
            return Err(Refusal::Expired);
        }
        if claims.exp.saturating_sub(claims.iat) > kind.longest_life().as_secs() as i64 {
            return Err(Refusal::LivesTooLong);
        }
        let until = OffsetDateTime::from_unix_timestamp(claims.exp.saturating_add(skew + 1))
            .map_err(|_| Refusal::NotAnEnvelope)?;
        Ok(Opened {
            from: claims.iss,
            number: claims.jti,
            remember_until: until,
            sequence: claims.seq,
            body: serde_json::from_value(claims.body).map_err(|_| Refusal::OtherBody)?,
        })
    }
}

impl fmt::Debug for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.values().map(|(party, _)| party)).finish()
    }
}

/// An envelope whose signature, kind, reader and times are right. Its number is still to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<B> {
    pub from: Party,
    /// Its number (`jti`): one that was seen before is a replay.
    pub number: Uuid,
    /// Until then the number has to be remembered; afterwards the envelope is refused by its time.
    pub remember_until: OffsetDateTime,
    /// Its place in the sender's row.
    pub sequence: Option<u64>,
    pub body: B,
}

/// Why an envelope is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More than [`LARGEST`] bytes.
    #[error("an envelope of more than {LARGEST} bytes")]
    TooLarge,
    /// No JWS in compact form, or without the claims an envelope has.
    #[error("not an envelope")]
    NotAnEnvelope,
    /// Signed with something else than ES256, or not at all.
    #[error("signed with another algorithm than ES256")]
    OtherAlgorithm,
    /// No key of ours has this number, or it belongs to somebody else than the sender says to be.
    #[error("signed with a key that is not trusted here")]
    UnknownSender,
    /// Changed on the way.
    #[error("the signature is not right")]
    BadSignature,
    /// It was made for something else.
    #[error("an envelope of another kind")]
    OtherKind,
    /// It was made for somebody else.
    #[error("an envelope to somebody else")]
    OtherAudience,
    #[error("the envelope has expired")]
    Expired,
    /// Written later than now: a clock is wrong.
    #[error("the envelope was written in the future: compare the two machines' clocks")]
    FromTheFuture,
    /// It claims to be good for longer than its kind may be.
    #[error("the envelope is good for longer than its kind may be")]
    LivesTooLong,
    /// Signed and in time, but the body is not what this kind holds.
    #[error("the envelope's body is not what its kind holds")]
    OtherBody,
}

impl Refusal {
    /// For logs, problem answers and the implementation profile: stays as it is.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "envelope.too_large",
            Self::NotAnEnvelope => "envelope.not_an_envelope",
            Self::OtherAlgorithm => "envelope.other_algorithm",
            Self::UnknownSender => "envelope.unknown_sender",
            Self::BadSignature => "envelope.bad_signature",
            Self::OtherKind => "envelope.other_kind",
            Self::OtherAudience => "envelope.other_audience",
            Self::Expired => "envelope.expired",
            Self::FromTheFuture => "envelope.from_the_future",
            Self::LivesTooLong => "envelope.lives_too_long",
            Self::OtherBody => "envelope.other_body",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims<B> {
    iss: Party,
    aud: Party,
    iat: i64,
    exp: i64,
    jti: Uuid,
    typ: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    body: B,
}

/// The first half of the point's SHA-256: enough to find a key by, and the same on both sides.
fn key_id(public: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, public).as_ref()[..16])
}
