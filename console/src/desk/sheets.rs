//! What the papers say: the facts of a case as the office's sentences. Paper speaks Japanese whatever the screen does.

use std::sync::Arc;

use card::ChipSerial;
use issuance::{
    application::{
        AgentEvidence, AgentReason, Applicant, Application, Delivery, GuardianBasis, GuardianEvidence, Service,
    },
    calendar::Calendar,
    case::CaseNumber,
    era::{wareki, wareki_with_weekday},
    handover::{NoticeCode, NoticeToken},
    identity::{Class, DOCUMENTS, StillGood, VerificationRecord},
    notice::{
        Addressee, Agent, Applicant as ApplicantShown, ApplicationForm, Bring, Choice, Collected, DeliveryNotice,
        Holder, Office, PaperError, Press, Printed, ReceiptSlip, Receiver, Receiving, Sight, Ticket,
    },
    person::Resident,
};
use relay_core::{chance::OsChance, clock::JST};
use time::OffsetDateTime;

use crate::config::City;

/// Months that a card is kept in the shelf after its notice, as cities set it for the handover of cards. A last day on
/// which the office is closed would shorten the time the resident was given: the next open one, then.
pub(crate) const KEPT_MONTHS: u8 = 3;

/// The facts a paper stands on.
pub struct Facts {
    pub number: CaseNumber,
    pub applied_at: OffsetDateTime,
    pub application: Application,
    pub chip: Option<ChipSerial>,
    pub resident: Resident,
    /// When the card was handed over; nobody has it yet when there is none.
    pub handed_over_at: Option<OffsetDateTime>,
    /// How the person was verified.
    pub verification: Option<VerificationRecord>,
    /// The days on which the counter is closed.
    pub calendar: Arc<Calendar>,
    pub today: OffsetDateTime,
    pub sheet: Sheet,
}

/// Which paper, with what only it needs.
pub enum Sheet {
    /// 申請書
    Application,
    /// 交付通知書, with its good code.
    Notice(NoticeCode),
    /// 受領票, with the looks taken so far.
    Receipt(Vec<Look>),
}

/// One look at card and person.
pub struct Look {
    pub clerk: String,
    pub number: String,
    pub at: OffsetDateTime,
}

/// Sets the paper.
///
/// # Errors
/// [`PaperError`]; nothing is printed then.
pub fn print(press: &Press, city: &City, facts: Facts) -> Result<Printed, PaperError> {
    let office = office(city);
    match facts.sheet {
        Sheet::Application => press.application_form(&form(office, &facts)?),
        Sheet::Notice(ref code) => press.delivery_notice(&notice(office, &facts, code)?),
        Sheet::Receipt(ref looks) => press.receipt_slip(&slip(office, &facts, looks)),
    }
}

/// The office as it signs its letters.
pub(crate) fn office(city: &City) -> Office {
    Office {
        city: city.name.clone(),
        section: city.office_name.clone(),
        postal_code: city.postal_code.clone(),
        address: city.address.clone(),
        phone: city.phone.clone(),
        hours: city.hours.clone(),
        card_name: city.card_name.clone(),
    }
}

/// Seven digits as the post writes them, `859-9900`; anything else as the roster has it.
fn postal_code(written: &str) -> String {
    match (written.get(..3), written.get(3..)) {
        (Some(area), Some(rest)) if written.len() == 7 && written.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{area}-{rest}")
        }
        _ => written.to_owned(),
    }
}

fn notice(office: Office, facts: &Facts, code: &NoticeCode) -> Result<DeliveryNotice, PaperError> {
    let by_agent = matches!(facts.application.applicant(), Applicant::Agent { .. });
    Ok(DeliveryNotice {
        office,
        ticket: ticket(code)?,
        document_number: None,
        issued_on: wareki(facts.today.date()),
        addressee: Addressee {
            postal_code: postal_code(&facts.resident.postal_code),
            address_lines: address_lines(&facts.resident),
            name: facts.resident.name.clone(),
        },
        receiving: match facts.application.delivery() {
            Delivery::RestrictedPost => Receiving::ByPost,
            Delivery::Counter => Receiving::Collected(Collected {
                keep_until: wareki_with_weekday(facts.calendar.months_from(facts.today.date(), KEPT_MONTHS).day),
                visitor: visitor(facts.application.applicant()).to_owned(),
                bring: bring(facts.application.applicant()),
                // A resident who did not come in person answers in writing that the application is theirs (照会書兼回答書).
                with_reply: by_agent,
            }),
        },
        dated: facts.today.date(),
    })
}

fn form(office: Office, facts: &Facts) -> Result<ApplicationForm, PaperError> {
    let (application, resident) = (&facts.application, &facts.resident);
    // The form's code only finds the case again; it is not the notice's and hands nothing over.
    let code = NoticeCode {
        case: facts.number,
        token: NoticeToken::new(&mut OsChance),
    };
    let choice = |label: &str, chosen| Choice {
        label: label.to_owned(),
        chosen,
    };
    Ok(ApplicationForm {
        office,
        ticket: ticket(&code)?,
        received_on: wareki(facts.applied_at.to_offset(JST).date()),
        applicant: ApplicantShown {
            name: resident.name.clone(),
            kana: resident.kana.clone(),
            birthday: resident.birthday.wareki(),
            sex: resident.sex.kanji().to_owned(),
            postal_code: postal_code(&resident.postal_code),
            address_lines: address_lines(resident),
            phone: resident.phone.clone().unwrap_or_default(),
        },
        agent: agent(application.applicant()),
        services: Service::ALL
            .into_iter()
            .map(|service| choice(service_name(service), application.consents_to(service)))
            .collect(),
        delivery: vec![
            choice("窓口で受け取る", application.delivery() == Delivery::Counter),
            choice(
                "本人限定受取郵便で受け取る",
                application.delivery() == Delivery::RestrictedPost,
            ),
        ],
        paper_notices: vec![
            choice("希望する", application.wants_paper_notices()),
            choice("希望しない", !application.wants_paper_notices()),
        ],
        notes: Some(application.notes().to_owned()).filter(|notes| !notes.is_empty()),
        dated: facts.today.date(),
    })
}

fn slip(office: Office, facts: &Facts, looks: &[Look]) -> ReceiptSlip {
    ReceiptSlip {
        office,
        case_number: facts.number.to_string(),
        // A fact only once the card was handed over; until then a line to fill in.
        received_on: facts
            .handed_over_at
            .map(|at| wareki_with_weekday(at.to_offset(JST).date())),
        holder: Holder {
            name: facts.resident.name.clone(),
            birthday: facts.resident.birthday.wareki(),
        },
        receiver: receiver(facts.application.applicant()),
        chip_serial: facts.chip.as_ref().map(ToString::to_string).unwrap_or_default(),
        sights: looks
            .iter()
            .map(|look| Sight {
                clerk: look.clerk.clone(),
                number: look.number.clone(),
                at: time_of_day(look.at.to_offset(JST)),
            })
            .collect(),
        remarks: facts.verification.as_ref().map(remarks).unwrap_or_default(),
        dated: facts.today.date(),
    }
}

/// What kept a document good beyond its printed day, or counted it for less, a line each.
fn remarks(verification: &VerificationRecord) -> Vec<String> {
    let documents = verification.parties.iter().flat_map(|party| &party.documents);
    let mut remarks = Vec::new();
    for record in documents.filter(|record| record.not_counted.is_none()) {
        let name = record.document.rule().japanese;
        if let Some(good) = record.still_good {
            let (printed, until) = good.days();
            let (printed, until) = (wareki(printed), wareki(until));
            remarks.push(match good {
                StillGood::ClosedDays { .. } => format!("{name}: {printed}は閉庁日のため、{until}まで有効"),
                StillGood::Application { .. } => format!("{name}: 更新の申請中のため、{until}まで有効(特例期間)"),
            });
        }
        if record.without_photo {
            remarks.push(format!("{name}: 写真なし(2点の書類として数えた)"));
        }
    }
    remarks
}

fn ticket(code: &NoticeCode) -> Result<Ticket, PaperError> {
    let number = code.case.to_string();
    Ticket::new(&number, code.token.as_str()).map_err(|_| PaperError::CodeNotMade { case_number: number })
}

fn address_lines(resident: &Resident) -> Vec<String> {
    std::iter::once(resident.address.clone())
        .chain(resident.building.clone())
        .collect()
}

/// 午前10時12分
fn time_of_day(at: OffsetDateTime) -> String {
    let (half, hour) = if at.hour() < 12 {
        ("午前", at.hour())
    } else {
        ("午後", at.hour() - 12)
    };
    format!("{half}{hour}時{:02}分", at.minute())
}

/// Who may come: a child under 15 or an adult ward comes with the guardian, everyone else in person unless an agent
/// was named for a reason the rules allow.
const fn visitor(applicant: &Applicant) -> &'static str {
    match applicant {
        Applicant::Resident => "本人が来てください。",
        Applicant::Guardian { .. } => "本人と法定代理人が一緒に来てください。",
        Applicant::Agent { .. } => "申請のときに届け出た代理人が来られます。",
    }
}

fn bring(applicant: &Applicant) -> Vec<Bring> {
    let only = |what: &str| Bring {
        what: what.to_owned(),
        any_of: Vec::new(),
    };
    let whose = match applicant {
        Applicant::Resident => "本人",
        Applicant::Guardian { .. } | Applicant::Agent { .. } => "本人と代理人それぞれ",
    };
    let mut things = vec![
        only("この通知書"),
        Bring {
            what: format!("{whose}の、写真のある公的な証明書 1つ"),
            any_of: names(Class::A, 6),
        },
        Bring {
            what: "上のものがないときは、次のうち 2つ".to_owned(),
            any_of: names(Class::BPublic, 6),
        },
    ];
    match applicant {
        Applicant::Resident => {}
        Applicant::Guardian { evidence, .. } => things.extend(guardian_paper(*evidence).map(only)),
        Applicant::Agent { evidence, .. } => {
            things.push(only("委任状(下の回答書に本人が書いてください)"));
            things.push(only(agent_paper(*evidence)));
        }
    }
    things
}

/// The first documents of a class that are still taken, by their names at the counter.
fn names(class: Class, most: usize) -> Vec<String> {
    DOCUMENTS
        .iter()
        .filter(|rule| rule.class == class && rule.accepted_until.is_none())
        .take(most)
        .map(|rule| rule.japanese.to_owned())
        .collect()
}

fn receiver(applicant: &Applicant) -> Receiver {
    match agent(applicant) {
        None => Receiver::Holder,
        Some(agent) => Receiver::Agent {
            name: agent.name,
            relation: agent.relation,
        },
    }
}

fn agent(applicant: &Applicant) -> Option<Agent> {
    let (person, relation, power) = match applicant {
        Applicant::Resident => return None,
        Applicant::Guardian {
            person,
            basis,
            evidence,
        } => {
            let shown = guardian_paper(*evidence).unwrap_or("役所の記録で確認");
            (person, guardian_name(*basis), shown.to_owned())
        }
        Applicant::Agent {
            person,
            reason,
            evidence,
        } => {
            let power = format!("{}のため({}・委任状)", reason_name(*reason), agent_paper(*evidence));
            (person, "任意代理人", power)
        }
    };
    Some(Agent {
        name: person.name.clone(),
        relation: relation.to_owned(),
        address: person.address.clone(),
        phone: person.phone.clone().unwrap_or_default(),
        power,
    })
}

const fn service_name(service: Service) -> &'static str {
    match service {
        Service::Eligibility => "資格確認(診療所・薬局で)",
        Service::HealthCheckup => "特定健診の結果",
        Service::MedicalExpenses => "医療費のお知らせ",
        Service::Pension => "年金の記録",
        Service::Children => "こどもの記録(健診・予防接種など)",
    }
}

const fn guardian_name(basis: GuardianBasis) -> &'static str {
    match basis {
        GuardianBasis::Parent => "親権者",
        GuardianBasis::MinorsGuardian => "未成年後見人",
        GuardianBasis::AdultsGuardian => "成年後見人",
    }
}

/// The paper a guardian brings; none where the city's own register shows it.
const fn guardian_paper(evidence: GuardianEvidence) -> Option<&'static str> {
    match evidence {
        GuardianEvidence::SameHousehold | GuardianEvidence::RegisterHeldHere => None,
        GuardianEvidence::FamilyRegister => Some("戸籍謄本または抄本"),
        GuardianEvidence::CourtRegistration => Some("登記事項証明書"),
    }
}

const fn reason_name(reason: AgentReason) -> &'static str {
    match reason {
        AgentReason::Illness => "病気・入院",
        AgentReason::Disability => "障害",
        AgentReason::CareNeed => "要介護",
        AgentReason::Facility => "施設入所",
        AgentReason::Pregnancy => "妊娠",
        AgentReason::LongAbsence => "長期の不在",
        AgentReason::Withdrawn => "ひきこもり",
        AgentReason::Busy => "多忙",
    }
}

const fn agent_paper(evidence: AgentEvidence) -> &'static str {
    match evidence {
        AgentEvidence::DoctorsCertificate => "診断書または診療明細書",
        AgentEvidence::DisabilityHandbook => "障害者手帳",
        AgentEvidence::CareInsuranceCard => "介護保険被保険者証",
        AgentEvidence::FacilityCertificate => "入院・入所証明書",
        AgentEvidence::MaternityHandbook => "母子健康手帳",
        AgentEvidence::TravelPapers => "出張命令書・在学証明書・査証のいずれか",
        AgentEvidence::SupportersStatement => "公的支援機関の職員による証明",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn noon_and_midnight_are_said_as_people_say_them() {
        assert_eq!(time_of_day(datetime!(2026-11-22 0:05 +9)), "午前0時05分");
        assert_eq!(time_of_day(datetime!(2026-11-22 10:12 +9)), "午前10時12分");
        assert_eq!(time_of_day(datetime!(2026-11-22 12:00 +9)), "午後0時00分");
        assert_eq!(time_of_day(datetime!(2026-11-22 16:59 +9)), "午後4時59分");
    }

    #[test]
    fn a_notice_never_asks_for_a_document_that_is_no_longer_taken() {
        let named = names(Class::A, 99).join("、") + &names(Class::BPublic, 99).join("、");
        assert!(named.contains("運転免許証") && !named.contains("健康保険証"), "{named}");
    }

    #[test]
    fn papers_call_the_card_as_the_office_calls_it() {
        let city = City {
            name: "汐見市".into(),
            code: "422053".into(),
            office_name: "市民課".into(),
            address: String::new(),
            postal_code: String::new(),
            phone: String::new(),
            hours: Vec::new(),
            card_name: "しおみカード".into(),
        };
        assert_eq!(office(&city).card_name, "しおみカード");
    }

    #[test]
    fn a_postal_code_is_written_as_the_post_writes_it() {
        assert_eq!(postal_code("8599900"), "859-9900");
        assert_eq!(postal_code("859-9900"), "859-9900");
        assert_eq!(postal_code("SW1A 1AA"), "SW1A 1AA");
        assert_eq!(postal_code(""), "");
    }
}
