//! Signing in: the service's AuthnRequest, the identity provider's Response with its assertion.

use std::fmt;

use time::OffsetDateTime;

use super::{EntityId, Head, Identified, MessageId, Status};
use crate::{
    names::{AuthnContext, Binding, NameIdFormat},
    wsf::Reference,
};

/// A service asks who somebody is (saml-core section 3.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// ID, time, issuer, destination.
    pub head: Head,
    /// ForceAuthn: a sign-in that is already there is not enough.
    pub force: bool,
    /// IsPassive: the person must not be asked anything.
    pub passive: bool,
    /// Where the answer goes.
    pub answer_to: AnswerTo,
    /// What kind of name is wanted.
    pub name_id_policy: Option<NameIdPolicy>,
    /// How the person must be authenticated.
    pub context: Option<RequestedAuthnContext>,
    /// Who may be asked, and on whose behalf.
    pub scoping: Option<Scoping>,
    /// Whom the answer must be about, when the service knows already.
    pub subject: Option<Identified>,
    /// The service's name for people, as it calls itself.
    pub provider_name: Option<String>,
}

/// Where the answer to an AuthnRequest goes. Only an address of the service's metadata is ever used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerTo {
    Default,
    /// The metadata's endpoint of that index.
    Index(u16),
    /// That address, which must be in the metadata, with that binding where one is named.
    Address {
        location: Option<String>,
        binding: Option<Binding>,
    },
}

/// What kind of name is wanted (saml-core section 3.4.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameIdPolicy {
    /// Its format; absent: any.
    pub format: Option<NameIdFormat>,
    /// In which name space, when not the asker's own.
    pub sp_qualifier: Option<String>,
    /// A new name may be made for it.
    pub allow_create: bool,
}

/// How the person must be authenticated (saml-core section 3.3.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAuthnContext {
    /// The contexts named, most wanted first.
    pub classes: Vec<AuthnContext>,
    /// How the one given must stand to them.
    pub comparison: Comparison,
}

/// How the context given must stand to those named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comparison {
    #[default]
    Exact,
    /// At least as strong as one.
    Minimum,
    /// As strong as possible, no stronger than one.
    Maximum,
    Better,
}

impl Comparison {
    /// As written in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }

    /// The comparison written `text`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Exact, Self::Minimum, Self::Maximum, Self::Better]
            .into_iter()
            .find(|comparison| comparison.as_str() == text)
    }
}

impl RequestedAuthnContext {
    /// Whether a sign-in by `given` answers the request. Contexts of different kinds (a resident's card, a
    /// worker's) are never compared for strength.
    pub fn is_met_by(&self, given: &AuthnContext) -> bool {
        let compare = |holds: fn(u8, u8) -> bool| {
            move |asked: &AuthnContext| match (given.strength(), asked.strength()) {
                (Some(given), Some(asked)) => holds(given, asked),
                _ => false,
            }
        };
        match self.comparison {
            Comparison::Exact => self.classes.contains(given),
            Comparison::Minimum => self.classes.contains(given) || self.classes.iter().any(compare(|g, a| g >= a)),
            Comparison::Maximum => self.classes.contains(given) || self.classes.iter().any(compare(|g, a| g <= a)),
            // Of no contexts named, none is bettered: a request may name declarations only, which are not spoken.
            Comparison::Better => !self.classes.is_empty() && self.classes.iter().all(compare(|g, a| g > a)),
        }
    }
}

/// Who may be asked, and on whose behalf: for handing a request on (saml-core section 3.4.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scoping {
    /// How often it may still be handed on; absent: no limit stated.
    pub proxy_count: Option<u32>,
    /// The identity providers the asker trusts, most wanted first.
    pub idps: Vec<IdpEntry>,
    /// Where the rest of that list is; never fetched here.
    pub complete_list: Option<String>,
    /// On whose behalf it is asked, the first asker first.
    pub requesters: Vec<EntityId>,
}

/// An identity provider in a list (saml-core section 3.4.1.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpEntry {
    pub entity: EntityId,
    /// Its name for people.
    pub name: Option<String>,
}

/// The answer to an AuthnRequest (saml-core section 3.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// ID, time, issuer, destination.
    pub head: Head,
    /// Which request it answers; absent when nobody asked.
    pub in_response_to: Option<MessageId>,
    pub status: Status,
    /// What is said of the person, when all went well. One, never more.
    pub assertion: Option<Assertion>,
}

/// What an identity provider says of a person (saml-core section 2.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub id: MessageId,
    /// When it was made.
    pub issued: OffsetDateTime,
    pub issuer: EntityId,
    pub subject: Subject,
    /// When and for whom it holds.
    pub conditions: Conditions,
    /// How and when the person was authenticated.
    pub authentication: Option<AuthnStatement>,
    /// What else is said.
    pub attributes: Vec<Attribute>,
    /// Where the service may ask for the person's records (ID-WSF 2.0 bootstrap).
    pub discovery: Option<Reference>,
}

/// Of whom an assertion speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub name: Identified,
    /// What the bearer must meet.
    pub confirmation: Confirmation,
}

/// Bearer confirmation (saml-profiles section 4.1.4.2): all of it is checked where the assertion is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The address it must be delivered to.
    pub recipient: String,
    /// It must be delivered before this.
    pub not_on_or_after: OffsetDateTime,
    /// Which request it answers.
    pub in_response_to: Option<MessageId>,
}

/// When and for whom an assertion holds (saml-core section 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    pub not_before: Option<OffsetDateTime>,
    /// Until just before then. Never left out in what is sent, demanded in what is taken.
    pub not_on_or_after: OffsetDateTime,
    pub audiences: Vec<EntityId>,
    /// It may be used once and not kept.
    pub one_time_use: bool,
    /// How far it may be handed on.
    pub proxy: Option<ProxyRestriction>,
}

/// How far an assertion may be handed on (saml-core section 2.5.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyRestriction {
    pub count: Option<u32>,
    pub audiences: Vec<EntityId>,
}

/// How and when the person was authenticated (saml-core section 2.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnStatement {
    pub at: OffsetDateTime,
    /// Which of the person's sessions: what a logout names.
    pub session_index: Option<String>,
    /// The service's session must end by then.
    pub session_until: Option<OffsetDateTime>,
    pub context: AuthnContext,
    /// Who else had a hand in it: the identity providers it was handed on to.
    pub authorities: Vec<EntityId>,
}

/// What else is said of a person. Values are never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    /// How the name is to be read.
    pub name_format: Option<String>,
    /// Its name for people.
    pub friendly_name: Option<String>,
    pub values: Vec<String>,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attribute({}, {} values)", self.name, self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(comparison: Comparison, classes: &[AuthnContext]) -> RequestedAuthnContext {
        RequestedAuthnContext {
            classes: classes.to_vec(),
            comparison,
        }
    }

    #[test]
    fn a_card_with_its_pin_is_stronger_than_one_without_and_a_workers_card_is_another_thing() {
        use AuthnContext::{CardNoPin, CardPin, Telephone, WorkerCard};
        assert!(asked(Comparison::Exact, &[CardPin]).is_met_by(&CardPin));
        assert!(!asked(Comparison::Exact, &[CardNoPin]).is_met_by(&CardPin));
        assert!(asked(Comparison::Minimum, &[CardNoPin]).is_met_by(&CardPin));
        assert!(!asked(Comparison::Minimum, &[CardPin]).is_met_by(&CardNoPin));
        assert!(asked(Comparison::Maximum, &[CardNoPin]).is_met_by(&CardNoPin));
        assert!(!asked(Comparison::Maximum, &[CardNoPin]).is_met_by(&CardPin));
        assert!(asked(Comparison::Better, &[CardNoPin]).is_met_by(&CardPin));
        assert!(!asked(Comparison::Better, &[CardPin]).is_met_by(&CardPin));
        assert!(!asked(Comparison::Better, &[]).is_met_by(&CardPin));
        assert!(!asked(Comparison::Minimum, &[CardNoPin]).is_met_by(&WorkerCard));
        assert!(asked(Comparison::Minimum, &[WorkerCard]).is_met_by(&WorkerCard));
        // What a telephone was given is taken by whoever names it, and by nobody who names something else.
        for comparison in [
            Comparison::Exact,
            Comparison::Minimum,
            Comparison::Maximum,
            Comparison::Better,
        ] {
            assert!(!asked(comparison, &[CardNoPin]).is_met_by(&Telephone));
            assert!(!asked(comparison, &[CardPin]).is_met_by(&Telephone));
        }
        assert!(asked(Comparison::Exact, &[CardPin, Telephone]).is_met_by(&Telephone));
    }
}
