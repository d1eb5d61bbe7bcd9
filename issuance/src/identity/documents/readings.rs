//! How the documents' names are read: a clerk finds one by the kana typed, before anything is converted.

use super::Document;

impl Document {
    /// The reading of its name, in katakana.
    pub const fn reading(self) -> &'static str {
        match self {
            Self::IndividualNumberCard => "マイナンバーカード",
            Self::DrivingLicence => "ウンテンメンキョショウ",
            Self::DrivingHistory => "ウンテンケイレキショウメイショ",
            Self::Passport => "リョケン パスポート",
            Self::ForeignPassport => "ガイコクノリョケン パスポート",
            Self::ResidenceCard => "ザイリュウカード",
            Self::SpecialPermanentResident => "トクベツエイジュウシャショウメイショ",
            Self::AlienRegistration => "ガイコクジントウロクショウメイショ",
            Self::BasicResidentCardWithPhoto => "ジュウミンキホンダイチョウカード シャシンツキ",
            Self::PhysicalDisabilityHandbook => "シンタイショウガイシャテチョウ",
            Self::RehabilitationHandbook => "リョウイクテチョウ",
            Self::MentalHealthHandbook => "セイシンショウガイシャホケンフクシテチョウ",
            Self::SeafarersHandbook => "センインテチョウ",
            Self::SeafarersLicence => "カイギメンジョウ",
            Self::BoatLicence => "コガタセンパクソウジュウメンキョショウ",
            Self::RealEstateAgentCard => "タクチタテモノトリヒキシショウ",
            Self::ElectriciansLicence => "デンキコウジシメンジョウ",
            Self::RadioOperatorsLicence => "ムセンジュウジシャメンキョショウ",
            Self::GunPermit => "リョウジュウ クウキジュウショジキョカショウ",
            Self::WarWoundedHandbook => "センショウビョウシャテチョウ",
            Self::PublicServantCard => "カンコウチョウノショクインショウ シャシンツキ",
            Self::HealthInsuranceCard => "ケンコウホケンショウ",
            Self::EligibilityCertificate => "シカクカクニンショ",
            Self::CareInsuranceCard => "カイゴホケンヒホケンシャショウ",
            Self::PensionHandbook => "ネンキンテチョウ キソネンキンバンゴウツウチショ",
            Self::PensionCertificate => "ネンキンショウショ",
            Self::MedicalRecipientCard => "イリョウジュキュウシャショウ",
            Self::MaternityHandbook => "ボシケンコウテチョウ",
            Self::RegisteredSeal => "インカントウロクショウメイショトジツイン",
            Self::LivelihoodProtection => "セイカツホゴジュキュウショウメイショ",
            Self::ChildAllowanceCertificate => "ジドウフヨウテアテショウショ",
            Self::BasicResidentCardPlain => "ジュウミンキホンダイチョウカード シャシンナシ",
            Self::StudentCard => "ガクセイショウ セイトテチョウ",
            Self::EmployeeCard => "シャインショウ",
            Self::BankBook => "ヨキンツウチョウ",
            Self::PatientCard => "シンサツケン",
            Self::SchoolRecord => "ザイガクショウメイショ ツウチヒョウ",
            Self::NotificationCard => "ツウチカード",
            Self::PhotoCertificate => "カオジャシンショウメイショ",
        }
    }
}
