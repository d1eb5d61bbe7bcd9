//! Acts on the cards of a place together: counted, and the count confirmed.

use serde::{Deserialize, Serialize};

use super::{ActRow, AuditAct, Meaning, Offered, Second, Stage, Who};
use crate::{
    custody::PlaceKind,
    staff::{Role, StaffId},
};

const COUNTERS: Who = Who::Roles(&[Role::Handover, Role::Issuing, Role::Administration]);

/// Subjects: stock_taking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCounted {
    pub place: PlaceKind,
    /// Cards that the ledger has there.
    pub expected: usize,
    /// Of them, those that were not found.
    pub missing: usize,
    /// Found, and in the ledger elsewhere or in no record.
    pub surplus: usize,
}

impl AuditAct for StockCounted {
    const ROW: &'static ActRow = &ActRow {
        name: "stock.counted",
        meaning: Meaning {
            japanese: "ある場所のカードを数え、台帳と比べた。",
            english: "The cards at a place were counted and compared with the ledger.",
        },
        who: COUNTERS,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("stock_taking"),
    };
}

/// Subjects: stock_taking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockConfirmed {
    /// Who had counted.
    pub counted_by: StaffId,
}

impl AuditAct for StockConfirmed {
    const ROW: &'static ActRow = &ActRow {
        name: "stock.confirmed",
        meaning: Meaning {
            japanese: "棚卸しの結果を、数えた人とは別の人が確かめた。",
            english: "Another person confirmed what a count came to.",
        },
        who: COUNTERS,
        second: Second::None,
        stage: Stage::Office,
        offered: Offered::Screen("stock_taking"),
    };
}
