//! The office's own people: who may do what at a counter.

use std::{collections::BTreeSet, fmt, str::FromStr};

use relay_core::id::Id;
use serde::{Deserialize, Serialize};

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
