//! Acts of and on the office's own people.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, Second, Stage, Who};
use crate::staff::{DisableReason, Role, SessionEnding};

/// Subjects: staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAdded {
    pub roles: BTreeSet<Role>,
}

impl AuditAct for StaffAdded {
    const ROW: &'static ActRow = &ActRow {
        name: "staff.added",
        meaning: Meaning {
            japanese: "職員を登録した。",
            english: "A member of the staff was registered.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi staff add"),
    };
}

/// Subjects: staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRolesChanged {
    /// As they are now.
    pub roles: BTreeSet<Role>,
}

impl AuditAct for StaffRolesChanged {
    const ROW: &'static ActRow = &ActRow {
        name: "staff.roles_changed",
        meaning: Meaning {
            japanese: "職員の役割を変えた。",
            english: "What a member of the staff may do was changed.",
        },
        who: Who::Roles(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi staff roles"),
    };
}

/// Before anything is signed under the serial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffSerialReserved {
    /// 職員番号
    pub staff_number: String,
    pub serial: String,
}

impl AuditAct for StaffSerialReserved {
    const ROW: &'static ActRow = &ActRow {
        name: "staff.serial_reserved",
        meaning: Meaning {
            japanese: "職員カードの証明書の番号を確保した。",
            english: "A serial number was reserved for a staff card's certificate.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Nowhere("a step of making a staff card"),
    };
}

/// Subjects: staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCertificateRegistered {
    pub certificate: String,
}

impl AuditAct for StaffCertificateRegistered {
    const ROW: &'static ActRow = &ActRow {
        name: "staff.certificate_registered",
        meaning: Meaning {
            japanese: "職員カードの証明書を、その職員の有効なものとした。",
            english: "A staff card's certificate became the good one of a member of the staff.",
        },
        who: Who::RolesOrProgram(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi staff card"),
    };
}

/// Subjects: staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffDisabled {
    pub reason: DisableReason,
    pub sessions_ended: usize,
}

impl AuditAct for StaffDisabled {
    const ROW: &'static ActRow = &ActRow {
        name: "staff.disabled",
        meaning: Meaning {
            japanese: "職員が、もうログインできなくなった。",
            english: "A member of the staff may no longer log in.",
        },
        who: Who::Roles(&[Role::Administration]),
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Command("madoguchi staff disable"),
    };
}

/// Subjects: staff (when known), session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionBegan {
    /// Cases released by the session that it took the place of.
    pub leases_released: u64,
}

impl AuditAct for SessionBegan {
    const ROW: &'static ActRow = &ActRow {
        name: "session.began",
        meaning: Meaning {
            japanese: "窓口でログインした。断られたものも残る。",
            english: "Someone logged in at a desk, or was refused.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("login"),
    };
}

/// Subjects: staff, session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    pub ending: SessionEnding,
    pub leases_released: u64,
}

impl AuditAct for SessionEnded {
    const ROW: &'static ActRow = &ActRow {
        name: "session.ended",
        meaning: Meaning {
            japanese: "ログアウトした。",
            english: "A session ended.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("today"),
    };
}

/// Subjects: staff, session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenLocked {
    pub card_pulled: bool,
}

impl AuditAct for ScreenLocked {
    const ROW: &'static ActRow = &ActRow {
        name: "screen.locked",
        meaning: Meaning {
            japanese: "窓口の画面をロックした。",
            english: "The screen of a desk was locked.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Nowhere("a key and a pulled card lock every screen"),
    };
}

/// Subjects: staff, session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenUnlocked {}

impl AuditAct for ScreenUnlocked {
    const ROW: &'static ActRow = &ActRow {
        name: "screen.unlocked",
        meaning: Meaning {
            japanese: "窓口の画面のロックを解いた。",
            english: "The screen of a desk was unlocked.",
        },
        who: Who::Anyone,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("login"),
    };
}
