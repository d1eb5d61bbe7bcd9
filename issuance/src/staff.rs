//! The office's own people: who may do what at a counter.

use std::{collections::BTreeSet, fmt, str::FromStr};

use relay_core::id::Id;
use serde::{Deserialize, Serialize};

use crate::authority::RevocationReason;

/// Kind of [`StaffId`].
pub enum StaffKind {}
/// A member of the staff.
pub type StaffId = Id<StaffKind>;

/// What a member of the staff may do. One person may hold several roles; the two-person rules ask for two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 受付: takes applications.
    Reception,
    /// 審査: verifies persons.
    Verification,
    /// 発行: makes cards.
    Issuing,
    /// 交付: hands cards over.
    Handover,
    /// 支援措置の閲覧: may see the address of a person under support measures, each sight audited.
    ProtectedAddress,
    /// 管理者: staff, configuration, import.
    Administration,
}

impl Role {
    /// Every role, in the order shown.
    pub const ALL: [Self; 6] = [
        Self::Reception,
        Self::Verification,
        Self::Issuing,
        Self::Handover,
        Self::ProtectedAddress,
        Self::Administration,
    ];

    /// As stored and written in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Verification => "verification",
            Self::Issuing => "issuing",
            Self::Handover => "handover",
            Self::ProtectedAddress => "protected_address",
            Self::Administration => "administration",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("no role is named {text}"))
    }
}

/// A member of the staff as the console knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Id in every record.
    pub id: StaffId,
    /// 職員番号, as printed on the staff card.
    pub number: String,
    /// Name shown in the status line and on slips.
    pub name: String,
    /// What they may do.
    pub roles: BTreeSet<Role>,
}

impl Staff {
    /// Whether this person may act as `role`.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Why someone may no longer log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisableReason {
    /// They left the office, or its counter.
    Left,
    /// Their card is in other hands.
    LostCard,
    Suspended,
}

impl DisableReason {
    /// Each reason.
    pub const ALL: [Self; 3] = [Self::Left, Self::LostCard, Self::Suspended];

    /// As stored, and as typed at the command.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::LostCard => "lost_card",
            Self::Suspended => "suspended",
        }
    }

    /// What the revocation list says of the card's certificate.
    pub const fn revocation(self) -> RevocationReason {
        match self {
            Self::LostCard => RevocationReason::KeyCompromise,
            Self::Left | Self::Suspended => RevocationReason::PrivilegeWithdrawn,
        }
    }
}

impl FromStr for DisableReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |reason: &Self| reason.as_str() == text;
        Self::ALL.into_iter().find(known).ok_or("left, lost_card or suspended")
    }
}

/// How a session at a desk ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnding {
    /// The person logged out.
    Logout,
    /// Another login at the desk.
    Replaced,
    /// An administrator took the right away.
    Disabled,
}

impl SessionEnding {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Replaced => "replaced",
            Self::Disabled => "disabled",
        }
    }
}
