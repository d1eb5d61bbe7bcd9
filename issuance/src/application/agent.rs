//! Who may act for a resident, why, and by what it is shown.
//!
//! Legal guardians: 民法818条 (親権者), 838条 (後見). Voluntary agents only where the person themself can't come for
//! illness, disability, life in a facility, long absence and the like; a busy job is not such a reason, and the reason
//! is shown by a paper (疎明資料), as cities publish it for the handover of cards.

use serde::{Deserialize, Serialize};

/// What makes someone the guardian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardianBasis {
    /// 親権者
    Parent,
    /// 未成年後見人
    MinorsGuardian,
    /// 成年後見人
    AdultsGuardian,
}

impl GuardianBasis {
    /// Every basis, in the order shown.
    pub const ALL: [Self; 3] = [Self::Parent, Self::MinorsGuardian, Self::AdultsGuardian];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::MinorsGuardian => "minors_guardian",
            Self::AdultsGuardian => "adults_guardian",
        }
    }

    /// What may show it. A parent's standing need not be proved on paper when the city itself holds the register of
    /// the family (本籍が市内) or when parent and child are of one household.
    pub const fn evidence(self) -> &'static [GuardianEvidence] {
        use GuardianEvidence::{CourtRegistration, FamilyRegister, RegisterHeldHere, SameHousehold};
        match self {
            Self::Parent => &[SameHousehold, RegisterHeldHere, FamilyRegister],
            Self::MinorsGuardian => &[RegisterHeldHere, FamilyRegister],
            Self::AdultsGuardian => &[CourtRegistration],
        }
    }
}

/// How a guardian's standing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardianEvidence {
    /// 同一世帯の親子: the resident register shows it.
    SameHousehold,
    /// 本籍が市内: the city holds the family register.
    RegisterHeldHere,
    /// 戸籍謄本・抄本
    FamilyRegister,
    /// 登記事項証明書 (後見登記)
    CourtRegistration,
}

impl GuardianEvidence {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameHousehold => "same_household",
            Self::RegisterHeldHere => "register_held_here",
            Self::FamilyRegister => "family_register",
            Self::CourtRegistration => "court_registration",
        }
    }
}

/// Why a person can't come themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentReason {
    /// 病気・入院
    Illness,
    /// 障害
    Disability,
    /// 要介護
    CareNeed,
    /// 施設入所
    Facility,
    /// 妊娠
    Pregnancy,
    /// 長期出張・長期航海・留学
    LongAbsence,
    /// ひきこもり
    Withdrawn,
    /// 多忙: on the list so that it can be answered; never allowed.
    Busy,
}

impl AgentReason {
    /// Every reason, in the order shown.
    pub const ALL: [Self; 8] = [
        Self::Illness,
        Self::Disability,
        Self::CareNeed,
        Self::Facility,
        Self::Pregnancy,
        Self::LongAbsence,
        Self::Withdrawn,
        Self::Busy,
    ];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Illness => "illness",
            Self::Disability => "disability",
            Self::CareNeed => "care_need",
            Self::Facility => "facility",
            Self::Pregnancy => "pregnancy",
            Self::LongAbsence => "long_absence",
            Self::Withdrawn => "withdrawn",
            Self::Busy => "busy",
        }
    }

    /// Whether the rules allow an agent for it.
    pub const fn is_allowed(self) -> bool {
        !self.evidence().is_empty()
    }

    /// What may show it; empty when nothing could.
    pub const fn evidence(self) -> &'static [AgentEvidence] {
        use AgentEvidence::{
            CareInsuranceCard, DisabilityHandbook, DoctorsCertificate, FacilityCertificate, MaternityHandbook,
            SupportersStatement, TravelPapers,
        };
        match self {
            Self::Illness => &[DoctorsCertificate, FacilityCertificate],
            Self::Disability => &[DisabilityHandbook, DoctorsCertificate],
            Self::CareNeed => &[CareInsuranceCard, DoctorsCertificate, FacilityCertificate],
            Self::Facility => &[FacilityCertificate],
            Self::Pregnancy => &[MaternityHandbook, DoctorsCertificate],
            Self::LongAbsence => &[TravelPapers],
            Self::Withdrawn => &[SupportersStatement, DoctorsCertificate],
            Self::Busy => &[],
        }
    }
}

/// How the reason is shown (疎明資料).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentEvidence {
    /// 診断書・診療明細書
    DoctorsCertificate,
    /// 障害者手帳
    DisabilityHandbook,
    /// 介護保険被保険者証(要介護度の記載)
    CareInsuranceCard,
    /// 入院・入所証明書
    FacilityCertificate,
    /// 母子健康手帳
    MaternityHandbook,
    /// 出張命令書・在学証明書・査証
    TravelPapers,
    /// 公的支援機関の職員による証明
    SupportersStatement,
}

impl AgentEvidence {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoctorsCertificate => "doctors_certificate",
            Self::DisabilityHandbook => "disability_handbook",
            Self::CareInsuranceCard => "care_insurance_card",
            Self::FacilityCertificate => "facility_certificate",
            Self::MaternityHandbook => "maternity_handbook",
            Self::TravelPapers => "travel_papers",
            Self::SupportersStatement => "supporters_statement",
        }
    }
}
