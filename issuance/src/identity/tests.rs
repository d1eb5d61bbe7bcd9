use relay_core::chance::SeededChance;
use time::macros::date;

use super::*;
use crate::{
    application::{
        AgentEvidence, AgentForm, AgentReason, ApplicantForm, ApplicationForm, GuardianBasis, GuardianEvidence, Service,
    },
    era::Birthday,
    person::Sex,
};

mod validity;

const TODAY: Date = date!(2026 - 11 - 22);

fn clerk(seed: u64) -> StaffId {
    StaffId::new(&mut SeededChance::new(seed))
}

fn resident() -> Resident {
    Resident {
        number: "0000000101".into(),
        household: "1".into(),
        name: "髙橋 恵子".into(),
        kana: "タカハシ ケイコ".into(),
        alias: None,
        birthday: Birthday::read("昭和45年3月1日").unwrap(),
        sex: Sex::Female,
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

fn child() -> Resident {
    Resident {
        name: "髙橋 湊".into(),
        birthday: Birthday::read("平成30年6月1日").unwrap(),
        sex: Sex::Male,
        relation: "子".into(),
        ..resident()
    }
}

fn application(resident: &Resident, applicant: ApplicantForm, delivery: Delivery) -> Application {
    let form = ApplicationForm {
        applicant,
        consents: Service::ALL.map(|service| (service, true)).into(),
        consent_text_version: "2026-10".into(),
        delivery: Some(delivery),
        paper_notices: Some(true),
        ..ApplicationForm::default()
    };
    form.check(resident, TODAY).unwrap()
}

fn other_person() -> AgentForm {
    AgentForm {
        name: "髙橋 誠".into(),
        kana: "タカハシ マコト".into(),
        birthday: "昭和43年5月5日".into(),
        address: "汐見市港町1-2-3".into(),
        phone: String::new(),
    }
}

fn parent() -> ApplicantForm {
    ApplicantForm::Guardian {
        person: other_person(),
        basis: Some(GuardianBasis::Parent),
        evidence: Some(GuardianEvidence::SameHousehold),
    }
}

fn agent() -> ApplicantForm {
    ApplicantForm::Agent {
        person: other_person(),
        reason: Some(AgentReason::Illness),
        evidence: Some(AgentEvidence::DoctorsCertificate),
        letter_of_authority: true,
    }
}

/// A document in order, every fact laid beside the register.
fn in_order(document: Document) -> Presented {
    let rule = document.rule();
    let date = |text| Some(WrittenDate::read(text).unwrap());
    Presented {
        number: match rule.number {
            NumberRule::Kept(check_digit::NumberKind::DrivingLicence) => "309012345620",
            NumberRule::Kept(check_digit::NumberKind::Passport) => "TK1234567",
            NumberRule::Kept(_) => "AB12345678CD",
            _ => "",
        }
        .into(),
        issued_on: date("令和4年4月1日"),
        expires_on: (rule.expiry != ExpiryRule::Never).then(|| WrittenDate::read("令和10年3月1日").unwrap()),
        photo_agrees: rule.photo.then_some(true),
        sights: Sights {
            name: Sight::AsRegistered,
            birthday: Sight::AsRegistered,
            sex: Sight::AsRegistered,
            address: Sight::AsRegistered,
        },
        ..Presented::new(document)
    }
}

fn visit(documents: &[Document]) -> Visit {
    Visit {
        resident_documents: documents.iter().copied().map(in_order).collect(),
        ..Visit::new(clerk(1))
    }
}

fn at_the_counter(visit: &Visit) -> Result<Verification, NotVerified> {
    let resident = resident();
    let application = application(&resident, ApplicantForm::Resident, Delivery::Counter);
    verify(visit, &resident, &application, TODAY, &Calendar::default())
}

fn shortfalls(visit: &Visit) -> Vec<Shortfall> {
    at_the_counter(visit).unwrap_err().shortfalls
}

fn only_document_reason(change: impl Fn(&mut Presented)) -> NotCounted {
    let mut visit = visit(&[Document::DrivingLicence]);
    change(&mut visit.resident_documents[0]);
    let refused = at_the_counter(&visit).unwrap_err();
    refused.documents[0].1.not_counted.clone().unwrap()
}

#[test]
fn a_driving_licence_in_order_verifies_the_resident_at_the_counter() {
    let verification = at_the_counter(&visit(&[Document::DrivingLicence])).unwrap();
    let record = verification.record();
    assert_eq!(
        (record.on, record.clerk, record.applicant.as_str()),
        (TODAY, clerk(1), "resident")
    );
    let party = &record.parties[0];
    assert_eq!((party.way, party.bar, party.attended), (Way::OneA, Bar::Counter, true));
    let document = &party.documents[0];
    assert_eq!(document.number.as_deref(), Some("309012345620"));
    assert_eq!(document.facts.name, Comparison::Match);
    assert_eq!(
        document.facts.sex,
        Comparison::NotShown,
        "a licence does not show the sex"
    );
    assert_eq!((record.evidence_seen, record.letter_seen), (None, None));
}

#[test]
fn a_verification_is_stored_as_its_record() {
    let verification = at_the_counter(&visit(&[Document::DrivingLicence])).unwrap();
    let stored = serde_json::to_string(&verification).unwrap();
    let record: VerificationRecord = serde_json::from_str(&stored).unwrap();
    assert!(stored.starts_with("{\"on\":\"2026-11-22\""), "{stored}");
    assert_eq!(&record, verification.record());
}

#[test]
fn each_reason_for_which_a_document_does_not_count_is_named() {
    assert_eq!(only_document_reason(|d| d.is_original = false), NotCounted::Copy);
    assert_eq!(
        only_document_reason(|d| d.expires_on = Some(WrittenDate::read("令和8年11月19日").unwrap())),
        NotCounted::Expired {
            on: date!(2026 - 11 - 19)
        }
    );
    assert_eq!(only_document_reason(|d| d.expires_on = None), NotCounted::ExpiryUnknown);
    assert_eq!(
        only_document_reason(|d| d.expires_on = Some(WrittenDate::unknown())),
        NotCounted::ExpiryUnknown
    );
    assert_eq!(
        only_document_reason(|d| d.number = String::new()),
        NotCounted::NumberMissing
    );
    assert_eq!(
        only_document_reason(|d| d.number = "309012345630".into()),
        NotCounted::NumberWrong
    );
    assert_eq!(
        only_document_reason(|d| d.photo_agrees = None),
        NotCounted::PhotoNotCompared
    );
}

#[test]
fn a_document_is_good_on_its_last_day_and_until_the_end_of_a_printed_month() {
    for last in ["令和8年11月22日", "平成38年11月22日", "令和8年11月", "2026-11-22"] {
        let mut visit = visit(&[Document::DrivingLicence]);
        visit.resident_documents[0].expires_on = Some(WrittenDate::read(last).unwrap());
        assert!(at_the_counter(&visit).is_ok(), "{last}");
    }
}

#[test]
fn documents_of_their_time_count_in_their_time_only() {
    let on = |document, day| {
        let presented = Presented {
            issued_on: None,
            ..in_order(document)
        };
        check_document(&presented, day, &Calendar::default()).map(|_| ())
    };
    assert!(on(Document::HealthInsuranceCard, date!(2025 - 12 - 01)).is_ok());
    assert_eq!(
        on(Document::HealthInsuranceCard, date!(2025 - 12 - 02)),
        Err(NotCounted::NoLongerAccepted {
            until: date!(2025 - 12 - 01)
        })
    );
    assert!(on(Document::AlienRegistration, date!(2015 - 07 - 08)).is_ok());
    assert!(on(Document::AlienRegistration, date!(2015 - 07 - 09)).is_err());
    let mut history = in_order(Document::DrivingHistory);
    for (issued, counts) in [
        ("平成24年4月1日", true),
        ("平成24年3月31日", false),
        ("平成24年", false),
    ] {
        history.issued_on = Some(WrittenDate::read(issued).unwrap());
        assert_eq!(
            check_document(&history, TODAY, &Calendar::default()).is_ok(),
            counts,
            "{issued}"
        );
    }
    history.issued_on = None;
    assert!(check_document(&history, TODAY, &Calendar::default()).is_err());
}

#[test]
fn two_public_documents_need_the_inquiry_reply_and_two_others_never_do() {
    let mut two = visit(&[Document::EligibilityCertificate, Document::PensionHandbook]);
    assert!(matches!(
        shortfalls(&two)[0],
        Shortfall::NotEnough {
            party: Party::Resident,
            ..
        }
    ));
    two.beside.inquiry_reply = true;
    assert_eq!(
        at_the_counter(&two).unwrap().record().parties[0].way,
        Way::TwoBAndInquiry
    );
    let mut others = visit(&[Document::StudentCard, Document::PatientCard]);
    others.beside.inquiry_reply = true;
    assert!(at_the_counter(&others).is_err());
}

#[test]
fn a_bank_book_alone_shows_too_few_facts_to_count() {
    let mut visit = visit(&[Document::PensionHandbook, Document::BankBook]);
    visit.beside.inquiry_reply = true;
    let refused = at_the_counter(&visit).unwrap_err();
    assert_eq!(refused.documents[1].1.not_counted, Some(NotCounted::FactsTooFew));
}

#[test]
fn a_face_that_differs_from_its_photograph_stops_everything_and_hides_behind_nothing() {
    let differs = Shortfall::PhotoDiffers {
        party: Party::Resident,
        document: Document::Passport,
    };
    let mut visit = visit(&[Document::DrivingLicence, Document::Passport]);
    visit.resident_documents[1].photo_agrees = Some(false);
    assert_eq!(
        shortfalls(&visit),
        std::slice::from_ref(&differs),
        "although the licence alone is enough"
    );
    visit.resident_documents[1].expires_on = Some(WrittenDate::read("令和2年1月1日").unwrap());
    assert_eq!(shortfalls(&visit), [differs]);
}

#[test]
fn a_fact_that_differs_stops_the_verification_even_on_a_document_that_is_not_needed() {
    let mut visit = visit(&[Document::DrivingLicence, Document::Passport]);
    visit.resident_documents[1].sights.birthday = Sight::Reads("昭和45年3月2日".into());
    assert_eq!(
        shortfalls(&visit),
        [Shortfall::FactDiffers {
            party: Party::Resident,
            document: Document::Passport,
            fact: Fact::Birthday,
        }]
    );
}

#[test]
fn a_fact_nobody_looked_at_is_not_taken_for_right() {
    let mut visit = visit(&[Document::DrivingLicence]);
    visit.resident_documents[0].sights.address = Sight::NotLooked;
    assert_eq!(
        shortfalls(&visit),
        [Shortfall::FactOpen {
            party: Party::Resident,
            document: Document::DrivingLicence,
            fact: Fact::Address,
        }]
    );
}

#[test]
fn a_variant_character_is_enough_and_is_on_record() {
    let mut visit = visit(&[Document::DrivingLicence]);
    visit.resident_documents[0].sights.name = Sight::Reads("高橋 惠子".into());
    let verification = at_the_counter(&visit).unwrap();
    assert_eq!(
        verification.record().parties[0].documents[0].facts.name,
        Comparison::MatchByVariant
    );
}

fn moved() -> Visit {
    let mut visit = visit(&[Document::DrivingLicence]);
    visit.resident_documents[0].sights.address = Sight::Reads("汐見市本町88番地".into());
    visit
}

fn exception(fact: Fact, reason: &str, second: u64) -> Exception {
    Exception {
        party: Party::Resident,
        fact,
        reason: reason.into(),
        second: clerk(second),
    }
}

#[test]
fn an_address_before_the_move_is_accepted_with_a_reason_and_a_second_clerk() {
    assert!(at_the_counter(&moved()).is_err());
    let mut visit = moved();
    visit.exceptions = vec![exception(Fact::Address, "転居の届出は済み、免許証は未変更", 2)];
    let verification = at_the_counter(&visit).unwrap();
    assert_eq!(verification.record().exceptions.len(), 1);
    assert_eq!(
        verification.record().parties[0].documents[0].facts.address,
        Comparison::Differs,
        "the record keeps what was seen"
    );
}

#[test]
fn an_exception_takes_a_real_reason_a_real_second_clerk_and_a_real_need() {
    let with = |exceptions: Vec<Exception>| {
        let mut visit = moved();
        visit.exceptions = exceptions;
        shortfalls(&visit)
    };
    let (party, fact) = (Party::Resident, Fact::Address);
    assert_eq!(
        with(vec![exception(Fact::Address, " 済 ", 2)]),
        [Shortfall::ExceptionWithoutReason { party, fact }]
    );
    assert_eq!(
        with(vec![exception(Fact::Address, "転居の届出は済み", 1)]),
        [Shortfall::SecondClerkIsTheSame { party, fact }]
    );
    let twice = exception(Fact::Address, "転居の届出は済み", 2);
    assert_eq!(
        with(vec![twice.clone(), twice.clone()]),
        [Shortfall::ExceptionNotNeeded { party, fact }]
    );
    assert_eq!(
        with(vec![twice, exception(Fact::Name, "念のための例外", 2)]),
        [Shortfall::ExceptionNotNeeded {
            party,
            fact: Fact::Name
        }]
    );
}

#[test]
fn no_exception_makes_a_document_count_that_does_not() {
    let mut visit = visit(&[Document::DrivingLicence]);
    let sights = &mut visit.resident_documents[0].sights;
    sights.birthday = Sight::NotAsRegistered;
    sights.address = Sight::NotAsRegistered;
    visit.exceptions = vec![
        exception(Fact::Birthday, "生年月日は訂正の申出中", 2),
        exception(Fact::Address, "転居の届出は済み", 2),
    ];
    let refused = at_the_counter(&visit).unwrap_err();
    assert_eq!(refused.documents[0].1.not_counted, Some(NotCounted::FactsTooFew));
    assert!(matches!(refused.shortfalls[..], [Shortfall::NotEnough { .. }]));
}

#[test]
fn an_excused_name_leans_on_both_birthday_and_address() {
    let mut visit = visit(&[Document::DrivingLicence]);
    visit.resident_documents[0].sights.name = Sight::Reads("山田 恵子".into());
    visit.exceptions = vec![exception(Fact::Name, "婚姻による改氏、戸籍で確認", 2)];
    assert!(at_the_counter(&visit).is_ok());
    visit.resident_documents[0].sights.address = Sight::NotShown;
    assert!(at_the_counter(&visit).is_err());
}

#[test]
fn numbers_the_law_forbids_are_not_recorded_even_when_typed() {
    let mut visit = visit(&[Document::IndividualNumberCard]);
    visit.resident_documents[0].number = "983205673214".into();
    let verification = at_the_counter(&visit).unwrap();
    assert_eq!(verification.record().parties[0].documents[0].number, None);
    assert!(!serde_json::to_string(&verification).unwrap().contains("983205673214"));
}

#[test]
fn a_card_that_goes_by_post_asks_the_resident_for_more() {
    let resident = resident();
    let by_post = application(&resident, ApplicantForm::Resident, Delivery::RestrictedPost);
    let mut one = visit(&[Document::DrivingLicence]);
    assert!(verify(&one, &resident, &by_post, TODAY, &Calendar::default()).is_err());
    one.beside.pin_entered = true;
    let verification = verify(&one, &resident, &by_post, TODAY, &Calendar::default()).unwrap();
    assert_eq!(verification.record().parties[0].way, Way::OneAAndPin);
}

fn with_child() -> Visit {
    Visit {
        resident_documents: vec![
            in_order(Document::PhotoCertificate),
            in_order(Document::EligibilityCertificate),
            in_order(Document::MaternityHandbook),
        ],
        acting_documents: vec![in_order(Document::DrivingLicence)],
        evidence_seen: true,
        ..Visit::new(clerk(1))
    }
}

#[test]
fn a_child_comes_with_its_guardian_and_both_are_verified() {
    let child = child();
    let application = application(&child, parent(), Delivery::Counter);
    let verified = |visit: &Visit| verify(visit, &child, &application, TODAY, &Calendar::default());
    let verification = verified(&with_child()).unwrap();
    let parties = &verification.record().parties;
    assert_eq!(
        (parties[0].way, parties[1].way),
        (Way::PhotoCertificateAndTwoB, Way::OneA)
    );
    assert_eq!(verification.record().evidence_seen, Some(true));

    let alone = Visit {
        resident_attends: false,
        ..with_child()
    };
    assert!(
        verified(&alone)
            .unwrap_err()
            .shortfalls
            .contains(&Shortfall::ResidentNotHere)
    );
    let unproved = Visit {
        evidence_seen: false,
        ..with_child()
    };
    assert_eq!(
        verified(&unproved).unwrap_err().shortfalls,
        [Shortfall::EvidenceNotSeen]
    );
    let stranger = Visit {
        acting_documents: Vec::new(),
        ..with_child()
    };
    assert!(matches!(
        verified(&stranger).unwrap_err().shortfalls[..],
        [Shortfall::NotEnough {
            party: Party::Acting,
            ..
        }]
    ));
    let bare_child = Visit {
        resident_documents: Vec::new(),
        ..with_child()
    };
    assert!(matches!(
        verified(&bare_child).unwrap_err().shortfalls[..],
        [Shortfall::NotEnough {
            party: Party::Resident,
            ..
        }]
    ));
}

#[test]
fn the_guardians_documents_are_compared_with_the_guardian_and_not_with_the_child() {
    let child = child();
    let application = application(&child, parent(), Delivery::Counter);
    let mut visit = with_child();
    visit.acting_documents[0].sights.name = Sight::Reads("髙橋 湊".into());
    let refused = verify(&visit, &child, &application, TODAY, &Calendar::default()).unwrap_err();
    assert!(refused.shortfalls.contains(&Shortfall::FactDiffers {
        party: Party::Acting,
        document: Document::DrivingLicence,
        fact: Fact::Name,
    }));
}

#[test]
fn an_agent_brings_the_residents_documents_their_own_the_letter_and_the_reason() {
    let resident = resident();
    let application = application(&resident, agent(), Delivery::Counter);
    let mut visit = Visit {
        resident_attends: false,
        resident_documents: vec![
            in_order(Document::DrivingLicence),
            in_order(Document::EligibilityCertificate),
        ],
        acting_documents: vec![in_order(Document::Passport)],
        evidence_seen: true,
        letter_seen: true,
        ..Visit::new(clerk(1))
    };
    // There is no face to lay beside the absent resident's photograph.
    visit.resident_documents[0].photo_agrees = None;
    let verification = verify(&visit, &resident, &application, TODAY, &Calendar::default()).unwrap();
    let parties = &verification.record().parties;
    assert_eq!((parties[0].bar, parties[0].attended), (Bar::Absent, false));
    assert_eq!(parties[0].way, Way::AAndB);

    visit.letter_seen = false;
    visit.evidence_seen = false;
    visit.resident_documents.pop();
    let shortfalls = verify(&visit, &resident, &application, TODAY, &Calendar::default())
        .unwrap_err()
        .shortfalls;
    assert!(matches!(
        shortfalls[0],
        Shortfall::NotEnough {
            party: Party::Resident,
            ..
        }
    ));
    assert_eq!(shortfalls[1..], [Shortfall::EvidenceNotSeen, Shortfall::LetterNotSeen]);
}

#[test]
fn somebody_elses_documents_have_no_place_where_nobody_acts() {
    let mut visit = visit(&[Document::DrivingLicence]);
    visit.acting_documents = vec![in_order(Document::Passport)];
    assert_eq!(shortfalls(&visit), [Shortfall::NobodyActs]);
}

#[test]
fn nothing_laid_down_verifies_nobody_and_an_absent_resident_is_not_verified() {
    assert!(matches!(shortfalls(&visit(&[]))[..], [Shortfall::NotEnough { .. }]));
    let absent = Visit {
        resident_attends: false,
        ..visit(&[Document::DrivingLicence])
    };
    assert_eq!(shortfalls(&absent), [Shortfall::ResidentNotHere]);
}

#[test]
fn neither_a_refusal_nor_a_record_shows_a_person_when_printed_for_debugging() {
    let mut visit = moved();
    visit.exceptions = vec![exception(Fact::Address, "転居の届出は済み", 2)];
    let verification = at_the_counter(&visit).unwrap();
    let refused = at_the_counter(&moved()).unwrap_err();
    let shown = format!("{visit:?} {verification:?} {refused:?} {refused}");
    for secret in ["髙橋", "港町", "本町", "309012345620", "転居"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
