use time::macros::date;

use super::*;
use crate::{
    era::DateError,
    person::{Resident, Sex},
};

const TODAY: Date = date!(2026 - 11 - 22);

fn resident(birthday: &str) -> Resident {
    Resident {
        number: "0000000101".into(),
        household: "1".into(),
        name: "山口 𠮷郎".into(),
        kana: "ヤマグチ ヨシロウ".into(),
        alias: None,
        birthday: Birthday::read(birthday).unwrap(),
        sex: Sex::Male,
        relation: "世帯主".into(),
        postal_code: "8599901".into(),
        address: "汐見市港町1丁目2番3号".into(),
        building: None,
        phone: None,
        changed_on: None,
        change_reason: None,
        protected: false,
    }
}

fn form() -> ApplicationForm {
    ApplicationForm {
        consents: Service::ALL.map(|service| (service, true)).into(),
        consent_text_version: "2026-10".into(),
        delivery: Some(Delivery::Counter),
        paper_notices: Some(false),
        ..ApplicationForm::default()
    }
}

fn mother() -> AgentForm {
    AgentForm {
        name: "山口 恵".into(),
        kana: "ヤマグチ メグミ".into(),
        birthday: "S48.11.22".into(),
        address: "汐見市港町1-2-3".into(),
        phone: "0957-00-0101".into(),
    }
}

fn guardian(basis: GuardianBasis, evidence: GuardianEvidence) -> ApplicantForm {
    ApplicantForm::Guardian {
        person: mother(),
        basis: Some(basis),
        evidence: Some(evidence),
    }
}

fn agent(reason: AgentReason, evidence: AgentEvidence) -> ApplicantForm {
    ApplicantForm::Agent {
        person: mother(),
        reason: Some(reason),
        evidence: Some(evidence),
        letter_of_authority: true,
    }
}

fn by(applicant: ApplicantForm) -> ApplicationForm {
    ApplicationForm { applicant, ..form() }
}

fn wrong(form: &ApplicationForm, resident: &Resident) -> Vec<(Field, Wrong)> {
    let errors = form.check(resident, TODAY).unwrap_err();
    errors.into_iter().map(|error| (error.field, error.wrong)).collect()
}

#[test]
fn a_grown_up_applies_for_themself() {
    let application = form().check(&resident("昭和45年3月1日"), TODAY).unwrap();
    assert_eq!(application.applicant(), &Applicant::Resident);
    assert!(application.consents_to(Service::Pension));
    assert_eq!(application.consents()[&Service::Children].text_version, "2026-10");
    assert_eq!(
        (application.delivery(), application.applied_on()),
        (Delivery::Counter, TODAY)
    );
    assert!(application.warnings(&resident("昭和45年3月1日")).is_empty());
}

#[test]
fn an_empty_form_names_every_question_that_is_open() {
    let found = wrong(&ApplicationForm::default(), &resident("昭和45年3月1日"));
    let mut expected = vec![(Field::ConsentTextVersion, Wrong::Missing)];
    expected.extend(Service::ALL.map(|service| (Field::Consent(service), Wrong::NotAnswered)));
    expected.push((Field::Delivery, Wrong::NotAnswered));
    expected.push((Field::PaperNotices, Wrong::NotAnswered));
    assert_eq!(found, expected);
}

#[test]
fn silence_is_not_consent_and_refusal_is_an_answer() {
    let mut silent = form();
    silent.consents.remove(&Service::Pension);
    assert_eq!(
        wrong(&silent, &resident("昭和45年3月1日")),
        [(Field::Consent(Service::Pension), Wrong::NotAnswered)]
    );
    let mut refusing = form();
    refusing.consents = Service::ALL.map(|service| (service, false)).into();
    let person = resident("昭和45年3月1日");
    let application = refusing.check(&person, TODAY).unwrap();
    assert!(!application.consents_to(Service::Pension));
    assert_eq!(application.warnings(&person), [ApplicationWarning::NoConsentAtAll]);
}

#[test]
fn a_child_under_15_is_applied_for_by_a_guardian_and_from_the_15th_birthday_applies_alone() {
    let (child, fifteen) = (resident("平成23年11月23日"), resident("平成23年11月22日"));
    let parent = by(guardian(GuardianBasis::Parent, GuardianEvidence::SameHousehold));
    assert_eq!(
        wrong(&form(), &child),
        [(Field::Applicant, Wrong::Under15NeedsGuardian)]
    );
    assert!(matches!(
        parent.check(&child, TODAY).unwrap().applicant(),
        Applicant::Guardian { .. }
    ));
    assert!(form().check(&fifteen, TODAY).is_ok());
    assert_eq!(wrong(&parent, &fifteen), [(Field::Applicant, Wrong::NoGuardianNeeded)]);
}

#[test]
fn a_childs_aunt_with_a_letter_is_not_a_guardian() {
    let form = by(agent(AgentReason::Illness, AgentEvidence::DoctorsCertificate));
    assert_eq!(
        wrong(&form, &resident("令和2年1月1日")),
        [(Field::Applicant, Wrong::Under15NeedsGuardian)]
    );
}

#[test]
fn an_adult_ward_is_applied_for_by_the_adults_guardian_alone() {
    let person = resident("昭和20年8月1日");
    let ward = |applicant| ApplicationForm {
        adult_ward: true,
        ..by(applicant)
    };
    assert_eq!(
        wrong(&ward(ApplicantForm::Resident), &person),
        [(Field::Applicant, Wrong::WardNeedsGuardian)]
    );
    assert_eq!(
        wrong(
            &ward(guardian(GuardianBasis::Parent, GuardianEvidence::SameHousehold)),
            &person
        ),
        [(Field::GuardianBasis, Wrong::BasisDoesNotFit)]
    );
    assert_eq!(
        wrong(
            &ward(guardian(
                GuardianBasis::AdultsGuardian,
                GuardianEvidence::FamilyRegister
            )),
            &person
        ),
        [(Field::GuardianEvidence, Wrong::EvidenceDoesNotShowIt)]
    );
    let application = ward(guardian(
        GuardianBasis::AdultsGuardian,
        GuardianEvidence::CourtRegistration,
    ))
    .check(&person, TODAY)
    .unwrap();
    assert!(application.is_for_adult_ward());
    let child = resident("令和2年1月1日");
    let found = wrong(
        &ward(guardian(
            GuardianBasis::AdultsGuardian,
            GuardianEvidence::CourtRegistration,
        )),
        &child,
    );
    assert_eq!(found, [(Field::AdultWard, Wrong::OnlyForAdults)]);
}

#[test]
fn a_busy_job_is_no_reason_for_an_agent() {
    let person = resident("昭和45年3月1日");
    let busy = by(agent(AgentReason::Busy, AgentEvidence::TravelPapers));
    assert_eq!(wrong(&busy, &person), [(Field::AgentReason, Wrong::ReasonNotAllowed)]);
}

#[test]
fn each_allowed_reason_takes_only_the_papers_that_show_it() {
    let person = resident("昭和45年3月1日");
    for reason in AgentReason::ALL.into_iter().filter(|reason| reason.is_allowed()) {
        for evidence in [
            AgentEvidence::DoctorsCertificate,
            AgentEvidence::DisabilityHandbook,
            AgentEvidence::CareInsuranceCard,
            AgentEvidence::FacilityCertificate,
            AgentEvidence::MaternityHandbook,
            AgentEvidence::TravelPapers,
            AgentEvidence::SupportersStatement,
        ] {
            let taken = by(agent(reason, evidence)).check(&person, TODAY).is_ok();
            assert_eq!(taken, reason.evidence().contains(&evidence), "{reason:?} {evidence:?}");
        }
    }
}

#[test]
fn an_agent_brings_a_letter_and_a_reason_and_is_told_all_that_is_missing() {
    let person = resident("昭和45年3月1日");
    let bare = by(ApplicantForm::Agent {
        person: AgentForm::default(),
        reason: None,
        evidence: None,
        letter_of_authority: false,
    });
    assert_eq!(
        wrong(&bare, &person),
        [
            (Field::AgentName, Wrong::Missing),
            (Field::AgentKana, Wrong::Missing),
            (Field::AgentBirthday, Wrong::Missing),
            (Field::AgentAddress, Wrong::Missing),
            (Field::LetterOfAuthority, Wrong::Missing),
            (Field::AgentReason, Wrong::NotAnswered),
        ]
    );
}

#[test]
fn an_agent_is_of_age_and_somebody_else() {
    let person = resident("昭和45年3月1日");
    let with = |change: &dyn Fn(&mut AgentForm)| {
        let mut who = mother();
        change(&mut who);
        let form = by(ApplicantForm::Agent {
            person: who,
            reason: Some(AgentReason::Illness),
            evidence: Some(AgentEvidence::DoctorsCertificate),
            letter_of_authority: true,
        });
        wrong(&form, &person)
    };
    assert_eq!(
        with(&|who| who.birthday = "平成20年11月23日".into()),
        [(Field::AgentBirthday, Wrong::TooYoung)]
    );
    assert_eq!(
        with(&|who| who.birthday = "2027-01-01".into()),
        [(Field::AgentBirthday, Wrong::InTheFuture)]
    );
    assert_eq!(
        with(&|who| who.birthday = "450301".into()),
        [(Field::AgentBirthday, Wrong::Date(DateError::Ambiguous))]
    );
    assert_eq!(
        with(&|who| who.phone = "でんわ".into()),
        [(Field::AgentPhone, Wrong::NotAPhoneNumber)]
    );
    let themself = with(&|who| {
        who.name = "山口 吉郎".into();
        who.birthday = "1970-03-01".into();
    });
    assert_eq!(themself, [(Field::AgentName, Wrong::IsTheResident)]);
}

#[test]
fn nobody_applies_as_an_agent_for_a_person_under_support_measures() {
    let mut person = resident("昭和45年3月1日");
    person.protected = true;
    let form = by(agent(AgentReason::Illness, AgentEvidence::DoctorsCertificate));
    assert_eq!(
        wrong(&form, &person),
        [(Field::Applicant, Wrong::ProtectedNeedsThePerson)]
    );
    let by_post = ApplicationForm {
        delivery: Some(Delivery::RestrictedPost),
        ..self::form()
    };
    let warnings = by_post.check(&person, TODAY).unwrap().warnings(&person);
    assert_eq!(warnings, [ApplicationWarning::ProtectedByPost]);
    let mut child = resident("令和2年1月1日");
    child.protected = true;
    let parent = by(guardian(GuardianBasis::Parent, GuardianEvidence::SameHousehold));
    let warnings = parent.check(&child, TODAY).unwrap().warnings(&child);
    assert_eq!(warnings, [ApplicationWarning::ProtectedWithGuardian]);
}

#[test]
fn an_unknown_birthday_lets_both_apply_and_warns() {
    let person = resident("不詳");
    let application = form().check(&person, TODAY).unwrap();
    assert_eq!(application.warnings(&person), [ApplicationWarning::AgeUnknown]);
    let parent = by(guardian(GuardianBasis::Parent, GuardianEvidence::FamilyRegister));
    assert!(parent.check(&person, TODAY).is_ok());
}

#[test]
fn notes_have_the_room_of_the_printed_form() {
    let person = resident("昭和45年3月1日");
    let with = |notes: String| ApplicationForm { notes, ..form() }.check(&person, TODAY);
    assert!(with("一行目\n二行目".into()).is_ok());
    assert_eq!(with("あ".repeat(501)).unwrap_err()[0].wrong, Wrong::TooLong(500));
    assert_eq!(with("\u{1b}[2J".into()).unwrap_err()[0].wrong, Wrong::Unprintable);
}

#[test]
fn an_application_is_stored_and_read_back_and_shows_no_person() {
    let person = resident("昭和45年3月1日");
    let application = by(agent(AgentReason::Facility, AgentEvidence::FacilityCertificate))
        .check(&person, TODAY)
        .unwrap();
    let stored = serde_json::to_string(&application).unwrap();
    assert_eq!(serde_json::from_str::<Application>(&stored).unwrap(), application);
    let shown = format!("{application:?} {:?} {:?}", application.applicant(), form());
    assert!(!shown.contains("山口"), "{shown}");
}
