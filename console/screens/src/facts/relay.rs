//! What the relay's front tells its operators: partners, and how the front stands. Nothing of a person is in it.

use relay_core::audit::Outcome;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::FrontFault;

/// How the relay's operators show who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorsBy {
    /// By their staff card.
    Card,
    /// By a certificate and its key in files, without a password.
    Files,
}

/// What an operator asks of the front about a partner. Each brings all partners as they then stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontOrder {
    /// Only how they stand.
    Partners,
    Approve {
        entity: String,
        edition: i32,
        /// Its hash, as the operator compared it.
        sha256: String,
    },
    /// Record what the service showed at the trial's two visits.
    Tried {
        entity: String,
        shown: ShownName,
    },
    /// Name a card for trials, by the SHA-256 of its certificate.
    TrialCard {
        sha256: String,
    },
    /// Let it go on without single logout.
    WithoutLogout {
        entity: String,
        reason: String,
    },
    /// Put it on trial again.
    Trial {
        entity: String,
    },
    On {
        entity: String,
    },
    Off {
        entity: String,
        reason: String,
    },
    /// How long assertions and sessions last, and how far its clock may be off, in seconds.
    Lifetimes {
        entity: String,
        seconds: [i32; 3],
    },
    /// What is taken from it beyond the profile, all of it.
    Exceptions {
        entity: String,
        /// Their names in the profile.
        names: Vec<String>,
        reason: String,
    },
}

/// Metadata that were put forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    pub entity: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// All partners as they then stand.
    pub partners: Vec<Partner>,
}

/// A service that does not know yet that sessions are over: how many, never whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    pub entity_id: String,
    /// Sessions it is still to be told of.
    pub waiting: i64,
    /// Sessions it was told of in vain until that was given up.
    pub given_up: i64,
    /// The hour in which the one ended that it was told of most often.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// How often that was.
    pub tries: i32,
    /// By when it is told again.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next: Option<OffsetDateTime>,
}

/// How much is untold, as it stands beside the front's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UntoldCount {
    pub services: u64,
    /// Sessions they are still to be told of.
    pub waiting: i64,
}

/// A line of the front's trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailLine {
    pub at: OffsetDateTime,
    /// Which operator, or which process.
    pub actor: String,
    /// The act's name in the trail: the auditor's own code.
    pub act: String,
    pub outcome: Outcome,
    /// About what, and with which facts.
    pub about: String,
}

/// How the front stood when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontHeard {
    pub at: OffsetDateTime,
    /// What it said, or why it did not.
    pub state: Result<FrontState, FrontFault>,
}

/// What the front told its operators so far.
#[derive(Debug, Default)]
pub struct Told {
    pub heard: Option<FrontHeard>,
    pub partners: Option<Vec<Partner>>,
}

impl Told {
    /// A partner by its name.
    pub fn partner(&self, entity: &str) -> Option<&Partner> {
        self.partners
            .as_ref()?
            .iter()
            .find(|partner| partner.entity_id == entity)
    }
}

/// The exceptions of the profile that the front makes for a partner (`name-in-clear` is never made: it would tell the
/// front a pseudonym).
pub const EXCEPTIONS: [&str; 3] = ["cipher-block-chaining", "ecp-headers", "destination-missing"];
/// Days before the expiry of metadata from which it is marked.
pub const SOON: i64 = 14;
/// Seconds that may be set: assertion, session, skew (参考C6; the implementation profile, §5).
pub const LIFETIMES: [std::ops::RangeInclusive<i32>; 3] = [30..=600, 60..=43_200, 0..=300];

/// How a service hears that a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutHeard {
    /// From server to server.
    FromTheRelay,
    /// By the person's browser only: a pulled or stopped card does not end its session.
    FromTheBrowser,
    Nothing,
}

impl LogoutHeard {
    /// The key of the words that warn of it, where a pulled card leaves the service's session open.
    pub const fn warning(self) -> Option<&'static str> {
        match self {
            Self::FromTheRelay => None,
            Self::FromTheBrowser => Some("logout-heard-browser"),
            Self::Nothing => Some("logout-heard-nothing"),
        }
    }
}

/// A federation partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    pub entity_id: String,
    /// What it is to the front.
    pub kind: Kind,
    pub state: Standing,
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Why it was switched off, in an operator's words.
    pub reason: Option<String>,
    /// What its trial sign-in showed.
    pub sign_in: SignInTrial,
    /// What its trial sign-out showed.
    pub logout: LogoutTrial,
    /// How it hears that a session is over; none before its metadata are approved.
    #[serde(default)]
    pub logout_heard: Option<LogoutHeard>,
    /// How long an assertion to it lasts.
    pub assertion_seconds: i32,
    /// How long a session there lasts.
    pub session_seconds: i32,
    /// How far its clock may be off.
    pub skew_seconds: i32,
    /// What is taken from it beyond the profile.
    pub exceptions: Vec<String>,
    /// The metadata it is judged by.
    pub current: Option<Edition>,
    /// Newer metadata that wait for a second operator.
    pub waiting: Option<Edition>,
}

/// One edition of a partner's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Counted from 1.
    pub edition: i32,
    /// SHA-256 of the document, in hex.
    pub sha256: String,
    /// When it expires by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    pub valid_until: Option<OffsetDateTime>,
    /// Who put it forward.
    pub proposed_by: String,
    pub approved_by: Option<String>,
}

/// What a partner is to the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It takes assertions from the front.
    Service,
    /// An identity provider that sign-ins are passed on to.
    Provider,
}

/// How a partner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No edition of its metadata is approved yet.
    Proposed,
    /// Approved; only cards named for trials sign in there.
    Trial,
    On,
    Off,
}

/// What a trial sign-in showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInTrial {
    Untried,
    /// The same name at two visits.
    Named,
    /// An empty name: it does not read EncryptedID.
    Unnamed,
    /// Another name at each visit, as the service asks for passing ones.
    Passing,
}

/// What a service showed of the person at a trial's two visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownName {
    /// The same at both.
    Same,
    /// Another at each: right where it asks for passing names (transient).
    Another,
    /// None.
    Empty,
}

/// What a trial sign-out showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoutTrial {
    Untried,
    /// Its LogoutRequest carried the name encrypted.
    Sealed,
    /// Its LogoutRequest carried the name in clear.
    InClear,
    /// It goes on without single logout, by a recorded decision.
    Without,
}

/// What stands between a partner and its service, or that nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Metadata wait for a second operator.
    Approve,
    /// Sign in twice with a card for trials and say what the service showed.
    TrySignIn,
    /// The service got an empty name: it stays off until it reads EncryptedID.
    NotNamed,
    /// Sign out at the service; the front sees by itself what comes.
    TryLogout,
    /// Its LogoutRequest names the person in clear: mended, or without single logout by decision.
    InClear,
    /// It may be switched on.
    SwitchOn,
    /// Its metadata have expired: propose new ones.
    Expired,
    /// It is in service.
    InService,
    /// Somebody switched it off; it goes on by a new trial.
    Off,
}

impl Next {
    /// Its name in what programs read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::TrySignIn => "try_sign_in",
            Self::NotNamed => "not_named",
            Self::TryLogout => "try_logout",
            Self::InClear => "in_clear",
            Self::SwitchOn => "switch_on",
            Self::Expired => "expired",
            Self::InService => "in_service",
            Self::Off => "off",
        }
    }
}

impl Partner {
    /// Whole days until its metadata expire, negative when they have; `None` when they never do by themselves.
    pub fn days_left(&self, now: OffsetDateTime) -> Option<i64> {
        let until = self.current.as_ref().or(self.waiting.as_ref())?.valid_until?;
        Some((until - now).whole_seconds().div_euclid(86_400))
    }

    /// What is to be done next, as the front's own rules will judge it.
    pub fn next(&self, now: OffsetDateTime) -> Next {
        if self.waiting.is_some() || self.current.is_none() {
            return Next::Approve;
        }
        if self.days_left(now).is_some_and(|days| days < 0) {
            return Next::Expired;
        }
        match (self.state, self.kind, self.sign_in, self.logout) {
            (Standing::On, ..) => Next::InService,
            (Standing::Off, ..) => Next::Off,
            (_, Kind::Provider, ..) => Next::SwitchOn,
            (_, _, SignInTrial::Untried, _) => Next::TrySignIn,
            (_, _, SignInTrial::Unnamed, _) => Next::NotNamed,
            (_, _, _, LogoutTrial::Untried) => Next::TryLogout,
            (_, _, _, LogoutTrial::InClear) => Next::InClear,
            (_, _, SignInTrial::Named | SignInTrial::Passing, LogoutTrial::Sealed | LogoutTrial::Without) => {
                Next::SwitchOn
            }
        }
    }
}

/// How the front stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontState {
    /// The front's SAML name.
    pub entity_id: String,
    /// Who asks, as the front knows them.
    #[serde(default)]
    pub operator: String,
    /// The offices whose registrations it takes.
    pub offices: Vec<OfficeHeard>,
    /// Whether the blind half answers it.
    pub blind_half: bool,
    /// How far its database's clock is ahead of its own; `None` when the database did not say.
    pub database_clock_ahead_ms: Option<i64>,
    /// The newest edition of keys it holds.
    pub key_edition: u32,
    /// Services that do not know yet that sessions are over; `None` when the database did not say.
    #[serde(default)]
    pub untold: Option<UntoldCount>,
}

/// An office as the front last heard it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeHeard {
    /// Its name in envelopes.
    pub name: String,
    /// Its last message that was applied or refused for good.
    pub applied: i64,
    /// How many of its messages were refused for good; an older front does not say.
    #[serde(default)]
    pub refused: i64,
    /// Seconds since it was last heard.
    pub heard_seconds_ago: i64,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    pub const NOW: OffsetDateTime = datetime!(2026-11-22 9:14 +9);

    /// A library's service, approved and on trial.
    pub fn library() -> Partner {
        Partner {
            entity_id: "https://library.example/saml".into(),
            kind: Kind::Service,
            state: Standing::Trial,
            since: NOW - Duration::days(2),
            reason: None,
            sign_in: SignInTrial::Untried,
            logout: LogoutTrial::Untried,
            logout_heard: Some(LogoutHeard::FromTheRelay),
            assertion_seconds: 120,
            session_seconds: 3600,
            skew_seconds: 60,
            exceptions: vec![],
            current: Some(Edition {
                edition: 1,
                sha256: "0a".repeat(32),
                valid_until: Some(NOW + Duration::days(20)),
                proposed_by: "hama".into(),
                approved_by: Some("iso".into()),
            }),
            waiting: None,
        }
    }

    #[test]
    fn a_service_comes_to_be_on_step_by_step_and_a_bad_trial_keeps_it_off() {
        let mut partner = library();
        assert_eq!(partner.next(NOW), Next::TrySignIn);
        partner.sign_in = SignInTrial::Unnamed;
        assert_eq!(partner.next(NOW), Next::NotNamed);
        partner.sign_in = SignInTrial::Named;
        assert_eq!(partner.next(NOW), Next::TryLogout);
        partner.logout = LogoutTrial::InClear;
        assert_eq!(partner.next(NOW), Next::InClear);
        for good in [LogoutTrial::Sealed, LogoutTrial::Without] {
            partner.logout = good;
            assert_eq!(partner.next(NOW), Next::SwitchOn);
        }
        partner.state = Standing::On;
        assert_eq!(partner.next(NOW), Next::InService);
        assert_eq!(partner.next(NOW + Duration::days(21)), Next::Expired);
    }

    #[test]
    fn the_last_day_counts_as_none_left_and_the_day_after_as_past() {
        let partner = library();
        assert_eq!(partner.days_left(NOW), Some(20));
        assert_eq!(partner.days_left(NOW + Duration::hours(20 * 24 - 1)), Some(0));
        assert_eq!(partner.days_left(NOW + Duration::hours(20 * 24 + 1)), Some(-1));
    }
}
