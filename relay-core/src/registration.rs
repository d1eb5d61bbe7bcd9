//! What the office tells the front about cards: the bodies of envelopes of the kind
//! [`crate::envelope::Kind::Registration`].
//!
//! Each is in an envelope of its own with the sender's next number. The front applies them in order, each once; one that
//! comes again is answered as before. Nothing in them says who somebody is: a random registration id, the card's
//! certificate (which names nobody but a random holder number) and an encrypted pseudonym.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::pseudonym::PolymorphicPseudonym;

/// What a registered certificate is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardUse {
    /// Sign-in with the PIN.
    Authentication,
    /// Looking up eligibility, without a PIN. Registered apart: nothing links it to the same card's other key.
    Eligibility,
}

impl CardUse {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Eligibility => "eligibility",
        }
    }
}

/// A certificate's bytes, DER.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateDer(pub Vec<u8>);

impl fmt::Debug for CertificateDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateDer({} bytes)", self.0.len())
    }
}

impl Serialize for CertificateDer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for CertificateDer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Why a registration ends for good (RFC 5280 §5.3.1, those that happen to cards).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The card was lost and not found again, or somebody else may have its key.
    KeyCompromise,
    /// Another card has taken its place.
    Superseded,
    /// The holder has moved away, died, or gave the card back.
    CessationOfOperation,
    /// It should never have been given.
    PrivilegeWithdrawn,
}

/// Two persons who approved something together: ids of staff, opaque to the front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[String; 2]", into = "[String; 2]")]
pub struct TwoPersons([String; 2]);

impl TwoPersons {
    /// `one` and `other`; `None` when that is one person, or nobody.
    pub fn new(one: &str, other: &str) -> Option<Self> {
        (!one.is_empty() && !other.is_empty() && one != other).then(|| Self([one.to_owned(), other.to_owned()]))
    }

    /// Their ids.
    pub const fn ids(&self) -> &[String; 2] {
        &self.0
    }
}

impl TryFrom<[String; 2]> for TwoPersons {
    type Error = &'static str;
    fn try_from([one, other]: [String; 2]) -> Result<Self, Self::Error> {
        Self::new(&one, &other).ok_or("two different persons approve")
    }
}

impl From<TwoPersons> for [String; 2] {
    fn from(persons: TwoPersons) -> Self {
        persons.0
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Message {
    /// A card was handed over: its certificate stands for this person. Not good for a sign-in before it is activated.
    Register {
        /// The registration's own random id.
        registration: Uuid,
        /// The card's certificate for this use.
        certificate_der: CertificateDer,
        /// What it is used for.
        #[serde(rename = "use")]
        used_for: CardUse,
        /// The person, encrypted afresh for this registration.
        pseudonym: PolymorphicPseudonym,
    },
    /// The registration may be used from now on.
    Activate { registration: Uuid },
    /// It may not be used for now: the card is reported lost.
    Suspend { registration: Uuid },
    /// It may be used again: the card was found.
    Resume { registration: Uuid },
    Revoke {
        registration: Uuid,
        reason: RevocationReason,
    },
    /// It stood for the wrong person: from now on it stands for this one. The office makes the ciphertext from the
    /// right person's origin, or from the next edition of the same person's.
    Relink {
        registration: Uuid,
        /// The right person, encrypted afresh.
        pseudonym: PolymorphicPseudonym,
        approved_by: TwoPersons,
    },
}

impl Message {
    /// Which registration it is about.
    pub const fn registration(&self) -> Uuid {
        match self {
            Self::Register { registration, .. }
            | Self::Activate { registration }
            | Self::Suspend { registration }
            | Self::Resume { registration }
            | Self::Revoke { registration, .. }
            | Self::Relink { registration, .. } => *registration,
        }
    }

    /// The encrypted person in it, where there is one.
    pub const fn pseudonym(&self) -> Option<&PolymorphicPseudonym> {
        match self {
            Self::Register { pseudonym, .. } | Self::Relink { pseudonym, .. } => Some(pseudonym),
            Self::Activate { .. } | Self::Suspend { .. } | Self::Resume { .. } | Self::Revoke { .. } => None,
        }
    }

    /// What it does, as logged.
    pub const fn act(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Activate { .. } => "activate",
            Self::Suspend { .. } => "suspend",
            Self::Resume { .. } => "resume",
            Self::Revoke { .. } => "revoke",
            Self::Relink { .. } => "relink",
        }
    }
}

/// The code of the front's refusal (422) of what is encrypted under keys that were rotated away: the same message is to
/// come again, under the same number, encrypted to the next global key.
pub const LEFT_BEHIND: &str = "registration.keys_left_behind";

/// The code of the front's refusal (422) of what is encrypted under newer keys than it holds: the same message is applied
/// once the rotation is completed there too.
pub const KEYS_NOT_YET: &str = "registration.keys_not_yet";

/// A rule by which the front refuses for good what an office says of a registration. The envelope was authentic and the
/// next one; what is in it contradicts what is registered, and no waiting mends that. Such a message uses its number up:
/// it is kept as refused, and the next one can be taken.
///
/// Everything else that keeps a message from being applied uses no number up. What is not authentic (signature, sender,
/// audience, times, mutual TLS) is nobody's message, and a stranger must not be able to use up an office's numbers. A gap
/// in the numbers, keys of another edition, a database that is away and a body that this version cannot read are mended
/// by waiting, by sending what is missing, or by the operators; then the same message is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Another office registered it.
    OtherOffice,
    /// It is registered already.
    RegisteredAlready,
    /// It was never registered here.
    NotRegistered,
    /// It is over for good.
    Revoked,
    /// It was activated before.
    ActivatedAlready,
    /// Only an active one can be suspended.
    NotActive,
    /// Only a suspended one can be resumed.
    NotSuspended,
    /// Its certificate is registered under another id.
    CertificateTaken,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::OtherOffice,
        Self::RegisteredAlready,
        Self::NotRegistered,
        Self::Revoked,
        Self::ActivatedAlready,
        Self::NotActive,
        Self::NotSuspended,
        Self::CertificateTaken,
    ];

    /// As answered, stored and written to the trail: stays as it is.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherOffice => "registration.other_office",
            Self::RegisteredAlready => "registration.registered_already",
            Self::NotRegistered => "registration.not_registered",
            Self::Revoked => "registration.revoked",
            Self::ActivatedAlready => "registration.activated_already",
            Self::NotActive => "registration.not_active",
            Self::NotSuspended => "registration.not_suspended",
            Self::CertificateTaken => "registration.certificate_taken",
        }
    }

    /// Its code.
    pub fn code(self) -> RuleCode {
        RuleCode(self.as_str().to_owned())
    }
}

/// The code of a [`Rule`], also of one that a newer front has and this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleCode(String);

impl RuleCode {
    /// As written: 1 to 64 of `a`–`z`, `_` and `.`, so that it can stand in any log and on any screen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RuleCode {
    type Error = &'static str;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        let plain = |letter: char| letter.is_ascii_lowercase() || "_.".contains(letter);
        if (1..=64).contains(&code.len()) && code.chars().all(plain) {
            Ok(Self(code))
        } else {
            Err("a rule's code is 1 to 64 small letters, '_' or '.'")
        }
    }
}

impl From<RuleCode> for String {
    fn from(code: RuleCode) -> Self {
        code.0
    }
}

/// The front's answer to an envelope: 200 with the first, 409 with the second, 422 with the third.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Applied now, or before: the sender may go on.
    Applied(u64),
    /// Out of order: the front waits for this number.
    Expected(u64),
    /// Refused for good now, or before: the number is used up, nothing was changed, and the sender may go on.
    Refused { sequence: u64, rule: RuleCode },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chance::SeededChance,
        pseudonym::{Ceremony, Registrar, RegistrarSecret},
    };
    use serde_json::json;

    #[test]
    fn messages_are_read_as_they_were_written() {
        let chance = &mut SeededChance::new(1);
        let registrar = Registrar::new(RegistrarSecret::new(chance), Ceremony::run(chance).global);
        let registration = Uuid::from_u128(7);
        let pseudonym = registrar.register(Uuid::from_u128(1), 0, chance);
        let messages = [
            Message::Register {
                registration,
                certificate_der: CertificateDer(vec![0x30, 0x82]),
                used_for: CardUse::Eligibility,
                pseudonym,
            },
            Message::Activate { registration },
            Message::Revoke {
                registration,
                reason: RevocationReason::Superseded,
            },
            Message::Relink {
                registration,
                pseudonym,
                approved_by: TwoPersons::new("s-1", "s-2").unwrap(),
            },
        ];
        for message in messages {
            let text = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
        }
        let shown = serde_json::to_value(Message::Suspend { registration }).unwrap();
        assert_eq!(shown, json!({ "act": "suspend", "registration": registration }));
        assert_eq!(
            serde_json::to_value(Answer::Applied(7)).unwrap(),
            json!({ "applied": 7 })
        );
    }

    #[test]
    fn a_refusal_names_its_rule_also_one_that_only_a_newer_front_knows() {
        let refused = Answer::Refused {
            sequence: 7,
            rule: Rule::Revoked.code(),
        };
        let text = json!({ "refused": { "sequence": 7, "rule": "registration.revoked" } });
        assert_eq!(serde_json::to_value(&refused).unwrap(), text);
        let newer = json!({ "refused": { "sequence": 7, "rule": "registration.something_new" } });
        assert!(serde_json::from_value::<Answer>(newer).is_ok());
        for code in ["", "two words", "<b>", "Revoked", &"a".repeat(65)] {
            let wrong = json!({ "refused": { "sequence": 7, "rule": code } });
            assert!(serde_json::from_value::<Answer>(wrong).is_err(), "{code}");
        }
        let codes: std::collections::BTreeSet<_> = Rule::ALL.into_iter().map(Rule::as_str).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        assert!(codes.iter().all(|code| RuleCode::try_from((*code).to_owned()).is_ok()));
    }

    #[test]
    fn a_wrong_link_is_not_mended_by_one_person_alone() {
        assert!(serde_json::from_value::<TwoPersons>(json!(["s-1", "s-1"])).is_err());
        assert!(serde_json::from_value::<TwoPersons>(json!(["s-1", ""])).is_err());
        assert!(serde_json::from_value::<TwoPersons>(json!(["s-1", "s-2"])).is_ok());
    }

    #[test]
    fn a_message_with_something_more_in_it_is_not_read() {
        let more = json!({ "act": "activate", "registration": Uuid::from_u128(7), "name": "山口" });
        assert!(serde_json::from_value::<Message>(more).is_err());
    }
}
