//! Acts of the office as a whole: the roster, protected addresses, papers' keeping time, revocation lists.

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, SealedWords, Second, Stage, Who};
use crate::staff::Role;

/// What a roster's taking over changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterImported {
    pub number: i64,
    pub rows: usize,
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub gone: usize,
}

impl AuditAct for RosterImported {
    const ROW: &'static ActRow = &ActRow {
        name: "roster.imported",
        meaning: Meaning {
            japanese: "住民名簿を取り込んだ。",
            english: "A roster was taken over.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi import"),
    };
}

/// What the undoing of an import put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterUndone {
    /// The undoing's own number.
    pub number: i64,
    /// The import that was undone.
    pub undoes: i64,
    /// People put back as they were.
    pub put_back: u32,
    /// People taken out again.
    pub taken_out: u32,
}

impl AuditAct for RosterUndone {
    const ROW: &'static ActRow = &ActRow {
        name: "roster.undone",
        meaning: Meaning {
            japanese: "住民名簿の取り込み一回が変えたものを元に戻した。",
            english: "What one import of the roster had changed was put back.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi import"),
    };
}

/// A list of people whose records another office holds, matched with the roster, by lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsMatched {
    /// Whose list: an entity id at the relay.
    pub provider: String,
    pub rows: usize,
    pub found: usize,
    pub doubled: usize,
    pub nobody: usize,
    pub several: usize,
    /// SHA-256 of the list that goes back, in hex.
    pub answer: String,
}

impl AuditAct for RecordsMatched {
    const ROW: &'static ActRow = &ActRow {
        name: "records.matched",
        meaning: Meaning {
            japanese: "記録を持つ役所の名簿を、住民名簿と突き合わせた。",
            english: "A list of an office that holds records was matched with the roster.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi link-records"),
    };
}

/// Subjects: resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsLinkWithdrawn {
    /// At whose records: an entity id at the relay.
    pub provider: String,
    pub words: SealedWords,
}

impl AuditAct for RecordsLinkWithdrawn {
    const ROW: &'static ActRow = &ActRow {
        name: "records.link_withdrawn",
        meaning: Meaning {
            japanese: "記録を持つ役所での、住民への間違った紐付けを取り消した。",
            english: "A wrong link of an office's records to a resident was taken back.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi link-records"),
    };
}

/// Why a protected address was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenFor {
    Screen,
    /// To be put on a paper.
    Paper,
    /// On a paper that was printed.
    Print,
}

/// Subjects: resident, case (where one is open).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSeen {
    #[serde(rename = "for")]
    pub seen_for: SeenFor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<SealedWords>,
}

impl AuditAct for AddressSeen {
    const ROW: &'static ActRow = &ActRow {
        name: "resident.address_seen",
        meaning: Meaning {
            japanese: "支援措置で伏せた住所が見られた。",
            english: "The address of a person under support measures was shown.",
        },
        who: Who::RolesWhereProtected(&[Role::ProtectedAddress]),
        second: Second::None,
        stage: Stage::AnyCase,
        offered: Offered::Screen("resident"),
    };
}

/// Files of papers past their keeping time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperRemoved {
    pub files: usize,
    /// The day whose papers were the first to stay.
    pub before: String,
}

impl AuditAct for PaperRemoved {
    const ROW: &'static ActRow = &ActRow {
        name: "paper.removed",
        meaning: Meaning {
            japanese: "保存期間を過ぎた書類の控えを消した。",
            english: "Files of papers past their keeping time were removed.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Nowhere("each console removes them by itself"),
    };
}

/// A copy of the whole set-up, before it is made: it holds this event itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMade {
    /// The file's name.
    pub file: String,
    /// How many keys open it; none where a passphrase does.
    pub keys: usize,
}

impl AuditAct for BackupMade {
    const ROW: &'static ActRow = &ActRow {
        name: "backup.made",
        meaning: Meaning {
            japanese: "記録の一式の控えを取り始めた。",
            english: "A copy of the whole set-up was begun.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi backup"),
    };
}

/// A copy that became a set-up again: what was done after it is not in this trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRestored {
    /// Of which moment the copy is (RFC 3339).
    pub of: String,
}

impl AuditAct for BackupRestored {
    const ROW: &'static ActRow = &ActRow {
        name: "backup.restored",
        meaning: Meaning {
            japanese: "控えから記録の一式を戻した。控えのあとの記録はここに無い。",
            english: "The set-up was restored from a copy; what was recorded after the copy is not here.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi restore"),
    };
}

/// A revocation list's number, taken before it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationListSigned {
    pub authority: String,
    pub number: i64,
}

impl AuditAct for RevocationListSigned {
    const ROW: &'static ActRow = &ActRow {
        name: "authority.list_signed",
        meaning: Meaning {
            japanese: "失効リストに署名した。",
            english: "A revocation list was signed.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi authority crl"),
    };
}

/// A responder's serial, taken before its certificate is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponderCertified {
    pub authority: String,
    pub serial: String,
}

impl AuditAct for ResponderCertified {
    const ROW: &'static ActRow = &ActRow {
        name: "authority.responder_certified",
        meaning: Meaning {
            japanese: "失効の照会に答える係を認証局が認めた。",
            english: "A responder was certified to answer for an authority.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi authority crl"),
    };
}
