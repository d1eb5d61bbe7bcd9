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

/// Who counts, releases, prints and posts runs of notices.
const RUNNERS: &[Role] = &[Role::Issuing, Role::Administration];

/// The letters of a run were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRunCounted {
    pub number: i64,
    pub kind: String,
    pub letters: usize,
    pub people: usize,
    pub excluded: usize,
}

impl AuditAct for NoticeRunCounted {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.run_counted",
        meaning: Meaning {
            japanese: "発送の通数を数えた。",
            english: "The letters of a run were counted.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// The first of two people released a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRunReleased {
    pub number: i64,
}

impl AuditAct for NoticeRunReleased {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.run_released",
        meaning: Meaning {
            japanese: "二人のうち一人目が発送を承認した。",
            english: "The first of two people released a run.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// The second of two people released a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRunApproved {
    pub number: i64,
}

impl AuditAct for NoticeRunApproved {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.run_approved",
        meaning: Meaning {
            japanese: "二人のうち二人目が発送を承認した。",
            english: "The second of two people released a run.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// A bundle of letters was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBundleMade {
    pub number: i64,
    pub bundle: i32,
    pub letters: i32,
    /// Of the file, in hex.
    pub sha256: String,
}

impl AuditAct for NoticeBundleMade {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.bundle_made",
        meaning: Meaning {
            japanese: "通知の束を一つ作った。",
            english: "A bundle of letters was made.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// A bundle is sent to the printer: written down before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBundleSent {
    pub number: i64,
    pub bundle: i32,
    pub attempt: i32,
}

impl AuditAct for NoticeBundleSent {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.bundle_sent",
        meaning: Meaning {
            japanese: "通知の束を印刷機に送る。",
            english: "A bundle of letters is sent to the printer.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// The printer said that it had printed a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBundlePrinted {
    pub number: i64,
    pub bundle: i32,
    pub job: String,
}

impl AuditAct for NoticeBundlePrinted {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.bundle_printed",
        meaning: Meaning {
            japanese: "印刷機が、通知の束を印刷し終えたと答えた。",
            english: "The printer said that it had printed a bundle.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// The printer said that it had not printed a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBundleNotPrinted {
    pub number: i64,
    pub bundle: i32,
    pub why: String,
}

impl AuditAct for NoticeBundleNotPrinted {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.bundle_not_printed",
        meaning: Meaning {
            japanese: "印刷機が、通知の束を印刷しなかったと答えた。",
            english: "The printer said that it had not printed a bundle.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// The printer could not tell; somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeBundleSettled {
    pub number: i64,
    pub bundle: i32,
    pub printed: bool,
}

impl AuditAct for NoticeBundleSettled {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.bundle_settled",
        meaning: Meaning {
            japanese: "印刷機に聞いても分からない束を人が見て、全部出たかどうかを記録した。",
            english: "A person looked and said whether a bundle had been printed.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// A run was handed to the post office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRunPosted {
    pub number: i64,
    pub letters: i32,
}

impl AuditAct for NoticeRunPosted {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.run_posted",
        meaning: Meaning {
            japanese: "発送分を郵便局に差し出した。",
            english: "A run was handed to the post office.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// A run was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRunWithdrawn {
    pub number: i64,
}

impl AuditAct for NoticeRunWithdrawn {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.run_withdrawn",
        meaning: Meaning {
            japanese: "発送を取りやめた。",
            english: "A run was given up.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}

/// A letter of a run came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLetterReturned {
    pub number: i64,
    pub letter: i32,
}

impl AuditAct for NoticeLetterReturned {
    const ROW: &'static ActRow = &ActRow {
        name: "notice.letter_returned",
        meaning: Meaning {
            japanese: "発送した通知が戻ってきた。",
            english: "A letter of a run came back.",
        },
        who: Who::Roles(RUNNERS),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("notices"),
    };
}
