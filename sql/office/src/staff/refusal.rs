//! Why something was refused of the office's own people and their cards.

use crate::refusal::{Fact, Refusal};

/// A refusal about staff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffRefusal {
    /// The certificate is not registered, or its holder may no longer log in.
    #[error("the staff card is not registered, or no longer good")]
    Unknown,
    /// The staff number is given already.
    #[error("the staff number {0} is given already")]
    NumberTaken(String),
    /// The certificate is registered already.
    #[error("the certificate is registered to someone already")]
    CertificateTaken,
    /// Somebody must remain who can administer.
    #[error("this is the last administrator")]
    LastAdministrator,
    /// Nobody gives or takes their own roles.
    #[error("one's own roles are changed by another administrator")]
    OwnRoles,
    /// An administrator exists already; further staff are added by an administrator.
    #[error("there is an administrator already")]
    NotFirstRun,
}

impl StaffRefusal {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        vec![
            Box::new(Self::Unknown),
            Box::new(Self::NumberTaken(String::new())),
            Box::new(Self::CertificateTaken),
            Box::new(Self::LastAdministrator),
            Box::new(Self::OwnRoles),
            Box::new(Self::NotFirstRun),
        ]
    }
}

impl Refusal for StaffRefusal {
    fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Unknown => Some("staff_unknown"),
            Self::LastAdministrator => Some("last_administrator"),
            Self::OwnRoles => Some("own_roles"),
            Self::NotFirstRun => Some("not_first_run"),
            Self::NumberTaken(_) | Self::CertificateTaken => None,
        }
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::Unknown => "fault-staff-unknown",
            Self::NumberTaken(_) => "refused-staff-number-taken",
            Self::CertificateTaken => "refused-certificate-taken",
            Self::LastAdministrator => "refused-last-administrator",
            Self::OwnRoles => "refused-own-roles",
            Self::NotFirstRun => "refused-not-first-run",
        }
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        match self {
            Self::NumberTaken(number) => vec![("number", Fact::Text(number.clone()))],
            _ => Vec::new(),
        }
    }
}
