//! What goes wrong with a request, as a handler says it and the site explains it.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::form::Forged;

/// What a handler gives when it cannot give its page: which status, and which words say what happened. The words of
/// `key` say what; those of `key-next`, if there are any, what to do now. Nothing of what was sent belongs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) key: &'static str,
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Seconds until it may be asked again.
    pub(crate) wait: Option<u64>,
    /// By which rule it was refused.
    pub(crate) rule: Option<&'static str>,
    /// Where the visitor can do something about it: an address, and the key of its words.
    pub(crate) way: Option<(String, &'static str)>,
}

impl Trouble {
    /// Trouble told by the words of `key`.
    pub fn new(status: StatusCode, key: &'static str) -> Self {
        Self {
            status,
            key,
            facts: Vec::new(),
            wait: None,
            rule: None,
            way: None,
        }
    }

    /// Ours, and not the visitor's: told in general words; the cause belongs in the log.
    pub fn ours() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "trouble-ours")
    }

    /// Something needed for it does not answer.
    pub fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "trouble-busy")
    }

    /// What was sent makes no sense.
    pub fn request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "trouble-request")
    }

    /// There is no such page.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "trouble-not-found")
    }

    /// With a fact for the words.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// By which rule it was refused: for the log, and for whoever builds the partner's side, in a header. Residents
    /// read words.
    pub fn by_rule(mut self, rule: &'static str) -> Self {
        self.rule = Some(rule);
        self
    }

    /// With a way on: an address, and the key of its words.
    pub fn offering(mut self, (to, words): (impl Into<String>, &'static str)) -> Self {
        self.way = Some((to.into(), words));
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The key of its words.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// Asked too often: when to ask again.
    pub fn too_many(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let mut trouble =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "trouble-too-many").with("seconds", seconds.to_string());
        trouble.wait = Some(seconds);
        trouble
    }

    /// What a bare status of axum's own refusals means.
    pub(crate) fn of(status: StatusCode) -> Self {
        let key = match status {
            StatusCode::NOT_FOUND => "trouble-not-found",
            StatusCode::PAYLOAD_TOO_LARGE => "trouble-too-large",
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => "trouble-slow",
            status if status.is_client_error() => "trouble-request",
            _ => "trouble-ours",
        };
        Self::new(status, key)
    }
}

impl From<Forged> for Trouble {
    fn from(_: Forged) -> Self {
        Self::new(StatusCode::FORBIDDEN, "trouble-forged")
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut answer = self.status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}
