//! Leaving (single logout) and a name given up or changed (name identifier management).

use std::fmt;

use time::OffsetDateTime;

use super::{Head, Identified, MessageId, Status};

/// A session is to end everywhere (saml-core section 3.7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// ID, time, issuer, destination.
    pub head: Head,
    pub name: Identified,
    /// Which of the person's sessions; none named: all of them.
    pub session_indexes: Vec<String>,
    /// Why, as a URI.
    pub reason: Option<String>,
    /// Of no use from then on.
    pub not_on_or_after: Option<OffsetDateTime>,
}

/// How a logout ended (saml-core section 3.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// ID, time, issuer, destination.
    pub head: Head,
    /// Which request it answers.
    pub in_response_to: Option<MessageId>,
    /// How it ended; `PartialLogout` when somebody could not be told.
    pub status: Status,
}

/// A name is given up or changed (saml-core section 3.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageNameIdRequest {
    /// ID, time, issuer, destination.
    pub head: Head,
    pub name: Identified,
    /// What becomes of it.
    pub change: NameChange,
}

/// What becomes of a name.
#[derive(Clone, PartialEq, Eq)]
pub enum NameChange {
    /// It is used no longer.
    Terminate,
    /// It is called so from now on.
    New(String),
    /// The same, as a whole `<samlp:NewEncryptedID>` in XML.
    NewSealed(String),
}

impl fmt::Debug for NameChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "Terminate",
            Self::New(_) => "New",
            Self::NewSealed(_) => "NewSealed",
        })
    }
}

/// How that ended (saml-core section 3.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageNameIdResponse {
    /// ID, time, issuer, destination.
    pub head: Head,
    /// Which request it answers.
    pub in_response_to: Option<MessageId>,
    pub status: Status,
}
