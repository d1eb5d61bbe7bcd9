//! Acts about notices on paper.

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, Second, Stage, Who};
use crate::staff::Role;

/// A file of facts for a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeFactsImported {
    pub number: i64,
    pub kind: String,
    pub people: usize,
    pub lines: usize,
    pub rejected: usize,
    /// Of the file, in hex.
    pub sha256: String,
}

impl AuditAct for NoticeFactsImported {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.facts_imported",
        meaning: Meaning {
            japanese: "通知のためのデータのファイルを取り込んだ。",
            english: "A file of facts for a notice was taken in.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi notices import"),
    };
}

/// What a resident wants of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeWish {
    NoPaper,
    SendTo,
}

/// Subjects: resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWishRecorded {
    pub wish: NoticeWish,
    /// All notices when there is none.
    pub kind: Option<String>,
}

impl AuditAct for NoticeWishRecorded {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.wish_recorded",
        meaning: Meaning {
            japanese: "通知の送付について、住民の申出(送付不要、別の送付先)を記録した。",
            english: "A resident's wish about letters was recorded: none, or elsewhere.",
        },
        who: Who::RolesOrProgram(&[Role::Reception, Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi notices wish"),
    };
}

/// Subjects: resident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWishEnded {
    pub wish: NoticeWish,
    pub kind: Option<String>,
}

impl AuditAct for NoticeWishEnded {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.wish_ended",
        meaning: Meaning {
            japanese: "通知の送付についての住民の申出を終わりにした。",
            english: "A resident's wish about letters was ended.",
        },
        who: Who::RolesOrProgram(&[Role::Reception, Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi notices wish"),
    };
}
