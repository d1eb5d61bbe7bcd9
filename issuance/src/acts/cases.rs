//! Acts on a case: from the application to the handover.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, SealedWords, Second, SecondPurpose, Stage, Who};
use crate::{
    application::ApplicationEvent,
    case::{CaseState, ShelfPlace},
    handover::{Mismatch, Sight, SightRule},
    staff::{Role, StaffId},
};

/// Subjects: case, resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseApplied {
    /// 受付番号
    pub number: String,
    /// How many records may be the same person.
    pub similar: usize,
    /// Taken although there are such records; the reason is kept with the case.
    pub despite: bool,
}

impl AuditAct for CaseApplied {
    const ROW: &'static ActRow = &ActRow {
        name: "case.applied",
        meaning: Meaning {
            japanese: "申請を受け付けた。",
            english: "An application was taken.",
        },
        who: Who::Roles(&[Role::Reception]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("application"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseClaimed {}

impl AuditAct for CaseClaimed {
    const ROW: &'static ActRow = &ActRow {
        name: "case.claimed",
        meaning: Meaning {
            japanese: "窓口が案件を開いた。",
            english: "A desk opened a case.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("today"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReleased {}

impl AuditAct for CaseReleased {
    const ROW: &'static ActRow = &ActRow {
        name: "case.released",
        meaning: Meaning {
            japanese: "窓口が案件を閉じた。",
            english: "A desk released a case.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("case"),
    };
}

/// Subjects: case, staff (who held it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLeaseBroken {
    /// The desk that held it.
    pub held_at: Option<String>,
    pub words: SealedWords,
}

impl AuditAct for CaseLeaseBroken {
    const ROW: &'static ActRow = &ActRow {
        name: "case.lease_broken",
        meaning: Meaning {
            japanese: "ほかの窓口が開いていた案件を引き継いだ。",
            english: "A desk took a case over that another desk held.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("today"),
    };
}

/// Subjects: case, staff (the second clerk).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseApproved {
    pub purpose: SecondPurpose,
}

impl AuditAct for CaseApproved {
    const ROW: &'static ActRow = &ActRow {
        name: "case.approved",
        meaning: Meaning {
            japanese: "二人目の職員が、自分のカードで承認した。",
            english: "A second clerk agreed.",
        },
        // The second clerk's role is the purpose's.
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Nowhere("the dialog of the second clerk asks for it on the way to another act"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseVerified {
    /// How many exceptions were agreed to.
    pub exceptions: usize,
    #[serde(default)]
    pub approved_by: BTreeSet<StaffId>,
}

impl AuditAct for CaseVerified {
    const ROW: &'static ActRow = &ActRow {
        name: "case.verified",
        meaning: Meaning {
            japanese: "本人確認をした。",
            english: "The person was verified.",
        },
        who: Who::Roles(&[Role::Verification]),
        second: Second::Where(SecondPurpose::VerificationException),
        stage: Stage::Case(|state| state.takes(ApplicationEvent::PersonVerified)),
        offered: Offered::Screen("verify"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseShelved {
    pub shelf: ShelfPlace,
}

impl AuditAct for CaseShelved {
    const ROW: &'static ActRow = &ActRow {
        name: "case.shelved",
        meaning: Meaning {
            japanese: "カードを棚に入れた。",
            english: "The card was put in the shelf.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(is_made),
        offered: Offered::Screen("shelf"),
    };
}

/// Subjects: case, card, staff (who looked).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverLooked {
    /// 1 or 2.
    pub time: u8,
    /// What the clerk confirmed, one by one; empty in what was recorded before this was kept.
    #[serde(default)]
    pub looked_at: Vec<Sight>,
}

impl AuditAct for HandoverLooked {
    const ROW: &'static ActRow = &ActRow {
        name: "case.handover_looked",
        meaning: Meaning {
            japanese: "交付のとき、見たものを職員が確かめた。",
            english: "A clerk confirmed what they see at a handover.",
        },
        who: Who::Roles(&[Role::Handover]),
        second: Second::Where(SecondPurpose::Handover),
        stage: Stage::Case(is_shelved),
        offered: Offered::Screen("handover"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseHandedOver {
    pub rule: SightRule,
    pub first: Option<StaffId>,
    pub second: Option<StaffId>,
}

impl AuditAct for CaseHandedOver {
    const ROW: &'static ActRow = &ActRow {
        name: "case.handed_over",
        meaning: Meaning {
            japanese: "カードを交付し、有効にした。",
            english: "The card was handed over and became active.",
        },
        who: Who::Roles(&[Role::Handover]),
        second: Second::None,
        stage: Stage::Case(is_shelved),
        offered: Offered::Screen("handover"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseCancelled {}

impl AuditAct for CaseCancelled {
    const ROW: &'static ActRow = &ActRow {
        name: "case.cancelled",
        meaning: Meaning {
            japanese: "案件が、カードを作らずに終わった。",
            english: "The case ended without a card.",
        },
        who: Who::Roles(&[Role::Reception, Role::Verification]),
        second: Second::None,
        stage: Stage::Case(|state| state.takes(ApplicationEvent::Cancelled)),
        offered: Offered::Screen("case"),
    };
}

/// Subjects: case, incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentOpened {
    pub kind: String,
    /// At a handover: what did not agree.
    #[serde(default)]
    pub mismatched: Vec<Mismatch>,
}

impl AuditAct for IncidentOpened {
    const ROW: &'static ActRow = &ActRow {
        name: "incident.opened",
        meaning: Meaning {
            japanese: "案件に起きた事故を記録した。",
            english: "Something went wrong with a case.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("handover"),
    };
}

/// Subjects: case, incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentClosed {
    /// Empty in events of before two were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<StaffId>,
}

impl AuditAct for IncidentClosed {
    const ROW: &'static ActRow = &ActRow {
        name: "incident.closed",
        meaning: Meaning {
            japanese: "事故が解決した。",
            english: "It was settled.",
        },
        who: Who::Roles(&[Role::Reception, Role::Verification, Role::Issuing, Role::Handover]),
        second: Second::Always(SecondPurpose::Incident),
        stage: Stage::AnyCase,
        offered: Offered::Screen("case"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeIssued {}

impl AuditAct for NoticeIssued {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.issued",
        meaning: Meaning {
            japanese: "新しい番号の交付通知書を発行した。前のものは使えなくなった。",
            english: "A delivery notice with a new token was issued; an older one is no longer good.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Case(is_made),
        offered: Offered::Screen("papers"),
    };
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperPrinted {
    pub paper: String,
    pub pages: u16,
    /// Of its file, in hex.
    pub sha256: String,
    /// fresh, again, as_it_was, anew.
    #[serde(default)]
    pub printing: String,
}

impl AuditAct for PaperPrinted {
    const ROW: &'static ActRow = &ActRow {
        name: "paper.printed",
        meaning: Meaning {
            japanese: "書類を印刷した。",
            english: "A paper was printed.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("papers"),
    };
}

/// Whether the case's card is made and still at the office.
pub(super) const fn is_made(state: &CaseState) -> bool {
    matches!(state, CaseState::Made { .. } | CaseState::Shelved { .. })
}

const fn is_shelved(state: &CaseState) -> bool {
    matches!(state, CaseState::Shelved { .. })
}
