//! The documents a person may show, and what each is worth: the table of the counter as code.
//!
//! A: issued by a public office, with a photograph; one is enough. B-ア: issued by a public office, without. B-イ:
//! others that carry the name. Sources: the tables cities publish for the handover of cards; for the dates the laws
//! cited at each row. Numbers that a law forbids to ask for are marked and never taken.

use serde::{Deserialize, Serialize};
use time::{Date, macros::date};

use crate::check_digit::NumberKind;

mod readings;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// マイナンバーカード
    IndividualNumberCard,
    /// 運転免許証
    DrivingLicence,
    /// 運転経歴証明書
    DrivingHistory,
    /// 旅券
    Passport,
    /// 外国の旅券
    ForeignPassport,
    /// 在留カード
    ResidenceCard,
    /// 特別永住者証明書
    SpecialPermanentResident,
    /// 外国人登録証明書
    AlienRegistration,
    /// 住民基本台帳カード(写真付き)
    BasicResidentCardWithPhoto,
    /// 身体障害者手帳
    PhysicalDisabilityHandbook,
    /// 療育手帳
    RehabilitationHandbook,
    /// 精神障害者保健福祉手帳
    MentalHealthHandbook,
    /// 船員手帳
    SeafarersHandbook,
    /// 海技免状
    SeafarersLicence,
    /// 小型船舶操縦免許証
    BoatLicence,
    /// 宅地建物取引士証
    RealEstateAgentCard,
    /// 電気工事士免状
    ElectriciansLicence,
    /// 無線従事者免許証
    RadioOperatorsLicence,
    /// 猟銃・空気銃所持許可証
    GunPermit,
    /// 戦傷病者手帳
    WarWoundedHandbook,
    /// 官公庁の職員証(写真付き)
    PublicServantCard,
    /// 健康保険証
    HealthInsuranceCard,
    /// 資格確認書
    EligibilityCertificate,
    /// 介護保険被保険者証
    CareInsuranceCard,
    /// 年金手帳・基礎年金番号通知書
    PensionHandbook,
    /// 年金証書
    PensionCertificate,
    /// 医療受給者証
    MedicalRecipientCard,
    /// 母子健康手帳
    MaternityHandbook,
    /// 印鑑登録証明書と実印
    RegisteredSeal,
    /// 生活保護受給証明書
    LivelihoodProtection,
    /// 児童扶養手当証書
    ChildAllowanceCertificate,
    /// 住民基本台帳カード(写真なし)
    BasicResidentCardPlain,
    /// 学生証・生徒手帳
    StudentCard,
    /// 社員証
    EmployeeCard,
    /// 預金通帳
    BankBook,
    /// 診察券
    PatientCard,
    /// 在学証明書・通知表
    SchoolRecord,
    /// 通知カード
    NotificationCard,
    /// 顔写真証明書 (施設長・支援者・親権者などが顔写真を証明したもの)
    PhotoCertificate,
}

/// What a document counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Public, with a photograph.
    A,
    /// B-ア: public, without a photograph.
    BPublic,
    /// B-イ: others.
    BOther,
    /// Counts only in the one combination that names it.
    Special,
}

/// What is to be done with the document's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberRule {
    /// Written down, with the check the kind allows.
    Kept(NumberKind),
    /// Written down as it stands.
    KeptAsWritten,
    /// Not asked for: the document has none, or a law forbids to ask.
    NotAsked,
}

/// What keeps a document good beyond the last day printed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// Nothing: the printed day is the last.
    None,
    /// A last day on a Saturday, a Sunday, a holiday or over the New Year moves to the next day that is none of them.
    ClosedDays,
    /// While an application that its back bears is not decided, this many months more.
    Application { months: u8 },
}

/// Whether the document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryRule {
    /// A last day is printed on every one.
    Always,
    /// Some have one: checked when printed.
    WhenPrinted,
    /// It does not end.
    Never,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct DocumentRule {
    pub document: Document,
    /// As stored, and as the key of its words.
    pub key: &'static str,
    /// Its name at the counter.
    pub japanese: &'static str,
    /// What it counts as.
    pub class: Class,
    /// Whether it carries the holder's photograph.
    pub photo: bool,
    pub number: NumberRule,
    pub expiry: ExpiryRule,
    /// What keeps it good beyond its end.
    pub grace: Grace,
    /// What it counts as when it bears no photograph, as some of its kind lawfully do; `None` where every one bears one.
    pub without_photo: Option<Class>,
    /// Only those issued from this day on count.
    pub issued_from: Option<Date>,
    /// The last day any of them counts, whatever is printed.
    pub accepted_until: Option<Date>,
    /// Which of name, birthday, sex and address it can show.
    pub shows: Shows,
}

/// Which of the four facts a document can show at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shows {
    /// 氏名
    pub name: bool,
    /// 生年月日
    pub birthday: bool,
    /// 性別
    pub sex: bool,
    /// 住所
    pub address: bool,
}

const fn shows(birthday: bool, sex: bool, address: bool) -> Shows {
    Shows {
        name: true,
        birthday,
        sex,
        address,
    }
}

const ALL_FOUR: Shows = shows(true, true, true);
const NO_SEX: Shows = shows(true, false, true);
const NO_ADDRESS: Shows = shows(true, true, false);
const BIRTHDAY_ONLY: Shows = shows(true, false, false);
const NAME_ONLY: Shows = shows(false, false, false);

const fn row(
    document: Document,
    key: &'static str,
    japanese: &'static str,
    class: Class,
    number: NumberRule,
    expiry: ExpiryRule,
    shows: Shows,
) -> DocumentRule {
    DocumentRule {
        document,
        key,
        japanese,
        class,
        photo: matches!(class, Class::A),
        number,
        expiry,
        grace: Grace::None,
        without_photo: None,
        issued_from: None,
        accepted_until: None,
        shows,
    }
}

impl DocumentRule {
    const fn issued_from(mut self, day: Date) -> Self {
        self.issued_from = Some(day);
        self
    }

    const fn accepted_until(mut self, day: Date) -> Self {
        self.accepted_until = Some(day);
        self
    }

    const fn grace(mut self, grace: Grace) -> Self {
        self.grace = grace;
        self
    }

    /// A child's, a baby's, one whose holder was excused: counted in the second class, as offices do.
    const fn some_without_photo(mut self) -> Self {
        self.without_photo = Some(Class::BPublic);
        self
    }

    const fn with_photo(mut self) -> Self {
        self.photo = true;
        self
    }
}

use Class::{A, BOther, BPublic, Special};
use Document as D;
use ExpiryRule::{Always, Never, WhenPrinted};
use NumberKind::{DrivingLicence, ForeignPassport, Passport, ResidenceCard};
use NumberRule::{Kept, KeptAsWritten, NotAsked};

/// The table, in the order shown.
#[rustfmt::skip]
pub const DOCUMENTS: [DocumentRule; 39] = [
    // 番号法20条: its number is not written down; the face of the card shows all four facts. Since 2024-12-02 the card of
    // someone under one year when they applied bears no photograph (番号法施行規則).
    row(D::IndividualNumberCard, "individual_number_card", "マイナンバーカード", A, NotAsked, Always, ALL_FOUR)
        .some_without_photo(),
    // 道路交通法92条の2第4項, 同法施行令33条の7: a last day on a Saturday, a Sunday, a holiday or 12月29日–1月3日 moves on.
    row(D::DrivingLicence, "driving_licence", "運転免許証", A, Kept(DrivingLicence), Always, NO_SEX)
        .grace(Grace::ClosedDays),
    // 道路交通法施行規則 (平成24年4月1日): only those issued since then prove identity without an end.
    row(D::DrivingHistory, "driving_history", "運転経歴証明書", A, Kept(DrivingLicence), Never, NO_SEX)
        .issued_from(date!(2012 - 04 - 01)),
    // From 2020-02-04 passports have no page for the holder's address; what is pencilled in older ones is no proof.
    row(D::Passport, "passport", "旅券(パスポート)", A, Kept(Passport), Always, NO_ADDRESS),
    // Each government has numbers of its own shape (ICAO Doc 9303-4: at most nine letters and digits in the MRZ).
    row(D::ForeignPassport, "foreign_passport", "外国の旅券(パスポート)", A, Kept(ForeignPassport), Always, NO_ADDRESS),
    // 入管法20条6項・21条4項 (特例期間): who applied before the end stays for two months more, or until the decision; the
    // back bears 在留期間更新等許可申請中. 入管法施行規則19条の6: children's bear no photograph.
    row(D::ResidenceCard, "residence_card", "在留カード", A, Kept(ResidenceCard), Always, ALL_FOUR)
        .issued_from(date!(2012 - 07 - 09))
        .grace(Grace::Application { months: 2 })
        .some_without_photo(),
    // 入管特例法施行規則: children's bear no photograph.
    row(D::SpecialPermanentResident, "special_permanent_resident", "特別永住者証明書", A, Kept(ResidenceCard), Always, ALL_FOUR)
        .issued_from(date!(2012 - 07 - 09))
        .some_without_photo(),
    // 入管法等改正法 (平成21年法律第79号) 附則15条: taken for a residence card for three years at most.
    row(D::AlienRegistration, "alien_registration", "外国人登録証明書", A, KeptAsWritten, WhenPrinted, ALL_FOUR)
        .accepted_until(date!(2015 - 07 - 08)),
    // Issued until 2015-12-28, good for ten years at most.
    row(D::BasicResidentCardWithPhoto, "basic_resident_card_with_photo", "住民基本台帳カード(写真付き)", A, NotAsked, Always, ALL_FOUR)
        .accepted_until(date!(2025 - 12 - 28)),
    // The handbooks' own rules let the photograph be left out (乳幼児; 精神保健福祉法施行規則23条 ただし書 and its sisters).
    row(D::PhysicalDisabilityHandbook, "physical_disability_handbook", "身体障害者手帳", A, KeptAsWritten, WhenPrinted, NO_SEX)
        .some_without_photo(),
    row(D::RehabilitationHandbook, "rehabilitation_handbook", "療育手帳", A, KeptAsWritten, WhenPrinted, NO_SEX)
        .some_without_photo(),
    row(D::MentalHealthHandbook, "mental_health_handbook", "精神障害者保健福祉手帳", A, KeptAsWritten, Always, NO_SEX)
        .some_without_photo(),
    row(D::SeafarersHandbook, "seafarers_handbook", "船員手帳", A, KeptAsWritten, WhenPrinted, ALL_FOUR),
    row(D::SeafarersLicence, "seafarers_licence", "海技免状", A, KeptAsWritten, Always, BIRTHDAY_ONLY),
    row(D::BoatLicence, "boat_licence", "小型船舶操縦免許証", A, KeptAsWritten, Always, NO_SEX),
    row(D::RealEstateAgentCard, "real_estate_agent_card", "宅地建物取引士証", A, KeptAsWritten, Always, NO_SEX),
    row(D::ElectriciansLicence, "electricians_licence", "電気工事士免状", A, KeptAsWritten, Never, BIRTHDAY_ONLY),
    row(D::RadioOperatorsLicence, "radio_operators_licence", "無線従事者免許証", A, KeptAsWritten, Never, BIRTHDAY_ONLY),
    row(D::GunPermit, "gun_permit", "猟銃・空気銃所持許可証", A, KeptAsWritten, Always, NO_SEX),
    row(D::WarWoundedHandbook, "war_wounded_handbook", "戦傷病者手帳", A, KeptAsWritten, Never, NO_SEX),
    row(D::PublicServantCard, "public_servant_card", "官公庁の職員証(写真付き)", A, KeptAsWritten, WhenPrinted, BIRTHDAY_ONLY),
    // 健康保険法194条の2 and its sisters (令和2年10月1日): 記号・番号 are not asked for.
    // Insurance cards ended with 2025-12-01 (令和5年法律第48号 附則).
    row(D::HealthInsuranceCard, "health_insurance_card", "健康保険証", BPublic, NotAsked, WhenPrinted, NO_ADDRESS)
        .accepted_until(date!(2025 - 12 - 01)),
    row(D::EligibilityCertificate, "eligibility_certificate", "資格確認書", BPublic, NotAsked, Always, NO_ADDRESS),
    row(D::CareInsuranceCard, "care_insurance_card", "介護保険被保険者証", BPublic, NotAsked, WhenPrinted, ALL_FOUR),
    // 国民年金法108条の5: the basic pension number is not asked for.
    row(D::PensionHandbook, "pension_handbook", "年金手帳・基礎年金番号通知書", BPublic, NotAsked, Never, BIRTHDAY_ONLY),
    row(D::PensionCertificate, "pension_certificate", "年金証書", BPublic, NotAsked, Never, BIRTHDAY_ONLY),
    row(D::MedicalRecipientCard, "medical_recipient_card", "医療受給者証", BPublic, NotAsked, WhenPrinted, NO_SEX),
    row(D::MaternityHandbook, "maternity_handbook", "母子健康手帳", BPublic, KeptAsWritten, Never, NO_SEX),
    row(D::RegisteredSeal, "registered_seal", "印鑑登録証明書と実印", BPublic, NotAsked, Never, NO_SEX),
    row(D::LivelihoodProtection, "livelihood_protection", "生活保護受給証明書", BPublic, NotAsked, WhenPrinted, NO_SEX),
    row(D::ChildAllowanceCertificate, "child_allowance_certificate", "児童扶養手当証書", BPublic, KeptAsWritten, WhenPrinted, NO_SEX),
    row(D::BasicResidentCardPlain, "basic_resident_card_plain", "住民基本台帳カード(写真なし)", BPublic, NotAsked, Always, NAME_ONLY)
        .accepted_until(date!(2025 - 12 - 28)),
    row(D::StudentCard, "student_card", "学生証・生徒手帳", BOther, KeptAsWritten, WhenPrinted, NO_SEX).with_photo(),
    row(D::EmployeeCard, "employee_card", "社員証", BOther, NotAsked, WhenPrinted, BIRTHDAY_ONLY).with_photo(),
    row(D::BankBook, "bank_book", "預金通帳", BOther, NotAsked, Never, NAME_ONLY),
    row(D::PatientCard, "patient_card", "診察券", BOther, NotAsked, Never, BIRTHDAY_ONLY),
    row(D::SchoolRecord, "school_record", "在学証明書・通知表", BOther, NotAsked, Never, NO_SEX),
    // Abolished on 2020-05-25; one whose entries still agree with the register may be shown.
    row(D::NotificationCard, "notification_card", "通知カード", Special, NotAsked, Never, ALL_FOUR),
    row(D::PhotoCertificate, "photo_certificate", "顔写真証明書", Special, NotAsked, Never, NO_SEX).with_photo(),
];

impl Document {
    /// Its row of the table.
    pub fn rule(self) -> &'static DocumentRule {
        // The table holds every document in the order of the enum; a test says so.
        &DOCUMENTS[self as usize]
    }

    /// As stored, and as the key of its words.
    pub fn as_str(self) -> &'static str {
        self.rule().key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_document_stands_at_its_place_in_the_table() {
        for (at, rule) in DOCUMENTS.iter().enumerate() {
            assert_eq!(rule.document as usize, at, "{}", rule.key);
            assert_eq!(rule.document.rule().key, rule.key);
        }
        assert_eq!(
            DOCUMENTS.last().map(|rule| rule.document),
            Some(Document::PhotoCertificate)
        );
    }

    #[test]
    fn keys_are_those_of_the_serialised_documents_and_all_different() {
        let keys: BTreeSet<_> = DOCUMENTS.iter().map(|rule| rule.key).collect();
        assert_eq!(keys.len(), DOCUMENTS.len());
        for rule in &DOCUMENTS {
            assert_eq!(serde_json::to_value(rule.document).unwrap(), rule.key);
        }
    }

    #[test]
    fn what_counts_as_one_point_carries_a_photograph_and_every_document_shows_a_name() {
        assert!(DOCUMENTS.iter().all(|rule| rule.class != Class::A || rule.photo));
        assert!(DOCUMENTS.iter().all(|rule| rule.shows.name));
    }

    #[test]
    fn a_document_that_may_lack_its_photograph_counts_less_without_it() {
        for rule in &DOCUMENTS {
            if let Some(class) = rule.without_photo {
                assert!(
                    rule.photo && rule.class == Class::A && class == Class::BPublic,
                    "{}",
                    rule.key
                );
            }
        }
    }

    #[test]
    fn numbers_a_law_forbids_to_ask_for_are_not_asked() {
        for document in [
            Document::IndividualNumberCard,
            Document::HealthInsuranceCard,
            Document::EligibilityCertificate,
            Document::PensionHandbook,
            Document::NotificationCard,
        ] {
            assert_eq!(document.rule().number, NumberRule::NotAsked);
        }
    }
}
