//! What a service wants of a sign-in: as much of its request as is kept while the sign-in is under way.

use relay_saml::{
    message::{Comparison, RequestedAuthnContext},
    names::AuthnContext,
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{Session, Who};
use relay_records::front::HolderState;

/// What a service wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub service: String,
    /// What it calls itself for people, by language.
    pub called: Vec<(String, String)>,
    /// Its request's ID; none when nobody asked (a start from here).
    pub request: Option<String>,
    /// Where the answer goes.
    pub reply: Reply,
    /// What it wants back with the answer.
    pub relay_state: Option<String>,
    /// A sign-in that is already there is not enough.
    pub force: bool,
    /// The person must not be asked anything.
    pub passive: bool,
    /// What kind of name it gets.
    pub name: NameWanted,
    /// The contexts it takes, as URIs, most wanted first; empty: any.
    pub contexts: Vec<String>,
    /// How the one given must stand to them.
    pub comparison: String,
    /// It is on trial.
    pub trial: bool,
    /// A pulled card does not end its session: it hears of logouts by the browser alone, or not at all.
    #[serde(default)]
    pub stays_open: bool,
    /// How old a sign-in may be for it, in seconds.
    pub session_seconds: i64,
    /// How long an assertion for it is good, in seconds.
    pub assertion_seconds: i64,
    /// How far its clock may be off, in seconds.
    pub skew_seconds: i64,
    /// The entities on whose behalf it asks: no provider among them is asked again.
    pub requesters: Vec<String>,
    /// How often the request may still be handed on; none: no limit stated.
    pub proxy_count: Option<u32>,
}

/// Where an answer goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub binding: ReplyBinding,
    /// The address, which stands in the service's metadata.
    pub location: String,
}

/// How an answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplyBinding {
    /// In a form the browser posts.
    Post,
    Artifact,
    /// Through a client without cookies.
    Paos,
}

impl ReplyBinding {
    /// In the trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Artifact => "artifact",
            Self::Paos => "paos",
        }
    }
}

/// What kind of name a service gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NameWanted {
    /// Its pseudonym for the person, made by both halves and encrypted to it: it asked for that by name.
    Persistent,
    /// Its pseudonym where there is one; a passing name for somebody whom only another provider knows.
    Either,
    /// Another at each visit, made here: the blind half is not asked.
    Transient,
}

impl Asked {
    /// Whether a sign-in by `context` is one the service takes.
    pub fn is_met_by(&self, context: &AuthnContext) -> bool {
        if self.contexts.is_empty() {
            // A service that names none gets a resident with the PIN: never less by silence, and never a worker, who
            // is there for the work and not for themselves.
            return *context == AuthnContext::CardPin;
        }
        RequestedAuthnContext {
            classes: self
                .contexts
                .iter()
                .map(|uri| AuthnContext::from(uri.as_str()))
                .collect(),
            comparison: Comparison::parse(&self.comparison).unwrap_or_default(),
        }
        .is_met_by(context)
    }

    /// Whether the service takes what a card elsewhere approved for a telephone: it names that, and is not on trial, where
    /// a card must be shown each time.
    pub fn takes_telephones(&self) -> bool {
        !self.trial && self.is_met_by(&AuthnContext::Telephone)
    }

    /// Whether the browser's session is enough, so that no card need be shown.
    pub(super) fn will_do(&self, session: &Session, now: OffsetDateTime) -> bool {
        let active = session.holder.is_none_or(|state| state == HolderState::Active);
        // By what the service will be told: it must not find the sign-in older than it takes.
        let young = now - session.begun_about() < Duration::seconds(self.session_seconds) && now < session.over_about();
        // On trial a card must be shown each time, so that only cards named for trials go there.
        !self.force
            && !self.trial
            && active
            && young
            && self.can_name(&session.who)
            && self.is_met_by(&AuthnContext::from(session.context.as_str()))
    }

    /// Whether `who` can be given a name of the kind the service asked for: nobody here holds a pseudonym of somebody
    /// whom only another provider knows.
    pub fn can_name(&self, who: &Who) -> bool {
        match who {
            Who::Holder(_) => true,
            Who::Upstream { .. } => self.name != NameWanted::Persistent,
        }
    }
}
