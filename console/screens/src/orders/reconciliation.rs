//! 突合: every application counted in its place, and what is behind each sum.

use issuance::{
    case::{CaseId, CaseNumber},
    custody::Custody,
};
use time::OffsetDateTime;

use crate::order::{Order, Reply};

/// By what the sums are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// In one sum.
    #[default]
    All,
    /// By the day of the application.
    Day,
    /// By how the card is to reach the resident.
    Channel,
    /// By the desk that took the application.
    Desk,
}

/// A sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// 申込
    Applied,
    /// 交付
    Delivered,
    /// 取消
    Cancelled,
    /// 返戻
    Returned,
    /// 保管
    Stored,
    /// 輸送中
    InTransit,
    /// 差: in none of the five, or in several.
    Difference,
}

impl Account {
    /// In the order of the equation.
    pub const ALL: [Self; 7] = [
        Self::Applied,
        Self::Delivered,
        Self::Cancelled,
        Self::Returned,
        Self::Stored,
        Self::InTransit,
        Self::Difference,
    ];
}

/// Count every application and look for its card.
#[derive(Debug)]
pub struct LoadReconciled(pub By);

impl Order for LoadReconciled {
    type Reply = Reconciled;
}

/// The sums, in the order of [`Account::ALL`].
pub type Sums = [i64; 7];

/// A reconciliation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    pub by: By,
    pub total: Sums,
    /// Each part by its name: a day `2026-12-01`, `counter` or `restricted_post`, a desk.
    pub parts: Vec<(String, Sums)>,
    /// How many applications are in none of the five places, or in several.
    pub unaccounted: u64,
}

impl Reply for Reconciled {}

/// The applications behind a sum, the oldest first.
#[derive(Debug)]
pub struct LoadAccounted {
    pub by: By,
    /// Of this part; `None` for all.
    pub part: Option<String>,
    pub account: Account,
}

impl Order for LoadAccounted {
    type Reply = Accounted;
}

/// Applications behind a sum; the first 500.
#[derive(Debug)]
pub struct Accounted(pub Vec<AccountedCase>);

impl Reply for Accounted {}

/// An application behind a sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountedCase {
    pub case: CaseId,
    /// 受付番号
    pub number: CaseNumber,
    pub opened_at: OffsetDateTime,
    /// Where the ledger has its card; `None` without one.
    pub card_at: Option<Custody>,
}
