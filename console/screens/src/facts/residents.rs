//! Residents as the screens show them, masked where they must be; and what stands in the way of an application.

use issuance::{
    case::{CaseNumber, CaseState, ResidentId},
    person::{HouseholdMember, Resident},
};
use time::OffsetDateTime;

use super::CaseRow;

/// An address, or the fact that it must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// As it is: postal code, address, building.
    Shown {
        /// `123-4567`
        postal_code: String,
        address: String,
        /// 方書.
        building: Option<String>,
    },
    /// 支援措置: not shown to this clerk, or not yet asked for ([`crate::orders::queues::RevealAddress`]).
    Masked,
}

/// A resident as a row of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentRow {
    pub id: ResidentId,
    /// 宛名番号.
    pub number: String,
    /// Name as in the roster, IVS included.
    pub name: String,
    /// フリガナ.
    pub kana: String,
    /// 通称名.
    pub alias: Option<String>,
    /// As shown: `昭和45年3月1日`, `昭和20年頃`.
    pub birthday: String,
    /// As written in the roster: `男`.
    pub sex: String,
    /// Address or its mask.
    pub address: Address,
    /// 支援措置.
    pub protected: bool,
    /// How many others have the same name in search form.
    pub same_name: u16,
    /// A case under way for this person.
    pub open_case: Option<CaseNumber>,
    /// Whether the roster has them no more.
    pub gone: bool,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The text searched for, as the order carried it.
    pub text: String,
    /// The best hits, at most some hundred.
    pub rows: Vec<ResidentRow>,
    /// How many there are in all.
    pub total: usize,
}

/// A resident in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentView {
    pub id: ResidentId,
    /// The roster's row. Where `masked`, the desk has emptied postal code, address, building and phone.
    pub person: Resident,
    /// 支援措置: the address is not shown (to this clerk, or not yet asked for).
    pub masked: bool,
    /// Whether this clerk may ask for the masked address.
    pub may_reveal: bool,
    /// Since when the roster has the person no more: moved away, died.
    pub gone_at: Option<OffsetDateTime>,
    /// Every case of this person, newest first.
    pub cases: Vec<CaseRow>,
    /// The others of the household.
    pub household_members: Vec<HouseholdMember>,
}

/// What stands in the way of an application; there is always something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InTheWay {
    /// The person's own case under way: nothing is taken beside it.
    OwnCase(CaseNumber),
    /// The case of the active card that the person has: the same.
    OwnCard(CaseNumber),
    /// Records that may be the same person: taken with a reason.
    Similar {
        /// There is one at least.
        first: SimilarRecord,
        others: Vec<SimilarRecord>,
    },
}

/// Another record with the same reading of the name and the same birthday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarRecord {
    /// Name as in the roster.
    pub name: String,
    /// Its cases, newest first.
    pub cases: Vec<(CaseNumber, CaseState)>,
}
