//! The sign-in as one procedure: a state and an event give a new state, what is to be done, and what goes into the
//! trail. It reads no clock, asks no database and knows no page; [`crate::sso`] carries out what it orders.
//!
//! ```text
//! service asks ──► Begun ──(a session will do)────────────► Naming ──► Over(assertion)
//!                    ├────(only another provider knows)───► WithProvider ──► Over
//!                    ├────(may not ask, can't be met)─────► Over(status)
//!                    └────► WaitingForCard ──(good card)──► Naming
//! ```
//! Only `WaitingForCard` and `WithProvider` outlive a request, and both are kept where every instance reads them.

mod asked;
mod moves;
#[cfg(test)]
mod tests;

use relay_core::audit::Outcome;
use relay_records::front::{AuditAct, HolderState, Note, SessionId};
use relay_saml::names::{AuthnContext, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub use asked::{Asked, NameWanted, Reply, ReplyBinding};
pub use moves::step;

/// Where a sign-in stands. Each state holds what is true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Nothing has happened yet.
    Begun,
    /// The person is asked for the card.
    WaitingForCard {
        /// What the service wants.
        asked: Asked,
        /// The browser's session so far: ended when another card is shown, carried on by the same one.
        replaces: Option<SessionId>,
        /// The challenge a bridge may have signed, once.
        challenge: Option<Challenge>,
        /// What this browser shows for a machine with a reader to approve, since it reads no card itself.
        #[serde(default)]
        telephone: Option<TelephoneCode>,
    },
    /// The person is with another identity provider.
    WithProvider {
        /// What the service wants.
        asked: Asked,
        provider: String,
        /// The ID of our request there.
        request: String,
        /// When it was sent.
        sent_at: OffsetDateTime,
        /// The browser's session so far.
        replaces: Option<SessionId>,
    },
    /// It is known who is there; the name for the service is being made.
    Naming {
        /// What the service wants.
        asked: Asked,
        /// Who, and how they showed it.
        shown: Shown,
    },
    /// The service has its answer, or the person a page that ends it.
    Over,
}

impl State {
    /// Whether a card is asked for by a service that is on trial.
    pub const fn is_trial(&self) -> bool {
        matches!(self, Self::WaitingForCard { asked, .. } if asked.trial)
    }

    /// For the test table and the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::WaitingForCard { .. } => "waiting_for_card",
            Self::WithProvider { .. } => "with_provider",
            Self::Naming { .. } => "naming",
            Self::Over => "over",
        }
    }
}

/// A challenge for the card bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// 32 random bytes, in hex.
    pub nonce: String,
    /// Not to be answered from then on.
    pub until: OffsetDateTime,
}

/// What a telephone shows: six digits, and one of the pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelephoneCode {
    pub digits: String,
    /// Which of [`crate::telephone::Picture::ALL`].
    pub picture: u8,
    /// Not to be approved from then on.
    pub until: OffsetDateTime,
}

/// Who is there, and how they showed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Whom it is about.
    pub who: Who,
    pub context: String,
    pub at: OffsetDateTime,
    /// When the session here ends by itself.
    pub until: OffsetDateTime,
    pub session: SessionKind,
}

impl Shown {
    /// When the service that `asked` is to ask again: its time runs from the card, not from each answer, and never past
    /// the session here. Who came from another provider was seen here `now`, however long they were signed in there.
    pub fn until_for(&self, asked: &Asked, now: OffsetDateTime) -> OffsetDateTime {
        let seen = match (&self.who, &self.session) {
            (Who::Upstream { .. }, SessionKind::New { .. }) => now,
            _ => self.at,
        };
        self.until.min(seen + Duration::seconds(asked.session_seconds))
    }
}

/// Whom an assertion will be about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// The holder of a card registered here.
    Holder(Uuid),
    /// Somebody another provider knows: its name for them is not ours to keep.
    Upstream { provider: String },
}

/// The session an assertion belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    Existing(SessionId),
    New {
        /// The browser's session so far.
        replaces: Option<SessionId>,
        /// The bridge is to tell when the card is pulled.
        by_bridge: bool,
    },
}

/// The browser's session, as the records know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub id: SessionId,
    pub who: Who,
    /// How the registration stands now; `None` where another provider knows the person.
    pub holder: Option<HolderState>,
    /// How it was begun.
    pub context: String,
    pub authenticated_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

impl Session {
    /// When it was begun, as services that were not there hear it: never later than it was.
    pub fn begun_about(&self) -> OffsetDateTime {
        to_the_grain(self.authenticated_at)
    }

    /// When it ends, as they hear it: never later than it does.
    pub fn over_about(&self) -> OffsetDateTime {
        to_the_grain(self.expires_at)
    }
}

fn to_the_grain(at: OffsetDateTime) -> OffsetDateTime {
    let past = at.unix_timestamp().rem_euclid(GRAIN.whole_seconds());
    at - Duration::seconds(past) - Duration::nanoseconds(i64::from(at.nanosecond()))
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A service asked, and its request was checked.
    Asked {
        asked: Box<Asked>,
        /// The browser's session, if there is one.
        session: Option<Session>,
        /// Contexts that some card known here gives.
        possible: Vec<AuthnContext>,
    },
    /// The page for a bridge was asked for: it needs a challenge.
    Challenged(Challenge),
    /// The browser wants to be approved by a card elsewhere: what it shows for that.
    TelephoneAsked(TelephoneCode),
    /// A card was shown.
    CardShown(CardSeen),
    /// The person does not want to go on.
    Declined,
    /// The person chose another provider, and our request to it is ready.
    SentOn { provider: String, request: String },
    /// The other provider answered.
    ProviderAnswered(ProviderSaid),
    /// The name is made and recorded.
    Named,
    /// The name could not be made: the blind half is away or answered wrongly.
    NotNamed {
        /// Why, in a few words without anything of the person.
        reason: String,
    },
}

impl Event {
    /// For the test table and the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Challenged(_) => "challenged",
            Self::TelephoneAsked(_) => "telephone_asked",
            Self::CardShown(_) => "card_shown",
            Self::Declined => "declined",
            Self::SentOn { .. } => "sent_on",
            Self::ProviderAnswered(_) => "provider_answered",
            Self::Named => "named",
            Self::NotNamed { .. } => "not_named",
        }
    }
}

/// What was seen of a card.
#[derive(Debug, Clone, PartialEq)]
pub enum CardSeen {
    None,
    /// Its certificate, or the signature with it, is not good.
    Faulty(crate::card::CardFault),
    /// It is good, but not registered here.
    Unknown,
    /// It is registered, and not to be taken now.
    NotActive {
        registration: Uuid,
        state: HolderState,
    },
    /// It is good and active.
    Good {
        registration: Uuid,
        context: AuthnContext,
        way: Way,
        /// Operators named it for trials of services that are not on yet.
        for_trials: bool,
        at: OffsetDateTime,
    },
}

/// How a card was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Tls,
    /// By a signed challenge, whose nonce this is.
    Bridge {
        /// The nonce that was signed.
        nonce: String,
    },
    /// At another machine, which approved these digits.
    Telephone {
        digits: String,
    },
}

/// What another provider answered.
#[derive(Debug, Clone, PartialEq)]
pub enum ProviderSaid {
    /// It knows the person.
    SignedIn {
        /// Which of our requests it answers.
        request: String,
        /// How they showed it.
        context: String,
        at: OffsetDateTime,
        /// When its session of them ends, where it says so.
        until: Option<OffsetDateTime>,
        /// How far its clock may be off.
        skew: Duration,
    },
    /// It gave a status instead.
    Refused {
        /// Which of our requests it answers.
        request: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Keep the state, and show the page that asks for the card.
    AskForCard,
    /// Keep the state, and show that this card won't do.
    ShowRefusal(Refused),
    /// Keep the state, and send the browser to the bridge.
    ShowBridge,
    /// Keep the state, and show the digits and the picture.
    ShowTelephone,
    /// Keep the state, and send the browser to the other provider.
    SendToProvider,
    /// Make the name, record the answer, then report [`Event::Named`] or [`Event::NotNamed`].
    MakeName,
    /// Send the assertion that was recorded.
    SendAssertion,
    /// Send this status to the service.
    SendStatus { code: StatusCode, detail: StatusCode },
    /// Show that it can't be done now; what was kept stays, so that the person can try again.
    ShowAway,
    /// The event does not belong here: show that the sign-in is over.
    ShowOver,
}

/// Why a card won't do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    NoCard,
    Faulty(crate::card::CardFault),
    Unknown,
    /// Made, and not handed over yet.
    NotHandedOver,
    Suspended,
    Revoked,
    /// The service wants another kind of card, or the PIN.
    OtherKind,
    /// The service is on trial, and this is no card for trials.
    OnTrial,
    /// The signed challenge is not the one that was given, or too old.
    OldChallenge,
}

impl Refused {
    /// What a card that stands so is refused by; nothing where it may be used.
    pub const fn of_state(state: HolderState) -> Option<Self> {
        match state {
            HolderState::Registered => Some(Self::NotHandedOver),
            HolderState::Suspended => Some(Self::Suspended),
            HolderState::Revoked => Some(Self::Revoked),
            HolderState::Active => None,
        }
    }

    /// In the trail and as the key of its words.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCard => "no-card",
            Self::Faulty(fault) => fault.code(),
            Self::Unknown => "card-unknown",
            Self::NotHandedOver => "card-not-handed-over",
            Self::Suspended => "card-suspended",
            Self::Revoked => "card-revoked",
            Self::OtherKind => "card-other-kind",
            Self::OnTrial => "service-on-trial",
            Self::OldChallenge => "challenge-old",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub state: State,
    /// What is to be done.
    pub effect: Effect,
    /// What goes into the trail, with the registration still to be hashed in.
    pub note: Option<Told>,
}

/// An event for the trail, before the registration's id is hashed.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub act: AuditAct,
    pub outcome: Outcome,
    pub service: String,
    pub registration: Option<Uuid>,
    /// By which rule, or why.
    pub rule: String,
}

impl Told {
    /// The note, with the registration as the trail names it.
    pub fn note(&self, registration: Option<String>) -> Note {
        Note::of(
            self.act,
            json!({ "service": self.service, "registration": registration }),
            json!({ "rule": self.rule }),
        )
        .ended(self.outcome)
    }
}

/// How long a session lasts here; each service says how old a sign-in it takes.
pub const SESSION_LIFE: Duration = Duration::hours(8);
/// How long one lasts that a card approved for a telephone.
pub const TELEPHONE_LIFE: Duration = Duration::minutes(30);
/// How exactly services hear when a session began that spared the card: rounded down to this. To the second, two
/// services could find the same person by it alone in a small city.
pub const GRAIN: Duration = Duration::minutes(5);
/// How long a person may take.
pub const PATIENCE: Duration = Duration::minutes(10);
/// How long a challenge may be answered.
pub const CHALLENGE_LIFE: Duration = Duration::minutes(2);
