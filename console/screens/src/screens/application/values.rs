//! What is on the form: fields for text and choices, and the form that `issuance` checks.

use std::collections::BTreeMap;

use issuance::{
    application::{
        AgentEvidence, AgentForm, AgentReason, ApplicantForm, ApplicationForm, Delivery, Field, GuardianBasis,
        GuardianEvidence, Service,
    },
    era::age::{Answer, is_adult, is_under_15},
    person::HouseholdMember,
};
use time::Date;

use crate::{
    facts::ResidentView,
    input::{Input, Takes},
};

/// Version of the consent text on the screens (`application-consent-text` and the services' own words).
const CONSENT_TEXT: &str = "2026-10";

/// Who applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Who {
    #[default]
    Resident,
    Guardian,
    Agent,
}

/// Everything on the form.
#[derive(Debug)]
pub struct Values {
    who: Who,
    /// Who of the household may act for the resident, and which of them does: the place behind the last is somebody else.
    members: Vec<HouseholdMember>,
    member: Option<usize>,
    /// Where the household lives; empty when that is not shown.
    home: String,
    /// The resident's relation to the head of the household.
    relation: String,
    name: Input,
    kana: Input,
    birthday: Input,
    address: Input,
    phone: Input,
    basis: Option<GuardianBasis>,
    standing: Option<GuardianEvidence>,
    reason: Option<AgentReason>,
    evidence: Option<AgentEvidence>,
    letter: Option<bool>,
    ward: bool,
    consents: BTreeMap<Service, bool>,
    delivery: Option<Delivery>,
    paper: Option<bool>,
    notes: Input,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            who: Who::Resident,
            members: Vec::new(),
            member: None,
            home: String::new(),
            relation: String::new(),
            name: Input::new(Takes::Text, 60),
            kana: Input::new(Takes::Text, 60),
            birthday: Input::new(Takes::Text, 30),
            address: Input::new(Takes::Text, 120),
            phone: Input::new(Takes::Code, 20),
            basis: None,
            standing: None,
            reason: None,
            evidence: None,
            letter: None,
            ward: false,
            consents: BTreeMap::new(),
            delivery: None,
            paper: None,
            notes: Input::new(Takes::Text, 200),
        }
    }
}

impl Values {
    /// An empty form for this resident on this day: who is under 15 is applied for.
    pub fn of(resident: &ResidentView, today: Date) -> Self {
        let person = &resident.person;
        let of_age = |member: &&HouseholdMember| is_adult(&member.birthday, today) == Answer::Yes;
        Self {
            who: match is_under_15(&person.birthday, today) {
                Answer::Yes => Who::Guardian,
                Answer::No | Answer::CannotTell => Who::Resident,
            },
            members: resident.household_members.iter().filter(of_age).cloned().collect(),
            home: person.full_address(),
            relation: person.relation.clone(),
            ..Self::default()
        }
    }

    /// Those of the household who may act for the resident; asked about before the agent's own fields.
    pub fn members(&self) -> &[HouseholdMember] {
        match self.who {
            Who::Resident => &[],
            Who::Guardian | Who::Agent => &self.members,
        }
    }

    /// Which of them does, where that was answered; the place behind the last is somebody else.
    pub const fn member(&self) -> Option<usize> {
        self.member
    }

    /// Takes who of the household acts for the resident, with what the register says of them; somebody else's fields are
    /// empty. False where there is no such answer.
    pub fn take_member(&mut self, at: usize) -> bool {
        if at > self.members().len() {
            return false;
        }
        self.member = Some(at);
        for input in [
            &mut self.name,
            &mut self.kana,
            &mut self.birthday,
            &mut self.address,
            &mut self.phone,
        ] {
            input.clear();
        }
        (self.basis, self.standing) = (None, None);
        let Some(member) = self.members.get(at) else {
            return true;
        };
        self.name.set(&member.name);
        self.kana.set(&member.kana);
        self.birthday.set(member.birthday.original());
        self.address.set(&self.home);
        self.phone.set(member.phone.as_deref().unwrap_or_default());
        if self.who == Who::Guardian && member.is_shown_as_parent_of(&self.relation) {
            self.basis = Some(GuardianBasis::Parent);
            self.standing = Some(GuardianEvidence::SameHousehold);
        }
        true
    }

    /// The fields that are asked, in order.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field::Applicant];
        if self.who != Who::Resident {
            fields.extend([
                Field::AgentName,
                Field::AgentKana,
                Field::AgentBirthday,
                Field::AgentAddress,
                Field::AgentPhone,
            ]);
        }
        match self.who {
            Who::Resident => {}
            Who::Guardian => fields.extend([Field::AdultWard, Field::GuardianBasis, Field::GuardianEvidence]),
            Who::Agent => fields.extend([Field::AgentReason, Field::AgentEvidence, Field::LetterOfAuthority]),
        }
        fields.extend(Service::ALL.map(Field::Consent));
        fields.extend([Field::Delivery, Field::PaperNotices, Field::Notes]);
        fields
    }

    /// The field for text, where it is one.
    pub const fn input(&self, field: Field) -> Option<&Input> {
        Some(match field {
            Field::AgentName => &self.name,
            Field::AgentKana => &self.kana,
            Field::AgentBirthday => &self.birthday,
            Field::AgentAddress => &self.address,
            Field::AgentPhone => &self.phone,
            Field::Notes => &self.notes,
            _ => return None,
        })
    }

    /// As [`Self::input`], to type in.
    pub const fn input_mut(&mut self, field: Field) -> Option<&mut Input> {
        Some(match field {
            Field::AgentName => &mut self.name,
            Field::AgentKana => &mut self.kana,
            Field::AgentBirthday => &mut self.birthday,
            Field::AgentAddress => &mut self.address,
            Field::AgentPhone => &mut self.phone,
            Field::Notes => &mut self.notes,
            _ => return None,
        })
    }

    /// The words of a choice's answers.
    pub fn choices(&self, field: Field) -> Vec<&'static str> {
        match field {
            Field::Applicant => vec!["applicant-resident", "applicant-guardian", "applicant-agent"],
            Field::Delivery => vec!["delivery-counter", "delivery-post"],
            Field::GuardianBasis => GuardianBasis::ALL.map(basis_word).to_vec(),
            Field::GuardianEvidence => self.standings().iter().map(|one| standing_word(*one)).collect(),
            Field::AgentReason => AgentReason::ALL.map(reason_word).to_vec(),
            Field::AgentEvidence => self.evidences().iter().map(|one| evidence_word(*one)).collect(),
            Field::Consent(_) => vec!["consent-yes", "consent-no"],
            Field::LetterOfAuthority => vec!["letter-yes", "letter-no"],
            Field::PaperNotices => vec!["paper-yes", "paper-no"],
            Field::AdultWard => vec!["ward-yes", "ward-no"],
            _ => Vec::new(),
        }
    }

    /// Which answer is taken.
    pub fn chosen(&self, field: Field) -> Option<usize> {
        let yes_no = |answer: Option<bool>| answer.map(|yes| usize::from(!yes));
        match field {
            Field::Applicant => Some(self.who as usize),
            Field::Delivery => self.delivery.map(|one| one as usize),
            Field::GuardianBasis => place(&GuardianBasis::ALL, self.basis),
            Field::GuardianEvidence => place(self.standings(), self.standing),
            Field::AgentReason => place(&AgentReason::ALL, self.reason),
            Field::AgentEvidence => place(self.evidences(), self.evidence),
            Field::Consent(service) => yes_no(self.consents.get(&service).copied()),
            Field::LetterOfAuthority => yes_no(self.letter),
            Field::PaperNotices => yes_no(self.paper),
            Field::AdultWard => yes_no(Some(self.ward)),
            _ => None,
        }
    }

    /// Whether a question is answered with yes or no, yes being its first answer.
    pub const fn is_yes_or_no(field: Field) -> bool {
        matches!(
            field,
            Field::Consent(_) | Field::LetterOfAuthority | Field::PaperNotices | Field::AdultWard
        )
    }

    /// Whether a field still wants an answer.
    pub fn wants(&self, field: Field) -> bool {
        match self.input(field) {
            Some(input) => !matches!(field, Field::Notes | Field::AgentPhone) && input.is_empty(),
            None => self.chosen(field).is_none(),
        }
    }

    /// Takes the next answer, or the one before.
    pub fn turn(&mut self, field: Field, by: isize) {
        let count = self.choices(field).len();
        if count == 0 {
            return;
        }
        let at = match self.chosen(field) {
            Some(at) => (at as isize + by).rem_euclid(count as isize) as usize,
            None if by > 0 => 0,
            None => count - 1,
        };
        self.answer(field, at);
    }

    /// Takes the answer at this place; false where there is none.
    pub fn answer(&mut self, field: Field, at: usize) -> bool {
        if at >= self.choices(field).len() {
            return false;
        }
        let yes = at == 0;
        match field {
            Field::Applicant => self.who = [Who::Resident, Who::Guardian, Who::Agent][at],
            Field::Delivery => self.delivery = Some([Delivery::Counter, Delivery::RestrictedPost][at]),
            Field::GuardianBasis => {
                self.basis = Some(GuardianBasis::ALL[at]);
                self.standing = None;
            }
            Field::GuardianEvidence => self.standing = self.standings().get(at).copied(),
            Field::AgentReason => {
                self.reason = Some(AgentReason::ALL[at]);
                self.evidence = None;
            }
            Field::AgentEvidence => self.evidence = self.evidences().get(at).copied(),
            Field::Consent(service) => {
                self.consents.insert(service, yes);
            }
            Field::LetterOfAuthority => self.letter = Some(yes),
            Field::PaperNotices => self.paper = Some(yes),
            Field::AdultWard => self.ward = yes,
            _ => return false,
        }
        true
    }

    /// The form to be checked.
    pub fn form(&self) -> ApplicationForm {
        let person = AgentForm {
            name: self.name.text().to_owned(),
            kana: self.kana.text().to_owned(),
            birthday: self.birthday.text().to_owned(),
            address: self.address.text().to_owned(),
            phone: self.phone.text().to_owned(),
        };
        ApplicationForm {
            applicant: match self.who {
                Who::Resident => ApplicantForm::Resident,
                Who::Guardian => ApplicantForm::Guardian {
                    person,
                    basis: self.basis,
                    evidence: self.standing,
                },
                Who::Agent => ApplicantForm::Agent {
                    person,
                    reason: self.reason,
                    evidence: self.evidence,
                    letter_of_authority: self.letter == Some(true),
                },
            },
            adult_ward: self.who == Who::Guardian && self.ward,
            consents: self.consents.clone(),
            consent_text_version: CONSENT_TEXT.into(),
            delivery: self.delivery,
            paper_notices: self.paper,
            notes: self.notes.text().to_owned(),
        }
    }

    /// What may show the guardian's standing.
    fn standings(&self) -> &'static [GuardianEvidence] {
        self.basis.map_or(&[], GuardianBasis::evidence)
    }

    /// What may show the agent's reason.
    fn evidences(&self) -> &'static [AgentEvidence] {
        self.reason.map_or(&[], AgentReason::evidence)
    }
}

fn place<T: PartialEq>(all: &[T], one: Option<T>) -> Option<usize> {
    let one = one?;
    all.iter().position(|other| *other == one)
}

const fn basis_word(basis: GuardianBasis) -> &'static str {
    match basis {
        GuardianBasis::Parent => "basis-parent",
        GuardianBasis::MinorsGuardian => "basis-minors-guardian",
        GuardianBasis::AdultsGuardian => "basis-adults-guardian",
    }
}

/// The words for what shows a guardian's standing.
pub const fn standing_word(evidence: GuardianEvidence) -> &'static str {
    match evidence {
        GuardianEvidence::SameHousehold => "standing-same-household",
        GuardianEvidence::RegisterHeldHere => "standing-register-held-here",
        GuardianEvidence::FamilyRegister => "standing-family-register",
        GuardianEvidence::CourtRegistration => "standing-court-registration",
    }
}

const fn reason_word(reason: AgentReason) -> &'static str {
    match reason {
        AgentReason::Illness => "reason-illness",
        AgentReason::Disability => "reason-disability",
        AgentReason::CareNeed => "reason-care-need",
        AgentReason::Facility => "reason-facility",
        AgentReason::Pregnancy => "reason-pregnancy",
        AgentReason::LongAbsence => "reason-long-absence",
        AgentReason::Withdrawn => "reason-withdrawn",
        AgentReason::Busy => "reason-busy",
    }
}

/// The words for what shows an agent's reason.
pub const fn evidence_word(evidence: AgentEvidence) -> &'static str {
    match evidence {
        AgentEvidence::DoctorsCertificate => "evidence-doctors-certificate",
        AgentEvidence::DisabilityHandbook => "evidence-disability-handbook",
        AgentEvidence::CareInsuranceCard => "evidence-care-insurance-card",
        AgentEvidence::FacilityCertificate => "evidence-facility-certificate",
        AgentEvidence::MaternityHandbook => "evidence-maternity-handbook",
        AgentEvidence::TravelPapers => "evidence-travel-papers",
        AgentEvidence::SupportersStatement => "evidence-supporters-statement",
    }
}
