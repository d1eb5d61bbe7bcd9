//! 申請: who asks for the card and on whose behalf, what the resident consents to, how the card is to reach them.
//!
//! A form as typed ([`ApplicationForm`]) becomes an [`Application`] in one place, [`ApplicationForm::check`], which
//! names every field that is wrong. Inside, an application is right by construction.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use time::Date;

use crate::era::Birthday;

mod agent;
mod form;
pub mod state;

pub use agent::{AgentEvidence, AgentReason, GuardianBasis, GuardianEvidence};
pub use form::{AgentForm, ApplicantForm, ApplicationForm, Field, FieldError, Wrong};
pub use state::{ApplicationEvent, ApplicationState};

/// A service for which the card may be used only with the resident's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// 資格確認: eligibility at clinics.
    Eligibility,
    /// 特定健診: results of health check-ups.
    HealthCheckup,
    /// 医療費: notices of medical expenses.
    MedicalExpenses,
    /// 年金: pension records.
    Pension,
    /// こども: school health, vaccination, fitness.
    Children,
}

impl Service {
    /// Every service, in the order asked.
    pub const ALL: [Self; 5] = [
        Self::Eligibility,
        Self::HealthCheckup,
        Self::MedicalExpenses,
        Self::Pension,
        Self::Children,
    ];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::HealthCheckup => "health_checkup",
            Self::MedicalExpenses => "medical_expenses",
            Self::Pension => "pension",
            Self::Children => "children",
        }
    }
}

/// An answer to the question of consent, with the text that was read to the resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Whether the resident consents.
    pub given: bool,
    /// Version of the consent text shown (`2026-10`).
    pub text_version: String,
}

/// How the card reaches the resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// 窓口交付
    Counter,
    /// 本人限定受取郵便: only the addressee can take it.
    RestrictedPost,
}

impl Delivery {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::RestrictedPost => "restricted_post",
        }
    }
}

/// Someone who applies for another person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPerson {
    /// 氏名
    pub name: String,
    /// フリガナ
    pub kana: String,
    /// 生年月日
    pub birthday: Birthday,
    /// 住所
    pub address: String,
    /// 電話番号
    pub phone: Option<String>,
}

/// Quiet: names and addresses must not reach a log through `{:?}`.
impl fmt::Debug for AgentPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentPerson(…)")
    }
}

/// Who applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Applicant {
    /// 本人
    Resident,
    /// 法定代理人: of a child under 15 or of an adult under guardianship. Comes together with the person.
    Guardian {
        person: AgentPerson,
        /// What makes them the guardian.
        basis: GuardianBasis,
        /// How that is shown.
        evidence: GuardianEvidence,
    },
    /// 任意代理人: someone the person chose, for a reason the rules allow.
    Agent {
        person: AgentPerson,
        /// Why the person can't come.
        reason: AgentReason,
        /// How that is shown (疎明資料).
        evidence: AgentEvidence,
    },
}

impl Applicant {
    /// As stored, and as the key of its words.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Guardian { .. } => "guardian",
            Self::Agent { .. } => "agent",
        }
    }

    /// The one who acts for the resident, if any.
    pub const fn acting_for_resident(&self) -> Option<&AgentPerson> {
        match self {
            Self::Resident => None,
            Self::Guardian { person, .. } | Self::Agent { person, .. } => Some(person),
        }
    }
}

/// A checked application. Only [`ApplicationForm::check`] makes one; it can be stored and read back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    applicant: Applicant,
    adult_ward: bool,
    consents: BTreeMap<Service, Consent>,
    delivery: Delivery,
    paper_notices: bool,
    notes: String,
    #[serde(with = "crate::era::iso_day")]
    applied_on: Date,
}

/// Something the clerk should weigh before going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationWarning {
    /// 支援措置: the card would travel by post.
    ProtectedByPost,
    /// 支援措置: the guardian may be the one the measures protect against.
    ProtectedWithGuardian,
    /// The birthday is not wholly known: whether a guardian is needed can't be told from it.
    AgeUnknown,
    /// No consent was given for any service: the card will identify, and nothing more.
    NoConsentAtAll,
}

impl Application {
    /// Who applies.
    pub const fn applicant(&self) -> &Applicant {
        &self.applicant
    }

    /// Whether the resident is an adult under guardianship (成年被後見人).
    pub const fn is_for_adult_ward(&self) -> bool {
        self.adult_ward
    }

    /// The answer for each service; every service has one.
    pub const fn consents(&self) -> &BTreeMap<Service, Consent> {
        &self.consents
    }

    /// Whether the resident consents to `service`.
    pub fn consents_to(&self, service: Service) -> bool {
        self.consents.get(&service).is_some_and(|consent| consent.given)
    }

    /// How the card reaches the resident.
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The application with another wish for how the card is to reach the resident, and nothing else changed.
    #[must_use]
    pub fn to_be_delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Whether notices are wanted on paper as well.
    pub const fn wants_paper_notices(&self) -> bool {
        self.paper_notices
    }

    /// 備考
    pub fn notes(&self) -> &str {
        &self.notes
    }

    /// The day it was taken.
    pub const fn applied_on(&self) -> Date {
        self.applied_on
    }

    /// What the clerk should weigh before going on, in a fixed order.
    pub fn warnings(&self, resident: &crate::person::Resident) -> Vec<ApplicationWarning> {
        use crate::era::age::{Answer, is_under_15};
        let found = [
            (
                ApplicationWarning::ProtectedByPost,
                resident.protected && self.delivery == Delivery::RestrictedPost,
            ),
            (
                ApplicationWarning::ProtectedWithGuardian,
                resident.protected && matches!(self.applicant, Applicant::Guardian { .. }),
            ),
            (
                ApplicationWarning::AgeUnknown,
                is_under_15(&resident.birthday, self.applied_on) == Answer::CannotTell,
            ),
            (
                ApplicationWarning::NoConsentAtAll,
                self.consents.values().all(|consent| !consent.given),
            ),
        ];
        found
            .into_iter()
            .filter_map(|(warning, holds)| holds.then_some(warning))
            .collect()
    }
}

/// Quiet: notes and agents are personal.
impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("applicant", &self.applicant.as_str())
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
