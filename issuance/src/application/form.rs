//! The form as typed, and the one place where it becomes an [`Application`].

use std::{collections::BTreeMap, fmt};

use time::Date;

use super::{
    AgentEvidence, AgentPerson, AgentReason, Applicant, Application, Consent, Delivery, GuardianBasis,
    GuardianEvidence, Service,
};
use crate::{
    era::{
        Birthday, DateError,
        age::{Answer, is_adult, is_under_15},
    },
    name,
    person::Resident,
};

/// Longest notes taken, in characters: what the printed form has room for.
const LONGEST_NOTES: usize = 500;

/// An application as typed, nothing checked yet.
#[derive(Clone, Default)]
pub struct ApplicationForm {
    pub applicant: ApplicantForm,
    /// Whether the resident is an adult under guardianship.
    pub adult_ward: bool,
    /// The answers given so far.
    pub consents: BTreeMap<Service, bool>,
    /// Version of the consent text that was shown.
    pub consent_text_version: String,
    /// How the card is to reach the resident.
    pub delivery: Option<Delivery>,
    /// Whether notices are wanted on paper.
    pub paper_notices: Option<bool>,
    /// 備考
    pub notes: String,
}

/// Who applies, as typed.
#[derive(Clone, Default)]
pub enum ApplicantForm {
    /// 本人
    #[default]
    Resident,
    /// 法定代理人
    Guardian {
        person: AgentForm,
        /// What makes them the guardian.
        basis: Option<GuardianBasis>,
        /// How it is shown.
        evidence: Option<GuardianEvidence>,
    },
    /// 任意代理人
    Agent {
        person: AgentForm,
        /// Why the person can't come.
        reason: Option<AgentReason>,
        /// How it is shown.
        evidence: Option<AgentEvidence>,
        /// Whether the letter of authority (委任状) was handed in.
        letter_of_authority: bool,
    },
}

/// Someone acting for the resident, as typed.
#[derive(Clone, Default)]
pub struct AgentForm {
    /// 氏名
    pub name: String,
    /// フリガナ
    pub kana: String,
    /// 生年月日, in any form [`Birthday::read`] takes.
    pub birthday: String,
    /// 住所
    pub address: String,
    /// 電話番号; may be empty.
    pub phone: String,
}

/// Quiet: what is typed is personal.
impl fmt::Debug for ApplicationForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplicationForm(…)")
    }
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Applicant,
    /// The agent's or guardian's name.
    AgentName,
    AgentKana,
    AgentBirthday,
    AgentAddress,
    AgentPhone,
    /// What makes them the guardian.
    GuardianBasis,
    /// How that is shown.
    GuardianEvidence,
    /// Why the person can't come.
    AgentReason,
    /// How that is shown.
    AgentEvidence,
    /// 委任状
    LetterOfAuthority,
    /// 成年被後見人
    AdultWard,
    /// The answer for one service.
    Consent(Service),
    /// Version of the consent text.
    ConsentTextVersion,
    Delivery,
    PaperNotices,
    Notes,
}

impl Field {
    /// The key of the field's words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::AgentName => "agent_name",
            Self::AgentKana => "agent_kana",
            Self::AgentBirthday => "agent_birthday",
            Self::AgentAddress => "agent_address",
            Self::AgentPhone => "agent_phone",
            Self::GuardianBasis => "guardian_basis",
            Self::GuardianEvidence => "guardian_evidence",
            Self::AgentReason => "agent_reason",
            Self::AgentEvidence => "agent_evidence",
            Self::LetterOfAuthority => "letter_of_authority",
            Self::AdultWard => "adult_ward",
            Self::Consent(Service::Eligibility) => "consent_eligibility",
            Self::Consent(Service::HealthCheckup) => "consent_health_checkup",
            Self::Consent(Service::MedicalExpenses) => "consent_medical_expenses",
            Self::Consent(Service::Pension) => "consent_pension",
            Self::Consent(Service::Children) => "consent_children",
            Self::ConsentTextVersion => "consent_text_version",
            Self::Delivery => "delivery",
            Self::PaperNotices => "paper_notices",
            Self::Notes => "notes",
        }
    }
}

/// What is wrong with a field. Never carries what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("is missing")]
    Missing,
    /// A question was not answered.
    #[error("is not answered")]
    NotAnswered,
    /// Longer than the form has room for.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// Control characters and the like.
    #[error("holds characters that cannot be printed")]
    Unprintable,
    #[error("is not a date: {0}")]
    Date(#[from] DateError),
    /// A birthday that lies in the future.
    #[error("lies in the future")]
    InTheFuture,
    /// Not a phone number.
    #[error("is not a phone number")]
    NotAPhoneNumber,
    /// Under 15: only a legal guardian can apply.
    #[error("must be a legal guardian: the person is under 15")]
    Under15NeedsGuardian,
    /// An adult under guardianship: only the guardian can apply.
    #[error("must be the adult guardian: the person is under guardianship")]
    WardNeedsGuardian,
    /// The person can apply themself, or choose an agent.
    #[error("has no need of a legal guardian")]
    NoGuardianNeeded,
    /// A parent for an adult ward, an adult's guardian for a child.
    #[error("does not fit the person's age or standing")]
    BasisDoesNotFit,
    /// The evidence does not show what is claimed.
    #[error("does not show what it should")]
    EvidenceDoesNotShowIt,
    /// 多忙 and the like.
    #[error("is no reason for an agent")]
    ReasonNotAllowed,
    /// A minor: acting for another at this counter takes full age.
    #[error("is too young to act for another")]
    TooYoung,
    /// The agent is the resident.
    #[error("is the resident themself")]
    IsTheResident,
    /// 支援措置: no agent in principle.
    #[error("cannot be an agent: the person is under support measures")]
    ProtectedNeedsThePerson,
    /// 成年被後見人 for someone who is no adult.
    #[error("is only for adults")]
    OnlyForAdults,
}

impl Wrong {
    /// The key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotAnswered => "not_answered",
            Self::TooLong(_) => "too_long",
            Self::Unprintable => "unprintable",
            Self::Date(_) => "not_a_date",
            Self::InTheFuture => "in_the_future",
            Self::NotAPhoneNumber => "not_a_phone_number",
            Self::Under15NeedsGuardian => "under_15_needs_guardian",
            Self::WardNeedsGuardian => "ward_needs_guardian",
            Self::NoGuardianNeeded => "no_guardian_needed",
            Self::BasisDoesNotFit => "basis_does_not_fit",
            Self::EvidenceDoesNotShowIt => "evidence_does_not_show_it",
            Self::ReasonNotAllowed => "reason_not_allowed",
            Self::TooYoung => "too_young",
            Self::IsTheResident => "is_the_resident",
            Self::ProtectedNeedsThePerson => "protected_needs_the_person",
            Self::OnlyForAdults => "only_for_adults",
        }
    }
}

/// One field that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} {wrong}", .field.as_str())]
pub struct FieldError {
    pub field: Field,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl ApplicationForm {
    /// The application, or every field that is wrong, in the order of the form.
    ///
    /// # Errors
    /// One [`FieldError`] a wrong field; never empty.
    pub fn check(&self, resident: &Resident, today: Date) -> Result<Application, Vec<FieldError>> {
        let mut errors = Errors(Vec::new());
        let applicant = self.checked_applicant(resident, today, &mut errors);
        if self.adult_ward && is_adult(&resident.birthday, today) == Answer::No {
            errors.push::<()>(Field::AdultWard, Wrong::OnlyForAdults);
        }
        let consents = self.checked_consents(&mut errors);
        if self.delivery.is_none() {
            errors.push::<()>(Field::Delivery, Wrong::NotAnswered);
        }
        if self.paper_notices.is_none() {
            errors.push::<()>(Field::PaperNotices, Wrong::NotAnswered);
        }
        let notes = errors.text(Field::Notes, &self.notes, LONGEST_NOTES);
        match (applicant, self.delivery, self.paper_notices) {
            (Some(applicant), Some(delivery), Some(paper_notices)) if errors.0.is_empty() => Ok(Application {
                applicant,
                adult_ward: self.adult_ward,
                consents,
                delivery,
                paper_notices,
                notes,
                applied_on: today,
            }),
            _ => Err(errors.0),
        }
    }

    fn checked_applicant(&self, resident: &Resident, today: Date, errors: &mut Errors) -> Option<Applicant> {
        let under_15 = is_under_15(&resident.birthday, today);
        match &self.applicant {
            ApplicantForm::Resident | ApplicantForm::Agent { .. } if under_15 == Answer::Yes => {
                errors.push(Field::Applicant, Wrong::Under15NeedsGuardian)
            }
            ApplicantForm::Resident | ApplicantForm::Agent { .. } if self.adult_ward => {
                errors.push(Field::Applicant, Wrong::WardNeedsGuardian)
            }
            ApplicantForm::Resident => Some(Applicant::Resident),
            ApplicantForm::Guardian {
                person,
                basis,
                evidence,
            } => {
                if under_15 == Answer::No && !self.adult_ward {
                    return errors.push(Field::Applicant, Wrong::NoGuardianNeeded);
                }
                let person = errors.agent(person, resident, today);
                let basis = errors.answered(Field::GuardianBasis, *basis)?;
                if (basis == GuardianBasis::AdultsGuardian) != self.adult_ward {
                    return errors.push(Field::GuardianBasis, Wrong::BasisDoesNotFit);
                }
                let evidence = errors.answered(Field::GuardianEvidence, *evidence)?;
                if !basis.evidence().contains(&evidence) {
                    return errors.push(Field::GuardianEvidence, Wrong::EvidenceDoesNotShowIt);
                }
                Some(Applicant::Guardian {
                    person: person?,
                    basis,
                    evidence,
                })
            }
            ApplicantForm::Agent {
                person,
                reason,
                evidence,
                letter_of_authority,
            } => {
                // 支援措置 (住民基本台帳事務処理要領): requests through agents are refused in principle.
                if resident.protected {
                    return errors.push(Field::Applicant, Wrong::ProtectedNeedsThePerson);
                }
                let person = errors.agent(person, resident, today);
                if !letter_of_authority {
                    errors.push::<()>(Field::LetterOfAuthority, Wrong::Missing);
                }
                let reason = errors.answered(Field::AgentReason, *reason)?;
                if !reason.is_allowed() {
                    return errors.push(Field::AgentReason, Wrong::ReasonNotAllowed);
                }
                let evidence = errors.answered(Field::AgentEvidence, *evidence)?;
                if !reason.evidence().contains(&evidence) {
                    return errors.push(Field::AgentEvidence, Wrong::EvidenceDoesNotShowIt);
                }
                Some(Applicant::Agent {
                    person: person?,
                    reason,
                    evidence,
                })
            }
        }
    }

    fn checked_consents(&self, errors: &mut Errors) -> BTreeMap<Service, Consent> {
        let text_version = errors.required(Field::ConsentTextVersion, &self.consent_text_version, 40);
        let mut consents = BTreeMap::new();
        for service in Service::ALL {
            match self.consents.get(&service) {
                Some(given) => {
                    let consent = Consent {
                        given: *given,
                        text_version: text_version.clone().unwrap_or_default(),
                    };
                    consents.insert(service, consent);
                }
                None => {
                    errors.push::<()>(Field::Consent(service), Wrong::NotAnswered);
                }
            }
        }
        consents
    }
}

/// The errors found so far.
struct Errors(Vec<FieldError>);

impl Errors {
    /// Notes an error; gives nothing, so that it can stand where a value is missing.
    fn push<T>(&mut self, field: Field, wrong: Wrong) -> Option<T> {
        self.0.push(FieldError { field, wrong });
        None
    }

    fn answered<T>(&mut self, field: Field, answer: Option<T>) -> Option<T> {
        answer.or_else(|| self.push(field, Wrong::NotAnswered))
    }

    fn text(&mut self, field: Field, text: &str, longest: usize) -> String {
        let text = text.trim();
        if text.chars().count() > longest {
            self.push::<()>(field, Wrong::TooLong(longest));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            self.push::<()>(field, Wrong::Unprintable);
        }
        text.to_owned()
    }

    fn required(&mut self, field: Field, text: &str, longest: usize) -> Option<String> {
        let text = self.text(field, text, longest);
        if text.is_empty() {
            self.push(field, Wrong::Missing)
        } else {
            Some(text)
        }
    }

    fn agent(&mut self, form: &AgentForm, resident: &Resident, today: Date) -> Option<AgentPerson> {
        let name = self.required(Field::AgentName, &form.name, 100);
        let kana = self.required(Field::AgentKana, &form.kana, 100);
        let birthday = match Birthday::read(&form.birthday) {
            Ok(birthday) => self.old_enough(birthday, today),
            Err(DateError::Empty) => self.push(Field::AgentBirthday, Wrong::Missing),
            Err(wrong) => self.push(Field::AgentBirthday, Wrong::Date(wrong)),
        };
        let address = self.required(Field::AgentAddress, &form.address, 200);
        let phone = self.text(Field::AgentPhone, &form.phone, 20);
        if !phone.is_empty() && !crate::person::is_phone_number(&phone) {
            self.push::<()>(Field::AgentPhone, Wrong::NotAPhoneNumber);
        }
        let (name, kana, birthday, address) = (name?, kana?, birthday?, address?);
        let is_resident = name::compare(&name, &resident.name) != name::Likeness::Different
            && birthday.says_the_same(&resident.birthday) == Some(true);
        if is_resident {
            return self.push(Field::AgentName, Wrong::IsTheResident);
        }
        Some(AgentPerson {
            name,
            kana,
            birthday,
            address,
            phone: (!phone.is_empty()).then_some(phone),
        })
    }

    fn old_enough(&mut self, birthday: Birthday, today: Date) -> Option<Birthday> {
        if birthday.span().is_some_and(|(first, _)| first > today) {
            return self.push(Field::AgentBirthday, Wrong::InTheFuture);
        }
        if is_adult(&birthday, today) == Answer::No {
            return self.push(Field::AgentBirthday, Wrong::TooYoung);
        }
        Some(birthday)
    }
}
