//! Acts on a card that goes by post: its envelope closed, posted, followed, received or back.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{ActRow, AuditAct, Meaning, Offered, SealedWords, Second, SecondPurpose, Stage, Who, cases::is_made};
use crate::{
    application::Delivery,
    case::{CaseState, PostPlace},
    parcel::{ParcelEvent, ParcelKind, ReturnReason},
    staff::{Role, StaffId},
};

const KEEPERS: Who = Who::Roles(&[Role::Handover, Role::Issuing]);

const fn is_outgoing(state: &CaseState) -> bool {
    matches!(
        state,
        CaseState::ByPost {
            at: PostPlace::Outgoing,
            ..
        }
    )
}

const fn is_in_post(state: &CaseState) -> bool {
    matches!(
        state,
        CaseState::ByPost {
            at: PostPlace::InPost,
            ..
        }
    )
}

const fn is_returned(state: &CaseState) -> bool {
    matches!(
        state,
        CaseState::ByPost {
            at: PostPlace::Returned,
            ..
        }
    )
}

/// Subjects: case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDeliveryChanged {
    pub from: Delivery,
    pub to: Delivery,
    pub words: SealedWords,
}

impl AuditAct for CaseDeliveryChanged {
    const ROW: &'static ActRow = &ActRow {
        name: "case.delivery_changed",
        meaning: Meaning {
            japanese: "カードの受け取り方を変えた。窓口か、本人限定受取郵便か。",
            english: "The way by which the card reaches its resident was changed.",
        },
        who: Who::Roles(&[Role::Reception, Role::Verification, Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(|state| !state.is_closed() && !matches!(state, CaseState::ByPost { .. })),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelClosed {
    pub kind: ParcelKind,
    /// 引受番号
    pub number: String,
    /// Who looked too.
    pub approved_by: StaffId,
}

impl AuditAct for ParcelClosed {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.closed",
        meaning: Meaning {
            japanese: "封筒に封をした。同封の通知書とチップが合い、二人で見た。",
            english: "An envelope was closed: its letter and the chip in it agreed, and two looked.",
        },
        who: KEEPERS,
        second: Second::Where(SecondPurpose::Envelope),
        stage: Stage::Case(is_made),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelWithdrawn {
    pub words: SealedWords,
}

impl AuditAct for ParcelWithdrawn {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.withdrawn",
        meaning: Meaning {
            japanese: "差し出す前の封筒を開け、カードを取り出した。",
            english: "An envelope was opened again before it was posted.",
        },
        who: KEEPERS,
        second: Second::None,
        stage: Stage::Case(is_outgoing),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelPosted {
    /// 引受日
    #[serde(with = "crate::era::iso_day")]
    pub on: Date,
    /// How many envelopes the post office took with it.
    pub of: u16,
}

impl AuditAct for ParcelPosted {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.posted",
        meaning: Meaning {
            japanese: "封筒を郵便局に差し出した。通数が合った。",
            english: "The post office took an envelope; the count agreed.",
        },
        who: KEEPERS,
        second: Second::None,
        stage: Stage::Case(is_outgoing),
        offered: Offered::Screen("posting"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelFollowed {
    pub event: ParcelEvent,
    /// The day that the carrier names.
    #[serde(with = "crate::era::iso_day")]
    pub on: Date,
    /// Of a clerk who typed it by hand, or says that it is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<StaffId>,
}

impl AuditAct for ParcelFollowed {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.followed",
        meaning: Meaning {
            japanese: "封筒について、配達する側の知らせを記録した。",
            english: "What the carrier said of an envelope was recorded.",
        },
        who: KEEPERS,
        second: Second::Where(SecondPurpose::Custody),
        stage: Stage::Case(is_in_post),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelReceived {
    /// The day that the carrier names.
    #[serde(with = "crate::era::iso_day")]
    pub on: Date,
    pub first: StaffId,
    pub second: StaffId,
}

impl AuditAct for ParcelReceived {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.received",
        meaning: Meaning {
            japanese: "本人が郵便でカードを受け取った。カードは有効になった。",
            english: "The holder received the card from the post; it became active.",
        },
        who: KEEPERS,
        second: Second::None,
        stage: Stage::Case(is_in_post),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelReturned {
    pub reason: ReturnReason,
}

impl AuditAct for ParcelReturned {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.returned",
        meaning: Meaning {
            japanese: "封筒が返戻された。",
            english: "An envelope came back.",
        },
        who: KEEPERS,
        second: Second::None,
        stage: Stage::Case(is_in_post),
        offered: Offered::Screen("parcel"),
    };
}

/// Subjects: case, card, parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelOpened {
    pub words: SealedWords,
}

impl AuditAct for ParcelOpened {
    const ROW: &'static ActRow = &ActRow {
        name: "parcel.opened",
        meaning: Meaning {
            japanese: "返戻された封筒を開け、カードを取り出した。",
            english: "An envelope that came back was opened; its card goes on by another way.",
        },
        who: KEEPERS,
        second: Second::None,
        stage: Stage::Case(is_returned),
        offered: Offered::Screen("parcel"),
    };
}
