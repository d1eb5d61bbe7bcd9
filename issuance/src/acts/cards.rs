//! Acts on a card: made, given a PIN, stopped, ended.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{ActRow, AuditAct, Meaning, Offered, SealedWords, Second, SecondPurpose, Stage, Who, cases::is_made};
use crate::{
    application::ApplicationEvent,
    authority::RevocationReason,
    case::{CardId, CaseState},
    custody::PlaceKind,
    records::Step,
    staff::{Role, StaffId},
    standing::{CardStanding, HolderCheck},
};

const PART_OF_MAKING: Offered = Offered::Nowhere("a step of making the card");

const fn is_making(state: &CaseState) -> bool {
    matches!(state, CaseState::Making { .. })
}

const fn is_not_over(standing: CardStanding) -> bool {
    !matches!(standing, CardStanding::Revoked)
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardBound {
    /// Chip serial, in hex.
    pub chip: String,
    /// Where making takes two.
    pub approved_by: Option<StaffId>,
}

impl AuditAct for CardBound {
    const ROW: &'static ActRow = &ActRow {
        name: "card.bound",
        meaning: Meaning {
            japanese: "白カードを案件に結び付けた。",
            english: "A blank was bound to a case.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::Where(SecondPurpose::Making),
        stage: Stage::Case(|state| matches!(state, CaseState::Verified | CaseState::Making { .. })),
        offered: Offered::Screen("making"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardKeyKept {
    /// The key's slot on the card.
    pub slot: u8,
}

impl AuditAct for CardKeyKept {
    const ROW: &'static ActRow = &ActRow {
        name: "card.key_kept",
        meaning: Meaning {
            japanese: "カードの中で作られた鍵の公開鍵を記録した。",
            english: "A public key made by the chip was recorded.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSerialReserved {
    pub slot: u8,
    pub serial: String,
}

impl AuditAct for CardSerialReserved {
    const ROW: &'static ActRow = &ActRow {
        name: "card.serial_reserved",
        meaning: Meaning {
            japanese: "証明書の番号を確保した。",
            english: "A serial number was reserved for a certificate.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSerialWithdrawn {
    pub slot: u8,
}

impl AuditAct for CardSerialWithdrawn {
    const ROW: &'static ActRow = &ActRow {
        name: "card.serial_withdrawn",
        meaning: Meaning {
            japanese: "作成中のカードのために確保した番号を手放し、失効させた。",
            english: "A serial reserved for a card being made was withdrawn and revoked.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardCertificateKept {
    pub slot: u8,
    pub serial: String,
    /// Of the certificate, in hex.
    pub sha256: String,
}

impl AuditAct for CardCertificateKept {
    const ROW: &'static ActRow = &ActRow {
        name: "card.certificate_kept",
        meaning: Meaning {
            japanese: "証明書を記録した。",
            english: "A certificate was recorded.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStepDone {
    pub step: Step,
    pub took_us: i64,
}

impl AuditAct for CardStepDone {
    const ROW: &'static ActRow = &ActRow {
        name: "card.step_done",
        meaning: Meaning {
            japanese: "カード作成の一段階が済んだ。",
            english: "A step of the making was done.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardMade {
    pub took_us: i64,
}

impl AuditAct for CardMade {
    const ROW: &'static ActRow = &ActRow {
        name: "card.made",
        meaning: Meaning {
            japanese: "すべての段階が済み、カードができた。",
            english: "Every step was done.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::None,
        stage: Stage::Case(is_making),
        offered: PART_OF_MAKING,
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDamaged {
    pub reason: String,
    /// Of a clerk who gave it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<SealedWords>,
    /// How many certificates were revoked with it.
    pub revoked: u64,
}

impl AuditAct for CardDamaged {
    const ROW: &'static ActRow = &ActRow {
        name: "card.damaged",
        meaning: Meaning {
            japanese: "カードを破損とした。証明書は失効する。",
            english: "The card was given up; its certificates are revoked.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(|state| state.takes(ApplicationEvent::CardGivenUp)),
        offered: Offered::Screen("case"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPinSet {}

impl AuditAct for CardPinSet {
    const ROW: &'static ActRow = &ActRow {
        name: "card.pin_set",
        meaning: Meaning {
            japanese: "住民が暗証番号を決めた。",
            english: "The resident set the PIN.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(is_made),
        offered: Offered::Screen("pin"),
    };
}

/// Before the chip is touched. Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPinResetBegun {}

impl AuditAct for CardPinResetBegun {
    const ROW: &'static ActRow = &ActRow {
        name: "card.pin_reset_begun",
        meaning: Meaning {
            japanese: "交付前のカードの暗証番号を決め直し始めた。",
            english: "The PIN of a card not yet handed over is about to be set anew.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(is_made),
        offered: Offered::Screen("pin"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPinReset {}

impl AuditAct for CardPinReset {
    const ROW: &'static ActRow = &ActRow {
        name: "card.pin_reset",
        meaning: Meaning {
            japanese: "住民が暗証番号を決め直した。",
            english: "The resident set the PIN anew.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Case(is_made),
        offered: Offered::Screen("pin"),
    };
}

/// The old PIN showed that it was the holder. Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPinChanged {}

impl AuditAct for CardPinChanged {
    const ROW: &'static ActRow = &ActRow {
        name: "card.pin_changed",
        meaning: Meaning {
            japanese: "住民が、いまの暗証番号を入れて別の番号に変えた。",
            english: "The resident changed the PIN, entering the present one first.",
        },
        who: Who::Roles(&[Role::Issuing, Role::Handover, Role::Verification]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Active)),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardPinAllowed {
    /// How the holder was verified.
    pub checked: HolderCheck,
}

impl AuditAct for CardPinAllowed {
    const ROW: &'static ActRow = &ActRow {
        name: "card.pin_allowed",
        meaning: Meaning {
            japanese: "交付したカードの暗証番号の決め直しを許した。持ち主が窓口に来た。",
            english: "Leave was given to set the PIN of a card that was handed over anew; its holder stood at the counter.",
        },
        who: Who::Roles(&[Role::Verification, Role::Issuing]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Active)),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardSuspended {
    /// How it was made sure who asks.
    pub checked: HolderCheck,
    pub words: SealedWords,
}

impl AuditAct for CardSuspended {
    const ROW: &'static ActRow = &ActRow {
        name: "card.suspended",
        meaning: Meaning {
            japanese: "交付したカードを、しばらく使えなくした。",
            english: "A card handed over may not be used for now.",
        },
        // Whoever answers the telephone stops a lost card: a wrong stop is mended in a minute, a late one is not.
        who: Who::Roles(&[Role::Reception, Role::Verification, Role::Issuing, Role::Handover]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Active)),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStoppedByTelephone {
    pub checked: HolderCheck,
    /// When it ends by itself.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    pub words: SealedWords,
}

impl AuditAct for CardStoppedByTelephone {
    const ROW: &'static ActRow = &ActRow {
        name: "card.stopped_by_telephone",
        meaning: Meaning {
            japanese: "電話を受けて、カードを期限つきで止めた。本人が来庁して確かめるまでの間にかぎる。",
            english: "A card was stopped on the telephone, for a number of days unless its holder confirms it in person.",
        },
        who: CardSuspended::ROW.who,
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Active)),
        offered: Offered::Screen("telephone_stop"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStopConfirmed {
    pub checked: HolderCheck,
    pub words: SealedWords,
}

impl AuditAct for CardStopConfirmed {
    const ROW: &'static ActRow = &ActRow {
        name: "card.stop_confirmed",
        meaning: Meaning {
            japanese: "電話で止めたカードについて、本人が来庁し、止めたままにすることを確かめた。",
            english: "The holder confirmed in person that their card, stopped on the telephone, stays stopped.",
        },
        who: Who::Roles(&[Role::Verification, Role::Issuing]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Suspended)),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStopLapsed {}

impl AuditAct for CardStopLapsed {
    const ROW: &'static ActRow = &ActRow {
        name: "card.stop_lapsed",
        meaning: Meaning {
            japanese: "電話で止めたカードを期限までに確かめる人がなく、また使えるようになった。",
            english: "Nobody confirmed in person that a card was to stay stopped: it may be used again.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Suspended)),
        offered: Offered::Nowhere("its time is up"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardResumed {
    pub checked: HolderCheck,
    pub words: SealedWords,
}

impl AuditAct for CardResumed {
    const ROW: &'static ActRow = &ActRow {
        name: "card.resumed",
        meaning: Meaning {
            japanese: "停止したカードを、また使えるようにした。",
            english: "A suspended card may be used again.",
        },
        who: Who::Roles(&[Role::Verification, Role::Issuing]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Suspended)),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRevoked {
    pub reason: RevocationReason,
    pub approved_by: StaffId,
    pub words: SealedWords,
}

impl AuditAct for CardRevoked {
    const ROW: &'static ActRow = &ActRow {
        name: "card.revoked",
        meaning: Meaning {
            japanese: "交付したカードを、証明書とともに失効させた。",
            english: "A card handed over was ended for good, its certificates with it.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::Always(SecondPurpose::Revocation),
        stage: Stage::Card(is_not_over),
        offered: Offered::Screen("standing"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardExpired {}

impl AuditAct for CardExpired {
    const ROW: &'static ActRow = &ActRow {
        name: "card.expired",
        meaning: Meaning {
            japanese: "有効期限の過ぎた交付済みカードを、次の申請に際して終わりにした。",
            english: "A card handed over whose certificates had run out was ended, as its holder applied for the next one.",
        },
        who: Who::Roles(&[Role::Reception]),
        second: Second::None,
        stage: Stage::Card(|standing| matches!(standing, CardStanding::Active)),
        offered: Offered::Nowhere("a part of taking the next application"),
    };
}

/// Subjects: case and card of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardReplaced {
    /// The card that took its place.
    pub by: CardId,
}

impl AuditAct for CardReplaced {
    const ROW: &'static ActRow = &ActRow {
        name: "card.replaced",
        meaning: Meaning {
            japanese: "更新のカードが渡り、それまでのカードを終わりにした。証明書も失効した。",
            english: "The card before was ended, its certificates revoked, as its renewal came into its holder's hand.",
        },
        who: Who::Roles(&[Role::Handover]),
        second: Second::None,
        stage: Stage::Card(|standing| !matches!(standing, CardStanding::Revoked)),
        offered: Offered::Nowhere("a part of the next card's handover or receipt"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardMoved {
    pub from: PlaceKind,
    pub to: PlaceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<StaffId>,
    pub words: SealedWords,
}

impl AuditAct for CardMoved {
    const ROW: &'static ActRow = &ActRow {
        name: "card.moved",
        meaning: Meaning {
            japanese: "案件の流れの外で、カードの置き場所を変えた。返納、発見、紛失、廃棄。",
            english: "A card was put, found, destroyed or missed at a place, outside the course of its case.",
        },
        who: Who::Roles(&[Role::Handover, Role::Issuing, Role::Administration]),
        second: Second::Where(SecondPurpose::Custody),
        stage: Stage::AnyCase,
        offered: Offered::Screen("custody"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardGivenBack {
    /// What the holder showed.
    pub checked: HolderCheck,
    /// Whether the card had been stopped, and may be used again.
    pub resumed: bool,
    pub approved_by: StaffId,
    pub words: SealedWords,
}

impl AuditAct for CardGivenBack {
    const ROW: &'static ActRow = &ActRow {
        name: "card.given_back",
        meaning: Meaning {
            japanese: "役所で預かっていたカードを、本人に返した。チップを読み、二人で見た。",
            english: "A card that lay in the office was given back to its holder: the chip was read, and two looked.",
        },
        who: Who::Roles(&[Role::Handover, Role::Issuing]),
        second: Second::Always(SecondPurpose::Custody),
        stage: Stage::Card(is_not_over),
        offered: Offered::Screen("custody"),
    };
}

/// Subjects: case, card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardRelinked {
    pub approved_by: StaffId,
    pub words: SealedWords,
}

impl AuditAct for CardRelinked {
    const ROW: &'static ActRow = &ActRow {
        name: "card.relinked",
        meaning: Meaning {
            japanese: "カードの登録を、その人の次の起点に結び直した。誤った結び付きを正した。",
            english: "A card's registrations stand for the person's next origin: a wrong link was mended.",
        },
        who: Who::Roles(&[Role::Issuing]),
        second: Second::Always(SecondPurpose::Relink),
        stage: Stage::Card(is_not_over),
        offered: Offered::Screen("standing"),
    };
}
